// Makes the picture of the README: `npm run picture`, after `python -m tests.page.write_pages FOLDER` with PAGES=FOLDER.
import { fileURLToPath } from "node:url";
import { close, launch, open } from "./browser.mjs";

process.env.CHROMIUM ??= "/usr/bin/chromium";
const scope = "stage3/block1/shortcut";
const opened = ["stage1", "stage2", "stage3", "stage3/block1", scope].map(encodeURIComponent).join("|");

await launch();
const { page } = await open("resnet.html", { hash: `#node=${encodeURIComponent(`${scope}/kernel`)}&open=${opened}`, viewport: { width: 1280, height: 760 } });
await page.keyboard.press("f");
await page.locator("canvas.heat").first().waitFor();
await page.screenshot({ path: fileURLToPath(new URL("../../docs/images/view.png", import.meta.url)) });
await close();
