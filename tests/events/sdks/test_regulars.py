"""Our own snippet in a real browser, on a page of another origin than the door."""

from __future__ import annotations

import gzip
import json

import pytest
from playwright.sync_api import Page
from tests.events.conftest import COOKIE_KEY, OPEN_KEY, Host
from tests.events.sdks.conftest import Hesitant
from tests.events.sdks.pages import Pages

from regulars.events.front import SNIPPET

SDK = "regulars"
BYTES_MAX = 6 * 1024

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not SNIPPET.exists(), reason="the browser snippet is not built: make console"),
]


def page_with(door: str, calls: str = "", *, key: str = OPEN_KEY, options: str = "") -> str:
    return f"""<script>
      window.regulars = window.regulars || [];
      regulars.push(["load", "{key}", {{ host: "{door}", {options} }}]{calls and ", " + calls});
    </script>
    <script async src="{door}/regulars.js"></script>"""


def ready(page: Page) -> None:
    page.wait_for_function("!Array.isArray(window.regulars)")


def kept(page: Page) -> list[str]:
    """Return what the browser keeps for the page: names of cookies and of stored things."""
    names: list[str] = page.evaluate(
        """() => [...document.cookie.split("; ").filter(Boolean).map((each) => each.split("=")[0]),
                  ...Object.keys(localStorage), ...Object.keys(sessionStorage)]"""
    )
    return sorted(names)


def test_what_the_door_serves_is_small() -> None:
    assert len(gzip.compress(SNIPPET.read_bytes(), mtime=0)) < BYTES_MAX


@pytest.mark.sdk(SDK, "every call")
@pytest.mark.sdk(SDK, "batches")
def test_every_call_becomes_an_event_and_they_travel_together(pages: Pages) -> None:
    page = pages.open(
        page_with(
            pages.served.url,
            """["page", "Shop", "Home", { shelf: 3 }], ["identify", "ann", { plan: "gold" }],
            ["track", "Song Played", { asset_id: "s1" }], ["group", "family-1", { size: 4 }],
            ["alias", "bea", "ann"]""",
        )
    )
    events = {event.call: event for event in pages.arrive(5)}
    with pages.witness.changed:  # an event may be seen in the log a moment before its answer has left
        assert pages.witness.changed.wait_for(lambda: pages.witness.to("/v1/b"), timeout=10)
    (sent,) = pages.witness.to("/v1/b")
    assert sent.headers["content-type"] == "text/plain"
    assert "authorization" not in sent.headers, "the key is in the body, so that a browser need not ask first"
    assert pages.witness.to("/v1/b", "OPTIONS") == []
    assert events["identify"].properties == {"plan": "gold"}
    assert (events["page"].properties["name"], events["page"].properties["shelf"]) == ("Home", 3)
    assert (events["group"].group_id, events["group"].properties) == ("family-1", {"size": 4})
    assert (events["alias"].user_id, events["alias"].previous_id) == ("bea", "ann")
    assert {event.anonymous_id for event in events.values()} == {page.evaluate("regulars.user().anonymousId()")}
    assert all(event.corrections == () for event in events.values())
    assert pages.problems == []


@pytest.mark.sdk(SDK, "anonymous visitors")
def test_a_visitor_is_the_same_on_the_next_page(pages: Pages) -> None:
    page = pages.open(page_with(pages.served.url, '["page"]'))
    pages.arrive(1)
    pages.open(page_with(pages.served.url, '["page"]'), path="/two", page=page)
    first, second = pages.arrive(2)
    assert first.anonymous_id == second.anonymous_id
    assert (first.user_id, second.user_id) == (None, None)


@pytest.mark.sdk(SDK, "page left")
def test_an_event_made_while_the_page_is_left_arrives(pages: Pages) -> None:
    page = pages.open(page_with(pages.served.url))
    ready(page)
    page.evaluate("""() => { regulars.track("Last"); location.href = "/elsewhere"; }""")
    assert [event.name for event in pages.arrive(1)] == ["Last"]
    page.wait_for_url("**/elsewhere")
    assert kept(page) == ["ajs_anonymous_id", "ajs_anonymous_id", "regulars_tab"], "nothing waits any more"


