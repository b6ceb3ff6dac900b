"""What does it cost to know that an event is new, as more and more has been seen: time, memory, disk, and a start?

Sealed runs are filled with random keys by the code that seals them; then batches of 2,000 new keys (one in fifty an old
one, half of those saying something else) are sifted and written down, in the database's own transactions. The reference
is one indexed table of keys of the same size, asked and written a batch at a time with `INSERT … ON CONFLICT DO
NOTHING`; above `--reference-max` keys it is left out. Each measurement is a process of its own.

    python bench/dedupe.py [--sizes 100000,1000000,10000000,100000000] [--batches 40]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import psutil

from regulars.events import dedupe, worker_store
from regulars.events.dedupe import Keys, Sighting
from regulars.events.worker_store import SeenRow
from regulars.kernel.database import Database

BATCH = 2_000
WINDOW_US = 7 * 86_400_000_000
RUNS_A_COMMIT = 8
OLD_CONTENT, NEW_CONTENT = 7, 8


def fill(folder: Path, size: int) -> list[bytes]:
    """Write sealed runs of `size` keys and return some of the keys."""
    chance = np.random.default_rng(size)
    database = Database.open(str(folder / "state.db"))
    database.migrate(worker_store.MIGRATIONS)
    filters = dedupe.Filters(dedupe.SEAL_KEYS * dedupe.FILTER_BITS_A_KEY)
    contents = np.full(dedupe.SEAL_KEYS, OLD_CONTENT, dtype=np.uint32)
    old: list[bytes] = []
    runs = iter(range(1, size // dedupe.SEAL_KEYS + 1))
    while some := list(_some(runs)):
        with database.write() as connection:
            for run_id in some:
                held = chance.bytes(dedupe.SEAL_KEYS * dedupe.KEY_BYTES)
                pages = dedupe.pages_of(Keys(held, contents), dedupe.SEAL_KEYS)
                worker_store.add_run(connection, SeenRow(run_id, 1, filters.filter_of(held)), pages)
                old += [held[:16], held[-16:]]
    database.close()
    return old or [chance.bytes(dedupe.KEY_BYTES)]


def _some(runs: Iterator[int]) -> Iterator[int]:
    for _, run_id in zip(range(RUNS_A_COMMIT), runs, strict=False):
        yield run_id


def fresh_batches(chance: np.random.Generator, batches: int, old: list[bytes]) -> list[list[bytes]]:
    """Return batches of keys, one in fifty of them seen before."""
    made = []
    for number in range(batches):
        keys = [chance.bytes(dedupe.KEY_BYTES) for _ in range(BATCH)]
        keys[::50] = [old[(number * 40 + place) % len(old)] for place in range(BATCH // 50)]
        made.append(keys)
    return made


def ours(folder: Path, size: int, batches: int, old: list[bytes]) -> dict[str, float]:
    """Return what a look, a batch and a start cost, and what is held in memory and on the disk."""
    database = Database.open(str(folder / "state.db"))
    process, seen = psutil.Process(), dedupe.Seen(window_us=WINDOW_US)
    cuts = fresh_batches(np.random.default_rng(size + 1), batches + 1, old)
    contents = [NEW_CONTENT if place % 100 == 0 else OLD_CONTENT for place in range(BATCH)]
    before, began = process.memory_info().rss, time.perf_counter()
    with database.read() as connection:
        seen.sift(connection, cuts[0], contents)
    start_s, held = time.perf_counter() - began, process.memory_info().rss - before
    look_s, look_cpu_s, began_cpu = 0.0, 0.0, time.process_time()
    for keys in cuts[1:]:
        with database.write() as connection:
            looked, looked_cpu = time.perf_counter(), time.process_time()
            found = seen.sift(connection, keys, contents)
            look_s, look_cpu_s = look_s + time.perf_counter() - looked, look_cpu_s + time.process_time() - looked_cpu
            news = [at for at, one in enumerate(found) if one is Sighting.NEW]
            seen.remember(connection, [keys[at] for at in news], [contents[at] for at in news], 1)
        seen.committed()
        if size >= dedupe.SEAL_KEYS:
            assert len(news) <= BATCH - BATCH // 50, "every old key is known"
    took = time.process_time() - began_cpu
    database.close()
    return {
        "CPU-µs/key": took / (batches * BATCH) * 1e6,
        "CPU-µs/look": look_cpu_s / (batches * BATCH) * 1e6,
        "wall-µs/look": look_s / (batches * BATCH) * 1e6,
        "start-s": start_s,
        "memory-MB": held / 1e6,
        "disk-MB": sum(path.stat().st_size for path in folder.iterdir()) / 1e6,
    }


def reference(folder: Path, size: int, batches: int) -> dict[str, float]:
    """Return the same of one indexed table."""
    chance = np.random.default_rng(size)
    path = folder / "table.db"
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "PRAGMA cache_size=-65536",
        "CREATE TABLE seen (key BLOB PRIMARY KEY) WITHOUT ROWID",
        "BEGIN",
    ):
        connection.execute(statement)
    held = chance.bytes(size * 16)
    cut = sorted(held[start : start + 16] for start in range(0, len(held), 16))
    connection.executemany("INSERT INTO seen VALUES (?)", ((key,) for key in cut))
    connection.execute("COMMIT")
    cuts = fresh_batches(chance, batches, [held[:16], held[-16:]])
    began_cpu = time.process_time()
    for keys in cuts:
        connection.execute("BEGIN IMMEDIATE")
        for key in keys:
            connection.execute("INSERT INTO seen VALUES (?) ON CONFLICT DO NOTHING", (key,))
        connection.execute("COMMIT")
    took = time.process_time() - began_cpu
    connection.close()
    return {"CPU-µs/key": took / (batches * BATCH) * 1e6, "disk-MB": path.stat().st_size / 1e6}


def measured(size: int, batches: int, *, reference_max: int) -> list[dict[str, object]]:
    """Return the lines of one size."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh, max_tasks_per_child=1) as apart:
        with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name:
            old = apart.submit(fill, Path(name), size).result()
            mine = apart.submit(ours, Path(name), size, batches, old).result()
        table: dict[str, float] = {}
        if size <= reference_max:
            with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name:
                table = apart.submit(reference, Path(name), size, batches).result()
    lines: list[dict[str, object]] = []
    for unit, value in mine.items():
        other = table.get(unit)
        lines.append(
            {
                "name": f"dedupe, {size:.0e} keys seen",
                "value": round(value, 2),
                "unit": unit,
                "better": "lower",
                "reference": round(other, 2) if other else None,
                "ratio": round(value / other, 3) if other else None,
            }
        )
    return lines


def main() -> None:
    """Print the JSON lines of each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="100000,1000000,10000000")
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--reference-max", type=int, default=10_000_000)
    wanted = parser.parse_args()
    for size in map(int, wanted.sizes.split(",")):
        for line in measured(size, wanted.batches, reference_max=wanted.reference_max):
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
