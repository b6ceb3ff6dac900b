"""What the door refuses is on record: whole where there is room, and in a count always."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # Any: ASGI's own dicts, JSON

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.events.decode import DecodedRequest, read_request
from regulars.events.door import Door
from regulars.events.keys import KeyedSource, Keys, write_keys
from regulars.events.record import RefusedRequest
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import DiskFullError
from regulars.kernel.eventlog import EventLog, open_log
from regulars.kernel.ids import SourceId
from regulars.kernel.settings import EventsSettings

NOW = datetime(2026, 11, 22, 10, 0, 30, tzinfo=UTC)
KEY = "wk_open"


class Full:
    """A log that takes nothing while `is_full`; everything else is the real one."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.is_full = False

    async def append(self, payload: bytes) -> int:
        if self.is_full:
            raise DiskFullError("Nothing more can be written to the log.")
        return await self._log.append(payload)


class Desk:
    """A door in this very thread, on a clock that is wound."""

    def __init__(self, folder: Path, settings: EventsSettings | None = None) -> None:
        write_keys(
            folder,
            [
                KeyedSource(SourceId("s1"), "Shop front", "web", KEY, True),
                KeyedSource(SourceId("s2"), "Old app", "ios", "wk_closed", False),
            ],
        )
        self.clock = WoundClock(NOW)
        self.log = open_log(folder / "log", "web-0", clock=self.clock)
        self.disk = Full(self.log)
        self.settings = settings or EventsSettings()
        self.door = Door(self.disk, Keys(folder, self.clock), self.clock, self.settings)  # type: ignore[arg-type] # only what the door uses
        self.loop = asyncio.new_event_loop()

    def post(self, body: Any, path: str = "/v1/batch", key: str = KEY) -> int:  # Any: JSON, or bytes as they are
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.loop.run_until_complete(self.answer(raw, path, key))

    async def answer(self, raw: bytes, path: str, key: str) -> int:
        status: list[int] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                status.append(message["status"])

        headers = [(b"authorization", f"Bearer {key}".encode())] if key else []
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
        await self.door({**scope, "client": ("192.0.2.7", 1)}, receive, send)
        return status[0]

    def settle(self) -> None:
        self.loop.run_until_complete(self.door.close())

    def requests(self) -> list[DecodedRequest]:
        return [read_request(record) for record in self.log.read("web-0", after=0, records_max=100_000)]

    def refused(self) -> list[RefusedRequest]:
        return [request.refused for request in self.requests() if request.refused is not None]

    def close(self) -> None:
        self.loop.close()
        self.log.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


@pytest.fixture
def tight(tmp_path: Path) -> Iterator[Desk]:
    """Return a door that keeps no bodies at all."""
    desk = Desk(tmp_path, EventsSettings(refused_bytes_per_s=0))
    yield desk
    desk.close()


def track(**more: Any) -> dict[str, Any]:  # Any: JSON
    return {"type": "track", "event": "Song Played", "messageId": "m1", **more}


def test_what_a_known_source_sent_is_kept_whole_and_byte_for_byte(desk: Desk) -> None:
    body = b'{"batch": [' + b" " * 100_000 + b"oops"
    assert desk.post(body) == 400
    (refused,) = desk.refused()
    assert (refused.body_head, refused.whole, refused.body_bytes) == (body, True, len(body))
    assert (refused.source_id, refused.code, refused.requests) == ("s1", "not_json", 1)


def test_of_a_stranger_only_a_short_head_is_kept(desk: Desk) -> None:
    body = json.dumps({"batch": [track(userId="ann", properties={"filler": "x" * 5_000})]}).encode()
    assert desk.post(body, key="wk_nobody") == 401
    (refused,) = desk.refused()
    assert (refused.body_head, refused.whole, refused.body_bytes) == (body[:256], False, len(body))
    assert (refused.source_id, refused.code) == (None, "wrong_key")


def test_a_request_above_the_limit_keeps_as_much_as_the_limit(desk: Desk) -> None:
    body = json.dumps({"batch": [track(userId="ann")], "padding": "x" * 600_000}).encode()
    assert desk.post(body) == 413
    (refused,) = desk.refused()
    assert (refused.body_head, refused.whole) == (body[: desk.settings.batch_bytes_max], False)
    assert (refused.body_bytes, refused.code) == (len(body), "request_too_large")


@pytest.mark.parametrize(
    ("body", "path", "key", "code", "events", "name"),
    [
        (track(), "/v1/track", KEY, "no_user_anon_id", 1, "Song Played"),
        (track(userId="ann", properties=5), "/v1/t", KEY, "not_object_part", 1, "Song Played"),
        ({"userId": "x" * 600}, "/v1/page", KEY, "identifier_too_long", 1, "Page"),
        (track(userId="ann", p="x" * 40_000), "/v1/track", KEY, "event_too_large", 1, ""),
        ({"batch": [track(userId="ann")] * 3}, "/v1/batch", "", "no_key", 3, ""),
        ({"batch": [track(userId="ann")] * 3}, "/v1/batch", "wk_closed", "source_closed", 3, ""),
        ({"batch": [track(userId="ann")] * 2_501}, "/v1/batch", KEY, "too_many_events", 2_501, ""),
        ({"batch": 5}, "/v1/batch", KEY, "no_batch", 1, ""),
        (b"\x1f\x8b no gzip", "/v1/batch", KEY, "wrong_encoding", 1, ""),
    ],
)
def test_each_refusal_has_its_code_and_counts_what_stood_in_it(
    desk: Desk, body: Any, path: str, key: str, code: str, events: int, name: str
) -> None:
    assert desk.post(body, path, key) in {400, 401, 403, 413}
    (refused,) = desk.refused()
    assert (refused.code, refused.events, refused.name) == (code, events, name)


