// A page of a model in a browser, for tests: what went wrong in it, and what it asked for.
import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

export const folder = process.env.PAGES;

let browser = null;

export async function launch() {
  // Root has no sandbox of its own.
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--js-flags=--expose-gc"] });
}

export async function close() {
  await browser.close();
}

export function context(options = {}) {
  return browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true, ...options });
}

/** Opens a page of the folder, or a URL. */
export async function open(name, { hash = "", ...options } = {}) {
  const opened = await context(options);
  const page = await opened.newPage();
  const seen = { requests: [], errors: [] };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
  page.on("dialog", (dialog) => seen.errors.push(`dialog ${dialog.message()}`) && dialog.dismiss());
  const url = name.startsWith("http") ? name : pathToFileURL(join(folder, name)).href;
  await page.goto(url + hash);
  await page.locator(".picture, .row, .empty").first().waitFor();
  return { page, seen, url, context: opened };
}

/** Nothing went wrong, and nothing but the page itself was loaded. */
export function assertQuiet({ seen, url }) {
  assert.deepEqual(seen.errors, []);
  assert.deepEqual(seen.requests.filter((each) => !each.startsWith("blob:") && each.split("#")[0] !== url), []);
}

/** The box with a label. */
export function box(page, label) {
  return page.locator(".box", { has: page.locator(`:scope > text.label:text-is(${JSON.stringify(label)})`) }).last();
}

/** Where a point of the head of a box is on the screen. */
export async function place(page, label) {
  const frame = await box(page, label).locator(":scope > .body").last().boundingBox();
  return { x: frame.x + 10, y: frame.y + 8, frame };
}

export async function click(page, label, count = 1) {
  const { x, y } = await place(page, label);
  await page.mouse.click(x, y, { clickCount: count });
}

export const heading = (page) => page.locator(".panel h2").first().textContent();
export const labels = (page) => page.locator(".box > text.label").allTextContents();
