import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import i18next from "i18next";
import { asProblem } from "./api";
import { problemTitle } from "./problem-title";
import { sentencesOf } from "./saying";

const UNDO_MS = 6_000;
let counter = 0;

/** One sentence at the bottom of the page. */
export function tell(message: string): void {
  notifications.show({ message, withBorder: true, icon: <IconCheck size={16} stroke={1.5} />, color: "teal" });
}

export function tellProblem(error: unknown): void {
  const problem = asProblem(error);
  const message = problem.isUnreachable ? i18next.t("error.unreachable_text", { ns: "shared" }) : sentencesOf(problem).join(" ");
  const title = problemTitle(problem);
  notifications.show({ ...(title ? { title } : {}), message, withBorder: true, color: "red", autoClose: 10_000, icon: <IconAlertTriangle size={16} stroke={1.5} />, role: "alert" });
}

export interface Undoable {
  /** What was done: "Key “Shop server” deleted". */
  message: string;
  /** Shows it as done at once. */
  show: () => void;
  /** Puts back what `show` changed. */
  back: () => void;
  /** Does it for good, once nobody has taken it back. */
  commit: () => Promise<unknown>;
}

/** Do it now in the eyes of the reader, for good after six seconds, and not at all if they take it back. Leaving the page
 * means it: the commit is sent on the way out, so give `commit` a call with `keepalive`. */
export function withUndo({ message, show, back, commit }: Undoable, wait_ms: number = UNDO_MS): { settle: () => void; undo: () => void } {
  const id = `undo-${++counter}`;
  let over = false;
  const finish = (): boolean => {
    if (over) return false;
    over = true;
    clearTimeout(timer);
    window.removeEventListener("pagehide", settle);
    notifications.hide(id);
    return true;
  };
  const settle = () => {
    if (!finish()) return;
    commit().catch((error: unknown) => {
      back();
      tellProblem(error);
    });
  };
  const undo = () => {
    if (finish()) back();
  };
  show();
  const timer = setTimeout(settle, wait_ms);
  window.addEventListener("pagehide", settle);
  notifications.show({
    id,
    autoClose: false,
    withBorder: true,
    withCloseButton: false,
    message: (
      <span style={{ display: "flex", alignItems: "center", justifyContent: "space-between", gap: 12 }}>
        <span>{message}</span>
        <Button variant="subtle" size="compact-sm" onClick={undo}>{i18next.t("undo", { ns: "shared" })}</Button>
      </span>
    ),
  });
  return { settle, undo };
}
