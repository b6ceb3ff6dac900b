"""An import whose process is really killed, at random instants, ends as one that was left alone."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text
from tests.imports.conftest import POS, pos, upload

from regulars.app import Shop, open_shop
from regulars.events.imports.service import rejected_path
from regulars.kernel.clock import WoundClock
from regulars.testing.postgresql import Postgresql
from regulars.testing.street import state_of

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
ORDERS = 6_000
KILLS = 8
LOADS_SEEN_MAX = 3  # of some 12: a process lives until it has put so many into the log, and a moment longer
MOMENT_S_MAX = 0.1

# A process as `regulars serve` has one: jobs, and beside them the worker. For its jobs each comes five minutes
# after the last one, when a lease and a pause are over; facts are received at noon, so that two shops can be compared.
IMPORT = """
import json, sys, threading
from datetime import UTC, datetime, timedelta
from regulars.app import open_shop
from regulars.kernel.clock import WoundClock

folder, flags, number = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
noon = datetime(2026, 10, 1, 12, tzinfo=UTC)
with open_shop(folder, partition="worker", flags=flags, clock=WoundClock(noon)) as shop:
    clock = shop.jobs.clock = WoundClock(noon + timedelta(minutes=5 * number))
    over = threading.Event()

    def take_in():
        worker = shop.worker()
        while not over.is_set():
            worker.run_once() or over.wait(0.01)

    beside = threading.Thread(target=take_in, daemon=True)
    beside.start()
    append = shop.log.append_many

    def appended(payloads):
        append(payloads)
        print("load", flush=True)

    shop.log.append_many = appended
    print("ready", flush=True)
    shop.jobs.run_due()  # finds what the last process left behind
    clock.wind(timedelta(minutes=2))
    while shop.jobs.run_due():
        pass
    over.set()
    beside.join()
    shop.catch_up()
    print("done", flush=True)
"""


def history() -> bytes:
    """Return a till's file: orders whose lines stand apart, a shared phone, customers who return, wrong rows."""
    chance = random.Random(20)
    rows = []
    for number in range(ORDERS):
        card = f"{9000 + chance.randrange(300)}"
        email = f"u{card}@example.org" if number % 3 == 0 else ""
        phone = "0912345678" if number % 500 == 0 else ""
        at = "soon" if number % 97 == 0 else f"2026/09/{number % 30 + 1:02} {number % 24:02}:05"
        rows += [f"R{number},{card},{email},{phone},{at},Daan,tea,{line + 1},120" for line in range(1 + number % 2)]
    for _ in range(200):  # lines that stand away from their order
        one, other = chance.randrange(len(rows)), chance.randrange(len(rows))
        rows[one], rows[other] = rows[other], rows[one]
    return pos(*rows)


def begun(folder: Path, flags: dict[str, str]) -> str:
    """Give a new shop the file and ask for the import; return its id."""
    with open_shop(folder, flags=flags, clock=WoundClock(NOON)) as shop:
        given = upload(shop, "till.csv", history())
        source = shop.events.create_source("Till", "import").source_id
        return shop.imports.run(given.import_id, POS, source_id=source).import_id


def killed_until_done(folder: Path, flags: dict[str, str], kills: int) -> tuple[int, int]:
    """Import until a process gets through; return how many were killed, and how many after rows had gone in."""
    chance, midway = random.Random(7), 0
    for number in range(kills + 1):
        process = subprocess.Popen(
            [sys.executable, "-c", IMPORT, str(folder), json.dumps(flags), str(number)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if number < kills:
            for _ in range(chance.randint(0, LOADS_SEEN_MAX)):
                process.stdout.readline()
            time.sleep(chance.uniform(0, MOMENT_S_MAX))  # another process's progress: no clock of ours to wind
            os.kill(process.pid, signal.SIGKILL)
        finished = "done" in process.stdout.read()
        process.wait()
        process.stdout.close()
        if finished:
            return number, midway
        midway += is_midway(folder, flags)
    raise AssertionError("the import did not come to its end")


def is_midway(folder: Path, flags: dict[str, str]) -> bool:
    with open_shop(folder, flags=flags, partition=None, clock=WoundClock(NOON)) as shop:
        return 0 < taken(shop) < ORDERS


def taken(shop: Shop) -> int:
    with shop.database.read() as connection:
        return int(connection.execute(text("SELECT COUNT(*) FROM imports_taken")).scalar_one())


def outcome(folder: Path, flags: dict[str, str], import_id: str) -> dict[str, object]:
    """Return all that an import leaves: its report and rejected rows, the state, history, what is remembered."""
    with open_shop(folder, flags=flags, partition=None, clock=WoundClock(NOON)) as shop:
        done = shop.imports.find(import_id)
        assert (done.state, done.error) == ("done", None)
        assert done.source_id is not None
        state = state_of(shop.database)
        seen = state.pop("seen")  # digests with the source's id, which each shop has made up for itself
        assert isinstance(seen, set)
        found: dict[str, object] = {part: comparable(kept, done.source_id) for part, kept in state.items()}
        found["seen"] = len(seen)
        found["report"] = msgspec.to_builtins(done.report)
        found["rejected"] = shop.files.read(rejected_path(shop.imports.row(import_id)))
        found["remembered"] = taken(shop)
        events = shop.lake.query(shop.lake.events().select("message_id", "name", "occurred_us"))
        found["history"] = sorted(map(str, events.to_pylist()))
        with shop.database.read() as connection:
            counted = "SELECT SUM(count) FROM events_counts WHERE outcome IN ('accepted', 'corrected') AND name <> ''"
            found["counted"] = int(connection.execute(text(counted)).scalar() or 0)
        return found


def comparable(kept: object, source_id: str) -> list[str]:
    """Return what is kept, row by row, without where in the log it was told: a load put there twice moves the rest.

    The place stands in an event's id, and behind the two moments of a trait, to tell which came first.
    """
    assert isinstance(kept, list)
    rows = [str(row).replace(source_id, "till") for row in kept]
    without_ids = [re.sub(r"'worker\.\d+\.(\d+)'", r"'item \1'", row) for row in rows]
    return [re.sub(r"(\d{16}, \d{16}), \d+\]", r"\1]", row) for row in without_ids]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_import_killed_at_random_instants_ends_as_one_left_alone(
    tmp_path: Path, database_url: str, request: pytest.FixtureRequest
) -> None:
    outcomes = []
    for name, kills in (("alone", 0), ("killed", KILLS)):
        flags = {}
        if database_url.startswith("postgres"):
            server: Postgresql = request.getfixturevalue("postgresql")
            flags = {"state.url": server.create()}
        import_id = begun(tmp_path / name, flags)
        killed, midway = killed_until_done(tmp_path / name, flags, kills)
        outcomes.append(outcome(tmp_path / name, flags, import_id))
        if kills:
            assert killed >= kills // 2
            assert midway >= kills // 3, f"only {midway} of {killed} were killed while rows were going in"
    alone, after_kills = outcomes
    for part, expected in alone.items():
        assert after_kills[part] == expected, part
