/** Puts the snippet on a page, and makes the calls that waited for it. */

import { type Options, Regulars } from "./client";

type Page = { regulars?: unknown; analytics?: unknown };

export function install(page: Page, script: HTMLScriptElement | null): Regulars {
  const regulars = new Regulars(script?.src ? new URL(script.src).origin : location.origin);
  const queues = [page.regulars, page.analytics].filter((queue): queue is unknown[][] => Array.isArray(queue));
  page.regulars = regulars;
  if (page.analytics === undefined || Array.isArray(page.analytics)) page.analytics = regulars;
  const said = script?.dataset ?? {};
  if (said["writeKey"]) regulars.load(said["writeKey"], optionsOf(said));
  for (const queue of queues) regulars.push(...queue);
  return regulars;
}

/** What the tag itself says, for pages that may have no script of their own in them: `data-consent="required" data-cookie`. */
function optionsOf(said: DOMStringMap): Options {
  const options: Options = { gpc: "gpc" in said, cookie: "cookie" in said, webVitals: "webVitals" in said };
  if (said["host"]) options.host = said["host"];
  if (said["consent"] === "required") options.consent = "required";
  if (said["consentCategory"]) options.consentCategory = said["consentCategory"];
  return options;
}
