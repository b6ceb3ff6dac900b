/**
 * Events on their way: sent together, kept in localStorage until the door has said yes, tried again when it could not.
 * What another tab left behind when it was closed is taken over; the door counts a message once however often it comes.
 */

import { names, read, readTab, write, writeTab } from "./storage";
import { type Message, uuid } from "./message";

const TOGETHER_MS = 150;
const EVENTS_MAX = 100;
const BYTES_MAX = 60_000; // browsers let a page that is being left send 64 kB
const KEPT_MAX = 500;
const WAIT_MS_MIN = 1_000;
const WAIT_MS_MAX = 60_000;
const LEFT_BEHIND_MS = 150_000; // a living tab writes at least once a minute while something waits
const PREFIX = "regulars_outbox.";
const TAB = "regulars_tab";

interface Kept {
  at: number;
  key: string;
  messages: Message[];
  /** Left while the door could not be reached: the next page of this tab need not wait to try again. */
  again?: boolean;
}

/** Answers after which trying again may help, by the rules that Segment's SDKs follow. */
export const mayTryAgain = (status: number): boolean =>
  status === 408 || status === 410 || status === 429 || status === 460 || (status >= 500 && status !== 501 && status !== 505);

export class Outbox {
  private messages: Message[] = [];
  private sending = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  /** Told before the page may be gone: the last chance to add something. */
  onLeave: () => void = () => undefined;
  private readonly name = PREFIX + uuid();
  private readonly url: string;
  private readonly key: string;

  constructor(url: string, key: string) {
    this.url = url;
    this.key = key;
    this.takeOver();
    writeTab(TAB, this.name);
    setInterval(() => this.takeOver(), LEFT_BEHIND_MS);
    addEventListener("pagehide", () => this.leave());
    addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.leave());
    addEventListener("online", () => this.soon(0));
  }

  add(message: Message): void {
    this.messages.push(message);
    if (this.messages.length > KEPT_MAX) this.messages.splice(this.sending, 1);
    this.keep();
    if (!this.sending && !this.failures) this.soon(TOGETHER_MS);
  }

  /** Forget everything that was not sent. */
  clear(): void {
    this.messages = [];
    this.sending = 0;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.keep();
  }

  private soon(wait_ms: number): void {
    if (this.timer !== undefined && wait_ms) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.send();
    }, wait_ms);
  }

  private async send(): Promise<void> {
    if (this.sending || !this.messages.length) return;
    const batch = this.portion();
    this.sending = batch.length;
    let wait_ms: number | null = null;
    try {
      const answer = await fetch(this.url, {
        method: "POST",
        body: this.body(batch),
        headers: { "Content-Type": "text/plain" }, // no preflight
        keepalive: true,
        credentials: "omit",
      });
      if (mayTryAgain(answer.status)) wait_ms = this.backoff(Number(answer.headers.get("Retry-After")));
      else if (!answer.ok) void answer.text().then((text) => console.warn("regulars: refused.", text));
    } catch {
      wait_ms = this.backoff(0);
    }
    if (wait_ms === null) {
      this.failures = 0;
      this.messages.splice(0, this.sending);
    }
    this.sending = 0;
    this.keep();
    if (this.messages.length) this.soon(wait_ms ?? TOGETHER_MS);
  }

  private backoff(retry_after_s: number): number {
    const own_ms = Math.min(WAIT_MS_MAX, WAIT_MS_MIN * 2 ** this.failures++) * (0.5 + Math.random() / 2);
    return retry_after_s > 0 ? Math.min(retry_after_s * 1000, WAIT_MS_MAX) : own_ms;
  }

  /** The page may be gone in a moment: hand over what waits. What is on its way already stays kept until it is answered. */
  private leave(): void {
    this.onLeave();
    if (this.failures || navigator.onLine === false) {
      // A beacon would be taken and come to nothing, or not: it is sent, and everything stays kept. It counts once all the same.
      this.beacon(this.portion(this.sending));
      this.keep(true);
      return;
    }
    while (this.messages.length > this.sending) {
      const batch = this.portion(this.sending);
      if (!this.beacon(batch)) break;
      this.messages.splice(this.sending, batch.length);
    }
    this.keep();
  }

  private beacon(batch: Message[]): boolean {
    return batch.length > 0 && Boolean(navigator.sendBeacon?.(this.url, new Blob([this.body(batch)], { type: "text/plain" })));
  }

  private portion(begin = 0): Message[] {
    let size = 0;
    let end = begin;
    while (end < this.messages.length && end - begin < EVENTS_MAX) {
      size += new Blob([JSON.stringify(this.messages[end])]).size;
      if (size > BYTES_MAX && end > begin) break;
      end++;
    }
    return this.messages.slice(begin, end);
  }

  private body(batch: Message[]): string {
    return JSON.stringify({ batch, writeKey: this.key, sentAt: new Date().toISOString() });
  }

  private keep(again = false): void {
    const kept: Kept = { at: Date.now(), key: this.key, messages: this.messages, again };
    write(this.name, this.messages.length ? kept : null);
  }

  private takeOver(): void {
    const before = readTab(TAB);
    for (const name of names(PREFIX)) {
      const kept = name === this.name ? null : read<Kept>(name);
      if (kept && kept.key === this.key && ((kept.again && name === before) || Date.now() - kept.at > LEFT_BEHIND_MS)) {
        this.messages.push(...kept.messages);
        write(name, null);
      }
    }
    const over = this.messages.length - KEPT_MAX;
    if (over > 0) this.messages.splice(this.sending, over);
    this.keep();
    if (this.messages.length && !this.sending && !this.failures) this.soon(TOGETHER_MS);
  }
}
