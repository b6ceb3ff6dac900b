"""RudderStack's server SDKs, unchanged, against a door that listens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any  # Any: the SDK's own options

import pytest
from rudderstack.analytics.client import Client
from tests.events.conftest import OPEN_KEY, Host, ServedDoor, Witness
from tests.events.sdks.conftest import Hesitant, send_by_node

PYTHON, NODE = "rudder-python", "rudder-node"
CALLS = ["identify", "track", "track", "page", "screen", "group", "alias"]


def python_client(url: str, **more: Any) -> Client:  # Any: the SDK's own options
    return Client(OPEN_KEY, host=url, **{"upload_interval": 0.05, "timeout": 10, **more})


def end(client: Client) -> None:
    client.flush()
    client.join()


@pytest.mark.sdk(PYTHON, "every call")
@pytest.mark.sdk(PYTHON, "packed and plain")
@pytest.mark.parametrize("packed", [False, True])
def test_every_call_of_rudderstacks_python_sdk_becomes_an_event(served: ServedDoor, host: Host, packed: bool) -> None:
    host.app = witness = Witness(served.door)
    client = python_client(served.url, gzip=packed)
    long_ago = datetime.now(UTC) - timedelta(days=10 * 365)
    client.identify("ann", {"plan": "gold"})
    client.track("ann", "Song Played", {"asset_id": "s1"}, timestamp=long_ago)
    client.track(anonymous_id="anon-1", event="Product Viewed", properties={"product_id": "p1", "price": 9.9})
    client.page("ann", "Docs", "Home", {"url": "https://shop.example/"})
    client.screen("ann", name="Player")
    client.group("ann", "family-1", {"size": 4})
    client.alias("anon-1", "ann")
    end(client)
    events = served.events()
    assert [event.call for event in events] == CALLS
    assert events[0].properties == {"plan": "gold"}, "its identify has traits in the context only"
    assert [event.anonymous_id for event in events] == [None, None, "anon-1", None, None, None, None]
    assert (events[3].properties["name"], events[3].properties["category"]) == ("Home", "Docs")
    assert (events[6].user_id, events[6].previous_id) == ("ann", "anon-1")
    assert abs(events[1].occurred_us - int(long_ago.timestamp() * 1_000_000)) < 10_000_000
    assert all(event.context["library"]["name"] == "analytics-python" for event in events)
    assert {each.headers.get("content-encoding") for each in witness.asked} == {"gzip" if packed else None}
    assert not any(b"writeKey" in each.body for each in witness.asked), "its key is in the header alone"


@pytest.mark.sdk(PYTHON, "tries again")
@pytest.mark.parametrize("status", [503, 429])
def test_rudderstacks_python_sdk_tries_again_and_loses_nothing(served: ServedDoor, host: Host, status: int) -> None:
    host.app = hesitant = Hesitant(served.door, status=status, refusals=2, retry_after="1")
    client = python_client(served.url)
    client.track("ann", "Song Played", {}, message_id="only")
    end(client)
    assert len(hesitant.asked_at) == 3
    assert [event.message_id for event in served.events()] == ["only"]


@pytest.mark.sdk(PYTHON, "wrong key is told")
def test_a_wrong_key_is_told_to_rudderstacks_python_sdk_and_not_tried_again(served: ServedDoor) -> None:
    problems: list[str] = []
    client = Client(
        "wk_nobody", host=served.url, max_retries=3, on_error=lambda error, _batch: problems.append(str(error))
    )
    client.track("ann", "Song Played", {})
    end(client)
    assert problems == [
        "[rudderstack] wrong_key: No source has this write key. Copy it again from Sources & keys. (401)"
    ]
    assert served.door.stats().answers == {401: 1}


@pytest.mark.sdk(PYTHON, "batches")
@pytest.mark.parametrize(("upload_size", "arrived", "refused"), [(15, 40, 0), (100, 0, 1)])
@pytest.mark.timeout(60)
def test_parts_of_fifteen_always_fit_and_a_part_too_large_is_told(
    served: ServedDoor, upload_size: int, arrived: int, refused: int
) -> None:
    problems: list[str] = []
    client = python_client(
        served.url,
        upload_size=upload_size,
        upload_interval=2,
        max_retries=2,
        on_error=lambda error, _batch: problems.append(str(error)),
    )
    for number in range(40):
        client.track("ann", "Song Played", {"number": number, "text": "x" * 32_000})
    end(client)
    assert sorted(event.properties["number"] for event in served.events()) == list(range(arrived))
    assert len(problems) == refused
    assert all("Send it in parts" in problem or "Unpacked" in problem for problem in problems)


@pytest.mark.sdk(NODE, "every call")
@pytest.mark.sdk(NODE, "packed and plain")
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.timeout(200)
def test_every_call_of_rudderstacks_node_sdk_becomes_an_event(
    served: ServedDoor, host: Host, node: str, packed: bool
) -> None:
    host.app = witness = Witness(served.door)
    told = send_by_node(node, "rudder.mjs", served.url, "every_call", gzip=packed)
    assert told == {"problems": [], "answered": ["yes"] * 7}
    events = served.events()
    assert [event.call for event in events] == CALLS
    assert events[0].properties == {"plan": "gold", "email": "ann@example.com"}
    assert (events[6].user_id, events[6].previous_id) == ("ann", "anon-1")
    assert all(event.corrections == () for event in events)
    assert all(abs(event.occurred_us - event.received_us) < 60_000_000 for event in events), "originalTimestamp is read"
    assert all(event.context["library"]["name"] == "analytics-node" for event in events)
    kinds = {(each.headers["content-type"], each.headers.get("content-encoding")) for each in witness.asked}
    assert kinds == ({("application/x-www-form-urlencoded", "gzip")} if packed else {("application/json", None)})


@pytest.mark.sdk(NODE, "waits as told")
@pytest.mark.parametrize("status", [503, 429])
@pytest.mark.timeout(200)
def test_rudderstacks_node_sdk_waits_as_long_as_retry_after_says(
    served: ServedDoor, host: Host, node: str, status: int
) -> None:
    host.app = hesitant = Hesitant(served.door, status=status, refusals=1, retry_after="2")
    assert send_by_node(node, "rudder.mjs", served.url, "one") == {"problems": [], "answered": ["yes"]}
    assert hesitant.waits_s[0] >= 1.9
    assert [event.message_id for event in served.events()] == ["only"]


@pytest.mark.sdk(NODE, "tries again")
@pytest.mark.timeout(200)
def test_rudderstacks_node_sdk_gives_up_after_three_tries_unless_told_otherwise(
    served: ServedDoor, host: Host, node: str
) -> None:
    host.app = Hesitant(served.door, status=503, refusals=5)
    assert send_by_node(node, "rudder.mjs", served.url, "one")["problems"] == ["503"]
    assert served.events() == []
    host.app = hesitant = Hesitant(served.door, status=503, refusals=5)
    told = send_by_node(node, "rudder.mjs", served.url, "one", retryCount=10)
    assert told == {"problems": [], "answered": ["yes"]}
    assert len(hesitant.asked_at) == 6


@pytest.mark.sdk(NODE, "wrong key is told")
@pytest.mark.timeout(200)
def test_a_wrong_key_is_told_to_rudderstacks_node_sdk_and_not_tried_again(served: ServedDoor, node: str) -> None:
    told = send_by_node(node, "rudder.mjs", served.url, "one", key="wk_nobody")
    assert told == {"problems": ["401"], "answered": ["no"]}
    assert served.door.stats().answers == {401: 1}