@pytest.mark.sdk(SDK, "page left")
def test_an_event_made_while_the_page_is_hidden_or_closed_arrives(pages: Pages) -> None:
    page = pages.open(page_with(pages.served.url))
    ready(page)
    page.evaluate("""() => addEventListener("pagehide", () => regulars.track("Last"), { capture: true })""")
    page.close(run_before_unload=False)
    assert [event.name for event in pages.arrive(1)] == ["Last"]


@pytest.mark.sdk(SDK, "waits as told")
@pytest.mark.parametrize("status", [429, 503])
def test_it_waits_as_long_as_retry_after_says(pages: Pages, host: Host, status: int) -> None:
    host.app.app = hesitant = Hesitant(pages.served.door, status=status, refusals=1, retry_after="2", only="/b")
    pages.open(page_with(pages.served.url, '["track", "Song Played"]'))
    pages.arrive(1)
    assert hesitant.waits_s[0] >= 1.9


@pytest.mark.sdk(SDK, "tries again")
def test_what_a_full_disk_refused_survives_a_reload_and_counts_once(pages: Pages, host: Host) -> None:
    host.app.app = hesitant = Hesitant(pages.served.door, status=503, refusals=2, retry_after="60", only="/b")
    page = pages.open(page_with(pages.served.url, '["track", "Song Played"]'))
    pages.witness.wait_for(lambda: len(hesitant.asked_at) == 1, "the first try")
    page.wait_for_function("JSON.stringify(localStorage).includes('Song Played')")
    page.evaluate("() => dispatchEvent(new Event('online'))")
    pages.witness.wait_for(lambda: len(hesitant.asked_at) >= 2, "another")
    page.reload()
    assert {event.name for event in pages.arrive(1)} == {"Song Played"}
    assert len({event.message_id for event in pages.served.events()}) == 1


@pytest.mark.sdk(SDK, "wrong key is told")
def test_a_wrong_key_is_told_to_the_page(pages: Pages) -> None:
    said: list[str] = []
    pages.context.on("console", lambda line: said.append(line.text))
    page = pages.open(page_with(pages.served.url, '["page"]', key="wk_nobody"))
    while not any("No source has this write key" in line for line in said):
        page.wait_for_event("console", timeout=20_000)
    assert pages.served.events() == []


@pytest.mark.sdk(SDK, "consent")
def test_before_the_visitor_agrees_nothing_is_sent_and_nothing_is_kept(pages: Pages) -> None:
    page = pages.open(page_with(pages.served.url, '["page"], ["track", "Song Played"]', options='consent: "required"'))
    ready(page)
    page.evaluate("() => { regulars.identify('ann', { plan: 'gold' }); dispatchEvent(new Event('pagehide')); }")
    assert kept(page) == []
    assert [each.path for each in pages.witness.asked] == ["/regulars.js"]
    page.evaluate("() => regulars.consent({ analytics: true, email: false })")
    events = pages.arrive(4)
    assert {event.name for event in events} == {"Page", "Song Played", "Identify", "Segment Consent Preference Updated"}
    assert len({event.anonymous_id for event in events}) == 1
    told = next(event for event in events if event.name == "Segment Consent Preference Updated")
    assert told.context["consent"] == {"categoryPreferences": {"analytics": True, "email": False}}


@pytest.mark.sdk(SDK, "consent")
def test_a_no_is_obeyed_and_a_withdrawal_is_the_last_thing_the_shop_hears(pages: Pages) -> None:
    page = pages.open(page_with(pages.served.url, '["page"]', options='consent: "required"'))
    ready(page)
    page.evaluate("() => { regulars.consent({ analytics: false }); regulars.track('After'); }")
    assert kept(page) == ["regulars_consent"]
    page.evaluate("() => regulars.consent({ analytics: true })")
    pages.arrive(1)
    page.evaluate("() => { regulars.consent({ analytics: false }); regulars.track('After'); }")
    events = pages.arrive(2)
    assert [event.context["consent"]["categoryPreferences"]["analytics"] for event in events] == [True, False]
    page.wait_for_function("Object.keys(localStorage).length === 1")
    assert kept(page) == ["regulars_consent", "regulars_tab"]


