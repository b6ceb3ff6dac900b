"""Which half-life of taste foretells best what a customer takes next?

Every purchase in the file is foretold from the ones before it: a customer's tastes, decayed to that moment, rank the
tags; the tags of the purchase are what should stand on top. A tag is the last word of a product's description ("BAG",
"LANTERN"): crude, and the same for every half-life. Printed is the mean NDCG@10 over purchases for each half-life, the
difference to 14 days with a 95 % interval (bootstrap over customers), and the mean where the customer came back after
more than 30 days.

    python bench/affinity.py --data known_customers.parquet

The file has InvoiceNo, Description, Quantity, InvoiceDate, CustomerID: Online Retail (UCI, Daqing Chen; CC BY 4.0).
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from regulars.profiles.core.taste import DAY_US, Taste, add, strength_at

HALF_LIVES_DAYS = (1.0, 3.0, 7.0, 14.0, 28.0, 56.0, 112.0, 3_650.0)
CHOSEN_DAYS = 14.0
TOP = 10


class Purchase(NamedTuple):
    """What one customer bought at one moment, as tags."""

    at_us: int
    tags: frozenset[str]


def purchases(path: Path) -> list[list[Purchase]]:
    """Return each customer's purchases in order of time, those with at least two."""
    lines = pd.read_parquet(path)
    lines = lines[(lines["Quantity"] > 0) & lines["Description"].notna()]
    lines = lines.assign(tag=lines["Description"].astype(str).str.split().str[-1])
    at_us = lines["InvoiceDate"].astype("datetime64[us]").astype("int64")
    invoices: dict[tuple[int, str], tuple[int, set[str]]] = {}
    for customer, invoice, tag, when in zip(lines["CustomerID"], lines["InvoiceNo"], lines["tag"], at_us, strict=True):
        invoices.setdefault((customer, invoice), (when, set()))[1].add(tag)
    found: dict[int, list[Purchase]] = {}
    for (customer, _), (when, tags) in invoices.items():
        found.setdefault(customer, []).append(Purchase(when, frozenset(tags)))
    return [sorted(history, key=lambda one: one.at_us) for history in found.values() if len(history) > 1]


def scores(histories: Sequence[Sequence[Purchase]], half_life_days: float) -> list[list[tuple[float, float]]]:
    """Return for each customer (NDCG@10, days since the purchase before) of every purchase but the first."""
    return [_scores_of(history, half_life_days * DAY_US) for history in histories]


def _scores_of(history: Sequence[Purchase], half_life_us: float) -> list[tuple[float, float]]:
    tastes: dict[str, Taste] = {}
    found: list[tuple[float, float]] = []
    previous_us = history[0].at_us
    for purchase in history:
        if tastes:
            pulls = {tag: strength_at(taste, purchase.at_us, half_life_us) for tag, taste in tastes.items()}
            ranked = sorted(pulls, key=lambda tag: (-pulls[tag], tag))[:TOP]
            found.append((_ndcg(ranked, purchase.tags), (purchase.at_us - previous_us) / DAY_US))
        for tag in purchase.tags:
            add(tastes.setdefault(tag, Taste(0.0, purchase.at_us)), 1.0, purchase.at_us, half_life_us)
        previous_us = purchase.at_us
    return found


def _ndcg(ranked: Sequence[str], wanted: frozenset[str]) -> float:
    gains = sum(1 / math.log2(place + 2) for place, tag in enumerate(ranked) if tag in wanted)
    return gains / sum(1 / math.log2(place + 2) for place in range(min(TOP, len(wanted))))


def _by_customer(rows: Sequence[Sequence[tuple[float, float]]], *, away_days: float) -> NDArray[np.float64]:
    """Return (sum of scores, purchases) per customer, of purchases after at least so many days."""
    kept = [[score for score, days in customer if days >= away_days] for customer in rows]
    return np.array([(sum(one), len(one)) for one in kept], dtype=np.float64)


def main() -> None:
    """Print one JSON line per half-life."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    histories = purchases(parser.parse_args().data)
    every = {days: scores(histories, days) for days in HALF_LIVES_DAYS}
    chance = np.random.default_rng(14)
    draws = chance.integers(0, len(histories), size=(500, len(histories)))
    for days, rows in every.items():
        mine, chosen = (_by_customer(one, away_days=0) for one in (rows, every[CHOSEN_DAYS]))
        late = _by_customer(rows, away_days=30).sum(axis=0)
        mean, reference = (float(one[:, 0].sum() / one[:, 1].sum()) for one in (mine, chosen))
        apart = (mine[draws, 0].sum(axis=1) - chosen[draws, 0].sum(axis=1)) / mine[draws, 1].sum(axis=1)
        low, high = np.quantile(apart, [0.025, 0.975])
        line = {
            "name": f"taste foretells the next purchase, half-life {days:g} days, NDCG@{TOP}",
            "value": round(mean, 4),
            "unit": "NDCG",
            "better": "higher",
            "reference": round(reference, 4),
            "ratio": round(mean / reference, 4),
            "difference_low": round(float(low), 4),
            "difference_high": round(float(high), 4),
            "after_30_days": round(float(late[0] / late[1]), 4),
            "purchases": int(mine[:, 1].sum()),
            "customers": len(histories),
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
