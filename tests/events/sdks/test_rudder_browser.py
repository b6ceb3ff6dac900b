"""RudderStack's browser SDK (`/bundled`), unchanged, on a page of another origin than the door."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest
from tests.events.conftest import OPEN_KEY, Host
from tests.events.sdks.conftest import Hesitant
from tests.events.sdks.pages import IMPORTS, Pages

SDK = "rudder-browser"

pytestmark = pytest.mark.browser


def page_with(door: str, calls: str, *, key: str = OPEN_KEY, options: str = "") -> str:
    return f"""{IMPORTS}<script type="module">
      import {{ RudderAnalytics }} from "@rudderstack/analytics-js/bundled";
      const analytics = (window.rudderanalytics = new RudderAnalytics());
      analytics.load("{key}", "{door}", {{ configUrl: "{door}", {options} }});
      {calls}
    </script>"""


@pytest.mark.sdk(SDK, "every call")
@pytest.mark.sdk(SDK, "settings first")
def test_every_call_of_rudderstacks_browser_sdk_becomes_an_event(pages: Pages) -> None:
    page = pages.open(
        page_with(
            pages.served.url,
            """analytics.page("Shop", "Home", { shelf: 3 });
            analytics.identify("ann", { plan: "gold" });
            analytics.track("Song Played", { asset_id: "s1" });
            analytics.group("family-1", { size: 4 });
            analytics.alias("ann", "visitor-7");""",
        )
    )
    events = {event.call: event for event in pages.arrive(5)}
    config = next(each for each in pages.witness.asked if each.method == "GET")
    assert (config.path, config.status) == ("/sourceConfig/", 200)
    posts = [each.path for each in pages.witness.asked if each.method == "POST"]
    assert sorted(posts) == [f"/v1/{call}" for call in ("alias", "group", "identify", "page", "track")]
    assert events["identify"].properties == {"plan": "gold"}, "its identify has traits in the context only"
    assert (events["page"].properties["name"], events["page"].properties["shelf"]) == ("Home", 3)
    assert events["track"].properties == {"asset_id": "s1"}
    assert (events["group"].group_id, events["group"].properties) == ("family-1", {"size": 4})
    assert (events["alias"].user_id, events["alias"].previous_id) == ("ann", "visitor-7")
    assert {event.anonymous_id for event in events.values()} == {page.evaluate("rudderanalytics.getAnonymousId()")}
    assert all(event.context["library"]["version"] == "3.34.1" for event in events.values())
    assert all(event.context["sessionId"] for event in events.values())
    assert all(event.original_us is not None for event in events.values()), "it sends originalTimestamp alone"
    assert pages.problems == []


@pytest.mark.sdk(SDK, "preflight")
@pytest.mark.sdk(SDK, "anonymous visitors")
def test_its_own_headers_pass_and_an_empty_user_id_is_none(pages: Pages) -> None:
    pages.open(page_with(pages.served.url, "analytics.page();"))
    (event,) = pages.arrive(1)
    (preflight,) = pages.witness.to("/v1/page", "OPTIONS")
    (sent,) = pages.witness.to("/v1/page")
    assert preflight.headers["origin"] == pages.url != pages.served.url
    assert {"anonymousid", "authorization", "sentat"} <= set(
        preflight.headers["access-control-request-headers"].split(",")
    )
    assert json.loads(sent.body)["userId"] == ""
    assert event.user_id is None
    assert b64decode(sent.headers["anonymousid"]).decode() == event.anonymous_id
    assert b"writeKey" not in sent.body, "its key is in the header alone"


@pytest.mark.sdk(SDK, "batches")
def test_its_batching_mode_sends_parts(pages: Pages) -> None:
    pages.open(
        page_with(
            pages.served.url,
            'for (let number = 0; number < 4; number++) analytics.track("Song Played", { number });',
            options="queueOptions: { batch: { enabled: true, maxItems: 4 } }",
        )
    )
    assert [event.properties["number"] for event in pages.arrive(4)] == [0, 1, 2, 3]
    assert {each.path for each in pages.witness.asked if each.method == "POST"} == {"/v1/batch"}


@pytest.mark.sdk(SDK, "page left")
def test_by_beacon_an_event_arrives_when_the_page_is_left(pages: Pages) -> None:
    page = pages.open(page_with(pages.served.url, "", options="useBeacon: true"))
    page.wait_for_function("window.rudderanalytics?.getAnonymousId?.()")
    pages.witness.wait_for(lambda: bool(pages.witness.to("/sourceConfig/", "GET")), "its configuration")
    page.evaluate("""() => { rudderanalytics.track("Last", {}); }""")
    pages.open("", path="/elsewhere", page=page)
    assert [event.name for event in pages.arrive(1)] == ["Last"]
    (sent,) = pages.witness.to("/beacon/v1/batch")
    assert "authorization" not in sent.headers, "a beacon has no headers: its key is in the address"
    assert sent.headers["content-type"].startswith("text/plain")


@pytest.mark.sdk(SDK, "page left")
def test_without_it_the_visitors_next_page_sends_what_the_last_one_could_not(pages: Pages, host: Host) -> None:
    host.app.app = hesitant = Hesitant(pages.served.door, status=503, refusals=1, only="/track")
    html = page_with(pages.served.url, "")
    page = pages.open(html)
    page.evaluate("""() => { rudderanalytics.track("Last", {}); }""")
    pages.witness.wait_for(lambda: len(hesitant.asked_at) == 1, "a first try")
    pages.open(html, path="/two", page=page)
    assert {event.name for event in pages.arrive(1)} == {"Last"}
    assert pages.witness.to("/v1/track")[-1].headers["rsa-recovered"] == "true", "found by the next page"


@pytest.mark.sdk(SDK, "tries again")
@pytest.mark.parametrize("status", [503, 429])
def test_it_tries_again_by_itself_when_the_door_is_busy(pages: Pages, host: Host, status: int) -> None:
    host.app.app = hesitant = Hesitant(pages.served.door, status=status, refusals=1, retry_after="1", only="/track")
    pages.open(page_with(pages.served.url, 'analytics.track("Song Played");'))
    (event,) = pages.arrive(1)
    assert len(hesitant.asked_at) == 2
    assert event.name == "Song Played"
    again = pages.witness.to("/v1/track")[-1]
    assert again.headers["rsa-retry-attempt"] == "1"


@pytest.mark.sdk(SDK, "wrong key is told")
def test_a_wrong_key_is_told_to_the_page(pages: Pages) -> None:
    page = pages.open(page_with(pages.served.url, "analytics.page();", key="wk_nobody"))
    pages.hear(page, "No source has this write key. Copy it again from Sources & keys.")
    assert pages.served.events() == []
