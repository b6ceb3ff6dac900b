"""How fast is a slate of 20 out of 100,000 items, with reasons, while 1,000 events a second come in?

A shop with a learned model (transitions, sessions, iALS of 64 dimensions) is served as anybody serves it: `regulars
serve`, one web process and one worker. One process posts events to its door, 1,000 a second in requests of ten;
another asks it over HTTP for slates of known customers by their user id, 100 a second on kept connections, open loop:
latency counts from the moment a request was due. Beside them, in the same seconds and in the same way, `/healthz` is
asked for: what the wire, the framework and the load alone cost. Twice a second a stranger plays a song, and the shop is
asked until the slate knows it: the age of the answers' knowledge.

Before that, what a slate costs in CPU, in one thread with nothing else going on; the reference, in turns with ours: the
same blend in plain numpy, scoring all items densely and sorting them, no reasons.

    python bench/recommend.py [--items 100000] [--seconds 30] [--rate 100] [--events 1000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import psutil

import _shop
from _shop import CUSTOMERS, TASTES, WRITE_KEY, World, show
from regulars.app.shop import Shop, open_shop
from regulars.kernel.ids import CustomerId
from regulars.recommend import Recommend, store

GATE_P99_MS = 25.0
GATE_AGE_MS = 500.0
CONNECTIONS = 32
EVENTS_A_REQUEST = 10
ALONE_REQUESTS = 300
HEALTH_RATE = 20.0
PROBES_PER_S = 2.0
LOOK_S = 0.025
WARM_UP_S = 5.0
PATIENCE_S = 20.0

Found = list[tuple[float, float]]  # when it was due, and how many ms after that it was answered


class Client:
    """Keeps connections to one server; one request at a time on each."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, request: bytes) -> bytes:
        """Send one request and return the body of its answer, which must be a 200."""
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await reader.readexactly(length)
        assert head.startswith(b"HTTP/1.1 200"), head + body
        self._idle.append((reader, writer))
        return body


def request(method: str, path: str, body: object = None, secret: str = "") -> bytes:
    """Return one request as bytes."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "host: bench", "content-type: application/json"]
    lines += [f"authorization: Bearer {secret}"] if secret else []
    return "\r\n".join([*lines, f"content-length: {len(content)}", "", ""]).encode() + content


async def at_rate(rate: float, seconds: float, ask: Callable[[int], Awaitable[None]]) -> Found:
    """Ask at a fixed rate whatever the answers take; return each latency from the moment it was due."""
    found: Found = []
    began = time.perf_counter()

    async def one(number: int, due: float) -> None:
        await ask(number)
        found.append((due - began, 1000 * (time.perf_counter() - due)))

    asked = []
    for number in range(int(rate * seconds)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asked.append(asyncio.create_task(one(number, due)))
    await asyncio.gather(*asked)
    return found


def feed(port: int, items: int, rate: float, seconds: float) -> None:
    """Post events at a rate, as an SDK does; in a process of its own."""
    world, client, began = World(items, seed=1), Client(port), time.time_ns()

    async def post(number: int) -> None:
        people = world.chance.integers(1, CUSTOMERS + 1, EVENTS_A_REQUEST)
        picked = world.picks(people % TASTES)
        batch = [
            {
                "type": "track", "event": "Song Played", "messageId": f"{began}-{number}-{place}", "userId": f"u{who}",
                "properties": {"asset_id": f"i{item}", "position": 3},
                "context": {"userAgent": "Mozilla/5.0 (iPhone) Mobile", "locale": "zh-TW"},
            }
            for place, (who, item) in enumerate(zip(people.tolist(), picked.tolist(), strict=True))
        ]  # fmt: skip
        await client.ask(request("POST", "/v1/batch", {"writeKey": WRITE_KEY, "batch": batch}))

    asyncio.run(at_rate(rate / EVENTS_A_REQUEST, seconds, post))


def ask_for_slates(port: int, secret: str, rate: float, seconds: float, told: Connection) -> None:
    """Ask for slates, and for `/healthz` beside them; send both lists of latencies back."""
    client, chance = Client(port), np.random.default_rng(7)
    customers = chance.integers(1, CUSTOMERS + 1, int(rate * seconds) + 1).tolist()

    async def slate(number: int) -> None:
        body = {"identifier": {"kind": "user_id", "value": f"u{customers[number]}"}, "count": 20}
        items = json.loads(await client.ask(request("POST", "/v1/recommend/slates", body, secret)))["items"]
        assert len(items) == 20
        assert all(item["reasons"] for item in items)

    async def health(_number: int) -> None:
        await client.ask(request("GET", "/healthz"))

    async def both() -> tuple[Found, Found]:
        return await asyncio.gather(at_rate(rate, seconds, slate), at_rate(HEALTH_RATE, seconds, health))

    told.send(asyncio.run(both()))


def ask_for_news(port: int, secret: str, items: int, seconds: float, told: Connection) -> None:
    """Let strangers play a song and look until their slate knows it; send the ages back."""
    client, began = Client(port), time.time_ns()

    async def probe(number: int) -> None:
        who = f"probe-{began}-{number}"
        played = f"i{1 + number % TASTES * (items // TASTES)}"  # the best known of a taste
        event = {"type": "track", "event": "Song Played", "anonymousId": who, "properties": {"asset_id": played}}
        await client.ask(request("POST", "/v1/batch", {"writeKey": WRITE_KEY, "batch": [event]}))
        body = {"identifier": {"kind": "anonymous_id", "value": who}, "count": 5}
        until = time.perf_counter() + PATIENCE_S
        while time.perf_counter() < until:
            slate = json.loads(await client.ask(request("POST", "/v1/recommend/slates", body, secret)))
            if any(reason.get("item_id") == played for item in slate["items"] for reason in item["reasons"]):
                return
            await asyncio.sleep(LOOK_S)
        raise TimeoutError(f"{played} is not in the slate of {who}: {slate}")

    told.send(asyncio.run(at_rate(PROBES_PER_S, seconds, probe)))


def main() -> int:
    """Measure, print JSON lines, and return 1 when a gate is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--items", type=int, default=100_000)
    arguments.add_argument("--seconds", type=float, default=30.0)
    arguments.add_argument("--rate", type=float, default=100.0)
    arguments.add_argument("--events", type=float, default=1_000.0)
    arguments.add_argument("--shop", type=Path, help="a furnished shop of an earlier run; made there when missing")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        return measure(asked.shop or Path(folder) / "shop", asked)


