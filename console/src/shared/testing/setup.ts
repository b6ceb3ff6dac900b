import { cleanNotifications, cleanNotificationsQueue } from "@mantine/notifications";
import { cleanup } from "@testing-library/react";
import { afterEach, beforeAll } from "vitest";
import { startLanguage } from "../../app/i18n";

// jsdom lacks what Mantine asks of a browser.
window.matchMedia ??= (query: string) =>
  ({ matches: false, media: query, onchange: null, addEventListener() {}, removeEventListener() {}, addListener() {}, removeListener() {}, dispatchEvent: () => false }) as MediaQueryList;
window.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
Element.prototype.scrollIntoView ??= () => undefined;

beforeAll(() => startLanguage());
afterEach(() => {
  cleanNotificationsQueue();
  cleanNotifications(); // toasts are kept outside of what is drawn, and a worker draws for many files
  cleanup();
});
