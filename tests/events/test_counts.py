"""What became of everything, and why: counts that add up, on each engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # Any: JSON

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.events import EventCounts, Events, store, worker_store
from regulars.events.counts import Outcomes
from regulars.events.record import AcceptedRequest, RefusedRequest, encode_entry
from regulars.events.worker import Worker
from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.kernel.eventlog import EventLog, open_log

NOW = datetime(2026, 11, 22, 10, 0, 30, tzinfo=UTC)


@dataclass
class Room:
    """An events room whose worker counts."""

    events: Events
    log: EventLog
    clock: WoundClock
    worker: Worker
    database: Database

    def send(self, *items: object, source_id: str = "s1", **more: object) -> None:
        body = json.dumps({"batch": items, **more}).encode()
        entry = AcceptedRequest(source_id, self.clock.now_us(), "", "", "batch", body)
        self.log.append_many([encode_entry(entry)])

    def refuse(self, source_id: str | None, code: str, *, events: int = 1, requests: int = 1, name: str = "") -> None:
        entry = RefusedRequest(
            source_id,
            self.clock.now_us(),
            400,
            "No.",
            "batch",
            b"",
            code=code,
            events=events,
            requests=requests,
            name=name,
        )
        self.log.append_many([encode_entry(entry)])

    def catch_up(self) -> None:
        while self.worker.run_once():
            pass

    def told(self, **asked: Any) -> dict[tuple[str, str, str], int]:  # Any: as `reasons` takes it
        rows = self.events.counts.reasons(**asked).reasons
        return {(row.source_name or row.source_id, row.outcome, row.reason): row.events for row in rows}


@pytest.fixture
def room(tmp_path: Path, database: Database) -> Iterator[Room]:
    yield from opened(tmp_path, database)


def opened(folder: Path, database: Database) -> Iterator[Room]:
    clock = WoundClock(NOW)
    database.migrate([*store.MIGRATIONS, *worker_store.MIGRATIONS])
    log = open_log(folder / "log", "web-0", clock=clock)
    events = Events(database=database, clock=clock, log=log, folder=folder)
    worker = Worker(database=database, log=log, clock=clock, projections=[EventCounts()])
    yield Room(events, log, clock, worker, database)
    log.close()


def played(message_id: str, **more: object) -> dict[str, object]:
    return {"type": "track", "event": "Song Played", "userId": "ann", "messageId": message_id, **more}


def test_every_reason_is_counted_by_source_and_adds_up(room: Room) -> None:
    source = room.events.create_source("Shop front", "web")
    room.send(played("m1"), played("m2"), played("m2"), played("", timestamp="never"), source_id=source.source_id)
    room.send({"type": "track", "event": "Song Played"}, {"type": "sing"}, source_id=source.source_id)
    room.refuse(source.source_id, "too_many_events", events=2_600)
    room.refuse(None, "wrong_key", events=9, requests=3)
    room.catch_up()
    assert room.told() == {
        ("Shop front", "rejected", "too_many_events"): 2_600,
        ("", "rejected", "wrong_key"): 9,
        ("Shop front", "corrected", "timestamp_unreadable"): 1,
        ("Shop front", "corrected", "message_id_missing"): 1,
        ("Shop front", "duplicate", "duplicate"): 1,
        ("Shop front", "rejected", "no_user_anon_id"): 1,
        ("Shop front", "rejected", "type_missing"): 1,
    }
    whole = Outcomes(accepted=2, corrected=1, duplicate=1, rejected=2_611)
    assert room.events.counts.reasons().outcomes == whole == room.events.traffic().outcomes
    assert sum(room.events.counts.totals().values()) == 2 + 1 + 1 + 2_611


def test_reasons_of_one_source_and_of_nobody_can_be_asked_for(room: Room) -> None:
    room.send(played("m1"), {"type": "sing"})
    room.send({"type": "track", "userId": "ann"}, source_id="s2")
    room.refuse(None, "wrong_key")
    room.catch_up()
    assert room.told(source_id="s1") == {("s1", "rejected", "type_missing"): 1}
    assert room.told(source_id="") == {("", "rejected", "wrong_key"): 1}
    assert room.events.counts.reasons(source_id="s1").outcomes == Outcomes(accepted=1, rejected=1)


def test_a_reason_tells_the_names_of_its_events_most_first_and_when_it_was_last(room: Room) -> None:
    bad = [{"type": "track", "event": name} for name in ("Song Played", "Song Liked", "Song Played")]
    room.send(*bad)
    room.clock.wind(timedelta(minutes=7))
    room.send({"type": "page"})
    room.catch_up()
    (row,) = room.events.counts.reasons().reasons
    assert row.names == ["Song Played", "Page", "Song Liked"]
    assert (row.events, row.last_at) == (4, datetime(2026, 11, 22, 10, 7, tzinfo=UTC))


def test_the_course_over_time_is_cut_into_steps_and_forgets_what_is_before_the_span(room: Room) -> None:
    for _ in range(4):
        room.send({"type": "sing"}, {"type": "track", "event": "x"})
        room.clock.wind(timedelta(minutes=30))
    room.catch_up()
    told = room.events.counts.reasons(span="1h")
    assert told.step_s == 60
    assert [(step.at.hour, step.at.minute, step.events) for step in told.series if step.reason == "type_missing"] == [
        (11, 30, 1)
    ]
    day = room.events.counts.reasons(span="24h")
    assert sum(step.events for step in day.series) == 8
    assert {step.reason for step in day.series} == {"type_missing", "no_user_anon_id"}
    assert room.events.counts.reasons(span="24h", outcome="duplicate").series == []


def test_old_counts_are_forgotten_and_what_came_since_ever_is_not(room: Room) -> None:
    room.send({"type": "sing"}, played("m1"))
    room.catch_up()
    with room.database.write() as connection:
        assert store.forget_counts(connection, room.clock.now_us() // 60_000_000 + 1) == 3
    assert room.told() == {}
    assert room.events.counts.totals() == {("s1", "accepted", ""): 1, ("s1", "rejected", "type_missing"): 1}


def test_beyond_a_hundred_sources_the_smaller_are_measured_together(room: Room) -> None:
    for number in range(120):
        room.send(*(played(f"m{item}") for item in range(1 if number % 2 else 3)), source_id=f"s{number:03}")
    room.refuse(None, "wrong_key", events=5)
    room.catch_up()
    totals = room.events.counts.totals()
    assert len({source for source, _, _ in totals}) == 101
    assert sum(totals.values()) == 60 * 3 + 60 + 5
    assert totals["unknown", "rejected", "wrong_key"] == 5


items = st.sampled_from([played("m1"), played("m2"), played(""), played("m3", timestamp="x"), {"type": "sing"}, 5])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=st.lists(st.tuples(st.lists(items, max_size=5), st.integers(0, 3)), max_size=8))
def test_accepted_corrected_duplicate_and_rejected_are_all_that_was_sent(
    tmp_path_factory: pytest.TempPathFactory, requests: list[tuple[list[object], int]]
) -> None:
    folder = tmp_path_factory.mktemp("room")
    database = Database.open(str(folder / "state.db"))
    for room in opened(folder, database):
        for batch, refused in requests:
            room.send(*batch)
            if refused:
                room.refuse(None, "wrong_key", events=refused)
            room.catch_up()
        outcomes = room.events.counts.reasons().outcomes
        counted = outcomes.accepted + outcomes.corrected + outcomes.duplicate + outcomes.rejected
        assert counted == sum(len(batch) + refused for batch, refused in requests)
        assert counted == sum(room.events.counts.totals().values())
    database.close()
