import { describe, expect, it } from "vitest";
import { match, type Shortcut, strokeOf } from "./shortcuts";

const nothing = () => undefined;
const shortcuts: Shortcut[] = [
  { keys: "?", words: "help", run: nothing },
  { keys: "mod+k", words: "search", run: nothing },
  { keys: "g t", words: "today", run: nothing },
];
const press = (key: string, more: Partial<KeyboardEvent> = {}) => strokeOf({ key, metaKey: false, ctrlKey: false, altKey: false, ...more });

describe("shortcuts", () => {
  it("take ⌘ and Ctrl for the same", () => {
    expect(press("k", { metaKey: true })).toBe("mod+k");
    expect(press("K", { ctrlKey: true })).toBe("mod+k");
  });

  it("run at once when one stroke is enough", () => {
    expect(match(shortcuts, null, "?").found?.words).toBe("help");
  });

  it("wait for the second stroke, and run with it", () => {
    const first = match(shortcuts, null, "g");
    expect(first).toEqual({ found: null, waiting: "g" });
    expect(match(shortcuts, first.waiting, "t").found?.words).toBe("today");
  });

  it("forget the first stroke after a wrong second one", () => {
    expect(match(shortcuts, "g", "x")).toEqual({ found: null, waiting: null });
  });
});
