import { expect, it } from "vitest";
import { fileAddress } from "./span";

const NOTHING = { since: null, until: null, sources: [], names: [], customer: null };

it("asks for a file of a span, and leaves out what is open", () => {
  expect(fileAddress(NOTHING, "parquet")).toBe("/v1/replays/file?form=parquet");
  const span = { since: "2026-11-24T00:00:00.000Z", until: null, sources: ["s1", "s2"], names: ["Order Completed"], customer: "user_id:ann" };
  expect(fileAddress(span, "jsonl")).toBe("/v1/replays/file?form=jsonl&since=2026-11-24T00%3A00%3A00.000Z&source=s1&source=s2&name=Order+Completed&customer=user_id%3Aann");
});