def test_a_key_that_stands_only_in_a_broken_body_tells_whose_it_is(desk: Desk) -> None:
    assert desk.post(b'{"writeKey": "wk_open", "batch": [{"event": ', key="") == 400
    (refused,) = desk.refused()
    assert (refused.source_id, refused.code) == ("s1", "not_json")


def test_beyond_the_budget_every_refusal_is_still_counted(tight: Desk) -> None:
    for _ in range(300):
        tight.post(track(), "/v1/track")
    for _ in range(200):
        tight.post({"batch": [track()] * 7}, key="wk_nobody")
    assert tight.refused() == []
    tight.settle()
    found = {(one.source_id, one.code): (one.requests, one.events) for one in tight.refused()}
    assert found == {("s1", "no_user_anon_id"): (300, 300), (None, "wrong_key"): (200, 1_400)}
    assert all((one.body_head, one.whole) == (b"", False) for one in tight.refused())


def test_the_budget_fills_up_again_with_time(desk: Desk) -> None:
    body = b'{"batch": [' + b" " * 400_000
    kept = 0
    while desk.post(body) == 400 and desk.refused()[-1:] and len(desk.refused()) > kept:
        kept = len(desk.refused())
    assert 2 <= kept <= 5
    desk.clock.wind(timedelta(seconds=21))
    desk.post(body)
    assert len([one for one in desk.refused() if one.whole]) == kept + 1


def test_counts_follow_by_themselves_within_a_second(tight: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    due: list[Callable[[], None]] = []

    def call_later(_delay: float, begin: Callable[[], None]) -> asyncio.Handle:
        due.append(begin)
        return tight.loop.call_soon(int)

    monkeypatch.setattr(tight.loop, "call_later", call_later)
    tight.post(track(), "/v1/track")
    tight.post(track(), "/v1/track")
    assert len(due) == 1

    async def a_second_later() -> None:
        due.pop()()
        settling = tight.door._refusals._settling
        assert settling is not None
        await settling

    tight.loop.run_until_complete(a_second_later())
    assert [one.requests for one in tight.refused()] == [2]


def test_refusals_of_two_minutes_are_counted_in_their_own_minute(tight: Desk) -> None:
    tight.post(track(), "/v1/track")
    tight.clock.wind(timedelta(seconds=30))
    tight.post(track(), "/v1/track")
    tight.settle()
    assert [one.received_us // 60_000_000 % 60 for one in tight.refused()] == [0, 1]


def test_what_a_full_disk_turns_away_is_counted_as_soon_as_there_is_room(desk: Desk) -> None:
    desk.disk.is_full = True
    assert desk.post({"batch": [track(userId="ann")] * 5}) == 503
    assert desk.post(track(), "/v1/track") == 400
    desk.settle()
    assert desk.requests() == []
    desk.disk.is_full = False
    desk.settle()
    assert {(one.code, one.events) for one in desk.refused()} == {("disk_full", 5), ("no_user_anon_id", 1)}


def test_the_metrics_of_the_sdk_are_no_events(desk: Desk) -> None:
    assert desk.post(b"x" * 600_000, "/v1/m") == 413
    desk.settle()
    assert desk.refused() == []


sendings = st.lists(
    st.tuples(
        st.lists(st.sampled_from([track(userId="ann"), track(), {"type": "sing"}, 5]), min_size=1, max_size=4),
        st.sampled_from([KEY, "wk_closed", "wk_nobody", ""]),
        st.booleans(),
    ),
    max_size=30,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sendings=sendings, bytes_per_s=st.sampled_from([0, 10, 20_000]))
def test_whatever_is_sent_the_record_adds_up_to_it(
    tmp_path_factory: pytest.TempPathFactory, sendings: list[tuple[list[Any], str, bool]], bytes_per_s: int
) -> None:
    desk = Desk(tmp_path_factory.mktemp("door"), EventsSettings(refused_bytes_per_s=bytes_per_s))
    for items, key, is_full in sendings:
        desk.disk.is_full = is_full
        desk.post({"batch": items}, key=key)
    desk.disk.is_full = False
    desk.settle()
    requests = desk.requests()
    taken = sum(len(request.events) + len(request.rejected) for request in requests)
    refused = sum(request.refused.events for request in requests if request.refused is not None)
    assert taken + refused == sum(len(items) for items, _, _ in sendings)
    desk.close()
