"""What is counted event by event always equals what a full recount says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.kernel.ids import CustomerId
from regulars.recommend.core.histories import histories
from regulars.recommend.core.sessions import SESSION_GAP_US
from regulars.recommend.engine.artifact import Artifact, Trained
from regulars.recommend.engine.live import LiveEngine
from regulars.recommend.engine.steps import Entries, merged, steps_of
from regulars.recommend.engine.training import Columns, Plan, learn
from regulars.recommend.store import InteractionRow, OwnerRow

ITEMS = 7
MINUTE_US = 60_000_000
NOW_US = 10**15
CROWDS = ("/", "TW/phone", "JP/tv")


@dataclass(frozen=True)
class Told:
    """Interactions in order of arrival, and whose each anchor is in the end."""

    rows: Sequence[InteractionRow]
    owners: dict[int, CustomerId]


def row(seq: int, anchor: int, item: int, minute: int, strength: float = 1.0, crowd: str = "/") -> InteractionRow:
    """Return an interaction at a minute."""
    return InteractionRow(seq, anchor, item, minute * MINUTE_US, 1, strength, crowd)


def learned(told: Told) -> Artifact:
    """Return what training leaves behind."""
    names = list(CROWDS)
    columns = Columns(
        anchors=np.array([one.anchor for one in told.rows], np.int64),
        items=np.array([one.item_no for one in told.rows], np.int32),
        at_us=np.array([one.at_us for one in told.rows], np.int64),
        kinds=np.array([one.kind for one in told.rows], np.int32),
        strengths=np.array([one.strength for one in told.rows], np.float32),
        crowds=np.array([names.index(one.crowd) for one in told.rows], np.int32),
        crowd_names=names,
    )
    found = learn(columns, told.owners, ITEMS, Plan(neighbours=ITEMS), lambda _share, _note: None)
    about = Trained(
        version="1", kind=found.kind, trained_at=datetime.now(UTC), through_seq=len(told.rows), through_version=0,
        erased_version=0, interactions=len(told.rows), customers=found.customers, items=found.items, items_total=ITEMS,
        sessions=found.sessions, seconds=0, landmark_us=found.landmark_us, latest_us=found.latest_us,
        crowds=found.crowds,
    )  # fmt: skip
    return Artifact(about, [""] * ITEMS, found.arrays)


def follow(told: Told, *, base: int) -> LiveEngine:
    """Return an engine that learned from the first `base` interactions and followed the rest."""
    first = replace(told, rows=told.rows[:base])
    engine = LiveEngine(learned(first) if base else None)
    engine.fit(ITEMS)
    engine.own([OwnerRow(anchor, customer, 1) for anchor, customer in told.owners.items()])
    engine.take(told.rows[base:], NOW_US)
    return engine


def transitions(engine: LiveEngine) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return all counts of what follows what, then the sums of rows and columns."""
    table = np.zeros((ITEMS + 2, ITEMS))
    everything = np.arange(ITEMS, dtype=np.int32)
    columns, counts, owners = engine.transitions.cells(everything)
    np.add.at(table, (owners, columns), counts)
    table[ITEMS], table[ITEMS + 1] = engine.transitions.sums(ITEMS)
    return table


def standing_sessions(engine: LiveEngine) -> list[list[int]]:
    """Return the sessions that vote, in no order."""
    return sorted(items for number in range(engine.sessions.count) if (items := engine.sessions.items(number)))


def assert_same(one: LiveEngine, other: LiveEngine) -> None:
    """Check that two engines count alike."""
    assert np.allclose(transitions(one), transitions(other), atol=1e-4)
    assert np.allclose(one.popularity.counts[:ITEMS], other.popularity.counts[:ITEMS], atol=1e-6)
    for crowd in CROWDS:
        first, second = (engine.popularity.popularity(engine.crowd_number(crowd)) for engine in (one, other))
        assert np.allclose(first, second, atol=1e-5), crowd
    assert np.allclose(one.popularity.rising(), other.popularity.rising(), atol=1e-4)
    assert standing_sessions(one) == standing_sessions(other)


interactions = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.integers(1, ITEMS - 1),
        st.integers(0, 400),
        st.sampled_from([1.0, 1.0, 1.0, -0.5]),
        st.sampled_from(CROWDS),
    ),
    min_size=1,
    max_size=40,
)


@given(interactions, st.integers(0, 40))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_artifact_and_news_together_equal_a_full_recount(
    facts: list[tuple[int, int, int, float, str]], base: int
) -> None:
    rows = [row(seq, *fact) for seq, fact in enumerate(facts, 1)]
    told = Told(rows, {anchor: CustomerId(f"c{anchor}") for anchor in range(1, 5)})
    recount = LiveEngine(learned(told))
    assert_same(follow(told, base=min(base, len(rows))), recount)


@given(interactions, st.integers(0, 20), st.integers(0, 40))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_two_customers_who_become_one_count_as_if_they_had_always_been(
    facts: list[tuple[int, int, int, float, str]], base: int, met: int
) -> None:
    # Two customers at the very same microsecond have no order of their own: the kept one's facts come first.
    rows = [
        row(seq, anchor, item, minute * 5 + anchor, strength, crowd)
        for seq, (anchor, item, minute, strength, crowd) in enumerate(facts, 1)
    ]
    apart = {anchor: CustomerId(f"c{anchor}") for anchor in range(1, 5)}
    together = apart | {2: CustomerId("c1"), 3: CustomerId("c1")}
    engine = follow(Told(rows[:met], apart), base=min(base, met, len(rows)))
    engine.own([OwnerRow(2, CustomerId("c1"), 2), OwnerRow(3, CustomerId("c1"), 2)])
    engine.take(rows[met:], NOW_US)
    assert_same(engine, LiveEngine(learned(Told(rows, together))))
    assert engine.shoppers.find(CustomerId("c2")) == engine.shoppers.find(CustomerId("c1")) or not rows


