import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertQuiet, box, click, close, heading, labels, launch, open, place } from "./browser.mjs";

before(launch);
after(close);

test("the first picture has the network, and what is not a part of it stands aside", async () => {
  const opened = await open("resnet.html");
  const { page } = opened;
  const found = await labels(page);
  for (const name of ["images", "labels", "stem", "stage1", "stage2", "stage3", "block1", "pool", "logits", "loss", "train", "init"]) assert.ok(found.includes(name), name);
  assert.ok((await page.locator(".box.apart").count()) >= 2);
  assert.equal(await page.locator(".aside-title").count(), 1);
  assert.equal(await heading(page), "resnet.h5");
  assert.ok(await page.getByText("Nothing leaves this machine", { exact: true }).isVisible());
  assertQuiet(opened);
});

test("a double click opens a scope and folds it, and the box stays under the pointer", async () => {
  const { page } = await open("resnet.html");
  const before = await place(page, "stem");
  await click(page, "stem", 2);
  assert.ok((await labels(page)).includes("conv"));
  const after = await place(page, "stem");
  assert.ok(Math.abs(before.x - after.x) < 1 && Math.abs(before.y - after.y) < 1);
  await click(page, "stem", 2);
  assert.ok(!(await labels(page)).includes("conv"));
});

test("the button of a box opens it, and drawing is not confused by dragging", async () => {
  const { page } = await open("resnet.html");
  await box(page, "stem").locator(":scope > .toggle").click();
  assert.ok((await labels(page)).includes("norm"));
  const before = await place(page, "logits");
  await page.mouse.move(40, 700);
  await page.mouse.down();
  await page.mouse.move(140, 760, { steps: 4 });
  await page.mouse.up();
  const after = await place(page, "logits");
  assert.ok(Math.abs(after.x - before.x - 100) < 2 && Math.abs(after.y - before.y - 60) < 2);
});

test("the keys open, fold, walk, zoom and show all", async () => {
  const { page } = await open("resnet.html");
  await click(page, "stem");
  await page.keyboard.press("ArrowRight");
  assert.ok((await labels(page)).includes("conv"));
  await page.keyboard.press("ArrowRight");
  assert.match(await heading(page), /^stem\//);
  await page.keyboard.press("Backspace");
  assert.equal(await heading(page), "stem");
  await page.keyboard.press("ArrowLeft");
  assert.ok(!(await labels(page)).includes("conv"));
  await page.keyboard.press("ArrowDown");
  assert.notEqual(await heading(page), "stem");
  await page.keyboard.press("0");
  assert.ok(!(await labels(page)).includes("block1"));
  const before = await place(page, "stem");
  await page.keyboard.press("-");
  const after = await place(page, "stem");
  assert.ok(after.frame.width < before.frame.width);
  await page.keyboard.press("f");
  await click(page, "stem");
  await page.keyboard.press("*");
  assert.ok((await labels(page)).includes("Conv2D"));
});

test("the wheel zooms at the pointer", async () => {
  const { page } = await open("lstm.html");
  const before = await place(page, "words");
  await page.mouse.move(before.x, before.y);
  await page.mouse.wheel(0, -300);
  const after = await place(page, "words");
  assert.ok(after.frame.width > before.frame.width * 1.3);
  assert.ok(Math.abs(after.frame.x - before.frame.x) < 12);
});

test("a search goes from hit to hit through folded scopes", async () => {
  const { page } = await open("resnet.html");
  await page.keyboard.press("/");
  await page.keyboard.type("op:/^Conv2D$/ stage3/block2");
  assert.equal(await page.locator(".hits").textContent(), "2");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator(".hits").textContent(), "1 of 2");
  assert.equal(await heading(page), "stage3/block2/first/conv/Conv2D");
  const frame = await box(page, "Conv2D").locator(":scope > .body").boundingBox();
  assert.ok(frame.x > 0 && frame.y > 50 && frame.x < 1100 && frame.y < 860 && frame.height > 12);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+Enter");
  assert.equal(await page.locator(".hits").textContent(), "1 of 2");
  await page.locator("#search").fill("/[/");
  await page.locator("#search").fill("nothing is like this");
  assert.equal(await page.locator(".hits").textContent(), "0");
});

