"""kill -9 at random instants: no event of history is lost, none is there twice."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import pytest

from regulars.kernel.clock import SystemClock
from regulars.kernel.database import Database
from regulars.kernel.files import Files
from regulars.kernel.settings import LakeSettings
from regulars.lake import MIGRATIONS, Lake, LakeRow

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["pyarrow.parquet", "pyarrow.compute", "regulars.lake.service"])


def _row(number: int) -> LakeRow:
    return LakeRow(
        event_id=f"{number:09}", source_id="web", message_id="", call="track", name="Song Played", user_id=None,
        anonymous_id="a", previous_id=None, group_id=None, properties=b"{}", context=b"{}",
        occurred_us=number % 3 * 86_400_000_000, received_us=number, original_us=None, sent_us=None,
        partition="web-0", offset=number, index=0,
    )  # fmt: skip


def _open(folder: str) -> tuple[Lake, Database]:
    database = Database.open(f"{folder}/state.db")
    database.migrate(MIGRATIONS)
    return Lake(database, SystemClock(), Files(folder), LakeSettings()), database


def _live(folder: str, begin: int, told: Pipe) -> None:
    lake, database = _open(folder)
    number = begin
    while True:
        with database.write() as connection:
            lake.stage(connection, [_row(number + i) for i in range(20)], number)
        number += 20
        told.send(number)  # acknowledged
        lake.flush()
        if number % 100 == 0:
            lake.compact()
            lake.sweep()


def live_and_die(folder: str, begin: int, moment_s: float) -> int:
    """Return how many events were acknowledged when the process was killed."""
    hear, told = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_live, args=(folder, begin, told))
    process.start()
    told.close()
    acknowledged = int(hear.recv()) if hear.poll(30) else begin
    process.join(moment_s)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    try:
        while True:
            acknowledged = int(hear.recv())
    except EOFError:
        return acknowledged


def die_often(folder: Path, times: int, seed: int) -> None:
    chance = random.Random(seed)
    begin = 0
    for _ in range(times):
        acknowledged = live_and_die(str(folder), begin, chance.uniform(0.0, 0.25))
        lake, database = _open(str(folder))
        found = lake.query(lake.events().select("event_id").order_by("event_id")).column("event_id").to_pylist()
        database.close()
        begin = len(found)
        assert found == [f"{number:09}" for number in range(begin)], f"seed {seed}"
        assert begin in {acknowledged, acknowledged + 20}, f"seed {seed}"  # the last commit may not have been told


def test_a_lake_killed_twice_holds_each_acknowledged_event_once(tmp_path: Path) -> None:
    die_often(tmp_path, 2, 1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_lake_killed_a_hundred_times_holds_each_acknowledged_event_once(tmp_path: Path) -> None:
    die_often(tmp_path, 100, 2)
