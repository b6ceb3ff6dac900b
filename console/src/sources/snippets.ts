/** What to paste, per stack, with the key already in it. The texts stand in `snippets.json`: our tests run each of them
 * against a real door, and the guide shows the same. */
import texts from "./snippets.json";

export const STACKS = ["regulars", "segment-browser", "segment-python", "segment-node", "rudder-browser", "rudder-python", "rudder-node", "curl"] as const;
export type Stack = (typeof STACKS)[number];
/** Whose SDK it is, and where it runs: two short choices instead of a row of eight. */
export const FAMILIES = { regulars: ["regulars"], segment: ["segment-browser", "segment-python", "segment-node"], rudder: ["rudder-browser", "rudder-python", "rudder-node"], curl: ["curl"] } as const satisfies Record<string, readonly Stack[]>;
export type Family = keyof typeof FAMILIES;
export const FAMILY_NAMES: Record<Family, string> = { regulars: "regulars.js", segment: "Segment", rudder: "RudderStack", curl: "curl" };

export const stackName = (stack: Stack): string => texts[stack].name;
/** Where this one of a family runs: "Python". */
export const placeName = (stack: Stack): string => stackName(stack).split(" · ")[1] ?? stackName(stack);
export const familyOf = (stack: Stack): Family => (stack.startsWith("segment-") ? "segment" : stack.startsWith("rudder-") ? "rudder" : (stack as "regulars" | "curl"));
/** The one of another family that runs in the same place. */
export const sameIn = (family: Family, stack: Stack): Stack => {
  const place = stack.split("-")[1];
  return FAMILIES[family].find((each) => each.endsWith(`-${place ?? "browser"}`)) ?? FAMILIES[family][0];
};

/** What our own snippet may be told beside the address. */
export const OPTIONS = { gate: 'consent: "required"', cookie: "cookie: true", vitals: "webVitals: true" } as const;
export type Option = keyof typeof OPTIONS;

/** Code for one stack. `host` is this shop's own address, e.g. `https://shop.example.com`. */
export function snippet(stack: Stack, key: string, host: string, options: readonly Option[] = []): string {
  const told = options.map((each) => `\n    ${OPTIONS[each]},`).join("");
  return texts[stack].code.join("\n").replaceAll("{{key}}", key).replaceAll("{{host}}", host).replaceAll("{{options}}", told);
}

/** The first stack somebody with this kind of source would reach for. */
export const stackFor = (kind: string): Stack => (kind === "web" ? "regulars" : kind === "server" ? "segment-python" : "curl");
