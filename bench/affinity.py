"""Which half-life of taste foretells best what a customer takes next?

Every visit but the first is foretold from the ones before it: a customer's tastes, decayed to that moment, rank the
tags; the tags of the visit are what should stand on top. Printed is the mean NDCG over visits for each half-life, the
difference to the default with a 95 % interval (bootstrap over customers), and the mean where the customer came back
after more than 30 days.

    python bench/affinity.py --purchases known_customers.parquet
    python bench/affinity.py                              # MovieLens-100K, fetched once
    python bench/affinity.py --ratings recbole-1.2.1-py3-none-any.whl
    python bench/affinity.py --purchases known_customers.parquet --part test

Customers are halved by a hash of their id: a default is chosen on the `validation` half and confirmed, once, on the
`test` half.

Purchases: InvoiceNo, Description, Quantity, InvoiceDate, CustomerID (Online Retail; UCI, Daqing Chen). A visit is an
invoice, a tag the last word of a product's description ("BAG", "LANTERN"): crude, and the same for every half-life.
Ratings: MovieLens-100K, read from the package that carries it. A visit is the films rated 4 or 5 with less than six
hours between two of them, a tag a genre.
"""

from __future__ import annotations

import argparse
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from regulars.catalog import AttributeValue
from regulars.kernel.settings import ProfilesSettings
from regulars.profiles.core.taste import DAY_US, Taste, add, strength_at, weights_of
from regulars.testing.demo.movielens import read_movielens

HALF_LIVES_DAYS = (1.0, 3.0, 7.0, 14.0, 28.0, 56.0, 112.0, 224.0, 3_650.0)
VISIT_GAP_S = 6 * 3_600
LIKED = 4
PURCHASE_TOP, RATING_TOP = 10, 5  # there are hundreds of words, but 18 genres


class Visit(NamedTuple):
    """What one customer took at one moment: tags, and how much of each."""

    at_us: int
    tags: Mapping[str, float]


History = list[Visit]


def purchases(path: Path) -> dict[str, History]:
    """Return each customer's purchases in order of time."""
    lines = pd.read_parquet(path)
    lines = lines[(lines["Quantity"] > 0) & lines["Description"].notna()]
    lines = lines.assign(tag=lines["Description"].astype(str).str.split().str[-1])
    at_us = lines["InvoiceDate"].astype("datetime64[us]").astype("int64")
    invoices: dict[tuple[str, str], tuple[int, dict[str, float]]] = {}
    for customer, invoice, tag, when in zip(lines["CustomerID"], lines["InvoiceNo"], lines["tag"], at_us, strict=True):
        invoices.setdefault((str(customer), invoice), (when, {}))[1][tag] = 1.0
    found: dict[str, History] = {}
    for (customer, _), (when, tags) in invoices.items():
        found.setdefault(customer, []).append(Visit(when, tags))
    return {customer: sorted(history, key=lambda one: one.at_us) for customer, history in found.items()}


def ratings(path: Path | None) -> dict[str, History]:
    """Return the genres of the films that each customer liked, visit by visit."""
    recording = read_movielens(path)
    genres = {str(item.item_id): tags_of(item.attributes) for item in recording.items}
    found: dict[str, History] = {}
    last_us: dict[str, int] = {}
    for call in recording.calls:
        if call.kind != "track" or call.properties["rating"] < LIKED:
            continue
        customer, film = str(call.user_id), call.properties["asset_id"]
        history = found.setdefault(customer, [])
        if not history or call.at_us - last_us[customer] > VISIT_GAP_S * 1_000_000:
            history.append(Visit(call.at_us, {}))
        last_us[customer] = call.at_us
        tags = history[-1].tags
        assert isinstance(tags, dict), "made just above"
        for tag, weight in weights_of(genres[film]):
            tags[tag] = tags.get(tag, 0.0) + weight
    return found


def tags_of(attributes: Mapping[str, AttributeValue]) -> list[tuple[str, str]]:
    """Return a film's genres."""
    genres = attributes.get("genres", [])
    return [("genre", genre) for genre in genres] if isinstance(genres, list) else []


