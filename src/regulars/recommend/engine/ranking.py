"""Which items, in which order, and why? From a source's candidates to the items of a slate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regulars.recommend.core.rerank import POOL, choose, penalised
from regulars.recommend.core.rows import Doubles, Ints, Scored
from regulars.recommend.core.slots import Filters, Policy, Reason, SlateItem
from regulars.recommend.engine.brain import Brain, Found, Visit
from regulars.recommend.projection import KIND_NUMBERS

CANDIDATES = 500
REASONS_SHOWN = 2
SHARE_MIN = 0.02

ALL_KINDS = (1 << len(KIND_NUMBERS)) - 1
BOUGHT = 1 << KIND_NUMBERS["bought"]
PLAYED = BOUGHT | sum(1 << KIND_NUMBERS[kind] for kind in ("played", "completed", "rated"))
SEEN_KINDS = {"never": 0, "bought": BOUGHT, "played": PLAYED, "any": ALL_KINDS}


@dataclass(frozen=True, slots=True)
class Wish:
    """What one answer shall be like."""

    policy: Policy
    count: int
    filters: Filters
    diversity: float
    novelty: float
    now_us: int


@dataclass(frozen=True, slots=True)
class Candidates:
    """Items that may be shown, with relevance, order score, and where they come from: the policy or the fallback."""

    items: Ints
    relevance: Doubles
    order: Doubles
    fallback: frozenset[int]


def rank(brain: Brain, visit: Visit, wish: Wish, *, seen: Ints, touched: dict[int, int]) -> list[SlateItem]:
    """Return the items of a slate, best first.

    Parameters
    ----------
    seen
        Items that the filters leave out for this customer.
    touched
        In which ways the customer touched each item (bits), for the words of the reasons.

    """
    found = brain.found(wish.policy, visit)
    candidates = _candidates(brain, visit, wish, found, seen)
    if wish.filters.max_per_tag is None:
        candidates = _first(candidates, max(POOL, 3 * wish.count))
    numbers = candidates.items.tolist()
    kind = wish.filters.max_per_tag_kind
    is_capped = wish.filters.max_per_tag is not None
    chosen = choose(
        candidates.order,
        [brain.items.tags(number) for number in numbers],
        count=wish.count,
        diversity=wish.diversity,
        capped=[brain.items.capped_tags(number, kind) for number in numbers] if is_capped else (),
        most_per_tag=wish.filters.max_per_tag,
    )
    return _described(brain, visit, found, candidates, chosen, touched)


def _first(candidates: Candidates, most: int) -> Candidates:
    """Return the candidates that come first in order: no others can be chosen."""
    if len(candidates.items) <= most:
        return candidates
    kept = np.sort(np.argpartition(-candidates.order, most - 1)[:most])
    return Candidates(candidates.items[kept], candidates.relevance[kept], candidates.order[kept], candidates.fallback)


def _candidates(brain: Brain, visit: Visit, wish: Wish, found: Found, seen: Ints) -> Candidates:
    kept = _passing(brain, wish, found.scored, seen, most=CANDIDATES)
    order = kept.values
    if found.in_deviations and wish.novelty > 0:
        order = penalised(order, brain.counts(kept.items), wish.novelty)
    if len(kept.items) >= wish.count:
        return Candidates(kept.items, kept.values, order, frozenset())
    taken = np.concatenate((seen, kept.items))
    if visit.item is not None:
        taken = np.append(taken, np.int32(visit.item))
    missing = wish.count - len(kept.items) + (CANDIDATES if wish.filters.max_per_tag else 2 * wish.count)
    rest = _fallback(brain, visit, wish, taken, missing)
    lowest = float(order.min(initial=0.0))
    spread = max(float(order.max(initial=0.0)) - lowest, 1.0)
    behind = lowest - spread * (1 + np.arange(len(rest.items)) / max(len(rest.items), 1)) * 1e-3
    return Candidates(
        np.concatenate((kept.items, rest.items)),
        np.concatenate((kept.values, rest.values)),
        np.concatenate((order, behind)),
        frozenset(rest.items.tolist()),
    )


def _passing(brain: Brain, wish: Wish, scored: Scored, seen: Ints, *, most: int) -> Scored:
    """Return the best candidates that may be shown; looks at all of them only when the best are too few."""
    positive = scored.values > 0
    unseen = Scored(scored.items[positive], scored.values[positive])
    if len(seen):
        keep = ~np.isin(unseen.items, seen)
        unseen = Scored(unseen.items[keep], unseen.values[keep])
    best = unseen.best(most)
    kept = _allowed(brain, wish, best)
    if len(kept.items) < wish.count and len(best.items) < len(unseen.items):
        kept = _allowed(brain, wish, unseen).best(most)
    return kept


def _allowed(brain: Brain, wish: Wish, scored: Scored) -> Scored:
    allowed = brain.items.allowed(scored.items, wish.filters, wish.now_us)
    return Scored(scored.items[allowed], scored.values[allowed])


def _fallback(brain: Brain, visit: Visit, wish: Wish, taken: Ints, most: int) -> Scored:
    """Return popular items, the most popular first; then those nobody has touched yet, the newest first."""
    listed = brain.popular(visit).scored
    rest = _allowed(brain, wish, Scored(*_without(listed, taken)))
    if len(rest.items) < most:
        everything = brain.items.everything()
        everything = everything[~np.isin(everything, taken)]
        values = brain.popularity_of(everything, visit.crowd)
        rest = _allowed(brain, wish, Scored(everything, values))
    order = np.lexsort((-rest.items, -rest.values))[:most]
    return Scored(rest.items[order], rest.values[order])


def _without(scored: Scored, taken: Ints) -> tuple[Ints, Doubles]:
    keep = ~np.isin(scored.items, taken)
    return scored.items[keep], scored.values[keep]


def _described(
    brain: Brain, visit: Visit, found: Found, candidates: Candidates, chosen: list[int], touched: dict[int, int]
) -> list[SlateItem]:
    numbers = candidates.items[chosen]
    own = np.array([number not in candidates.fallback for number in numbers.tolist()], np.bool_)
    targets = numbers[own]
    table, speaking = found.explain(targets)
    explained = iter(zip(reasons_for(brain, found, table, touched), speaking, strict=True))
    described = []
    for position, (place, number, is_own) in enumerate(zip(chosen, numbers.tolist(), own.tolist(), strict=True), 1):
        if is_own:
            reasons, sources = next(explained)
        else:
            popularity = float(candidates.relevance[place])
            reasons = [_popular_reason(brain, visit.crowd, popularity)]
            sources = ["popular" if popularity > 0 else "fresh"]
        described.append(
            SlateItem(
                item_id=brain.items.item_id(number),
                title=brain.items.title(number),
                score=float(candidates.relevance[place]),
                position=position,
                sources=sources,
                reasons=reasons,
                item=brain.items.card(number),
            )
        )
    return described


def reasons_for(brain: Brain, found: Found, table: Doubles, touched: dict[int, int]) -> list[list[Reason]]:
    """Return for each column of contributions the strongest reasons, each with its share of what speaks for it."""
    gains = np.maximum(table, 0.0)
    shares = gains / np.maximum(gains.sum(axis=0), 1e-300)
    best = np.argsort(-shares, axis=0, kind="stable")[:REASONS_SHOWN]
    strongest = np.take_along_axis(shares, best, axis=0)
    grounds = found.grounds[best]
    return [
        [
            _reason(brain, found, ground, share, touched)
            for ground, share in zip(ground_column, share_column, strict=True)
            if share >= SHARE_MIN
        ]
        for ground_column, share_column in zip(grounds.T.tolist(), strongest.T.tolist(), strict=True)
    ]


def _reason(brain: Brain, found: Found, ground: int, share: float, touched: dict[int, int]) -> Reason:
    if found.because == "tag":
        kind, value = brain.items.tag_name(ground)
        return Reason(kind="favourite", text=f"Because you like {value}", share=share, tag=f"{kind}:{value}")
    if found.because == "now":
        return Reason(kind="trending", text="Rising now", share=share)
    if found.because == "crowd":
        return _popular_reason(brain, ground, 1.0)
    title = brain.items.title(ground)
    if ground in touched:
        card = brain.items.card(ground)
        text = f"Because you {_verb(touched[ground], card.kind if card else '')} {title}"
        return Reason(kind="because_you", text=text, share=share, item_id=brain.items.item_id(ground), title=title)
    text = f"Similar to {title}"
    return Reason(kind="similar", text=text, share=share, item_id=brain.items.item_id(ground), title=title)


# What people say they did, the most telling first; one watches a video that one merely started, too.
_VERBS = (
    ("bought", "bought"),
    ("liked", "liked"),
    ("completed", "finished"),
    ("played", "played"),
    ("rated", "rated"),
    ("added", "added"),
    ("viewed", "looked at"),
)
_VIDEO_VERBS = {"completed": "watched", "played": "watched"}


def _verb(kinds: int, item_kind: str) -> str:
    own = _VIDEO_VERBS if item_kind == "video" else {}
    return next((own.get(kind, verb) for kind, verb in _VERBS if kinds & (1 << KIND_NUMBERS[kind])), "chose")


def _popular_reason(brain: Brain, crowd: int, popularity: float) -> Reason:
    if popularity <= 0:
        return Reason(kind="popular", text="New here", share=1.0)
    country, _, device = brain.engine.crowds[crowd].partition("/")
    where = f" in {country}" if country else ""
    on = f" on {device}" if device else ""
    return Reason(kind="popular", text=f"Popular{where}{on}", share=1.0)
