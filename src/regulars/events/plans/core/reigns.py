"""Which version of which plan was in force for a source at a moment?"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Reign(msgspec.Struct, frozen=True, kw_only=True):
    """From when until when a version was in force, and for which sources (None: all that no other plan has)."""

    plan_id: str
    number: int
    name: str
    from_us: int
    until_us: int | None = None
    sources: frozenset[str] | None = None


class Standing(msgspec.Struct, frozen=True):
    """Who reigns over a source, and the span of time for which that is so; `until_us` None means from then on."""

    reign: Reign | None
    from_us: int
    until_us: int | None

    def holds_at(self, at_us: int) -> bool:
        """Return whether this is the answer for a moment."""
        return self.from_us <= at_us and (self.until_us is None or at_us < self.until_us)


def standing(reigns: Sequence[Reign], source_id: str, at_us: int) -> Standing:
    """Return who reigns over a source at a moment. A plan that names the source goes before one for all sources.

    >>> all_sources = Reign(plan_id="a", number=1, name="", from_us=10)
    >>> chosen = Reign(plan_id="b", number=1, name="", from_us=20, until_us=30, sources=frozenset({"web"}))
    >>> [standing([all_sources, chosen], "web", at).reign.plan_id for at in (15, 25, 35)]
    ['a', 'b', 'a']
    >>> standing([all_sources], "web", 5)
    Standing(reign=None, from_us=0, until_us=10)
    """
    ours = [reign for reign in reigns if reign.sources is None or source_id in reign.sources]
    turns = sorted({turn for reign in ours for turn in (reign.from_us, reign.until_us) if turn is not None})
    before = max((turn for turn in turns if turn <= at_us), default=0)
    after = min((turn for turn in turns if turn > at_us), default=None)
    ruling = [reign for reign in ours if reign.from_us <= at_us and (reign.until_us is None or at_us < reign.until_us)]
    best = max(ruling, key=lambda reign: (reign.sources is not None, reign.from_us, reign.plan_id), default=None)
    return Standing(best, before, after)
