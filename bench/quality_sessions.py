"""How good are session neighbours on a shop's and on a music service's sessions, and how long does a query take?

Published splits (Diginetica and Nowplaying as in SR-GNN and GCE-GNN): every prefix of every test session asks for the
next item among all items, repeats included, ties at their mean rank. The repeat factor is chosen on the last tenth of
the training sessions; both factors are shown. Reference: next-item rules (window 5, 1 ÷ distance) in the same run.

    python bench/quality_sessions.py --data DIR [--queries 10000]     # DIR/sessions/{diginetica,nowplaying}/*.parquet
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from regulars.recommend.core.histories import Histories
from regulars.recommend.core.linear import RowsModel
from regulars.recommend.core.rows import Ints
from regulars.recommend.evaluation.report import ModelResult
from regulars.recommend.evaluation.sessions import (
    NextItem,
    choose_repeat_factor,
    fit_neighbours,
    measure,
    neighbour_scorer,
    next_item_rules,
    rule_scorer,
)

GATES = {
    ("diginetica", "HR@20"): 0.515,
    ("diginetica", "MRR@20"): 0.180,
    ("nowplaying", "HR@20"): 0.222,
}
QUERY_MS_MAX = 1.0


def main() -> int:
    """Measure, print one JSON line per figure, and return 1 when a gate is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, default=data_folder(), help="folder that holds sessions/")
    arguments.add_argument("--queries", type=int, default=0, help="ask only so many questions, evenly spread")
    asked = arguments.parse_args()
    if not (asked.data / "sessions" / "diginetica" / "train.parquet").is_file():
        print(f"Left out: {asked.data} holds no sessions/diginetica; say --data or REGULARS_DATA_DIR.", file=sys.stderr)
        return 0
    missed = sum(measure_set(asked.data / "sessions", name, asked.queries) for name in ("diginetica", "nowplaying"))
    return 1 if missed else 0


def measure_set(folder: Path, name: str, most: int) -> int:
    """Measure one set and return how many gates it missed."""
    train, questions, items_total = load(folder / name)
    if most and most < len(questions.targets):
        chosen = np.linspace(0, len(questions.targets) - 1, most).astype(np.int64)
        questions = NextItem([questions.prefixes[place] for place in chosen], questions.targets[chosen])
    chosen_factor = choose_repeat_factor(train, items_total)
    model, fit_s = fit_neighbours(train, items_total)
    rules = RowsModel(next_item_rules(train, items_total), items_total)
    reference = measure("next-item rules", rule_scorer(rules), questions, items_total)
    missed = tell(name, reference, reference, is_gated=False)
    for factor in (0.3, 1.0):
        result = measure(
            f"V-SKNN, repeat factor {factor}", neighbour_scorer(model, factor), questions, items_total, fit_s=fit_s
        )
        missed += tell(name, result, reference, is_gated=factor == chosen_factor)
    return missed


def data_folder() -> Path:
    """Return where public data lie: `REGULARS_DATA_DIR`, else `../shared/data` beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("REGULARS_DATA_DIR", beside))


def load(folder: Path) -> tuple[Histories, NextItem, int]:
    """Return the training sessions, the questions, and one more than the highest item number."""
    items, starts = lists(folder / "train.parquet", "items")
    prefixes, bounds = lists(folder / "test.parquet", "prefix")
    targets = pq.read_table(folder / "test.parquet").column("target").to_numpy().astype(np.int32)
    total = int(max(items.max(), prefixes.max(), targets.max())) + 1
    moments = np.arange(len(items))
    parts = [prefixes[first:last] for first, last in pairwise(bounds)]
    return Histories(starts, items, moments, moments), NextItem(parts, targets), total


def lists(file: Path, column: str) -> tuple[Ints, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return a column of lists, flat, and where each list begins."""
    chunk = pq.read_table(file).column(column).combine_chunks()
    return chunk.flatten().to_numpy().astype(np.int32), chunk.offsets.to_numpy().astype(np.int64)


def tell(name: str, result: ModelResult, reference: ModelResult, *, is_gated: bool) -> int:
    """Print every figure of a model and return how many gates it missed."""
    missed = 0
    for key, figure in result.figures.items():
        base = reference.figures[key].value
        line = {
            "name": f"{name} sessions, {result.model}, {key}", "value": round(figure.value, 4), "unit": "share",
            "better": "higher", "low": round(figure.low, 4), "high": round(figure.high, 4),
            "reference": round(base, 4), "ratio": round(figure.value / base, 2), "questions": figure.count,
        }  # fmt: skip
        gate = GATES.get((name, key)) if is_gated else None
        if gate is not None:
            line |= {"gate": gate, "held": figure.value >= gate}
            missed += figure.value < gate
        print(json.dumps(line), flush=True)
    print(json.dumps({
        "name": f"{name} sessions, {result.model}, query", "value": round(result.query_ms, 3), "unit": "ms",
        "better": "lower", "reference": round(reference.query_ms, 3),
        "ratio": round(result.query_ms / max(reference.query_ms, 1e-9), 1), "fit_s": round(result.fit_s, 2),
    }))  # fmt: skip
    return missed + (is_gated and result.query_ms >= QUERY_MS_MAX)


if __name__ == "__main__":
    sys.exit(main())
