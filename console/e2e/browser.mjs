/** A browser and a shop to look at, for the tests and the pictures. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

export const openBrowser = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

export async function freePort() {
  const server = createServer();
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Start `regulars serve` on a folder; resolves with its address and its one-time set-up address. */
export async function openShop(folder) {
  const port = await freePort();
  const own = `${ROOT}.venv/bin/regulars`;
  const command = process.env.REGULARS ?? (existsSync(own) ? own : "regulars");
  const child = spawn(command, ["serve", folder, "--port", String(port)], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  const url = `http://127.0.0.1:${port}`;
  const until = Date.now() + 60_000;
  while (Date.now() < until && child.exitCode === null) {
    const setup_url = /http\S+\/setup\?token=\S+/.exec(said)?.[0];
    if (setup_url && (await fetch(`${url}/v1/setup`).then((answer) => answer.ok, () => false))) {
      return { url, setup_url, close: () => ended(child), said: () => said };
    }
    await new Promise((wait) => setTimeout(wait, 100));
  }
  child.kill("SIGKILL");
  throw new Error(`The shop did not open:\n${said}`);
}

function ended(child) {
  return new Promise((done) => {
    child.once("exit", done);
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), 10_000).unref();
  });
}

/** A page that remembers every error its console saw. 401 before signing in is an answer, not an error. */
export async function newTab(context) {
  const tab = await context.newPage();
  tab.setDefaultTimeout(12_000);
  const errors = [];
  tab.on("console", (line) => {
    if (line.type() !== "error") return;
    const text = `${line.text()} ${line.location().url}`;
    if (!/status of 401 .*\/v1\/session$/.test(text)) errors.push(text);
  });
  tab.on("pageerror", (error) => errors.push(error.stack ?? error.message));
  return { tab, errors };
}

/** What axe finds serious or critical, a sentence each. */
export async function seriousFaults(tab) {
  await tab.evaluate(AXE);
  const result = await tab.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return result.violations
    .filter((each) => each.impact === "serious" || each.impact === "critical")
    .map((each) => `${each.id}: ${each.help} — ${each.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.any[0]?.message ?? ""}`).join(" | ")}`);
}

/** Pixels by which a page is wider than its window. */
export const tooWide = (tab) => tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** No skeleton, and no picture still moving. */
export async function settled(tab, wait_ms = 400) {
  await tab.waitForLoadState("domcontentloaded");
  await tab.waitForFunction(() => !document.querySelector('[aria-busy="true"]') && document.querySelector("h1"), null, { timeout: 15_000 });
  await tab.waitForTimeout(wait_ms);
}
