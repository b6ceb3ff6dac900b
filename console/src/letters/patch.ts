/** One change for many letters, put together by hand: JSON Patch (RFC 6902). Pure. */

export const DEEDS = ["copy", "rename", "set", "drop"] as const;
export type Deed = (typeof DEEDS)[number];

export interface Change {
  deed: Deed;
  /** The field it is about, as a person writes it: `properties.price` or `/properties/price`. */
  field: string;
  /** Where it goes (copy, rename), or what is set. */
  to: string;
}

export type Operation =
  | { op: "copy" | "move"; from: string; path: string }
  | { op: "add"; path: string; value: unknown }
  | { op: "remove"; path: string };

/** `properties.price` as a JSON pointer; a pointer stays one. */
export function pointerOf(field: string): string {
  const said = field.trim();
  if (said.startsWith("/") || said === "") return said;
  return said.split(".").map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** What was typed as a value: JSON where it is JSON, else the text itself. */
export function valueOf(typed: string): unknown {
  try {
    return JSON.parse(typed) as unknown;
  } catch {
    return typed;
  }
}

export function operationOf({ deed, field, to }: Change): Operation {
  const path = pointerOf(field);
  if (deed === "set") return { op: "add", path, value: valueOf(to) };
  if (deed === "drop") return { op: "remove", path };
  return { op: deed === "copy" ? "copy" : "move", from: path, path: pointerOf(to) };
}

export const isWhole = ({ deed, field, to }: Change): boolean => field.trim() !== "" && (deed === "drop" || to.trim() !== "");

/** A patch written by hand; null while it is no list. */
export function patchOf(text: string): Operation[] | null {
  try {
    const found = JSON.parse(text) as unknown;
    return Array.isArray(found) ? (found as Operation[]) : null; // the server checks each operation and says what is wrong
  } catch {
    return null;
  }
}
