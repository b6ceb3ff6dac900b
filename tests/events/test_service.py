"""Sources, counts, and what the console is shown of the log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # Any: JSON bodies

import pytest

from regulars.events import EventCounts, Events, Fact, Keys, worker_store
from regulars.events.live import Wanted
from regulars.events.record import AcceptedRequest, RefusedRequest, encode_entry
from regulars.events.routes import frames
from regulars.events.store import MIGRATIONS
from regulars.events.worker import Worker
from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.kernel.errors import InvalidError, NotFoundError, ShapeError
from regulars.kernel.eventlog import EventLog, open_log
from regulars.kernel.ids import CustomerId, SourceId

NOW = datetime(2026, 11, 22, 10, 0, 30, tzinfo=UTC)


@dataclass
class Room:
    """An events room with its worker, on a clock that stands still."""

    events: Events
    log: EventLog
    clock: WoundClock
    worker: Worker
    folder: Path

    def send(self, *items: dict[str, Any], source_id: str = "s1") -> None:  # Any: JSON
        body = json.dumps({"batch": items}).encode()
        request = AcceptedRequest(source_id, self.clock.now_us(), "192.0.2.1", "test", "batch", body)
        self.log.append_many([encode_entry(request)])

    def catch_up(self) -> None:
        while self.worker.run_once():
            pass


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    clock = WoundClock(NOW)
    database = Database.open(str(tmp_path / "state.db"))
    database.migrate([*MIGRATIONS, *worker_store.MIGRATIONS])
    log = open_log(tmp_path / "log", "web-0", clock=clock)
    events = Events(database=database, clock=clock, log=log, folder=tmp_path)
    worker = Worker(database=database, log=log, clock=clock, projections=[EventCounts()])
    yield Room(events, log, clock, worker, tmp_path)
    log.close()
    database.close()


def played(message_id: str, **more: Any) -> dict[str, Any]:  # Any: JSON
    return {"type": "track", "event": "Song Played", "userId": "ann", "messageId": message_id, **more}


def test_a_new_source_is_known_at_the_door_at_once(room: Room) -> None:
    keys = Keys(room.folder, room.clock)
    source = room.events.create_source("Shop front", "web")
    known = keys.source_of(source.write_key)
    assert known is not None
    assert known.name == "Shop front"


def test_a_closed_source_a_new_name_and_a_new_key_reach_the_door_within_a_second(room: Room) -> None:
    keys = Keys(room.folder, room.clock)
    source = room.events.create_source("Shop front", "web")
    assert keys.source_of(source.write_key) is not None
    changed = room.events.change_source(source.source_id, name="Front", enabled=False)
    assert (changed.name, changed.enabled) == ("Front", False)
    rotated = room.events.rotate_key(source.source_id)
    assert rotated.write_key != source.write_key
    room.clock.wind(timedelta(seconds=1))
    assert keys.source_of(source.write_key) is None
    found = keys.source_of(rotated.write_key)
    assert found is not None
    assert not found.enabled


def test_the_snapshot_of_the_keys_can_be_written_again(room: Room) -> None:
    source = room.events.create_source("Shop front", "web")
    (room.folder / "keys.json").unlink()
    room.events.publish_keys()
    assert Keys(room.folder, room.clock).source_of(source.write_key) is not None


def test_a_snapshot_that_cannot_be_read_leaves_the_door_with_what_it_knew(room: Room) -> None:
    keys = Keys(room.folder, room.clock)
    source = room.events.create_source("Shop front", "web")
    assert keys.source_of(source.write_key) is not None
    (room.folder / "keys.json").write_bytes(b"{ half of")
    room.clock.wind(timedelta(seconds=2))
    assert keys.source_of(source.write_key) is not None


def test_what_cannot_be_a_source_is_refused(room: Room) -> None:
    with pytest.raises(InvalidError, match="1 to 120 characters"):
        room.events.create_source("  ", "web")
    with pytest.raises(NotFoundError, match="no source"):
        room.events.rotate_key(SourceId("nobody"))
    with pytest.raises(NotFoundError, match="no source"):
        room.events.source(SourceId("nobody"))


def test_a_source_tells_when_it_last_sent_something_and_how_much_in_a_day(room: Room) -> None:
    source = room.events.create_source("Shop front", "web")
    assert (source.last_event_at, source.events_24h) == (None, 0)
    room.send(played("m1"), played("m2"), source_id=source.source_id)
    room.catch_up()
    found = room.events.source(source.source_id)
    assert (found.last_event_at, found.events_24h) == (NOW, 2)
    room.clock.wind(timedelta(days=1, minutes=1))
    assert room.events.source(source.source_id).events_24h == 0


def test_outcomes_are_counted_each_once(room: Room) -> None:
    room.send(played("m1"), played("m2"), played("m2"), {"type": "track"}, played("", timestamp="never"))
    room.log.append_many([encode_entry(RefusedRequest("s1", room.clock.now_us(), 413, "Too large.", "batch", b""))])
    room.send(played("m1"))
    room.catch_up()
    outcomes = room.events.traffic().outcomes
    assert (outcomes.accepted, outcomes.corrected, outcomes.duplicate, outcomes.rejected) == (2, 1, 2, 2)


def test_traffic_tells_minutes_names_and_sources_but_not_our_own_facts(room: Room) -> None:
    source = room.events.create_source("Shop front", "web")
    room.send(played("m1"), played("m2"), source_id=source.source_id)
    room.clock.wind(timedelta(minutes=1))
    room.send({"type": "page", "userId": "ann", "messageId": "m3"}, source_id=source.source_id)
    room.events.append(
        [Fact(name="Slate Shown", message_id="f1", user_id="ann", properties={}, occurred_us=room.clock.now_us())]
    )
    room.catch_up()
    traffic = room.events.traffic()
    assert [(row.minute.minute, row.count) for row in traffic.series] == [(0, 2), (1, 1)]
    assert [(row.name, row.count) for row in traffic.by_event] == [("Song Played", 2), ("Page", 1)]
    assert [(row.name, row.count) for row in traffic.by_source] == [("Shop front", 3)]


def test_the_rate_is_how_far_the_counts_moved(room: Room) -> None:
    room.events.traffic()
    for second in range(10):
        room.send(*(played(f"{second}-{number}") for number in range(50)))
        room.clock.wind(timedelta(seconds=1))
    room.catch_up()
    assert room.events.traffic().rate_per_s == 50
    room.clock.wind(timedelta(seconds=5))
    assert room.events.traffic().rate_per_s == 0


def test_calls_appended_by_a_program_are_events_like_all_others(room: Room) -> None:
    room.events.append([played("m1"), {"type": "identify", "userId": "ann", "traits": {"plan": "gold"}}])
    page = room.events.live.recent(Wanted(), cursor=None, limit=10)
    assert [line.name for line in page.items] == ["Identify", "Song Played"]


def test_a_program_that_appends_nonsense_is_told_all_of_it(room: Room) -> None:
    with pytest.raises(ShapeError, match="2 of 3 calls") as caught:
        room.events.append([{"type": "track"}, played("m1"), {"type": "sing"}])
    assert [problem[:2] for problem in caught.value.problems] == ["0:", "2:"]
    assert room.log.end("web-0") == 0


def test_recent_events_come_newest_first_page_by_page(room: Room) -> None:
    for number in range(7):
        room.send(played(f"a{number}"), played(f"b{number}"))
        room.clock.wind(timedelta(seconds=1))
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(10):
        page = room.events.live.recent(Wanted(), cursor=cursor, limit=3)
        seen += [line.event_id for line in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"web-0.{offset}.{index}" for offset in range(7, 0, -1) for index in (1, 0)]


def test_recent_events_of_several_partitions_are_merged_by_time(room: Room) -> None:
    other = open_log(room.folder / "log", "web-1", clock=room.clock)
    for number in range(4):
        log = other if number % 2 else room.log
        body = json.dumps(played(f"m{number}")).encode()
        log.append_many([encode_entry(AcceptedRequest("s1", room.clock.now_us(), "", "", "track", body))])
        room.clock.wind(timedelta(seconds=1))
    page = room.events.live.recent(Wanted(), cursor=None, limit=10)
    assert [line.event_id for line in page.items] == ["web-1.2.0", "web-0.2.0", "web-1.1.0", "web-0.1.0"]
    other.close()


def test_recent_events_can_be_filtered(room: Room) -> None:
    room.events.live.customer_of = lambda _kind, value: CustomerId("c-ann") if value == "ann" else None
    room.send(played("m1"), played("m2", userId="bob"), {"type": "page", "userId": "bob"}, {"type": "track"})

    def ids(wanted: Wanted) -> list[str]:
        return [line.event_id for line in room.events.live.recent(wanted, cursor=None, limit=10).items]

    assert ids(Wanted(name="Song Played")) == ["web-0.1.1", "web-0.1.0"]
    assert ids(Wanted(outcome="rejected")) == ["web-0.1.3"]
    assert ids(Wanted(customer="c-ann")) == ["web-0.1.0"]
    assert ids(Wanted(customer="bob")) == ["web-0.1.2", "web-0.1.1"]
    assert ids(Wanted(source_id="s2")) == []


def test_a_repeated_message_is_shown_as_a_duplicate_once_it_was_taken_in(room: Room) -> None:
    room.send(played("m1"))
    room.send(played("m1"), played("m2"))
    room.catch_up()
    page = room.events.live.recent(Wanted(), cursor=None, limit=10)
    assert [(line.event_id, line.outcome) for line in page.items] == [
        ("web-0.2.1", "accepted"),
        ("web-0.2.0", "duplicate"),
        ("web-0.1.0", "accepted"),
    ]


def test_one_event_is_shown_corrected_raw_and_with_its_request(room: Room) -> None:
    room.send(played("m1", timestamp="2026-11-22T09:00:00Z", sentAt="2026-11-22T09:55:30Z"))
    found = room.events.live.find("web-0.1.0")
    assert found.event is not None
    assert found.event.occurred_at == datetime(2026, 11, 22, 9, 5, tzinfo=UTC)
    assert found.live.outcome == "corrected"
    assert "300 s behind" in found.live.reason
    assert json.loads(found.raw)["timestamp"] == "2026-11-22T09:00:00Z"
    assert (found.request.ip, found.request.status) == ("192.0.2.1", 200)


def test_a_rejected_item_is_shown_with_its_reason_and_what_was_sent(room: Room) -> None:
    room.send({"type": "track", "event": "Song Played", "properties": {"a": 1}})
    found = room.events.live.find("web-0.1.0")
    assert found.event is None
    assert "no_user_anon_id" in found.live.reason
    assert found.live.name == "Song Played"
    assert json.loads(found.raw)["properties"] == {"a": 1}


def test_a_refused_request_is_shown_with_its_status(room: Room) -> None:
    refused = RefusedRequest(None, room.clock.now_us(), 401, "No source has this write key.", "batch", b'{"batch"')
    room.log.append_many([encode_entry(refused)])
    found = room.events.live.find("web-0.1.0")
    assert (found.request.status, found.live.outcome, found.raw) == (401, "rejected", '{"batch"')


@pytest.mark.parametrize("event_id", ["nothing", "web-0.9.0", "web-0.1.9", "web-9.1.0", "..", "web-0.x.0", "../x.1.0"])
def test_an_event_that_is_not_there_is_not_found(room: Room, event_id: str) -> None:
    room.send(played("m1"))
    with pytest.raises(NotFoundError, match="no event"):
        room.events.live.find(event_id)


def test_the_tail_shows_what_comes_after_it_began_each_once(room: Room) -> None:
    room.send(played("before"))
    tail = room.events.live.tail()
    room.send(played("m1"), played("m2"))
    room.catch_up()
    lines, skipped = tail.look(Wanted())
    assert ([line.event_id for line in lines], skipped) == (["web-0.2.0", "web-0.2.1"], 0)
    assert tail.look(Wanted()) == ([], 0)


def test_the_tail_waits_a_second_for_the_worker_and_no_longer(room: Room) -> None:
    tail = room.events.live.tail()
    room.send(played("m1"))
    assert tail.look(Wanted()) == ([], 0)
    room.clock.wind(timedelta(seconds=2))
    assert len(tail.look(Wanted())[0]) == 1


def test_a_tail_that_cannot_keep_up_says_how_many_records_it_left_out(room: Room) -> None:
    tail = room.events.live.tail()
    for number in range(250):
        room.send(played(f"m{number}"))
    room.catch_up()
    lines, skipped = tail.look(Wanted())
    assert (len(lines), skipped) == (100, 150)
    assert lines[-1].event_id == "web-0.250.0"


class Stop:
    """Stops a stream after some waits."""

    def __init__(self, waits: int) -> None:
        self.waits = waits

    @property
    def is_set(self) -> bool:
        return self.waits <= 0

    async def wait(self, _seconds: float) -> bool:
        self.waits -= 1
        return self.is_set


def test_the_live_stream_sends_events_as_they_come_and_ends_with_the_server(room: Room) -> None:
    async def collect() -> list[bytes]:
        stream = frames(room.events, Wanted(), Stop(3))
        first = await anext(stream)
        room.send(played("m1"))
        room.catch_up()
        return [first, *[frame async for frame in stream]]

    sent = asyncio.run(collect())
    assert sent[0] == b"retry: 2000\n\n"
    assert sent[1].startswith(b'event: event\ndata: {"event_id":"web-0.1.0","name":"Song Played"')
    assert len(sent) == 2


def test_a_replaced_key_opens_until_its_grace_is_over_and_then_says_what_happened(room: Room) -> None:
    keys = Keys(room.folder, room.clock)
    old = room.events.create_source("Shop front", "web")
    new = room.events.rotate_key(old.source_id, grace_days=7)
    assert new.old_keys is not None
    (shown,) = new.old_keys.keys
    assert (shown.write_key, shown.until) == (old.write_key, NOW + timedelta(days=7))
    room.clock.wind(timedelta(days=7) - timedelta(microseconds=1))
    opened = keys.source_of(old.write_key)
    assert opened is not None
    assert (opened.source_id, opened.until_us > 0) == (old.source_id, True)
    assert keys.replaced(old.write_key) is None
    room.clock.wind(timedelta(microseconds=1))
    assert keys.source_of(old.write_key) is None
    was = keys.replaced(old.write_key)
    assert was is not None
    assert was.source_id == old.source_id
    current = keys.source_of(new.write_key)
    assert current is not None
    assert current.until_us == 0
    assert room.events.source(old.source_id).old_keys is None


def test_a_key_in_the_wrong_hands_and_every_key_before_it_open_nothing_at_once(room: Room) -> None:
    keys = Keys(room.folder, room.clock)
    first = room.events.create_source("Shop front", "web")
    second = room.events.rotate_key(first.source_id, grace_days=30)
    third = room.events.rotate_key(first.source_id)
    assert [keys.source_of(key.write_key) is not None for key in (first, second, third)] == [False, False, True]
    assert third.old_keys is None


def test_the_grace_can_be_ended_and_has_an_upper_bound(room: Room) -> None:
    keys = Keys(room.folder, room.clock)
    old = room.events.create_source("Shop front", "web")
    room.events.rotate_key(old.source_id, grace_days=1)
    assert room.events.end_old_keys(old.source_id).old_keys is None
    room.clock.wind(timedelta(seconds=1))
    assert keys.source_of(old.write_key) is None
    for days in (-1, 31):
        with pytest.raises(InvalidError, match=f"0 to 30 days more, not {days}"):
            room.events.rotate_key(old.source_id, grace_days=days)
    with pytest.raises(NotFoundError):
        room.events.end_old_keys(SourceId("nobody"))


def test_what_still_comes_with_a_replaced_key_is_counted_apart(room: Room) -> None:
    source = room.events.create_source("Shop front", "web")
    room.events.rotate_key(source.source_id, grace_days=1)
    body = json.dumps({"batch": [played("m1"), played("m2")]}).encode()
    request = AcceptedRequest(source.source_id, room.clock.now_us(), "", "", "batch", body, 32_768, old_key=True)
    room.log.append_many([encode_entry(request)])
    room.send(played("m3"), source_id=source.source_id)
    room.catch_up()
    shown = room.events.source(source.source_id)
    assert shown.events_24h == 3
    assert shown.old_keys is not None
    assert (shown.old_keys.events_24h, shown.old_keys.last_event_at) == (2, NOW)


def test_whether_a_source_may_keep_a_cookie_reaches_the_door(room: Room) -> None:
    keys = Keys(room.folder, room.clock)
    source = room.events.create_source("Shop front", "web")
    assert not source.cookie
    assert room.events.change_source(source.source_id, cookie=True).cookie
    known = keys.source_of(source.write_key)
    assert known is not None
    assert known.cookie
    assert not room.events.change_source(source.source_id, cookie=False).cookie
