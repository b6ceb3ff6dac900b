/** What plays, what waits, and what is said about it. Draws nothing; whoever draws listens. */

import { hashOf } from "../../src/catalog/cover-art";
import { type Entry, number, spoken, words } from "../shared/api";
import { playedFrom, track } from "../shared/tracker";
import { Tones } from "./tones";

export type Source = "search" | "library" | "radio" | "autoplay" | "discover";

export interface Waiting {
  entry: Entry;
  source: Source;
}

const LENGTH_S_MIN = 150; // songs without a stated length get one between two and a half and four minutes
const LENGTH_S_SPREAD = 90;

export const lengthOf = (entry: Entry): number =>
  number(entry.item, "seconds", "duration_s", "length_s", "total_length", "duration") ??
  LENGTH_S_MIN + (hashOf(entry.item.item_id) % LENGTH_S_SPREAD);

export class Player {
  readonly tones = new Tones();
  readonly session = crypto.randomUUID();
  queue: Waiting[] = [];
  past: Waiting[] = [];
  current: Waiting | null = null;
  playing = false;
  position = 0;
  radio: string | null = null;
  private last = 0;
  private listeners: (() => void)[] = [];
  /** Asked for more when a radio's queue runs low. */
  more: (after: Entry) => Promise<Entry[]> = async () => [];

  constructor() {
    setInterval(() => this.tick(), 250);
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }

  facts(of: Waiting): Record<string, unknown> {
    const lean = of.source === "radio" || of.source === "autoplay" ? "lean_back" : "lean_forward";
    return {
      session_id: this.session,
      asset_id: of.entry.item.item_id,
      title: spoken(of.entry.item).title,
      artist: words(of.entry.item, "artist", "artists")[0],
      total_length: Math.round(lengthOf(of.entry)),
      source: of.source,
      intent: lean,
      ...playedFrom(of.entry),
    };
  }

  private tell(event: string, of: Waiting): void {
    const here = of === this.current ? Math.round(this.position) : 0;
    track(event, { ...this.facts(of), position: here });
  }

  start(entry: Entry, source: Source): void {
    this.leave();
    this.current = { entry, source };
    this.position = 0;
    this.playing = true;
    this.last = performance.now();
    this.tones.play(spoken(entry.item).title);
    this.tell("Song Played", this.current);
    this.changed();
  }

  /** Remember what was on, and say that it was skipped when it had not ended. */
  private leave(): void {
    if (!this.current) return;
    if (this.position < lengthOf(this.current.entry) - 1) this.tell("Song Skipped", this.current);
    this.past.push(this.current);
  }

  toggle(): void {
    if (!this.current) return;
    this.playing = !this.playing;
    this.last = performance.now();
    if (this.playing) this.tones.play(spoken(this.current.entry.item).title);
    else {
      this.tones.stop();
      this.tell("Song Paused", this.current);
    }
    this.changed();
  }

  seek(position: number): void {
    this.position = position;
    this.changed();
  }

  back(): void {
    const before = this.past.pop();
    if (this.position > 3 || !before) return this.seek(0);
    this.start(before.entry, before.source);
    this.past.pop();
  }

  async next(): Promise<void> {
    if (this.queue.length < 3 && this.radio && this.current) await this.refill(this.current.entry);
    const following = this.queue.shift();
    if (following) return this.start(following.entry, following.source);
    this.leave();
    this.current = null;
    this.playing = false;
    this.tones.stop();
    this.changed();
  }

  private async refill(after: Entry): Promise<void> {
    const heard = new Set([...this.past, ...this.queue, ...(this.current ? [this.current] : [])].map((one) => one.entry.item.item_id));
    const found = (await this.more(after)).filter((entry) => !heard.has(entry.item.item_id));
    this.queue.push(...found.map((entry) => ({ entry, source: "radio" as const })));
    this.changed();
  }

  async startRadio(entry: Entry): Promise<void> {
    this.radio = spoken(entry.item).title;
    this.queue = [];
    if (this.current?.entry.item.item_id !== entry.item.item_id) this.start(entry, "radio");
    await this.refill(entry);
  }

  add(entry: Entry): void {
    this.queue.push({ entry, source: "library" });
    this.changed();
  }

  remove(at: number): void {
    this.queue.splice(at, 1);
    this.changed();
  }

  like(of: Waiting): void {
    this.tell("Song Liked", of);
    this.changed();
  }

  private tick(): void {
    const now = performance.now();
    if (this.playing && this.current) {
      this.position += (now - this.last) / 1000;
      if (this.position >= lengthOf(this.current.entry)) this.complete(this.current);
      this.changed();
    }
    this.last = now;
  }

  private complete(ended: Waiting): void {
    this.position = lengthOf(ended.entry);
    this.tell("Song Completed", ended);
    if (this.queue.length === 0 && !this.radio) this.radio = spoken(ended.entry.item).title;
    void this.next();
  }
}
