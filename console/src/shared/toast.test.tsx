import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { draw } from "./testing/render";
import { withUndo } from "./toast";

const parts = () => ({ message: "Key removed", show: vi.fn(), back: vi.fn(), commit: vi.fn(() => Promise.resolve()) });

describe("something that can be taken back", () => {
  it("shows at once and is done for good when nobody takes it back", () => {
    const { show, back, commit, message } = parts();
    const { settle } = withUndo({ message, show, back, commit });
    expect(show).toHaveBeenCalledOnce();
    expect(commit).not.toHaveBeenCalled();
    settle();
    settle();
    expect(commit).toHaveBeenCalledOnce();
    expect(back).not.toHaveBeenCalled();
  });

  it("never happens when it is taken back", async () => {
    const user = userEvent.setup();
    draw(null);
    const { show, back, commit, message } = parts();
    act(() => void withUndo({ message, show, back, commit }));
    await user.click(await screen.findByRole("button", { name: "Undo" }));
    expect(back).toHaveBeenCalledOnce();
    window.dispatchEvent(new Event("pagehide"));
    expect(commit).not.toHaveBeenCalled();
  });

  it("is done on the way out of the page", () => {
    const { commit, ...rest } = parts();
    withUndo({ ...rest, commit });
    window.dispatchEvent(new Event("pagehide"));
    expect(commit).toHaveBeenCalledOnce();
  });

  it("is put back, with a sentence, when the shop refuses", async () => {
    draw(null);
    const { show, back, message } = parts();
    const { settle } = withUndo({ message, show, back, commit: () => Promise.reject(new Error("The last admin must stay.")) });
    act(() => settle());
    expect(await screen.findByText("The last admin must stay.")).toBeTruthy();
    expect(back).toHaveBeenCalledOnce();
  });
});
