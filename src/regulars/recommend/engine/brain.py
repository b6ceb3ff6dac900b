"""Where do candidates come from? Each source scores items for one visit, and can say what each score is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from regulars.recommend.core import ease, ials, rules, sessions, transitions
from regulars.recommend.core.blend import LONG_HISTORY, SHORT_HISTORY, blend, scales
from regulars.recommend.core.histories import latest_distinct, recency_weights
from regulars.recommend.core.linear import Linear, RowsModel
from regulars.recommend.core.rows import Doubles, Floats, Ints, Rows, Scored
from regulars.recommend.core.slots import Policy
from regulars.recommend.engine.artifact import Artifact
from regulars.recommend.engine.items import ItemTable
from regulars.recommend.engine.live import LiveEngine

POPULAR_KEPT = 500
RULE_ITEMS = 200  # the best known items of each favourite tag
FRESH_SHARE = 1_000  # lists of the popular are sorted anew after a thousandth of all steps
PROPOSING_ITEMS = 20_000  # the best known items, 5 MB of vectors: they stay in the processor's cache, 100 k do not
JUDGED = 1_000  # of each other source's candidates, so many are judged by taste too
CONTENT_WEIGHT = 0.1  # chosen: a shared word is worth a tenth of always being seen together

Because = Literal["item", "tag", "crowd", "now"]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request as the sources see it: what the customer did, oldest first, and where they are."""

    steps: Ints
    session: Ints
    own_session: int = -1
    crowd: int = 0
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A source's scores, and what they are made of.

    `because` says what `grounds` are: items the customer touched, tags, or nothing in particular. `explain(targets)`
    returns what each ground gives to each target, shape (grounds, targets), its columns summing to the scores; and for
    each target the sources that speak for it.
    """

    scored: Scored
    because: Because
    grounds: Ints
    explain: Callable[[Ints], tuple[Doubles, list[list[str]]]]
    in_deviations: bool = False


class Brain:
    """The sources over one engine and one table of items."""

    def __init__(self, engine: LiveEngine, items: ItemTable) -> None:
        self.engine = engine
        self.items = items
        self._taste, self._taste_half_life, self._taste_items = _taste_of(engine.artifact)
        self._lists: dict[tuple[str, int], tuple[int, Scored]] = {}

    @property
    def total(self) -> int:
        """One more than the highest item number that is known anywhere."""
        return max(self.engine.items_total, self.items.total)

    def found(self, policy: Policy, visit: Visit) -> Found:
        """Return what a policy finds for a visit."""
        if policy == "blend":
            return self.blended(visit)
        if policy in ("transitions", "taste", "sessions"):
            return self.blended(visit, {policy: 1.0})
        if policy == "rules":
            return self._rules(visit)
        if policy == "similar":
            return self._similar(visit)
        return self.popular(visit, rising=policy == "trending")

    def popular(self, visit: Visit, *, rising: bool = False) -> Found:
        """Return what is popular in the visitor's crowd, or rising with everybody."""
        crowd = 0 if rising else visit.crowd
        scored = self._list("rising" if rising else "popular", crowd)

        name = "trending" if rising else "popular"

        def explain(targets: Ints) -> tuple[Doubles, list[list[str]]]:
            return scored.dense(self.total)[targets][None, :], [[name] for _ in targets]

        return Found(scored, "now" if rising else "crowd", np.array([crowd], np.int32), explain)

    def popularity_of(self, targets: Ints, crowd: int) -> Doubles:
        """Return the share of interest that each item has in a crowd."""
        with self.engine.lock:
            values = self.engine.popularity.popularity(crowd)
        return _known(values, targets)

    def counts(self, targets: Ints) -> Doubles:
        """Return how many steps were ever taken to each item."""
        return _known(self.engine.popularity.counts, targets)

    def _list(self, name: str, crowd: int) -> Scored:
        popularity = self.engine.popularity
        kept = self._lists.get((name, crowd))
        patience = popularity.changes // FRESH_SHARE
        if kept is not None and popularity.changes - kept[0] <= patience:
            return kept[1]
        with self.engine.lock:
            changes = popularity.changes
            values = popularity.rising() if name == "rising" else popularity.popularity(crowd)
        positive = np.flatnonzero(values > 0)
        scored = Scored(positive.astype(np.int32), values[positive]).best(POPULAR_KEPT)
        self._lists[name, crowd] = (changes, scored)
        return scored

    def blended(self, visit: Visit, weights: Mapping[str, float] | None = None) -> Found:
        """Return the sources together, each in its own standard deviations, weighed; by default as history is long."""
        weights = weights or blend_weights(len(visit.steps))
        queries = {name: self._query(name, visit) for name in weights}
        queries = {name: query for name, query in queries.items() if len(query[0])}
        parts: dict[str, Scored] = {}
        for name in sorted(queries, key=lambda one: one == "taste"):  # taste last: it scores the others' candidates too
            also = np.concatenate([part.best(JUDGED).items for part in parts.values()]) if parts else None
            parts[name] = self._scores(name, *queries[name], visit, also)
        factors = scales(parts, weights, items_total=self.total)
        grounds = latest_distinct(visit.steps, max((len(query[0]) for query in queries.values()), default=0))

        def explain(targets: Ints) -> tuple[Doubles, list[list[str]]]:
            table = np.zeros((len(grounds), len(targets)))
            place = {item: row for row, item in enumerate(grounds.tolist())}
            speaking: list[list[str]] = [[] for _ in targets]
            for name, factor in factors.items():
                part = factor * self._contributions(name, *queries[name], visit, targets)
                np.add.at(table, [place[item] for item in queries[name][0].tolist()], part)
                for column in np.flatnonzero(np.abs(part).sum(axis=0)).tolist():
                    speaking[column].append(name)
            return table, speaking

        scored = blend(parts, factors, items_total=self.total)
        return Found(scored, "item", grounds, explain, in_deviations=True)

    def _query(self, name: str, visit: Visit) -> tuple[Ints, Floats]:
        if name == "sessions":
            items = latest_distinct(visit.session, sessions.QUERY_ITEMS)
            return items, np.ones(len(items), np.float32)
        if name == "taste":
            if self._taste is None:
                return visit.steps[:0], np.zeros(0, np.float32)
            items = latest_distinct(visit.steps[visit.steps < self._taste_items], ease.QUERY_ITEMS)
            return items, recency_weights(len(items), self._taste_half_life)
        items = latest_distinct(visit.steps, transitions.QUERY_ITEMS)
        return items, recency_weights(len(items), transitions.HALF_LIFE_ITEMS)

    def _scores(self, name: str, items: Ints, weights: Floats, visit: Visit, also: Ints | None) -> Scored:
        if name == "taste":
            assert self._taste is not None, "without a model of taste there is no query for it"
            return self._taste.scores(items, weights, also)
        with self.engine.lock:
            if name == "sessions":
                self._ready_neighbours()
                return self.engine.neighbours.scores(items, leave_out=visit.own_session)
            return self.engine.transitions.scores(items, weights, self.total)

    def _contributions(self, name: str, items: Ints, weights: Floats, visit: Visit, targets: Ints) -> Doubles:
        if name == "taste":
            assert self._taste is not None, "without a model of taste there is no query for it"
            return _within(self._taste, items, weights, targets, self._taste_items)
        with self.engine.lock:
            if name == "sessions":
                self._ready_neighbours()
                return self.engine.neighbours.contributions(items, targets, leave_out=visit.own_session)
            return self.engine.transitions.contributions(items, weights, targets)

    def _ready_neighbours(self) -> None:
        neighbours = self.engine.neighbours
        neighbours.idf = self.engine.sessions.idf(self.total)
        neighbours.items_total = self.total

    def _rules(self, visit: Visit) -> Found:
        items = latest_distinct(visit.steps, rules.QUERY_ITEMS)
        weights = recency_weights(len(items), rules.HALF_LIFE_ITEMS)
        with self.engine.lock:
            liked = rules.favourites(items, weights, self.items, self.items.tag_frequency())
            popularity = self.engine.popularity.counts.copy()
            pools = [self.items.items_with(tag) for tag in liked.tags.tolist()]
        popularity = np.concatenate((popularity, np.zeros(max(self.total - len(popularity), 0))))
        best = [pool[np.argsort(-popularity[pool], kind="stable")[:RULE_ITEMS]] for pool in pools]
        candidates = np.unique(np.concatenate(best)) if best else np.zeros(0, np.int32)

        def contributions(targets: Ints) -> Doubles:
            return rules.rule_contributions(liked, targets, self.items, popularity)

        def explain(targets: Ints) -> tuple[Doubles, list[list[str]]]:
            return contributions(targets), [["rules"] for _ in targets]

        scored = Scored(candidates.astype(np.int32), contributions(candidates).sum(axis=0))
        return Found(scored, "tag", liked.tags, explain)

    def _similar(self, visit: Visit) -> Found:
        item = visit.item
        assert item is not None, "a question for similar items names one"
        with self.engine.lock:
            together = self.engine.transitions.similar(item, self.total)
            frequency = self.items.tag_frequency()
            own = self.items.tags(item)
            rare = sorted(own, key=lambda tag: frequency[tag])[: rules.FAVOURITES]
            pools = [self.items.items_with(tag) for tag in rare]
        counts = [pool[np.argsort(-self.counts(pool), kind="stable")[:RULE_ITEMS]] for pool in pools]
        near = np.unique(np.concatenate([*counts, together.items])).astype(np.int32)
        near = near[near != item]
        by_content = CONTENT_WEIGHT * _content(near, own, self.items, frequency)
        grounds = np.array([item], np.int32)

        def scores(targets: Ints) -> Doubles:
            return together.dense(self.total)[targets] + CONTENT_WEIGHT * _content(targets, own, self.items, frequency)

        scored = Scored(near, together.dense(self.total)[near] + by_content)

        def explain(targets: Ints) -> tuple[Doubles, list[list[str]]]:
            known = set(together.items.tolist())
            speaking = [["similar"] if target in known else ["content"] for target in targets.tolist()]
            return scores(targets)[None, :], speaking

        return Found(scored, "item", grounds, explain)


