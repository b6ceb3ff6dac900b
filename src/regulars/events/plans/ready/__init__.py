"""Plans that are ready to use: Segment's specifications for shops and video, and our own for music.

Each is a plan file beside this one, the same as a shop can export; docs/reference tells what they say.
"""

from __future__ import annotations

from importlib import resources

import msgspec

from regulars.events.plans.core import PlanFile
from regulars.kernel.errors import NotFoundError, nearest

READY = ("segment-ecommerce", "segment-video", "music")


class ReadyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A ready plan in the list."""

    key: str
    name: str
    description: str
    events: int


def ready_plans() -> list[ReadyPlan]:
    """Return the ready plans."""
    return [
        ReadyPlan(key=key, name=file.name, description=file.description, events=len(file.events))
        for key, file in ((key, ready_plan(key)) for key in READY)
    ]


def ready_plan(key: str) -> PlanFile:
    """Return one ready plan as a file.

    Raises
    ------
    NotFoundError
        When there is none with this key.

    >>> ready_plan("music").events[0].name
    'Song Played'
    """
    if key not in READY:
        raise NotFoundError(f"There is no ready plan {key!r}.{nearest(key, READY)} There are: {', '.join(READY)}.")
    raw = resources.files(__name__).joinpath(f"{key}.json").read_bytes()
    return msgspec.json.decode(raw, type=PlanFile)
