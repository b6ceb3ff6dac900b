/**
 * Photograph pages: `node e2e/look.mjs http://127.0.0.1:8790 OUT name=/path[?…] …`; each at 1440 and 390 px, light and
 * dark. `LOOK_AS` is `email password` of somebody who may look.
 */

import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

const [base, out, ...pages] = process.argv.slice(2);
const language = process.env.LOOK_LANGUAGE ?? "en-US";
const sizes = (process.env.LOOK_SIZES ?? "1440,390").split(",").map(Number);
const schemes = (process.env.LOOK_SCHEMES ?? "light,dark").split(",");
mkdirSync(out, { recursive: true });
let storageState;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
});
if (process.env.LOOK_AS) {
  const [email, password] = process.env.LOOK_AS.split(" ");
  const context = await browser.newContext();
  const answer = await context.request.post(`${base}/v1/session`, { data: { email, password } });
  if (!answer.ok()) throw new Error(`Nobody was let in: ${await answer.text()}`);
  storageState = await context.storageState();
  await context.close();
}
for (const width of sizes) {
  for (const colorScheme of schemes) {
    const context = await browser.newContext({ viewport: { width, height: width > 700 ? 900 : 844 }, colorScheme, locale: language, deviceScaleFactor: 1, ...(storageState ? { storageState } : {}), hasTouch: width < 700 });
    const tab = await context.newPage();
    tab.on("console", (line) => line.type() === "error" && console.log("console:", line.text()));
    tab.on("pageerror", (error) => console.log("page error:", error.message));
    for (const page of pages) {
      const at = page.indexOf("=");
      const [name, path] = [page.slice(0, at), page.slice(at + 1)];
      await tab.goto(base + path);
      await tab.waitForTimeout(Number(process.env.LOOK_WAIT ?? 1600));
      await tab.screenshot({ path: `${out}/${name}-${width}-${colorScheme}.png`, fullPage: process.env.LOOK_FULL !== "no" });
      const wide = await tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) console.log(`${name} at ${width}: ${wide} px too wide`);
    }
    await context.close();
  }
}
await browser.close();
