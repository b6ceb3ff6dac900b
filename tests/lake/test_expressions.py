"""Questions to history give the answers that plain Python gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.lake import LakeRow
from regulars.lake.expressions import DAY_US, MINUTE_US, events_per_day, funnel, sessions
from regulars.lake.query import events, run

MakeRow = Callable[..., LakeRow]
NAMES = ("Seen", "Added", "Bought", "Other")

moves = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", None]),
        st.sampled_from(["a1", "b1", None]),
        st.sampled_from(NAMES),
        st.integers(0, 40).map(lambda tenth: tenth * DAY_US // 4),
    ),
    max_size=25,
)
slowly = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows_of(make_row: MakeRow, taken: list[tuple[str | None, str | None, str, int]]) -> list[LakeRow]:
    return [
        make_row(number, user_id=user_id, anonymous_id=anonymous_id, name=name, occurred_us=at, received_us=at)
        for number, (user_id, anonymous_id, name, at) in enumerate(taken)
    ]


def in_order(rows: list[LakeRow]) -> dict[str, list[LakeRow]]:
    visitors: dict[str, list[LakeRow]] = {}
    for row in sorted(rows, key=lambda row: (row.occurred_us, row.received_us, row.partition, row.offset, row.index)):
        visitor = row.user_id or row.anonymous_id
        if visitor:
            visitors.setdefault(visitor, []).append(row)
    return visitors


def reached(rows: list[LakeRow], steps: tuple[str, ...], within_us: int) -> int:
    """Return how many steps somebody got through from the best of their starts, by trying them all."""
    best = 0
    for place, first in enumerate(rows):
        if first.name != steps[0]:
            continue
        step = 1
        for row in rows[place + 1 :]:
            if step < len(steps) and row.name == steps[step] and row.occurred_us - first.occurred_us <= within_us:
                step += 1
        best = max(best, step)
    return best


@slowly
@given(taken=moves, steps=st.lists(st.sampled_from(NAMES[:3]), min_size=1, max_size=4).map(tuple))
def test_a_funnel_counts_whom_trying_every_start_counts(
    make_row: MakeRow, taken: list[tuple[str | None, str | None, str, int]], steps: tuple[str, ...]
) -> None:
    rows = rows_of(make_row, taken)
    found = run(funnel(events(), steps, within_days=2), [], rows).to_pylist()
    furthest = [reached(of_visitor, steps, 2 * DAY_US) for of_visitor in in_order(rows).values()]
    assert found == [
        {"step": number, "name": name, "visitors": sum(far >= number for far in furthest)}
        for number, name in enumerate(steps, 1)
    ]


@slowly
@given(taken=moves)
def test_sessions_end_when_nothing_happens_for_longer_than_the_gap(
    make_row: MakeRow, taken: list[tuple[str | None, str | None, str, int]]
) -> None:
    rows = rows_of(make_row, taken)
    found = run(sessions(events(), gap_minutes=6 * 60), [], rows).to_pylist()
    expected: list[dict[str, object]] = []
    for visitor, of_visitor in sorted(in_order(rows).items()):
        visits: list[list[int]] = []
        for row in of_visitor:
            if not visits or row.occurred_us - visits[-1][-1] > 360 * MINUTE_US:
                visits.append([])
            visits[-1].append(row.occurred_us)
        expected += [
            {"visitor": visitor, "session": n, "started_us": v[0], "ended_us": v[-1], "events": len(v)}
            for n, v in enumerate(visits, 1)
        ]
    assert found == expected


@slowly
@given(taken=moves)
def test_events_are_counted_by_day_and_name(
    make_row: MakeRow, taken: list[tuple[str | None, str | None, str, int]]
) -> None:
    rows = rows_of(make_row, taken)
    found = run(events_per_day(events()), [], rows).to_pylist()
    counted = Counter((row.occurred_us // DAY_US, row.name) for row in rows)
    assert [((line["day"].date().toordinal() - 719_163), line["name"], line["events"]) for line in found] == [
        (day, name, times) for (day, name), times in sorted(counted.items())
    ]


def test_a_gap_of_exactly_the_limit_is_the_same_visit(make_row: MakeRow) -> None:
    rows = [make_row(number, user_id="ann", occurred_us=number * 30 * MINUTE_US) for number in range(3)]
    rows.append(make_row(9, user_id="ann", occurred_us=90 * MINUTE_US + 1))
    found = run(sessions(events()), [], rows).to_pylist()
    assert [line["events"] for line in found] == [3, 1]


def test_a_funnel_without_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        funnel(events(), [])


def test_a_value_and_a_column_of_json_can_be_asked_as_well(make_row: MakeRow) -> None:
    rows = [make_row(number) for number in range(10)]
    assert run(events().count(), [], rows).as_py() == 10
    song = events().properties.cast("json")["asset_id"].str.name("song")
    assert Counter(run(song, [], rows).to_pylist()) == {f"song-{number}": 2 for number in range(5)}
