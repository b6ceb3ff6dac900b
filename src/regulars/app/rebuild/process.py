"""A rebuild in a process of its own, and the job that waits for it.

Started as `python -m regulars.app.rebuild.process TASK LIFELINE`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from regulars.app.apart import Told, do_and_exit, wait_for
from regulars.kernel.jobs import JobRun

if TYPE_CHECKING:
    from regulars.app.shop import Shop


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What to rebuild, and where."""

    folder: str
    flags: dict[str, str]
    parts: list[str]
    check: bool


def rebuild(told: Told) -> str:
    """Do the task in the first argument; return how many events it took in again."""
    from regulars.app.shop import open_shop

    task = msgspec.json.decode(sys.argv[1], type=Task)
    with open_shop(task.folder, flags=task.flags, partition=None) as shop:
        return str(shop.rebuild(task.parts, check=task.check, on_progress=told).events)


def run_job(shop: Shop, run: JobRun) -> None:
    """Do what `POST /v1/rebuilds` asked for: `parts`, and `check` to only compare. Cancelling the run pauses it."""
    parts = [str(part) for part in run.args.get("parts") or shop.rebuilds.parts()]
    check = bool(run.args.get("check", False))
    task = Task(folder=str(shop.folder), flags=shop.flags, parts=parts, check=check)
    events = int(wait_for(run, __name__, task))
    run.progress(events, events, "compared" if check else "the new state answers")


if __name__ == "__main__":
    do_and_exit(rebuild)
