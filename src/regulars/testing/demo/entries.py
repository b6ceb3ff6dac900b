"""The demos as plug-ins of the group `regulars.demos`, which is how the command line finds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any  # Any: what was typed on the command line

from regulars.testing.demo import DEMOS, DemoOptions, run_demo


class _Played:
    name = ""

    @property
    def title(self) -> str:
        """Return one line about what there is to see."""
        return DEMOS[self.name].title

    def play(self, options: Mapping[str, Any]) -> int:  # Any: as above
        """Play until stopped, and return the exit status."""
        return run_demo(self.name, DemoOptions(**options))


class Video(_Played):
    """Real ratings of films."""

    name = "video"


class Music(_Played):
    """A simulated music service."""

    name = "music"


class Store(_Played):
    """A simulated web shop."""

    name = "store"
