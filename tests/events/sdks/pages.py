"""Pages of a shop in a real browser: what stands on them, what the browser then says to the door, and what it hears."""

from __future__ import annotations

from pathlib import Path
from typing import Any  # Any: ASGI's own dicts and what a page returns

from playwright.sync_api import Browser, Page
from tests.events.conftest import ARRIVES_WITHIN_S, ServedDoor, Witness

from regulars.events.core import Event

SEGMENT = "@segment/analytics-next/dist/umd"
RUDDER = "@rudderstack/analytics-js/dist/npm/modern/bundled/esm"
# Bare names as a bundler would resolve them, so that a page can run the very code that the console shows.
IMPORTS = f"""<script src="/sdk/{SEGMENT}/index.js"></script>
<script type="importmap">{{"imports": {{
  "@segment/analytics-next": "/shim/segment.mjs",
  "@rudderstack/analytics-js/bundled": "/sdk/{RUDDER}/index.mjs"
}}}}</script>"""
SHIMS = {"/shim/segment.mjs": "export const { AnalyticsBrowser } = window.AnalyticsNext;"}


class Site:
    """The shop's web site: its pages, and the SDKs' own files."""

    def __init__(self, modules: Path) -> None:
        self.html: dict[str, str] = {"/elsewhere": "<title>Elsewhere</title><p>Another page."}
        self._modules = modules

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # Any: ASGI's own dicts
        del receive
        path = scope["path"]
        kind, body = b"text/html; charset=utf-8", self.html.get(path, "").encode()
        if path in SHIMS:
            kind, body = b"text/javascript", SHIMS[path].encode()
        elif path.startswith("/sdk/") and ".." not in path:
            kind, body = b"text/javascript", (self._modules / path.removeprefix("/sdk/")).read_bytes()
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Pages:
    """One visitor's browser."""

    def __init__(self, browser: Browser, site: Site, url: str, served: ServedDoor, witness: Witness) -> None:
        self.url = url
        self.served = served
        self.witness = witness
        self.problems: list[str] = []
        self._site = site
        self.context = browser.new_context()
        self.context.on("weberror", lambda error: self.problems.append(str(error.error)))
        self.context.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)

    def close(self) -> None:
        """Close the visitor's browser."""
        self.context.close()

    def open(self, html: str, *, path: str = "/", page: Page | None = None, url: str | None = None) -> Page:
        """Show a page with this on it."""
        self._site.html[path] = f"<!doctype html><html><head><title>Shop</title></head><body>{html}</body></html>"
        page = page or self.context.new_page()
        page.goto(f"{url or self.url}{path}")
        return page

    def arrive(self, count: int) -> list[Event]:
        """Wait until that many events stand in the log and were answered; return all that do, as they happened."""
        self.witness.wait_for(
            lambda: self.witness.under_way == 0 and len(self.served.events()) >= count, f"{count} events"
        )
        return sorted(self.served.events(), key=lambda event: (event.occurred_us, event.position))

    def hear(self, page: Page, words: str) -> None:
        """Wait until the page's console says this as an error."""
        page.evaluate("1")  # lets in what the browser has said already
        while not any(words in problem for problem in self.problems):
            page.wait_for_event("console", timeout=ARRIVES_WITHIN_S * 1000)
