/** The calls a page makes: Segment's, under the name `regulars`. */

import { type Call, type Json, type Message, contextOf, pageOf, uuid } from "./message";
import { Outbox } from "./outbox";
import { read, readId, write, writeId } from "./storage";

const ANONYMOUS = "ajs_anonymous_id"; // Segment's names: a shop that changes over keeps knowing its visitors
const USER = "ajs_user_id";
const GROUP = "ajs_group_id";
const TRAITS = "ajs_user_traits";
const CONSENT = "regulars_consent";
const HELD_MAX = 200;

export interface Options {
  /** Where the shop listens; the address this file came from when left out. */
  host?: string;
  /** `"required"`: keep and send nothing before `consent({ analytics: true })`. */
  consent?: "required" | "implied";
}

export type Preferences = Record<string, boolean>;
type Callback = () => void;

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";

export class Regulars {
  private outbox: Outbox | null = null;
  private options: Options = {};
  private held: Message[] = [];
  private waiting: Callback[] = [];
  private anonymous: string | null = null;
  private userId: string | null = null;
  private groupId: string | null = null;
  private preferences: Preferences | null = null;
  private writeKey = "";
  private readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  /** Begin: from here on calls are sent, and those made before too. */
  load(writeKey: string, options: Options = {}): this {
    if (this.writeKey) return this;
    this.writeKey = writeKey;
    this.options = options;
    this.preferences = read<Preferences>(CONSENT);
    if (this.may()) this.open();
    this.waiting.splice(0).forEach((callback) => callback());
    return this;
  }

  ready(callback: Callback): this {
    if (this.writeKey) callback();
    else this.waiting.push(callback);
    return this;
  }

  track(event: string, properties?: Json, options?: Json): this {
    return this.send("track", { event, properties: properties ?? {} }, options);
  }

  /** `page()`, `page(name)`, `page(category, name)`, each with properties behind. */
  page(...said: unknown[]): this {
    const words = said.filter((one, place) => place < 2 && (isText(one) || one == null)).length;
    const texts = said.slice(0, words).filter(isText);
    const [properties, options] = said.slice(words).filter(isObject);
    const named: Json = {};
    if (texts.length) named["name"] = texts[texts.length - 1];
    if (texts.length > 1) named["category"] = texts[0];
    return this.send("page", { ...named, properties: { ...pageOf(), ...named, ...properties } }, options);
  }

  /** `identify(userId, traits)`, or `identify(traits)` for somebody who is not signed in. */
  identify(who: string | number | Json | null, traits?: Json, options?: Json): this {
    if (isObject(who)) return this.identify(null, who, traits);
    const userId = who == null || who === "" ? this.userId : String(who);
    const before = userId === this.userId ? read<Json>(TRAITS) : null;
    this.userId = userId;
    if (this.may()) {
      writeId(USER, userId);
      write(TRAITS, { ...before, ...traits });
    }
    return this.send("identify", { traits: traits ?? {} }, options);
  }

  group(groupId: string | number, traits?: Json, options?: Json): this {
    this.groupId = String(groupId);
    if (this.may()) writeId(GROUP, this.groupId);
    return this.send("group", { groupId: this.groupId, traits: traits ?? {} }, options);
  }

  alias(userId: string | number, previousId?: string, options?: Json): this {
    return this.send("alias", { userId: String(userId), previousId: previousId ?? this.userId ?? this.anonymousId() }, options);
  }

  /** Somebody else sits down: forget who was here. */
  reset(): this {
    this.userId = this.groupId = this.anonymous = null;
    [USER, GROUP, ANONYMOUS].forEach((name) => writeId(name, null));
    write(TRAITS, null);
    return this;
  }

  /** What the visitor agrees to, by purpose. `analytics: false` stops everything and forgets the visitor here. */
  consent(preferences: Preferences): this {
    this.preferences = { ...this.preferences, ...preferences };
    if (this.preferences["analytics"] === false) {
      this.held = [];
      this.outbox?.clear();
      this.outbox = null;
      this.reset();
      write(CONSENT, this.preferences);
      return this;
    }
    write(CONSENT, this.preferences);
    if (this.may() && this.writeKey && !this.outbox) this.open();
    return this.track("Segment Consent Preference Updated", {});
  }

  user(): { id(): string | null; anonymousId(): string; traits(): Json } {
    return { id: () => this.userId, anonymousId: () => this.anonymousId(), traits: () => read<Json>(TRAITS) ?? {} };
  }

  setAnonymousId(id: string): string {
    this.anonymous = id;
    if (this.may()) writeId(ANONYMOUS, id);
    return id;
  }

  /** Calls as lists, the way they were queued before this file had loaded: `push(["track", "Product Viewed"])`. */
  push(...calls: unknown[][]): void {
    for (const [name, ...said] of calls) {
      const method = (this as unknown as Record<string, unknown>)[String(name)];
      if (typeof method === "function" && name !== "constructor") (method as (...said: unknown[]) => unknown).apply(this, said);
      else console.warn(`regulars: there is no call named '${String(name)}'.`);
    }
  }

  private may(): boolean {
    const said = this.preferences?.["analytics"];
    return said === true || (said === undefined && this.options.consent !== "required");
  }

  private anonymousId(): string {
    return (this.anonymous ??= (this.may() ? readId(ANONYMOUS) : null) ?? this.setAnonymousId(uuid()));
  }

  private open(): void {
    this.outbox = new Outbox(`${(this.options.host ?? this.origin).replace(/\/$/, "")}/v1/b`, this.writeKey);
    this.userId ??= readId(USER);
    this.groupId ??= readId(GROUP);
    if (this.anonymous) writeId(ANONYMOUS, this.anonymous);
    if (this.userId) writeId(USER, this.userId);
    for (const message of this.held.splice(0)) this.outbox.add(message);
  }

  private send(type: Call, fields: Json, options?: Json): this {
    if (this.preferences?.["analytics"] === false) return this;
    const context = contextOf();
    if (this.groupId) context["groupId"] = this.groupId;
    if (this.preferences) context["consent"] = { categoryPreferences: this.preferences };
    const own = isObject(options?.["context"]) ? (options["context"] as Json) : {};
    const message: Message = {
      type,
      anonymousId: this.anonymousId(),
      userId: this.userId ?? (this.may() ? readId(USER) : null),
      ...fields,
      messageId: `regulars-${Date.now()}-${uuid()}`,
      timestamp: new Date().toISOString(),
      context: { ...context, ...own },
    };
    if (this.outbox) this.outbox.add(message);
    else if (this.held.push(message) > HELD_MAX) this.held.shift();
    return this;
  }
}
