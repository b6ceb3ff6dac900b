/** What is in the basket and what it comes to. Kept in the browser; every change is told. */

import { type Entry, type Item, number, type Seen, spoken, words } from "../shared/api";
import { playedFrom, track } from "../shared/tracker";
import { language } from "../shared/words";

export interface Line {
  item: Item;
  quantity: number;
  seen: Seen | null;
}

export interface Coupon {
  code: string;
  off: number;
}

const COUPONS: Record<string, number> = { REGULARS: 0.1 };
const KEPT = "demo_basket";

export const currencyOf = (item: Item): string => words(item, "currency")[0] ?? "TWD";
export const priceOf = (item: Item): number => number(item, "price", "list_price", "amount") ?? 0;

export function money(amount: number, currency: string): string {
  return new Intl.NumberFormat(language, { style: "currency", currency, maximumFractionDigits: ["TWD", "JPY"].includes(currency) ? 0 : 2 }).format(amount);
}

/** Round to what the currency can pay. */
export function payable(amount: number, currency: string): number {
  const cents = ["TWD", "JPY", "KRW"].includes(currency) ? 1 : 100;
  return Math.round(amount * cents) / cents;
}

export interface Sum {
  subtotal: number;
  discount: number;
  total: number;
  currency: string;
  count: number;
}

/** What a basket comes to: goods, less the coupon; delivery is free. */
export function sumOf(lines: readonly Line[], coupon: Coupon | null): Sum {
  const currency = lines[0] ? currencyOf(lines[0].item) : "TWD";
  const subtotal = payable(lines.reduce((sum, line) => sum + priceOf(line.item) * line.quantity, 0), currency);
  const discount = coupon ? payable(subtotal * coupon.off, currency) : 0;
  const count = lines.reduce((sum, line) => sum + line.quantity, 0);
  return { subtotal, discount, total: payable(subtotal - discount, currency), currency, count };
}

export class Basket {
  lines: Line[] = JSON.parse(localStorage.getItem(KEPT) ?? "[]") as Line[];
  coupon: Coupon | null = null;
  checkoutId = crypto.randomUUID();
  private listeners: (() => void)[] = [];

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  private changed(): void {
    localStorage.setItem(KEPT, JSON.stringify(this.lines));
    for (const listener of this.listeners) listener();
  }

  sum(): Sum {
    return sumOf(this.lines, this.coupon);
  }

  private facts(line: Line, quantity: number, position?: number): Record<string, unknown> {
    const { item } = line;
    return {
      product_id: item.item_id,
      sku: words(item, "sku")[0] ?? item.item_id,
      name: spoken(item).title,
      category: words(item, "category", "categories")[0],
      brand: words(item, "brand", "brands")[0],
      price: priceOf(item),
      currency: currencyOf(item),
      quantity,
      ...(position === undefined ? {} : { position }),
      ...playedFrom(line),
    };
  }

  products(): Record<string, unknown>[] {
    return this.lines.map((line, at) => this.facts(line, line.quantity, at + 1));
  }

  add(entry: Entry, quantity: number): void {
    const mine = this.lines.find((line) => line.item.item_id === entry.item.item_id);
    const line = mine ?? { item: entry.item, quantity: 0, seen: entry.seen };
    if (!mine) this.lines.push(line);
    line.quantity += quantity;
    track("Product Added", { cart_id: this.checkoutId, ...this.facts(line, quantity) });
    this.changed();
  }

  change(line: Line, by: number): void {
    line.quantity += by;
    if (by > 0) track("Product Added", { cart_id: this.checkoutId, ...this.facts(line, by) });
    if (line.quantity <= 0) this.lines = this.lines.filter((one) => one !== line);
    if (by < 0 && line.quantity <= 0) track("Product Removed", { cart_id: this.checkoutId, ...this.facts(line, -by) });
    this.changed();
  }

  /** Try a code; says whether it counts. */
  use(code: string): boolean {
    const wanted = code.trim().toUpperCase();
    const order = { cart_id: this.checkoutId, coupon_id: wanted, coupon_name: wanted };
    track("Coupon Entered", order);
    const off = COUPONS[wanted];
    this.coupon = off ? { code: wanted, off } : null;
    if (off) track("Coupon Applied", { ...order, discount: this.sum().discount });
    else track("Coupon Denied", { ...order, reason: "unknown code" });
    this.changed();
    return Boolean(off);
  }

  viewed(): void {
    track("Cart Viewed", { cart_id: this.checkoutId, products: this.products() });
  }

  private order(): Record<string, unknown> {
    const { subtotal, discount, total, currency } = this.sum();
    return { checkout_id: this.checkoutId, subtotal, discount, total, revenue: subtotal - discount, value: total, shipping: 0, tax: 0, currency, coupon: this.coupon?.code, products: this.products() };
  }

  started(): void {
    track("Checkout Started", this.order());
  }

  /** Tell of the order and begin an empty basket; gives the order's number and what it came to. */
  complete(): { order: string; sum: Sum } {
    const order = `C-${Date.now().toString(36).toUpperCase()}`;
    const sum = this.sum();
    track("Order Completed", { order_id: order, affiliation: "Corner Store", ...this.order() });
    this.lines = [];
    this.coupon = null;
    this.checkoutId = crypto.randomUUID();
    this.changed();
    return { order, sum };
  }
}
