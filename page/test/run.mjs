// Bundles the tests and runs them: those of the logic, and those in a browser where there is one.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const chromium = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => path && existsSync(path));
const wanted = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "hdfsaver-page-"));

function run(files, more = {}) {
  const chosen = files.filter((name) => !wanted.length || wanted.some((part) => name.includes(part)));
  if (!chosen.length) return 0;
  return spawnSync(process.execPath, ["--test", "--test-reporter=spec", "--test-concurrency=1", ...chosen], { stdio: "inherit", env: { ...process.env, ...more } }).status ?? 1;
}

try {
  const names = readdirSync(here("."));
  await build({
    entryPoints: names.filter((name) => name.endsWith(".test.ts")).map((name) => here(name)),
    bundle: true, platform: "node", format: "esm", outdir: folder, outExtension: { ".js": ".mjs" },
    logLevel: "warning",
  });
  let status = run(readdirSync(folder).map((name) => join(folder, name)));
  if (!chromium) console.log("No chromium was found, so the tests in a browser do not run; CHROMIUM names one.");
  else {
    const pages = join(folder, "pages");
    const made = spawnSync(process.env.PYTHON ?? "python3", ["-m", "tests.page.write_pages", pages], { stdio: "inherit", cwd: here("../..") });
    status ||= made.status ?? 1;
    if (made.status === 0) status ||= run(names.filter((name) => name.endsWith(".browser.mjs")).map((name) => here(name)), { CHROMIUM: chromium, PAGES: pages });
  }
  process.exitCode = status;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
