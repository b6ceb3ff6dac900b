"""How fast is a slate of 20 out of 100,000 items, with reasons, while 1,000 events a second come in?

A shop with a trained model (transitions, sessions, iALS of 64 dimensions) answers an open loop of 100 requests a second
on 8 threads; latency counts from the moment a request was due, so waiting counts. Another process files 1,000
interactions a second, as the worker does, and the shop follows them. How old the answers' knowledge is, is sampled.
Reference, in turns with ours: the same blend in plain numpy, scoring all items densely and sorting them, no reasons.

    python bench/recommend.py [--items 100000] [--seconds 30] [--rate 100] [--events 1000]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from regulars.catalog import Catalog, Item
from regulars.catalog.store import MIGRATIONS as CATALOG
from regulars.events import Events
from regulars.events.store import MIGRATIONS as EVENTS
from regulars.identity import Identity
from regulars.identity.store import MIGRATIONS as IDENTITY
from regulars.kernel.clock import SystemClock, moment
from regulars.kernel.database import Database
from regulars.kernel.eventlog import open_log
from regulars.kernel.files import Files
from regulars.kernel.generations import MIGRATIONS as GENERATIONS
from regulars.kernel.ids import CustomerId, ItemId
from regulars.kernel.settings import RecommendSettings
from regulars.recommend import Recommend, store
from regulars.recommend.core.ials import IalsShape
from regulars.recommend.engine import artifact as artifacts
from regulars.recommend.engine.artifact import Artifact, Trained
from regulars.recommend.engine.training import Columns, Plan, learn
from regulars.recommend.store import MIGRATIONS as RECOMMEND
from regulars.recommend.store import InteractionRow, OwnerRow

GATE_P99_MS = 25.0
CUSTOMERS = 20_000
HISTORY = 30
TASTES = 50
THREADS = 8
FILED_A_TIME = 50
NAIVE_REQUESTS = 20
GENRES = 40


Longs = NDArray[np.int64]


class World:
    """Customers with a taste each; items belong to tastes and are popular by Zipf's law."""

    def __init__(self, items: int, seed: int = 0) -> None:
        self.chance = np.random.default_rng(seed)
        self.items = items
        self.per_taste = items // TASTES
        ranks = np.arange(1, self.per_taste + 1) ** -0.92  # the slope of listens in the Free Music Archive
        self.weights = np.cumsum(ranks) / ranks.sum()

    def picks(
        self, tastes: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """Return an item for each taste: nine in ten from it, the tenth from anywhere. Items count from 1."""
        strays = self.chance.random(len(tastes)) < 0.1
        tastes = np.where(strays, self.chance.integers(0, TASTES, len(tastes)), tastes)
        places = np.searchsorted(self.weights, self.chance.random(len(tastes)))
        return 1 + tastes * self.per_taste + np.minimum(places, self.per_taste - 1)


def main() -> int:
    """Measure, print JSON lines, and return 1 when the gate is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--items", type=int, default=100_000)
    arguments.add_argument("--seconds", type=float, default=30.0)
    arguments.add_argument("--rate", type=float, default=100.0)
    arguments.add_argument("--events", type=float, default=1_000.0)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder), asked)


def measure(folder: Path, asked: argparse.Namespace) -> int:
    """Build the shop, let events flow, ask, and tell."""
    world = World(asked.items)
    recommend, database = build(folder, world)
    recommend.start()
    wait_until(lambda: not recommend.for_customer("c1", count=1).stale)
    feeder = multiprocessing.get_context("spawn").Process(
        target=feed, args=(str(folder / "state.db"), asked.items, asked.events, asked.seconds * 3 + 60), daemon=True
    )
    feeder.start()
    time.sleep(2)
    ours: list[float] = []
    cpu: list[float] = []
    naive: list[float] = []
    lags: list[float] = []
    reference = Naive(recommend)
    for _ in range(3):
        part, part_cpu = ask_openly(recommend, asked.rate, asked.seconds / 3, lags)
        ours += part
        cpu += part_cpu
        naive += [reference.ask(number) for number in range(NAIVE_REQUESTS)]
    feeder.terminate()
    filed, followed = reach(database), recommend.reached_seq()
    recommend.close()
    return tell(asked, ours, cpu, naive, lags, filed=filed, followed=followed)


def build(folder: Path, world: World) -> tuple[Recommend, Database]:
    """Return a service over a catalogue, an empty history, and a model learned from 600,000 interactions."""
    database, clock = Database.open(str(folder / "state.db")), SystemClock()
    database.migrate([*GENERATIONS, *EVENTS, *IDENTITY, *CATALOG, *RECOMMEND])
    log, files = open_log(folder / "log", "web-0", clock=clock), Files(folder)
    catalog = Catalog(database=database, clock=clock, files=files)
    say(f"putting {world.items:,} items into the catalogue")
    catalog.put(
        Item(
            item_id=ItemId(f"i{number}"), kind="song", title=f"Song {number}",
            attributes={"genre": f"g{number % GENRES}", "artist": f"a{number // 8}"},
        )
        for number in range(1, world.items + 1)
    )  # fmt: skip
    with database.write() as connection:
        store.item_numbers(connection, [f"i{number}" for number in range(1, world.items + 1)])
    say("learning")
    artifacts.write(files, train(world, clock.now_us()))
    with database.write() as connection:
        owners = [OwnerRow(anchor, CustomerId(f"c{anchor}"), 1) for anchor in range(1, CUSTOMERS + 1)]
        store.set_owners(connection, owners)
        store.set_state(connection, store.state(connection)._replace(next_version=2))
    service = Recommend(
        database=database,
        clock=clock,
        files=files,
        events=Events(database=database, clock=clock, log=log, folder=folder),
        identity=Identity(database=database, clock=clock),
        catalog=catalog,
        settings=RecommendSettings(),
    )
    return service, database


def train(world: World, now_us: int) -> Artifact:
    """Return a model of everybody's history: two sessions each."""
    owners = np.repeat(np.arange(1, CUSTOMERS + 1), HISTORY)
    place = np.tile(np.arange(HISTORY), CUSTOMERS)
    at_us = now_us - 86_400_000_000 + place * 60_000_000 + (place >= HISTORY // 2) * 7_200_000_000
    columns = Columns(
        anchors=owners,
        items=world.picks(owners % TASTES).astype(np.int32),
        at_us=at_us,
        kinds=np.ones(len(owners), np.int32),
        strengths=np.ones(len(owners), np.float32),
        crowds=np.ones(len(owners), np.int32),
        crowd_names=["/", "TW/phone"],
    )
    people = {anchor: CustomerId(f"c{anchor}") for anchor in range(1, CUSTOMERS + 1)}
    plan = Plan(shape=IalsShape(alternations=1))  # one alternation: as costly to answer from as ten, sooner learned
    learned = learn(columns, people, world.items + 1, plan, lambda _share, _note: None)
    about = Trained(
        version="bench", kind=learned.kind, trained_at=moment(now_us), through_seq=0, through_version=1,
        erased_version=0, interactions=len(owners), customers=learned.customers, items=learned.items,
        items_total=world.items + 1, sessions=learned.sessions, seconds=0.0, landmark_us=learned.landmark_us,
        latest_us=learned.latest_us, crowds=learned.crowds,
    )  # fmt: skip
    ids = ["", *(f"i{number}" for number in range(1, world.items + 1))]
    return Artifact(about, ids, learned.arrays)


def feed(location: str, items: int, rate: float, seconds: float) -> None:
    """File interactions at a rate, 50 in each transaction; in a process of its own, as the worker is."""
    database, clock, world = Database.open(location), SystemClock(), World(items, seed=1)
    started = time.perf_counter()
    filed = 0
    while time.perf_counter() - started < seconds:
        due = int((time.perf_counter() - started) * rate)
        if due - filed < FILED_A_TIME:
            time.sleep(0.005)
            continue
        anchors = world.chance.integers(1, CUSTOMERS + 1, FILED_A_TIME)
        picked = world.picks(anchors % TASTES)
        now_us = clock.now_us()
        with database.write() as connection:
            state = store.state(connection)
            rows = [
                InteractionRow(state.next_seq + place, int(anchor), int(item), now_us, 1, 0.5, "TW/phone")
                for place, (anchor, item) in enumerate(zip(anchors, picked, strict=True))
            ]
            store.add_interactions(connection, rows)
            store.set_state(connection, state._replace(next_seq=state.next_seq + len(rows)))
        filed += FILED_A_TIME


def ask_openly(recommend: Recommend, rate: float, seconds: float, lags: list[float]) -> tuple[list[float], list[float]]:
    """Ask at a fixed rate whatever the answers take; return latencies and CPU per request, in ms."""
    found: SimpleQueue[tuple[float, float]] = SimpleQueue()
    chance = np.random.default_rng(7)
    total = int(rate * seconds)
    customers = chance.integers(1, CUSTOMERS + 1, total)
    started = time.perf_counter() + 0.05

    def ask(number: int) -> None:
        due = started + number / rate
        cpu = time.thread_time()
        slate = recommend.for_customer(CustomerId(f"c{customers[number]}"), count=20)
        assert len(slate.items) == 20
        assert all(item.reasons for item in slate.items)
        found.put((1000 * (time.perf_counter() - due), 1000 * (time.thread_time() - cpu)))

    with ThreadPoolExecutor(THREADS) as pool:
        for number in range(total):
            pause = started + number / rate - time.perf_counter()
            if pause > 0:
                time.sleep(pause)
            pool.submit(ask, number)
            if number % 20 == 0:
                lags.append(recommend.behind_ms())
    answers = [found.get() for _ in range(total)]
    return [wall for wall, _ in answers], [cpu for _, cpu in answers]


class Naive:
    """What one writes first: every item scored densely for every source, then sorted; no reasons, no filters."""

    def __init__(self, recommend: Recommend) -> None:
        brain = recommend.brain()
        artifact = brain.engine.artifact
        assert artifact is not None
        self.brain = brain
        self.vectors = np.array(artifact["taste_vectors"])
        self.gram = np.array(artifact["taste_gram"])
        self.starts, self.columns = artifact["follow_starts"], artifact["follow_columns"]
        self.counts, self.out, self.into = artifact["follow_counts"], artifact["out"], artifact["into"]

    def ask(self, number: int) -> float:
        """Return the CPU ms of one answer."""
        started = time.thread_time()
        shoppers = self.brain.engine.shoppers
        steps = [step.item for step in shoppers.look(shoppers.find(CustomerId(f"c{1 + number}"))).steps][-20:]
        follow = np.zeros(len(self.vectors))
        for age, item in enumerate(reversed(steps)):
            row = np.zeros(len(self.vectors))
            span = slice(self.starts[item], self.starts[item + 1])
            row[self.columns[span]] = self.counts[span]
            follow += 0.5 ** (age / 2) * row / (self.out[item] ** 0.85 * self.into**0.15 + 1)
        seen = self.vectors[steps]
        taste = self.vectors @ np.linalg.solve(self.gram + seen.T @ seen + np.eye(64), seen.sum(axis=0))
        both = 0.6 * (follow - follow.mean()) / follow.std() + 0.4 * (taste - taste.mean()) / taste.std()
        both[steps] = -np.inf
        np.argsort(-both)[:20]
        return 1000 * (time.thread_time() - started)


def reach(database: Database) -> int:
    """Return the last interaction filed."""
    with database.read() as connection:
        return store.state(connection).next_seq - 1


def wait_until(is_true: Callable[[], bool]) -> None:
    """Wait until the service follows."""
    for _ in range(600):
        if is_true():
            return
        time.sleep(0.1)
    raise TimeoutError("The service never caught up.")


def tell(
    asked: argparse.Namespace,
    ours: list[float],
    cpu: list[float],
    naive: list[float],
    lags: list[float],
    *,
    filed: int,
    followed: int,
) -> int:
    """Print every figure; return 1 when the gate is missed."""
    p99 = float(np.percentile(ours, 99))
    what = f"20 of {asked.items:,} items with reasons, {asked.rate:g} requests/s, {asked.events:g} events/s"
    reference = statistics.median(naive)
    lines = [
        (f"{what}: p99", p99, "ms", GATE_P99_MS),
        (f"{what}: p50", statistics.median(ours), "ms", None),
        (f"{what}: CPU of a request, median", statistics.median(cpu), "ms", reference),
        (f"{what}: CPU of a request, p99", float(np.percentile(cpu, 99)), "ms", reference),
        (f"{what}: answers behind what is filed, p99", float(np.percentile(lags, 99)), "ms", None),
    ]
    for name, value, unit, base in lines:
        ratio = None if base is None else round(value / base, 3)
        shown = None if base is None else round(base, 2)
        print(json.dumps({"name": name, "value": round(value, 2), "unit": unit, "better": "lower",
                          "reference": shown, "ratio": ratio}))  # fmt: skip
    say(f"{filed:,} interactions were filed meanwhile, {followed:,} are in the answers")
    return 0 if p99 < GATE_P99_MS else 1


def say(words: str) -> None:
    """Tell whoever watches what is under way."""
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    threading.current_thread().name = "bench"
    sys.exit(main())
