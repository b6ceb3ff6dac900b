"""Segment's browser SDK, unchanged, on a page of another origin than the door."""

from __future__ import annotations

import json

import pytest
from tests.events.conftest import OPEN_KEY, Host
from tests.events.sdks.conftest import Hesitant
from tests.events.sdks.pages import IMPORTS, Pages

SDK = "segment-browser"

pytestmark = pytest.mark.browser


def page_with(door: str, calls: str, *, key: str = OPEN_KEY, options: str = "{}") -> str:
    return f"""{IMPORTS}<script type="module">
      import {{ AnalyticsBrowser }} from "@segment/analytics-next";
      const settings = {{ writeKey: "{key}", cdnURL: "{door}" }};
      const analytics = (window.analytics = AnalyticsBrowser.load(settings, {options}));
      analytics.on("error", (error) => (window.problem = error.code ?? String(error)));
      {calls}
    </script>"""


@pytest.mark.sdk(SDK, "every call")
@pytest.mark.sdk(SDK, "settings first")
def test_every_call_of_segments_browser_sdk_becomes_an_event_by_its_short_route(pages: Pages) -> None:
    page = pages.open(
        page_with(
            pages.served.url,
            """analytics.alias("ann", "visitor-7");
            analytics.identify("ann", { plan: "gold" });
            analytics.page("Shop", "Home", { shelf: 3 });
            analytics.screen("Player");
            analytics.track("Song Played", { asset_id: "s1" });
            analytics.group("family-1", { size: 4 });""",
        )
    )
    events = {event.call: event for event in pages.arrive(6)}
    asked = pages.witness.asked
    assert (asked[0].method, asked[0].path) == ("GET", f"/v1/projects/{OPEN_KEY}/settings")
    assert {each.path for each in asked if each.method == "POST"} == {f"/v1/{letter}" for letter in "aipstg"}
    assert events["identify"].properties == {"plan": "gold"}
    assert (events["page"].properties["name"], events["page"].properties["shelf"]) == ("Home", 3)
    assert events["page"].properties["url"] == f"{pages.url}/"
    assert events["track"].properties == {"asset_id": "s1"}
    assert (events["group"].group_id, events["group"].properties) == ("family-1", {"size": 4})
    assert (events["alias"].user_id, events["alias"].previous_id) == ("ann", "visitor-7")
    anonymous = page.evaluate("analytics.instance.user().anonymousId()")
    assert {event.anonymous_id for event in events.values()} == {anonymous}
    assert all(event.context["library"]["version"] == "next-1.84.3" for event in events.values())
    assert pages.problems == []


@pytest.mark.sdk(SDK, "preflight")
def test_its_basic_header_makes_the_browser_ask_first_and_the_door_says_yes(pages: Pages) -> None:
    pages.open(page_with(pages.served.url, 'analytics.track("Song Played");'))
    pages.arrive(1)
    (preflight,) = pages.witness.to("/v1/t", "OPTIONS")
    (sent,) = pages.witness.to("/v1/t")
    assert preflight.headers["origin"] == pages.url != pages.served.url
    assert "authorization" in preflight.headers["access-control-request-headers"]
    assert sent.headers["content-type"] == "text/plain"
    assert sent.headers["authorization"].startswith("Basic ")
    assert sent.answered["access-control-allow-origin"] == pages.url
    assert json.loads(sent.body)["writeKey"] == OPEN_KEY


@pytest.mark.sdk(SDK, "anonymous visitors")
def test_somebody_who_never_signs_in_has_no_user_id(pages: Pages) -> None:
    pages.open(page_with(pages.served.url, "analytics.page();"))
    (event,) = pages.arrive(1)
    assert event.user_id is None
    assert event.anonymous_id


@pytest.mark.sdk(SDK, "batches")
def test_its_batching_mode_sends_parts_and_what_waits_when_the_page_is_left(pages: Pages) -> None:
    batching = '{ integrations: { "Segment.io": { deliveryStrategy: { strategy: "batching", config: SIZE } } } }'
    page = pages.open(
        page_with(
            pages.served.url,
            'for (let number = 0; number < 5; number++) analytics.track("Song Played", { number });',
            options=batching.replace("SIZE", "{ size: 4, timeout: 60000 }"),
        )
    )
    pages.arrive(4)
    assert {each.path for each in pages.witness.asked if each.method == "POST"} == {"/v1/b"}
    pages.open("", path="/elsewhere", page=page)
    events = pages.arrive(5)
    assert sorted(event.properties["number"] for event in events) == [0, 1, 2, 3, 4]


@pytest.mark.sdk(SDK, "page left")
def test_an_event_on_the_way_when_the_page_is_left_arrives(pages: Pages) -> None:
    page = pages.open(page_with(pages.served.url, 'analytics.track("First");'))
    pages.arrive(1)
    page.evaluate("""() => { analytics.track("Last", {}); location.href = "/elsewhere"; }""")
    page.wait_for_url("**/elsewhere")
    # What the browser had not put on the wire yet is kept by the SDK, and sent by the next page that has it.
    pages.open(page_with(pages.served.url, ""), page=page)
    names = [event.name for event in pages.arrive(2)]
    assert names == ["First", "Last"]


@pytest.mark.sdk(SDK, "waits as told")
def test_it_waits_as_long_as_the_answer_429_says_and_counts_its_tries(pages: Pages, host: Host) -> None:
    host.app.app = hesitant = Hesitant(pages.served.door, status=429, refusals=1, retry_after="2", only="/t")
    pages.open(page_with(pages.served.url, 'analytics.track("Song Played");'))
    pages.arrive(1)
    assert hesitant.waits_s[0] >= 1.9


@pytest.mark.sdk(SDK, "tries again")
def test_it_tries_again_by_itself_when_the_disk_is_full(pages: Pages, host: Host) -> None:
    host.app.app = hesitant = Hesitant(pages.served.door, status=503, refusals=1, retry_after="1", only="/t")
    pages.open(page_with(pages.served.url, 'analytics.track("Song Played");'))
    (event,) = pages.arrive(1)
    assert hesitant.retry_counts == ["", "1"], "a header of its own, which needs a preflight that allows it"
    assert event.name == "Song Played"


@pytest.mark.sdk(SDK, "wrong key is told")
def test_a_wrong_key_is_told_to_the_page(pages: Pages) -> None:
    page = pages.open(page_with(pages.served.url, 'analytics.track("Song Played");', key="wk_nobody"))
    pages.hear(page, "No source has this write key. Copy it again from Sources & keys.")
    assert pages.served.events() == []
