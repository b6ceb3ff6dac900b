"""The SDKs that shops already use, unchanged, against a door that listens."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # Any: ASGI's dicts and JSON

import pytest
from segment.analytics.client import Client
from tests.events.conftest import OPEN_KEY, Host, ServedDoor

NODE_FOLDER = Path(__file__).parent / "node"
INSTALL_WAIT_S = 120
SEND_WAIT_S = 60


@pytest.fixture(scope="session")
def node() -> str:
    """Return a node that can run Segment's SDK; installs it where it is missing."""
    program, installer = shutil.which("node"), shutil.which("npm")
    if program is None or installer is None:
        pytest.skip("no Node.js on this machine: run by `make test`, which brings one")
    if not (NODE_FOLDER / "node_modules" / "@segment").is_dir():
        done = subprocess.run(
            [installer, "ci", "--no-audit", "--no-fund", "--silent"],
            cwd=NODE_FOLDER, timeout=INSTALL_WAIT_S, check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            pytest.skip(f"@segment/analytics-node cannot be installed here: {done.stderr[-300:]}")
    return program


def send_by_node(node: str, url: str, what: str) -> list[str]:
    """Send by Segment's Node SDK and return the problems that it told."""
    done = subprocess.run(
        [node, "send.mjs", url, OPEN_KEY, what],
        cwd=NODE_FOLDER, timeout=SEND_WAIT_S, check=True, capture_output=True, text=True,
    )  # fmt: skip
    problems: list[str] = json.loads(done.stdout)["problems"]
    return problems


@pytest.mark.timeout(200)
def test_every_call_of_segments_node_sdk_becomes_an_event(served: ServedDoor, node: str) -> None:
    assert send_by_node(node, served.url, "every_call") == []
    events = [event for request in served.requests() for event in request.events]
    assert [event.call for event in events] == ["identify", "track", "track", "page", "screen", "group", "alias"]
    assert not any(request.rejected for request in served.requests())
    assert events[0].properties == {"plan": "gold", "email": "ann@example.com"}
    assert (events[3].name, events[3].properties["name"]) == ("Page", "Home")
    assert (events[6].user_id, events[6].previous_id) == ("ann", "anon-1")
    assert all(event.message_id.startswith("node-next-") for event in events)
    assert all(event.context["library"]["name"] == "@segment/analytics-node" for event in events)
    assert all(event.corrections == () for event in events)


@pytest.mark.timeout(200)
def test_many_events_of_the_node_sdk_arrive_each_once_and_in_order(served: ServedDoor, node: str) -> None:
    assert send_by_node(node, served.url, "many") == []
    events = [event for request in served.requests() for event in request.events]
    assert sorted(event.properties["number"] for event in events) == list(range(95))


class Hesitant:
    """Stands before the door and says "not now" at first, as a full disk would."""

    def __init__(self, door: Any, *, status: int, refusals: int, retry_after_s: int) -> None:  # Any: an ASGI app
        self._status = status
        self.asked_at: list[float] = []
        self._door = door
        self._refusals = refusals
        self._retry_after_s = retry_after_s

    async def __call__(
        self,
        scope: Any,  # Any, here and below: ASGI's own dicts
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        self.asked_at.append(time.monotonic())
        if len(self.asked_at) > self._refusals:
            await self._door(scope, receive, send)
            return
        headers = [(b"retry-after", b"%d" % self._retry_after_s), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


@pytest.mark.timeout(200)
def test_the_node_sdk_waits_as_long_as_retry_after_says_and_loses_nothing(
    served: ServedDoor, host: Host, node: str
) -> None:
    host.app = hesitant = Hesitant(served.door, status=429, refusals=1, retry_after_s=2)
    assert send_by_node(node, served.url, "one") == []
    assert hesitant.asked_at[1] - hesitant.asked_at[0] >= 1.9
    assert [event.message_id for request in served.requests() for event in request.events] == ["only"]


@pytest.mark.timeout(200)
def test_the_node_sdk_sends_again_what_a_full_disk_refused(served: ServedDoor, host: Host, node: str) -> None:
    host.app = hesitant = Hesitant(served.door, status=503, refusals=2, retry_after_s=1)
    assert send_by_node(node, served.url, "one") == []
    assert len(hesitant.asked_at) == 3
    assert [event.message_id for request in served.requests() for event in request.events] == ["only"]


def python_client(url: str, **more: Any) -> Client:  # Any: the SDK's own options
    return Client(OPEN_KEY, host=url, upload_interval=0.05, timeout=10, **more)


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
    events = [event for request in served.requests() for event in request.events]
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


def test_the_python_sdk_waits_as_long_as_retry_after_says_and_loses_nothing(served: ServedDoor, host: Host) -> None:
    host.app = hesitant = Hesitant(served.door, status=503, refusals=2, retry_after_s=1)
    client = python_client(served.url)
    client.track("ann", "Song Played", {}, message_id="only")
    client.flush()
    client.shutdown()
    waits = [after - before for before, after in zip(hesitant.asked_at, hesitant.asked_at[1:], strict=False)]
    assert len(waits) == 2
    assert all(wait >= 0.95 for wait in waits)
    assert [event.message_id for request in served.requests() for event in request.events] == ["only"]


def test_a_wrong_key_is_told_to_the_python_sdk(served: ServedDoor) -> None:
    problems: list[str] = []
    client = Client(
        "wk_nobody", host=served.url, max_retries=1, on_error=lambda error, _batch: problems.append(str(error))
    )
    client.track("ann", "Song Played", {})
    client.flush()
    client.shutdown()
    assert len(problems) == 1
    assert served.door.stats().answers == {401: 1}
