"""What should they see next, and why? Slates with reasons, current after every event, learned and by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.recommend.core.slots import Filters, Reason, Slate, SlateItem, Slot, SlotWish

if TYPE_CHECKING:
    from regulars.recommend.askers import Asked
    from regulars.recommend.service import Recommend

__all__ = ["Asked", "Filters", "Reason", "Recommend", "Slate", "SlateItem", "Slot", "SlotWish"]


def __getattr__(name: str) -> object:
    """Load the service when it is first asked for: it stands on numpy, and a help text needs none."""
    if name in ("Asked", "Recommend"):
        from regulars.recommend import service

        return getattr(service, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
