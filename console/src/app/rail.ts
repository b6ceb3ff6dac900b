import { IconBolt, IconChecklist, IconHistory, IconHome, IconLayoutGrid, IconPackage, IconPlug, IconSend, IconSettings, IconUsers, type TablerIcon } from "@tabler/icons-react";

export interface RailEntry {
  /** The page's word is `rail.<noun>`. */
  noun: "today" | "events" | "profiles" | "catalog" | "recommend" | "destinations" | "sources" | "plans" | "log" | "settings";
  to: "/today" | "/events" | "/profiles" | "/catalog" | "/recommend" | "/destinations" | "/sources" | "/plans" | "/log" | "/settings";
  icon: TablerIcon;
  /** Pressed after `g`. */
  letter: string;
}

/** Groups in the order of the loop; a group appears with its first page. */
export const RAIL: readonly { group: "now" | "people" | "give" | "deliver" | "set_up"; entries: readonly RailEntry[] }[] = [
  {
    group: "now",
    entries: [
      { noun: "today", to: "/today", icon: IconHome, letter: "t" },
      { noun: "events", to: "/events", icon: IconBolt, letter: "e" },
    ],
  },
  { group: "people", entries: [{ noun: "profiles", to: "/profiles", icon: IconUsers, letter: "c" }] },
  {
    group: "give",
    entries: [
      { noun: "catalog", to: "/catalog", icon: IconPackage, letter: "i" },
      { noun: "recommend", to: "/recommend", icon: IconLayoutGrid, letter: "r" },
    ],
  },
  { group: "deliver", entries: [{ noun: "destinations", to: "/destinations", icon: IconSend, letter: "d" }] },
  {
    group: "set_up",
    entries: [
      { noun: "sources", to: "/sources", icon: IconPlug, letter: "s" },
      { noun: "plans", to: "/plans", icon: IconChecklist, letter: "p" },
      { noun: "log", to: "/log", icon: IconHistory, letter: "l" },
      { noun: "settings", to: "/settings", icon: IconSettings, letter: "," },
    ],
  },
];

/** What a phone's bottom bar holds; the rest stands behind "more". */
export const BAR: readonly RailEntry["noun"][] = ["today", "events", "profiles", "recommend"];
export const ENTRIES: readonly RailEntry[] = RAIL.flatMap((each) => each.entries);
