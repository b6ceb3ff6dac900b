/** Somebody clicks on the public page; the shopkeeper watches everything move. `node e2e/loop.mjs`, against a real shop. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newTab, openBrowser, openShop, seriousFaults, settled, SIZES, tooWide } from "./browser.mjs";

const FILMS = ["Alien|Sci-Fi|1979", "Brazil|Sci-Fi|1985", "Contact|Sci-Fi|1997", "Stalker|Sci-Fi|1979", "Gattaca|Sci-Fi|1997", "Fargo|Crime|1996", "Heat|Crime|1995", "Chinatown|Film-Noir|1974", "Laura|Film-Noir|1944", "Amélie|Comedy|2001", "Groundhog Day|Comedy|1993", "千と千尋の神隠し|Animation|2001", "Totoro|Animation|1988", "Casablanca|Romance|1942"];
const CATALOG = `item_id,kind,title,genre,year\n${FILMS.map((film, at) => `m${at},video,${film.replaceAll("|", ",")}`).join("\n")}`;

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

/** Ask until the answer is right: the loop takes its moment, and the moment is measured. */
async function until(words, ask, wait_ms = 15_000) {
  const end = Date.now() + wait_ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`It never came to pass: ${words}`);
    await new Promise((wait) => setTimeout(wait, 200));
  }
}

/** A demo shop with fourteen films, a slot and one person behind the counter; returns a way to ask its API. */
async function furnish(shop, context) {
  const token = new URL(shop.setup_url).searchParams.get("token");
  const call = async (method, path, data, headers = {}) => {
    const jar = await context.cookies(shop.url);
    const csrf = jar.find((each) => each.name === "regulars_csrf")?.value ?? "";
    const answer = await context.request.fetch(shop.url + path, { method, data, headers: { "X-CSRF-Token": decodeURIComponent(csrf), ...headers } });
    assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
    return answer.status() === 204 ? null : answer.json();
  };
  await call("POST", "/v1/setup", { token, shop_name: "Corner Cinema", name: "Mei Lin", email: "mei@corner.example", password: "four words are plenty" });
  await call("POST", "/v1/sources", { name: "Demo page", kind: "web" });
  await call("POST", "/v1/catalog/imports?format=csv", CATALOG, { "Content-Type": "text/csv" });
  const filters = { kinds: [], tags: [], exclude_tags: [], available_only: true, exclude_seen: "never" };
  await call("PUT", "/v1/recommend/slots/home", { title: "For you", policy: "blend", count: 12, filters });
  await call("PUT", "/v1/recommend/slots/because-you-watched", { title: "Because you watched", policy: "similar", count: 8, filters });
  return call;
}

