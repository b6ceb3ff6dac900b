"""Packed records as files: what is left over, damaged, old, or has no room."""

from __future__ import annotations

import shutil
import sqlite3
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
import zstandard
from tests.eventlog.test_sqlite import rows

from regulars.kernel.errors import DiskFullError
from regulars.kernel.eventlog import EventLog, open_log
from regulars.kernel.eventlog import keeper as keeping
from regulars.kernel.eventlog.file import encode_payloads
from regulars.kernel.eventlog.segment import DamagedError, Group, Segment, write_segment
from regulars.testing.contracts.packing import SEGMENT_BYTES, pack_all


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "log"


def filled(place: Path, records: int, words: int = 300) -> EventLog:
    log = open_log(place, "web-0")
    for number in range(1, records + 1):
        log.append_many([b"%d " % number * words])
    return log


def payloads(log: EventLog) -> list[bytes]:
    return [one.payload for one in log.read("web-0", after=0, records_max=9_999)]


def segments(place: Path) -> list[str]:
    return sorted(path.name for path in (place / "web-0.segments").iterdir())


def test_any_zstd_unpacks_a_segment_and_its_index_is_passed_over(tmp_path: Path) -> None:
    groups = [Group(number * 10 + 1, number, [b"%d" % number * 20_000] * 10) for number in range(30)]
    size = write_segment(tmp_path / "one.zst", groups)
    assert (tmp_path / "one.zst").stat().st_size == size
    unpacked = zstandard.ZstdDecompressor().stream_reader(
        BytesIO((tmp_path / "one.zst").read_bytes()), read_across_frames=True
    )
    blocks = msgspec.msgpack.Decoder(list[Group]).decode
    segment = Segment(tmp_path / "one.zst")
    assert len(segment.index) > 3
    assert [group for block in segment.index for group in blocks(unpacked.read(block.unpacked))] == groups
    assert unpacked.read() == b""


def test_rows_that_a_dead_packer_left_behind_do_not_hide_what_is_rewritten(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = filled(place, 60)
    with monkeypatch.context() as dying:
        dying.setattr(keeping.Keeper, "_drop_rows", lambda *_: None)
        assert log.pack("web-0", fresh_bytes=0, segment_bytes=SEGMENT_BYTES)
    assert rows(place) == 60
    assert len(payloads(log)) == 60
    log.rewrite("web-0", {5: b"gone"})
    assert payloads(log)[4] == b"gone"
    assert rows(place) < 60
    log.close()


def test_a_segment_that_nobody_lists_is_swept_away(place: Path) -> None:
    log = filled(place, 60)
    pack_all(log)
    listed = segments(place)
    for stray in ("0000000000000001.9.zst", "0000000000000700.1.zst", "0000000000000700.1.zst.new"):
        (place / "web-0.segments" / stray).write_bytes(b"half of it")
    assert len(payloads(log)) == 60
    log.pack("web-0", fresh_bytes=1 << 30)
    assert segments(place) == listed
    log.close()


def test_a_log_of_an_earlier_version_is_opened_as_it_is_and_packed(place: Path) -> None:
    place.mkdir()
    connection = sqlite3.connect(place / "web-0.log.db")
    connection.executescript("""
        PRAGMA page_size = 16384; PRAGMA journal_mode = WAL;
        CREATE TABLE log_groups (first_offset INTEGER PRIMARY KEY, records INTEGER NOT NULL,
            accepted_us INTEGER NOT NULL, payloads BLOB NOT NULL);
        CREATE TABLE log_trimmed (only INTEGER PRIMARY KEY, through INTEGER NOT NULL);
        INSERT INTO log_trimmed VALUES (1, 4)""")
    old = [(5 + 2 * number, 2, number, encode_payloads([b"a%d" % number * 500, b"b"])) for number in range(40)]
    connection.executemany("INSERT INTO log_groups VALUES (?, ?, ?, ?)", old)
    connection.commit()
    connection.close()
    log = open_log(place, "web-0")
    before = payloads(log)
    assert len(before) == 80
    assert (log.start("web-0"), log.append_many([b"new"])) == (4, [85])
    assert pack_all(log) > 0
    assert payloads(log) == [*before, b"new"]
    log.close()


@pytest.mark.parametrize("harm", ["missing", "cut", "garbled"])
def test_a_damaged_segment_is_told_by_its_name_and_never_passed_over(place: Path, harm: str) -> None:
    log = filled(place, 100)
    pack_all(log)
    second = place / "web-0.segments" / segments(place)[1]
    whole = second.read_bytes()
    if harm == "missing":
        second.unlink()
    else:
        second.write_bytes(whole[:-5] if harm == "cut" else whole[:50] + b"\x00\x01\x02" + whole[53:])
    reader = open_log(place)
    first_offset = int(second.name.split(".")[0])
    assert reader.read("web-0", after=0, records_max=first_offset - 1)[-1].offset == first_offset - 1
    with pytest.raises(DamagedError, match=second.name):
        reader.read("web-0", after=first_offset - 1, records_max=1)
    assert reader.read("web-0", after=95, records_max=9)[-1].offset == 100
    second.write_bytes(whole)
    assert len(payloads(reader)) == 100
    reader.close()
    log.close()


def test_the_room_of_packed_records_is_used_again_and_given_back_when_asked(place: Path) -> None:
    log = filled(place, 100, 20_000)
    before = log.size_of("web-0")
    while log.pack("web-0", fresh_bytes=0, segment_bytes=1_000_000):
        pass
    after = log.size_of("web-0")
    assert after.free > before.fresh / 2
    assert log.shrink("web-0", free_bytes_max=1 << 30) == 0
    assert log.shrink("web-0", free_bytes_max=0) == after.free
    small = log.size_of("web-0")
    assert small.total < before.fresh / 4
    assert (place / "web-0.log.db").stat().st_size < before.fresh / 4
    assert len(payloads(log)) == 100
    log.close()


def test_packing_without_room_says_so_and_leaves_the_log_as_it_was(small_disk: Path) -> None:
    place = small_disk / "log"
    log = filled(place, 40)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(small_disk).free))
    with pytest.raises(DiskFullError, match="could not be packed"):
        log.pack("web-0", fresh_bytes=0, segment_bytes=SEGMENT_BYTES)
    assert len(payloads(log)) == 40
    assert segments(place) == []
    filler.unlink()
    assert pack_all(log) > 0
    assert len(payloads(log)) == 40
    log.close()