test("the panel has type, attributes, inputs and outputs, which are links", async () => {
  const { page } = await open("resnet.html", { hash: "#node=logits/MatMul" });
  assert.equal(await heading(page), "logits/MatMul");
  const panel = page.locator(".panel");
  await panel.getByText("transpose_b", { exact: true }).waitFor();
  assert.ok(await panel.getByText(/float32, \? × 64/).first().isVisible());
  await panel.getByRole("button", { name: "pool:0" }).click();
  assert.equal(await heading(page), "pool");
});

test("the wires of the selection have two colors, and one output alone when the pointer is on it", async () => {
  const { page } = await open("resnet.html");
  await click(page, "logits");
  assert.ok((await page.locator(".lit.from").count()) >= 1);
  assert.ok((await page.locator(".lit.to").count()) >= 1);
  assert.equal(await page.locator(".box.selected").count(), 1);
  await page.evaluate(() => (location.hash = "#node=logits/BiasAdd&open=logits"));
  await page.locator(".panel .outputs > li").first().hover();
  assert.equal(await page.locator(".lit.from").count(), 0);
  assert.ok((await page.locator(".lit.to").count()) >= 1);
});

test("from an operation to its array and back", async () => {
  const { page } = await open("resnet.html", { hash: "#node=logits/kernel" });
  const panel = page.locator(".panel");
  await panel.locator(".histogram").waitFor();
  await panel.locator("canvas.heat").waitFor();
  await panel.getByRole("button", { name: "Show in the table" }).click();
  assert.equal(await page.locator('.row[aria-selected="true"] > span').first().textContent(), "logits/kernel");
  await panel.getByRole("button", { name: "Show in the graph" }).click();
  assert.equal(await heading(page), "logits/kernel");
  assert.ok(await page.locator(".graph").isVisible());
  await page.locator(".chip").filter({ hasText: "bias" }).first().click();
  assert.match(await heading(page), /bias$/);
  assert.ok(await panel.getByText("Standard deviation").isVisible());
});

test("the address has the selection and the open scopes: back, forward and reload", async () => {
  const { page } = await open("resnet.html");
  await click(page, "stem");
  await page.keyboard.press("Enter");
  await page.keyboard.press("f");
  await click(page, "pool");
  await page.waitForURL(/#node=pool.*open=.*stem/);
  await page.goBack();
  assert.equal(await heading(page), "stem");
  await page.goForward();
  assert.equal(await heading(page), "pool");
  await page.reload();
  await page.locator(".picture").waitFor();
  assert.equal(await heading(page), "pool");
  assert.ok((await labels(page)).includes("conv"));
});

test("what stands aside can be brought in, by a switch and one by one", async () => {
  const { page } = await open("resnet.html");
  const wires = await page.locator(".wire").count();
  await page.locator('input[data-role="gradients"]').check();
  assert.ok((await page.locator(".wire").count()) > wires);
  await page.locator('input[data-role="gradients"]').uncheck();
  await click(page, "pool");
  await page.getByRole("button", { name: "Move aside" }).click();
  await page.waitForURL(/moved=pool/);
  await page.getByRole("button", { name: "Bring back" }).click();
  assert.equal(await page.locator(".wire").count(), wires);
});

test("upstream, downstream and a path dim the rest", async () => {
  const { page } = await open("resnet.html");
  await click(page, "stem");
  await page.keyboard.press("u");
  assert.ok((await page.locator(".box.dim").count()) > 5);
  assert.match(await page.locator(".status").textContent(), /depends on/);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".box.dim").count(), 0);
  await page.keyboard.press("p");
  await click(page, "loss");
  await page.keyboard.press("p");
  assert.match(await page.locator(".status").textContent(), /shortest path: \d+ step/);
  assert.ok((await page.locator(".box.dim").count()) > 1);
});

