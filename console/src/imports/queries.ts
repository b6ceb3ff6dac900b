import { queryOptions } from "@tanstack/react-query";
import { get, type HistoryImport, type HistoryLook, type HistoryPreview, type MappingPreset, type NamedMapping, type Page, post, Problem, type RowMapping, type SampleRow } from "../shared/api";
import { address, cookie } from "../shared/api/call";

const BUSY_MS = 700;
export const isBusy = (one: Pick<HistoryImport, "state">): boolean => one.state === "checking" || one.state === "running";

export const importsQuery = queryOptions({
  queryKey: ["imports"],
  queryFn: ({ signal }) => get<Page<HistoryImport>>("/v1/imports", { limit: 50 }, signal),
  refetchInterval: (query) => (query.state.data?.items.some(isBusy) ? BUSY_MS * 3 : false),
});

export const importQuery = (import_id: string) =>
  queryOptions({
    queryKey: ["imports", import_id],
    queryFn: ({ signal }) => get<HistoryImport>(`/v1/imports/${import_id}`, undefined, signal),
    refetchInterval: (query) => (query.state.data && isBusy(query.state.data) ? BUSY_MS : false),
  });

export type Layout = HistoryLook["layout"];
export const lookQuery = (import_id: string, layout: Partial<Layout>) =>
  queryOptions({
    queryKey: ["imports", import_id, "look", layout],
    queryFn: ({ signal }) =>
      post<HistoryLook>(`/v1/imports/${import_id}/look`, { layout, country: countryHere(), zone: zoneHere() }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const previewQuery = (import_id: string, mapping: RowMapping) =>
  queryOptions({
    queryKey: ["imports", import_id, "preview", mapping],
    queryFn: ({ signal }) => post<HistoryPreview>(`/v1/imports/${import_id}/preview`, mapping, { signal }),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const samplesQuery = (import_id: string, changed_at: string) =>
  queryOptions({
    queryKey: ["imports", import_id, "samples", changed_at],
    queryFn: ({ signal }) => get<SampleRow[]>(`/v1/imports/${import_id}/samples`, undefined, signal),
  });

export const presetsQuery = queryOptions({
  queryKey: ["imports", "presets"],
  queryFn: ({ signal }) => get<MappingPreset[]>("/v1/imports/presets", undefined, signal),
  staleTime: Number.POSITIVE_INFINITY,
});

export const mappingsQuery = queryOptions({
  queryKey: ["imports", "mappings"],
  queryFn: ({ signal }) => get<NamedMapping[]>("/v1/imports/mappings", undefined, signal),
});

export const zoneHere = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;
/** The country a browser was set up for: `zh-TW` says TW. */
export function countryHere(wishes: readonly string[] = navigator.languages): string {
  for (const wish of wishes) {
    const region = new Intl.Locale(wish).maximize().region;
    if (region) return region;
  }
  return "";
}

/** Send a file as it is, and tell how far it is: `fetch` cannot, and a history may be gigabytes. */
export function upload(file: File, onProgress: (share: number) => void): { done: Promise<HistoryImport>; cancel: () => void } {
  const call = new XMLHttpRequest();
  const done = new Promise<HistoryImport>((resolve, reject) => {
    call.open("POST", address("/v1/imports", { name: file.name }));
    call.setRequestHeader("Accept", "application/json");
    call.setRequestHeader("Content-Type", "application/octet-stream");
    const csrf = cookie("regulars_csrf");
    if (csrf) call.setRequestHeader("X-CSRF-Token", csrf);
    call.upload.onprogress = (event) => onProgress(event.lengthComputable ? event.loaded / event.total : 0);
    call.onload = () => {
      if (call.status < 300) resolve(JSON.parse(call.responseText) as HistoryImport);
      else reject(new Problem(documentIn(call.responseText), call.status));
    };
    call.onerror = () => reject(Problem.unreachable("/v1/imports"));
    call.onabort = () => reject(new DOMException("", "AbortError"));
    call.send(file);
  });
  return { done, cancel: () => call.abort() };
}

function documentIn(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {}; // not every proxy speaks JSON
  }
}
