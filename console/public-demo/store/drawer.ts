/** The basket, at the side: lines, a coupon, what it comes to, and the way to pay. */

import { spoken } from "../shared/api";
import { square } from "../shared/cover";
import { type Child, fill, h, icon } from "../shared/dom";
import * as tracker from "../shared/tracker";
import { type Basket, type Line, money, priceOf, type Sum } from "./basket";
import { say } from "./words";

type Step = "basket" | "checkout" | { order: string; sum: Sum; name: string };

export interface Drawer {
  open(): void;
}

export function drawer(basket: Basket, onChange: () => void): Drawer {
  let step: Step = "basket";
  let message = "";
  const inside = h("div", { class: "drawer" });
  const box = h("dialog", { class: "side", "aria-label": say("basket"), onclick: (event) => event.target === box && box.close() }, inside) as HTMLDialogElement;

  const draw = () => fill(inside, head(), body());

  function head(): Child {
    const title = step === "basket" ? say("basket") : step === "checkout" ? say("checkout") : say("ordered", { name: step.name });
    const back = step === "checkout" ? h("button", { class: "round", "aria-label": say("back"), onclick: () => to("basket") }, icon("left")) : null;
    return h("header", {}, back, h("h2", {}, title), h("button", { class: "round", "aria-label": say("close"), onclick: () => box.close() }, icon("close")));
  }

  function body(): Child[] {
    if (typeof step === "object") return done(step);
    if (basket.lines.length === 0) return [h("p", { class: "muted drawer-empty" }, say("basket_empty"))];
    return step === "basket" ? lines() : checkout();
  }

  function to(next: Step): void {
    step = next;
    draw();
  }

  function lineRow(line: Line): HTMLElement {
    const { title } = spoken(line.item);
    const sum = basket.sum();
    return h(
      "li",
      {},
      square(line.item),
      h("div", { class: "line-words" }, h("strong", {}, title), h("span", { class: "muted" }, money(priceOf(line.item), sum.currency))),
      h(
        "div",
        { class: "count", role: "group", "aria-label": `${say("quantity")}: ${title}` },
        h("button", { class: "round", "aria-label": say("fewer"), onclick: () => basket.change(line, -1) }, icon("minus", 16)),
        h("span", {}, line.quantity),
        h("button", { class: "round", "aria-label": say("greater"), onclick: () => basket.change(line, 1) }, icon("plus", 16)),
      ),
    );
  }

  function sums(): HTMLElement {
    const { subtotal, discount, total, currency } = basket.sum();
    const row = (name: string, value: string, strong = false) => h("div", { class: strong ? "sum strong" : "sum" }, h("dt", {}, name), h("dd", {}, value));
    return h(
      "dl",
      {},
      row(say("subtotal"), money(subtotal, currency)),
      basket.coupon ? row(say("discount", { code: basket.coupon.code }), `−${money(discount, currency)}`) : null,
      row(say("shipping"), say("free")),
      row(say("total"), money(total, currency), true),
    );
  }

  function coupon(): HTMLElement {
    const input = h("input", { class: "field", name: "coupon", "aria-label": say("coupon"), placeholder: say("coupon"), autocomplete: "off" }) as HTMLInputElement;
    const use = (event: Event) => {
      event.preventDefault();
      const code = input.value.trim().toUpperCase();
      if (!code) return;
      message = "";
      message = basket.use(code) ? say("coupon_on", { code }) : say("coupon_denied", { code });
      draw();
    };
    return h(
      "div",
      { class: "coupon" },
      h("form", { onsubmit: use }, input, h("button", { class: "quiet" }, say("coupon_use"))),
      h("p", { class: "muted small", role: "status" }, message || say("coupon_hint")),
    );
  }

  function lines(): Child[] {
    return [
      h("ul", { class: "lines" }, basket.lines.map(lineRow)),
      h("div", { class: "drawer-foot" }, coupon(), sums(), h("button", { class: "solid wide", onclick: () => (basket.started(), to("checkout")) }, say("checkout"))),
    ];
  }

  function checkout(): Child[] {
    const name = h("input", { name: "name", required: true, autocomplete: "name", value: localStorage.getItem("demo_name") ?? "" }) as HTMLInputElement;
    const email = h("input", { name: "email", type: "email", required: true, autocomplete: "email" }) as HTMLInputElement;
    const order = (event: Event) => {
      event.preventDefault();
      tracker.identify(tracker.visitor().userId ?? email.value.trim().toLowerCase(), { name: name.value.trim(), email: email.value.trim() });
      const { order: number, sum } = basket.complete();
      onChange();
      to({ order: number, sum, name: name.value.trim() });
    };
    return [
      h(
        "form",
        { class: "stack checkout", onsubmit: order },
        h("p", { class: "muted" }, say("checkout_lead")),
        h("label", {}, say("your_name"), name),
        h("label", {}, say("your_email"), email),
        sums(),
        h("button", { class: "solid wide" }, say("order")),
      ),
    ];
  }

  function done(of: { order: string; sum: Sum }): Child[] {
    return [
      h(
        "div",
        { class: "done" },
        h("span", { class: "tick" }, icon("check", 34)),
        h("p", {}, say("order_number", { order: of.order, count: of.sum.count, total: money(of.sum.total, of.sum.currency) })),
        h("button", { class: "quiet", onclick: () => box.close() }, say("on")),
      ),
    ];
  }

  document.body.append(box);
  basket.onChange(() => {
    if (step === "basket") draw();
  });
  return {
    open() {
      step = "basket";
      message = "";
      draw();
      box.showModal();
      basket.viewed();
    },
  };
}
