/** Invented reasons, dead letters and alerts for the mock server. */

import { sources } from "./mock-data.mjs";

const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
const REASONS = [["no_user_anon_id", "rejected", 31], ["not_json", "rejected", 7], ["wrong_key", "rejected", 3], ["clock_skew", "corrected", 1_180], ["message_id_missing", "corrected", 24], ["duplicate", "duplicate", 340], ["content_differs", "duplicate", 16]];

export function reasons(query) {
  const outcome = query.get("outcome") ?? "rejected";
  const step_s = 3_600;
  const since = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 - 23 * 3_600_000);
  const of = REASONS.filter((each) => each[1] === outcome);
  return {
    since: since.toISOString(), step_s, outcomes: { accepted: 48_211, corrected: 1_204, duplicate: 356, rejected: 41 },
    reasons: REASONS.map(([reason, which, events], at) => ({ reason, outcome: which, events, source_id: reason === "wrong_key" ? "" : sources[at % sources.length].source_id, source_name: reason === "wrong_key" ? "" : sources[at % sources.length].name, names: reason === "not_json" || reason === "wrong_key" ? [] : ["Title Rated", "Page"], last_at: ago(at * 7 + 1) })),
    series: of.flatMap(([reason, , events], at) => Array.from({ length: 24 }, (_, hour) => ({ at: new Date(since.getTime() + hour * 3_600_000).toISOString(), reason, events: (hour * 7 + at) % 5 === 0 ? Math.ceil(events / 8) : 0 })).filter((step) => step.events > 0)),
  };
}

const RAW = [
  { code: "no_user_anon_id", reason: "no_user_anon_id: an event needs 'userId' or 'anonymousId' (null, empty text and zeros are none).", sent: { type: "track", event: "Title Rated", messageId: "m-7", anonymousId: "", properties: { asset_id: "34", rating: 4, session_id: "s-19" } }, stopped_by: "decode" },
  { code: "content_differs", reason: "Its message id was used before, for something else. The first one counts.", sent: { type: "track", event: "Page", messageId: "m-8", anonymousId: "a-3", properties: { path: "/heat", restored: true } }, stopped_by: "dedupe" },
  { code: "not_json", reason: "The body is not JSON: it ends in the middle of a value.", sent: null, stopped_by: "door" },
];

export const letters = Array.from({ length: 54 }, (_, at) => {
  const { code, reason, sent, stopped_by } = RAW[at % RAW.length];
  return { letter_id: 54 - at, code, reason, stopped_by, state: "open", problem: "", name: sent?.event ?? "", event_id: `0-${at}`, message_id: sent?.messageId ?? null, user_id: null, anonymous_id: sent?.anonymousId || null, source_id: sources[0].source_id, source_name: sources[0].name, received_at: ago(at * 3 + 1), changed_at: null };
});

const text = (letter) => JSON.stringify(RAW.find((each) => each.code === letter.code).sent, null, 2) ?? '{"batch": [{"type": "tr';
const of = (id) => letters.find((letter) => letter.letter_id === Number(id)) ?? letters[0];

export const lettersFor = (query) => letters.filter((letter) => ["state", "code", "source_id", "stopped_by", "name"].every((key) => !query.get(key) || letter[key] === query.get(key)));

export const groups = () => RAW.map(({ code, stopped_by }) => ({ code, stopped_by, source_id: sources[0].source_id, source_name: sources[0].name, letters: letters.filter((letter) => letter.code === code).length, first_at: ago(160), last_at: ago(1) }));

export const letter = (id) => ({ letter: of(id), text: text(of(id)), faults: [], path: "/v1/batch", ip: "203.0.113.7", user_agent: "analytics-python/2.4.0", status: 200, whole: true, is_text: true, is_covered: false, is_batch: false });

export function becomes(id) {
  const sent = RAW.find((each) => each.code === of(id).code).sent;
  if (!sent?.anonymousId) return { faults: [{ code: of(id).code, sentence: of(id).reason, line: 1, column: 1, at: "", index: 0 }], events: [], events_total: 0, verdict: null };
  return { faults: [], events: [{ name: sent.event, call: sent.type, user_id: null, anonymous_id: sent.anonymousId, occurred_at: of(id).received_at, properties: sent.properties, corrections: [] }], events_total: 1, verdict: null };
}

export const becomeMany = () => ({ letters: letters.length, samples: letters.slice(0, 5).map((each) => ({ letter: each, before: text(each), after: text(each), preview: becomes(each.letter_id) })) });

const rule = (part) => ({ kind: "share", outcome: "rejected", reason: null, source_id: sources[0].source_id, limit: 5, window_minutes: 15, is_on: true, ...part });
const RULES = [rule({}), rule({ kind: "count", outcome: "duplicate", reason: "content_differs", limit: 10, window_minutes: 60 }), rule({ kind: "silence", window_minutes: 60, is_on: false })];

export const rules = () => RULES.map((each, at) => ({ rule_id: `r${at}`, rule: each, source_name: sources[0].name, is_raised: at === 1, looked_at: each.is_on ? ago(0.4) : null, value: each.is_on ? [0.8, 16, null][at] : null }));

export const alerts = (query) => [
  { alert_id: "a2", rule_id: "r1", rule: RULES[1], source_name: sources[0].name, value: 16, worst: 16, raised_at: ago(12), cleared_at: null, acknowledged_at: null, acknowledged_by: null, sentence: "" },
  { alert_id: "a1", rule_id: "r0", rule: RULES[0], source_name: sources[0].name, value: 2, worst: 11.4, raised_at: ago(1_440), cleared_at: ago(1_391), acknowledged_at: ago(1_430), acknowledged_by: "Mei", sentence: "" },
].filter((each) => query.get("raised") !== "true" || !each.cleared_at);
