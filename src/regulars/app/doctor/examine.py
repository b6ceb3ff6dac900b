"""The whole examination."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path

from regulars.app.doctor.finding import Finding, good, watch
from regulars.app.doctor.folder import examine_folder
from regulars.app.doctor.machine import examine_machine
from regulars.kernel.clock import Clock, SystemClock
from regulars.web.static_files import STATIC_FOLDER

_EXTRAS = {"postgres": ("psycopg", "a state database beyond one box"), "demo": ("segment", "replaying demos")}


def examine(shop: str | Path, *, flags: Mapping[str, str] | None = None, clock: Clock | None = None) -> list[Finding]:
    """Return every finding about this machine and the shop in a folder; nothing is changed."""
    folder, clock = Path(shop).expanduser().resolve(), clock or SystemClock()
    return [*examine_machine(folder, clock), *examine_folder(folder, flags or {}, clock), *_parts()]


def _parts() -> Iterator[Finding]:
    for extra, (module, purpose) in _EXTRAS.items():
        if importlib.util.find_spec(module) is None:
            yield good(
                f"extra {extra}", f"Not installed, and only needed for {purpose}: pip install 'regulars[{extra}]'."
            )
        else:
            yield good(f"extra {extra}", f"Installed, for {purpose}.")
    if (STATIC_FOLDER / "console" / "index.html").exists():
        yield good("console", "The console is built.")
    else:
        yield watch("console", "The console is not built.", "Run: make console. A release carries it built.")
