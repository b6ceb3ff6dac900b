import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { Problem } from "./api";
import { ConfirmTyped } from "./ConfirmTyped";
import { Drawer } from "./Drawer";
import { ErrorState } from "./ErrorState";
import { Figure } from "./Figure";
import { LiveDot } from "./LiveDot";
import { sparkPoints } from "./Sparkline";
import { draw } from "./testing/render";

describe("a figure", () => {
  it("opens to what is counted, when it was true and how sure it is", async () => {
    const user = userEvent.setup();
    draw(<Figure label="Accepted" value="12,345" definition="Events taken in during the last 24 hours." at="2026-11-22T12:00:00Z" interval="12,300–12,390" query="GET /v1/today" />);
    await user.click(screen.getByRole("button", { name: /Accepted/ }));
    expect(await screen.findByText("Events taken in during the last 24 hours.")).toBeTruthy();
    expect(screen.getByText("12,300–12,390")).toBeTruthy();
    expect(screen.getByText("GET /v1/today")).toBeTruthy();
  });
});

describe("an error", () => {
  it("is the shop's own sentence with a way out", async () => {
    const again = vi.fn();
    draw(<ErrorState error={new Problem({ detail: "The slot 'x' does not exist." }, 404)} retry={again} />);
    expect(screen.getByRole("alert").textContent).toContain("The slot 'x' does not exist.");
    await userEvent.setup().click(screen.getByRole("button", { name: "Try again" }));
    expect(again).toHaveBeenCalledOnce();
  });

  it("says that the shop does not answer rather than what a browser calls it", () => {
    draw(<ErrorState error={Problem.unreachable("/v1/today")} />);
    expect(screen.getByText("The shop does not answer")).toBeTruthy();
  });
});

describe("a drawer", () => {
  it("takes the focus, closes with Escape and gives the focus back", async () => {
    const user = userEvent.setup();
    const close = vi.fn();
    const { rerender } = draw(<button type="button">row</button>);
    screen.getByRole("button", { name: "row" }).focus();
    rerender(<><button type="button">row</button></>);
    const row = screen.getByRole("button", { name: "row" });
    row.focus();
    const drawn = draw(<Drawer title="Web site" onClose={close}>key</Drawer>);
    expect(screen.getByRole("dialog", { name: "Web site" })).toBe(document.activeElement);
    await user.keyboard("{Escape}");
    expect(close).toHaveBeenCalledOnce();
    drawn.unmount();
    expect(document.activeElement).toBe(row);
  });
});

describe("what cannot be undone", () => {
  it("waits until the word is typed exactly", async () => {
    const user = userEvent.setup();
    const confirm = vi.fn();
    draw(<ConfirmTyped text="12 events" word="Web site" label="Type it" button="Change" onConfirm={confirm} onCancel={() => undefined} />);
    await user.type(screen.getByLabelText("Type it"), "Web sit{Enter}");
    expect(confirm).not.toHaveBeenCalled();
    await user.type(screen.getByLabelText("Type it"), "e{Enter}");
    expect(confirm).toHaveBeenCalledOnce();
  });
});

it("the dot says since when what you see is stale", () => {
  draw(<LiveDot status={{ state: "stale", since: new Date(2026, 10, 22, 9, 5, 7).getTime() }} />);
  expect(screen.getByRole("status").textContent).toBe("Stale since 09:05:07");
});

describe("a sparkline", () => {
  it("starts at zero, so that small changes stay small", () => {
    expect(sparkPoints([90, 100], 10, 10, 0)).toEqual([[0, 1], [10, 0]]);
  });

  it("lies on the ground when nothing happened", () => {
    expect(sparkPoints([0, 0], 10, 10, 0).map(([, y]) => y)).toEqual([10, 10]);
  });
});
