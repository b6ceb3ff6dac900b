/** A newcomer walks through a real shop: set-up, a source, the first event, the catalogue, every page. `npm run e2e`. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newTab, openBrowser, openShop, seriousFaults, settled, SIZES, tooWide } from "./browser.mjs";

const PAGES = ["/today", "/events", "/profiles", "/catalog", "/recommend", "/sources", "/sources?tab=keys", "/imports", "/hooks", "/plans", "/log", "/log?tab=replay", "/log?tab=rebuild", "/log?tab=backups", "/destinations", "/destinations?make=new", "/settings?tab=people", "/settings?tab=audit", "/settings?tab=shop", "/settings?tab=me", "/start"];
const CATALOG = "item_id,kind,title,genre,year\n" + ["Alien,Sci-Fi,1979", "Brazil,Sci-Fi,1985", "Fargo,Crime,1996", "Heat,Crime,1995", "Amélie,Comedy,2001", "千と千尋の神隠し,Animation,2001"].map((line, at) => `m${at},video,${line}`).join("\n");

const step = async (words, run) => {
  const began = Date.now();
  try {
    const result = await run();
    console.log(`ok   ${words} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    return result;
  } catch (error) {
    console.log(`FAIL ${words}`);
    throw error;
  }
};

async function walk(shop, browser) {
  const context = await browser.newContext({ viewport: SIZES.desk, locale: "en-US", timezoneId: "Asia/Taipei" });
  const { tab, errors } = await newTab(context);
  await step("a new shop shows its door to nobody else, and leads the first person to set it up", async () => {
    await tab.goto(`${shop.url}/today`);
    await tab.waitForURL("**/setup");
    await tab.goto(shop.setup_url);
    await tab.getByLabel("Name of the shop").fill("Corner Cinema");
    await tab.getByLabel("Your name").fill("Mei Lin");
    await tab.getByLabel("E-mail").fill("mei@corner.example");
    await tab.locator('input[autocomplete="new-password"]').fill("four words are plenty");
    assert.deepEqual(await seriousFaults(tab), []);
    await tab.getByRole("button", { name: "Open the shop" }).click();
    await tab.waitForURL("**/start");
  });
  const key = await step("a source is made and its key stands in the snippet", async () => {
    await tab.getByRole("button", { name: "Make the source" }).click();
    await tab.getByText("Waiting for the first event").waitFor();
    const code = await tab.locator("pre").first().innerText();
    return /"load", "([^"]+)"/.exec(code)[1];
  });
  await step("an event sent over HTTP is seen live, without a reload", async () => {
    const answer = await fetch(`${shop.url}/v1/page`, {
      method: "POST", headers: { Authorization: `Basic ${btoa(`${key}:`)}`, "Content-Type": "application/json" },
      body: JSON.stringify({ anonymousId: "walker-1", name: "Home", properties: { path: "/" }, messageId: "walk-1" }),
    });
    assert.equal(answer.status, 200);
    await tab.getByText(/Received\s+Page/).waitFor({ timeout: 10_000 });
  });
  await step("a file fills the catalogue, and somebody new gets a first slate", async () => {
    const file = join(shop.folder, "items.csv");
    writeFileSync(file, CATALOG);
    await tab.locator('input[type="file"]').setInputFiles(file);
    await tab.getByText("6 items").waitFor({ timeout: 15_000 });
    await tab.getByRole("list", { name: "The first slate" }).waitFor({ timeout: 30_000 });
  });
  await step("the keyboard opens the search, finds the item and goes to pages", async () => {
    await tab.goto(`${shop.url}/settings`);
    await settled(tab);
    await tab.keyboard.press("/");
    await tab.getByRole("combobox", { name: "Search" }).fill("千と千尋");
    await tab.getByRole("option", { name: /千と千尋の神隠し/ }).waitFor();
    await tab.keyboard.press("Escape");
    await tab.keyboard.press("g");
    await tab.keyboard.press("s");
    await tab.waitForURL("**/sources");
    await tab.keyboard.press("?");
    await tab.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await tab.keyboard.press("Escape");
  });
  await step("a removed key can be taken back", async () => {
    await tab.goto(`${shop.url}/sources?tab=keys`);
    await tab.getByLabel("What is it for?").fill("Backend");
    await tab.getByRole("button", { name: "Make a key" }).click();
    await tab.getByText(/^rgs_/).first().waitFor();
    await tab.getByRole("button", { name: "I have copied it" }).click();
    await tab.getByRole("button", { name: "Remove: Backend" }).click();
    await tab.getByRole("button", { name: "Undo" }).click();
    await tab.getByRole("button", { name: "Remove: Backend" }).waitFor();
  });
  await step("a tracking plan is inferred from the traffic, changed, tried and put in force", async () => {
    await tab.goto(`${shop.url}/plans`);
    await tab.getByRole("button", { name: "Infer from live traffic" }).click();
    await tab.waitForURL(/\/plans\/[\w-]+\?tab=fields/);
    shop.plan = new URL(tab.url()).pathname;
    await tab.getByText("Warn", { exact: true }).first().click();
    await tab.getByPlaceholder("price, or products/*/price").fill("price");
    await tab.getByRole("button", { name: "Add the field" }).click();
    await tab.getByRole("button", { name: "Save the draft" }).click();
    await tab.getByRole("button", { name: "Publish …" }).click();
    await tab.getByText("would have kept to it").waitFor();
    await tab.getByRole("button", { name: "Put it in force" }).click();
    await tab.waitForURL(/tab=violations/);
    await tab.getByText("Version 1 in force").waitFor();
  });
  assert.deepEqual(errors, [], "the console saw errors");
  const storageState = await context.storageState();
  await context.close();
  return storageState;
}

async function inspect(shop, browser, storageState, size, colorScheme, locale) {
  const context = await browser.newContext({ viewport: SIZES[size], colorScheme, locale, storageState, reducedMotion: "reduce" });
  const { tab, errors } = await newTab(context);
  const faults = [];
  for (const page of [...PAGES, shop.plan, `${shop.plan}?tab=fields`, `${shop.plan}?tab=versions&version=1`]) {
    await tab.goto(shop.url + page);
    await settled(tab);
    faults.push(...(await seriousFaults(tab)).map((fault) => `${page}: ${fault}`));
    const wide = await tooWide(tab);
    if (wide > 0) faults.push(`${page} is ${wide} px wider than a ${size}`);
  }
  assert.deepEqual([...faults, ...errors], [], `${size}, ${colorScheme}`);
  await context.close();
}

const folder = mkdtempSync(join(tmpdir(), "regulars-walk-"));
const shop = { ...(await openShop(join(folder, "shop"))), folder };
const browser = await openBrowser();
try {
  const state = await walk(shop, browser);
  await step("every page is clean on a desk in daylight", () => inspect(shop, browser, state, "desk", "light", "en-US"));
  await step("every page is clean on a phone at night, in 繁體中文", () => inspect(shop, browser, state, "phone", "dark", "zh-TW"));
} catch (error) {
  console.error(error, `\n--- the shop said ---\n${shop.said().slice(-4000)}`);
  process.exitCode = 1;
} finally {
  await browser.close();
  await shop.close();
  rmSync(folder, { recursive: true, force: true });
}
