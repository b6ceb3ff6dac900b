import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backoff, useLive } from "./live";

class Stream extends EventTarget {
  static all: Stream[] = [];
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  constructor(readonly url: string) {
    super();
    Stream.all.push(this);
  }
  close() {
    this.closed = true;
  }
  say(event: string, message: unknown) {
    this.dispatchEvent(new MessageEvent(event, { data: JSON.stringify(message) }));
  }
  static get last(): Stream {
    const stream = Stream.all.at(-1);
    if (!stream) throw new Error("No stream was opened.");
    return stream;
  }
}

beforeEach(() => {
  Stream.all = [];
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Stream);
});
afterEach(() => {
  cleanup(); // closes the streams while the clock is still ours
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a live stream", () => {
  it("is live once it opens, and hands every message on", () => {
    const heard: unknown[] = [];
    const { result } = renderHook(() => useLive("/v1/today/live", { event: "today", onMessage: (message) => heard.push(message) }));
    expect(result.current.state).toBe("connecting");
    act(() => Stream.last.onopen?.());
    expect(result.current).toEqual({ state: "live", since: null });
    act(() => Stream.last.say("today", { rate_per_s: 3 }));
    expect(heard).toEqual([{ rate_per_s: 3 }]);
    expect(result.current.since).not.toBeNull();
  });

  it("is catching up after a first break, stale after the next, and live again when it is back", () => {
    const { result } = renderHook(() => useLive("/v1/today/live", { event: "today", onMessage: () => undefined }));
    act(() => Stream.last.onopen?.());
    act(() => Stream.last.onerror?.());
    expect(result.current.state).toBe("catching_up");
    act(() => vi.advanceTimersByTime(1_200));
    expect(Stream.all).toHaveLength(2);
    act(() => Stream.last.onerror?.());
    expect(result.current.state).toBe("stale");
    act(() => vi.advanceTimersByTime(3_000));
    act(() => Stream.last.onopen?.());
    expect(result.current.state).toBe("live");
    expect(Stream.all).toHaveLength(3);
  });

  it("says that it is stale when the news stop coming", () => {
    const { result } = renderHook(() => useLive("/v1/today/live", { event: "today", onMessage: () => undefined, stale_after_ms: 5_000 }));
    act(() => Stream.last.say("today", {}));
    act(() => vi.advanceTimersByTime(4_999));
    expect(result.current.state).toBe("live");
    act(() => vi.advanceTimersByTime(1));
    expect(result.current.state).toBe("stale");
  });

  it("is closed when nobody looks any longer, and asks nothing of a paused list", () => {
    const { unmount, rerender } = renderHook(({ open }) => useLive("/x", { event: "e", onMessage: () => undefined, open }), { initialProps: { open: true } });
    const first = Stream.last;
    rerender({ open: false });
    expect(first.closed).toBe(true);
    rerender({ open: true });
    unmount();
    expect(Stream.last.closed).toBe(true);
  });

  it("waits longer after each break, up to a quarter of a minute", () => {
    expect([0, 1, 2, 3, 4, 9].map((attempt) => backoff(attempt, 0.5))).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    expect(backoff(0, 0)).toBe(900);
    expect(backoff(0, 1)).toBe(1_100);
  });
});
