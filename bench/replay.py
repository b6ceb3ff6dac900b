"""How fast is history read once more? Into a counting reading, with and without its `wants`, beside a naive loop.

    python bench/replay.py [--events 200000] [--rounds 5]

The reference reads the same records in the same run, interleaved: `json.loads` of each body and one count per item. It
knows no rule, no order, no repeated delivery. `whole` reads every event whole; `outlines` is what counting
asks for (`wants = "outlines"`). Events per second of the process's own CPU time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from regulars.app import Shop, open_shop
from regulars.app.replay import Span
from regulars.app.replay.service import Counting, replay
from regulars.app.shop import silent
from regulars.events.record import AcceptedRequest, decode_entry, encode_entry
from regulars.events.worker_store import set_offsets

BATCH = 100
NAMES = ("Product Viewed", "Song Played", "Song Completed", "Order Completed", "Page")
AIM = 50_000


class WholeCounting(Counting):
    """The same counting, on whole events."""

    wants = "events"


def item(number: int) -> dict[str, Any]:
    """Return a call as an SDK sends it, some 470 bytes."""
    return {
        "type": "track",
        "event": NAMES[number % len(NAMES)],
        "messageId": f"ajs-next-{number}-7b1f",
        "userId": f"u{number % 5_000}",
        "anonymousId": f"a-{number % 9_000}",
        "timestamp": "2026-10-01T12:00:00.123Z",
        "properties": {
            "asset_id": f"s{number % 997}", "artist": "Wren", "genre": ["Folk", "Pop"], "position": number % 300,
            "total_length": 200, "source": "radio",
        },
        "context": {
            "library": {"name": "analytics.js", "version": "2.1"}, "locale": "zh-TW",
            "userAgent": "Mozilla/5.0 (iPhone)", "page": {"path": "/a", "url": "https://shop.example/a"},
        },
    }  # fmt: skip


def fill(shop: Shop, events: int) -> None:
    """Put requests of a hundred events into the log; they count as taken in, for reading is what is measured."""
    payloads = []
    for start in range(0, events, BATCH):
        calls = [item(number) for number in range(start, start + BATCH)]
        body = json.dumps({"batch": calls, "sentAt": "2026-10-01T12:00:01Z"}).encode()
        payloads.append(encode_entry(AcceptedRequest("web", 1_790_000_000_000_000 + start, "", "", "batch", body)))
    shop.log.append_many(payloads)
    with shop.database.write() as connection:
        set_offsets(connection, {name: shop.log.end(name) for name in shop.log.partitions()})


def naive(shop: Shop) -> int:
    """Read every record with `json.loads` and count."""
    counts: Counter[str] = Counter()
    for partition in shop.log.partitions():
        after = 0
        while records := shop.log.read(partition, after=after, records_max=500):
            after = records[-1].offset
            for record in records:
                entry = decode_entry(record.payload)
                assert isinstance(entry, AcceptedRequest)
                for one in json.loads(entry.body)["batch"]:
                    counts[one["event"]] += 1
    return counts.total()


def counting(shop: Shop, into: Counting) -> int:
    """Read all of history into a counting reading."""
    return replay(shop, Span(), into, silent, name="counts").events


def rate(work: Callable[[], int]) -> float:
    """Return events per second of CPU time."""
    began = time.process_time()
    events = work()
    return events / (time.process_time() - began)


def measure(shop: Shop, rounds: int) -> dict[str, list[float]]:
    """Run all three in turn, so that whatever else the machine does falls on each alike."""
    found: dict[str, list[float]] = {"naive": [], "whole": [], "outlines": []}
    for _ in range(rounds):
        found["naive"].append(rate(lambda: naive(shop)))
        found["whole"].append(rate(lambda: counting(shop, WholeCounting())))
        found["outlines"].append(rate(lambda: counting(shop, Counting())))
    return found


def say(found: dict[str, list[float]]) -> None:
    """Print a line of JSON for each way of reading."""
    reference = statistics.median(found["naive"])
    for name in ("whole", "outlines"):
        value = statistics.median(found[name])
        line = {
            "name": f"replay into a counting reading, {name}", "value": round(value), "unit": "events/CPU-s",
            "better": "higher", "reference": round(reference), "ratio": round(value / reference, 3), "aim": AIM,
            "low": round(min(found[name])), "high": round(max(found[name])),
        }  # fmt: skip
        print(json.dumps(line))
    gain = statistics.median(found["outlines"]) / statistics.median(found["whole"])
    print(json.dumps({"name": "what wants=outlines gains", "value": round(gain, 2), "unit": "x", "better": "higher"}))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name, open_shop(Path(name) / "shop") as shop:
        fill(shop, options.events)
        say(measure(shop, options.rounds))


if __name__ == "__main__":
    main()
