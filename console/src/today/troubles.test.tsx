import { screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Today } from "../shared/api";
import { draw } from "../shared/testing/render";
import { Troubles } from "./Troubles";

type Trouble = Today["troubles"][number];
const CODES: readonly Trouble["code"][] = ["disk_full", "log_failing", "log_busy", "worker_behind", "log_held", "disk_low"];
const trouble = (code: Trouble["code"], more: Partial<Trouble> = {}): Trouble => ({ code, state: "bad", sentence: "", free_bytes: 210_000_000, needed_bytes: 256_000_000, records: 1_234, seconds: 75, consumer: "street", partition: "web-0", ...more });

describe("what is wrong with the shop", () => {
  it("is told with its figures and the way out", () => {
    draw(<Troubles troubles={[trouble("disk_full")]} />);
    const told = screen.getByRole("alert").textContent ?? "";
    expect(told).toContain("210 MB");
    expect(told).toContain("256 MB");
    expect(told).toContain("Free some room");
  });

  it("is said for each code, and never as a key", () => {
    draw(<Troubles troubles={CODES.map((code) => trouble(code))} />);
    for (const alert of screen.getAllByRole("alert")) expect(alert.textContent).not.toContain("trouble.");
    expect(screen.getAllByRole("alert")).toHaveLength(CODES.length);
  });

  it("does not alarm about what will hurt one day", () => {
    draw(<Troubles troubles={[trouble("disk_low", { state: "watch" })]} />);
    expect(screen.queryByRole("alert")).toBeNull();
    expect(screen.getByRole("status")).toBeTruthy();
  });

  it("takes no room while all is well", () => {
    draw(<Troubles troubles={[]} />);
    expect(screen.queryByRole("list")).toBeNull();
  });
});
