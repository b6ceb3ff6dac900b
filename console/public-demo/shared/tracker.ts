/** The browser snippet, as any shop would embed it: it is loaded from the shop's own address with the page's write key. */

import type { Config, Entry, Visitor } from "./api";

interface Snippet {
  load(writeKey: string, options?: Record<string, unknown>): unknown;
  page(category?: string, name?: string, properties?: object): unknown;
  track(event: string, properties?: object): unknown;
  identify(userId: string, traits?: object): unknown;
  reset(): unknown;
  user?(): { id(): string | null; anonymousId(): string | null };
}

declare global {
  interface Window {
    regulars?: Snippet;
  }
}

let snippet: Snippet | null = null;

/** Load `/regulars.js` and hand it the key. A shop whose tracker does not load still sells: then nothing is sent. */
export async function start(of: Config): Promise<void> {
  await new Promise<void>((done) => {
    const script = document.createElement("script");
    script.src = "/regulars.js";
    script.onload = () => done();
    script.onerror = () => done();
    document.head.append(script);
  });
  snippet = window.regulars ?? null;
  snippet?.load(of.write_key, { host: location.origin, webVitals: true });
}

const kept = (name: string): string | null => {
  const raw = localStorage.getItem(name);
  if (!raw) return null;
  try {
    return String(JSON.parse(raw));
  } catch {
    return raw;
  }
};

export function visitor(): Visitor {
  const user = snippet?.user?.();
  return {
    anonymousId: user?.anonymousId() ?? kept("ajs_anonymous_id"),
    userId: user?.id() ?? kept("ajs_user_id"),
  };
}

export const track = (event: string, properties: object): void => void snippet?.track(event, properties);
export const page = (name: string, properties: object = {}): void => void snippet?.page(undefined, name, properties);
export const identify = (userId: string, traits: object): void => void snippet?.identify(userId, traits);
export const reset = (): void => void snippet?.reset();

/** What every fact about something on a shelf says: where it stood, so that the click finds its impression. */
export function seenAt(entry: Pick<Entry, "seen">): Record<string, string | number | null> {
  if (!entry.seen) return {};
  return { slate_id: entry.seen.slate_id, slot: entry.seen.slot, position: entry.seen.position };
}

/** The same for facts of a player, whose own `position` is the place in the song or film. */
export function playedFrom(entry: Pick<Entry, "seen">): Record<string, string | number | null> {
  if (!entry.seen) return {};
  return { slate_id: entry.seen.slate_id, slot: entry.seen.slot, slate_position: entry.seen.position };
}
