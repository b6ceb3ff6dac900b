"""Protocol `last-item`: everybody's last item is the question, ranked among all items not touched before.

Settings are chosen on the item before the last, which the training part contains; the last one is looked at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from regulars.recommend.core import ease, transitions
from regulars.recommend.core.blend import LONG_HISTORY, blend, scales
from regulars.recommend.core.cosine import item_cosine
from regulars.recommend.core.ease import Ease, train_ease
from regulars.recommend.core.histories import Histories, latest_distinct, recency_weights
from regulars.recommend.core.ials import train_ials
from regulars.recommend.core.linear import Linear, RowsModel
from regulars.recommend.core.metrics import mean_with_interval, next_item_metrics, rank_of
from regulars.recommend.core.rows import Doubles, Ints, Rows, Scored
from regulars.recommend.core.rules import HALF_LIFE_ITEMS as RULES_HALF_LIFE
from regulars.recommend.core.rules import QUERY_ITEMS as RULES_QUERY
from regulars.recommend.core.rules import favourites, rule_contributions
from regulars.recommend.core.splits import LastItem, leave_last_out
from regulars.recommend.core.transitions import count_transitions
from regulars.recommend.evaluation.report import ModelResult

CUTOFFS = (10, 100)
VALIDATION_CUSTOMERS = 1_500  # enough to tell settings apart by .005 NDCG@10; more only takes longer
CHOSEN_BY = "NDCG@10"
TRANSITION_HALF_LIVES = (1.0, 2.0, 3.0, 5.0)
TASTE_HALF_LIVES = (3.0, 5.0, 10.0, 20.0, 1e9)
TASTE_SHARES = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
NO_HALF_LIFE = 1e9

Scorer = Callable[[Ints], Scored]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Tags:
    """For each item its tags, and the share of items with each tag: what the rule baseline needs."""

    by_item: Rows
    frequency: Doubles


@dataclass(frozen=True, slots=True)
class Fitted:
    """Models learned from one training part."""

    transitions: Linear
    taste: Linear
    cosine: Linear
    counts: Doubles
    items_total: int
    fit_s: Mapping[str, float]


def evaluate_last_item(
    histories: Histories,
    items_total: int,
    *,
    ease_items_max: int,
    tags: Tags | None,
    on_progress: Progress,
) -> tuple[int, list[ModelResult]]:
    """Return the number of questions and every model's result, ours first."""
    test = leave_last_out(histories)
    on_progress(0, 10, "choosing settings on the item before the last")
    chosen = choose_settings(leave_last_out(test.known), items_total, ease_items_max=ease_items_max)
    on_progress(4, 10, "learning")
    fitted = fit(test.known, items_total, ease_items_max=ease_items_max)
    results = []
    scorers = _scorers(fitted, chosen, tags)
    for place, (name, scorer, settings, is_baseline) in enumerate(scorers):
        on_progress(5 + place * 5 // len(scorers), 10, f"asking {name}")
        results.append(measure(name, scorer, test, items_total, settings=settings, is_baseline=is_baseline,
                               fit_s=_fit_s(fitted, name)))  # fmt: skip
    on_progress(10, 10, "done")
    return len(test.targets), results


def _fit_s(fitted: Fitted, name: str) -> float:
    parts = {"blend": ("transitions", "taste")}.get(name, (name,))
    return sum(fitted.fit_s.get(part, 0.0) for part in parts)


def _scorers(
    fitted: Fitted, chosen: Mapping[str, float], tags: Tags | None
) -> list[tuple[str, Scorer, dict[str, float], bool]]:
    follow, taste, share = chosen["transition half-life"], chosen["taste half-life"], chosen["taste share"]
    scorers: list[tuple[str, Scorer, dict[str, float], bool]] = [
        ("blend", blended(fitted, follow, taste, share), dict(chosen), False),
        ("transitions", weighed(fitted.transitions, follow, transitions.QUERY_ITEMS), {"half-life": follow}, False),
        ("taste", weighed(fitted.taste, taste, ease.QUERY_ITEMS), {"half-life": taste}, False),
        ("item-kNN", weighed(fitted.cosine, NO_HALF_LIFE, 10**9), {}, True),
        ("popular", always(fitted.counts), {}, True),
    ]
    if tags is not None:
        scorers.append(("rules", by_rule(tags, fitted.counts), {}, True))
    return scorers


def fit(known: Histories, items_total: int, *, ease_items_max: int) -> Fitted:
    """Learn every model from the training part."""
    seconds = {}
    started = time.process_time()
    follow = RowsModel(count_transitions(known, items_total).scored(), items_total)
    seconds["transitions"] = time.process_time() - started
    started = time.process_time()
    is_small = len(np.unique(known.items)) <= ease_items_max
    taste: Linear = train_ease(known, items_total) if is_small else train_ials(known, items_total)
    seconds["taste"] = time.process_time() - started
    started = time.process_time()
    cosine = RowsModel(item_cosine(known, items_total), items_total)
    seconds["item-kNN"] = time.process_time() - started
    counts = np.bincount(known.items, minlength=items_total).astype(np.float64)
    return Fitted(follow, taste, cosine, counts, items_total, seconds)


def choose_settings(validation: LastItem, items_total: int, *, ease_items_max: int) -> dict[str, float]:
    """Return the half-lives and the weights that rank the validation items best."""
    part = _part(validation)
    fitted = fit(validation.known, items_total, ease_items_max=ease_items_max)

    def worth(scorer: Scorer) -> float:
        return measure("", scorer, part, items_total).figures[CHOSEN_BY].value

    follow = max(
        TRANSITION_HALF_LIVES, key=lambda half: worth(weighed(fitted.transitions, half, transitions.QUERY_ITEMS))
    )
    taste = max(TASTE_HALF_LIVES, key=lambda half: worth(weighed(fitted.taste, half, ease.QUERY_ITEMS)))
    share = max(TASTE_SHARES, key=lambda part: worth(blended(fitted, follow, taste, part)))
    return {"transition half-life": follow, "taste half-life": taste, "taste share": share}


def _part(validation: LastItem) -> LastItem:
    if len(validation.customers) <= VALIDATION_CUSTOMERS:
        return validation
    chosen = np.linspace(0, len(validation.customers) - 1, VALIDATION_CUSTOMERS).astype(np.int64)
    return LastItem(validation.known, validation.customers[chosen], validation.targets[chosen])


def measure(
    name: str,
    scorer: Scorer,
    split: LastItem,
    items_total: int,
    *,
    settings: dict[str, float] | None = None,
    is_baseline: bool = False,
    fit_s: float = 0.0,
) -> ModelResult:
    """Return how well a scorer ranks each customer's held-out item among those not touched before."""
    ranks = np.zeros(len(split.targets))
    unused = np.bincount(split.known.items, minlength=items_total) == 0
    excluded = unused.copy()
    seconds = 0.0
    for place, (customer, target) in enumerate(zip(split.customers.tolist(), split.targets.tolist(), strict=True)):
        steps = split.known.of(customer)
        started = time.thread_time()
        scored = scorer(steps)
        seconds += time.thread_time() - started
        excluded[steps] = True
        excluded[target] = False
        ranks[place] = rank_of(target, scored, excluded=excluded)
        excluded[steps] = unused[steps]
        excluded[target] = unused[target]
    figures = {key: mean_with_interval(values) for key, values in next_item_metrics(ranks, CUTOFFS).items()}
    return ModelResult(
        name, figures, is_baseline, settings or {}, fit_s=fit_s, query_ms=1000 * seconds / max(len(ranks), 1)
    )


def weighed(model: Linear, half_life: float, most: int) -> Scorer:
    """Return a scorer that weighs the customer's items by recency."""

    def score(steps: Ints) -> Scored:
        items = latest_distinct(steps, most)
        return model.scores(items, recency_weights(len(items), half_life))

    return score


def blended(
    fitted: Fitted,
    transition_half_life: float = transitions.HALF_LIFE_ITEMS,
    taste_half_life: float = ease.HALF_LIFE_ITEMS,
    taste_share: float = LONG_HISTORY["taste"],
) -> Scorer:
    """Return the scorer of the blend."""
    follow = weighed(fitted.transitions, transition_half_life, transitions.QUERY_ITEMS)
    taste = weighed(fitted.taste, taste_half_life, ease.QUERY_ITEMS)
    weights = {"transitions": 1.0 - taste_share, "taste": taste_share}

    def score(steps: Ints) -> Scored:
        parts = {"transitions": follow(steps), "taste": taste(steps)}
        factors = scales(parts, weights, items_total=fitted.items_total)
        return blend(parts, factors, items_total=fitted.items_total)

    return score


def always(counts: Doubles) -> Scorer:
    """Return a scorer that gives everybody the popular."""
    scored = Scored(np.arange(len(counts), dtype=np.int32), counts)
    return lambda _steps: scored


def by_rule(tags: Tags, counts: Doubles) -> Scorer:
    """Return the scorer of the rule baseline."""
    everything = np.arange(len(counts), dtype=np.int32)

    def score(steps: Ints) -> Scored:
        items = latest_distinct(steps, RULES_QUERY)
        liked = favourites(items, recency_weights(len(items), RULES_HALF_LIFE), tags.by_item, tags.frequency)
        return Scored(everything, rule_contributions(liked, everything, tags.by_item, counts).sum(axis=0))

    return score


__all__ = ["Ease", "Fitted", "Tags", "evaluate_last_item", "measure"]
