"""Killed at any step, a shop opens with its old state or with its new one, and the rebuild goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

KILL = '''
import functools, json, os, signal, sys
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from regulars.app import open_shop
from regulars.app.rebuild import building, service, swapping
from regulars.events import replaying
from regulars.events.replaying import Replayer
from regulars.kernel.clock import WoundClock
from regulars.kernel.database import beside_postgresql, beside_sqlite
from regulars.kernel.database.service import Database
from regulars.testing.street import state_of

FOLDER, URL = sys.argv[1], sys.argv[2]
CLOCK = WoundClock(datetime(2026, 10, 1, tzinfo=UTC))
FLAGS = {"state.url": URL} if URL else {}
fuse = 1 << 30


def opened():
    return open_shop(FOLDER, flags=FLAGS, clock=CLOCK)


def step():
    global fuse
    fuse -= 1
    if fuse < 0:
        os.kill(os.getpid(), signal.SIGKILL)


def trapped(owner, name):
    real = getattr(owner, name)

    @functools.wraps(real)
    def stepping(*args, **named):
        step()
        found = real(*args, **named)
        step()
        return found

    setattr(owner, name, stepping)


def in_child(work):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    return os.waitpid(pid, 0)[1]


def live():
    with opened() as shop:
        for number in range(60):
            CLOCK.wind(timedelta(minutes=5))
            who = {"anonymousId": f"x{number % 7}", **({"userId": f"u{number % 5}"} if number % 3 == 0 else {})}
            song = {"asset_id": f"s{number % 4}", "artist": "Wren"}
            shop.events.append(
                [{"type": "track", "event": "Song Completed", "messageId": f"m{number}", "properties": song, **who}]
            )
            shop.catch_up()


def known():
    with opened() as shop:
        with shop.database.read() as connection:
            counts = connection.execute(text("SELECT SUM(count) FROM events_counts")).scalar()
            people = connection.execute(text("SELECT COUNT(*) FROM events_sources")).scalar()
        return json.dumps([state_of(shop.database), str(counts), people], default=repr, sort_keys=True)


def spoil():
    with opened() as shop, shop.database.write() as connection:
        connection.execute(text("DELETE FROM profiles_customers"))
        connection.execute(text("DELETE FROM events_counts"))
        connection.execute(text("UPDATE identity_identifiers SET customer_id = 'nobody'"))


def rebuild():
    for owner, name in (
        (beside_sqlite, "_copy_table"), (beside_sqlite, "_make_durable"), (beside_sqlite, "_point"),
        (beside_sqlite, "_sync"), (beside_sqlite, "_remove"), (beside_postgresql, "_drop"),
        (Replayer, "run_once"), (Replayer, "news"), (Database, "migrate"), (building, "set_offsets"),
        (swapping, "take_the_street"), (swapping, "set_generation"), (swapping, "leave_by_outbox"),
        (swapping, "forget_consumer"), (service, "tidy"), (service, "swap"),
    ):
        trapped(owner, name)
    building.TOLD_EVERY_S = 0.0
    replaying.EVENTS_A_BATCH = 9
    with opened() as shop:
        shop.rebuild()


def told(work):
    """Return what a child says, so that no connection of ours is shared with it."""
    ours, theirs = os.pipe()

    def say():
        os.write(theirs, work().encode())

    status = in_child(say)
    os.close(theirs)
    with os.fdopen(ours) as file:
        assert status == 0
        return file.read()


in_child(live)
right = told(known)
in_child(spoil)
spoiled = told(known)
assert right != spoiled
kills = swaps = number = 0
seen = []
while True:
    fuse = number
    status = in_child(rebuild)
    fuse = 1 << 30
    now = told(known)
    assert now in (right, spoiled), (number, now, right)
    seen.append("new" if now == right else "old")
    if status == 0:
        assert now == right
        break
    kills += 1
    number += 1 if number < 40 else 3
    if now == right:
        swaps += 1
        in_child(spoil)
print(json.dumps({"kills": kills, "swaps": swaps, "seen": seen}))
'''


def test_a_rebuild_killed_at_every_step_leaves_one_state_or_the_other(database_url: str, tmp_path: Path) -> None:
    url = database_url if database_url.startswith("postgres") else ""
    done = subprocess.run(
        [sys.executable, "-c", KILL, str(tmp_path / "shop"), url], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["kills"] > 20
    assert found["swaps"] >= 1, "some kill came after the step"
    assert "old" in found["seen"]


pytestmark = pytest.mark.slow
