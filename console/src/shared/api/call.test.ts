import { afterEach, describe, expect, it, vi } from "vitest";
import { address, cookie, get, patch, post } from "./call";
import { Problem } from "./problem";

const answer = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const asked = (fetched: { mock: { calls: unknown[][] } }) => fetched.mock.calls[0]?.[1] as RequestInit & { headers: Record<string, string> };

afterEach(() => {
  document.cookie = "regulars_csrf=; max-age=0";
});

describe("an address", () => {
  it("leaves out what is empty, keeps zero and false, and repeats lists", () => {
    expect(address("/v1/x", { a: "", b: null, c: undefined, d: 0, e: false, f: ["1", "2"] })).toBe("/v1/x?d=0&e=false&f=1&f=2");
  });

  it("escapes what a customer may be called", () => {
    expect(address("/v1/search", { query: "a&b=王" })).toBe("/v1/search?query=a%26b%3D%E7%8E%8B");
    expect(address("/v1/profiles?taste=", { limit: 50 })).toBe("/v1/profiles?taste=&limit=50");
  });
});

describe("a call", () => {
  it("carries the CSRF cookie back with every change, and not with a question", async () => {
    document.cookie = "regulars_csrf=abc.def";
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(() => Promise.resolve(answer({})));
    await patch("/v1/shop", { name: "x" });
    expect(asked(fetched).headers["X-CSRF-Token"]).toBe("abc.def");
    fetched.mockClear();
    await get("/v1/shop");
    expect(asked(fetched).headers["X-CSRF-Token"]).toBeUndefined();
  });

  it("sends a file as it is, with its own type", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockResolvedValue(answer({}));
    await post("/v1/catalog/imports", undefined, { raw: { content: "a,b", type: "text/csv" } });
    expect(asked(fetched)).toMatchObject({ method: "POST", body: "a,b" });
    expect(asked(fetched).headers["Content-Type"]).toBe("text/csv");
  });

  it("becomes a problem with the shop's own sentence when it is refused", async () => {
    vi.spyOn(globalThis, "fetch").mockResolvedValue(answer({ title: "Not allowed", detail: "Only an admin may do this.", problems: ["a", { field: "name", message: "too long" }] }, 403));
    const problem = await get("/v1/keys").catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({ status: 403, detail: "Only an admin may do this.", problems: ["a", "name: too long"] });
  });

  it("becomes a problem even when a proxy answers in HTML", async () => {
    vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response("<h1>Bad gateway</h1>", { status: 502 }));
    await expect(get("/v1/today")).rejects.toMatchObject({ status: 502, detail: "The shop answered 502." });
  });

  it("says that the shop is unreachable when there is no answer at all", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("Failed to fetch"));
    await expect(get("/v1/today")).rejects.toMatchObject({ isUnreachable: true });
  });

  it("is quiet when it was called off", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new DOMException("off", "AbortError"));
    await expect(get("/v1/today")).rejects.toMatchObject({ name: "AbortError" });
  });

  it("has nothing to say after 204", async () => {
    vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response(null, { status: 204 }));
    await expect(post("/v1/x")).resolves.toBeUndefined();
  });
});

it("a cookie is read whole and decoded", () => {
  expect(cookie("b", "a=1; b=x%3Dy; c=3")).toBe("x=y");
  expect(cookie("z", "a=1")).toBeUndefined();
});
