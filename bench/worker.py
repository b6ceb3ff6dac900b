"""How many events a second does the worker take in, and does a large shop slow it down?

A shop of each size is made: some real traffic is worked through every projection, then the tables are filled to size
with rows like those it left (identifiers, profiles, timelines, keys of past messages). On it fresh traffic is measured:
requests of 100 events in the log from 200 visitors at a time, eight events a visit, who are drawn evenly from the whole
shop, so that no visitor's row is warm; one in ten is a stranger, one event in fifty is sent twice. With --cold every
event is another customer's, which no shop is like: the price of a row read and written for each event.

The reference takes the same events in the obvious way: for each event look up, parse the JSON profile, change it, write
it back, all in one transaction per batch; it runs in turns with the worker, on tables of the same size (up to
REFERENCE_SIZE_MAX). It does a fraction of the work: no evidence, no history of traits, no devices, consent, counts by
minute, interactions, slates or lake.

Figures are events per CPU-second of the one process, which a busy machine changes least. With --postgresql the state
lies in a PostgreSQL server started for the bench, whose own CPU-seconds and the time on the clock are told beside.

    python bench/worker.py [--sizes 100000,1000000] [--events 20000] [--rounds 3] [--cold] [--profile] [--postgresql]
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any  # Any: JSON bodies

import msgspec
import numpy as np

from regulars.app.shop import Shop, open_shop
from regulars.catalog import Item
from regulars.events import dedupe, worker_store
from regulars.events.record import AcceptedRequest, encode_entry
from regulars.events.worker import Worker, settle_memory
from regulars.events.worker_store import SeenRow
from regulars.kernel.ids import ItemId, derived_id
from regulars.testing.postgresql import postgresql

EVENTS_A_CUSTOMER = 50
REQUEST_EVENTS = 100
VISITORS = 200
VISIT_EVENTS = 8  # clicks a visit: median 4 to 6, mean 7 in public shop logs
TEMPLATE_EVENTS = 20_000
REFERENCE_SIZE_MAX = 1_000_000
ITEMS = 5_000
START_US = 1_790_000_000_000_000
AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 Chrome/143.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/143.0 Safari/537.36",
)
EVENT_NAMES = ("Song Played", "Song Completed", "Song Skipped", "Song Liked", "Page Viewed", "Search Performed")


class Traffic:
    """Seeded calls of an SDK, from customers of a shop of a given size."""

    def __init__(self, seed: int, customers: int, *, cold: bool = False) -> None:
        self._chance = random.Random(seed)
        self._customers = customers
        self._seed = seed
        self._sent = self._visits = 0
        self._visit_events = 1 if cold else VISIT_EVENTS
        self._visitors = [self._visitor() for _ in range(VISITORS)]
        self._previous: list[dict[str, Any]] = []

    def _visitor(self) -> tuple[int, bool]:
        self._visits += 1
        stranger = self._chance.random() < 0.1
        number = self._visits * 1_000_003 + self._seed if stranger else self._chance.randrange(self._customers)
        return number, stranger

    def call(self) -> dict[str, Any]:
        """Return the next call."""
        chance = self._chance
        if self._previous and chance.random() < 0.02:
            return chance.choice(self._previous)
        self._sent += 1
        place = chance.randrange(VISITORS)
        if chance.random() < 1 / self._visit_events:
            self._visitors[place] = self._visitor()
        number, stranger = self._visitors[place]
        item = int(chance.paretovariate(0.9)) % ITEMS
        call: dict[str, Any] = {
            "type": "track",
            "event": EVENT_NAMES[min(5, int(chance.expovariate(0.9)))],
            "messageId": f"{self._seed}-{self._sent}-aaaa-bbbb",
            "anonymousId": f"anonymous-{'new-' if stranger else ''}{number}",
            "properties": {
                "asset_id": f"song-{item}",
                "title": f"Song number {item}",
                "position": chance.randrange(200),
                "total_length": 215,
            },
            "context": {
                "userAgent": chance.choice(AGENTS),
                "locale": "zh-TW",
                "ip": "192.0.2.1",
                "library": {"name": "analytics.js", "version": "2.1.0"},
                "page": {"path": "/listen", "url": "https://example.org/listen", "title": "Listen"},
            },
        }
        if not stranger and number % 2:
            call["userId"] = f"user-{number}"
        if chance.random() < 0.02:
            call |= {"type": "identify", "traits": {"plan": chance.choice(["free", "pro"]), "name": f"Ann {number}"}}
        self._previous = [*self._previous[-50:], call]
        return call

    def requests(self, events: int, at_us: int) -> list[bytes]:
        """Return payloads of the log that hold so many events."""
        payloads = []
        for start in range(0, events, REQUEST_EVENTS):
            body = msgspec.json.encode({"batch": [self.call() for _ in range(min(REQUEST_EVENTS, events - start))]})
            payloads.append(encode_entry(AcceptedRequest("web", at_us + start, "192.0.2.1", "", "batch", body)))
        return payloads


def stocked(shop: Shop) -> None:
    """Put songs on the shelf."""
    genres = ("Folk", "Pop", "Jazz", "Rock", "Soul", "Ambient")
    shop.catalog.put(
        Item(
            item_id=ItemId(f"song-{number}"),
            kind="song",
            title=f"Song number {number}",
            attributes={"artist": f"Artist {number % 700}", "genre": [genres[number % 6], genres[number % 5]]},
        )
        for number in range(ITEMS)
    )


def work_through(shop: Shop, worker: Worker, payloads: Sequence[bytes]) -> float:
    """Take requests in and return the CPU-seconds it took."""
    shop.log.append_many(payloads)
    started = time.process_time()
    while worker.run_once():
        pass
    return time.process_time() - started


def fill(shop: Shop, size: int) -> None:
    """Fill the tables to the size of a shop with rows like those that are there."""
    missing = size - TEMPLATE_EVENTS
    if missing <= 0:
        return
    customers = size // EVENTS_A_CUSTOMER
    with shop.database.write() as connection:
        cursor = connection.connection.cursor()
        for statement in _FILL_PREPARE:
            cursor.execute(statement)
        known = {row[0] for row in _rows(cursor, "SELECT identifier FROM identity_identifiers")}
        first = _rows(cursor, "SELECT MAX(identifier_id) FROM identity_identifiers")[0][0] + 1
        states = _rows(cursor, "SELECT name, state FROM profiles_customers ORDER BY events_total DESC LIMIT 500")
        lines = [row[0] for row in _rows(cursor, "SELECT line FROM profiles_timeline LIMIT 5000")]
        new = [number for number in range(customers) if f"anonymous_id:anonymous-{number}" not in known]
        _many(cursor, _ADD_IDENTIFIER, _identifiers(new, known, first))
        _many(cursor, _ADD_PROFILE, _profiles(new, states))
        last = _rows(cursor, "SELECT MAX(identifier_id) FROM identity_identifiers")[0][0]
        chance = random.Random(3)
        rows = ((chance.randrange(1, last + 1), START_US + n, lines[n % len(lines)]) for n in range(missing))
        _many(cursor, "INSERT INTO profiles_timeline (identifier_id, occurred_us, line) VALUES (?, ?, ?)", rows)
        for statement in _FILL_FINISH:
            cursor.execute(statement)
        _fill_seen(connection, missing)


_ADD_IDENTIFIER = "INSERT INTO identity_identifiers VALUES (?, ?, ?, ?, ?, ?)"
_ADD_PROFILE = "INSERT INTO profiles_customers VALUES (?, ?, ?, ?, ?, ?, '')"
_FILL_PREPARE = (
    "DROP INDEX profiles_timeline_by_identifier",
    "DROP INDEX profiles_customers_by_last",
    "DROP INDEX profiles_customers_by_first",
    "DROP INDEX identity_identifiers_by_customer",
)
_FILL_FINISH = (
    "CREATE INDEX profiles_timeline_by_identifier ON profiles_timeline (identifier_id, occurred_us)",
    "CREATE INDEX profiles_customers_by_last ON profiles_customers (last_us, customer_id, taste)",
    "CREATE INDEX profiles_customers_by_first ON profiles_customers (first_us)",
    "CREATE INDEX identity_identifiers_by_customer ON identity_identifiers (customer_id, kind)",
)


def _many(cursor: Any, statement: str, rows: Iterator[tuple[Any, ...]]) -> None:  # Any: the driver's cursor
    is_sqlite = type(cursor).__module__ == "sqlite3"
    cursor.executemany(statement if is_sqlite else statement.replace("?", "%s"), rows)


def _rows(cursor: Any, statement: str) -> list[Any]:  # Any: the driver's cursor, and rows of any table
    cursor.execute(statement)
    return list(cursor.fetchall())


def _customer(number: int) -> str:
    return derived_id(START_US - number * 1000, "anonymous_id", f"anonymous-{number}")


def _identifiers(numbers: Sequence[int], known: set[str], first: int) -> Iterator[tuple[Any, ...]]:
    for number in numbers:
        customer = _customer(number)
        names = [f"anonymous_id:anonymous-{number}", *([f"user_id:user-{number}"] if number % 2 else [])]
        for name in names:
            if name not in known:
                yield first, name, name.partition(":")[0], customer, START_US, START_US
                first += 1


def _profiles(numbers: Sequence[int], states: Sequence[tuple[str | None, bytes]]) -> Iterator[tuple[Any, ...]]:
    for number in numbers:
        name, state = states[number % len(states)]
        yield _customer(number), START_US, START_US + number, EVENTS_A_CUSTOMER, name, state


def _fill_seen(connection: Any, keys: int) -> None:  # Any: sqlalchemy.Connection
    chance = np.random.default_rng(5)
    filters = dedupe.Filters(dedupe.SEAL_KEYS * dedupe.FILTER_BITS_A_KEY)
    for run_id in range(1, keys // dedupe.SEAL_KEYS + 1):
        held = chance.bytes(dedupe.SEAL_KEYS * dedupe.KEY_BYTES)
        run = SeenRow(run_id, START_US, filters.filter_of(held))
        said = dedupe.Keys(held, np.ones(dedupe.SEAL_KEYS, dtype=np.uint32))
        worker_store.add_run(connection, run, dedupe.pages_of(said, dedupe.SEAL_KEYS))


class Naive:
    """The obvious projection: a row at a time."""

    def __init__(self, path: Path, size: int, template: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        execute = self._connection.execute
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "PRAGMA cache_size=-65536",
            "CREATE TABLE seen (message_id TEXT PRIMARY KEY)",
            "CREATE TABLE identifiers (identifier TEXT PRIMARY KEY, customer TEXT)",
            "CREATE TABLE profiles (customer TEXT PRIMARY KEY, profile TEXT)",
            "CREATE TABLE timeline (id INTEGER PRIMARY KEY, customer TEXT, at INTEGER, event TEXT)",
            "BEGIN",
        ):
            execute(statement)
        many, customers = self._connection.executemany, size // EVENTS_A_CUSTOMER
        many("INSERT INTO seen VALUES (?)", ((f"old-{number}-aaaa-bbbb-{number * 7919}",) for number in range(size)))
        many(
            "INSERT INTO identifiers VALUES (?, ?)",
            ((f"{kind}{n}", f"c{n}") for n in range(customers) for kind in ("anonymous-", "user-")),
        )
        many("INSERT INTO profiles VALUES (?, ?)", ((f"c{number}", template) for number in range(customers)))
        many(
            "INSERT INTO timeline (customer, at, event) VALUES (?, ?, ?)",
            ((f"c{n % customers}", n, template[:300]) for n in range(size)),
        )
        execute("CREATE INDEX timeline_by_customer ON timeline (customer, at)")
        execute("COMMIT")

    def take(self, payloads: Sequence[bytes]) -> float:
        """Take requests in, 20 to a transaction, and return the CPU-seconds it took."""
        started = time.process_time()
        for start in range(0, len(payloads), 20):
            self._connection.execute("BEGIN IMMEDIATE")
            for payload in payloads[start : start + 20]:
                for call in json.loads(msgspec.msgpack.decode(payload, type=AcceptedRequest).body)["batch"]:
                    self._take_one(call)
            self._connection.execute("COMMIT")
        return time.process_time() - started

    def _take_one(self, call: dict[str, Any]) -> None:
        execute = self._connection.execute
        if not execute("INSERT OR IGNORE INTO seen VALUES (?)", (call["messageId"],)).rowcount:
            return
        customer = None
        for name in (call.get("userId"), call["anonymousId"]):
            row = execute("SELECT customer FROM identifiers WHERE identifier = ?", (name,)).fetchone()
            customer = customer or (row[0] if row else None)
        if customer is None:
            customer = call["anonymousId"]
            execute("INSERT INTO identifiers VALUES (?, ?)", (customer, customer))
        row = execute("SELECT profile FROM profiles WHERE customer = ?", (customer,)).fetchone()
        profile: dict[str, Any] = (
            json.loads(row[0]) if row else {"counters": {}, "affinities": {}, "traits": {}, "events": 0}
        )
        profile["events"] += 1
        counter = profile["counters"].setdefault(call.get("event", "Identify"), {"count": 0})
        counter["count"] += 1
        song = call["properties"]["asset_id"]
        profile["affinities"][song] = profile["affinities"].get(song, 0.0) * 0.99 + 1.0
        profile["traits"].update(call.get("traits", {}))
        execute("INSERT OR REPLACE INTO profiles VALUES (?, ?)", (customer, json.dumps(profile)))
        execute(
            "INSERT INTO timeline (customer, at, event) VALUES (?, 1, ?)", (customer, json.dumps(call["properties"]))
        )


def measure(size: int, events: int, rounds: int, *, url: str, cold: bool, profile: bool) -> tuple[float, float]:
    """Return (worker, reference) in events per CPU-second, medians, on shops of one size."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-bench-"))
    try:
        shop = open_shop(folder / "shop", flags={"state.url": url} if url else {}, partition="library")
        stocked(shop)
        customers = max(size // EVENTS_A_CUSTOMER, 400)
        work_through(shop, shop.worker(), Traffic(1, customers).requests(TEMPLATE_EVENTS, START_US))
        fill(shop, size)
        template = json.dumps(
            {
                "events": 50,
                "traits": {"plan": "pro"},
                "counters": {name: {"count": 9} for name in EVENT_NAMES},
                "affinities": {f"song-{number}": 1.0 for number in range(30)},
            }
        )
        naive = Naive(folder / "naive.db", min(size, REFERENCE_SIZE_MAX), template)
        worker, ours, theirs = shop.worker(), [], []
        served: list[tuple[float, float]] = []
        begun = time.process_time()
        work_through(shop, worker, Traffic(99, customers).requests(REQUEST_EVENTS, START_US))
        _print(
            f"worker, first batch after a start, shop of {size:.0e} events", time.process_time() - begun, "CPU-s", 1.0
        )
        for number in range(rounds):
            settle_memory()
            payloads = Traffic(100 + number, customers, cold=cold).requests(events, START_US + 10**10)
            served_s, clock_s = _served_s(url), time.monotonic()
            run: Callable[[], float] = lambda sent=payloads: work_through(shop, worker, sent)  # type: ignore[misc]  # noqa: E731
            ours.append(events / (_profiled(run) if profile else run()))
            if url:
                served.append((_served_s(url) - served_s, time.monotonic() - clock_s))
            theirs.append(events / naive.take(payloads))
        shop.close()
        if served:
            server_s, clock_s = (statistics.median(column) for column in zip(*served, strict=True))
            _print(f"server, shop of {size:.0e} events", events / server_s, "events/CPU-s", events / clock_s)
        return statistics.median(ours), statistics.median(theirs)
    finally:
        shutil.rmtree(folder)


def _served_s(url: str) -> float:
    """Return the CPU-seconds that the server of a database has taken so far."""
    if not url:
        return 0.0
    import psutil

    folder = url.partition("host=")[2]
    found = [one for one in psutil.process_iter(["cmdline"]) if f"unix_socket_directories={folder}" in _said(one)]
    processes = [each for one in found for each in (one, *one.children(recursive=True))]
    return float(sum(sum(each.cpu_times()[:4]) for each in {one.pid: one for one in processes}.values()))


def _said(process: Any) -> list[str]:  # Any: psutil.Process
    return process.info["cmdline"] or []


def _profiled(run: Callable[[], float]) -> float:
    profiler = cProfile.Profile()
    profiler.enable()
    seconds = run()
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
    return seconds


def main() -> None:
    """Print one JSON line per size, and one that says how flat it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sizes", default="100000,1000000", help="events the shop has seen; add 10000000 for the large one"
    )
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cold", action="store_true", help="every event another customer's")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--postgresql", action="store_true", help="with the state in a server of its own")
    wanted = parser.parse_args()
    if not wanted.postgresql:
        _measure_all(wanted, lambda: "")
        return
    with postgresql() as server:
        _measure_all(wanted, server.create)


def _measure_all(wanted: argparse.Namespace, place: Callable[[], str]) -> None:
    rates = []
    for size in map(int, wanted.sizes.split(",")):
        options = {"cold": wanted.cold, "profile": wanted.profile}
        ours, theirs = measure(size, wanted.events, wanted.rounds, url=place(), **options)
        rates.append(ours)
        _print(f"worker, all projections, shop of {size:.0e} events", ours, "events/CPU-s", theirs)
    if len(rates) > 1:
        _print("worker, largest shop against smallest", rates[-1] / rates[0], "ratio", 1.0)


def _print(name: str, value: float, unit: str, reference: float) -> None:
    line = {"name": name, "value": round(value, 3), "unit": unit, "better": "lower" if unit == "CPU-s" else "higher"}
    print(json.dumps({**line, "reference": round(reference, 3), "ratio": round(value / reference, 3)}), flush=True)


if __name__ == "__main__":
    main()
