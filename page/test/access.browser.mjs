import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { click, close, launch, open } from "./browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

before(launch);
after(close);

async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run());
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing, ${colorScheme}`, async () => {
    const { page } = await open("resnet.html", { colorScheme, bypassCSP: true });
    assert.deepEqual(await violations(page), []);
    await click(page, "logits");
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press("/");
    await page.keyboard.type("conv");
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press("Escape");
    await page.keyboard.press("t");
    await page.locator("[data-row]").first().click();
    await page.locator(".panel canvas.heat").waitFor();
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press("?");
    assert.deepEqual(await violations(page), []);
    const difference = await open("difference.html", { colorScheme, bypassCSP: true });
    assert.deepEqual(await violations(difference.page), []);
  });
}

test("everything can be reached by the keyboard alone", async () => {
  const { page } = await open("resnet.html");
  const seen = new Set();
  for (let step = 0; step < 60; step++) {
    await page.keyboard.press("Tab");
    seen.add(await page.evaluate(() => document.activeElement.className || document.activeElement.id || document.activeElement.tagName));
  }
  for (const part of ["tab", "search", "color", "canvas", "panel", "link"]) assert.ok([...seen].some((name) => name.includes(part)), part);
});
