"""Dedupe: exact across batches, seals, restarts and other workers; forgets only beyond the window."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.events import worker_store
from regulars.events.core import Event, Position
from regulars.events.dedupe import UNKNOWN, Filters, Keys, Seen, Sighting, content_of, key_of, pages_of
from regulars.events.worker_store import SeenRow
from regulars.kernel.database import Database

HOUR_US = 3_600_000_000


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(str(tmp_path / "seen.db"))
    database.migrate(worker_store.MIGRATIONS)
    yield database
    database.close()


def look(
    database: Database, seen: Seen, keys: list[bytes], at_us: int, contents: list[int] | None = None
) -> list[Sighting]:
    said = contents or [7] * len(keys)
    with database.write() as connection:
        found = seen.sift(connection, keys, said)
        news = [at for at, sighting in enumerate(found) if sighting is Sighting.NEW]
        seen.remember(connection, [keys[at] for at in news], [said[at] for at in news], at_us)
    seen.committed()
    return found


def take(database: Database, seen: Seen, keys: list[bytes], at_us: int) -> list[bool]:
    return [sighting is Sighting.NEW for sighting in look(database, seen, keys, at_us)]


def test_a_key_is_new_once_whatever_is_sealed_in_between(tables: Database) -> None:
    seen = Seen(window_us=HOUR_US, seal_keys=256)
    keys = [key_of("web", f"m{number}") for number in range(3_000)]
    for start in range(0, 3_000, 100):
        assert all(take(tables, seen, keys[start : start + 100], start))
    assert not any(take(tables, seen, keys, 3_000))
    assert not any(take(tables, Seen(window_us=HOUR_US, seal_keys=256), keys, 3_000))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(
        st.tuples(st.lists(st.integers(0, 900), max_size=120), st.sampled_from(["commit", "roll back", "restart"])),
        max_size=25,
    )
)
def test_dedupe_agrees_with_a_plain_set(
    tmp_path_factory: pytest.TempPathFactory, batches: list[tuple[list[int], str]]
) -> None:
    database = Database.open(str(tmp_path_factory.mktemp("seen") / "seen.db"))
    database.migrate(worker_store.MIGRATIONS)
    seen, truth = Seen(window_us=HOUR_US, seal_keys=64), set[bytes]()
    for numbers, ending in batches:
        keys = [key_of("web", str(number)) for number in numbers]
        expected, known = [], set(truth)
        for key in keys:
            expected.append(key not in known)
            known.add(key)
        if ending == "roll back":
            with database.write() as connection:
                news = [one is Sighting.NEW for one in seen.sift(connection, keys, [7] * len(keys))]
                fresh = list(dict.fromkeys(set(keys) - truth))
                seen.remember(connection, fresh, [7] * len(fresh), 1)
                connection.rollback()
            seen.rolled_back()
        else:
            news = take(database, seen, keys, 1)
            truth = known
        assert news == expected
        if ending == "restart":
            seen = Seen(window_us=HOUR_US, seal_keys=64)
    database.close()


def test_what_another_worker_has_seen_is_seen(tables: Database) -> None:
    one, two = (Seen(window_us=HOUR_US, seal_keys=64) for _ in range(2))
    keys = [key_of("web", f"m{number}") for number in range(100)]
    take(tables, one, keys[:80], 1)
    assert take(tables, two, keys, 2) == [False] * 80 + [True] * 20
    assert not any(take(tables, one, keys, 3))


def test_keys_beyond_the_window_are_let_go_run_by_run(tables: Database) -> None:
    seen = Seen(window_us=HOUR_US, seal_keys=64)
    old = [key_of("web", f"old{number}") for number in range(64)]
    take(tables, seen, old, 0)
    take(tables, seen, [key_of("web", f"new{number}") for number in range(64)], HOUR_US - 1)
    assert not any(take(tables, seen, old, HOUR_US - 1))
    take(tables, seen, [key_of("web", f"newer{number}") for number in range(64)], HOUR_US + 1)
    assert all(take(tables, seen, old, HOUR_US + 2))


def test_a_filter_never_turns_a_held_key_away_and_seldom_says_perhaps_for_another() -> None:
    chance = random.Random(7)
    held = [chance.randbytes(16) for _ in range(4_096)]
    others = [chance.randbytes(16) for _ in range(20_000)]
    filters = Filters(4_096 * 16)
    filters.add([SeenRow(1, 1, filters.filter_of(b"".join(held)))])
    assert {index for index, _ in filters.perhaps(held)} == set(range(len(held)))
    assert len(filters.perhaps(others)) / len(others) < 0.005


def test_filters_that_lie_across_each_other_are_told_apart_also_when_some_have_gone() -> None:
    chance = random.Random(9)
    filters, runs = Filters(256 * 16), {number: [chance.randbytes(16) for _ in range(256)] for number in range(1, 81)}
    for numbers in (range(1, 6), range(6, 70), range(70, 81)):
        filters.add([SeenRow(number, 1, filters.filter_of(b"".join(runs[number]))) for number in numbers])
    filters.keep([number for number in runs if number % 3])
    filters.add([SeenRow(81, 1, filters.filter_of(b"".join(runs[3])))])
    for number, held in runs.items():
        found = {run_id for _, run_id in filters.perhaps(held[:40])}
        assert (number in found) == bool(number % 3)
        assert filters.newest == 81
    assert 81 in {run_id for _, run_id in filters.perhaps(runs[3])}


def test_the_pages_of_a_run_hold_every_key_once_with_what_it_said() -> None:
    chance = random.Random(8)
    keys = [chance.randbytes(16) for _ in range(2_048)]
    pages = pages_of(Keys(b"".join(keys), np.arange(2_048, dtype=np.uint32)), 2_048)
    assert [page for page, _ in pages] == sorted({page for page, _ in pages})
    said: dict[bytes, int] = {}
    for page, kept in pages:
        held = Keys.unpacked(kept)
        assert all(held.keys[start] >> 5 == page for start in range(0, len(held.keys), 16))
        for number, content in enumerate(held.contents.tolist()):
            said[held.keys[number * 16 : number * 16 + 16]] = content
    assert said == {key: number for number, key in enumerate(keys)}


def test_other_content_under_a_known_key_is_told_wherever_the_key_stands(tables: Database) -> None:
    seen = Seen(window_us=HOUR_US, seal_keys=64)
    keys = [key_of("web", f"m{number}") for number in range(200)]
    contents = list(range(1, 201))
    for start in range(0, 200, 40):
        look(tables, seen, keys[start : start + 40], start, contents[start : start + 40])
    others = [content + 1 if number % 2 else content for number, content in enumerate(contents)]
    expected = [Sighting.OTHER if number % 2 else Sighting.SAME for number in range(200)]
    assert look(tables, seen, keys, 300, others) == expected
    assert look(tables, Seen(window_us=HOUR_US, seal_keys=64), keys, 300, others) == expected


def test_within_one_batch_the_first_one_counts(tables: Database) -> None:
    key = key_of("web", "m1")
    found = look(tables, Seen(window_us=HOUR_US), [key, key, key], 1, [5, 5, 6])
    assert found == [Sighting.NEW, Sighting.SAME, Sighting.OTHER]


def test_what_an_older_version_remembered_is_still_known_and_differs_from_nothing(tables: Database) -> None:
    old = [key_of("web", f"old{number}") for number in range(64)]
    young = [key_of("web", f"young{number}") for number in range(10)]
    filters = Filters(64 * 16)
    with tables.write() as connection:
        pages: dict[int, bytes] = {}
        for key in old:
            page = int.from_bytes(key[:4], "big") >> 32
            pages[page] = pages.get(page, b"") + key
        worker_store.add_run(connection, SeenRow(1, 1, filters.filter_of(b"".join(old))), sorted(pages.items()))
        worker_store.add_young(connection, SeenRow(1, 2, b"".join(young)))
    seen = Seen(window_us=HOUR_US, seal_keys=64)
    assert look(tables, seen, [*old, *young], 3, [9] * 74) == [Sighting.SAME] * 74
    more = [key_of("web", f"more{number}") for number in range(60)]
    assert look(tables, seen, more, 4, [9] * 60) == [Sighting.NEW] * 60
    assert look(tables, seen, [*old, *young], 5, [8] * 74) == [Sighting.SAME] * 74
    assert look(tables, seen, more, 5, [8] * 60) == [Sighting.OTHER] * 60
    assert UNKNOWN == 0


def event(**parts: object) -> Event:
    said: dict[str, object] = {
        "event_id": "web-0.1.0", "source_id": "web", "message_id": "m1", "call": "track", "name": "Song Played",
        "user_id": "ann", "anonymous_id": None, "properties": {"a": 1, "b": {"c": 2, "d": 3}}, "context": {},
        "occurred_us": 5, "received_us": 9, "original_us": 4, "sent_us": 8, "position": Position("web-0", 1, 0),
    }  # fmt: skip
    return Event(**{**said, **parts})  # type: ignore[arg-type] # the parts of an event, checked by eye


@pytest.mark.parametrize(
    "parts",
    [
        {"sent_us": 99, "received_us": 99, "occurred_us": 95},
        {"context": {"network": {"wifi": True}}},
        {"properties": {"b": {"d": 3, "c": 2}, "a": 1}},
        {"event_id": "web-1.7.3", "position": Position("web-1", 7, 3)},
        {"corrections": ("The sender's clock was 90 s behind.",), "correction_codes": ("clock_skew",)},
    ],
)
def test_what_a_retry_changes_is_no_other_content(parts: dict[str, object]) -> None:
    assert content_of(event(**parts)) == content_of(event())


@pytest.mark.parametrize(
    "parts",
    [
        {"properties": {"a": 1, "b": {"c": 2, "d": 4}}},
        {"properties": {"a": 1.5, "b": {"c": 2, "d": 3}}},
        {"name": "Song Skipped"},
        {"user_id": None, "anonymous_id": "ann"},
        {"original_us": 3},
        {"call": "page"},
        {"previous_id": "bob"},
        {"group_id": "g"},
    ],
)
def test_what_is_said_otherwise_is_other_content(parts: dict[str, object]) -> None:
    assert content_of(event(**parts)) != content_of(event())
