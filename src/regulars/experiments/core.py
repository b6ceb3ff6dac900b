"""Which variant falls to whom? Decided by hashes alone: no memory, no chance, the same everywhere and for ever.

    global holdout → layer → traffic → variant

Each station draws with a hash of its own, so that none says anything about another. A draw compares a bucket with a
half-open range that only grows when traffic is raised: nobody moves from one variant to another. Pure.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

BUCKETS = 100_000  # a share is so exact to a thousandth of a percent
KEY = re.compile(r"[A-Za-z0-9._:-]{1,100}")  # survives a URL unescaped, as flag keys must in OpenFeature clients
RESERVED_KEYS = {"assign", "holdout"}
VARIANTS_MAX = 50

Share = Annotated[float, Meta(ge=0, le=1)]


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One of the ways to be tried; of all in traffic, `weight` ÷ (sum of weights) see it."""

    key: Annotated[str, Meta(min_length=1, max_length=100)]
    weight: Annotated[float, Meta(gt=0)] = 1.0


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried on whom.

    `layer` names a space that several experiments divide among themselves: this one has the units from `layer_from` up
    to, but without, `layer_to`, so that nobody is in two experiments of a layer. `traffic` is the share of those that
    take part. Raising `version` draws everything anew.
    """

    key: str
    variants: list[Variant]
    title: str = ""
    unit_kind: str = "customer"
    layer: str = ""
    layer_from: Share = 0.0
    layer_to: Share = 1.0
    traffic: Share = 1.0
    running: bool = True
    version: Annotated[int, Meta(ge=1)] = 1
    honours_holdout: bool = True

    def __post_init__(self) -> None:
        problems = _problems(self)
        if problems:
            raise ValueError(" ".join(problems))

    @property
    def layer_name(self) -> str:
        """The layer's name; an experiment without one has a layer to itself."""
        return self.layer or f"of {self.key}"

    @property
    def draw(self) -> tuple[object, ...]:
        """All that decides who gets which variant: when it changes, people would move."""
        weights = tuple((variant.key, variant.weight) for variant in self.variants)
        return (self.unit_kind, self.layer_name, weights)


class Holdout(msgspec.Struct, frozen=True, kw_only=True):
    """The share of all units that takes part in nothing, so that the sum of all we do can be measured."""

    share: Share = 0.0
    version: Annotated[int, Meta(ge=1)] = 1


class AssignmentReason(StrEnum):
    """Why a unit has its variant, or none."""

    ASSIGNED = "assigned"
    STOPPED = "stopped"
    OTHER_UNIT_KIND = "other_unit_kind"
    HOLDOUT = "holdout"
    OTHER_PART_OF_LAYER = "other_part_of_layer"
    NOT_IN_TRAFFIC = "not_in_traffic"
    UNKNOWN_EXPERIMENT = "unknown_experiment"


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """What falls to one unit.

    `variant` is None when it does not take part; `reason` tells why. The buckets, each in [0, 100 000), are the draws
    as far as they were made. `propensity` is the probability of this variant among those who take part. `stale` says
    that the definition may be out of date, because the database did not answer.
    """

    experiment: str
    version: int
    unit_kind: str
    unit_id: str
    reason: AssignmentReason
    variant: str | None = None
    propensity: float | None = None
    layer: str = ""
    layer_bucket: int | None = None
    traffic_bucket: int | None = None
    bucket: int | None = None
    stale: bool = False


def bucket_of(*parts: str) -> int:
    """Return the bucket of some words, in [0, 100 000): BLAKE2b of 8 bytes over their length-delimited UTF-8 bytes.

    >>> bucket_of("variant", "radio", "1", "customer", "ann")
    37882
    >>> bucket_of("ab", "c") == bucket_of("a", "bc")
    False
    """
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(4, "big") + encoded)
    return (int.from_bytes(digest.digest(), "big") * BUCKETS) >> 64


def is_held_out(holdout: Holdout, unit_kind: str, unit_id: str) -> bool:
    """Return whether a unit takes part in nothing at all."""
    return bucket_of("holdout", str(holdout.version), unit_kind, unit_id) < _edge(holdout.share)