def half(histories: Mapping[str, History], part: str) -> list[History]:
    """Return the histories of two visits and more of one half of the customers."""
    wanted = {"validation": 0, "test": 1}[part]
    kept = {customer: history for customer, history in sorted(histories.items()) if len(history) > 1}
    return [history for customer, history in kept.items() if zlib.crc32(customer.encode()) % 2 == wanted]


def scores(histories: Sequence[History], half_life_days: float, top: int) -> list[list[tuple[float, float]]]:
    """Return for each customer (NDCG, days since the visit before) of every visit but the first."""
    return [_scores_of(history, half_life_days * DAY_US, top) for history in histories]


def _scores_of(history: History, half_life_us: float, top: int) -> list[tuple[float, float]]:
    tastes: dict[str, Taste] = {}
    found: list[tuple[float, float]] = []
    previous_us = history[0].at_us
    for visit in history:
        if tastes and visit.tags:
            pulls = {tag: strength_at(taste, visit.at_us, half_life_us) for tag, taste in tastes.items()}
            ranked = sorted(pulls, key=lambda tag: (-pulls[tag], tag))[:top]
            found.append((_ndcg(ranked, visit.tags, top), (visit.at_us - previous_us) / DAY_US))
        for tag, weight in visit.tags.items():
            add(tastes.setdefault(tag, Taste(0.0, visit.at_us)), weight, visit.at_us, half_life_us)
        previous_us = visit.at_us
    return found


def _ndcg(ranked: Sequence[str], wanted: Mapping[str, float], top: int) -> float:
    best = sorted(wanted.values(), reverse=True)[:top]
    return _gain([wanted.get(tag, 0.0) for tag in ranked]) / _gain(best)


def _gain(weights: Sequence[float]) -> float:
    return sum(weight / math.log2(place + 2) for place, weight in enumerate(weights))


def _by_customer(rows: Sequence[Sequence[tuple[float, float]]], *, away_days: float) -> NDArray[np.float64]:
    """Return (sum of scores, visits) per customer, of visits after at least so many days."""
    kept = [[score for score, days in customer if days >= away_days] for customer in rows]
    return np.array([(sum(one), len(one)) for one in kept], dtype=np.float64)


def main() -> None:
    """Print one JSON line per half-life."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--purchases", type=Path)
    parser.add_argument("--ratings", type=Path)
    parser.add_argument("--part", choices=["validation", "test"], default="validation")
    asked = parser.parse_args()
    if asked.purchases:
        measure("the next purchase", half(purchases(asked.purchases), asked.part), PURCHASE_TOP, asked.part)
    if asked.ratings or not asked.purchases:
        measure("the films liked next", half(ratings(asked.ratings), asked.part), RATING_TOP, asked.part)


def measure(what: str, histories: Sequence[History], top: int, part: str) -> None:
    """Print how well each half-life foretells, beside the default."""
    default_days = ProfilesSettings().affinity_half_life_days
    every = {days: scores(histories, days, top) for days in sorted({*HALF_LIVES_DAYS, default_days})}
    chance = np.random.default_rng(14)
    draws = chance.integers(0, len(histories), size=(1_000, len(histories)))
    for days, rows in every.items():
        mine, default = (_by_customer(one, away_days=0) for one in (rows, every[default_days]))
        late = _by_customer(rows, away_days=30).sum(axis=0)
        mean, reference = (float(one[:, 0].sum() / one[:, 1].sum()) for one in (mine, default))
        apart = (mine[draws, 0].sum(axis=1) - default[draws, 0].sum(axis=1)) / mine[draws, 1].sum(axis=1)
        low, high = np.quantile(apart, [0.025, 0.975])
        line = {
            "name": f"taste foretells {what}, half-life {days:g} days, NDCG@{top}, {part}",
            "value": round(mean, 4),
            "unit": "NDCG",
            "better": "higher",
            "reference": round(reference, 4),
            "ratio": round(mean / reference, 4),
            "difference_low": round(float(low), 4),
            "difference_high": round(float(high), 4),
            "after_30_days": round(float(late[0] / late[1]), 4) if late[1] else None,
            "visits": int(mine[:, 1].sum()),
            "visits_after_30_days": int(late[1]),
            "customers": len(histories),
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
