/** The calls a page makes: Segment's, under the name `regulars`. */

import { isFresh, keep } from "./cookie";
import { type Call, type Json, type Message, contextOf, pageOf, uuid } from "./message";
import { Outbox } from "./outbox";
import { read, readId, write, writeId } from "./storage";
import { watch } from "./vitals";

const ANONYMOUS = "ajs_anonymous_id"; // Segment's names: a shop that changes over keeps knowing its visitors
const USER = "ajs_user_id";
const GROUP = "ajs_group_id";
const TRAITS = "ajs_user_traits";
const CONSENT = "regulars_consent";
const PREFERENCES_CHANGED = "Segment Consent Preference Updated";
const HELD_MAX = 200;
const COOKIE_WAIT_MS = 2_000; // longer than a phone takes; then the visitor's events go under the id we have

export interface Options {
  /** Where the shop listens; the address this file came from when left out. */
  host?: string;
  /** `"required"`: keep and send nothing before the visitor agrees. */
  consent?: "required" | "implied";
  /** The purpose that opens the gate; `analytics` when left out. */
  consentCategory?: string;
  /** Take Global Privacy Control for a no, until the visitor says yes to this shop. */
  gpc?: boolean;
  /** Keep the visitor's id in a cookie that the shop's server sets, too. */
  cookie?: boolean;
  /** Tell how the page felt, once, when it is left: `Web Vitals Measured`. */
  webVitals?: boolean;
}

export type Preferences = Record<string, boolean>;
type Callback = () => void;

interface Held {
  message: Message;
  needs: string;
}

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";

