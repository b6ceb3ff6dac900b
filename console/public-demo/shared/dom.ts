/** Build the page by hand: elements, attributes, listeners. No framework, so that a demo page weighs as much as a picture. */

export type Child = Node | string | number | null | undefined | false | Child[];

type Attributes = Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>;

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "path", "g", "circle", "rect"]);

function put(element: Element, children: Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) put(element, child);
    else if (child instanceof Node) element.append(child);
    else if (child !== null && child !== undefined && child !== false) element.append(String(child));
  }
}

/** Make an element; `on…` attributes are listeners, `true` writes a bare attribute, `false`, null and undefined none. */
export function h(tag: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const element = DRAWN.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  put(element, children);
  return element as HTMLElement;
}

/** Put new children in the place of the old. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  put(element, children);
}

/** Tabler icons, one weight. */
const ICONS = {
  play: "M7 4v16l13-8Z",
  pause: "M6 5h4v14H6ZM14 5h4v14h-4Z",
  next: "M3 5v14l8-7ZM14 5v14l8-7Z",
  back: "M21 5v14l-8-7ZM10 5v14l-8-7Z",
  heart: "M19.5 12.57 12 20l-7.5-7.43A5 5 0 1 1 12 6a5 5 0 1 1 7.5 6.57",
  star: "m12 17.75-6.17 3.25 1.18-6.87-5-4.87 6.9-1L12 2l3.09 6.25 6.9 1-5 4.87 1.18 6.88Z",
  search: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM21 21l-6-6",
  moon: "M12 3h.4a7.5 7.5 0 0 0 7.9 12.4A9 9 0 1 1 12 3Z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM3 12h1M12 3v1M20 12h1M12 20v1M5.6 5.6l.7.7M18.4 5.6l-.7.7M17.7 17.7l.7.7M6.3 17.7l-.7.7",
  person: "M8 7a4 4 0 1 0 8 0 4 4 0 0 0-8 0M6 21v-2a4 4 0 0 1 4-4h4a4 4 0 0 1 4 4v2",
  close: "M18 6 6 18M6 6l12 12",
  left: "m15 6-6 6 6 6",
  right: "m9 6 6 6-6 6",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  basket: "m10 14 4 0M8 9l4-6 4 6M5 9h14l-1.5 10a1.6 1.6 0 0 1-1.6 1.4H8.1A1.6 1.6 0 0 1 6.5 19Z",
  radio: "M14 3 4.6 6.4A1 1 0 0 0 4 7.3V19a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1V8a1 1 0 0 0-1-1H4.5M4 12h16M7 12v-2M17 16v.01M13 16v.01",
  queue: "M3 17a3 3 0 1 0 6 0 3 3 0 0 0-6 0M9 17V4h10v8M19 16h-4M19 19h-4M17 14v8",
  sound: "M15 8a5 5 0 0 1 0 8M17.7 5a9 9 0 0 1 0 14M6 15H4a1 1 0 0 1-1-1v-4a1 1 0 0 1 1-1h2l3.5-4.5A.8.8 0 0 1 11 5v14a.8.8 0 0 1-1.5.5Z",
  mute: "M6 15H4a1 1 0 0 1-1-1v-4a1 1 0 0 1 1-1h2l3.5-4.5A.8.8 0 0 1 11 5v14a.8.8 0 0 1-1.5.5ZM16 10l4 4M20 10l-4 4",
  check: "m5 12 5 5L20 7",
  info: "M3 12a9 9 0 1 0 18 0 9 9 0 0 0-18 0M12 9h.01M11 12h1v4h1",
} as const;

export type IconName = keyof typeof ICONS;

export function icon(name: IconName, size = 20, filled = false): HTMLElement {
  return h(
    "svg",
    { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", class: "icon" },
    h("path", {
      d: ICONS[name],
      fill: filled ? "currentColor" : "none",
      stroke: "currentColor",
      "stroke-width": 1.75,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    }),
  );
}
