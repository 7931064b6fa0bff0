// A published network in the page: musicnn's checkpoint of TensorFlow 1, from the package index. Not a part of `npm test`.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

process.env.CHROMIUM ??= "/usr/bin/chromium";
process.env.PAGES = mkdtempSync(join(tmpdir(), "hdfsaver-published-"));
const { assertQuiet, close, labels, launch, open } = await import("./browser.mjs");
const folder = process.env.PAGES;
const python = (...rest) => execFileSync(process.env.PYTHON ?? "python3", rest, { cwd: fileURLToPath(new URL("../..", import.meta.url)), stdio: ["ignore", "ignore", "inherit"] });

try {
  python("-m", "pip", "download", "--no-deps", "--quiet", "--dest", folder, "musicnn==0.1.0");
  python("-m", "zipfile", "-e", join(folder, "musicnn-0.1.0-py3-none-any.whl"), folder);
  python("-m", "hdfsaver", "view", join(folder, "musicnn", "MTT_musicnn/"), "-o", join(folder, "page.html"));
  await launch();
  const opened = await open("page.html");
  const found = await labels(opened.page);
  const branches = ["conv2d", "conv2d_1", "conv2d_2", "conv2d_3", "conv2d_4"];
  for (const name of ["model", ...branches, "concat", "Add", "Add_1", "dense", "gradients", "Adam", "save"]) assert.ok(found.includes(name), name);
  assert.ok(found.length < 80);
  await opened.page.screenshot({ path: process.argv[2] ?? join(folder, "page.png") });
  assertQuiet(opened);
  console.log(`musicnn: ${found.length} boxes in the first picture, with its ${branches.length} branches.`);
} finally {
  await close();
  rmSync(folder, { recursive: true, force: true });
}
