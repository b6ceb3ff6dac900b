import { get, type IdentityGraph, type Profile } from "../shared/api";

const at = (customerId: string, rest = "") => `/v1/profiles/${encodeURIComponent(customerId)}${rest}`;

export const profileQuery = (customerId: string) => ({
  queryKey: ["profiles", customerId],
  queryFn: ({ signal }: { signal: AbortSignal }) => get<Profile>(at(customerId), undefined, signal),
  refetchInterval: 5_000, // the profile moves while one looks
});

export const identityQuery = (customerId: string) => ({
  queryKey: ["profiles", customerId, "identity"],
  queryFn: ({ signal }: { signal: AbortSignal }) => get<IdentityGraph>(at(customerId, "/identity"), undefined, signal),
});

export const profilePath = at;
