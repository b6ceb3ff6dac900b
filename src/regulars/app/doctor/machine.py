"""Is the machine fit: Python, cores, memory, room on the disk, how fast it is durable, its clock, open files?"""

from __future__ import annotations

import importlib.util
import os
import resource
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from regulars.app.doctor.finding import Finding, bad, good, watch
from regulars.kernel.clock import Clock

PYTHON_MIN = (3, 11)
MEMORY_MIN = 2 << 30
DISK_MIN = 1 << 30
DISK_COMFORT = 10 << 30
FSYNC_MS_SLOW = 10.0
FSYNC_TRIES = 20
OPEN_FILES_MIN = 1024
BUILT_US = 1_767_225_600_000_000  # 1 January 2026: no shop of this version was opened before
SQLITE_MIN = (3, 37, 0)


def examine_machine(folder: Path, clock: Clock) -> Iterator[Finding]:
    """Yield what the machine is like for a shop in this folder."""
    yield _python()
    yield _cores()
    yield _memory()
    yield _disk(folder)
    yield _durability(folder, clock)
    yield _clock(clock)
    yield _open_files()
    yield _sqlite()
    yield _duckdb()


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < PYTHON_MIN:
        return bad("python", f"Python {version}.", "Install Python 3.11 or newer.")
    return good("python", f"Python {version}.")


def _cores() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2:
        return watch("cores", "1 core.", "Give the machine a second core: the web and the worker share this one.")
    return good("cores", f"{cores} cores.")


def _memory() -> Finding:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _memory_limit()
    usable = min(total, limit) if limit else total
    told = f"{usable / (1 << 30):.1f} GiB of memory" + (" (limited by a cgroup)." if usable < total else ".")
    if usable < MEMORY_MIN:
        return watch("memory", told, "Training needs some 2 GiB; a small shop runs with less.")
    return good("memory", told)


def _memory_limit() -> int | None:
    try:
        said = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(said) if said.isdecimal() else None


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(_existing(folder)).free
    told = f"{free / (1 << 30):.1f} GiB are free." if free >= 1 << 30 else f"{free >> 20:,} MiB are free."
    if free < DISK_MIN:
        return bad("disk", told, "Free some room: with a full disk the door answers 503 and nothing more comes in.")
    if free < DISK_COMFORT:
        return watch("disk", told, "Log and history grow with every event; events.log_days lets old records go.")
    return good("disk", told)


def _durability(folder: Path, clock: Clock) -> Finding:
    try:
        took_ms = median(_fsync_ms(_existing(folder), clock))
    except OSError as error:
        return bad("fsync", f"Nothing can be made durable there: {error.strerror}.", "Take another folder.")
    told = f"A write is durable after {took_ms:.2f} ms."
    if took_ms > FSYNC_MS_SLOW:
        return watch("fsync", told, "This disk is slow to make things durable. Take a local SSD for the shop's folder.")
    return good("fsync", told)


def _fsync_ms(folder: Path, clock: Clock) -> Iterator[float]:
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(FSYNC_TRIES):
            began_us = clock.now_us()
            file.write(b"x" * 600)
            file.flush()
            os.fsync(file.fileno())
            yield (clock.now_us() - began_us) / 1000


def _clock(clock: Clock) -> Finding:
    if clock.now_us() < BUILT_US:
        return bad("clock", "The clock is wrong: it shows a time before this program was made.", "Set it, and run NTP.")
    return good("clock", "The clock shows a possible time.")


def _open_files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < OPEN_FILES_MIN:
        return watch("open files", f"{soft} files may be open at once.", "Raise it: ulimit -n 65536.")
    return good("open files", f"{soft:,} files may be open at once.")


def _sqlite() -> Finding:
    version = sqlite3.sqlite_version
    with sqlite3.connect(":memory:") as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    connection.close()
    if sqlite3.sqlite_version_info < SQLITE_MIN:
        return bad("sqlite", f"SQLite {version}.", "Use a Python whose SQLite is 3.37 or newer.")
    if "ENABLE_FTS5" not in options:
        return bad("sqlite", f"SQLite {version} without full-text search.", "Use a Python whose SQLite has FTS5.")
    return good("sqlite", f"SQLite {version} with full-text search.")


def _duckdb() -> Finding:
    if importlib.util.find_spec("duckdb") is None:
        return bad("duckdb", "DuckDB is not installed.", "Run: pip install --force-reinstall regulars.")
    import duckdb

    return good("duckdb", f"DuckDB {duckdb.__version__}.")


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if os.path.exists(place))  # noqa: PTH110 (Path.exists raises where one may not look)
