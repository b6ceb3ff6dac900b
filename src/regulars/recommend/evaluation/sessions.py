"""Protocol `sessions`: every prefix of each later session asks for the next item, among all items, repeats included.

The last sessions (a tenth) are the test, the last tenth of the rest chooses the settings.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from regulars.recommend.core.histories import Histories, latest_distinct
from regulars.recommend.core.linear import Linear, RowsModel
from regulars.recommend.core.metrics import mean_with_interval, next_item_metrics, rank_of
from regulars.recommend.core.rows import Doubles, Ints, Longs, Rows, Scored, starts_of
from regulars.recommend.core.sessions import (
    QUERY_ITEMS,
    SessionNeighbours,
    inverse_frequency,
    pack_sessions,
)
from regulars.recommend.evaluation.last_item import Scorer, always
from regulars.recommend.evaluation.report import ModelResult

CUTOFFS = (20,)
TEST_SHARE = 0.1
VALIDATION_PREFIXES = 2_000
REPEAT_FACTORS = (0.0, 0.3, 1.0)
CHOSEN_BY = "HR@20"
RULE_WINDOW = 5
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class NextItem:
    """Prefixes of sessions, and the item that came next."""

    prefixes: list[Ints]
    targets: Ints


def evaluate_sessions(sessions: Histories, items_total: int, *, on_progress: Progress) -> tuple[int, list[ModelResult]]:
    """Return the number of questions and every model's result, ours first.

    Parameters
    ----------
    sessions
        One row per session, in order of their beginning.

    """
    train, test = _split(sessions)
    on_progress(0, 3, "choosing the repeat factor on earlier sessions")
    repeat = choose_repeat_factor(train, items_total)
    on_progress(1, 3, "learning")
    model, fit_s = fit_neighbours(train, items_total)
    questions = prefixes_of(test)
    settings = {"repeat factor": repeat}
    counts = np.bincount(train.items, minlength=items_total).astype(np.float64)
    rules = RowsModel(next_item_rules(train, items_total), items_total)
    on_progress(2, 3, "asking")
    results = [
        measure("sessions", neighbour_scorer(model, repeat), questions, items_total, settings=settings, fit_s=fit_s),
        measure("next-item rules", rule_scorer(rules), questions, items_total, is_baseline=True),
        measure("popular", always(counts), questions, items_total, is_baseline=True),
    ]
    on_progress(3, 3, "done")
    return len(questions.targets), results


def choose_repeat_factor(train: Histories, items_total: int) -> float:
    """Return how much the last item's own score counts, as the last tenth of the training sessions likes it best."""
    inner, validation = _split(train)
    asked = _thinned(prefixes_of(validation), VALIDATION_PREFIXES)
    model, _ = fit_neighbours(inner, items_total)
    return max(REPEAT_FACTORS, key=lambda factor: _worth(neighbour_scorer(model, factor), asked, items_total))


def _worth(scorer: Scorer, asked: NextItem, items_total: int) -> float:
    return measure("", scorer, asked, items_total).figures[CHOSEN_BY].value


def _split(sessions: Histories) -> tuple[Histories, Histories]:
    first = sessions.customers - max(1, round(sessions.customers * TEST_SHARE))
    return sessions.chosen(np.arange(first)), sessions.chosen(np.arange(first, sessions.customers))


def prefixes_of(sessions: Histories) -> NextItem:
    """Return every prefix of every session with the item that came next."""
    prefixes: list[Ints] = []
    targets: list[int] = []
    for session in range(sessions.customers):
        items = sessions.of(session)
        for place in range(1, len(items)):
            prefixes.append(items[:place])
            targets.append(int(items[place]))
    return NextItem(prefixes, np.array(targets, np.int32))


def _thinned(asked: NextItem, most: int) -> NextItem:
    if len(asked.targets) <= most:
        return asked
    chosen = np.linspace(0, len(asked.targets) - 1, most).astype(np.int64)
    return NextItem([asked.prefixes[place] for place in chosen], asked.targets[chosen])


def fit_neighbours(sessions: Histories, items_total: int) -> tuple[SessionNeighbours, float]:
    """Return the session model and the seconds it took."""
    started = time.perf_counter()
    packed = pack_sessions(sessions=sessions.owners(), items=sessions.items, items_total=items_total)
    frequency = np.bincount(packed.by_session.columns, minlength=items_total)
    model = SessionNeighbours(packed, inverse_frequency(frequency, packed.count), items_total)
    return model, time.perf_counter() - started


def neighbour_scorer(model: SessionNeighbours, repeat_factor: float) -> Scorer:
    """Return V-SKNN's scorer; the last item's own score is multiplied by the repeat factor."""

    def score(prefix: Ints) -> Scored:
        scored = model.scores(latest_distinct(prefix[-QUERY_ITEMS:], QUERY_ITEMS))
        if repeat_factor == 1.0:
            return scored
        factors = np.where(scored.items == prefix[-1], repeat_factor, 1.0)
        return Scored(scored.items, scored.values * factors)

    return score


def next_item_rules(sessions: Histories, items_total: int) -> Rows:
    """Return the classical baseline: what followed each item within five places, 1 ÷ distance each time."""
    owners, items = sessions.owners(), sessions.items
    keys: list[Longs] = []
    weights: list[Doubles] = []
    for distance in range(1, min(RULE_WINDOW, max(len(items) - 1, 0)) + 1):
        together = owners[distance:] == owners[:-distance]
        pairs = items[:-distance][together].astype(np.int64) * items_total + items[distance:][together]
        keys.append(pairs)
        weights.append(np.full(len(pairs), 1.0 / distance))
    if not keys:
        return Rows.empty()
    distinct, places = np.unique(np.concatenate(keys), return_inverse=True)
    values = np.bincount(places, weights=np.concatenate(weights)).astype(np.float32)
    starts = starts_of(np.bincount(distinct // items_total, minlength=items_total))
    return Rows(starts, (distinct % items_total).astype(np.int32), values)


def rule_scorer(rules: Linear) -> Scorer:
    """Return a scorer that looks at the last item alone."""
    one = np.ones(1, np.float32)
    return lambda prefix: rules.scores(prefix[-1:], one)


def measure(
    name: str,
    scorer: Scorer,
    asked: NextItem,
    items_total: int,
    *,
    settings: dict[str, float] | None = None,
    is_baseline: bool = False,
    fit_s: float = 0.0,
) -> ModelResult:
    """Return how well a scorer ranks the next item of each prefix among all items."""
    ranks = np.zeros(len(asked.targets))
    nothing = np.zeros(items_total, np.bool_)
    seconds = 0.0
    for place, (prefix, target) in enumerate(zip(asked.prefixes, asked.targets.tolist(), strict=True)):
        started = time.thread_time()
        scored = scorer(prefix)
        seconds += time.thread_time() - started
        ranks[place] = rank_of(target, scored, excluded=nothing)
    figures = {key: mean_with_interval(values) for key, values in next_item_metrics(ranks, CUTOFFS).items()}
    return ModelResult(
        name, figures, is_baseline, settings or {}, fit_s=fit_s, query_ms=1000 * seconds / max(len(ranks), 1)
    )