def assign(experiment: Experiment, unit_kind: str, unit_id: str, holdout: Holdout | None = None) -> Assignment:
    """Return what falls to a unit: the same answer at every call, on every machine.

    >>> radio = Experiment(key="radio", variants=[Variant(key="rules"), Variant(key="learned")])
    >>> assign(radio, "customer", "ann").variant
    'rules'
    """
    answer = partial(
        Assignment,
        experiment=experiment.key,
        version=experiment.version,
        unit_kind=unit_kind,
        unit_id=unit_id,
        layer=experiment.layer_name,
    )
    without = _why_not(experiment, unit_kind, unit_id, holdout or Holdout())
    if without is not None:
        return answer(reason=without)
    layer_bucket = bucket_of("layer", experiment.layer_name, unit_kind, unit_id)
    if not _edge(experiment.layer_from) <= layer_bucket < _edge(experiment.layer_to):
        return answer(reason=AssignmentReason.OTHER_PART_OF_LAYER, layer_bucket=layer_bucket)
    unit = (experiment.key, str(experiment.version), unit_kind, unit_id)
    traffic_bucket = bucket_of("traffic", *unit)
    if traffic_bucket >= _edge(experiment.traffic):
        return answer(reason=AssignmentReason.NOT_IN_TRAFFIC, layer_bucket=layer_bucket, traffic_bucket=traffic_bucket)
    bucket = bucket_of("variant", *unit)
    variant, propensity = _variant_at(experiment.variants, bucket)
    return answer(
        reason=AssignmentReason.ASSIGNED,
        variant=variant,
        propensity=propensity,
        layer_bucket=layer_bucket,
        traffic_bucket=traffic_bucket,
        bucket=bucket,
    )


def variant_edges(variants: Sequence[Variant]) -> list[int]:
    """Return the bucket at which each variant's range ends; it begins where the one before ends.

    >>> variant_edges([Variant(key="a", weight=1), Variant(key="b", weight=3)])
    [25000, 100000]
    """
    total = math.fsum(variant.weight for variant in variants)
    sums = [math.fsum(variant.weight for variant in variants[: place + 1]) for place in range(len(variants))]
    return [*(_edge(part / total) for part in sums[:-1]), BUCKETS]


def overlap(one: Experiment, other: Experiment) -> bool:
    """Return whether two experiments claim the same part of a layer."""
    return (
        one.key != other.key
        and one.layer_name == other.layer_name
        and max(_edge(one.layer_from), _edge(other.layer_from)) < min(_edge(one.layer_to), _edge(other.layer_to))
    )


def _why_not(experiment: Experiment, unit_kind: str, unit_id: str, holdout: Holdout) -> AssignmentReason | None:
    if not experiment.running:
        return AssignmentReason.STOPPED
    if unit_kind != experiment.unit_kind:
        return AssignmentReason.OTHER_UNIT_KIND
    if experiment.honours_holdout and is_held_out(holdout, unit_kind, unit_id):
        return AssignmentReason.HOLDOUT
    return None


def _variant_at(variants: Sequence[Variant], bucket: int) -> tuple[str, float]:
    edges = variant_edges(variants)
    place = next(place for place, edge in enumerate(edges) if bucket < edge)
    begins = edges[place - 1] if place else 0
    return variants[place].key, (edges[place] - begins) / BUCKETS


def _edge(share: float) -> int:
    return round(share * BUCKETS)


def _problems(experiment: Experiment) -> list[str]:
    problems = []
    if not KEY.fullmatch(experiment.key) or experiment.key in RESERVED_KEYS:
        problems.append(
            f"An experiment's key has up to 100 letters, digits and . _ : -, and is not one of "
            f"{sorted(RESERVED_KEYS)}, got {experiment.key!r}."
        )
    keys = [variant.key for variant in experiment.variants]
    if not 2 <= len(keys) <= VARIANTS_MAX:
        problems.append(f"An experiment compares 2 to {VARIANTS_MAX} variants, got {len(keys)}.")
    if len(set(keys)) < len(keys):
        problems.append(f"Each variant has a key of its own, got {keys}.")
    if not all(0 < variant.weight < math.inf for variant in experiment.variants):
        problems.append("A variant's weight is a number above 0.")
    shares = (experiment.layer_from, experiment.layer_to, experiment.traffic)
    if not all(0 <= share <= 1 for share in shares) or experiment.layer_from >= experiment.layer_to:
        problems.append(
            f"Shares lie between 0 and 1 and layer_from below layer_to, got layer_from {experiment.layer_from}, "
            f"layer_to {experiment.layer_to}, traffic {experiment.traffic}."
        )
    if experiment.version < 1 or not experiment.unit_kind:
        problems.append("The version is at least 1, and a unit has a kind, e.g. 'customer'.")
    return problems
