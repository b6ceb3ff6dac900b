import { queryOptions, useQuery } from "@tanstack/react-query";
import { get, type Person, post, Problem, remove, type Role, type Setup } from "../shared/api";
import { queryClient } from "../shared/query";

/** Who is at the counter; null when nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Person | null> => {
    try {
      return await get<Person>("/v1/session", undefined, signal);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 5 * 60_000,
});

export const setupQuery = queryOptions({
  queryKey: ["setup"],
  queryFn: ({ signal }) => get<Setup>("/v1/setup", undefined, signal),
  staleTime: 5 * 60_000,
});

const RANK: Record<Role, number> = { viewer: 0, marketer: 1, admin: 2 };

/** May a person of `role` do what is asked of `needed`? */
export const allows = (role: Role | undefined, needed: Role): boolean => role !== undefined && RANK[role] >= RANK[needed];

export function useSession(): Person | null {
  return useQuery(sessionQuery).data ?? null;
}

export function useMay(needed: Role): boolean {
  return allows(useSession()?.role, needed);
}

export function useShop(): Setup | null {
  return useQuery(setupQuery).data ?? null;
}

export async function signIn(email: string, password: string): Promise<Person> {
  const person = await post<Person>("/v1/session", { email, password });
  queryClient.setQueryData(sessionQuery.queryKey, person);
  return person;
}

/** Nothing of one person's view may be left for the next. */
export async function signOut(): Promise<void> {
  await remove("/v1/session").catch((error: unknown) => {
    if (!(error instanceof Problem && error.status === 401)) throw error;
  });
  queryClient.clear();
}
