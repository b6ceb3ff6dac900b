/** One call as it goes over the wire: Segment's shape, with what the page knows about itself. */

export type Json = Record<string, unknown>;
export type Call = "identify" | "track" | "page" | "group" | "alias";

export interface Message extends Json {
  type: Call;
  messageId: string;
  timestamp: string;
  context: Json;
}

export const VERSION = "0.1.0";

/** A random UUID; `crypto.randomUUID` exists on https pages only. */
export function uuid(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 15) | 64;
  bytes[8] = (bytes[8]! & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

export function pageOf(): Json {
  const canonical = document.querySelector<HTMLLinkElement>("link[rel=canonical]")?.href;
  return {
    path: location.pathname,
    referrer: document.referrer,
    search: location.search,
    title: document.title,
    url: canonical || location.href.split("#")[0],
  };
}

export function contextOf(): Json {
  const context: Json = {
    page: pageOf(),
    library: { name: "regulars.js", version: VERSION },
    locale: navigator.language,
    userAgent: navigator.userAgent,
    screen: { width: screen.width, height: screen.height, density: devicePixelRatio },
  };
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (timezone) context["timezone"] = timezone;
  const campaign = campaignOf(location.search);
  if (campaign) context["campaign"] = campaign;
  return context;
}

/** `?utm_campaign=spring&utm_source=mail` → `{ name: "spring", source: "mail" }`. */
export function campaignOf(search: string): Json | null {
  const campaign: Json = {};
  new URLSearchParams(search).forEach((value, name) => {
    if (name.startsWith("utm_")) campaign[name === "utm_campaign" ? "name" : name.slice(4)] = value;
  });
  return Object.keys(campaign).length ? campaign : null;
}
