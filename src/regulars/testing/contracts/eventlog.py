"""What an event log must keep, whatever its engine. A test class inherits `EventLogContract` and runs it.

Needs the fixture `place`: a folder, fresh for each test, that `open_at` opens again and again, also from other
processes. The appending processes and what they write are in `regulars.testing.contracts.appender`.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.kernel.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from regulars.kernel.eventlog import EventLog
from regulars.testing.contracts.appender import Acknowledged, Appender, check
from regulars.testing.contracts.packing import PackingContract

KILLS = 40
KILLS_SLOW = 400
LIFE_S_MAX = 0.12


class EventLogContract(PackingContract):
    """No acknowledged record is lost, none is invented, order is kept; come what may."""

    #: How a process opens the log in a folder; must be a module-level function, because other processes call it.
    open_at: Callable[[Path, str | None], EventLog]

    def log_at(self, place: Path, partition: str | None) -> EventLog:
        """Open the log with the engine under test."""
        return type(self).open_at(place, partition)

    def test_offsets_start_at_one_and_have_no_gaps(self, place: Path) -> None:
        """Every append gets the next offset."""
        log = self.log_at(place, "web-0")
        assert log.append_many([b"a", b"b"]) == [1, 2]
        assert log.append_many([]) == []
        assert log.append_many([b"c"]) == [3]
        assert [(one.partition, one.offset, one.payload) for one in log.read("web-0", after=0, records_max=9)] == [
            ("web-0", 1, b"a"),
            ("web-0", 2, b"b"),
            ("web-0", 3, b"c"),
        ]
        log.close()

    def test_a_log_opened_again_goes_on_where_it_stopped(self, place: Path) -> None:
        """Offsets are never given twice."""
        for round_number in range(3):
            log = self.log_at(place, "web-0")
            assert log.append_many([b"x"]) == [round_number + 1]
            log.close()

    def test_concurrent_appends_are_all_kept_each_at_its_own_offset(self, place: Path) -> None:
        """Whoever waits is told the offset of their own record."""
        log = self.log_at(place, "web-0")

        async def append_all() -> list[int]:
            return await asyncio.gather(*(log.append(b"%d" % number) for number in range(500)))

        offsets = asyncio.run(append_all())
        assert sorted(offsets) == list(range(1, 501))
        kept = {one.offset: one.payload for one in log.read("web-0", after=0, records_max=1000)}
        assert all(kept[offset] == b"%d" % number for number, offset in enumerate(offsets))
        log.close()

    def test_appends_of_one_sender_keep_their_order(self, place: Path) -> None:
        """What was asked first stands first."""
        log = self.log_at(place, "web-0")

        async def append_all() -> list[int]:
            return await asyncio.gather(*(asyncio.create_task(log.append(b"x")) for _ in range(200)))

        assert asyncio.run(append_all()) == list(range(1, 201))
        log.close()

    def test_a_queued_record_is_kept_when_the_log_is_closed(self, place: Path) -> None:
        """Closing finishes what nobody waits for."""
        log = self.log_at(place, "web-0")
        for number in range(50):
            log.append_soon(b"%d" % number)
        log.close()
        again = self.log_at(place, None)
        assert [one.payload for one in again.read("web-0", after=0, records_max=99)] == [b"%d" % n for n in range(50)]
        again.close()

    def test_a_closed_log_takes_nothing_and_says_so(self, place: Path) -> None:
        """A sender is sent away with a temporary trouble, never with a yes."""
        log = self.log_at(place, "web-0")
        log.close()
        log.close()
        with pytest.raises(UnavailableError, match="closed"):
            log.append_many([b"x"])

    def test_a_log_opened_to_read_takes_nothing(self, place: Path) -> None:
        """One who only reads cannot append by mistake."""
        log = self.log_at(place, None)
        with pytest.raises(InvalidError, match="opened to read"):
            log.append_many([b"x"])
        log.close()

    def test_a_partition_that_nobody_wrote_is_empty(self, place: Path) -> None:
        """A reader may come before the writer."""
        log = self.log_at(place, None)
        assert (log.partitions(), log.end("web-0"), log.start("web-0")) == ([], 0, 0)
        assert log.read("web-0", after=0, records_max=9) == []
        writer = self.log_at(place, "web-0")
        assert log.read("web-0", after=0, records_max=9) == []
        writer.append_many([b"x"])
        assert (log.partitions(), log.end("web-0")) == (["web-0"], 1)
        writer.close()
        log.close()

    @pytest.mark.parametrize("name", ["", "Web", "../web", "a/b", "web 0", "x" * 80])
    def test_a_partition_with_a_strange_name_is_refused(self, place: Path, name: str) -> None:
        """A name is part of a path and of every event's id."""
        with pytest.raises(InvalidError, match="partition is named"):
            self.log_at(place, name)

    def test_records_of_any_size_come_back_as_they_were(self, place: Path) -> None:
        """From nothing to some megabytes."""
        log = self.log_at(place, "web-0")
        payloads = [os.urandom(size) for size in (0, 1, 4_095, 16_384, 70_000, 3_000_000, 10)]
        log.append_many(payloads)
        assert [one.payload for one in log.read("web-0", after=0, records_max=99)] == payloads
        log.close()

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(steps=st.lists(st.tuples(st.sampled_from(["append", "read", "trim"]), st.integers(0, 40)), max_size=25))
    def test_any_sequence_of_appends_reads_and_trims_is_as_on_paper(
        self, place: Path, steps: list[tuple[str, int]]
    ) -> None:
        """Against a plain list."""
        log = self.log_at(place, "web-0")
        start, end = log.start("web-0"), log.end("web-0")
        for step, number in steps:
            if step == "append":
                log.append_many([b"%d" % offset for offset in range(end + 1, end + 1 + number)])
                end += number
            elif step == "trim":
                through = min(start + number, end + 3)
                assert log.trim("web-0", through=through) == min(through, end) - start
                start = min(through, end)
            else:
                after = start + number // 2
                found = log.read("web-0", after=after, records_max=number)
                assert [one.offset for one in found] == list(range(after + 1, min(after + number, end) + 1))
                assert all(one.payload == b"%d" % one.offset for one in found)
            assert (log.start("web-0"), log.end("web-0")) == (start, end)
        log.close()

    def test_a_fully_trimmed_log_goes_on_counting_after_it_is_opened_again(self, place: Path) -> None:
        """An offset never names two records."""
        log = self.log_at(place, "web-0")
        log.append_many([b"a", b"b"])
        assert log.trim("web-0", through=2) == 2
        log.close()
        again = self.log_at(place, "web-0")
        assert (again.start("web-0"), again.end("web-0")) == (2, 2)
        assert again.append_many([b"c"]) == [3]
        again.close()

    def test_reading_below_the_start_begins_with_the_oldest_kept(self, place: Path) -> None:
        """A consumer that was away too long can tell by the offset."""
        log = self.log_at(place, "web-0")
        log.append_many([b"%d" % number for number in range(1, 11)])
        log.trim("web-0", through=4)
        assert [one.offset for one in log.read("web-0", after=0, records_max=3)] == [5, 6, 7]
        log.close()

    def test_a_rewritten_record_has_left_no_trace_and_the_others_are_untouched(self, place: Path) -> None:
        """Erasing reaches the file itself, not only what is read from it."""
        log = self.log_at(place, "web-0")
        log.append_many([b"a" * 30_000, b"the secret of ann " * 3_000, b"c" * 30_000])
        log.rewrite("web-0", {2: b"gone"})
        log.scrub("web-0")
        assert [one.payload[:4] for one in log.read("web-0", after=0, records_max=9)] == [b"aaaa", b"gone", b"cccc"]
        log.close()
        assert not any(b"secret of ann" in path.read_bytes() for path in place.rglob("*") if path.is_file())

    def test_a_record_that_is_not_there_cannot_be_rewritten(self, place: Path) -> None:
        """Erasing the wrong thing would be worse than not erasing."""
        log = self.log_at(place, "web-0")
        log.append_many([b"a"])
        with pytest.raises(NotFoundError, match="no record at offset 2"):
            log.rewrite("web-0", {2: b"x"})
        log.close()

    def test_the_bytes_of_a_partition_grow_with_it(self, place: Path) -> None:
        """A retention by size needs to know."""
        log = self.log_at(place, "web-0")
        before = log.bytes_of("web-0")
        log.append_many([os.urandom(500_000)])
        assert log.bytes_of("web-0") >= before + 500_000
        log.close()

    def test_a_second_writer_of_a_partition_is_refused_with_a_sentence(self, place: Path) -> None:
        """Also when it is another process; and the partition is free again when that one dies."""
        appender = Appender(type(self).open_at, place, seed=1)
        appender.wait_for(1)
        with pytest.raises(ConflictError, match="Another process already appends"):
            self.log_at(place, "web-0")
        appender.kill()
        log = self.log_at(place, "web-0")
        log.append_many([b"x"])
        log.close()

    def test_readers_see_whole_records_in_order_while_another_process_appends(self, place: Path) -> None:
        """A reader never sees half of a commit."""
        appender = Appender(type(self).open_at, place, seed=2)
        appender.wait_for(1)
        log = self.log_at(place, None)
        reached = 0
        while reached < 300:
            for record in log.read("web-0", after=reached, records_max=64):
                assert record.offset == reached + 1
                reached = record.offset
                check(record.payload)
        log.close()
        appender.kill()

    def test_killing_the_writer_at_any_instant_loses_nothing_acknowledged(self, place: Path) -> None:
        """kill -9, again and again, on one log."""
        self.kill_again_and_again(place, KILLS)

    @pytest.mark.slow
    def test_hundreds_of_kills_lose_nothing_acknowledged(self, place: Path) -> None:
        """The same, longer."""
        self.kill_again_and_again(place, KILLS_SLOW)

    def kill_again_and_again(self, place: Path, times: int) -> None:
        """Start an appending process, kill it at a random instant, and compare what it was told with what is there."""
        seed = int(os.environ.get("REGULARS_TEST_SEED", "20261122"))
        chance = random.Random(seed)
        acknowledged: list[Acknowledged] = []
        reached = 0
        for run in range(times):
            appender = Appender(type(self).open_at, place, seed=run)
            if run % 4:
                appender.wait_for(1)  # else it may be killed while it opens the log
            time.sleep(chance.uniform(0, LIFE_S_MAX))
            acknowledged = appender.kill()
            log = self.log_at(place, None)
            try:
                reached = _compare(log, reached, acknowledged, run, f"seed {seed}, kill {run}")
            finally:
                log.close()
        assert reached > times, "the killed processes did append something"

    def test_a_full_disk_is_told_and_got_over(self, place: Path) -> None:
        """Everything acknowledged before and after is there, and nothing of what was refused."""
        appender = Appender(type(self).open_at, place, seed=3, file_bytes_max=1_500_000)
        acknowledged = appender.finish()
        assert appender.refused > 0, "the disk was full for a while"
        assert acknowledged[-1].after_refusal, "and then it was not"
        log = self.log_at(place, None)
        _compare(log, 0, acknowledged, 3, "disk full")
        log.close()

    @pytest.mark.parametrize("seed", range(6))
    def test_a_torn_tail_costs_at_most_the_tail(self, place: Path, seed: int) -> None:
        """Files cut short or garbled behind the last whole commit: what is read is a beginning of what was written."""
        chance = random.Random(seed)
        appender = Appender(type(self).open_at, place, seed=seed)
        appender.wait_for(200)
        acknowledged = appender.kill()
        torn = place.parent / "torn"
        shutil.copytree(place, torn)
        _tear(torn, chance, garble=bool(seed % 2))
        whole, left = self.log_at(place, None), self.log_at(torn, None)
        before = whole.read("web-0", after=0, records_max=1_000_000)
        after = left.read("web-0", after=0, records_max=1_000_000)
        assert [one.payload for one in after] == [one.payload for one in before[: len(after)]]
        assert len(before) >= len(acknowledged)
        whole.close()
        left.close()
        writer = self.log_at(torn, "web-0")
        assert writer.append_many([b"x"]) == [len(after) + 1]
        writer.close()


