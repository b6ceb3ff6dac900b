/** The visitor's id in a cookie that the shop's own server sets: browsers that forget after a week what a script wrote keep this one. */

import { read, write } from "./storage";

const ASKED = "regulars_cookie_at";
const DAY_MS = 86_400_000;

/** Whether the cookie was renewed within a day. */
export const isFresh = (): boolean => Date.now() - (read<number>(ASKED) ?? 0) < DAY_MS;

/** What the server knows this visitor as, after it heard what we say; null when it will not, or cannot be asked. */
export async function keep(host: string, said: { writeKey: string; anonymousId?: string; replace?: boolean; forget?: boolean }): Promise<string | null> {
  try {
    const answer = await fetch(`${host}/v1/cookie`, {
      method: "POST",
      body: JSON.stringify(said),
      headers: { "Content-Type": "text/plain" }, // no preflight
      credentials: "include",
      keepalive: true,
    });
    if (!answer.ok) {
      console.warn("regulars: no cookie.", await answer.text());
      return null;
    }
    write(ASKED, said.forget ? null : Date.now());
    return ((await answer.json()) as { anonymousId: string | null }).anonymousId;
  } catch {
    return null;
  }
}
