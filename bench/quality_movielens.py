"""How good are recommendations on MovieLens-1M, and what do the gates say?

Leave-last-one-out with the full ranking: each customer's last film among all 3,416 not rated before, ties at their mean
rank; settings are the shipped defaults, chosen on the film before the last. Strong generalisation: 600 customers held
out, 80 % of each shown, three draws. The model that serves (pruned, through the serving engine) is asked the same.

    python bench/quality_movielens.py --data DIR      # DIR/ml-1m/ml1m_seq.txt: `user TAB items…` in order
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from regulars.kernel.ids import CustomerId
from regulars.recommend.core import transitions
from regulars.recommend.core.ease import DROPOUT_STRONG, LAMBDA_STRONG, train_ease
from regulars.recommend.core.histories import Histories, latest_distinct
from regulars.recommend.core.ials import train_ials
from regulars.recommend.core.metrics import Figure
from regulars.recommend.core.rows import Ints, Rows, Scored, starts_of
from regulars.recommend.core.splits import HELD_OUT_CUSTOMERS, hold_out_customers, leave_last_out
from regulars.recommend.engine.artifact import Artifact, Trained
from regulars.recommend.engine.brain import Brain, Visit
from regulars.recommend.engine.items import ItemTable
from regulars.recommend.engine.live import LiveEngine
from regulars.recommend.engine.training import Columns, Plan, learn
from regulars.recommend.evaluation import last_item, strong
from regulars.recommend.evaluation.last_item import Tags, always, blended, by_rule, fit, weighed
from regulars.recommend.evaluation.report import ModelResult

GATES = {
    ("blend", "NDCG@10"): 0.170,
    ("blend", "HR@10"): 0.290,
    ("EASE", "NDCG@100"): 0.490,
}
TRAINING_S_MAX = 60.0
SEEDS = (0, 1, 2)  # draws of 600 customers; one alone is good for ±.013


def main() -> int:
    """Measure, print one JSON line per figure, and return 1 when a gate is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, default=data_folder(), help="folder that holds ml-1m/")
    arguments.add_argument("--only", choices=("last-item", "strong", "serving"), help="one part")
    asked = arguments.parse_args()
    if not (asked.data / "ml-1m" / "ml1m_seq.txt").is_file():
        print(f"Left out: {asked.data} holds no ml-1m/ml1m_seq.txt; say --data or REGULARS_DATA_DIR.", file=sys.stderr)
        return 0
    histories, items_total, tags = load(asked.data / "ml-1m")
    parts = {"last-item": measure_last_item, "strong": measure_strong, "serving": measure_serving}
    missed = 0
    for name, part in parts.items():
        if asked.only in (None, name):
            missed += part(histories, items_total, tags)
    return 1 if missed else 0


def data_folder() -> Path:
    """Return where public data lie: `REGULARS_DATA_DIR`, else `../shared/data` beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("REGULARS_DATA_DIR", beside))


def load(folder: Path) -> tuple[Histories, int, Tags]:
    """Return everybody's films in order, and the films' genres."""
    numbers: dict[str, int] = {}
    rows = []
    for line in (folder / "ml1m_seq.txt").read_text().splitlines():
        films = line.split("\t")[1].split()
        rows.append(np.array([numbers.setdefault(film, len(numbers)) for film in films], np.int32))
    lengths = np.array([len(row) for row in rows], np.int64)
    items = np.concatenate(rows)
    moments = np.concatenate([np.arange(len(row)) for row in rows])
    return Histories(starts_of(lengths), items, moments, moments), len(numbers), genres(folder, numbers)


def genres(folder: Path, numbers: dict[str, int]) -> Tags:
    """Return the genres of each film and how frequent each is."""
    words: dict[str, int] = {}
    by_item: list[list[tuple[int, float]]] = [[] for _ in numbers]
    for line in (folder / "movies.dat").read_text(encoding="latin-1").splitlines():
        film, _, kinds = line.split("::")
        if film in numbers:
            by_item[numbers[film]] = [(words.setdefault(word, len(words)), 1.0) for word in kinds.split("|")]
    rows = Rows.of(by_item)
    return Tags(rows, np.bincount(rows.columns, minlength=len(words)) / len(numbers))


def measure_last_item(histories: Histories, items_total: int, tags: Tags) -> int:
    """Measure the models as they are, whole, on everybody's last film."""
    split = leave_last_out(histories)
    fitted = fit(split.known, items_total, ease_items_max=20_000)
    training_s = fitted.fit_s["transitions"] + fitted.fit_s["taste"]
    scorers = {
        "popular": always(fitted.counts),
        "rules": by_rule(tags, fitted.counts),
        "item-kNN": weighed(fitted.cosine, last_item.NO_HALF_LIFE, 10**9),
        "taste": weighed(fitted.taste, 5.0, 40),
        "transitions": weighed(fitted.transitions, transitions.HALF_LIFE_ITEMS, transitions.QUERY_ITEMS),
        "blend": blended(fitted),
    }
    results = {name: last_item.measure(name, scorer, split, items_total) for name, scorer in scorers.items()}
    missed = sum(tell("movielens-1m last-item", result, results["item-kNN"]) for result in results.values())
    print(json.dumps({
        "name": "movielens-1m training, CPU", "value": round(training_s, 2), "unit": "s", "better": "lower",
        "reference": TRAINING_S_MAX, "ratio": round(training_s / TRAINING_S_MAX, 3),
    }))  # fmt: skip
    return missed + (training_s >= TRAINING_S_MAX)


