import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";

const SHOWN_MS = 12_000;

/** What was done, with the way back as long as one looks at it; later, the filter “discarded” finds it. */
export function tellUndoable(id: string, message: string, undo: string, back: () => void): void {
  notifications.show({
    id,
    autoClose: SHOWN_MS,
    withBorder: true,
    message: (
      <span style={{ display: "flex", alignItems: "center", justifyContent: "space-between", gap: 12 }}>
        <span>{message}</span>
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={() => {
            notifications.hide(id);
            back();
          }}
        >
          {undo}
        </Button>
      </span>
    ),
  });
}
