"""Ranks, metrics, splits, re-ranking and click rates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.recommend.core.histories import Histories
from regulars.recommend.core.metrics import mean_with_interval, next_item_metrics, rank_of, set_metrics
from regulars.recommend.core.performance import clicked_slates, wilson_interval
from regulars.recommend.core.popular import crowd_of, excess, forward_weight
from regulars.recommend.core.rerank import choose, penalised
from regulars.recommend.core.rows import Scored
from regulars.recommend.core.splits import hold_out_customers, leave_last_out

DAY_US = 86_400_000_000


def scored(**values: float) -> Scored:
    """Return scores of items named i0, i1 …"""
    pairs = sorted((int(name[1:]), value) for name, value in values.items())
    return Scored(np.array([item for item, _ in pairs], np.int32), np.array([value for _, value in pairs]))


def test_the_best_has_rank_one_and_what_is_excluded_does_not_compete() -> None:
    excluded = np.zeros(5, np.bool_)
    assert rank_of(2, scored(i1=1.0, i2=3.0), excluded=excluded) == 1
    assert rank_of(1, scored(i1=1.0, i2=3.0), excluded=excluded) == 2
    excluded[2] = True
    assert rank_of(1, scored(i1=1.0, i2=3.0), excluded=excluded) == 1


def test_ties_share_their_mean_rank() -> None:
    assert rank_of(0, scored(i0=1.0, i1=1.0, i2=1.0), excluded=np.zeros(3, np.bool_)) == 2


def test_a_silent_target_stands_between_what_was_liked_and_what_was_disliked() -> None:
    assert rank_of(4, scored(i0=1.0, i1=-1.0), excluded=np.zeros(5, np.bool_)) == 3  # ties with 2 and 3: (2+3+4)/3


@given(st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), min_size=2, max_size=8), st.data())
def test_a_rank_is_the_mean_over_every_way_to_break_ties(values: list[float], data: st.DataObject) -> None:
    target = data.draw(st.integers(0, len(values) - 1))
    scores = Scored(np.arange(len(values), dtype=np.int32), np.array(values))
    above = sum(value > values[target] for value in values)
    level = sum(value == values[target] for value in values)
    expected = np.mean([above + place for place in range(1, level + 1)])
    assert rank_of(target, scores, excluded=np.zeros(len(values), np.bool_)) == expected


def test_next_item_metrics_look_no_further_than_the_cutoff() -> None:
    figures = next_item_metrics(np.array([1.0, 10.0, 11.0]), (10,))
    assert figures["HR@10"].tolist() == [1, 1, 0]
    assert figures["NDCG@10"].tolist() == pytest.approx([1, 1 / np.log2(11), 0])
    assert figures["MRR@10"].tolist() == pytest.approx([1, 0.1, 0])


def test_recall_divides_by_what_could_be_found() -> None:
    figures = set_metrics(np.array([7, 1, 2], np.int32), np.array([1, 9, 8], np.int32), (2,), 3)
    assert figures["Recall@2"] == 0.5
    assert figures["NDCG@3"] == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3) + 0.5))


def test_an_interval_narrows_with_the_root_of_the_count() -> None:
    few = mean_with_interval(np.tile([0.0, 1.0], 50))
    many = mean_with_interval(np.tile([0.0, 1.0], 5000))
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(10, rel=0.02)


def test_the_last_step_is_the_question_and_customers_of_one_step_are_not_asked() -> None:
    steps = np.array([1, 2, 3, 9], np.int32)
    split = leave_last_out(Histories(np.array([0, 3, 4]), steps, np.arange(4), np.arange(4)))
    assert (split.customers.tolist(), split.targets.tolist()) == ([0], [3])
    assert split.known.of(1).tolist() == [9]


def test_held_out_customers_are_never_learned_from_and_their_targets_are_never_shown() -> None:
    chance = np.random.default_rng(0)
    lengths = np.full(50, 10)
    items = np.concatenate([chance.permutation(40)[:10] + 100 * 0 for _ in range(50)]).astype(np.int32)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    told = Histories(starts, items, np.arange(500), np.arange(500))
    split = hold_out_customers(told, count=10, seed=4)
    assert split.train.customers == 40
    for customer, targets in enumerate(split.targets):
        assert len(targets) == 2
        assert not set(targets.tolist()) & set(split.known.of(customer).tolist())


def test_the_same_seed_holds_out_the_same_customers() -> None:
    items = np.tile(np.arange(10, dtype=np.int32), 30)
    told = Histories(np.arange(0, 301, 10), items, np.arange(300), np.arange(300))
    first, again = (hold_out_customers(told, count=5, seed=1).known.items.tolist() for _ in range(2))
    assert first == again


NO_TAGS = [frozenset[int]()] * 50


def test_without_knobs_the_order_is_that_of_the_scores() -> None:
    assert choose(np.array([1.0, 3.0, 2.0]), NO_TAGS, count=2) == [1, 2]


def test_variety_passes_over_the_second_of_a_kind() -> None:
    tags = [frozenset({1}), frozenset({1}), frozenset({2})]
    assert choose(np.array([1.0, 0.9, 0.8]), tags, count=2, diversity=0.5) == [0, 2]
    assert choose(np.array([1.0, 0.9, 0.8]), tags, count=2, diversity=0.0) == [0, 1]


def test_novelty_holds_back_what_everybody_knows() -> None:
    assert penalised(np.array([1.0, 0.9]), np.array([1000.0, 0.0]), 0.4).argmax() == 1


@given(
    st.lists(st.tuples(st.floats(-3, 3), st.frozensets(st.integers(0, 4), max_size=3)), min_size=1, max_size=60),
    st.integers(1, 20),
    st.floats(0, 1),
    st.integers(1, 4),
)
def test_no_tag_ever_stands_on_more_items_than_allowed(
    items: list[tuple[float, frozenset[int]]], count: int, diversity: float, most: int
) -> None:
    tags = [words for _, words in items]
    chosen = choose(
        np.array([score for score, _ in items]), tags, count=count, diversity=diversity, capped=tags, most_per_tag=most
    )
    assert len(set(chosen)) == len(chosen) <= count
    for tag in range(5):
        assert sum(tag in tags[place] for place in chosen) <= most


def test_wilson_interval_of_nothing_is_everything_and_never_leaves_zero_to_one() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(0, 10)[0] == 0.0
    assert 0.999 < wilson_interval(10, 10)[1] <= 1.0


def clicks(*, shown_us: list[int], touched: list[tuple[int, int, int]]) -> list[bool]:
    """Return which slates of customer 1, each of items 5 and 6, were clicked by (customer, item, moment)."""
    customers, items, moments = (np.array(column, np.int64) for column in zip(*touched, strict=True))
    clicked: list[bool] = clicked_slates(
        slate_customers=np.full(len(shown_us), 1),
        slate_shown_us=np.array(shown_us),
        slate_starts=np.arange(0, 2 * len(shown_us) + 1, 2),
        slate_items=np.tile(np.array([5, 6], np.int32), len(shown_us)),
        customers=customers,
        items=items.astype(np.int32),
        at_us=moments,
    ).tolist()
    return clicked


def test_a_click_exactly_a_day_later_still_counts_and_a_moment_more_does_not() -> None:
    assert clicks(shown_us=[0], touched=[(1, 5, DAY_US)]) == [True]
    assert clicks(shown_us=[0], touched=[(1, 5, DAY_US + 1)]) == [False]


def test_a_click_belongs_to_the_latest_slate_with_the_item() -> None:
    assert clicks(shown_us=[0, 100], touched=[(1, 6, 150)]) == [False, True]


def test_neither_another_customer_nor_another_item_nor_an_earlier_moment_is_a_click() -> None:
    assert clicks(shown_us=[100], touched=[(2, 5, 150), (1, 7, 150), (1, 5, 99)]) == [False]


def test_one_half_life_later_an_interaction_weighs_twice() -> None:
    now, later = (forward_weight(at, landmark_us=0, half_life_us=10) for at in (7, 17))
    assert later / now == pytest.approx(2)


def test_a_steady_item_is_not_rising() -> None:
    day = np.log(2)
    assert excess(np.array([30 / day]), np.array([30 * 14 / day]))[0] == pytest.approx(0, abs=1e-9)
    assert excess(np.array([60 / day]), np.array([30 * 14 / day]))[0] > 4


@pytest.mark.parametrize(
    ("context", "crowd"),
    [
        ({"location": {"country": "Taiwan"}, "device": {"type": "ios"}}, "Taiwan/phone"),
        ({"locale": "ja_JP", "userAgent": "Mozilla/5.0 (iPad; CPU OS 17_0)"}, "JP/tablet"),
        ({"locale": "en", "userAgent": "curl/8"}, "/"),
        ({"location": "nowhere", "device": 7, "locale": None, "userAgent": None}, "/"),
    ],
)
def test_a_crowd_is_country_and_device_as_far_as_they_are_known(context: dict[str, object], crowd: str) -> None:
    assert crowd_of(context) == crowd
