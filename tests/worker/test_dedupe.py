"""Dedupe: exact across batches, seals, restarts and other workers; forgets only beyond the window."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.events import worker_store
from regulars.events.dedupe import Filters, Seen, key_of, pages_of
from regulars.kernel.database import Database

HOUR_US = 3_600_000_000


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(str(tmp_path / "seen.db"))
    database.migrate(worker_store.MIGRATIONS)
    yield database
    database.close()


def take(database: Database, seen: Seen, keys: list[bytes], at_us: int) -> list[bool]:
    with database.write() as connection:
        news = seen.sift(connection, keys)
        seen.remember(connection, [key for key, is_new in zip(keys, news, strict=True) if is_new], at_us)
    seen.committed()
    return news


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
                news = seen.sift(connection, keys)
                seen.remember(connection, list(dict.fromkeys(set(keys) - truth)), 1)
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
    filters.add(1, filters.filter_of(b"".join(held)))
    assert {index for index, _ in filters.perhaps(held)} == set(range(len(held)))
    assert len(filters.perhaps(others)) / len(others) < 0.005


def test_the_pages_of_a_run_hold_every_key_once() -> None:
    chance = random.Random(8)
    keys = [chance.randbytes(16) for _ in range(2_048)]
    pages = pages_of(b"".join(keys), 2_048)
    assert [page for page, _ in pages] == sorted({page for page, _ in pages})
    together = b"".join(page for _, page in pages)
    assert sorted(together[start : start + 16] for start in range(0, len(together), 16)) == sorted(keys)
    for page, held in pages:
        assert all(held[start] >> 5 == page for start in range(0, len(held), 16))
