/**
 * Picture every page of a running shop, at 1440 and 390 px, light and dark.
 *
 *   node e2e/shots.mjs http://127.0.0.1:8700 OUT --email mei@corner.example --password '…' [--language zh-TW] [--only today,events]
 *
 * The public demo pages are pictured when the shop is a demo. Prints what is wrong on a page: errors in its console, a page
 * wider than its window.
 */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { newTab, openBrowser, settled, SIZES, tooWide } from "./browser.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    email: { type: "string" }, password: { type: "string" }, language: { type: "string", default: "en-US" },
    only: { type: "string" }, sizes: { type: "string", default: "desk,phone" }, schemes: { type: "string", default: "light,dark" },
    wait: { type: "string", default: "900" }, full: { type: "boolean", default: false },
  },
});
const [url, out] = positionals;
if (!url || !out) throw new Error("Say where the shop is and where the pictures go: node e2e/shots.mjs URL FOLDER --email … --password …");
mkdirSync(out, { recursive: true });

/** The pages, with one customer, one event and one item of this shop to open. */
async function pages(tab) {
  const first = (path) => tab.evaluate((address) => fetch(address).then((answer) => (answer.ok ? answer.json() : null)).then((found) => found?.items?.[0] ?? null), path);
  const customer = await first("/v1/profiles?limit=1");
  const item = await first("/v1/catalog/items?limit=1");
  const event = await first("/v1/events/recent?limit=1");
  const reason = await tab.evaluate(() => fetch("/v1/events/reasons?outcome=rejected").then((answer) => (answer.ok ? answer.json() : null)).then((found) => found?.reasons?.find((each) => each.outcome === "rejected") ?? null));
  const letter = await first("/v1/letters?limit=1");
  const differing = await first("/v1/letters?limit=1&code=content_differs");
  const source = await tab.evaluate(() => fetch("/v1/sources").then((answer) => (answer.ok ? answer.json() : [])).then((all) => all[0] ?? null));
  const destination = await tab.evaluate(() => fetch("/v1/destinations").then((answer) => (answer.ok ? answer.json() : [])).then((all) => all[0] ?? null));
  const plan = await tab.evaluate(() => fetch("/v1/plans").then((answer) => (answer.ok ? answer.json() : [])).then((all) => all[0] ?? null));
  const hook = await tab.evaluate(() => fetch("/v1/hooks").then((answer) => (answer.ok ? answer.json() : [])).then((all) => all[0] ?? null));
  const past = await tab.evaluate(() => fetch("/v1/imports").then((answer) => (answer.ok ? answer.json() : [])).then((all) => (all.items ?? all)[0] ?? null));
  const { demo } = await tab.evaluate(() => fetch("/v1/setup").then((answer) => answer.json()));
  return Object.entries({
    today: "/today",
    events: "/events",
    "events-one": event && `/events?event=${encodeURIComponent(event.event_id)}`,
    rejected: "/events/rejected",
    "rejected-one": reason && `/events/rejected?reason=${reason.reason}&of=${reason.source_id}`,
    letters: "/events/letters",
    "letters-one": letter && `/events/letters?letter=${letter.letter_id}`,
    "letters-differing": differing && `/events/letters?letter=${differing.letter_id}`,
    "letters-mend": letter && `/events/letters?code=${letter.code}&mend=true`,
    alerts: "/events/alerts",
    customers: "/profiles",
    "customers-one": customer && `/profiles/${customer.customer_id}`,
    "customers-identity": customer && `/profiles/${customer.customer_id}?tab=identity`,
    catalog: "/catalog",
    "catalog-one": item && `/catalog?item=${encodeURIComponent(item.item_id)}`,
    slots: "/recommend",
    start: "/start",
    sources: "/sources",
    "sources-one": source && `/sources?source=${source.source_id}`,
    destinations: "/destinations",
    "destinations-new": "/destinations?make=new",
    "destinations-make": "/destinations?make=webhook",
    "destinations-one": destination && `/destinations/${destination.destination_id}`,
    "destinations-letters": destination && `/destinations/${destination.destination_id}?tab=letters`,
    keys: "/sources?tab=keys",
    imports: "/imports",
    "imports-one": past && `/imports?open=${past.import_id}`,
    hooks: "/hooks",
    "hooks-one": hook && `/hooks?open=${hook.hook_id}`,
    plans: "/plans",
    "plans-one": plan && `/plans/${plan.plan_id}`,
    "plans-fields": plan && `/plans/${plan.plan_id}?tab=fields`,
    log: "/log",
    replay: "/log?tab=replay",
    rebuild: "/log?tab=rebuild",
    backups: "/log?tab=backups",
    people: "/settings?tab=people",
    audit: "/settings?tab=audit",
    shop: "/settings?tab=shop",
    me: "/settings?tab=me",
    "demo-video": demo === "video" && "/demo/video",
    "demo-music": demo === "music" && "/demo/music",
    "demo-store": demo === "store" && "/demo/store",
  }).filter(([name, path]) => path && (!values.only || values.only.split(",").includes(name)));
}

async function signIn(browser) {
  const context = await browser.newContext();
  const { tab } = await newTab(context);
  await tab.goto(`${url}/login`);
  await settled(tab);
  if (values.email) {
    const status = await tab.evaluate(
      (body) => fetch("/v1/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }).then((answer) => answer.status),
      { email: values.email, password: values.password },
    );
    if (status >= 400) throw new Error(`Signing in as ${values.email} was answered with ${status}.`);
  }
  const found = await pages(tab);
  const storageState = await context.storageState();
  await context.close();
  return { found, storageState };
}

const browser = await openBrowser();
try {
  const { found, storageState } = await signIn(browser);
  for (const size of values.sizes.split(",")) {
    for (const colorScheme of values.schemes.split(",")) {
      const shared = { viewport: SIZES[size], colorScheme, locale: values.language, deviceScaleFactor: 1, hasTouch: size === "phone", reducedMotion: "reduce" };
      const name = (page) => `${out}/${page}-${SIZES[size].width}-${colorScheme}.png`;
      const outside = await browser.newContext(shared);
      const door = await newTab(outside);
      if (!values.only || values.only.includes("login")) {
        await door.tab.goto(`${url}/login`);
        await settled(door.tab);
        await door.tab.screenshot({ path: name("login") });
      }
      await outside.close();
      const context = await browser.newContext({ ...shared, storageState });
      const { tab, errors } = await newTab(context);
      for (const [page, path] of found) {
        await tab.goto(url + path);
        await settled(tab, Number(values.wait)).catch(() => console.log(`${page}: still loading`));
        await tab.screenshot({ path: name(page), fullPage: values.full });
        const wide = await tooWide(tab);
        if (wide > 0) console.log(`${page} at ${SIZES[size].width} px is ${wide} px too wide`);
        for (const error of errors.splice(0)) console.log(`${page}: ${error}`);
      }
      if (!values.only || values.only.includes("search")) {
        await tab.goto(`${url}/today`);
        await settled(tab);
        await tab.keyboard.press("/");
        await tab.waitForTimeout(400);
        await tab.screenshot({ path: name("search") });
        errors.length = 0;
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
}