async function walk(shop, browser) {
  const counter = await browser.newContext({ viewport: SIZES.desk, locale: "en-US" });
  const call = await step("a demo shop is furnished over HTTP", () => furnish(shop, counter));
  const street = await browser.newContext({ viewport: SIZES.desk, locale: "en-US" });
  const { tab: visitor, errors: visitorErrors } = await newTab(street);
  const { tab: keeper, errors: keeperErrors } = await newTab(counter);
  let title = "";

  await step("the public page shows what the shop has", async () => {
    await until("a shelf", async () => {
      await visitor.goto(`${shop.url}/demo/video`);
      return visitor.locator(".shelf:not(.bones) .card").first().waitFor({ timeout: 4_000 }).then(() => true, () => false);
    }, 40_000);
    assert.deepEqual(await seriousFaults(visitor), []);
  });
  await step("live events stand open, and a click on a title arrives there without a reload", async () => {
    await keeper.goto(`${shop.url}/events`);
    await settled(keeper);
    await visitor.locator(".shelf .card").filter({ hasText: "Sci-Fi" }).first().click();
    title = await visitor.getByRole("heading", { level: 1 }).innerText();
    await keeper.getByRole("row", { name: new RegExp(`Title Viewed.*${title}`) }).first().waitFor();
  });
  await step("five stars are a fact with its slate and its place", async () => {
    await visitor.getByRole("button", { name: "5 of 5" }).click();
    const row = keeper.getByRole("row", { name: new RegExp(`Title Rated.*${title}`) }).first();
    await row.waitFor();
    await row.click();
    const drawer = keeper.getByRole("dialog");
    await drawer.getByText("slate_id").first().waitFor();
    await drawer.getByText(/rating: /).first().waitFor();
    assert.deepEqual(await seriousFaults(keeper), []);
    await keeper.keyboard.press("Escape");
  });
  await step("signing in keeps what was done before, under one name", async () => {
    await visitor.getByRole("button", { name: "Sign in" }).click();
    await visitor.getByLabel("Your name").fill("Ann Walker");
    await visitor.getByRole("dialog").getByRole("button", { name: "Sign in" }).click();
    await until("Ann with her rating", async () => {
      const found = await call("GET", "/v1/profiles?query=ann-walker");
      return found.items[0]?.events_total >= 3 && found.items[0].identifiers.length >= 2;
    });
  });
  const customer = (await call("GET", "/v1/profiles?query=ann-walker")).items[0].customer_id;
  await step("her page shows the taste, the story and why we believe it is her", async () => {
    await keeper.goto(`${shop.url}/profiles/${customer}`);
    await keeper.getByRole("link", { name: /^Sci-Fi: strength/ }).waitFor();
    await keeper.getByRole("button", { name: new RegExp(`Title Rated.*${title}`) }).waitFor();
    assert.deepEqual(await seriousFaults(keeper), []);
    await keeper.getByRole("tab", { name: "Identity" }).click();
    await keeper.getByText("ann-walker").first().waitFor();
    assert.deepEqual(await seriousFaults(keeper), []);
  });
  await step("her slots put other science fiction before what a newcomer would see", async () => {
    const compare = await call("POST", "/v1/recommend/compare", { slot: "home", customer_id: customer, count: 6 });
    const rules = compare.strategies.find((each) => each.policy === "rules").slate.items.map((item) => item.item_id);
    assert.ok(rules.slice(0, 3).some((id) => FILMS[Number(id.slice(1))].includes("Sci-Fi")), `rules show ${rules}`);
    await keeper.goto(`${shop.url}/recommend?slot=home&customer=${customer}`);
    await keeper.getByRole("heading", { name: "Rules" }).waitFor();
    await settled(keeper);
    assert.deepEqual(await seriousFaults(keeper), []);
  });
  await step("a knob turned shows its effect and is in the address", async () => {
    await keeper.getByRole("radio", { name: "ever touched" }).click();
    await keeper.waitForURL(/seen=any/);
    await until(`${title} gone, for she has touched it`, async () => (await keeper.locator("ol").getByRole("link", { name: title }).count()) === 0);
  });
  await step("today has counted all of it", async () => {
    await keeper.goto(`${shop.url}/today`);
    await keeper.getByText("Arriving now").waitFor();
    const today = await call("GET", "/v1/today");
    assert.ok(today.outcomes.accepted >= 5, JSON.stringify(today.outcomes));
    await keeper.getByRole("button", { name: /^Accepted/ }).click();
    await keeper.getByRole("link", { name: "See these events" }).click();
    await keeper.waitForURL(/\/events\?outcome=accepted/);
  });
  await step("the public page fits a phone, at night, in Chinese", async () => {
    const phone = await browser.newContext({ viewport: SIZES.phone, colorScheme: "dark", locale: "zh-TW", hasTouch: true });
    const { tab, errors } = await newTab(phone);
    for (const page of ["/demo/video", "/demo/video?title=m11", "/demo/video?q=Heat"]) {
      await tab.goto(shop.url + page);
      await tab.locator(".card").first().waitFor();
      assert.ok((await tooWide(tab)) <= 0, `${page} is ${await tooWide(tab)} px too wide`);
      assert.deepEqual(await seriousFaults(tab), [], page);
    }
    assert.deepEqual(errors, []);
    await phone.close();
  });
  assert.deepEqual(visitorErrors, [], "the public page saw errors");
  assert.deepEqual(keeperErrors, [], "the console saw errors");
}

const folder = mkdtempSync(join(tmpdir(), "regulars-loop-"));
mkdirSync(join(folder, "shop"));
writeFileSync(join(folder, "shop", "regulars.toml"), '[serve]\ndemo = "video"\n');
const shop = await openShop(join(folder, "shop"));
const browser = await openBrowser();
try {
  await walk(shop, browser);
} catch (error) {
  console.error(error, `\n--- the shop said ---\n${shop.said().slice(-4000)}`);
  process.exitCode = 1;
} finally {
  await browser.close();
  await shop.close();
  rmSync(folder, { recursive: true, force: true });
}
