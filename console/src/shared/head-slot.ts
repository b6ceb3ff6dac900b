import { createContext, useContext } from "react";

/** The place in the shop's header where a page says its question; null where a page carries its own head (a phone). */
export const HeadSlot = createContext<HTMLElement | null>(null);
export const useHeadSlot = (): HTMLElement | null => useContext(HeadSlot);