export class Regulars {
  private outbox: Outbox | null = null;
  private options: Options = {};
  private held: Held[] = [];
  private settling = false; // the server is being asked who this is
  private vitals: (() => Json) | null = null;
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
    this.forget();
    if (this.options.cookie && this.outbox) void keep(this.host(), { writeKey: this.writeKey, anonymousId: this.anonymousId(), replace: true });
    return this;
  }

  /**
   * What the visitor agrees to, by purpose: `consent({ analytics: true, email: false })`; purposes not named stay as they were.
   * A no to the purpose of the gate stops everything and forgets the visitor here; who had agreed before is told to the shop as a
   * last event, so that it knows of the withdrawal. Returns what holds now when nothing is said, null when nobody said anything.
   */
  consent(): Preferences | null;
  consent(preferences: Preferences): this;
  consent(preferences?: Preferences): this | Preferences | null {
    if (!preferences) return this.preferences;
    this.preferences = { ...this.preferences, ...preferences };
    if (this.says(this.gate()) === false) return this.close();
    write(CONSENT, this.preferences);
    if (this.may() && this.writeKey && !this.outbox) this.open();
    this.release();
    return this.track(PREFERENCES_CHANGED, {});
  }

  user(): { id(): string | null; anonymousId(): string; traits(): Json } {
    return { id: () => this.userId, anonymousId: () => this.anonymousId(), traits: () => read<Json>(TRAITS) ?? {} };
  }

  setAnonymousId(id: string): string {
    if (this.options.cookie && this.outbox) void keep(this.host(), { writeKey: this.writeKey, anonymousId: id, replace: true });
    return this.name(id);
  }

  /** Calls as lists, the way they were queued before this file had loaded: `push(["track", "Product Viewed"])`. */
  push(...calls: unknown[][]): void {
    for (const [name, ...said] of calls) {
      const method = (this as unknown as Record<string, unknown>)[String(name)];
      if (typeof method === "function" && name !== "constructor") (method as (...said: unknown[]) => unknown).apply(this, said);
      else console.warn(`regulars: there is no call named '${String(name)}'.`);
    }
  }

  private gate(): string {
    return this.options.consentCategory ?? "analytics";
  }

  /** Whether the visitor allows a purpose; undefined when that is still to be asked. */
  private says(purpose: string): boolean | undefined {
    const said = this.preferences?.[purpose];
    if (said !== undefined) return said;
    const signalled = this.options.gpc && (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl;
    return signalled || this.options.consent === "required" ? undefined : true;
  }

  private may(): boolean {
    return this.says(this.gate()) === true;
  }

  private host(): string {
    return (this.options.host ?? this.origin).replace(/\/$/, "");
  }

  private anonymousId(): string {
    return (this.anonymous ??= (this.may() ? readId(ANONYMOUS) : null) ?? this.name(uuid()));
  }

  private name(id: string): string {
    this.anonymous = id;
    if (this.may()) writeId(ANONYMOUS, id);
    return id;
  }

  /** This visitor was known under another id: what was held is theirs too. */
  private adopt(id: string): void {
    const before = this.anonymous;
    this.name(id);
    for (const { message } of this.held)
      for (const name of ["anonymousId", "previousId"]) if (message[name] === before) message[name] = id;
  }

  private forget(): void {
    this.userId = this.groupId = this.anonymous = null;
    [USER, GROUP, ANONYMOUS].forEach((name) => writeId(name, null));
    write(TRAITS, null);
  }

  private open(): void {
    this.outbox = new Outbox(`${this.host()}/v1/b`, this.writeKey);
    this.outbox.onLeave = () => this.leave();
    this.userId ??= readId(USER);
    this.groupId ??= readId(GROUP);
    const remembered = readId(ANONYMOUS);
    if (remembered) this.adopt(remembered);
    else if (this.anonymous) writeId(ANONYMOUS, this.anonymous);
    if (this.userId) writeId(USER, this.userId);
    if (this.options.cookie && !(remembered && isFresh())) this.ask(remembered !== null);
    if (this.options.webVitals) this.vitals ??= watch();
    this.release();
  }

  /** Ask the server who this is. A visitor nobody here remembers waits for the answer: it may be known there. */
  private ask(known: boolean): void {
    const before = this.anonymousId();
    this.settling = !known;
    const timer = setTimeout(() => this.settle(), COOKIE_WAIT_MS);
    void keep(this.host(), { writeKey: this.writeKey, anonymousId: before }).then((id) => {
      clearTimeout(timer);
      if (id && this.anonymous === before && this.outbox) this.adopt(id);
      this.settle();
    });
  }

  private settle(): void {
    this.settling = false;
    this.release();
  }

  /** Let go what was held: to the shop what is allowed, nowhere what was refused. */
  private release(): void {
    if (!this.outbox || this.settling) return;
    for (const each of this.held.splice(0)) {
      const said = this.says(each.needs);
      if (said) this.outbox.add(each.message);
      else if (said === undefined) this.held.push(each);
    }
  }

  private close(): this {
    this.held = [];
    const outbox = this.outbox;
    if (outbox) {
      outbox.clear();
      outbox.onLeave = () => undefined;
      outbox.add(this.message("track", { event: PREFERENCES_CHANGED, properties: {} }));
      if (this.options.cookie) void keep(this.host(), { writeKey: this.writeKey, forget: true });
    }
    this.outbox = this.vitals = null;
    this.settling = false;
    this.forget();
    write(CONSENT, this.preferences);
    return this;
  }

  private leave(): void {
    const found = this.vitals?.();
    this.vitals = null;
    if (found && Object.keys(found).length) this.track("Web Vitals Measured", found);
    this.settle();
  }

  private message(type: Call, fields: Json, options?: Json): Message {
    const context = contextOf();
    if (this.groupId) context["groupId"] = this.groupId;
    if (this.preferences) context["consent"] = { categoryPreferences: this.preferences };
    const own = isObject(options?.["context"]) ? (options["context"] as Json) : {};
    return {
      type,
      anonymousId: this.anonymousId(),
      userId: this.userId ?? (this.may() ? readId(USER) : null),
      ...fields,
      messageId: `regulars-${Date.now()}-${uuid()}`,
      timestamp: new Date().toISOString(),
      context: { ...context, ...own },
    };
  }

  /** A call may name a purpose of its own, `{ consent: "marketing" }`: then it waits for that one too. */
  private send(type: Call, fields: Json, options?: Json): this {
    const needs = isText(options?.["consent"]) ? options["consent"] : this.gate();
    if (this.says(this.gate()) === false || this.says(needs) === false) return this;
    this.held.push({ message: this.message(type, fields, options), needs });
    if (this.held.length > HELD_MAX) this.held.shift();
    this.release();
    return this;
  }
}
