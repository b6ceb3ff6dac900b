"""How fast does history come in, and does memory stay flat? Against pandas and json on the same file.

    python bench/imports.py [--rows 200000] [--rounds 3] [--memory 100000,1000000]

The reference reads the file with `pandas.read_csv`, turns each row into a call with `json.dumps` and appends the lines
to a file that it syncs once: no checks, no customers, no report, no second chance. Ours surveys and walks the file,
checks every call by the door's rules, remembers its message id for ever and puts it into the durable log. Both are
measured in turn within one run; the medians are compared. Memory is the peak of a process of its own per size and
format (receipts, CSV and Parquet); --memory measures that alone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from regulars.app import open_shop
from regulars.events.imports import Part, RowMapping, When, Who

EVENTS = RowMapping(
    row="event",
    event="Song Played",
    who=[Who(kind="user_id", column="user")],
    when=When(columns=["at"], format="YYYY-MM-DD HH:mm:ss", zone="Asia/Taipei"),
    properties=[Part(column="song", name="asset_id"), Part(column="seconds", name="position", type="whole")],
)
LINES = RowMapping(
    row="order_line",
    order_id=["receipt"],
    who=[Who(kind="card", column="card"), Who(kind="email", column="email")],
    when=When(columns=["at"], format="YYYY-MM-DD HH:mm:ss", zone="Asia/Taipei"),
    properties=[
        Part(column="sku", name="product_id", where="line"),
        Part(column="quantity", name="quantity", type="whole", where="line"),
        Part(column="price", name="price", type="money", where="line"),
    ],
)


def plays(path: Path, rows: int) -> None:
    """Write plays of 20,000 people."""
    chance = random.Random(7)
    with path.open("w") as file:
        file.write("user,at,song,seconds\n")
        for number in range(rows):
            day = f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}"
            clock = f"{number % 24:02}:{number % 60:02}:{chance.randrange(60):02}"
            song, seconds = chance.randrange(50_000), chance.randrange(300)
            file.write(f"u{chance.randrange(20_000)},{day} {clock},s{song},{seconds}\n")


def receipts(path: Path, rows: int) -> None:
    """Write receipts of four lines each, three in four with a card, some with an address beside it."""
    chance = random.Random(7)
    with path.open("w") as file:
        file.write("receipt,card,email,at,sku,quantity,price\n")
        for order in range(rows // 4):
            card = f"C{chance.randrange(20_000)}" if order % 4 else ""
            email = f"{card or order}@example.org" if order % 3 == 0 else ""
            at = f"2025-{order % 12 + 1:02}-{order % 28 + 1:02} {order % 24:02}:{order % 60:02}:00"
            for _ in range(4):
                file.write(f"R{order},{card},{email},{at},p{chance.randrange(3_000)},1,{chance.randrange(900)}.50\n")


def ours(path: Path, mapping: RowMapping, folder: Path) -> float:
    """Return the seconds of an import into a new shop."""
    with open_shop(folder) as shop:
        source = shop.events.create_source("Till", "import").source_id
        begun = time.perf_counter()
        report, _ = shop.imports.take_file(path, mapping, source_id=source)
        took = time.perf_counter() - begun
        assert report.refused == 0, report.problems
    return took


def reference(path: Path, target: Path) -> float:
    """Return the seconds of reading with pandas and writing lines of JSON, synced once."""
    begun = time.perf_counter()
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    names = list(frame.columns)
    with target.open("w") as file:
        for row in frame.itertuples(index=False, name=None):
            file.write(json.dumps({"type": "track", "properties": dict(zip(names, row, strict=True))}) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return time.perf_counter() - begun


def report(name: str, *, value: float, unit: str, better: str, beside: float) -> None:
    """Print one figure beside its reference."""
    line = {"name": name, "value": round(value, 1), "unit": unit, "better": better}
    print(json.dumps({**line, "reference": round(beside, 1), "ratio": round(value / beside, 3)}), flush=True)


def packed(path: Path) -> Path:
    """Write a CSV file again as Parquet, texts as texts, in row groups of 100,000, and return where."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    target = path.with_suffix(".parquet")
    names = path.open().readline().strip().split(",")
    options = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    with csv.open_csv(path, convert_options=options) as reader:
        parquet.write_table(reader.read_all(), target, row_group_size=100_000)
    return target


def peak_mb(path: Path, folder: Path) -> float:
    """Return the peak memory of a process that imports a file of receipts."""
    asked = [sys.executable, __file__, "--measure", str(path), str(folder)]
    return float(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)


def measure(path: Path, folder: Path) -> None:
    """Import, and print the peak memory of this process in MB."""
    ours(path, LINES, folder)
    status = Path("/proc/self/status").read_text()  # `ru_maxrss` would begin with the peak of whoever started us
    peak_kb = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    print(int(peak_kb) / 1024)


def memory(folder: Path, sizes: list[int]) -> None:
    """Print the peak memory of an import by size and format."""
    peaks: dict[str, list[float]] = {"csv": [], "parquet": []}
    for rows in sizes:
        path = folder / f"memory-{rows}.csv"
        receipts(path, rows)
        for each in (path, packed(path)):
            peaks[each.suffix[1:]].append(peak_mb(each, folder / f"shop-{each.suffix[1:]}-{rows}"))
            each.unlink()
    for name, found in peaks.items():
        for rows, peak in zip(sizes, found, strict=True):
            title = f"peak memory, {name}, {rows:,} against {sizes[0]:,} rows"
            report(title, value=peak, unit="MB", better="lower", beside=found[0])


def main() -> None:
    """Run both kinds of file, then two sizes for memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", default="", help="only memory, for these numbers of rows")
    parser.add_argument("--measure", nargs=2, type=Path, default=None)
    options = parser.parse_args()
    if options.measure:
        measure(*options.measure)
        return
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name:
        folder = Path(name)
        if options.memory:
            memory(folder, [int(rows) for rows in options.memory.split(",")])
            return
        for kind, write, mapping in (("events", plays, EVENTS), ("order lines", receipts, LINES)):
            path = folder / f"{kind}.csv"
            write(path, options.rows)
            pairs = [
                (ours(path, mapping, folder / f"shop-{kind}-{each}"), reference(path, folder / "lines.jsonl"))
                for each in range(options.rounds)
            ]
            mine, theirs = (options.rows / statistics.median(side) for side in zip(*pairs, strict=True))
            report(f"import, {kind}", value=mine, unit="rows/s", better="higher", beside=theirs)
        memory(folder, [options.rows, options.rows * 4])


if __name__ == "__main__":
    main()
