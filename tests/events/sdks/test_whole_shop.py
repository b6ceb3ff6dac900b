"""From a page in a real browser to a customer: a whole shop, served as the program it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any  # Any: JSON

import httpx
import pytest
from playwright.sync_api import Browser, Page
from tests.app.conftest import Served, prepare
from tests.events.conftest import ARRIVES_WITHIN_S, Host
from tests.events.sdks.pages import IMPORTS, Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[Served, str, httpx.Client]]:
    """Serve a shop; return it with a write key and a server's client."""
    key, secret = prepare(tmp_path / "shop")
    served = Served(tmp_path / "shop")
    try:
        with httpx.Client(base_url=served.url, headers={"authorization": f"Bearer {secret}"}, timeout=30) as server:
            yield served, key, server
    finally:
        served.close()


def found(server: httpx.Client, page: Page, user_id: str) -> dict[str, Any]:  # Any: JSON
    """Wait until the shop knows a customer with a trait, and return the profile."""
    for _ in range(ARRIVES_WITHIN_S * 10):
        answer = server.get(f"/v1/profiles/by/user_id/{user_id}")
        profile: dict[str, Any] = answer.json()  # Any: as above
        if answer.status_code == 200 and profile["traits"]:
            return profile
        page.wait_for_timeout(100)
    raise AssertionError("the customer never came")


def test_a_visitor_of_a_page_with_rudderstacks_sdk_is_a_customer_of_the_shop_a_moment_later(
    shop: tuple[Served, str, httpx.Client], chromium: Browser, modules: Path, page_host: Host
) -> None:
    served, key, server = shop
    page_host.app = site = Site(modules)
    site.html["/"] = f"""<!doctype html><title>Shop</title>{IMPORTS}<script type="module">
      import {{ RudderAnalytics }} from "@rudderstack/analytics-js/bundled";
      const analytics = new RudderAnalytics();
      analytics.load("{key}", "{served.url}", {{ configUrl: "{served.url}" }});
      analytics.identify("ann", {{ plan: "gold" }});
      analytics.track("Product Viewed", {{ product_id: "P-12" }});
    </script>"""
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(f"{page_host.url}/")
        profile = found(server, page, "ann")
    finally:
        context.close()
    assert "gold" in str(profile["traits"])
    names = {event["name"] for event in server.get("/v1/events/recent").json()["items"]}
    assert {"Identify", "Product Viewed"} <= names
