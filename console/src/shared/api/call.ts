import { Problem, problemOf } from "./problem";

export type QueryValue = string | number | boolean | null | undefined | readonly string[];
export interface CallOptions {
  query?: Record<string, QueryValue>;
  body?: unknown;
  /** A file or stream, sent as it is with its own content type. */
  raw?: { content: BodyInit; type: string };
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Let the call finish although the page is being left. */
  keepalive?: boolean;
}
type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** `/v1/profiles?query=ann` from its parts; empty values are left out. */
export function address(path: string, query: Record<string, QueryValue> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === "") continue;
    if (Array.isArray(value)) for (const each of value as readonly string[]) search.append(name, each);
    else search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `${path}${path.includes("?") ? "&" : "?"}${text}` : path;
}

export function cookie(name: string, jar: string = document.cookie): string | undefined {
  const found = jar.split("; ").find((each) => each.startsWith(`${name}=`));
  return found && decodeURIComponent(found.slice(name.length + 1));
}

function request(method: Method, { body, raw, headers: more, signal, keepalive }: CallOptions): RequestInit {
  const headers: Record<string, string> = { Accept: "application/json", ...more };
  if (raw) headers["Content-Type"] = raw.type;
  else if (body !== undefined) headers["Content-Type"] = "application/json";
  const csrf = method === "GET" ? undefined : cookie("regulars_csrf");
  if (csrf) headers["X-CSRF-Token"] = csrf;
  return {
    method,
    headers,
    credentials: "same-origin",
    body: raw ? raw.content : body === undefined ? null : JSON.stringify(body),
    ...(signal ? { signal } : {}),
    ...(keepalive ? { keepalive } : {}),
  };
}

async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(address(path, options.query), request(method, options));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw Problem.unreachable(path);
  }
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204 || response.headers.get("content-length") === "0") return undefined as T; // nothing was promised
  return (await response.json()) as T; // the shape is the schema's, generated from the same routes
}

export const get = <T>(path: string, query?: Record<string, QueryValue>, signal?: AbortSignal): Promise<T> =>
  call<T>("GET", path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) });
export const post = <T>(path: string, body?: unknown, options: CallOptions = {}): Promise<T> =>
  call<T>("POST", path, { ...options, body });
export const put = <T>(path: string, body?: unknown, options: CallOptions = {}): Promise<T> =>
  call<T>("PUT", path, { ...options, body });
export const patch = <T>(path: string, body?: unknown, options: CallOptions = {}): Promise<T> =>
  call<T>("PATCH", path, { ...options, body });
export const remove = <T = void>(path: string, options: CallOptions = {}): Promise<T> => call<T>("DELETE", path, options);