@given(interactions, st.lists(st.integers(1, 39), max_size=5))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_how_news_is_cut_into_portions_makes_no_difference(
    facts: list[tuple[int, int, int, float, str]], cuts: list[int]
) -> None:
    rows = [row(seq, *fact) for seq, fact in enumerate(facts, 1)]
    owners = {anchor: CustomerId(f"c{anchor}") for anchor in range(1, 5)}
    whole = follow(Told(rows, owners), base=0)
    parts = follow(Told([], owners), base=0)
    edges = [0, *sorted(set(cuts)), len(rows)]
    for start, end in pairwise(edges):
        parts.take(rows[start:end], NOW_US)
    assert_same(whole, parts)


@given(interactions)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_steps_in_memory_are_the_steps_of_the_histories(facts: list[tuple[int, int, int, float, str]]) -> None:
    mine = [fact for fact in facts if fact[0] == 1]
    entries = Entries()
    for _, item, minute, strength, _ in mine:
        entries.add(item, minute, strength)
    then = histories(
        customers=np.zeros(len(mine), np.int64),
        items=np.array([fact[1] for fact in mine], np.int32),
        at_us=np.array([fact[2] for fact in mine], np.int64),
        strengths=np.array([fact[3] for fact in mine], np.float32),
        customers_total=1,
    )
    steps = steps_of(entries)
    assert [step.item for step in steps] == then.of(0).tolist()
    assert [(step.first_us, step.last_us) for step in steps] == list(
        zip(then.first_us.tolist(), then.last_us.tolist(), strict=True)
    )


def test_merged_entries_stand_in_the_order_of_time() -> None:
    one, other = Entries.of([(1, 10, 1.0, 0), (3, 30, 1.0, 0)]), Entries.of([(2, 20, 1.0, 0)])
    assert [item for item, *_ in merged(one, other).rows()] == [1, 2, 3]


def test_an_erased_customer_no_longer_counts() -> None:
    rows = [row(1, 1, 1, 0), row(2, 1, 2, 1), row(3, 2, 1, 0), row(4, 2, 3, 1)]
    owners = {1: CustomerId("a"), 2: CustomerId("b")}
    engine = follow(Told(rows, owners), base=2)
    engine.erase([1], 2)
    only_b = LiveEngine(learned(Told(rows[2:], owners)))
    assert_same(engine, only_b)
    assert engine.shoppers.find(CustomerId("a")) == -1


def test_an_erased_anchor_given_to_somebody_new_brings_nothing_back() -> None:
    engine = follow(Told([row(1, 1, 1, 0), row(2, 1, 2, 1)], {1: CustomerId("a")}), base=2)
    engine.erase([1], 2)
    engine.own([OwnerRow(1, CustomerId("z"), 3)])
    engine.take([row(3, 1, 5, 9)], NOW_US)
    shopper = engine.shoppers.look(engine.shoppers.find(CustomerId("z")))
    assert [step.item for step in shopper.steps] == [5]


def test_half_an_hour_of_silence_begins_a_new_session() -> None:
    gap = SESSION_GAP_US // MINUTE_US
    rows = [row(1, 1, 1, 0), row(2, 1, 2, gap), row(3, 1, 3, 2 * gap + 1)]
    engine = follow(Told(rows, {1: CustomerId("a")}), base=0)
    assert standing_sessions(engine) == [[1, 2], [3]]


def test_a_device_far_in_the_future_does_not_make_everything_else_look_old() -> None:
    rows = [row(1, 1, 1, 0), InteractionRow(2, 1, 2, 10**18, 1, 1.0, "/"), row(3, 2, 3, 5)]
    engine = LiveEngine()
    engine.own([OwnerRow(1, CustomerId("a"), 1), OwnerRow(2, CustomerId("b"), 1)])
    engine.take(rows, 10 * MINUTE_US)
    shares = engine.popularity.popularity(0)
    assert shares[1] > 0.3
    assert shares[3] > 0.3


def test_popularity_survives_years() -> None:
    engine = LiveEngine()
    engine.own([OwnerRow(1, CustomerId("a"), 1)])
    year = 365 * 24 * 60
    rows = [row(seq, 1, 1 + seq % 3, seq * year) for seq in range(1, 30)]
    engine.take(rows, NOW_US)
    shares = engine.popularity.popularity(0)
    assert np.isfinite(shares).all()
    assert shares.sum() == pytest.approx(1)
    assert shares.argmax() == 1 + 29 % 3


def test_customers_of_a_very_long_history_are_followed_by_their_last_steps() -> None:
    rows = [row(seq, 1, 1 + seq % 5, seq) for seq in range(1, 400)]
    engine = follow(Told(rows, {1: CustomerId("a")}), base=150)
    assert_same_counts = LiveEngine(learned(Told(rows, {1: CustomerId("a")})))
    assert np.allclose(transitions(engine), transitions(assert_same_counts), atol=1e-3)
