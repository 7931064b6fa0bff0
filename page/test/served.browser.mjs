import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { close, folder, labels, launch, open } from "./browser.mjs";

before(launch);
after(close);

/** Starts `hdfsaver view --serve`, and gives its URL and a function that ends it as Ctrl-C does. */
async function serve(model) {
  const program = spawn(process.env.PYTHON ?? "python3", ["-m", "hdfsaver", "view", "--serve", join(folder, model)], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)), env: { ...process.env, BROWSER: "true", PYTHONUNBUFFERED: "1" }, stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => program.on("exit", (code, signal) => resolve(code ?? signal)));
  const [line] = await Promise.race([
    (async () => { for await (const text of createInterface(program.stdout)) return [text]; })(),
    ended.then((code) => { throw new Error(`hdfsaver ended: ${code}`); }),
  ]);
  return { url: line.split(" ")[0], end: () => program.kill("SIGINT") && ended };
}

test("a served page shows the table, then the graph, and reads slices", async () => {
  const { url, end } = await serve("resnet");
  try {
    const { page, seen } = await open(url);
    await page.locator(".picture").waitFor();
    assert.ok((await labels(page)).includes("stage1"));
    await page.locator("#search").fill("op:VariableV2 logits/kernel");
    await page.keyboard.press("Enter");
    await page.locator(".values canvas.heat").waitFor();
    await page.getByText(/^Minimum -?0\.\d+, maximum/).waitFor();
    assert.ok(await page.locator(".panel dt", { hasText: "dtype" }).first().isVisible());
    const origin = url.split("/").slice(0, 4).join("/");
    assert.ok(seen.requests.every((each) => each.startsWith(`${origin}/`)));
    assert.deepEqual(seen.errors, []);
  } finally {
    assert.equal(await end(), 0);
  }
});

test("a served file of arrays alone", async () => {
  const { url, end } = await serve("compressed.h5");
  try {
    const { page } = await open(url);
    await page.locator(".row", { hasText: "cube" }).click();
    await page.waitForFunction(() => document.querySelector(".values td")?.textContent === "-9");
  } finally {
    assert.equal(await end(), 0);
  }
});