@pytest.mark.sdk(SDK, "consent")
def test_global_privacy_control_is_a_no_when_told_so(pages: Pages) -> None:
    pages.context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', { value: true });")
    page = pages.open(page_with(pages.served.url, '["page"]', options="gpc: true"))
    ready(page)
    assert kept(page) == []
    page.evaluate("() => regulars.consent({ analytics: true })")
    assert {event.name for event in pages.arrive(2)} == {"Page", "Segment Consent Preference Updated"}


@pytest.mark.sdk(SDK, "web vitals")
def test_how_the_page_felt_is_told_once_when_it_is_left(pages: Pages) -> None:
    slow = "for (const end = Date.now() + 120; Date.now() < end;);"
    shop = f'<h1 style="font-size: 60px">A shop</h1><button onclick="{slow}">Buy</button>'
    page = pages.open(shop + page_with(pages.served.url, '["page"]', options="webVitals: true"))
    pages.arrive(1)
    page.click("button")
    page.wait_for_function("performance.eventCounts.get('click') > 0")
    page.evaluate("() => new Promise((next) => requestAnimationFrame(() => setTimeout(next)))")
    pages.open("", path="/elsewhere", page=page)
    pages.arrive(2)
    (vitals,) = [event for event in pages.served.events() if event.name == "Web Vitals Measured"]
    assert set(vitals.properties) == {"lcp_ms", "cls", "inp_ms", "ttfb_ms"}
    assert vitals.properties["lcp_ms"] > 0
    assert vitals.properties["inp_ms"] >= 100
    assert vitals.properties["cls"] == 0


@pytest.mark.sdk(SDK, "web vitals")
def test_nothing_is_measured_unless_wanted(pages: Pages) -> None:
    page = pages.open(page_with(pages.served.url, '["page"]'))
    pages.arrive(1)
    page.evaluate("""() => { regulars.track("Last"); }""")
    pages.open("", path="/elsewhere", page=page)
    assert [event.name for event in pages.arrive(2)] == ["Page", "Last"]


def on_site(url: str, name: str) -> str:
    return url.replace("127.0.0.1", f"{name}.shop.localhost")


@pytest.mark.sdk(SDK, "first-party cookie")
def test_a_visitor_whom_the_browser_forgot_is_known_by_the_cookie_of_the_shops_own_domain(pages: Pages) -> None:
    door, site = on_site(pages.served.url, "events"), on_site(pages.url, "www")
    html = page_with(door, '["page"]', key=COOKIE_KEY, options="cookie: true")
    page = pages.open(html, url=site)
    (first,) = pages.arrive(1)
    (cookie,) = [each for each in pages.context.cookies() if each["name"] == "regulars_id"]
    assert (cookie["domain"], cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (
        "events.shop.localhost", True, True, "Lax",
    )  # fmt: skip
    assert cookie["value"] == first.anonymous_id
    assert "regulars_id" not in page.evaluate("document.cookie")
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    pages.context.clear_cookies(domain="www.shop.localhost")  # as Safari does after seven days
    pages.open(html, path="/two", url=site, page=page)
    first, second = pages.arrive(2)
    assert second.anonymous_id == first.anonymous_id
    page.evaluate("() => regulars.consent({ analytics: false })")
    pages.witness.wait_for(lambda: len(pages.witness.to("/v1/cookie")) == 3, "that it is taken back")
    page.wait_for_function("document.cookie === ''")
    assert [each["name"] for each in pages.context.cookies()] == []


@pytest.mark.sdk(SDK, "first-party cookie")
def test_a_door_on_another_site_keeps_nobody(pages: Pages) -> None:
    page = pages.open(
        page_with(pages.served.url, '["page"]', key=COOKIE_KEY, options="cookie: true"), url=on_site(pages.url, "www")
    )
    (event,) = pages.arrive(1)
    (asked,) = pages.witness.to("/v1/cookie")
    assert (asked.headers["sec-fetch-site"], asked.status) == ("cross-site", 403)
    assert json.loads(asked.body)["writeKey"] == COOKIE_KEY
    assert event.anonymous_id == page.evaluate("regulars.user().anonymousId()")
    assert [each["name"] for each in pages.context.cookies()] == ["ajs_anonymous_id"]
