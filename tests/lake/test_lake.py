"""History holds each event once, whatever dies when; it is asked, merged and made to forget."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.kernel.errors import UnavailableError
from regulars.kernel.files import Files
from regulars.lake import Forgotten, Lake, LakeRow

MakeRow = Callable[..., LakeRow]
DAY_US = 86_400_000_000


def stage(lake: Lake, database: Database, clock: WoundClock, rows: list[LakeRow]) -> None:
    with database.write() as connection:
        lake.stage(connection, rows, clock.now_us())


def event_ids(lake: Lake) -> list[str]:
    return sorted(lake.query(lake.events().select("event_id")).column("event_id").to_pylist())


def test_an_empty_lake_answers(lake: Lake) -> None:
    assert event_ids(lake) == []
    assert lake.flush() == 0
    assert not lake.flush_is_due()
    assert lake.summary().first_day is None


def test_an_event_is_seen_before_and_after_it_is_written(
    lake: Lake, database: Database, clock: WoundClock, make_row: MakeRow
) -> None:
    stage(lake, database, clock, [make_row(1), make_row(2)])
    assert event_ids(lake) == ["event-1", "event-2"]
    assert lake.flush() == 2
    assert event_ids(lake) == ["event-1", "event-2"]
    stage(lake, database, clock, [make_row(3)])
    assert event_ids(lake) == ["event-1", "event-2", "event-3"]
    summary = lake.summary()
    assert (summary.files, summary.events, summary.waiting_events) == (1, 2, 1)


def test_every_field_comes_back_as_it_went(
    lake: Lake, database: Database, clock: WoundClock, make_row: MakeRow
) -> None:
    odd = make_row(
        1,
        user_id="王小明'\\",
        previous_id="",
        group_id="g",
        properties='{"title":"梅干し \U0001f351","price":1e300}'.encode(),
        occurred_us=-1,
        original_us=-(2**40),
        sent_us=2**50,
        index=3,
    )
    stage(lake, database, clock, [odd])
    before = lake.query(lake.events()).to_pylist()
    lake.flush()
    after = lake.query(lake.events()).to_pylist()
    assert before == after
    assert {name: after[0][name] for name in ("user_id", "previous_id", "original_us", "sent_us", "index")} == {
        "user_id": "王小明'\\",
        "previous_id": "",
        "original_us": -(2**40),
        "sent_us": 2**50,
        "index": 3,
    }
    assert after[0]["properties"] == '{"title":"梅干し \U0001f351","price":1e300}'
    assert after[0]["occurred_at"].isoformat() == "1969-12-31T23:59:59.999999"


def test_a_flush_is_due_when_enough_waits_or_long_enough(
    lake: Lake, database: Database, clock: WoundClock, make_row: MakeRow
) -> None:
    stage(lake, database, clock, [make_row(number) for number in range(99)])
    assert not lake.flush_is_due()
    clock.wind(timedelta(seconds=60))
    assert lake.flush_is_due()
    lake.flush()
    assert not lake.flush_is_due()
    stage(lake, database, clock, [make_row(number) for number in range(100, 200)])
    assert lake.flush_is_due()


def test_each_day_has_files_of_its_own(
    lake: Lake, database: Database, clock: WoundClock, files: Files, make_row: MakeRow
) -> None:
    stage(lake, database, clock, [make_row(day, occurred_us=day * DAY_US + 5) for day in (0, 1, 1, 20_000)])
    lake.flush()
    assert [path.split("/")[2] for path in files.list("lake")] == [
        "date=1970-01-01",
        "date=1970-01-02",
        "date=2024-10-04",
    ]


class Killed(BaseException):
    """Stands for kill -9: nothing after it runs."""


class DyingFiles(Files):
    """Files that die, or lose power half way, at the n-th step."""

    def __init__(self, root: str, deaths: random.Random) -> None:
        super().__init__(root)
        self.deaths = deaths

    def _perhaps(self) -> None:
        if self.deaths.random() < 0.25:
            raise Killed

    def put_atomic(self, path: str, content: bytes) -> None:
        self._perhaps()
        super().put_atomic(path, content)
        self._perhaps()

    def delete(self, path: str) -> None:
        self._perhaps()
        super().delete(path)


class DyingDatabase:
    """A database whose process dies around the n-th commit."""

    def __init__(self, database: Database, deaths: random.Random) -> None:
        self._database, self._deaths = database, deaths
        self.read = database.read

    def write(self, *, lock: str | None = None):  # type: ignore[no-untyped-def]  # as Database.write
        if self._deaths.random() < 0.15:
            raise Killed
        return self._database.write(lock=lock)


@pytest.mark.parametrize("seed", range(3))
def test_no_death_at_any_instant_loses_or_doubles_an_event(
    lake: Lake, database: Database, clock: WoundClock, files: Files, make_row: MakeRow, seed: int
) -> None:
    deaths = random.Random(seed)
    dying = Lake(
        DyingDatabase(database, deaths),  # type: ignore[arg-type]  # it is one, but for dying
        clock,
        DyingFiles(files.root_url, deaths),
        lake._settings,
    )
    expected: list[str] = []
    died = number = 0
    for _ in range(20):
        rows = [make_row(number + i, occurred_us=(number + i) % 3 * DAY_US) for i in range(deaths.randint(1, 9))]
        number += len(rows)
        stage(lake, database, clock, rows)
        expected += [row.event_id for row in rows]
        work = deaths.choice([dying.flush, dying.flush, dying.compact, dying.sweep])
        try:
            work()
        except Killed:
            died += 1
        clock.wind(timedelta(minutes=20))
        assert event_ids(lake) == sorted(expected)
    assert died > 3
    lake.flush()
    lake.compact()
    clock.wind(timedelta(hours=2))
    lake.sweep()
    assert event_ids(lake) == sorted(expected)
    assert len(files.list("lake")) == lake.summary().files


def test_two_flushes_at_once_write_each_event_once(
    lake: Lake, database: Database, clock: WoundClock, files: Files, make_row: MakeRow
) -> None:
    class Overtaken(Files):
        def put_atomic(self, path: str, content: bytes) -> None:
            super().put_atomic(path, content)
            if overtakers:
                overtakers.pop().flush()

    overtakers = [lake]
    slow = Lake(database, clock, Overtaken(files.root_url), lake._settings)
    stage(lake, database, clock, [make_row(1), make_row(2)])
    assert slow.flush() == 0
    assert event_ids(lake) == ["event-1", "event-2"]
    assert len(files.list("lake")) == 1


def test_small_files_of_a_day_are_merged_and_their_bytes_go_after_a_while(
    lake: Lake, database: Database, clock: WoundClock, files: Files, make_row: MakeRow
) -> None:
    for number in range(8):
        stage(lake, database, clock, [make_row(number)])
        lake.flush()
    before = lake.query(lake.events().order_by("offset")).to_pylist()
    assert lake.compact() == 7
    assert lake.compact() == 0
    assert lake.summary().files == 1
    assert len(files.list("lake")) == 9  # a query that began before may go on reading
    clock.wind(timedelta(minutes=11))
    assert lake.sweep() == 8
    assert len(files.list("lake")) == 1
    assert lake.query(lake.events().order_by("offset")).to_pylist() == before


def test_a_file_left_by_a_crash_is_removed_when_it_is_surely_nobodys(
    lake: Lake, clock: WoundClock, files: Files
) -> None:
    from regulars.kernel.ids import new_id

    files.put_atomic(f"lake/events/date=2026-10-01/1-1-{new_id(clock.now_us())}.parquet", b"half a fi")
    files.put_atomic("lake/events/date=2026-10-01/notes.txt", b"somebody else's")
    assert event_ids(lake) == []
    assert lake.sweep() == 0
    clock.wind(timedelta(hours=1))
    assert lake.sweep() == 1
    assert files.list("lake") == ["lake/events/date=2026-10-01/notes.txt"]


def test_a_missing_file_is_told_in_a_sentence(
    lake: Lake, database: Database, clock: WoundClock, files: Files, make_row: MakeRow
) -> None:
    stage(lake, database, clock, [make_row(1)])
    lake.flush()
    files.delete("lake")
    with pytest.raises(UnavailableError, match="missing or damaged"):
        event_ids(lake)


def test_erasing_leaves_nothing_of_somebody_in_rows_or_bytes(
    lake: Lake, database: Database, clock: WoundClock, files: Files, make_row: MakeRow
) -> None:
    anns = [
        make_row(1, user_id="ann-the-erased", anonymous_id="a1"),
        make_row(2, user_id=None, anonymous_id="a1"),
        make_row(3, call="alias", user_id="ann2", previous_id="ann-the-erased", anonymous_id=None),
    ]
    others = [make_row(4, user_id="bob", anonymous_id="a1"), make_row(5, user_id=None, anonymous_id="b1")]
    for number in range(4):
        stage(lake, database, clock, [*anns, *others] if number == 1 else [make_row(10 + number)])
        lake.flush()
    lake.compact()
    stage(lake, database, clock, anns)
    stage(lake, database, clock, [*anns, make_row(20)])
    gone = Forgotten(user_ids=frozenset({"ann-the-erased"}), anonymous_ids=frozenset({"a1"}))
    assert lake.erase(gone) == 9
    assert lake.erase(gone) == 0
    assert event_ids(lake) == ["event-10", "event-12", "event-13", "event-20", "event-4", "event-5"]
    assert all(b"ann-the-erased" not in files.read(path) for path in files.list("lake"))
    with database.read() as connection:
        bodies = connection.execute(text("SELECT body FROM lake_pending")).scalars().all()
    assert all(b"ann-the-erased" not in bytes(body) for body in bodies)


def test_erasing_takes_the_facts_of_our_own_that_name_somebody(
    lake: Lake, database: Database, clock: WoundClock, make_row: MakeRow
) -> None:
    ann, bob = b'{"kept":"0199-ann","absorbed":"x"}', b'{"customer_id":"0199-bob"}'
    nameless = {"source_id": "regulars", "anonymous_id": None}
    rows = [
        make_row(1, **nameless, properties=ann),
        make_row(2, **nameless, properties=bob),
        make_row(3, properties=ann),  # somebody's own words in their own event are not our facts
    ]
    gone = Forgotten(customer_ids=frozenset({"0199-ann"}))
    stage(lake, database, clock, rows)
    lake.flush()
    stage(lake, database, clock, rows)
    assert lake.erase(gone) == 2
    assert event_ids(lake) == ["event-2", "event-2", "event-3", "event-3"]


def test_erasing_while_a_flush_is_under_way_leaves_nothing(
    lake: Lake, database: Database, clock: WoundClock, files: Files, make_row: MakeRow
) -> None:
    gone = Forgotten(user_ids=frozenset({"ann"}))

    class Interrupted(Files):
        def put_atomic(self, path: str, content: bytes) -> None:
            super().put_atomic(path, content)
            if erasures:
                assert lake.erase(erasures.pop()) == 1

    erasures = [gone]
    stage(lake, database, clock, [make_row(1, user_id="ann"), make_row(2, user_id="bob")])
    Lake(database, clock, Interrupted(files.root_url), lake._settings).flush()
    assert event_ids(lake) == ["event-2"]


@pytest.mark.parametrize("seed", range(2))
def test_erasing_may_die_and_be_done_again(
    lake: Lake, database: Database, clock: WoundClock, files: Files, make_row: MakeRow, seed: int
) -> None:
    for number in range(5):
        people = ["ann", "bob"]
        stage(lake, database, clock, [make_row(number * 2 + i, user_id=people[i]) for i in range(2)])
        lake.flush()
    deaths = random.Random(seed)
    dying = Lake(
        DyingDatabase(database, deaths),  # type: ignore[arg-type]  # it is one, but for dying
        clock,
        DyingFiles(files.root_url, deaths),
        lake._settings,
    )
    for _ in range(200):
        try:
            dying.erase(Forgotten(user_ids=frozenset({"ann"})))
            break
        except Killed:
            continue
    clock.wind(timedelta(hours=2))
    lake.sweep()
    users = lake.query(lake.events().select("user_id")).column("user_id").to_pylist()
    assert sorted(users) == ["bob"] * 5
    assert len(files.list("lake")) == 5