def _compare(log: EventLog, reached: int, acknowledged: list[Acknowledged], run: int, when: str) -> int:
    """Check that what stands behind `reached` is what one process wrote; return the new end."""
    records = log.read("web-0", after=reached, records_max=1_000_000)
    assert [one.offset for one in records] == list(range(reached + 1, reached + 1 + len(records))), when
    by_offset = {one.offset: one.payload for one in records}
    newest: dict[int, int] = {}
    for record in records:
        wrote = check(record.payload)
        assert wrote.run == run, f"{when}: a record of another run"
        assert wrote.number > newest.get(wrote.sender, -1), f"{when}: order of sender {wrote.sender}"
        newest[wrote.sender] = wrote.number
    asked: dict[int, int] = {}
    for told in acknowledged:
        assert told.offset in by_offset, f"{when}: offset {told.offset} was acknowledged and is not there"
        wrote = check(by_offset[told.offset])
        assert (wrote.sender, wrote.number) == (told.sender, told.number), f"{when}: another record is at its offset"
        asked[told.sender] = max(asked.get(told.sender, -1), told.number)
    return reached + len(records)


def _tear(folder: Path, chance: random.Random, *, garble: bool) -> None:
    """Cut the newest file short, or garble its last bytes: what a machine that dies may leave."""
    newest = max(
        (path for path in folder.iterdir() if path.name.endswith("-wal")), key=lambda path: path.stat().st_size
    )
    size = newest.stat().st_size
    at = chance.randrange(size // 2, size)
    with newest.open("r+b") as file:
        if garble:
            file.seek(at)
            file.write(chance.randbytes(min(4_096, size - at)))
        else:
            file.truncate(at)
