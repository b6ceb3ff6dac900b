/** The frame around all three shops: name, search, language, light and dark, who is here, and the honest label. */

import type { Config, Visitor } from "./api";
import { type Child, fill, h, icon } from "./dom";
import * as tracker from "./tracker";
import { choose, LANGUAGES, language, type Say } from "./words";

export interface Shell {
  main: HTMLElement;
  tools: HTMLElement;
  refreshPerson(): void;
}

interface Frame {
  say: Say;
  name: string;
  mark: string;
  config: Config | null;
  onSearch?: (query: string) => void;
  onHome: () => void;
  onPerson: () => void;
}

function themeButton(say: Say): HTMLElement {
  const dark = () => document.documentElement.dataset["theme"] === "dark";
  const button = h("button", {
    class: "round",
    onclick: () => {
      document.documentElement.dataset["theme"] = dark() ? "light" : "dark";
      localStorage.setItem("demo_theme", dark() ? "dark" : "light");
      draw();
    },
  });
  const draw = () => {
    fill(button, icon(dark() ? "sun" : "moon"));
    button.setAttribute("aria-label", say(dark() ? "light" : "dark"));
  };
  draw();
  return button;
}

function languageSelect(say: Say): HTMLElement {
  return h(
    "select",
    { "aria-label": say("language"), class: "language", onchange: (event) => choose((event.target as HTMLSelectElement).value) },
    LANGUAGES.map(([code, name]) => h("option", { value: code, selected: code === language }, name)),
  );
}

function searchField(say: Say, onSearch: (query: string) => void): HTMLElement {
  let waiting = 0;
  const input = h("input", {
    type: "search",
    name: "q",
    placeholder: say("search"),
    "aria-label": say("search"),
    autocomplete: "off",
    oninput: () => {
      clearTimeout(waiting);
      waiting = window.setTimeout(() => onSearch((input as HTMLInputElement).value.trim()), 250);
    },
  });
  return h("form", { class: "search", role: "search", onsubmit: (event) => event.preventDefault() }, icon("search", 18), input);
}

/** A dialog that closes by Escape, by its cross and by a click beside it. */
export function dialog(say: Say, title: string, ...children: Child[]): HTMLDialogElement {
  const box = h(
    "dialog",
    {
      "aria-label": title,
      onclick: (event) => {
        if (event.target === box) box.close();
      },
      onclose: () => box.remove(),
    },
    h(
      "div",
      { class: "dialog" },
      h(
        "header",
        {},
        h("h2", {}, title),
        h("button", { class: "round", "aria-label": say("close"), onclick: () => box.close() }, icon("close")),
      ),
      children,
    ),
  ) as HTMLDialogElement;
  document.body.append(box);
  box.showModal();
  return box;
}

const userIdOf = (name: string): string => name.trim().toLowerCase().replace(/\s+/gu, "-");

function personButton(frame: Frame): HTMLElement {
  const { say } = frame;
  const button = h("button", { class: "person", onclick: () => open() });
  const draw = () => {
    const known = localStorage.getItem("demo_name");
    fill(button, icon("person", 18), h("span", {}, known ?? say("sign_in")));
    button.setAttribute("aria-label", known ? say("signed_in", { name: known }) : say("sign_in"));
  };
  const leave = () => {
    tracker.reset();
    localStorage.removeItem("demo_name");
    draw();
    frame.onPerson();
  };
  const open = () => {
    const known = localStorage.getItem("demo_name");
    if (known) {
      const box = dialog(say, say("signed_in", { name: known }), h("button", { class: "solid", onclick: () => (box.close(), leave()) }, say("sign_out")));
      return;
    }
    const input = h("input", { name: "name", required: true, maxlength: 60, autocomplete: "nickname" }) as HTMLInputElement;
    const enter = (event: Event) => {
      event.preventDefault();
      const name = input.value.trim();
      if (!name) return;
      localStorage.setItem("demo_name", name);
      tracker.identify(userIdOf(name), { name });
      box.close();
      draw();
      frame.onPerson();
    };
    const box = dialog(
      say,
      say("sign_in"),
      h("p", { class: "muted" }, say("sign_in_lead")),
      h("form", { class: "stack", onsubmit: enter }, h("label", {}, say("sign_in_name"), input), h("button", { class: "solid" }, say("sign_in_do"))),
    );
  };
  draw();
  return button;
}

/** The address in the console at which this visitor's facts can be watched as they arrive. */
export function watchAddress(who: Visitor): string {
  const id = who.userId ?? who.anonymousId;
  return id ? `/events?customer=${encodeURIComponent(id)}` : "/events";
}

function label(frame: Frame): Child {
  if (!frame.config?.simulated) return null;
  return h("span", { class: "simulated", title: frame.say("simulated_why") }, frame.say("simulated"));
}

export function shell(frame: Frame): Shell {
  const { say } = frame;
  const main = h("main", { id: "main" });
  const tools = h("div", { class: "tools" });
  const home = (event: Event) => {
    event.preventDefault();
    frame.onHome();
  };
  const watch = h("a", { class: "watch", href: "/events", target: "regulars-console" }, say("watch"));
  watch.addEventListener("click", () => watch.setAttribute("href", watchAddress(tracker.visitor())));
  document.documentElement.lang = language;
  document.title = frame.name;
  fill(
    document.body,
    h(
      "header",
      { class: "top" },
      h("a", { class: "brand", href: location.pathname, onclick: home }, h("span", { class: "mark", "aria-hidden": "true" }, frame.mark), frame.name),
      label(frame),
      frame.onSearch ? searchField(say, frame.onSearch) : h("span", { class: "space" }),
      h("div", { class: "end" }, tools, languageSelect(say), themeButton(say), personButton(frame)),
    ),
    main,
    h("footer", { class: "foot" }, h("span", {}, say("footer")), watch),
  );
  return { main, tools, refreshPerson: () => undefined };
}

export function trouble(say: Say, error: unknown, retry: () => void): HTMLElement {
  return h(
    "div",
    { class: "note", role: "alert" },
    h("p", {}, say("trouble")),
    h("p", { class: "muted" }, error instanceof Error ? error.message : String(error)),
    h("button", { class: "solid", onclick: retry }, say("retry")),
  );
}

/** A line that says what just happened, and goes by itself. */
export function toast(text: string): void {
  const line = h("div", { class: "toast", role: "status" }, text);
  document.body.append(line);
  setTimeout(() => line.remove(), 2600);
}