def measure_strong(histories: Histories, items_total: int, _tags: Tags) -> int:
    """Measure long-term taste on customers the models have never met: the mean of three seeds."""
    found: dict[str, list[ModelResult]] = {"popular": [], "iALS": [], "EASE": []}
    for seed in SEEDS:
        split = hold_out_customers(histories, count=HELD_OUT_CUSTOMERS, seed=seed)
        ease = train_ease(split.train, items_total, weight_decay=LAMBDA_STRONG, dropout=DROPOUT_STRONG)
        found["EASE"].append(strong.measure("EASE", ease, split, items_total))
        ials = train_ials(split.train, items_total, seed=seed)
        found["iALS"].append(strong.measure("iALS", ials, split, items_total))
        found["popular"].append(strong.measure("popular", None, split, items_total))
    together = {name: pooled(name, results) for name, results in found.items()}
    return sum(tell("movielens-1m strong", result, together["popular"]) for result in together.values())


def pooled(name: str, results: list[ModelResult]) -> ModelResult:
    """Return the mean of several seeds; the interval is that of 600 customers, seeds being no new customers."""
    figures = {}
    for key in results[0].figures:
        parts = [result.figures[key] for result in results]
        mean = float(np.mean([part.value for part in parts]))
        half = float(np.mean([part.high - part.low for part in parts])) / 2
        figures[key] = Figure(mean, mean - half, mean + half, parts[0].count)
    return ModelResult(name, figures)


def measure_serving(histories: Histories, items_total: int, _tags: Tags) -> int:
    """Ask the serving engine itself: a pruned artifact, opened as a web process opens it."""
    split = leave_last_out(histories)
    for neighbours in (200, 500):
        brain, training_s = serving_brain(split.known, items_total, neighbours)
        results = {
            name: last_item.measure(name, asked(brain, name), split, items_total, fit_s=training_s)
            for name in ("transitions", "taste", "blend")
        }
        for result in results.values():
            tell(f"movielens-1m serving, {neighbours} neighbours", result, None)
    return 0


def serving_brain(known: Histories, items_total: int, neighbours: int) -> tuple[Brain, float]:
    """Return the engine over what training leaves behind, and the seconds training took."""
    owners = known.owners()
    columns = Columns(
        anchors=owners,
        items=known.items,
        at_us=known.first_us,
        kinds=np.zeros(len(owners), np.int32),
        strengths=np.ones(len(owners), np.float32),
        crowds=np.zeros(len(owners), np.int32),
        crowd_names=["/"],
    )
    people = {number: CustomerId(f"c{number}") for number in range(known.customers)}
    started = time.perf_counter()
    learned = learn(columns, people, items_total, Plan(neighbours=neighbours), lambda _share, _note: None)
    seconds = time.perf_counter() - started
    about = Trained(
        version="bench", kind=learned.kind, trained_at=datetime.now(UTC), through_seq=0, through_version=0,
        erased_version=0, interactions=len(owners), customers=learned.customers, items=learned.items,
        items_total=items_total, sessions=learned.sessions, seconds=seconds, landmark_us=learned.landmark_us,
        latest_us=learned.latest_us, crowds=learned.crowds,
    )  # fmt: skip
    return Brain(LiveEngine(Artifact(about, [""] * items_total, learned.arrays)), ItemTable()), seconds


def asked(brain: Brain, name: str) -> last_item.Scorer:
    """Return a scorer that asks the serving engine's source."""
    weights = None if name == "blend" else {name: 1.0}

    def score(steps: Ints) -> Scored:
        visit = Visit(steps[-96:], latest_distinct(steps, 9))
        return brain.blended(visit, weights).scored

    return score


def tell(data: str, result: ModelResult, reference: ModelResult | None) -> int:
    """Print every figure of a model and return how many gates it missed."""
    missed = 0
    for key, figure in result.figures.items():
        base = reference.figures[key].value if reference is not None else None
        gate = GATES.get((result.model, key)) if "serving" not in data else None
        line = {
            "name": f"{data}, {result.model}, {key}", "value": round(figure.value, 4), "unit": "share",
            "better": "higher", "low": round(figure.low, 4), "high": round(figure.high, 4),
            "reference": None if base is None else round(base, 4),
            "ratio": round(figure.value / base, 2) if base else None,
            "query_ms": round(result.query_ms, 3),
        }  # fmt: skip
        if gate is not None:
            line |= {"gate": gate, "held": figure.value >= gate}
            missed += figure.value < gate
        print(json.dumps(line), flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(main())
