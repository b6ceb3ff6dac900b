"""A replay in a process of its own, and the job that waits for it.

Started as `python -m regulars.app.replay.process TASK LIFELINE`.
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
    """What to replay, and where."""

    folder: str
    flags: dict[str, str]
    replay_id: str


def replay(told: Told) -> str:
    """Do the task in the first argument; return what became of it, in words."""
    from regulars.app.shop import open_shop

    task = msgspec.json.decode(sys.argv[1], type=Task)
    with open_shop(task.folder, flags=task.flags, partition=None) as shop:
        found = shop.replays.run(task.replay_id, told)
    if found.asked.into == "profile":
        return f"changed: {', '.join(found.changed)}" if found.changed else "nothing changed"
    if found.asked.into == "lake":
        return f"{found.taken:,} of {found.events:,} events were put back"
    return f"{found.events:,} of {found.read:,} events counted"


def run_job(shop: Shop, run: JobRun) -> None:
    """Do what `POST /v1/replays` asked for: the replay `replay_id`. Cancelling the run pauses it."""
    task = Task(folder=str(shop.folder), flags=shop.flags, replay_id=str(run.args["replay_id"]))
    run.progress(0, None)
    run.progress(1, 1, wait_for(run, __name__, task))


if __name__ == "__main__":
    do_and_exit(replay)
