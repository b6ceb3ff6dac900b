"""Which published forms of logs and catalogues can be read, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from regulars.catalog import Item
from regulars.kernel.errors import InvalidError, nearest
from regulars.testing.demo.recordings import music_logs, store_logs
from regulars.testing.demo.recordings.recording import Recording

ROWS_MAX = 1_000_000  # rows read when nobody says how many events to replay; some 1 GB of memory


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """A published form: which demo it is for, and how its log or its catalogue is read."""

    name: str
    demo: str
    log: Callable[[Path, int], Recording] | None = None
    catalogue: Callable[[Path, int], tuple[list[Item], str]] | None = None


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(name="fma", demo="music", catalogue=music_logs.fma_catalogue),
        Preset(name="listenbrainz", demo="music", log=music_logs.listenbrainz),
        Preset(name="lastfm-1k", demo="music", log=music_logs.lastfm_1k),
        Preset(name="online-retail", demo="store", log=store_logs.online_retail),
        Preset(name="retailrocket", demo="store", log=store_logs.retailrocket),
        Preset(name="otto", demo="store", log=store_logs.otto),
        Preset(name="yoochoose", demo="store", log=store_logs.yoochoose),
    )
}


def preset_named(name: str | None, demo: str) -> Preset:
    """Return a preset of a demo.

    Raises
    ------
    InvalidError
        When there is none of this name for this demo.

    """
    known = [preset.name for preset in PRESETS.values() if preset.demo == demo]
    if name is None:
        raise InvalidError(f"Say which form the file has: --preset with one of {', '.join(known) or 'none'}.")
    if name not in known:
        raise InvalidError(
            f"No preset of the {demo} demo is named {name!r}; there are {', '.join(known) or 'none'}."
            f"{nearest(name, known)}"
        )
    return PRESETS[name]


def read_log(name: str | None, demo: str, path: Path, rows_max: int = ROWS_MAX) -> Recording:
    """Read a log in a published form.

    Raises
    ------
    InvalidError
        When the preset reads no logs, or the file is not in its form.

    """
    preset = preset_named(name, demo)
    if preset.log is None:
        raise InvalidError(f"The preset {preset.name!r} is of a catalogue, not of a log: give it with --catalog.")
    recording = preset.log(path, rows_max)
    if not recording.calls:
        raise InvalidError(f"{path.name!r} holds no event that the preset {preset.name!r} can read.")
    return recording


def read_catalogue(name: str | None, demo: str, path: Path, rows_max: int = ROWS_MAX) -> tuple[list[Item], str]:
    """Read a catalogue in a published form; return its items and its terms."""
    preset = preset_named(name, demo)
    if preset.catalogue is None:
        raise InvalidError(f"The preset {preset.name!r} is of a log, not of a catalogue: give it with --log.")
    return preset.catalogue(path, rows_max)
