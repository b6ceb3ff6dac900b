import { QueryClient } from "@tanstack/react-query";
import { Problem } from "./api";

/** A refusal is an answer: only silence and a stumbling shop are asked again. */
export function worthAskingAgain(failures: number, error: unknown): boolean {
  if (error instanceof Problem && error.status >= 400 && error.status < 500) return false;
  return failures < 2;
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 10_000, retry: worthAskingAgain, refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
});
