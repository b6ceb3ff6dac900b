"""`regulars demo`: a shop full of life."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol  # Any: whatever was typed

import click

from regulars.cli.voice import json_option


class Demo(Protocol):
    """A plug-in of the group `regulars.demos`."""

    title: str

    def play(self, options: Mapping[str, Any]) -> int:  # Any: as above
        """Play until stopped, and return the exit status."""
        ...


@click.command(
    help="Open a shop full of life. NAME is video (real ratings of MovieLens-100K), music or store (simulated)."
)
@click.argument("name", default="video")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to make the shop; a cache folder when left out.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 8700, or the next free one.")
@click.option("--speed", type=click.FloatRange(min=0.01), help="How fast life goes on after the fast-forward.")
@click.option("--fast-forward/--no-fast-forward", default=True, show_default=True, help="Replay the past first.")
@click.option("--events", type=click.IntRange(min=1), help="Replay at most so many events of the past.")
@click.option("--seed", type=int, help="Seed of the simulated demos.")
@click.option(
    "--data", type=click.Path(path_type=Path), help="MovieLens-100K: the recbole wheel, or a folder of its files."
)
@click.option("--catalog", type=click.Path(path_type=Path), help="A real catalogue for music or store.")
@click.option("--log", type=click.Path(path_type=Path), help="A real log for music or store; see --preset.")
@click.option(
    "--preset",
    help="Format of --catalog and --log: fma, listenbrainz, lastfm-1k, online-retail, retailrocket, otto, yoochoose.",
)
@click.option("--check", is_flag=True, help="Do it all without a browser, print a table of facts, and stop.")
@json_option
def command(name: str, **typed: Any) -> int:  # Any: whatever was typed
    """Open a demo shop and keep it alive until stopped."""
    from regulars.kernel import plugins
    from regulars.kernel.errors import NotFoundError, nearest

    demos = plugins.load("demos", Demo)
    if name not in demos:
        raise NotFoundError(f"No demo is named {name!r}; there are {', '.join(demos)}.{nearest(name, list(demos))}")
    return demos[name].play({option: value for option, value in typed.items() if value is not None})
