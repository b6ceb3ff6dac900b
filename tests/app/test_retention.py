"""How much of the log is kept: by age, by size, never beyond what somebody has not read."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from regulars.app import Shop, open_shop, retention
from regulars.app.retention import kept_bytes, trim_by_age, trim_by_size
from regulars.events import worker_store
from regulars.events.live import Wanted
from regulars.events.record import OwnFacts, encode_entry
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import UnavailableError


def played(number: int) -> dict[str, object]:
    return {"type": "track", "event": "Song Played", "userId": "ann", "messageId": f"m{number}"}


def open_at(folder: Path, clock: WoundClock, **flags: object) -> Shop:
    return open_shop(folder, clock=clock, flags={f"events.{name}": str(value) for name, value in flags.items()})


def noise(shop: Shop, records: int, size: int = 20_000) -> None:
    """Append records that cannot be made smaller."""
    for _ in range(records):
        shop.log.append_many([encode_entry(OwnFacts([], 1)) + os.urandom(size)])


@pytest.fixture
def crowded(tmp_path: Path, clock: WoundClock) -> Iterator[Shop]:
    """Return a shop whose log holds 2 MB, all read, and may hold 1 MB."""
    with open_at(tmp_path, clock, log_bytes_max=1_000_000) as shop:
        noise(shop, 100)
        with shop.database.write() as connection:
            worker_store.set_offsets(connection, {"library-0": 100})
        yield shop


def test_the_log_lets_go_only_what_is_old_and_has_taken_effect(tmp_path: Path, clock: WoundClock) -> None:
    with open_at(tmp_path, clock, log_days=7) as shop:
        for day in range(10):
            shop.events.append([played(day)])
            clock.wind(timedelta(days=1))
        assert trim_by_age(shop) == 0
        shop.catch_up()
        assert trim_by_age(shop) == 3
        assert shop.log.start("library-0") == 3
        assert trim_by_age(shop) == 0


def test_the_oldest_go_until_the_log_is_as_small_as_it_may_be(crowded: Shop) -> None:
    gone = trim_by_size(crowded)
    assert 40 < gone < 60
    assert 900_000 < kept_bytes(crowded) <= 1_050_000
    assert crowded.log.start("library-0") == gone
    assert trim_by_size(crowded) == 0


def test_of_several_partitions_the_oldest_records_go_first(tmp_path: Path, clock: WoundClock) -> None:
    with open_at(tmp_path, clock, log_bytes_max=1_000_000) as one, open_at(tmp_path, clock) as other:
        noise(one, 50)
        clock.wind(timedelta(hours=1))
        noise(other, 50)
        with one.database.write() as connection:
            worker_store.set_offsets(connection, {"library-0": 50, "library-1": 50})
        trim_by_size(one)
        assert one.log.start("library-0") > 40
        assert one.log.start("library-1") < 10


def test_what_some_consumer_has_not_read_stays_and_it_is_told_who(
    crowded: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with crowded.database.write() as connection:
        worker_store.set_offsets(connection, {"library-0": 8}, consumer="parquet")
    kept = crowded.keep_log()
    assert kept.let_go == 8
    (held,) = kept.held
    assert (held.partition, held.consumer, held.records, held.by) == ("library-0", "parquet", 92, "size")
    assert "'parquet' has not read 92 records" in held.sentence()
    stop = threading.Event()
    with caplog.at_level(logging.WARNING), pytest.MonkeyPatch.context() as patch:
        waits = iter([False, False, False, True])
        patch.setattr(stop, "wait", lambda _: next(waits))
        patch.setattr(retention, "wants_keeping", lambda _: True)
        retention.keep_until(stop, crowded)
    assert [line.getMessage() for line in caplog.records] == [held.sentence()], "once, not every ten seconds"
    with crowded.database.write() as connection:
        worker_store.forget_consumer(connection, "parquet")
    assert crowded.keep_log().held == []


def test_what_is_too_old_and_not_read_is_told_too(tmp_path: Path, clock: WoundClock) -> None:
    with open_at(tmp_path, clock, log_days=7) as shop:
        shop.events.append([played(1)])
        clock.wind(timedelta(days=7, hours=1))
        assert shop.keep_log().held == []
        clock.wind(timedelta(days=1))
        assert [(one.by, one.consumer) for one in shop.keep_log().held] == [("age", "street")]
        shop.catch_up()
        assert shop.keep_log().held == []


def test_yesterdays_records_are_packed_and_read_as_before(tmp_path: Path, clock: WoundClock) -> None:
    with open_at(tmp_path, clock) as shop:
        shop.events.append([{**played(number), "properties": {"note": "x" * 900}} for number in range(2_000)])
        shop.events.append([played(9_999)])
        shop.catch_up()
        assert shop.keep_log().packed == 0
        clock.wind(timedelta(days=2))
        before = shop.events.live.recent(Wanted(), cursor=None, limit=5)
        assert shop.keep_log().packed > 0
        size = shop.log.size_of("library-0")
        assert size.packed < size.packed_from / 8
        assert shop.events.live.recent(Wanted(), cursor=None, limit=5) == before
        assert shop.catch_up() == 0


def test_the_log_is_packed_while_the_database_is_away(
    tmp_path: Path, clock: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_at(tmp_path, clock, log_fresh_bytes=0, log_bytes_max=4_000_000) as shop:
        noise(shop, 300)

        def away() -> None:
            raise UnavailableError("The state database does not answer.")

        monkeypatch.setattr(shop.database, "read", away)
        stop = threading.Event()
        waits = iter([False, True])
        monkeypatch.setattr(stop, "wait", lambda _: next(waits))
        assert retention.wants_keeping(shop)
        retention.keep_until(stop, shop)
        assert shop.log.size_of("library-0").packed > 2_000_000
        assert shop.log.start("library-0") == 0


def test_on_a_nearly_full_disk_the_log_makes_itself_as_small_as_it_can(
    tmp_path: Path, clock: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_at(tmp_path, clock) as shop:
        for number in range(12):
            shop.log.append_many([b"%d " % number * 400_000])
        while shop.log.size_of("library-0").fresh < 14_000_000:
            shop.log.append_many([b"more " * 200_000])
        assert not retention.wants_keeping(shop)
        before = shop.log.size_of("library-0")
        told = os.statvfs_result((1, 1_000_000, 10_000, 200, 200, 0, 0, 0, 0, 255))
        monkeypatch.setattr(os, "statvfs", lambda _: told)
        clock.wind(timedelta(seconds=2))
        assert retention.wants_keeping(shop)
        assert shop.keep_log().packed > 0
        after = shop.log.size_of("library-0")
        assert after.fresh + after.free < before.fresh / 1.5
        assert not retention.wants_keeping(shop)


def test_a_log_with_nothing_to_do_is_left_alone(tmp_path: Path, clock: WoundClock) -> None:
    with open_at(tmp_path, clock) as shop:
        shop.events.append([played(1)])
        assert not retention.wants_keeping(shop)
        assert shop.keep_log() == retention.Kept(packed=0, let_go=0, held=[])
