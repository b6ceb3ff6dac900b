/** Puts the snippet on a page, and makes the calls that waited for it. */

import { Regulars } from "./client";

type Page = { regulars?: unknown; analytics?: unknown };

export function install(page: Page, script: HTMLScriptElement | null): Regulars {
  const regulars = new Regulars(script?.src ? new URL(script.src).origin : location.origin);
  const queues = [page.regulars, page.analytics].filter((queue): queue is unknown[][] => Array.isArray(queue));
  page.regulars = regulars;
  if (page.analytics === undefined || Array.isArray(page.analytics)) page.analytics = regulars;
  const writeKey = script?.dataset["writeKey"];
  if (writeKey) regulars.load(writeKey);
  for (const queue of queues) regulars.push(...queue);
  return regulars;
}
