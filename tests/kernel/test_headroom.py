"""Is there room for more, and how often is the disk asked?"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from regulars.kernel.clock import WoundClock
from regulars.kernel.headroom import Headroom

MB = 1_000_000


class Disk:
    """A disk as `os.statvfs` tells of it, in megabytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.total, self.free, self.looks = 10_000, 5_000, 0
        monkeypatch.setattr(os, "statvfs", self._told)

    def _told(self, _: Path) -> os.statvfs_result:
        self.looks += 1
        return os.statvfs_result((1, MB, self.total, self.free, self.free, 0, 0, 0, 0, 255))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def looked(clock: WoundClock) -> Callable[[Headroom], bool]:
    def look(headroom: Headroom) -> bool:
        clock.wind(timedelta(seconds=1))
        return headroom.has_room()

    return look


def test_the_disk_is_asked_once_a_second_however_many_ask(tmp_path: Path, clock: WoundClock, disk: Disk) -> None:
    headroom = Headroom(tmp_path, clock, bytes_min=256 * MB)
    assert all(headroom.has_room(100) for _ in range(10_000))
    assert disk.looks == 1
    clock.wind(timedelta(seconds=1))
    assert headroom.has_room(100)
    assert disk.looks == 2


def test_the_disk_is_asked_again_when_much_was_taken_in(tmp_path: Path, clock: WoundClock, disk: Disk) -> None:
    headroom = Headroom(tmp_path, clock, bytes_min=256 * MB)
    assert headroom.has_room()
    disk.free = 200
    assert headroom.has_room(31 * MB)
    assert not headroom.has_room(2 * MB)


def test_what_was_used_up_counts_as_free_again_a_fifth_above(
    tmp_path: Path, clock: WoundClock, disk: Disk, looked: Callable[[Headroom], bool]
) -> None:
    headroom = Headroom(tmp_path, clock, bytes_min=100 * MB)
    told = []
    for free in (101, 100, 99, 101, 119, 120, 101, 100, 99):
        disk.free = free
        told.append(looked(headroom))
    assert told == [True, True, False, False, False, True, True, True, False]
    assert headroom.room() == (99 * MB, 100 * MB, False)


def test_on_a_small_disk_a_tenth_is_kept_free(
    tmp_path: Path, clock: WoundClock, disk: Disk, looked: Callable[[Headroom], bool]
) -> None:
    disk.total, disk.free = 500, 51
    headroom = Headroom(tmp_path, clock, bytes_min=256 * MB)
    assert looked(headroom)
    disk.free = 49
    assert not looked(headroom)
    assert headroom.room().needed_bytes == 50 * MB


def test_zero_takes_all_there_is(
    tmp_path: Path, clock: WoundClock, disk: Disk, looked: Callable[[Headroom], bool]
) -> None:
    disk.free = 0
    assert looked(Headroom(tmp_path, clock, bytes_min=0))


def test_a_folder_that_cannot_be_asked_about_is_left_to_whoever_writes(tmp_path: Path, clock: WoundClock) -> None:
    assert Headroom(tmp_path / "away", clock, bytes_min=1).has_room()
