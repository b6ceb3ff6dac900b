"""The models, on examples small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.recommend.core.blend import blend, scales
from regulars.recommend.core.cosine import item_cosine
from regulars.recommend.core.ease import train_ease
from regulars.recommend.core.histories import Histories, histories, latest_distinct, recency_weights
from regulars.recommend.core.ials import IalsShape, train_ials
from regulars.recommend.core.linear import Linear, RowsModel
from regulars.recommend.core.rows import Floats, Ints, Rows, Scored, starts_of, strongest
from regulars.recommend.core.rules import favourites, rule_contributions
from regulars.recommend.core.sessions import SessionNeighbours, inverse_frequency, pack_sessions
from regulars.recommend.core.transitions import count_transitions


def told(*rows: list[int]) -> Histories:
    """Return histories of these items."""
    items = np.array([item for row in rows for item in row], np.int32)
    moments = np.arange(len(items))
    return Histories(starts_of(np.array([len(row) for row in rows], np.int64)), items, moments, moments)


def ints(*values: int) -> Ints:
    return np.array(values, np.int32)


def floats(*values: float) -> Floats:
    return np.array(values, np.float32)


def test_what_follows_at_once_counts_one_and_each_step_further_a_fifth_less() -> None:
    counted = count_transitions(told([0, 1, 2], [0, 1]), 3)
    assert dict(zip(*(part.tolist() for part in counted.counts.row(0)), strict=True)) == pytest.approx({1: 2.0, 2: 0.8})
    assert counted.counts.row(1)[0].tolist() == [2]
    assert counted.out.tolist() == pytest.approx([2.8, 1.0, 0.0])
    assert counted.into.tolist() == pytest.approx([0.0, 2.0, 1.8])


def test_a_transition_score_is_the_count_over_the_powers_of_both_sums_plus_one() -> None:
    scored = count_transitions(told([0, 1], [0, 1], [0, 2]), 3).scored()
    assert scored.row(0)[1][0] == pytest.approx(2 / (3**0.85 * 2**0.15 + 1))


def test_customers_do_not_follow_each_other() -> None:
    assert count_transitions(told([0], [1]), 2).counts.values.tolist() == []


def test_an_item_does_not_follow_itself() -> None:
    assert count_transitions(told([0, 0, 1]), 2).counts.row(0)[0].tolist() == [1]


def test_nobody_follows_beyond_ten_steps() -> None:
    counted = count_transitions(told(list(range(12))), 12)
    assert 10 in counted.counts.row(0)[0].tolist()
    assert 11 not in counted.counts.row(0)[0].tolist()


def test_counting_in_parts_is_counting_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(1)
    rows = [chance.integers(0, 6, size=chance.integers(0, 9)).tolist() for _ in range(40)]
    whole = count_transitions(told(*rows), 6)
    monkeypatch.setattr("regulars.recommend.core.transitions.PAIRS_A_TIME", 100)
    parts = count_transitions(told(*rows), 6)
    assert np.allclose(whole.counts.values, parts.counts.values)
    assert np.allclose(whole.out, parts.out)


def test_pruning_keeps_the_best_by_score_and_the_sums_whole() -> None:
    counted = count_transitions(told([0, 1], [0, 1], [0, 2], [3, 2], [3, 2], [3, 2]), 4)
    pruned = counted.pruned(1)
    assert pruned.counts.row(0)[0].tolist() == [1]
    assert pruned.out.tolist() == counted.out.tolist()


def test_a_run_that_ends_in_a_skip_is_no_step() -> None:
    then = histories(
        customers=np.array([0, 0, 0, 0]), items=ints(1, 1, 2, 2), at_us=np.array([1, 2, 3, 4]),
        strengths=floats(1, -0.5, 1, 1), customers_total=1,
    )  # fmt: skip
    assert then.of(0).tolist() == [2]
    assert (then.first_us.tolist(), then.last_us.tolist()) == ([3], [4])


def test_what_was_skipped_and_then_taken_up_again_is_a_step() -> None:
    then = histories(
        customers=np.array([0, 0]), items=ints(1, 1), at_us=np.array([1, 2]), strengths=floats(-0.5, 1),
        customers_total=1,
    )  # fmt: skip
    assert then.of(0).tolist() == [1]


def test_late_arrivals_take_their_place_in_time() -> None:
    then = histories(
        customers=np.array([0, 1, 0]), items=ints(5, 6, 7), at_us=np.array([9, 9, 1]), strengths=floats(1, 1, 1),
        customers_total=3,
    )  # fmt: skip
    assert [then.of(customer).tolist() for customer in range(3)] == [[7, 5], [6], []]


def test_ease_is_the_closed_form() -> None:
    taken = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1], [1, 0, 0]], float)
    rows = [np.flatnonzero(row).tolist() for row in taken]
    model = train_ease(told(*rows), 3, weight_decay=2.0)
    inverse = np.linalg.inv(taken.T @ taken + 2.0 * np.eye(3))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert np.allclose(model.matrix, expected, atol=1e-5)


def test_ease_with_dropout_has_a_ridge_that_grows_with_popularity() -> None:
    taken = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1], [1, 0, 0]], float)
    rows = [np.flatnonzero(row).tolist() for row in taken]
    model = train_ease(told(*rows), 3, weight_decay=2.0, dropout=0.5)
    gram = taken.T @ taken
    inverse = np.linalg.inv(gram + 2.0 * np.eye(3) + np.diag(np.diag(gram)))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert np.allclose(model.matrix, expected, atol=1e-5)


def test_ease_gives_nothing_to_items_that_nobody_touched() -> None:
    model = train_ease(told([0, 2], [0, 2]), 4, weight_decay=1.0)
    assert np.count_nonzero(model.matrix[1]) == np.count_nonzero(model.matrix[:, 1]) == 0
    assert model.matrix[0, 2] > 0


def test_ials_solves_the_normal_equations_of_its_loss() -> None:
    chance = np.random.default_rng(3)
    rows = [sorted(chance.choice(8, size=chance.integers(1, 6), replace=False).tolist()) for _ in range(30)]
    model = train_ials(told(*rows), 8, shape=IalsShape(dimensions=3, alternations=4))
    query, weights = ints(1, 5), floats(1, 1)
    scores = model.scores(query, weights).values
    vectors = model.vectors.astype(float)
    ridge = model.regularisation * (2 + model.unseen_weight * 8)
    solver = model.unseen_weight * vectors.T @ vectors + vectors[[1, 5]].T @ vectors[[1, 5]] + ridge * np.eye(3)
    assert np.allclose(scores, vectors @ np.linalg.solve(solver, vectors[[1, 5]].sum(axis=0)), atol=1e-4)


def test_ials_finds_the_two_tastes() -> None:
    rows = [[0, 1, 2]] * 20 + [[3, 4, 5]] * 20
    model = train_ials(told(*rows), 6, shape=IalsShape(dimensions=4))
    scores = model.scores(ints(0), floats(1)).dense(6)
    assert scores[1:3].min() > scores[3:].max()


def test_item_cosine_counts_customers_of_both_over_the_powers_of_each() -> None:
    rows = item_cosine(told([0, 1], [0, 1], [0, 2]), 3, shrink=0.0)
    assert dict(zip(*(part.tolist() for part in rows.row(0)), strict=True))[1] == pytest.approx(2 / (3**0.7 * 2**0.7))
    assert 0 not in rows.row(0)[0][rows.row(0)[1] > 0].tolist()


def neighbours() -> SessionNeighbours:
    """Return sessions 0: a b, 1: a c, 2: d b (a, b, c, d are 0, 1, 2, 3), all items equally telling."""
    packed = pack_sessions(
        sessions=np.array([0, 0, 1, 1, 2, 2]), items=ints(0, 1, 0, 2, 3, 1), items_total=4
    )  # fmt: skip
    return SessionNeighbours(packed, np.ones(4, np.float32), 4)


def test_a_neighbour_votes_by_shared_weight_length_recency_and_place() -> None:
    scores = neighbours().scores(ints(0)).dense(4)
    assert scores[1] == pytest.approx(1 / np.sqrt(2) * (1 + 0.3 * 0 / 3))
    assert scores[2] == pytest.approx(1 / np.sqrt(2) * (1 + 0.3 * 1 / 3))
    assert scores[3] == 0


def test_the_latest_shared_item_says_how_much_a_vote_counts() -> None:
    scores = neighbours().scores(ints(3, 0)).dense(4)
    by_a = 1.0 / np.sqrt(2) * 1.0
    by_d = 0.5 / np.sqrt(2) * (1 + 0.3 * 2 / 3) * 0.5
    assert scores[1] == pytest.approx(by_a + by_d)


def test_a_session_does_not_vote_for_itself() -> None:
    model = neighbours()
    assert model.scores(ints(0), leave_out=1).dense(4)[2] == 0


def test_asking_twice_gives_the_same_answer() -> None:
    model = neighbours()
    assert model.scores(ints(3, 0)).values.tolist() == model.scores(ints(3, 0)).values.tolist()


def test_packing_keeps_the_latest_place_and_the_most_recent_sessions() -> None:
    packed = pack_sessions(
        sessions=np.array([0, 0, 0, 1, 2]), items=ints(1, 2, 1, 1, 1), items_total=3, per_item=2
    )  # fmt: skip
    assert packed.by_session.row(0)[0].tolist() == [2, 1]
    assert packed.by_item.row(1)[0].tolist() == [1, 2]


def test_rarity_is_at_most_one_and_an_item_in_every_session_says_nothing() -> None:
    idf = inverse_frequency(np.array([10.0, 1.0, 5.0]), 10)
    assert idf.tolist() == pytest.approx([0.0, 1.0, np.log(2) / np.log(10)])


def test_rules_like_the_rare_word_better_than_the_one_everything_carries() -> None:
    tags = Rows.of([[(0, 1), (1, 1)], [(0, 1)], [(0, 1), (1, 1)]])
    liked = favourites(ints(0), floats(1), tags, np.array([1.0, 0.5]))
    assert liked.tags.tolist() == [1, 0]
    table = rule_contributions(liked, ints(1, 2), tags, np.array([0.0, 5.0, 5.0]))
    assert table[:, 1].sum() > table[:, 0].sum()


def test_the_blend_measures_each_source_in_its_own_deviations() -> None:
    small = Scored(ints(0, 1), np.array([0.001, 0.002]))
    large = Scored(ints(1, 2), np.array([200.0, 100.0]))
    parts = {"a": small, "b": large}
    together = blend(parts, scales(parts, {"a": 0.5, "b": 0.5}, items_total=4), items_total=4).dense(4)
    assert together[0] == pytest.approx(together[2])
    assert together[1] == pytest.approx(2 * together[0] * 2)


def test_recency_halves_with_the_half_life_and_repeats_count_once_at_their_latest_place() -> None:
    assert recency_weights(5, half_life=2).tolist() == pytest.approx([0.25, 2**-1.5, 0.5, 2**-0.5, 1.0])
    assert latest_distinct(ints(3, 1, 3, 2, 1), 9).tolist() == [3, 2, 1]


def some_models() -> list[tuple[str, Linear]]:
    chance = np.random.default_rng(7)
    rows = [sorted(chance.choice(9, size=chance.integers(2, 7), replace=False).tolist()) for _ in range(60)]
    ease = train_ease(told(*rows), 9, weight_decay=3.0)
    return [
        ("transitions", RowsModel(count_transitions(told(*rows), 9).scored(), 9)),
        ("EASE", ease),
        ("EASE, pruned", RowsModel(ease.pruned(4), 9)),
        ("iALS", train_ials(told(*rows), 9, shape=IalsShape(dimensions=3))),
    ]


@pytest.mark.parametrize(("name", "model"), some_models())
def test_contributions_sum_to_the_score(name: str, model: Linear) -> None:
    query, weights = ints(4, 1, 7), floats(0.25, 0.5, 1.0)
    targets = ints(8, 0, 3, 2)
    table = model.contributions(query, weights, targets)
    assert table.shape == (3, 4), name
    assert np.allclose(table.sum(axis=0), model.scores(query, weights).dense(9)[targets], atol=1e-5)


def test_contributions_of_session_neighbours_sum_to_their_score() -> None:
    chance = np.random.default_rng(5)
    lengths = chance.integers(1, 7, size=50)
    sessions = np.repeat(np.arange(50), lengths)
    packed = pack_sessions(
        sessions=sessions, items=chance.integers(0, 12, size=len(sessions)).astype(np.int32), items_total=12
    )  # fmt: skip
    model = SessionNeighbours(packed, np.linspace(0.1, 1, 12).astype(np.float32), 12)
    query, targets = ints(3, 8, 1), ints(11, 0, 5, 2)
    assert np.allclose(
        model.contributions(query, targets).sum(axis=0), model.scores(query).dense(12)[targets], atol=1e-6
    )


def test_the_strongest_of_a_row_stay_in_the_order_of_their_columns() -> None:
    kept = strongest(Rows.of([[(3, 1.0), (5, 9.0), (7, 4.0)], [(1, 1.0)]]), 2)
    assert kept.row(0)[0].tolist() == [5, 7]
    assert kept.row(1)[0].tolist() == [1]