def blend_weights(steps: int) -> Mapping[str, float]:
    """Return how much each source weighs, by how much is known of the customer; decisions/blend has the figures."""
    return SHORT_HISTORY if steps < SHORT_STEPS else LONG_HISTORY


RAREST = 1e-6  # as if one of a million items carried it: a tag may have left its last item
SHORT_STEPS = 10  # below, nearly all that is known is the present session; decisions/blend


def _content(targets: Ints, own: frozenset[int], tags_by_item: rules.TagsByItem, frequency: Doubles) -> Doubles:
    """Return the cosine of tags weighed by rarity."""
    rarity = -np.log(np.clip(frequency, RAREST, 0.999))
    tags, _, owners = tags_by_item.gather(targets)
    weights = rarity[tags] ** 2
    shared = np.isin(tags, np.fromiter(own, np.int32)) * weights
    lengths = np.bincount(owners, weights=weights, minlength=len(targets))
    common = np.bincount(owners, weights=shared, minlength=len(targets))
    length = float(sum(rarity[tag] ** 2 for tag in own))
    result: Doubles = common / np.sqrt(np.maximum(lengths * length, 1e-12))
    return result


def _within(model: Linear, items: Ints, weights: Floats, targets: Ints, total: int) -> Doubles:
    """Return contributions to targets, zero for those the model has never met."""
    table = np.zeros((len(items), len(targets)))
    known = targets < total
    table[:, known] = model.contributions(items, weights, targets[known])
    return table


def _taste_of(artifact: Artifact | None) -> tuple[Linear | None, float, int]:
    if artifact is None or artifact.about.kind == "counts":
        return None, ease.HALF_LIFE_ITEMS, 0
    total = artifact.about.items_total
    if artifact.about.kind == "ease":
        rows = Rows(artifact["taste_starts"], artifact["taste_columns"], artifact["taste_values"])
        return RowsModel(rows, total), ease.HALF_LIFE_ITEMS, total
    counts = artifact["counts"]
    known = np.argsort(-counts, kind="stable")[: min(PROPOSING_ITEMS, int((counts > 0).sum()))]
    model = ials.Ials(artifact["taste_vectors"], artifact["taste_gram"], proposing=np.sort(known).astype(np.int32))
    return model, ease.HALF_LIFE_ITEMS, total


def _known(values: Doubles, targets: Ints) -> Doubles:
    """Return the value of each target, 0 for those that nothing has happened to, even when nothing ever happened."""
    found = np.zeros(len(targets))
    inside = targets < len(values)
    found[inside] = values[targets[inside]]
    return found
