"""What does it cost to know that an event is new, as more and more has been seen?

Sealed runs are filled with random keys; then batches of 2,000 new keys (one in fifty an old one) are sifted and written
down, in the database's own transactions. The reference is one indexed table of keys of the same size, asked and written
a batch at a time with `INSERT … ON CONFLICT DO NOTHING`.

    python bench/dedupe.py [--sizes 100000,1000000,10000000] [--batches 40]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

import numpy as np

from regulars.events import dedupe, worker_store
from regulars.events.worker_store import SeenRow
from regulars.kernel.database import Database

BATCH = 2_000
WINDOW_US = 7 * 86_400_000_000


def fresh_batches(chance: np.random.Generator, batches: int, old: list[bytes]) -> list[list[bytes]]:
    """Return batches of keys, one in fifty of them seen before."""
    made = []
    for number in range(batches):
        keys = [chance.bytes(dedupe.KEY_BYTES) for _ in range(BATCH)]
        keys[::50] = [old[(number * 40 + place) % len(old)] for place in range(BATCH // 50)]
        made.append(keys)
    return made


def ours(folder: Path, size: int, batches: int) -> float:
    """Return CPU-microseconds a key."""
    chance = np.random.default_rng(size)
    database = Database.open(str(folder / f"ours-{size}.db"))
    database.migrate(worker_store.MIGRATIONS)
    filters = dedupe.Filters(dedupe.SEAL_KEYS * dedupe.FILTER_BITS_A_KEY)
    old: list[bytes] = []
    with database.write() as connection:
        for run_id in range(1, size // dedupe.SEAL_KEYS + 1):
            held = chance.bytes(dedupe.SEAL_KEYS * dedupe.KEY_BYTES)
            pages = dedupe.pages_of(held, dedupe.SEAL_KEYS)
            worker_store.add_run(connection, SeenRow(run_id, 1, filters.filter_of(held)), pages)
            old += [held[:16], held[-16:]]
    seen = dedupe.Seen(window_us=WINDOW_US)
    cuts = fresh_batches(chance, batches + 1, old or [chance.bytes(16)])
    started = 0.0
    for number, keys in enumerate(cuts):
        if number == 1:
            started = time.process_time()  # the first one also loads the filters
        with database.write() as connection:
            news = seen.sift(connection, keys)
            seen.remember(connection, [key for key, new in zip(keys, news, strict=True) if new], 1)
        seen.committed()
        if old:
            assert news.count(False) == BATCH // 50, "every old key is known, no new one is"
    took = time.process_time() - started
    database.close()
    return took / (batches * BATCH) * 1e6


def reference(folder: Path, size: int, batches: int) -> float:
    """Return CPU-microseconds a key of one indexed table."""
    chance = np.random.default_rng(size)
    connection = sqlite3.connect(folder / f"table-{size}.db", isolation_level=None)
    for statement in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "PRAGMA cache_size=-65536",
        "CREATE TABLE seen (key BLOB PRIMARY KEY) WITHOUT ROWID",
        "BEGIN",
    ):
        connection.execute(statement)
    held = chance.bytes(size * 16)
    connection.executemany("INSERT INTO seen VALUES (?)", ((key,) for key in sorted(_cut(held))))
    connection.execute("COMMIT")
    cuts = fresh_batches(chance, batches, [held[:16], held[-16:]])
    started = time.process_time()
    for keys in cuts:
        connection.execute("BEGIN IMMEDIATE")
        for key in keys:
            connection.execute("INSERT INTO seen VALUES (?) ON CONFLICT DO NOTHING", (key,))
        connection.execute("COMMIT")
    took = time.process_time() - started
    connection.close()
    return took / (batches * BATCH) * 1e6


def _cut(held: bytes) -> list[bytes]:
    return [held[start : start + 16] for start in range(0, len(held), 16)]


def main() -> None:
    """Print one JSON line per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="100000,1000000,10000000")
    parser.add_argument("--batches", type=int, default=40)
    wanted = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="regulars-bench-"))
    for size in map(int, wanted.sizes.split(",")):
        mine, table = ours(folder, size, wanted.batches), reference(folder, size, wanted.batches)
        line = {
            "name": f"dedupe, {size:.0e} keys seen",
            "value": round(mine, 2),
            "unit": "CPU-µs/key",
            "better": "lower",
        }
        print(json.dumps({**line, "reference": round(table, 2), "ratio": round(mine / table, 3)}), flush=True)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
