import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { assertQuiet, close, folder, heading, launch, open } from "./browser.mjs";

before(launch);
after(close);

const chosen = (page) => page.locator('.row[aria-selected="true"] > span').first().textContent();

async function give(page, name) {
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.locator(".top").getByRole("button", { name: "Open a file …" }).click()]);
  await chooser.setFiles(join(folder, name));
}

test("20,000 rows: only those in sight are in the document; sorting, filtering, keys", async () => {
  const opened = await open("many.html");
  const { page } = opened;
  assert.ok((await page.locator(".row").count()) < 80);
  assert.equal(await page.locator(".row-count").textContent(), "20,000 arrays");
  await page.getByRole("button", { name: "Max", exact: true }).click();
  assert.equal(await page.locator(".row > span").first().textContent(), "layer19999/w");
  assert.equal(await page.locator('[role="columnheader"][aria-sort="descending"]').textContent(), "Max");
  await page.locator("#search").fill("layer123");
  assert.equal(await page.locator(".row-count").textContent(), "111 of 20,000 arrays");
  await page.locator("#search").fill("");
  await page.locator(".table").focus();
  await page.keyboard.press("End");
  assert.equal(await chosen(page), "layer0/w");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  assert.equal(await chosen(page), "layer19998/w");
  await page.goBack();
  assertQuiet(opened);
});

test("a row shows statistics, histogram and heat map", async () => {
  const { page } = await open("arrays.html");
  await page.locator(".row", { hasText: "cube" }).click();
  assert.equal(await heading(page), "cube");
  const panel = page.locator(".panel");
  assert.ok(await panel.getByText("All 24 values, rounded to 255 steps.").isVisible());
  assert.equal(await panel.locator(".histogram rect").count(), 40);
  await panel.locator("canvas.heat").hover({ position: { x: 3, y: 3 } });
  assert.match(await panel.locator(".under").textContent(), /^\[0, 0\] = -10/);
  await page.locator(".row", { hasText: "words" }).click();
  assert.ok(await panel.getByText('string (2): "yes", "no"').isVisible());
});

test("a file gives its slices, and another one is refused", async () => {
  const opened = await open("arrays.html");
  const { page } = opened;
  await page.locator(".row", { hasText: "cube" }).click();
  await give(page, "arrays.h5");
  const values = page.locator(".values");
  await values.locator("table").waitFor();
  assert.equal(await values.locator("td").first().textContent(), "-10");
  const axis = values.locator("input").first();
  await axis.fill("1");
  await axis.press("Enter");
  await page.waitForFunction(() => document.querySelector(".values td")?.textContent === "2");
  await values.locator("input").nth(1).fill("5");
  await values.locator("input").nth(1).press("Enter");
  assert.match(await values.getByRole("alert").textContent(), /Axis 1: 5 is not within 0 to 2/);
  await give(page, "many.h5");
  await page.getByText("many.h5 has none of the arrays of this model.").waitFor();
  await give(page, "arrays.html");
  await page.getByText(/arrays.html is neither a checkpoint/).waitFor();
  assertQuiet(opened);
});

test("a page without a model shows the arrays of a file that is dropped on it", async () => {
  const built = new URL("../../hdfsaver/page/page.html", import.meta.url).pathname;
  const opened = await open("../".repeat(20) + built.slice(1));
  const { page } = opened;
  const data = readFileSync(join(folder, "compressed.h5")).toString("base64");
  const transfer = await page.evaluateHandle((base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const found = new DataTransfer();
    found.items.add(new File([bytes], "compressed.h5"));
    return found;
  }, data);
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  await page.locator(".row", { hasText: "long" }).click();
  const panel = page.locator(".panel");
  await panel.getByText(/Minimum -1, maximum 1, mean/).waitFor();
  await panel.locator(".values canvas.heat").waitFor();
  await page.locator(".row", { hasText: "cube" }).click();
  await page.waitForFunction(() => document.querySelector(".values td")?.textContent === "-9");
  assert.deepEqual(opened.seen.errors, []);
});

test("a page of a URL reads slices from there, and nothing else", async () => {
  const asked = [];
  const server = createServer((request, answer) => {
    const data = readFileSync(join(folder, "arrays.h5"));
    const [, start, stop] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    asked.push(request.url);
    const part = start === undefined ? data : data.subarray(Number(start), Number(stop) + 1);
    answer.writeHead(start === undefined ? 200 : 206, {
      "Access-Control-Allow-Origin": "*", "Content-Length": part.length, "Accept-Ranges": "bytes",
      ...(start !== undefined && { "Content-Range": `bytes ${start}-${Number(start) + part.length - 1}/${data.length}` }),
    });
    answer.end(request.method === "HEAD" ? undefined : part);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${server.address().port}/arrays.h5`;
    const program = spawn(process.env.PYTHON ?? "python3", ["-m", "hdfsaver", "view", url, "-o", join(folder, "remote.html")], { cwd: fileURLToPath(new URL("../..", import.meta.url)), stdio: ["ignore", "ignore", "inherit"] });
    assert.equal(await new Promise((resolve) => program.on("exit", resolve)), 0);
    const { page, seen } = await open("remote.html");
    await page.locator(".row", { hasText: "cube" }).click();
    await page.waitForFunction(() => document.querySelector(".values td")?.textContent === "-10");
    assert.deepEqual(seen.errors, []);
    assert.ok(seen.requests.every((each) => each === url || each.endsWith("remote.html")));
    assert.ok(asked.length > 0);
  } finally {
    server.close();
  }
});
