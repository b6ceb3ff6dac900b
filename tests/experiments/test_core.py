"""Who gets which variant: published vectors, and the promises that hold for everybody."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any  # Any: a JSON document

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from regulars.experiments.core import (
    BUCKETS,
    AssignmentReason,
    Experiment,
    Holdout,
    Variant,
    assign,
    bucket_of,
    is_held_out,
    overlap,
    variant_edges,
)

VECTORS = Path(__file__).parents[2] / "docs" / "reference" / "experiment-vectors.json"
EVEN = [Variant(key="rules"), Variant(key="learned")]
UNITS = [f"unit-{number}" for number in range(200_000)]

shares = st.floats(0, 1)
ids = st.text(max_size=40)


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return read


def test_the_published_buckets_follow_from_the_published_rule(vectors: dict[str, Any]) -> None:
    for vector in vectors["buckets"]:
        message = b"".join(len(part).to_bytes(4, "big") + part for part in (p.encode() for p in vector["parts"]))
        by_the_rule = int.from_bytes(hashlib.blake2b(message, digest_size=8).digest(), "big") * BUCKETS // 2**64
        assert bucket_of(*vector["parts"]) == vector["bucket"] == by_the_rule


def test_the_published_assignments_are_what_we_answer(vectors: dict[str, Any]) -> None:
    experiments = {body["key"]: msgspec.convert(body, Experiment) for body in vectors["experiments"]}
    holdout = msgspec.convert(vectors["holdout"], Holdout)
    for vector in vectors["assignments"]:
        found = assign(experiments[vector["experiment"]], vector["unit_kind"], vector["unit_id"], holdout)
        answered = {name: getattr(found, name) for name in ("layer_bucket", "traffic_bucket", "bucket", "variant")}
        assert {**answered, "reason": found.reason.value} == {name: vector[name] for name in (*answered, "reason")}
    assert {vector["reason"] for vector in vectors["assignments"]} == {
        "assigned",
        "holdout",
        "not_in_traffic",
        "other_part_of_layer",
    }


@given(unit=ids, low=shares, high=shares, weights=st.lists(st.floats(0.01, 100), min_size=2, max_size=6))
def test_raising_traffic_moves_nobody(unit: str, low: float, high: float, weights: list[float]) -> None:
    low, high = sorted((low, high))
    variants = [Variant(key=str(number), weight=weight) for number, weight in enumerate(weights)]
    before = assign(Experiment(key="e", variants=variants, traffic=low), "customer", unit).variant
    after = assign(Experiment(key="e", variants=variants, traffic=high), "customer", unit).variant
    assert before is None or before == after


@given(unit=ids, start=st.floats(0, 0.5), narrow=st.floats(0.5, 1), wide=st.floats(0.5, 1))
def test_widening_the_part_of_a_layer_moves_nobody(unit: str, start: float, narrow: float, wide: float) -> None:
    narrow, wide = sorted((narrow, wide))
    parts = [
        Experiment(key="e", variants=EVEN, layer="home", layer_from=start, layer_to=max(to, start + 0.01))
        for to in (narrow, wide)
    ]
    before, after = (assign(part, "customer", unit).variant for part in parts)
    assert before is None or before == after


@given(unit=ids, edges=st.lists(shares, min_size=2, max_size=6, unique=True))
def test_nobody_is_in_two_experiments_of_a_layer(unit: str, edges: list[float]) -> None:
    edges = sorted({round(edge, 5) for edge in (0.0, *edges, 1.0)})
    parts = [
        Experiment(key=f"e{number}", variants=EVEN, layer="home", layer_from=begins, layer_to=ends)
        for number, (begins, ends) in enumerate(pairwise(edges))
    ]
    assert not any(overlap(one, other) for one in parts for other in parts)
    assert sum(assign(part, "customer", unit).variant is not None for part in parts) == 1


@given(weights=st.lists(st.floats(0.001, 1000), min_size=2, max_size=50))
def test_the_ranges_of_the_variants_cover_every_bucket_once(weights: list[float]) -> None:
    edges = variant_edges([Variant(key=str(number), weight=weight) for number, weight in enumerate(weights)])
    assert edges == sorted(edges)
    assert edges[-1] == BUCKETS


def test_each_variant_gets_its_share() -> None:
    experiment = Experiment(key="e", variants=[Variant(key="a", weight=1), Variant(key="b", weight=3)], traffic=0.4)
    counted = Counter(assign(experiment, "customer", unit).variant for unit in UNITS[:50_000])
    test = chisquare([counted[None], counted["a"], counted["b"]], [30_000, 5_000, 15_000])
    assert test.pvalue > 0.001, counted


def quarters(*station: str) -> Sequence[int]:
    return [bucket_of(*station, "customer", unit) * 4 // BUCKETS for unit in UNITS]


def test_layers_traffic_and_variants_say_nothing_about_each_other() -> None:
    draws = {
        "one": quarters("variant", "one", "1"),
        "other": quarters("variant", "other", "1"),
        "one anew": quarters("variant", "one", "2"),
        "layer home": quarters("layer", "home"),
        "layer radio": quarters("layer", "radio"),
        "traffic of one": quarters("traffic", "one", "1"),
        "holdout": quarters("holdout", "1"),
    }
    for name, neighbour in combinations(draws, 2):
        pairs = Counter(zip(draws[name], draws[neighbour], strict=True))
        test = chi2_contingency([[pairs[row, column] for column in range(4)] for row in range(4)])
        assert test.pvalue > 0.0005, f"{name} and {neighbour}: p = {test.pvalue}"  # 21 pairs


def test_the_held_out_take_part_in_nothing_that_honours_it() -> None:
    holdout = Holdout(share=0.05)
    held = [unit for unit in UNITS[:20_000] if is_held_out(holdout, "customer", unit)]
    assert 900 < len(held) < 1100
    for unit in held[:200]:
        assert assign(Experiment(key="e", variants=EVEN), "customer", unit, holdout).reason is AssignmentReason.HOLDOUT
        open_to_all = Experiment(key="e", variants=EVEN, honours_holdout=False)
        assert assign(open_to_all, "customer", unit, holdout).variant is not None


def test_raising_the_holdout_releases_nobody() -> None:
    small, large = Holdout(share=0.05), Holdout(share=0.1)
    held = {unit for unit in UNITS[:20_000] if is_held_out(small, "customer", unit)}
    assert all(is_held_out(large, "customer", unit) for unit in held)


def test_a_stopped_experiment_and_another_kind_of_unit_get_nothing() -> None:
    stopped = Experiment(key="e", variants=EVEN, running=False)
    assert assign(stopped, "customer", "ann").reason is AssignmentReason.STOPPED
    assert assign(Experiment(key="e", variants=EVEN), "device", "ann").reason is AssignmentReason.OTHER_UNIT_KIND


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"key": "a b"}, "key has up to 100 letters"),
        ({"key": "holdout"}, "is not one of"),
        ({"variants": [Variant(key="a")]}, "compares 2 to 50"),
        ({"variants": [Variant(key="a"), Variant(key="a")]}, "a key of its own"),
        ({"variants": [Variant(key="a"), Variant(key="b", weight=0)]}, "above 0"),
        ({"variants": [Variant(key="a"), Variant(key="b", weight=float("nan"))]}, "above 0"),
        ({"traffic": 1.5}, "between 0 and 1"),
        ({"layer_from": 0.5, "layer_to": 0.5}, "layer_from below layer_to"),
        ({"version": 0}, "at least 1"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Experiment(**{"key": "e", "variants": EVEN, **change})
