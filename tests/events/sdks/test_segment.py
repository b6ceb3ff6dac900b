"""Segment's server SDKs, unchanged, against a door that listens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any  # Any: the SDK's own options

import pytest
from segment.analytics.client import Client
from tests.events.conftest import OPEN_KEY, Host, ServedDoor
from tests.events.sdks.conftest import Hesitant, send_by_node

PYTHON, NODE = "segment-python", "segment-node"


@pytest.mark.sdk(NODE, "every call")
@pytest.mark.timeout(200)
def test_every_call_of_segments_node_sdk_becomes_an_event(served: ServedDoor, node: str) -> None:
    assert send_by_node(node, "segment.mjs", served.url, "every_call") == {"problems": []}
    events = served.events()
    assert [event.call for event in events] == ["identify", "track", "track", "page", "screen", "group", "alias"]
    assert not any(request.rejected for request in served.requests())
    assert events[0].properties == {"plan": "gold", "email": "ann@example.com"}
    assert (events[3].name, events[3].properties["name"]) == ("Page", "Home")
    assert (events[6].user_id, events[6].previous_id) == ("ann", "anon-1")
    assert all(event.message_id.startswith("node-next-") for event in events)
    assert all(event.context["library"]["name"] == "@segment/analytics-node" for event in events)
    assert all(event.corrections == () for event in events)


@pytest.mark.sdk(NODE, "batches")
@pytest.mark.timeout(200)
def test_many_events_of_the_node_sdk_arrive_each_once_and_in_order(served: ServedDoor, node: str) -> None:
    assert send_by_node(node, "segment.mjs", served.url, "many") == {"problems": []}
    events = served.events()
    assert sorted(event.properties["number"] for event in events) == list(range(95))


@pytest.mark.sdk(NODE, "waits as told")
@pytest.mark.timeout(200)
def test_the_node_sdk_waits_as_long_as_retry_after_says_and_loses_nothing(
    served: ServedDoor, host: Host, node: str
) -> None:
    host.app = hesitant = Hesitant(served.door, status=429, refusals=1, retry_after="2")
    assert send_by_node(node, "segment.mjs", served.url, "one") == {"problems": []}
    assert hesitant.waits_s[0] >= 1.9
    assert hesitant.retry_counts == ["", "1"]
    assert [event.message_id for event in served.events()] == ["only"]


@pytest.mark.sdk(NODE, "tries again")
@pytest.mark.timeout(200)
def test_the_node_sdk_sends_again_what_a_full_disk_refused(served: ServedDoor, host: Host, node: str) -> None:
    host.app = hesitant = Hesitant(served.door, status=503, refusals=2, retry_after="1")
    assert send_by_node(node, "segment.mjs", served.url, "one") == {"problems": []}
    assert len(hesitant.asked_at) == 3
    assert [event.message_id for event in served.events()] == ["only"]


def python_client(url: str, **more: Any) -> Client:  # Any: the SDK's own options
    return Client(OPEN_KEY, host=url, upload_interval=0.05, timeout=10, **more)


@pytest.mark.sdk(NODE, "wrong key is told")
@pytest.mark.timeout(200)
def test_a_wrong_key_is_told_to_the_node_sdk_and_not_tried_again(served: ServedDoor, node: str) -> None:
    assert send_by_node(node, "segment.mjs", served.url, "one", key="wk_nobody")["problems"] == ["delivery_failure"]
    assert served.door.stats().answers == {401: 1}


@pytest.mark.sdk(PYTHON, "every call")
@pytest.mark.sdk(PYTHON, "packed and plain")
@pytest.mark.parametrize("packed", [False, True])
def test_every_call_of_segments_python_sdk_becomes_an_event(served: ServedDoor, packed: bool) -> None:
    client = python_client(served.url, gzip=packed)
    long_ago = datetime.now(UTC) - timedelta(days=10 * 365)
    client.identify("ann", {"plan": "gold"})
    client.track("ann", "Song Played", {"asset_id": "s1"}, timestamp=long_ago)
    client.track(anonymous_id="anon-1", event="Product Viewed", properties={"product_id": "p1", "price": 9.9})
    client.page("ann", "Docs", "Home", {"url": "https://shop.example/"})
    client.screen("ann", name="Player")
    client.group("ann", "family-1", {"size": 4})
    client.alias("anon-1", "ann")
    client.flush()
    client.shutdown()
    events = served.events()
    assert [event.call for event in events] == ["identify", "track", "track", "page", "screen", "group", "alias"]
    assert [event.anonymous_id for event in events] == [None, None, "anon-1", None, None, None, None]
    assert abs(events[1].occurred_us - int(long_ago.timestamp() * 1_000_000)) < 10_000_000
    assert all(event.context["library"]["name"] == "analytics-python" for event in events)


def test_a_number_that_is_none_spoils_only_its_own_event(served: ServedDoor) -> None:
    client = python_client(served.url)
    client.track("ann", "Song Played", {"position": float("nan")}, message_id="broken")
    client.track("ann", "Song Played", {"position": 1}, message_id="sound")
    client.flush()
    client.shutdown()
    requests = served.requests()
    assert [event.message_id for request in requests for event in request.events if event.properties] == ["sound"]


def in_three_seconds() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)  # which knows whole seconds only


@pytest.mark.sdk(PYTHON, "waits as told")
@pytest.mark.parametrize(
    ("status", "as_a_date"), [(503, False), (429, False), (503, True)], ids=["503", "429", "503 until a date"]
)
def test_the_python_sdk_waits_as_long_as_retry_after_says_and_loses_nothing(
    served: ServedDoor, host: Host, status: int, as_a_date: bool
) -> None:
    told = in_three_seconds if as_a_date else "1"
    host.app = hesitant = Hesitant(served.door, status=status, refusals=1, retry_after=told)
    client = python_client(served.url)
    client.track("ann", "Song Played", {}, message_id="only")
    client.flush()
    client.shutdown()
    assert hesitant.waits_s[0] >= 0.9
    assert [event.message_id for event in served.events()] == ["only"]


@pytest.mark.sdk(PYTHON, "tries again")
def test_the_python_sdk_counts_its_tries_when_nobody_said_how_long_to_wait(served: ServedDoor, host: Host) -> None:
    host.app = hesitant = Hesitant(served.door, status=500, refusals=2)
    client = python_client(served.url)
    client.track("ann", "Song Played", {}, message_id="only")
    client.flush()
    client.shutdown()
    assert hesitant.retry_counts == ["", "1", "2"]
    assert [event.message_id for event in served.events()] == ["only"]


@pytest.mark.sdk(PYTHON, "wrong key is told")
def test_a_wrong_key_is_told_to_the_python_sdk(served: ServedDoor) -> None:
    problems: list[str] = []
    client = Client(
        "wk_nobody", host=served.url, max_retries=3, on_error=lambda error, _batch: problems.append(str(error))
    )
    client.track("ann", "Song Played", {})
    client.flush()
    client.shutdown()
    assert problems == ["[Segment] wrong_key: No source has this write key. Copy it again from Sources & keys. (401)"]
    assert served.door.stats().answers == {401: 1}
