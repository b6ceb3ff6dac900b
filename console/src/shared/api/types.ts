/** The shapes of `/v1`, under the names the console uses for them. */
export interface Page<T> { items: T[]; next_cursor: string | null }
export type Role = "viewer" | "marketer" | "admin";
export interface Setup { needed: boolean; version: string; shop_name: string; demo: "video" | "music" | "store" | null; simulated: boolean }
export interface Person { person_id: string; name: string; email: string; role: Role; language: string | null; created_at: string; last_seen_at: string | null }
export interface AuditEntry { entry_id: string; at: string; who: string; action: string; subject: string | null; detail: string | null }
export interface SecretKey { key_id: string; name: string; role: Role; prefix: string; created_at: string; created_by: string; last_used_at: string | null }
export interface NewSecretKey extends SecretKey { secret: string }
export type SourceKind = "web" | "ios" | "android" | "server" | "import";
export interface Source { source_id: string; name: string; kind: SourceKind; write_key: string; enabled: boolean; created_at: string; last_event_at: string | null; events_24h: number }
export type Outcome = "accepted" | "corrected" | "duplicate" | "rejected";
export interface LiveEvent { event_id: string; name: string; call: string; source_id: string; source_name: string; outcome: Outcome; reason: string | null; user_id: string | null; anonymous_id: string | null; customer_id: string | null; occurred_at: string; received_at: string; summary: string }
export interface ShownEvent { event_id: string; source_id: string; message_id: string; call: string; name: string; user_id: string | null; anonymous_id: string | null; previous_id: string | null; group_id: string | null; properties: Record<string, unknown>; context: Record<string, unknown>; occurred_at: string; received_at: string; original_at: string | null; sent_at: string | null; corrections: string[] }
export interface EventDetail { live: LiveEvent; event: ShownEvent | null; raw: string; request: { path: string; ip: string; user_agent: string; received_at: string } }
export interface Today {
  at: string; rate_per_s: number;
  series: { minute: string; source_id: string; count: number }[];
  outcomes: Record<Outcome, number>;
  by_event: { name: string; count: number }[];
  by_source: { source_id: string; name: string; count: number }[];
  customers: { total: number; active_5m: number; active_24h: number; new_24h: number; tiles: { label: string; count: number }[] };
  top_items: { item_id: string; title: string; count: number }[];
  rising: { item_id: string; title: string; count: number; growth: number; spark: number[] }[];
  loop: { station: "door" | "log" | "worker" | "profile" | "slate"; lag_ms: number; state: "live" | "behind" | "stale"; detail: string }[];
}
export interface Identifier { kind: string; value: string }
export interface ProfileSummary { customer_id: string; name: string; first_seen: string; last_seen: string; events_total: number; identifiers: Identifier[]; top_affinity: Tag | null; is_named: boolean; country: string | null; device_kind: string | null }
export interface Trait { value: unknown; updated_at: string; history: { value: unknown; at: string }[] }
export interface Affinity { kind: string; value: string; strength: number; share: number; last_at: string }
export interface SeenDevice { device_id: string; kind: string; model: string; system: string; first_seen: string; last_seen: string }
export interface Profile {
  customer_id: string; name: string; traits: Record<string, Trait>; first_seen: string; last_seen: string;
  counters: Record<string, { count: number; first: string; last: string }>;
  devices: SeenDevice[]; affinities: Affinity[]; consent: Record<string, { granted: boolean; at: string }>;
  events_total: number; merged_from: { customer_id: string; at: string }[]; is_named: boolean; country: string | null; device_kind: string | null;
}
export interface TimelineEntry { event_id: string; name: string; occurred_at: string; source_id: string; summary: string; properties: Record<string, unknown>; session: string | null }
export interface IdentityGraph {
  identifiers: { identifier_id: number; kind: string; value: string; first_seen: string; last_seen: string; blocked: boolean }[];
  evidence: { from_id: string; to_id: string; kind: string; event_id: string; at: string; refused_reason: string | null }[];
  merged_from: { customer_id: string; at: string }[];
}
export interface Tag { kind: string; value: string }
export type AttributeValue = string | boolean | number | string[];
export interface Item { item_id: string; kind: string; title: string; attributes: Record<string, AttributeValue>; tags: string[]; available: boolean; available_from: string | null; available_until: string | null; image: string | null; updated_at: string }
export interface CatalogSummary { items: number; available: number; kinds: { kind: string; count: number }[]; tags: { kind: string; value: string; count: number }[]; attributes: { name: string; type: string; filled_share: number }[] }
export interface ImportReport { import_id: string; rows: number; imported: number; rejected: number; problems: { row: number; column: string | null; reason: string }[]; problems_total: number; dry_run: boolean; rejected_file: string | null }
export type Policy = "blend" | "transitions" | "sessions" | "taste" | "popular" | "trending" | "rules" | "similar";
export interface SlotFilters { kinds: string[]; tags: string[]; exclude_tags: string[]; available_only: boolean; exclude_seen: "never" | "bought" | "played" | "any"; max_per_tag: number | null; max_per_tag_kind: string | null }
export interface Slot { name: string; title: string; policy: Policy; count: number; filters: SlotFilters; diversity: number; novelty: number; experiment_key: string | null; updated_at: string }
export interface Reason { kind: "because_you" | "popular" | "trending" | "favourite" | "similar"; text: string; item_id: string | null; title: string | null; tag: string | null; share: number }
export interface SlateItem { item_id: string; title: string; score: number; position: number; sources: string[]; reasons: Reason[]; item: { title: string; kind: string; tags: string[]; attributes: Record<string, AttributeValue>; image: string | null } | null }
export interface Slate { slate_id: string; slot: string | null; customer_id: string | null; policy: Policy; model_version: string | null; stale: boolean; items: SlateItem[]; experiment: { key: string; variant: string } | null }
export interface Comparison { strategies: { policy: Policy; title: string; slate: Slate }[] }
export interface Model { version: string; kind: string; trained_at: string; interactions: number; items: number; seconds: number; metrics: Record<string, unknown> | null }
export interface Performance { policy: Policy; shown: number; clicked: number; ctr: number; low: number; high: number }
export type JobState = "queued" | "running" | "done" | "failed" | "cancelled";
export interface JobRun { job_run_id: string; job: string; state: JobState; progress: { done: number; total: number; note: string } | null; started_at: string | null; finished_at: string | null; error: string | null }
export interface SearchResult { customers: ProfileSummary[]; items: Item[]; pages: unknown[] }
