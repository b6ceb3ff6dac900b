"""Which files are merged when: few files stay, and no event is written often."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.ids import new_id
from regulars.lake import Forgotten
from regulars.lake.core import FILE_EVENTS_MAX, LakeFile, begun_us, day_of, files_to_merge, path_of


def file(number: int, events: int) -> LakeFile:
    return LakeFile(
        path=f"{number:05}", day="2026-10-01", first_seq=number, last_seq=number, events=events, size_bytes=events
    )


@given(st.lists(st.integers(1, 2 * FILE_EVENTS_MAX), max_size=30))
def test_a_merge_takes_at_least_four_files_and_fits_in_memory(sizes: list[int]) -> None:
    chosen = files_to_merge([file(number, size) for number, size in enumerate(sizes)])
    assert len(chosen) == 0 or len(chosen) >= 4
    assert sum(one.events for one in chosen) <= FILE_EVENTS_MAX
    assert len({one.path for one in chosen}) == len(chosen)


@pytest.mark.parametrize("seed", range(5))
def test_a_day_keeps_few_files_and_writes_each_event_a_few_times(seed: int) -> None:
    chance = random.Random(seed)
    files: list[LakeFile] = []
    arrived = rewritten = 0
    for number in range(500):
        files.append(file(number, chance.randint(1, 200)))
        arrived += files[-1].events
        while chosen := files_to_merge(files):
            merged = sum(one.events for one in chosen)
            rewritten += merged
            files = [one for one in files if one not in chosen] + [file(10_000 + number, merged)]
        assert len(files) <= 4 + 2 * math.log2(arrived)
    assert rewritten / arrived <= math.log2(500), rewritten / arrived


def test_a_name_tells_when_the_file_was_begun() -> None:
    path = path_of("2026-10-01", first_seq=1, last_seq=2, token=new_id(1_790_856_000_123_456))
    assert begun_us(path) == 1_790_856_000_123_000
    assert begun_us("lake/events/date=2026-10-01/notes.txt") is None
    assert begun_us("lake/events/date=2026-10-01/1-2-" + "z" * 32 + ".parquet") is None


def test_days_are_utc_and_exist_before_1970() -> None:
    assert day_of(-1) == "1969-12-31"
    assert day_of(951_782_400_000_000) == "2000-02-29"


@pytest.mark.parametrize(
    ("user_id", "anonymous_id", "previous_id", "goes"),
    [
        ("ann", "x", None, True),
        ("bob", "a1", None, False),
        (None, "a1", None, True),
        ("bob", None, "ann", True),
        ("bob", None, "a1", False),
        (None, "x", "a1", True),
        (None, None, None, False),
    ],
)
def test_an_event_goes_with_its_person_and_not_with_its_device(
    user_id: str | None, anonymous_id: str | None, previous_id: str | None, goes: bool
) -> None:
    ann = Forgotten(user_ids=frozenset({"ann"}), anonymous_ids=frozenset({"a1"}))
    assert ann.covers(user_id=user_id, anonymous_id=anonymous_id, previous_id=previous_id) is goes
