import { useEffect, useRef, useState } from "react";

export type LiveState = "connecting" | "live" | "catching_up" | "stale";
export interface LiveStatus {
  state: LiveState;
  /** When the last message came, in milliseconds since 1970. */
  since: number | null;
}
export interface LiveOptions<T> {
  /** The event's name in the stream, e.g. `today`. */
  event: string;
  onMessage: (message: T) => void;
  /** False closes the stream (a paused list). */
  open?: boolean;
  /** No message for this long while connected means stale. Streams that are silent when nothing happens leave it out. */
  stale_after_ms?: number;
}

/** 1, 2, 4 … 15 seconds, with up to a fifth of chance so that a hundred consoles do not knock at once. */
export function backoff(attempt: number, chance: number): number {
  const base = Math.min(15_000, 1_000 * 2 ** attempt);
  return Math.round(base * (0.9 + 0.2 * chance));
}

interface Handlers {
  message: (data: string) => void;
  status: (status: LiveState) => void;
}

/** Keep one event stream open: reconnect after a break, rest while the tab is hidden. Returns how to close it. */
export function listen(url: string, event: string, { message, status }: Handlers): () => void {
  let stream: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let closed = false;

  const connect = () => {
    if (closed || document.visibilityState === "hidden") return;
    stream = new EventSource(url, { withCredentials: true });
    stream.onopen = () => {
      attempt = 0;
      status("live");
    };
    stream.addEventListener(event, (each) => {
      status("live");
      message((each as MessageEvent<string>).data);
    });
    stream.onerror = () => {
      stream?.close();
      status(attempt === 0 ? "catching_up" : "stale");
      timer = setTimeout(connect, backoff(attempt++, Math.random()));
    };
  };
  const rest = () => {
    clearTimeout(timer);
    stream?.close();
    stream = null;
    if (document.visibilityState === "visible") connect();
  };
  document.addEventListener("visibilitychange", rest);
  connect();
  return () => {
    closed = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", rest);
    stream?.close();
  };
}

/** Subscribe to a server-sent stream for as long as the component stands. `url` null: no stream. */
export function useLive<T>(url: string | null, options: LiveOptions<T>): LiveStatus {
  const { event, open = true, stale_after_ms } = options;
  const [state, setState] = useState<LiveState>("connecting");
  const [since, setSince] = useState<number | null>(null);
  const onMessage = useRef(options.onMessage);
  useEffect(() => {
    onMessage.current = options.onMessage;
  });

  useEffect(() => {
    if (!url || !open) return undefined;
    return listen(url, event, {
      status: setState,
      message: (data) => {
        setSince(Date.now());
        onMessage.current(JSON.parse(data) as T); // the shape is the schema's
      },
    });
  }, [url, event, open]);

  useEffect(() => {
    if (!stale_after_ms || state !== "live" || since === null) return undefined;
    const timer = setTimeout(() => setState("stale"), stale_after_ms);
    return () => clearTimeout(timer);
  }, [since, state, stale_after_ms]);

  return { state, since };
}
