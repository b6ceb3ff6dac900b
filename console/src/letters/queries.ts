import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { type FirstVersion, get, type Letter, type LetterChange, type LetterDetail, type LetterGroup, type LetterPreview, type LettersPreview, type JobRun, type Page, post } from "../shared/api";
import type { QueryValue } from "../shared/api/call";
import type { Operation } from "./patch";
import type { State, WantedLetters } from "./search";

const PAGE = 100;

export const lettersQuery = (wanted: WantedLetters) =>
  infiniteQueryOptions({
    queryKey: ["letters", "list", wanted],
    queryFn: ({ pageParam, signal }) => get<Page<Letter>>("/v1/letters", { ...(wanted as unknown as Record<string, QueryValue>), limit: PAGE, cursor: pageParam }, signal), // each value is a text
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

export const groupsQuery = (state: State) =>
  queryOptions({ queryKey: ["letters", "groups", state], queryFn: ({ signal }) => get<LetterGroup[]>("/v1/letters/groups", { state }, signal), refetchInterval: 15_000 });

export const letterQuery = (letter_id: number) =>
  queryOptions({ queryKey: ["letters", "one", letter_id], queryFn: ({ signal }) => get<LetterDetail>(`/v1/letters/${letter_id}`, undefined, signal) });

export const firstQuery = (letter_id: number) =>
  queryOptions({ queryKey: ["letters", "first", letter_id], queryFn: ({ signal }) => get<FirstVersion>(`/v1/letters/${letter_id}/first`, undefined, signal), staleTime: Infinity });

export interface Mended {
  text?: string;
  source_id?: string;
}

export const previewQuery = (letter_id: number, mended: Mended) =>
  queryOptions({ queryKey: ["letters", "preview", letter_id, mended], queryFn: ({ signal }) => post<LetterPreview>(`/v1/letters/${letter_id}/preview`, mended, { signal }), retry: false });

export const previewManyQuery = (wanted: WantedLetters, patch: readonly Operation[]) =>
  queryOptions({ queryKey: ["letters", "preview-many", wanted, patch], queryFn: ({ signal }) => post<LettersPreview>("/v1/letters/preview", { wanted, patch }, { signal }), retry: false });

/** Each click has a key of its own; the same click sent twice by the network is done once. */
const once = () => ({ headers: { "Idempotency-Key": crypto.randomUUID() } });

export const retryLetter = (letter_id: number, mended: Mended): Promise<Letter> => post<Letter>(`/v1/letters/${letter_id}/retry`, mended, once());
export const retryLetters = (wanted: WantedLetters, patch: readonly Operation[]): Promise<JobRun> => post<JobRun>("/v1/letters/retry", { wanted, patch }, once());
export const discardLetters = (which: { letter_ids: number[] } | { wanted: WantedLetters }): Promise<LetterChange> => post<LetterChange>("/v1/letters/discard", which, once());
export const restoreLetters = (change_id: string): Promise<LetterChange> => post<LetterChange>("/v1/letters/restore", { change_id });
