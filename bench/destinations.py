"""How fast do events leave, and what does it cost the worker that they may?

Deliveries: events wait for one webhook, then are sent to a receiver in a process of its own which answers 200 at once.
The reference posts the same bodies with a bare `httpx.Client` from as many threads, unsigned, unguarded, remembering
nothing. Both in turns; figures are events a second by the clock.

Queueing: the same events are worked through every projection of a shop with 0, 1 and 5 webhooks that want them all
(they are paused: nothing is sent). The reference is the same street without the projection that queues. Figures are
CPU-µs an event of the one process, in turns, each on a shop of its own.

    python bench/destinations.py [--events 2000] [--rounds 3] [--queued 4000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import msgspec

from regulars.app.shop import Shop, open_shop
from regulars.destinations import Plan
from regulars.destinations.core.bodies import message_id_of
from regulars.destinations.core.definition import Pace
from regulars.events.record import AcceptedRequest, encode_entry
from regulars.events.worker import Worker, settle_memory

FLAGS = {"destinations.private_networks": "127.0.0.0/8"}
REQUESTS_AT_A_TIME = 4
BATCH = 100
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class _Taker(asyncio.Protocol):
    """Answers every request at once; reads no more of it than its length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "a TCP connection can be written to"
        self._transport, self._held = transport, b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._held) < end + 4 + length:
                return
            self._held = self._held[end + 4 + length :]
            self._transport.write(ANSWER)


def _take(told: Connection) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(_Taker, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


@contextmanager
def receiver() -> Iterator[str]:
    """Run a receiver in a process of its own and give its address."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_take, args=(theirs,), daemon=True)
    process.start()
    yield f"http://127.0.0.1:{ours.recv()}/in"
    process.terminate()
    process.join()


def append(shop: Shop, count: int, start: int = 0) -> None:
    """Let events be accepted, a hundred a request."""
    for first in range(start, start + count, BATCH):
        items = [
            {
                "type": "track", "event": "Order Completed", "messageId": f"m{number}", "userId": f"u{number % 500}",
                "properties": {"order_id": f"o{number}", "total": number % 97, "currency": "TWD", "products": [
                    {"product_id": f"p{number % 40}", "price": number % 97, "quantity": 1}]},
                "context": {"locale": "zh-TW", "library": {"name": "bench", "version": "1"}},
            }
            for number in range(first, first + BATCH)
        ]  # fmt: skip
        request = AcceptedRequest("web", shop.clock.now_us(), "", "", "batch", msgspec.json.encode({"batch": items}))
        shop.log.append_many([encode_entry(request)])


def ours(url: str, events: int, *, batch_max: int) -> tuple[float, list[bytes]]:
    """Return events a second delivered by a shop, and the bodies that the reference shall send."""
    with tempfile.TemporaryDirectory() as folder, open_shop(Path(folder) / "shop", flags=FLAGS) as shop:
        pace = Pace(batch_max=batch_max, requests_max=REQUESTS_AT_A_TIME)
        made = shop.destinations.create("webhook", Plan(name="Bench", settings={"url": url}, pace=pace))
        append(shop, events)
        shop.catch_up()
        with shop.database.read() as connection:
            rows = connection.exec_driver_sql("SELECT event_id, data FROM destinations_queue ORDER BY queue_id").all()
        id_of = made.destination.destination_id
        single = [b'{"id":"' + message_id_of(id_of, row[0]).encode() + b'",' + bytes(row[1])[1:] for row in rows]
        bodies = [b",".join(single[first : first + batch_max]) for first in range(0, len(single), batch_max)]
        began = time.perf_counter()
        tried = shop.destinations.deliver()
        took = time.perf_counter() - began
        health = shop.destinations.get(id_of).health
        assert (tried, health.waiting, health.dead_letters) == (events, 0, 0), "every event was delivered"
        return events / took, bodies


def bare(url: str, events: int, bodies: list[bytes]) -> float:
    """Return events a second posted by a bare client."""
    with httpx.Client(trust_env=False) as client, ThreadPoolExecutor(REQUESTS_AT_A_TIME) as threads:

        def post(some: list[bytes]) -> None:
            for body in some:
                assert client.post(url, content=body, headers={"content-type": "application/json"}).is_success

        lanes = [bodies[lane::REQUESTS_AT_A_TIME] for lane in range(REQUESTS_AT_A_TIME)]
        began = time.perf_counter()
        list(threads.map(post, lanes))
        return events / (time.perf_counter() - began)


def queueing(events: int, destinations: int | None) -> float:
    """Return CPU-µs an event of the whole street; None leaves the projection that queues out."""
    with tempfile.TemporaryDirectory() as folder, open_shop(Path(folder) / "shop", flags=FLAGS) as shop:
        for number in range(destinations or 0):
            made = shop.destinations.create("webhook", Plan(name=f"B{number}", settings={"url": "https://b.example"}))
            shop.destinations.pause(made.destination.destination_id)
        worker = shop.worker()
        if destinations is None:
            worker._projections = tuple(one for one in worker._projections if one is not shop.destinations)
        append(shop, events // 4)
        drain(worker)
        append(shop, events, start=events)
        began = time.process_time()
        drain(worker)
        return (time.process_time() - began) / events * 1e6


def drain(worker: Worker) -> None:
    """Take in all that waits."""
    while worker.run_once():
        pass


def say(name: str, value: float, unit: str, *, better: str, reference: float) -> None:
    """Print one figure."""
    line = {"name": name, "value": round(value, 2), "unit": unit, "better": better, "reference": round(reference, 2)}
    print(json.dumps({**line, "ratio": round(value / reference, 3)}), flush=True)


def in_turns(rounds: int, *measures: Callable[[], float]) -> list[float]:
    """Return the median of each measure, taken in turns."""
    taken = [[measure() for measure in measures] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--events", type=int, default=2_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--queued", type=int, default=4_000)
    told = asked.parse_args()
    with receiver() as url:
        for batch_max in (1, BATCH):
            held: list[list[bytes]] = []

            def shop(batch_max: int = batch_max, held: list[list[bytes]] = held) -> float:
                rate, bodies = ours(url, told.events, batch_max=batch_max)
                held[:] = [bodies]
                return rate

            rate, plain = in_turns(told.rounds, shop, lambda held=held: bare(url, told.events, held[0]))  # type: ignore[misc] # bound now, called at once
            say(f"deliveries, {batch_max} a request", rate, "events/s", better="higher", reference=plain)
    settle_memory()
    kinds: tuple[int | None, ...] = (None, 0, 1, 5)
    without, *with_some = in_turns(
        told.rounds,
        *[lambda kind=kind: queueing(told.queued, kind) for kind in kinds],
    )
    for kind, cost in zip(kinds[1:], with_some, strict=True):
        say(f"street with {kind} destinations", cost, "CPU-µs/event", better="lower", reference=without)


if __name__ == "__main__":
    main()
