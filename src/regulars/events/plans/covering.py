"""Which values of an event may not everybody see? What a plan marks as personal is covered in what people are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # Any: properties are whatever was sent

import msgspec

from regulars.events.plans.core import PersonalField, PlanBody, Reign, Rules, Unreadable, standing
from regulars.events.plans.core.pointers import found_at, parts_of

TRAITS_CALLS = ("identify", "group")


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A field of an event that its plan marks as personal, and what the door does with it."""

    pointer: str
    action: str


class Cover:
    """Covers the personal fields of one source's events.

    >>> cover = Cover([PersonalField(pointer="/properties/email")])
    >>> cover.properties("track", {"email": "ann@example.org", "total": 7})
    {'email': '•••', 'total': 7}
    """

    def __init__(self, fields: Sequence[PersonalField]) -> None:
        self._fields = tuple(fields)
        self._rules = Rules(fields, b"", cover=True)

    def properties(self, call: str, properties: dict[str, Any]) -> dict[str, Any]:  # Any: as above
        """Return properties, or the traits of an identify or group, covered."""
        covered: dict[str, Any] = self._rules.applied_to(_section(call), properties)
        return covered

    def context(self, context: dict[str, Any]) -> dict[str, Any]:  # Any: as above
        """Return a context, covered."""
        covered: dict[str, Any] = self._rules.applied_to("context", context)
        return covered

    def text(self, raw: str, *, path: str = "track") -> str:
        """Return an item as it was sent, covered; nothing of it, where nobody can say what in it is personal.

        A whole request has its own `path`, such as `batch`.
        """
        try:
            return self._rules.applied(path, raw.encode()).decode()
        except Unreadable:
            return ""

    @property
    def hides_address(self) -> bool:
        """Whether the sender's address is personal, too."""
        return any(field.pointer == "/context/ip" for field in self._fields)

    def marks(self, call: str, properties: dict[str, Any], context: dict[str, Any]) -> list[Mark]:  # Any: as above
        """Return which fields of an event are marked."""
        places = {_section(call): properties, "context": context}
        return [
            Mark(pointer=pointer, action=field.action)
            for field in self._fields
            for pointer in field.pointers()
            if (parts := parts_of(pointer)) and parts[0] in places and found_at(places[parts[0]], parts[1:])
        ]


def cover_of(in_force: Sequence[tuple[Reign, PlanBody]], source_id: str, now_us: int) -> Cover | None:
    """Return what covers a source's events, by the plan in force now; None when nothing is marked."""
    ruling = standing([reign for reign, _ in in_force], source_id, now_us).reign
    fields = next((body.personal for reign, body in in_force if reign == ruling), []) if ruling else []
    return Cover(fields) if fields else None


def _section(call: str) -> str:
    return "traits" if call in TRAITS_CALLS else "properties"
