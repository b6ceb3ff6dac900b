"""Three small shops to live in: `video` is real (MovieLens-100K), `music` and `store` are simulated.

Light to import: what a demo needs is loaded when it is played.
"""

from __future__ import annotations

import msgspec

from regulars.kernel.errors import InvalidError, nearest
from regulars.testing.demo.options import DemoOptions


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to play."""

    name: str
    title: str
    simulated: bool


DEMOS: dict[str, Demo] = {
    demo.name: demo
    for demo in (
        Demo(name="video", title="A film service: 943 people, 1,682 films, 100,000 ratings", simulated=False),
        Demo(name="music", title="A music service: 500 listeners in households, invented songs", simulated=True),
        Demo(name="store", title="A web shop: 1,500 visitors, invented brands, baskets and orders", simulated=True),
    )
}


def run_demo(name: str, options: DemoOptions | None = None) -> int:
    """Play a demo until it is stopped, or once with `check`; return the exit status.

    Raises
    ------
    InvalidError
        When no demo has this name.

    """
    if name not in DEMOS:
        raise InvalidError(f"No demo is named {name!r}.{nearest(name, list(DEMOS))}")
    from regulars.testing.demo.running import run

    return run(name, options or DemoOptions())


__all__ = ["DEMOS", "Demo", "DemoOptions", "run_demo"]
