"""Protocol `strong`: customers the models have never met show 80 % of their items; the rest is the question.

After Liang, Krishnan, Hoffman and Jebara (2018). Settings are chosen on other held-out customers.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from regulars.recommend.core.cosine import item_cosine
from regulars.recommend.core.ease import train_ease
from regulars.recommend.core.histories import Histories, latest_distinct
from regulars.recommend.core.ials import IalsShape, train_ials
from regulars.recommend.core.linear import Linear, RowsModel
from regulars.recommend.core.metrics import mean_with_interval, set_metrics
from regulars.recommend.core.rows import Doubles, Ints, Scored
from regulars.recommend.core.splits import HELD_OUT_CUSTOMERS, Strong, hold_out_customers
from regulars.recommend.evaluation.report import ModelResult

RECALL_CUTOFFS = (20, 50)
NDCG_CUTOFF = 100
CHOSEN_BY = f"NDCG@{NDCG_CUTOFF}"
EASE_SETTINGS = ((1000.0, 0.0), (3000.0, 0.0), (500.0, 0.33), (300.0, 0.5), (100.0, 0.5), (500.0, 0.66))
REGULARISATIONS = (0.001, 0.003, 0.01)
HELD_OUT_SHARE = 0.1
Progress = Callable[[int, int, str], None]


def evaluate_strong(
    histories: Histories, items_total: int, *, ease_items_max: int, seed: int, on_progress: Progress
) -> tuple[int, list[ModelResult]]:
    """Return the number of questions and every model's result, ours first."""
    asked = min(HELD_OUT_CUSTOMERS, max(1, round(histories.customers * HELD_OUT_SHARE)))
    test = hold_out_customers(histories, count=asked, seed=seed)
    inner = hold_out_customers(test.train, count=asked, seed=seed + 1)
    is_small = len(np.unique(test.train.items)) <= ease_items_max
    on_progress(0, 4, "choosing settings on other customers")
    settings = _best_ease(inner, items_total) if is_small else _best_ials(inner, items_total)
    on_progress(2, 4, "learning")
    started = time.perf_counter()
    taste = (_ease if is_small else _ials)(test.train, items_total, settings)
    taste_s = time.perf_counter() - started
    name = "EASE" if is_small else "iALS"
    cosine = RowsModel(item_cosine(test.train, items_total), items_total)
    results = [
        measure(name, taste, test, items_total, settings=settings, fit_s=taste_s),
        measure("item-kNN", cosine, test, items_total, is_baseline=True),
        measure("popular", None, test, items_total, is_baseline=True),
    ]
    on_progress(4, 4, "done")
    return len(test.targets), results


def _best_ease(inner: Strong, items_total: int) -> dict[str, float]:
    tried = [{"λ": decay, "dropout": dropout} for decay, dropout in EASE_SETTINGS]
    return max(tried, key=lambda one: _worth(_ease(inner.train, items_total, one), inner, items_total))


def _best_ials(inner: Strong, items_total: int) -> dict[str, float]:
    tried = [{"λ": value} for value in REGULARISATIONS]
    return max(tried, key=lambda one: _worth(_ials(inner.train, items_total, one), inner, items_total))


def _ease(train: Histories, items_total: int, settings: dict[str, float]) -> Linear:
    return train_ease(train, items_total, weight_decay=settings["λ"], dropout=settings["dropout"])


def _ials(train: Histories, items_total: int, settings: dict[str, float]) -> Linear:
    return train_ials(train, items_total, shape=IalsShape(regularisation=settings["λ"]))


def _worth(model: Linear, split: Strong, items_total: int) -> float:
    return measure("", model, split, items_total).figures[CHOSEN_BY].value


def measure(
    name: str,
    model: Linear | None,
    split: Strong,
    items_total: int,
    *,
    settings: dict[str, float] | None = None,
    is_baseline: bool = False,
    fit_s: float = 0.0,
) -> ModelResult:
    """Return how well a model finds the items each held-out customer did not show; None ranks by popularity."""
    counts = np.bincount(split.train.items, minlength=items_total).astype(np.float64)
    found: list[dict[str, float]] = []
    seconds = 0.0
    for customer, targets in enumerate(split.targets):
        items = latest_distinct(split.known.of(customer), 10**9)
        started = time.thread_time()
        scored = Scored(np.arange(items_total, dtype=np.int32), counts) if model is None else _all(model, items)
        scores = scored.dense(items_total)
        scores[items] = -np.inf
        order = _order(scores, NDCG_CUTOFF)
        seconds += time.thread_time() - started
        found.append(set_metrics(order, targets, RECALL_CUTOFFS, NDCG_CUTOFF))
    names = list(found[0]) if found else []
    figures = {key: mean_with_interval(np.array([one[key] for one in found])) for key in reversed(names)}
    return ModelResult(
        name, figures, is_baseline, settings or {}, fit_s=fit_s, query_ms=1000 * seconds / max(len(found), 1)
    )


def _all(model: Linear, items: Ints) -> Scored:
    return model.scores(items, np.ones(len(items), np.float32))


def _order(scores: Doubles, most: int) -> Ints:
    most = min(most, len(scores))
    best = np.argpartition(-scores, most - 1)[:most]
    order: Ints = best[np.argsort(-scores[best], kind="stable")].astype(np.int32)
    return order
