"""What a person may say about a demo, and what a demo remembers between two runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from regulars.kernel.errors import ConflictError
from regulars.testing.demo.movielens import cache_folder

STATE_FILE = "demo.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """How a demo is to be played; everything has a sensible default."""

    folder: Path | None = None
    port: int | None = None
    speed: float | None = None
    fast_forward: bool = True
    events: int | None = None
    seed: int = 1
    data: Path | None = None
    catalog: Path | None = None
    log: Path | None = None
    preset: str | None = None
    check: bool = False
    as_json: bool = False

    def folder_of(self, name: str) -> Path:
        """Return where the shop lies: a folder in the cache when nobody says."""
        return self.folder or cache_folder() / "demos" / name


class DemoState(msgspec.Struct, kw_only=True):
    """`demo.json` in the shop's folder.

    `sent` calls of the stream have gone out, and `extra_sent` beside it; `started_us` is where the stream began.
    `deliveries` of a webhook were sent, of which the door refused some.
    """

    demo: str
    simulated: bool
    write_key: str
    replay_key: str
    email: str
    password: str
    secret_key: str
    seed: int
    started_us: int
    sent: int = 0
    extra_sent: int = 0
    past_sent: bool = False
    old_app_key: str = ""
    deliveries: int = 0
    deliveries_refused: int = 0

    def save(self, folder: Path) -> None:
        """Write it, readable by its owner alone: it holds keys."""
        path = folder / STATE_FILE
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2))


def load_state(folder: Path, name: str) -> DemoState | None:
    """Return what an earlier run of this demo left, None in a fresh folder.

    Raises
    ------
    ConflictError
        When the folder holds another shop.

    """
    path = folder / STATE_FILE
    if not path.is_file():
        if (folder / "state.db").exists():
            raise ConflictError(f"{str(folder)!r} holds a shop that is no demo. Give another folder with --folder.")
        return None
    try:
        state = msgspec.json.decode(path.read_bytes(), type=DemoState)
    except msgspec.MsgspecError:
        raise ConflictError(f"{str(path)!r} cannot be read. Remove the folder to begin anew.") from None
    if state.demo != name:
        raise ConflictError(f"{str(folder)!r} holds the {state.demo} demo. Give another folder with --folder.")
    return state
