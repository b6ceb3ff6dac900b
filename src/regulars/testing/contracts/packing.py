"""What a log must keep while its old records are packed, let go and rewritten. `EventLogContract` includes it.

An engine that has no need to pack returns None each time; everything else must hold all the same.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.kernel.errors import NotFoundError
from regulars.kernel.eventlog import EventLog, offset_before
from regulars.testing.contracts.appender import Appender, Packer, check

KILLS = 30
LOGS_SLOW = 10
LIFE_S_MAX = 0.15
SEGMENT_BYTES = 20_000
STEPS = ("append", "read", "trim", "pack", "rewrite", "scrub", "open")


def pack_all(log: EventLog, partition: str = "web-0") -> int:
    """Pack whatever can be packed, in small steps; return how many records that were."""
    packed = 0
    while step := log.pack(partition, fresh_bytes=0, segment_bytes=SEGMENT_BYTES):
        packed += step.records
    return packed


class PackingContract:
    """Nobody who reads can tell what is packed."""

    #: How a process opens the log in a folder; must be a module-level function, because other processes call it.
    open_at: Callable[[Path, str | None], EventLog]
    #: Whether the engine packs at all; one that leaves it to its server says no.
    packs = True

    def log_at(self, place: Path, partition: str | None) -> EventLog:
        """Open the log with the engine under test."""
        return type(self).open_at(place, partition)

    def filled(self, place: Path, records: int, size: int = 900) -> tuple[EventLog, list[bytes]]:
        """Return a log with records, one a commit, that packing makes smaller."""
        log = self.log_at(place, "web-0")
        payloads = [(b"%d " % number) * (size // 8) for number in range(1, records + 1)]
        for payload in payloads:
            log.append_many([payload])
        return log, payloads

    def test_packed_records_read_as_before_and_take_less_room(self, place: Path) -> None:
        """From any offset, and across the border."""
        log, payloads = self.filled(place, 200)
        packed = pack_all(log)
        assert (packed > 100) is self.packs
        for after in (0, 1, 57, packed - 1, packed, packed + 1, 199, 200):
            read = log.read("web-0", after=after, records_max=60)
            assert [one.offset for one in read] == list(range(after + 1, min(after + 60, 200) + 1))
            assert [one.payload for one in read] == payloads[after : after + 60]
        size = log.size_of("web-0")
        assert size.packed < size.packed_from / 3 or not self.packs
        assert log.bytes_of("web-0") == size.total
        log.close()

    def test_when_records_were_accepted_is_kept(self, place: Path) -> None:
        """And the offset before a moment is found, packed or not."""
        log, _ = self.filled(place, 80)
        before = [one.accepted_us for one in log.read("web-0", after=0, records_max=99)]
        pack_all(log)
        assert [one.accepted_us for one in log.read("web-0", after=0, records_max=99)] == before
        for offset in (1, 2, 40, 79, 80):
            found = offset_before(log, "web-0", before[offset - 1])
            assert found < offset
            assert all(moment >= before[offset - 1] for moment in before[found:])
        assert offset_before(log, "web-0", before[-1] + 1) == 80
        log.close()

    def test_a_packed_log_goes_on_counting_after_it_is_opened_again(self, place: Path) -> None:
        """An offset never names two records."""
        log, _ = self.filled(place, 50)
        pack_all(log)
        log.close()
        again = self.log_at(place, "web-0")
        assert (again.start("web-0"), again.end("web-0")) == (0, 50)
        assert again.append_many([b"x"]) == [51]
        assert [one.offset for one in again.read("web-0", after=0, records_max=99)] == list(range(1, 52))
        again.close()

    def test_fresh_records_are_left_alone_and_old_ones_are_not(self, place: Path) -> None:
        """What is read most, and what must be rewritten soonest, stays at hand."""
        log, _ = self.filled(place, 100)
        assert log.pack("web-0", fresh_bytes=10_000_000, segment_bytes=SEGMENT_BYTES) is None
        moment = log.read("web-0", after=60, records_max=1)[0].accepted_us
        packed = log.pack("web-0", fresh_bytes=10_000_000, before_us=moment, segment_bytes=10 * SEGMENT_BYTES)
        assert packed is None or 0 < packed.records <= 60
        assert (packed is not None) is self.packs
        log.close()

    def test_a_partition_that_nobody_wrote_has_nothing_to_keep_in_order(self, place: Path) -> None:
        """Housekeeping may come before the first record."""
        log = self.log_at(place, None)
        assert log.pack("web-0", fresh_bytes=0) is None
        assert (log.shrink("web-0", free_bytes_max=0), log.trim("web-0", through=9)) == (0, 0)
        log.scrub("web-0")
        assert log.size_of("web-0").total == 0
        log.close()

    @pytest.mark.parametrize("through", [1, 30, 31, 77, 150, 199, 200, 999])
    def test_trimming_reaches_into_what_is_packed(self, place: Path, through: int) -> None:
        """To the record."""
        log, payloads = self.filled(place, 200)
        pack_all(log)
        kept = max(0, 200 - through)
        assert log.trim("web-0", through=through) == 200 - kept
        assert [one.payload for one in log.read("web-0", after=0, records_max=999)] == payloads[200 - kept :]
        assert (log.start("web-0"), log.end("web-0")) == (200 - kept, 200)
        assert log.append_many([b"x"]) == [201]
        log.close()

    def test_trimming_gives_the_room_of_packed_records_back(self, place: Path) -> None:
        """At once: the disk may be full."""
        log = self.log_at(place, "web-0")
        for _ in range(100):
            log.append_many([os.urandom(3_000)])
        pack_all(log)
        before = log.size_of("web-0").packed
        log.trim("web-0", through=50)
        assert log.size_of("web-0").packed <= before * 0.6
        log.close()

    def test_a_rewritten_packed_record_has_left_no_trace_and_the_others_are_untouched(self, place: Path) -> None:
        """Also not where records lay before they were packed, or let go."""
        secrets = [os.urandom(400) for _ in range(120)]  # noise stays as it is when it is packed: it can be looked for
        log = self.log_at(place, "web-0")
        for secret in secrets:
            log.append_many([b"other " * 100, secret])
        assert bool(pack_all(log)) is self.packs
        assert all(_is_somewhere(place, secret[40:80]) for secret in secrets)
        log.trim("web-0", through=50)
        rewritten = {offset: b"gone %d" % offset for offset in range(60, 241, 2)}
        log.rewrite("web-0", rewritten)
        log.scrub("web-0")
        for record in log.read("web-0", after=0, records_max=999):
            expected = rewritten.get(record.offset, b"other " * 100 if record.offset % 2 else b"")
            assert record.payload == (expected or secrets[record.offset // 2 - 1])
        log.close()
        kept = [number for number, secret in enumerate(secrets) if _is_somewhere(place, secret[40:80])]
        assert kept == [number for number in range(120) if 50 < 2 * number + 2 < 60]

    def test_a_record_that_was_let_go_cannot_be_rewritten(self, place: Path) -> None:
        """Erasing the wrong thing would be worse than not erasing."""
        log, _ = self.filled(place, 60)
        pack_all(log)
        log.trim("web-0", through=10)
        with pytest.raises(NotFoundError, match="no record at offset 10"):
            log.rewrite("web-0", {10: b"x"})
        log.close()

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 40)), min_size=3, max_size=30))
    def test_any_sequence_of_all_that_can_be_done_is_as_on_paper(
        self, place: Path, steps: list[tuple[str, int]]
    ) -> None:
        """Against a plain list."""
        log = self.log_at(place, "web-0")
        start = log.end("web-0")
        log.trim("web-0", through=start)
        paper: list[bytes] = []
        for step, number in steps:
            end = start + len(paper)
            if step == "append":
                fresh = [b"%d " % offset * 100 for offset in range(end + 1, end + 1 + number)]
                log.append_many(fresh)
                paper += fresh
            elif step == "trim":
                gone = min(number, len(paper))
                assert log.trim("web-0", through=start + gone) == gone
                start, paper = start + gone, paper[gone:]
            elif step == "pack":
                log.pack("web-0", fresh_bytes=0, segment_bytes=1_000 + 500 * number)
            elif step == "rewrite" and paper:
                place_of = number % len(paper)
                paper[place_of] = b"rewritten %d" % number
                log.rewrite("web-0", {start + place_of + 1: paper[place_of]})
            elif step == "scrub":
                log.scrub("web-0")
            elif step == "open":
                log.close()
                log = self.log_at(place, "web-0")
            after = start + min(number, len(paper)) // 2
            read = log.read("web-0", after=after, records_max=number)
            assert [one.offset for one in read] == list(range(after + 1, after + 1 + len(read)))
            assert [one.payload for one in read] == paper[after - start : after - start + number]
            assert (log.start("web-0"), log.end("web-0")) == (start, start + len(paper))
        log.close()

    def test_readers_see_every_record_once_and_in_order_while_records_are_packed(self, place: Path) -> None:
        """A reader in the middle of what is being packed, rewritten and let go misses nothing that is kept."""
        log, payloads = self.filled(place, 400)
        over = threading.Event()

        def keep() -> None:
            for offset in range(1, 400, 7):
                log.pack("web-0", fresh_bytes=0, segment_bytes=SEGMENT_BYTES)
                log.rewrite("web-0", {offset: payloads[offset - 1]})
            over.set()

        keeping = threading.Thread(target=keep)
        keeping.start()
        reader, rounds = self.log_at(place, None), 0
        while not over.is_set() or rounds < 3:
            reached = 0
            while records := reader.read("web-0", after=reached, records_max=37):
                assert [one.offset for one in records] == list(range(reached + 1, reached + 1 + len(records)))
                assert [one.payload for one in records] == payloads[reached : reached + len(records)]
                reached = records[-1].offset
            assert reached == 400
            rounds += 1
        keeping.join()
        reader.close()
        log.close()

    def test_killing_whoever_packs_at_any_instant_loses_nothing(self, place: Path) -> None:
        """kill -9, again and again, on one log, with the writer killed beside it."""
        self.kill_while_packing(place, KILLS)

    @pytest.mark.slow
    def test_hundreds_of_kills_while_packing_lose_nothing(self, place: Path) -> None:
        """The same, on one log after the other: all of a log is compared after each kill, and a log grows."""
        for number in range(LOGS_SLOW):
            self.kill_while_packing(place.with_name(f"{place.name}-{number}"), KILLS, nth=number)

    def kill_while_packing(self, place: Path, times: int, *, nth: int = 0) -> None:
        """Start processes that append, pack, trim and rewrite; kill them at random instants; compare."""
        seed = int(os.environ.get("REGULARS_TEST_SEED", "20261125")) + nth
        chance = random.Random(seed)
        known: dict[int, bytes] = {}
        packed = 0
        for run in range(times):
            appender = Appender(type(self).open_at, place, seed=run)
            appender.wait_for(1)
            packer = Packer(type(self).open_at, place, seed=run)
            packer.wait_for(chance.randrange(3))
            time.sleep(chance.uniform(0, LIFE_S_MAX))
            packed += packer.kill()
            acknowledged = appender.kill()
            log = self.log_at(place, None)
            when = f"seed {seed}, kill {run}"
            records = log.read("web-0", after=0, records_max=10_000_000)
            start = log.start("web-0")
            assert [one.offset for one in records] == list(range(start + 1, start + 1 + len(records))), when
            assert log.end("web-0") == start + len(records), when
            there = {one.offset: one.payload for one in records}
            assert all(there[told.offset] for told in acknowledged if told.offset > start), when
            for offset, payload in there.items():
                check(payload)
                assert known.get(offset, payload) == payload, f"{when}: another record is at offset {offset}"
            assert all(offset in there for offset in known if offset > start), when
            known = there
            log.close()
        assert (packed > times) is self.packs


def _is_somewhere(place: Path, trace: bytes) -> bool:
    return any(trace in path.read_bytes() for path in place.rglob("*") if path.is_file())
