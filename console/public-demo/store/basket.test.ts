import { beforeEach, expect, test } from "vitest";
import type { Entry } from "../shared/api";
import { Basket, sumOf } from "./basket";

const thing = (item_id: string, price: number, currency = "TWD"): Entry => ({
  item: { item_id, kind: "product", title: item_id, attributes: { price, currency }, tags: [], available: true, image: null },
  reasons: [], seen: null,
});

beforeEach(() => localStorage.clear());

test("a basket comes to its goods less the coupon, in coins that exist", () => {
  const basket = new Basket();
  basket.add(thing("cup", 333), 3);
  expect(basket.use("regulars")).toBe(true);
  expect(basket.sum()).toEqual({ subtotal: 999, discount: 100, total: 899, currency: "TWD", count: 3 });
});

test("an unknown coupon takes the old one away and says so", () => {
  const basket = new Basket();
  basket.add(thing("cup", 100), 1);
  basket.use("REGULARS");
  expect(basket.use("nothing")).toBe(false);
  expect(basket.sum().discount).toBe(0);
});

test("the same thing twice is one line, and none of it is no line", () => {
  const basket = new Basket();
  basket.add(thing("cup", 100), 1);
  basket.add(thing("cup", 100), 2);
  expect(basket.lines.map((line) => line.quantity)).toEqual([3]);
  for (let turn = 0; turn < 3; turn += 1) basket.change(basket.lines[0] as (typeof basket.lines)[0], -1);
  expect(basket.lines).toEqual([]);
});

test("a basket waits until the visitor returns, and is empty after the order", () => {
  new Basket().add(thing("cup", 12.5, "EUR"), 2);
  const returned = new Basket();
  expect(returned.sum().total).toBe(25);
  expect(returned.complete().sum.total).toBe(25);
  expect(new Basket().lines).toEqual([]);
});

test("cents add up to whole cents", () => {
  const line = { item: thing("a", 0.1, "EUR").item, quantity: 3, seen: null };
  expect(sumOf([line], { code: "X", off: 0.1 })).toMatchObject({ subtotal: 0.3, discount: 0.03, total: 0.27 });
});
