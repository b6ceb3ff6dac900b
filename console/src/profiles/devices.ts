/** Devices as one says them: "iPhone 15", "Chrome · macOS". Pure. */

import type { SeenDevice } from "../shared/api";

export interface Device {
  key: string;
  kind: string;
  name: string;
  last_seen: string;
}

/** The latest seen first; a device that says nothing of itself is called by its kind. */
export function devicesOf(devices: readonly SeenDevice[]): Device[] {
  return [...devices]
    .sort((a, b) => b.last_seen.localeCompare(a.last_seen))
    .map(({ device_id, kind, model, system, last_seen }) => ({
      key: device_id, kind: kind.toLowerCase(), name: [model, system].filter(Boolean).join(" · ") || kind || "?", last_seen,
    }));
}
