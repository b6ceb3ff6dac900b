"""How long until what a customer just did stands in their profile, at 1,000 events a second?

A whole shop is served (`regulars serve`: a web process and a worker). A sender posts requests of ten events to the
door, a hundred a second, open loop: it never waits for an answer before the next is due. Every fifth request carries
one event of a customer nobody has seen; its age is taken from just before it is sent until another process, reading the
state as the web does, finds that customer's profile with the event in it.

    python bench/latency.py [--seconds 20] [--rate 1000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from regulars.app.shop import Shop, open_shop
from regulars.kernel.errors import NotFoundError

KEY = "wk_bench_latency"
REQUEST_EVENTS = 10
PROBE_EVERY = 5
CONNECTIONS = 20
WARM_UP_S = 3.0
GOAL_MS = 500.0


class Watcher(threading.Thread):
    """Waits for the profiles of probes, the oldest first."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(daemon=True)
        self._shop = shop
        self._lock = threading.Lock()
        self._waiting: dict[str, float] = {}
        self.ages_ms: list[tuple[float, float]] = []
        self.closing = False

    def expect(self, probe: str, sent: float) -> None:
        """Look out for a probe sent at a moment."""
        with self._lock:
            self._waiting[probe] = sent

    def run(self) -> None:
        """Look until told to close and nothing is missing."""
        while not self.closing or self._waiting:
            with self._lock:
                oldest = list(self._waiting.items())[:5]
            for probe, sent in oldest:
                if self._is_visible(probe):
                    self.ages_ms.append((sent, (time.perf_counter() - sent) * 1000))
                    with self._lock:
                        del self._waiting[probe]
            time.sleep(0.002)

    def _is_visible(self, probe: str) -> bool:
        try:
            return self._shop.profiles.by("anonymous_id", probe).events_total == 1
        except NotFoundError:
            return False


def body(number: int, probe: str | None) -> bytes:
    """Return a request; its first event is the probe's when there is one."""
    batch = []
    for index in range(REQUEST_EVENTS):
        each = number * REQUEST_EVENTS + index
        who = probe if probe and index == 0 else f"listener-{each * 7919 % 2_000}"
        batch.append(
            {
                "type": "track",
                "event": "Song Played",
                "messageId": f"latency-{each}",
                "anonymousId": who,
                "properties": {"asset_id": f"song-{each % 997}", "artist": f"Artist {each % 97}", "position": 3},
                "context": {"userAgent": "Mozilla/5.0 (iPhone) Mobile", "locale": "zh-TW"},
            }
        )
    content = json.dumps({"writeKey": KEY, "batch": batch}).encode()
    head = f"POST /v1/batch HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {len(content)}"
    return head.encode() + b"\r\n\r\n" + content


async def send(port: int, rate: int, seconds: float, watcher: Watcher) -> int:
    """Post at a steady rate; return how many requests were answered with 200."""
    pool: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        pool.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    answered = 0

    async def post(number: int) -> None:
        nonlocal answered
        probe = f"probe-{number}" if number % PROBE_EVERY == 0 else None
        content = body(number, probe)
        if probe:
            watcher.expect(probe, time.perf_counter())
        reader, writer = await pool.get()
        writer.write(content)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        answered += head.startswith(b"HTTP/1.1 200")
        pool.put_nowait((reader, writer))

    began, every_s = time.perf_counter(), REQUEST_EVENTS / rate
    posts = []
    for number in range(int(seconds / every_s)):
        await asyncio.sleep(max(0.0, began + number * every_s - time.perf_counter()))
        posts.append(asyncio.create_task(post(number)))
    await asyncio.gather(*posts)
    return answered


def wait_for(port: int, seconds: float = 30.0) -> None:
    """Return as soon as the shop is open."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit("The shop did not open.")


def main() -> None:
    """Print the median, the 99th percentile and what was accepted, one JSON line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=int, default=1_000)
    wanted = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="regulars-bench-"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with open_shop(folder / "shop", partition=None) as shop:
        shop.events.create_source("Bench", "server", write_key=KEY)
        command = [sys.executable, "-m", "regulars.cli", "serve", str(folder / "shop"), "--port", str(port)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            watcher = Watcher(shop)
            watcher.start()
            began = time.perf_counter()
            answered = asyncio.run(send(port, wanted.rate, WARM_UP_S + wanted.seconds, watcher))
            watcher.closing = True
            watcher.join(timeout=60)
        finally:
            server.terminate()
            server.wait(timeout=30)
    shutil.rmtree(folder)
    ages = sorted(age for sent, age in watcher.ages_ms if sent - began > WARM_UP_S)
    offered = int((WARM_UP_S + wanted.seconds) * wanted.rate / REQUEST_EVENTS)
    cuts = statistics.quantiles(ages, n=100)
    at = f"at {wanted.rate} events/s, {len(ages)} probes, load average {os.getloadavg()[0]:.1f}"
    for name, value in (("median", cuts[49]), ("p99", cuts[98])):
        line = {"name": f"event to visible in the profile, {name}, {at}", "value": round(value, 1), "unit": "ms"}
        ratio = round(value / GOAL_MS, 3)
        print(json.dumps({**line, "better": "lower", "reference": GOAL_MS, "ratio": ratio}), flush=True)
    accepted = {"name": "requests answered with 200", "value": answered, "unit": "requests", "better": "higher"}
    print(json.dumps({**accepted, "reference": offered, "ratio": round(answered / offered, 3)}), flush=True)


if __name__ == "__main__":
    main()
