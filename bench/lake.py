"""How much do the lake's promises cost? Against writing the same Parquet straight, and against DuckDB alone.

    python bench/lake.py [--events 200000] [--rounds 5]

Prints JSON lines. Reference and lake are measured in turn within one run; the medians are compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import msgspec
import pyarrow.parquet as pq

from regulars.kernel.clock import SystemClock
from regulars.kernel.database import Database
from regulars.kernel.files import Files
from regulars.kernel.settings import LakeSettings
from regulars.lake import MIGRATIONS, Lake, LakeRow
from regulars.lake.expressions import events_per_day
from regulars.lake.parquet import table_of

START_US = 1_759_276_800_000_000
NAMES = ("Song Played", "Song Completed", "Song Skipped", "Product Viewed", "Order Completed")


def rows_of(count: int, *, begin: int) -> list[LakeRow]:
    """Return events of 10 000 visitors over three days, some 450 bytes each."""
    context = json.dumps({"ip": "203.0.113.7", "page": {"path": "/radio"}, "userAgent": "M" * 120}).encode()
    return [
        LakeRow(
            event_id=f"019a0000-0000-7000-8000-{number:012x}",
            source_id="019a0000-0000-7000-8000-000000000001",
            message_id=f"message-{number:012}",
            call="track",
            name=NAMES[number % 5],
            user_id=f"user-{number * 7919 % 10_000}" if number % 3 else None,
            anonymous_id=f"anonymous-{number * 7919 % 10_000}",
            previous_id=None,
            group_id=None,
            properties=b'{"asset_id":"song-%d","position":%d}' % (number * 31 % 5000, number % 300),
            context=context,
            occurred_us=START_US + number * 1_000_000 % (3 * 86_400_000_000),
            received_us=START_US + number * 1_000,
            original_us=None,
            sent_us=None,
            partition="web-0",
            offset=number,
            index=0,
        )
        for number in range(begin, begin + count)
    ]


def seconds(work: Callable[[], object]) -> float:
    """Return how long the work took."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def report(name: str, *, value: float, unit: str, better: str, reference: float) -> None:
    """Print one figure beside its reference."""
    ratio = value / reference
    line = {"name": name, "value": round(value, 4), "unit": unit, "better": better}
    print(json.dumps({**line, "reference": round(reference, 4), "ratio": round(ratio, 3)}), flush=True)


def stage(database: Database, lake: Lake, rows: list[LakeRow]) -> None:
    """Stage rows in transactions of 500, as a busy worker does."""
    for begin in range(0, len(rows), 500):
        with database.write() as connection:
            lake.stage(connection, rows[begin : begin + 500], START_US)


def stage_each(database: Database, rows: list[LakeRow]) -> None:
    """Stage the same rows as a row of SQL each, the road not taken."""
    marks = ", ".join("?" * len(LakeRow.__struct_fields__))
    for begin in range(0, len(rows), 500):
        with database.write() as connection:
            values = [msgspec.structs.astuple(row) for row in rows[begin : begin + 500]]
            connection.exec_driver_sql(f"INSERT INTO bench_rows VALUES ({marks})", values)


def bench_flush(folder: Path, lake: Lake, database: Database, *, events: int, rounds: int) -> None:
    """Stage against a row of SQL per event, flush against writing one file of the same rows."""
    with database.write() as connection:
        connection.exec_driver_sql(f"CREATE TABLE bench_rows ({', '.join(f'c{n}' for n in range(18))})")
    flushes, straights, stages, singles = [], [], [], []
    for number in range(rounds):
        rows = rows_of(events, begin=number * events)
        stages.append(seconds(lambda rows=rows: stage(database, lake, rows)) / events * 1e6)  # type: ignore[misc]  # bound now, called now
        singles.append(seconds(lambda rows=rows: stage_each(database, rows)) / events * 1e6)  # type: ignore[misc]  # as above
        flushes.append(seconds(lake.flush))
        plain = folder / f"plain-{number}.parquet"
        straights.append(seconds(lambda rows=rows, to=plain: pq.write_table(table_of(rows), to, compression="zstd")))  # type: ignore[misc]  # as above
    flush, straight = statistics.median(flushes), statistics.median(straights)
    report("lake flush", value=events / flush, unit="rows/s", better="higher", reference=events / straight)
    staged, single = statistics.median(stages), statistics.median(singles)
    report("lake stage, commits included", value=staged, unit="us/event", better="lower", reference=single)


def bench_query(lake: Lake, files: Files, *, rounds: int) -> None:
    """Count by day and name through Ibis, against the same SQL on the same files by DuckDB alone."""
    paths = [str(files.local_path(path)) for path in files.list("lake")]

    def plain() -> object:
        with duckdb.connect() as connection:
            return connection.execute(
                "SELECT date_trunc('day', occurred_at) AS day, name, count(*) FROM read_parquet(?) GROUP BY ALL "
                "ORDER BY ALL",
                [paths],
            ).fetchall()

    expression = events_per_day(lake.events())
    lake.query(expression)
    pairs = [(seconds(lambda: lake.query(expression)), seconds(plain)) for _ in range(rounds * 3)]
    ours, theirs = (statistics.median(side) * 1000 for side in zip(*pairs, strict=True))
    report("lake query, events per day", value=ours, unit="ms", better="lower", reference=theirs)


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name:
        folder = Path(name)
        database = Database.open(str(folder / "state.db"))
        database.migrate(MIGRATIONS)
        files = Files(folder)
        lake = Lake(database, SystemClock(), files, LakeSettings())
        bench_flush(folder, lake, database, events=options.events, rounds=options.rounds)
        bench_query(lake, files, rounds=options.rounds)
        database.close()


if __name__ == "__main__":
    main()
