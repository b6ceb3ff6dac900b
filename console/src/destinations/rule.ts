import type { AudienceRule } from "../shared/api";

type TraitIs = AudienceRule["traits"][number];

/** `plan = pro`, or `plan` for one that must only be known. */
export const writeTrait = ({ name, value }: TraitIs): string => (value === null || value === undefined ? name : `${name} = ${String(value)}`);

export function readTrait(text: string): TraitIs {
  const at = text.indexOf("=");
  if (at < 0) return { name: text.trim(), value: null };
  return { name: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
}
