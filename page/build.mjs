// Puts script, style and content security policy into one file, the same bytes in every build.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { minify } from "terser";
import { ownMembers } from "./members.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const target = process.argv[2] ?? here("../hdfsaver/page/page.html");

const bundle = await build({
  entryPoints: [here("src/main.ts")],
  bundle: true,
  write: false,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  mangleProps: new RegExp(`^(?:${ownMembers().join("|")})$`),
});
const shortened = await minify(bundle.outputFiles[0].text, { ecma: 2020, compress: { passes: 3 }, mangle: true, format: { ecma: 2020 } });
const script = shortened.code.trim();
const style = (await transform(readFileSync(here("src/style.css"), "utf8"), { loader: "css", minify: true })).code.trim();
if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style)) throw new Error("The script or the style ends its element.");

const digest = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const policy = [
  "default-src 'none'",
  `script-src ${digest(script)}`,
  `style-src ${digest(style)}`,
  "img-src blob: data:",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const page = readFileSync(here("src/page.html"), "utf8");
const filled = page.replace("POLICY", () => policy).replace("STYLE", () => style).replace("SCRIPT", () => script);
writeFileSync(target, filled);
console.log(`${target}: ${Buffer.byteLength(filled).toLocaleString("en")} bytes`);
