import { useEffect, useRef, useSyncExternalStore } from "react";

export interface Shortcut {
  /** `?`, `/`, `mod+k` (⌘ or Ctrl), or two strokes: `g t`. */
  keys: string;
  words: string;
  run: () => void;
  /** Also while the cursor stands in a field. */
  whileTyping?: boolean;
}

let standing: readonly Shortcut[] = [];
const listeners = new Set<() => void>();
const change = (next: readonly Shortcut[]) => {
  standing = next;
  listeners.forEach((each) => each());
};

/** The strokes of one key press, as `keys` writes them. */
export function strokeOf(event: Pick<KeyboardEvent, "key" | "metaKey" | "ctrlKey" | "altKey">): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return event.metaKey || event.ctrlKey ? `mod+${key}` : event.altKey ? `alt+${key}` : key;
}

/** Which shortcut a stroke completes, and which first stroke is now waiting for a second. */
export function match(shortcuts: readonly Shortcut[], waiting: string | null, stroke: string): { found: Shortcut | null; waiting: string | null } {
  const wanted = waiting ? `${waiting} ${stroke}` : stroke;
  const found = shortcuts.find((each) => each.keys === wanted) ?? null;
  if (found) return { found, waiting: null };
  const opens = shortcuts.some((each) => each.keys.startsWith(`${stroke} `));
  return { found: null, waiting: opens ? stroke : null };
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

let waiting: string | null = null;
let waitingSince = 0;

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.timeStamp - waitingSince > 1_200) waiting = null;
  const able = typing(event.target) ? standing.filter((each) => each.whileTyping) : standing;
  const result = match(able, waiting, strokeOf(event));
  waiting = result.waiting;
  waitingSince = event.timeStamp;
  if (!result.found) return;
  event.preventDefault();
  result.found.run();
}

/** Keys that work for as long as the component stands; `?` lists them. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  const names = shortcuts.map((each) => `${each.keys}=${each.words}`).join("|");
  useEffect(() => {
    const mine = latest.current.map((each, index) => ({ ...each, run: () => latest.current[index]?.run() }));
    if (standing.length === 0) document.addEventListener("keydown", press);
    change([...standing, ...mine]);
    return () => {
      change(standing.filter((each) => !mine.includes(each)));
      if (standing.length === 0) document.removeEventListener("keydown", press);
    };
  }, [names]);
}

export function useStandingShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => standing,
  );
}
