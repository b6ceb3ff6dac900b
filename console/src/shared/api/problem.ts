import type { Saying } from "./types";

/** What the shop says when it cannot do what was asked: a problem document (RFC 9457), always a sentence. */
export interface ProblemDocument {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  problems?: unknown;
  instance?: string;
  said?: Saying | null;
  problems_said?: (Saying | null)[];
}

export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly problems: readonly string[];
  /** Which sentence `detail` is, and which each of `problems`; null for one without a code. */
  readonly said: Saying | null;
  readonly problemsSaid: readonly (Saying | null)[];

  constructor(document: ProblemDocument, status: number) {
    const detail = document.detail ?? document.title ?? `The shop answered ${status}.`;
    super(detail);
    this.name = "Problem";
    this.status = document.status ?? status;
    this.title = document.title ?? "";
    this.detail = detail;
    this.problems = sentences(document.problems);
    this.said = document.said ?? null;
    this.problemsSaid = document.problems_said ?? [];
  }

  /** No answer at all: the shop is down, or the network is. */
  static unreachable(path: string): Problem {
    return new Problem({ title: "unreachable", detail: `No answer from the shop (${path}).` }, 0);
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }
}

function sentences(problems: unknown): string[] {
  if (!Array.isArray(problems)) return [];
  return problems.map((each: unknown) => {
    if (typeof each === "string") return each;
    if (each && typeof each === "object") {
      const { field, key, message, reason } = each as Record<string, unknown>;
      return [field ?? key, message ?? reason].filter((part) => typeof part === "string").join(": ");
    }
    return String(each);
  });
}

export async function problemOf(response: Response): Promise<Problem> {
  const document = (await response.json().catch(() => ({}))) as ProblemDocument | null; // not every proxy speaks JSON
  return new Problem(document && typeof document === "object" ? document : {}, response.status);
}

export const asProblem = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem({ detail: error instanceof Error ? error.message : String(error) }, 500);
