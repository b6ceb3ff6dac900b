"""The event log in SQLite files."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from regulars.kernel.clock import SystemClock
from regulars.kernel.errors import DiskFullError
from regulars.kernel.eventlog import LogBusyError, LogPressure, open_log
from regulars.kernel.eventlog import writer as eventlog_writer
from regulars.kernel.eventlog.writer import PartitionWriter
from regulars.testing.contracts.eventlog import EventLogContract


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "log"


class TestSqliteEventLog(EventLogContract):
    """One file per partition."""

    open_at = staticmethod(open_log)


def rows(place: Path) -> int:
    connection = sqlite3.connect(place / "web-0.log.db")
    try:
        return int(connection.execute("SELECT COUNT(*) FROM log_groups").fetchone()[0])
    finally:
        connection.close()


def test_those_who_wait_together_share_a_commit(place: Path) -> None:
    log = open_log(place, "web-0")

    async def append_all() -> None:
        await asyncio.gather(*(log.append(b"x" * 100) for _ in range(1_000)))

    asyncio.run(append_all())
    assert rows(place) < 100
    log.close()


def test_the_journal_is_folded_back_while_records_arrive(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventlog_writer, "CHECKPOINT_BYTES", 200_000)
    log = open_log(place, "web-0")
    for _ in range(200):
        log.append_many([b"x" * 50_000])
    journal = (place / "web-0.log.db-wal").stat().st_size
    assert journal < 5_000_000, "10 MB went through it"
    assert log.end("web-0") == 200
    log.close()
    assert [one.offset for one in open_log(place).read("web-0", after=0, records_max=999)] == list(range(1, 201))


def test_a_sender_is_sent_away_when_more_waits_than_memory_should_hold(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eventlog_writer, "QUEUE_BYTES_MAX", 10_000)
    log = open_log(place, "web-0")

    async def flood() -> list[int | BaseException]:
        return await asyncio.gather(*(log.append(b"x" * 5_000) for _ in range(20)), return_exceptions=True)

    answers = asyncio.run(flood())
    kept = [one for one in answers if isinstance(one, int)]
    assert 0 < len(kept) < 20
    assert {str(one) for one in answers if not isinstance(one, int)} == {
        "More arrives than the disk can take; come back shortly."
    }
    assert log.end("web-0") == len(kept)
    log.close()


def until(is_so: Callable[[], bool]) -> None:
    pause = threading.Event()
    assert any(is_so() or pause.wait(0.01) for _ in range(2_000))


@pytest.fixture
def stuck(place: Path) -> Iterator[Callable[[], object]]:
    """Keep a log from committing until what is given is called."""
    open_log(place, "web-0").close()
    holder = sqlite3.connect(place / "web-0.log.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    yield lambda: holder.execute("ROLLBACK")
    holder.close()


def test_a_sender_is_sent_away_when_the_first_in_the_queue_has_waited_for_long(
    place: Path, stuck: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eventlog_writer, "WAIT_S_MAX", 0.2)
    log = open_log(place, "web-0")
    assert log.pressure() == LogPressure()
    log.append_soon(b"waits")
    until(lambda: log.pressure().waited_s > 0.2)
    assert log.pressure().is_busy
    with pytest.raises(LogBusyError, match="come back shortly"):
        log.append_many([b"y"])
    stuck()
    until(lambda: not log.pressure().is_busy)
    assert log.append_many([b"z"]) == [2]
    log.close()


def test_once_too_much_waits_nothing_is_taken_until_half_of_it_is_gone(
    place: Path, stuck: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eventlog_writer, "QUEUE_BYTES_MAX", 100)
    log = PartitionWriter(place / "web-0.log.db", SystemClock())
    log.append_soon(b"being committed")
    until(lambda: log.pressure().waited_s > 0)
    told = []
    for waiting_bytes in (90, 101, 99, 51, 50, 99):
        monkeypatch.setattr(log, "_queued_bytes", waiting_bytes)
        told.append(log.pressure().is_busy)
    assert told == [False, True, True, True, False, False]
    monkeypatch.setattr(log, "_queued_bytes", 0)
    stuck()
    log.close()


def test_a_refusal_by_the_disk_is_told_to_whoever_asks_how_it_is(small_disk: Path) -> None:
    log = open_log(small_disk / "log", "web-0")
    with pytest.raises(DiskFullError):
        log.append_many([b"x" * 4_000_000])
    assert "Make room on its disk" in log.pressure().trouble
    log.append_many([b"x"])
    assert log.pressure().trouble == ""
    log.close()


def test_a_disk_that_is_really_full_is_told_and_forgotten_when_there_is_room_again(small_disk: Path) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 1_000_000)
    log = open_log(small_disk / "log", "web-0")

    def fill() -> None:
        while True:
            log.append_many([b"x" * 20_000])

    with pytest.raises(DiskFullError, match="Make room on its disk"):
        fill()
    kept = log.end("web-0")
    assert kept > 10
    with pytest.raises(DiskFullError):
        log.append_many([b"x" * 200_000])
    filler.unlink()
    assert log.append_many([b"again"]) == [kept + 1]
    log.close()
    again = open_log(small_disk / "log")
    assert [one.offset for one in again.read("web-0", after=0, records_max=999)] == list(range(1, kept + 2))
    again.close()
