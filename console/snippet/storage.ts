/** What the browser remembers for us: in localStorage, and the ids in a cookie too. A browser that forbids both still works. */

const YEAR_S = 31_536_000;

export function read<T>(name: string): T | null {
  try {
    const raw = localStorage.getItem(name);
    return raw === null ? null : (JSON.parse(raw) as T);
  } catch {
    return null;
  }
}

export function write(name: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // a full or forbidden store: we go on from memory
  }
}

export function names(prefix: string): string[] {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
  } catch {
    return [];
  }
}

/** What one tab remembers, across its pages. */
export function readTab(name: string): string | null {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

export function writeTab(name: string, value: string): void {
  try {
    sessionStorage.setItem(name, value);
  } catch {
    // as above
  }
}

/** An id as Segment's SDK keeps it, so that a shop that changes over keeps knowing its visitors. */
export function readId(name: string): string | null {
  const match = document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`));
  const raw = match?.[1];
  if (raw) return decodeURIComponent(raw).replace(/^"|"$/g, "");
  const kept = read<unknown>(name);
  return typeof kept === "string" ? kept : null;
}

export function writeId(name: string, value: string | null): void {
  write(name, value);
  const age = value === null ? 0 : YEAR_S;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${encodeURIComponent(value ?? "")}; path=/; max-age=${age}; SameSite=Lax${secure}`;
}