def measure(folder: Path, asked: argparse.Namespace) -> int:
    """Build the shop, measure one thread alone, then the served shop under load."""
    secret = opened(folder, asked.items)
    _shop.say("serving")
    with _shop.served(folder) as (port, server):
        knows_all(port, secret)
        slates, health, ages, web = under_load(port, secret, server.pid, asked)
    what = f"20 of {asked.items:,} items with reasons, {asked.rate:g} requests/s, {asked.events:g} events/s"
    p99 = float(np.percentile(slates, 99))
    show(f"{what}: p99", p99, "ms", reference=float(np.percentile(health, 99)))
    show(f"{what}: p50", statistics.median(slates), "ms", reference=statistics.median(health))
    show(f"{what}: the slowest", max(slates), "ms", reference=max(health))
    show("event to visible in the next slate: p99", float(np.percentile(ages, 99)), "ms", reference=GATE_AGE_MS)
    show("event to visible in the next slate: median", statistics.median(ages), "ms", reference=GATE_AGE_MS)
    show("the web process meanwhile: share of a core", web, "cores")
    _shop.say(f"{len(slates):,} slates, {len(ages)} probes; load average {os.getloadavg()[0]:.1f}")
    return 0 if p99 < GATE_P99_MS and np.percentile(ages, 99) < GATE_AGE_MS else 1


def opened(folder: Path, items: int) -> str:
    """Return a secret key of the furnished shop; on the way, tell what a slate costs alone."""
    kept = folder / "bench-secret"
    with open_shop(folder) as shop:
        if not kept.exists():
            kept.write_text(_shop.furnish(shop, World(items)))
        alone(shop)
    return kept.read_text()


def alone(shop: Shop) -> None:
    """Print the CPU of a slate in one thread, and of the naive way, in turns."""
    recommend = shop.recommend
    recommend.start()
    while recommend.for_customer(None, count=1).stale:
        time.sleep(0.05)
    with shop.database.read() as connection:
        people = [row.customer_id for row in store.owners_since(connection, 0)]
    chance, naive = np.random.default_rng(3), Naive(recommend)
    ours_ms, theirs_ms = [], []
    for number in range(ALONE_REQUESTS):
        customer = people[int(chance.integers(len(people)))]
        began = time.thread_time()
        slate = recommend.for_customer(customer, count=20)
        ours_ms.append(1000 * (time.thread_time() - began))
        assert len(slate.items) == 20
        if number % 10 == 0:
            theirs_ms.append(naive.ask(customer))
    reference = statistics.median(theirs_ms)
    show("CPU of a slate alone, median", statistics.median(ours_ms), "ms", reference=reference)
    show("CPU of a slate alone, p99", float(np.percentile(ours_ms, 99)), "ms", reference=reference)


def knows_all(port: int, secret: str) -> None:
    """Return once answers know the whole catalogue and history."""

    question = request("POST", "/v1/recommend/slates", {"count": 1}, secret)

    async def is_behind() -> bool:
        stale: bool = json.loads(await Client(port).ask(question))["stale"]
        return stale

    began = time.perf_counter()
    while asyncio.run(is_behind()):
        time.sleep(0.1)
    show("from open to knowing everything", time.perf_counter() - began, "s")


def under_load(
    port: int, secret: str, supervisor: int, asked: argparse.Namespace
) -> tuple[list[float], list[float], list[float], float]:
    """Return latencies of slates and of `/healthz`, ages of knowledge, and the web's share of a core."""
    start = multiprocessing.get_context("spawn").Process
    seconds = WARM_UP_S + asked.seconds
    hears, tells = zip(*(multiprocessing.Pipe(duplex=False) for _ in range(2)), strict=True)
    others = [
        start(target=feed, args=(port, asked.items, asked.events, seconds + 2)),
        start(target=ask_for_slates, args=(port, secret, asked.rate, seconds, tells[0])),
        start(target=ask_for_news, args=(port, secret, asked.items, seconds, tells[1])),
    ]
    web = next(one for one in psutil.Process(supervisor).children() if '"role":"web"' in " ".join(one.cmdline()))
    began, before = time.perf_counter(), web.cpu_times()
    for other, end in zip(others, (None, *tells), strict=True):
        other.start()
        if end is not None:
            end.close()  # so that a child that fails is heard
    (slates, health), ages = hears[0].recv(), hears[1].recv()
    after, took = web.cpu_times(), time.perf_counter() - began
    for other in others:
        other.join(timeout=30)
    used = (after.user + after.system - before.user - before.system) / took
    return warm(slates), warm(health), warm(ages), used


def warm(found: Found) -> list[float]:
    """Return the latencies after the first seconds."""
    return [ms for due, ms in found if due >= WARM_UP_S]


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

    def ask(self, customer: CustomerId) -> float:
        """Return the CPU ms of one answer."""
        started = time.thread_time()
        shoppers = self.brain.engine.shoppers
        steps = [step.item for step in shoppers.look(shoppers.find(customer)).steps][-20:]
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


if __name__ == "__main__":
    sys.exit(main())
