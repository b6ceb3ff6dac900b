"""Questions to the dead letters, on each engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any  # Any: the parts of a letter

import pytest

from regulars.events import worker_store
from regulars.events.core import Position
from regulars.events.letters import store
from regulars.events.letters.core import Fault, Wanted
from regulars.events.worker_store import DeadLetter
from regulars.kernel.database import Database
from regulars.kernel.sayings import Saying, read

NEWEST = 1 << 62


def letter(place: int, **more: Any) -> DeadLetter:
    plain = DeadLetter(
        0, f"web-0.{place}.0", "s1", f"m{place}", "ann", "x1", "web-0", place, 0, 9, "decode", "No.", b"",
        "type_missing", "Song Played", place * 1_000_000,
    )  # fmt: skip
    return plain._replace(**more)


@pytest.fixture
def tables(database: Database) -> Database:
    database.migrate(worker_store.MIGRATIONS)
    return database


def bury(database: Database, *letters: DeadLetter) -> None:
    with database.write() as connection:
        worker_store.bury(connection, *letters)


def places(database: Database, wanted: Wanted, *identifiers: tuple[str, str]) -> list[int]:
    with database.read() as connection:
        rows = store.letters(connection, store.query_of(wanted, identifiers), before=NEWEST, rows_max=100)
    return [row.letter.record_offset for row in rows]


def test_a_place_is_buried_once_and_what_stopped_it_makes_another_letter(tables: Database) -> None:
    bury(tables, letter(1), letter(2, item_index=None, event_id=None))
    bury(tables, letter(1, reason="Again."), letter(2, item_index=None), letter(1, projection="plan"))
    assert places(tables, Wanted()) == [1, 2, 1]


def test_every_condition_and_all_of_them_together(tables: Database) -> None:
    bury(
        tables,
        letter(1),
        letter(2, code="not_json", projection="door", name=""),
        letter(3, source_id="s2", user_id="bob"),
        letter(4, user_id=None, anonymous_id="x9"),
    )
    assert places(tables, Wanted(code="not_json")) == [2]
    assert places(tables, Wanted(stopped_by="door", name="")) == [2]
    assert places(tables, Wanted(source_id="s2")) == [3]
    assert places(tables, Wanted(customer="who"), ("user_id", "bob"), ("anonymous_id", "x9")) == [4, 3]
    assert places(tables, Wanted(customer="who")) == []
    span = Wanted(since=datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC), until=datetime(1970, 1, 1, 0, 0, 4, tzinfo=UTC))
    assert places(tables, span) == [3, 2]
    every = Wanted(
        state="open", stopped_by="decode", source_id="s2", code="type_missing", name="Song Played", customer="bob",
        since=datetime(1970, 1, 1, tzinfo=UTC), until=datetime(1970, 1, 2, tzinfo=UTC),
    )  # fmt: skip
    assert places(tables, every, ("user_id", "bob")) == [3]


def test_letters_are_counted_grouped_discarded_restored_and_forgotten(tables: Database) -> None:
    bury(tables, letter(1), letter(2), letter(3, code="not_json", source_id=None, at_us=5))
    everything = store.query_of(Wanted())
    with tables.write() as connection:
        assert store.count(connection, everything)[0] == 3
        assert [(row.source_id, row.code, row.letters) for row in store.groups(connection, "open")] == [
            ("s1", "type_missing", 2), ("", "not_json", 1),
        ]  # fmt: skip
        assert store.discard(connection, store.query_of(Wanted(code="type_missing")), change_id="c1", now_us=7) == 2
        assert store.discard(connection, everything, change_id="c2", now_us=8) == 1
        assert store.restore(connection, "c1", 9) == 2
        first = store.letters(connection, everything, before=NEWEST, rows_max=1)[0].letter.letter_id
        assert store.mark_retried(connection, first, change_id="c3", now_us=10)
        assert not store.mark_retried(connection, first, change_id="c4", now_us=11)
        fault = Fault(code="invalid", sentence="No.", said=Saying("no"))
        store.note_problems(connection, [(first, Fault(code="x", sentence="late")), (first - 1, fault)])
        (row,) = store.letters(connection, everything, before=NEWEST, rows_max=9)
        assert (row.problem, row.problem_code, read(row.problem_said)) == ("No.", "invalid", Saying("no"))
        assert store.forget_old(connection, 6) == 1
        assert store.count(connection, store.query_of(Wanted(state=None)))[0] == 2


def test_letters_whose_text_only_the_log_holds_are_found_and_keep_it(tables: Database) -> None:
    bury(tables, letter(1), letter(2, raw=b"kept"), letter(3), letter(4, item_index=None))
    with tables.write() as connection:
        found = store.in_log(connection, "web-0", through=3, after=0, rows_max=10)
        assert len(found) == 2
        store.keep_raw(connection, [(found[0], b"text")])
        assert store.in_log(connection, "web-0", through=3, after=0, rows_max=10) == found[1:]
        assert [raw for _, raw in store.with_raw(connection, after=0, rows_max=10)] == [b"text", b"kept"]


def test_letters_that_were_dealt_with_are_told_by_their_place(tables: Database) -> None:
    bury(tables, letter(1), letter(2), letter(3, item_index=None), letter(4))
    with tables.write() as connection:
        assert worker_store.closed_letters(connection) == set()
        wanted = store.query_of(Wanted(until=datetime(1970, 1, 1, 0, 0, 4, tzinfo=UTC)))
        store.discard(connection, wanted, change_id="c", now_us=1)
        assert worker_store.closed_letters(connection) == {Position("web-0", 1, 0), Position("web-0", 2, 0)}


def test_those_who_are_named_are_found_but_not_others_on_a_shared_device(tables: Database) -> None:
    bury(
        tables,
        letter(1),
        letter(2, user_id="bob"),
        letter(3, user_id=None),
        letter(4, user_id=None, anonymous_id="other"),
    )
    with tables.write() as connection:
        assert worker_store.erase_dead_letters(connection, user_ids=["ann"], anonymous_ids=["x1"]) == 2
        assert store.delete(connection, []) == 0
        assert {row[2] for row in store.at_offsets(connection, [1, 2, 3, 4])} == {2, 4}


def test_a_repeated_id_with_other_content_is_found_by_its_record(tables: Database) -> None:
    bury(tables, letter(5, projection="dedupe"), letter(5, projection="dedupe", item_index=3), letter(6))
    with tables.read() as connection:
        assert worker_store.differing(connection, "web-0", 1, 9) == {5: {0, 3}}
        assert worker_store.differing(connection, "web-0", 6, 9) == {}
