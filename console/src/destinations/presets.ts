import type { DestinationKind } from "../shared/api";

/** A beginning: a kind with some of its settings filled in. */
export interface Preset {
  key: string;
  kind: string;
  settings: Record<string, unknown>;
  names?: string[];
}

export const OWN_KINDS = ["webhook", "parquet", "csv_drop", "http_audience"] as const;
export type OwnKind = (typeof OWN_KINDS)[number];
export const PRESET_KEYS = ["webhook", "slack", "parquet", "csv_drop", "http_audience"] as const;
export type PresetKey = (typeof PRESET_KEYS)[number];

const PRESETS: readonly Preset[] = [
  { key: "webhook", kind: "webhook", settings: {} },
  { key: "slack", kind: "webhook", settings: { template: "{text: join(' ', [data.name, 'by', data.user_id || 'someone'])}" }, names: ["Order Completed"] },
  { key: "parquet", kind: "parquet", settings: { url: "warehouse" } },
  { key: "csv_drop", kind: "csv_drop", settings: { url: "audience", columns: ["email_sha256"], key: "email_sha256" } },
  { key: "http_audience", kind: "http_audience", settings: { columns: ["email_sha256"], key: "email_sha256" } },
];

/** What may be begun with: ours, then the kinds that other packages brought. */
export function presetsOf(kinds: readonly DestinationKind[]): Preset[] {
  const known = new Set(kinds.map((kind) => kind.name));
  const own = PRESETS.filter((each) => known.has(each.kind));
  const others = kinds.filter((kind) => !(OWN_KINDS as readonly string[]).includes(kind.name)).map((kind) => ({ key: kind.name, kind: kind.name, settings: {} }));
  return [...own, ...others];
}

export const isPresetKey = (key: string): key is PresetKey => (PRESET_KEYS as readonly string[]).includes(key);
export const isOwnKind = (kind: string): kind is OwnKind => (OWN_KINDS as readonly string[]).includes(kind);