test("colors and the legend", async () => {
  const { page } = await open("resnet.html");
  await page.getByRole("button", { name: "convolutions and products" }).click();
  assert.ok((await page.locator(".box.dim").count()) >= 3);
  for (const scheme of ["device", "dtype", "parameters"]) {
    await page.locator("#color").selectOption(scheme);
    assert.ok((await page.locator(".legend button").count()) >= 1, scheme);
    assert.equal(await page.locator(".box.dim").count(), 0);
  }
});

test("names are copied", async () => {
  const { page, context } = await open("resnet.html");
  await context.grantPermissions(["clipboard-read", "clipboard-write"]).catch(() => undefined);
  await click(page, "stem");
  await page.keyboard.press("c");
  await page.getByText("Copied: stem").waitFor();
});

test("the whole picture is saved as SVG and PNG", async () => {
  const opened = await open("resnet.html");
  for (const kind of ["SVG", "PNG"]) {
    const [download] = await Promise.all([opened.page.waitForEvent("download"), opened.page.getByRole("button", { name: kind, exact: true }).click()]);
    assert.equal(download.suggestedFilename(), `resnet.h5.${kind.toLowerCase()}`);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    const data = Buffer.concat(chunks);
    if (kind === "SVG") assert.ok(data.includes("stage2") && !/var\(|class=/.test(data.toString()));
    else assert.ok(data.length > 20000 && data.readUInt32BE(16) > 800);
  }
  assertQuiet(opened);
});

test("loops, a graph without scopes, and a small picture of a large one", async () => {
  const loops = await open("loops.html");
  assert.ok((await loops.page.locator(".wire.back").count()) >= 1);
  const flat = await open("flat.html");
  assert.ok((await labels(flat.page)).length >= 3);
  await flat.page.locator("#search").fill("sum59");
  await flat.page.keyboard.press("Enter");
  assert.equal(await heading(flat.page), "sum59");
  const large = await open("large.html");
  await click(large.page, "wired", 2);
  await large.page.waitForTimeout(50);
  assert.ok(await large.page.locator(".minimap").isVisible());
  for (const opened of [loops, flat, large]) assertQuiet(opened);
});

test("hostile names are text", async () => {
  const opened = await open("hostile.html");
  const { page } = opened;
  await page.keyboard.press("/");
  await page.keyboard.type("script");
  await page.keyboard.press("Enter");
  assert.match(await heading(page), /^<\/script><script>alert\(1\).*\\u202egnp\.exe\\u2066\\u0007$/);
  await page.locator(".panel dt").filter({ hasText: "script" }).waitFor();
  assert.equal(await page.locator("img, iframe").count(), 0);
  assert.equal(await page.locator("script").count(), 2);
  await page.keyboard.press("Escape");
  await page.keyboard.press("t");
  await page.locator("[data-row]").click();
  assertQuiet(opened);
});

test("a difference marks boxes and rows", async () => {
  const { page } = await open("difference.html");
  assert.ok((await page.locator(".badge.b-added").count()) >= 3);
  const all = (await labels(page)).length;
  await page.locator("#changed-only").check();
  assert.ok((await labels(page)).length < all);
  await page.locator("#search").fill("is:added op:Conv2D");
  await page.keyboard.press("Enter");
  assert.match(await heading(page), /block3/);
  assert.ok(await page.getByText("Difference: added").isVisible());
  await page.locator("#search").fill("");
  await page.getByRole("button", { name: "Arrays", exact: true }).click();
  const largest = await page.locator(".row").first().locator("span").nth(6).textContent();
  assert.ok(Number(largest) > 0);
});
