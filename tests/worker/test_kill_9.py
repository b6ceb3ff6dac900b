"""A worker process that is really killed, at random instants, ends with the same state as one that is not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from regulars.events import worker_store
from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.testing.street import Street, drain, state_of

WORK = """
import sys
from pathlib import Path
from regulars.kernel.clock import SystemClock
from regulars.kernel.database import Database
from regulars.testing.street import Street, drain
folder = Path(sys.argv[1])
street = Street(folder, Database.open(str(folder / "state.db")), SystemClock())
print("ready", flush=True)
drain(street.worker(events_a_batch=7))
print("done", flush=True)
"""


def history(seed: int, count: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    return [
        {
            "type": "identify" if number % 5 == 0 else "track",
            "event": "Song Completed",
            "messageId": f"m{number if chance.random() < 0.95 else chance.randrange(number + 1)}",
            "anonymousId": f"x{chance.randrange(40)}",
            **({"userId": f"u{chance.randrange(15)}"} if chance.random() < 0.4 else {}),
            "properties": {"asset_id": f"s{chance.randrange(9)}", "artist": f"artist {chance.randrange(4)}"},
            "traits": {"plan": chance.choice(["free", "pro"])},
        }
        for number in range(count)
    ]


def prepared(folder: Path, requests: Sequence[Sequence[dict[str, Any]]]) -> None:
    database = Database.open(str(folder / "state.db"))
    street = Street(folder, database, WoundClock(datetime(2026, 10, 1, tzinfo=UTC)))
    for request in requests:
        street.send(*request)
    street.close()
    database.close()


def killed_until_done(folder: Path, *, kills: int, seed: int) -> int:
    """Run workers until one gets through; return how many were killed at work."""
    chance, killed = random.Random(seed), 0
    while True:
        process = subprocess.Popen([sys.executable, "-c", WORK, str(folder)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if killed < kills:
            time.sleep(chance.uniform(0, 0.1))  # another process's progress: no clock of ours to wind
            os.kill(process.pid, signal.SIGKILL)
        finished = "done" in process.stdout.read()
        process.wait()
        process.stdout.close()
        if finished:
            return killed
        killed += 1


@pytest.mark.parametrize(
    ("events", "kills"), [(600, 3), pytest.param(12_000, 60, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_a_killed_worker_ends_with_the_state_of_one_left_alone(tmp_path: Path, events: int, kills: int) -> None:
    items = history(seed=events, count=events)
    requests = [items[start : start + 3] for start in range(0, events, 3)]
    states = []
    for name in ("alone", "killed"):
        folder = tmp_path / name
        prepared(folder, requests)
        if name == "killed":
            assert killed_until_done(folder, kills=kills, seed=events) > 0
        database = Database.open(str(folder / "state.db"))
        street = Street(folder, database, WoundClock(datetime(2026, 10, 1, tzinfo=UTC)))
        drain(street.worker())
        states.append(state_of(database))
        with database.read() as connection:
            assert worker_store.waiting(connection, 10) == []
        street.close()
        database.close()
    assert states[0] == states[1]
