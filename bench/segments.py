"""How much smaller is the log once it is packed, how fast does it go, and who notices?

The traffic is that of a simulated music service, as SDKs send it: each listener's browser one call at a time, or a
server's client in batches of 20; message ids are random, as theirs are. zstd is compared with zlib on the same blocks;
reading packed records with reading fresh ones; and appends while another process packs with appends while nobody does.

    python bench/segments.py [--megabytes 64] [--seconds 12] [--only appends]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import random
import statistics
import tempfile
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any  # Any: JSON bodies

import msgspec
import zstandard

from regulars.events.record import AcceptedRequest, encode_entry
from regulars.kernel.clock import moment
from regulars.kernel.eventlog import EventLog, open_log
from regulars.kernel.eventlog.segment import BLOCK_BYTES, LEVEL
from regulars.testing.simulator import Call, World

START_US = 1_795_000_000_000_000
BATCH = 20
READ_RECORDS = 1_000
SENDERS = 16


def body_of(call: Call, chance: random.Random) -> dict[str, Any]:
    """Return a call as an SDK sends it."""
    body: dict[str, Any] = {
        "type": call.kind, "messageId": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "timestamp": moment(call.at_us).isoformat(timespec="milliseconds"), "userId": call.user_id,
        "anonymousId": call.anonymous_id, "integrations": {},
        "context": {"library": {"name": "analytics-node", "version": "3.1.0"}, **call.context},
    }  # fmt: skip
    if call.kind == "identify":
        return {**body, "traits": call.properties}
    return {**body, "event" if call.kind == "track" else "name": call.name, "properties": call.properties}


def payloads(batch: int, bytes_min: int) -> list[bytes]:
    """Return records of the log, at least so many bytes together."""
    calls, chance, made, size = World("music", seed=7).calls(start_us=START_US), random.Random(7), list[bytes](), 0
    while size < bytes_min:
        part = list(islice(calls, batch))
        bodies = [body_of(call, chance) for call in part]
        body: dict[str, Any] = {"batch": bodies, "sentAt": bodies[-1]["timestamp"]} if batch > 1 else bodies[0]
        agent = "analytics-node/3.1.0" if batch > 1 else str(part[0].context.get("userAgent", ""))
        ip = f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}"
        path = "batch" if batch > 1 else part[0].kind
        entry = AcceptedRequest("s1", part[-1].at_us, ip, agent, path, json.dumps(body, separators=(",", ":")).encode())
        made.append(encode_entry(entry))
        size += len(made[-1])
    return made


def blocks_of(records: list[bytes]) -> list[bytes]:
    blocks, block, size = list[bytes](), list[bytes](), 0
    for record in records:
        block.append(record)
        size += len(record)
        if size >= BLOCK_BYTES:
            blocks.append(msgspec.msgpack.encode([[1, START_US, block]]))
            block, size = [], 0
    return blocks


def say(name: str, value: float, unit: str, better: str, reference: tuple[str, float], **more: object) -> None:
    ratio = value / reference[1]
    line = {"name": name, "value": round(value, 2), "unit": unit, "better": better,
            "reference": {"name": reference[0], "value": round(reference[1], 2)}, "ratio": round(ratio, 2)}  # fmt: skip
    print(json.dumps({**line, **more}), flush=True)


def measured(blocks: list[bytes], work: Callable[[bytes], bytes]) -> tuple[list[bytes], float]:
    """Return what became of the blocks, and megabytes a CPU-second; the better of three rounds."""
    best, made, size = 0.0, list[bytes](), sum(map(len, blocks))
    for _ in range(3):
        began = time.process_time()
        made = [work(block) for block in blocks]
        best = max(best, size / (time.process_time() - began) / 1e6)
    return made, best


def compression(name: str, records: list[bytes]) -> None:
    blocks = blocks_of(records)[:16]
    raw = sum(map(len, blocks))
    zlibbed, zlib_speed = measured(blocks, lambda block: zlib.compress(block, 6))
    zlib_ratio = raw / sum(map(len, zlibbed))
    for level in (1, LEVEL, 6, 9, 12):
        packer = zstandard.ZstdCompressor(level=level, write_checksum=True)
        packed, speed = measured(blocks, packer.compress)
        what = f"{name}, zstd {level}{' (ours)' if level == LEVEL else ''}"
        ratio = raw / sum(map(len, packed))
        say(f"packed size, {what}", ratio, "times smaller", "higher", ("zlib 6", zlib_ratio))
        say(f"packing, {what}", speed, "MB per CPU-second", "higher", ("zlib 6", zlib_speed))


def filled(folder: Path, records: list[bytes]) -> EventLog:
    log = open_log(folder, "web-0")
    for begin in range(0, len(records), 40):
        log.append_many(records[begin : begin + 40])
    return log


def reading(log: EventLog, through: int) -> float:
    """Return records a CPU-second, the better of three rounds."""
    best = 0.0
    for _ in range(3):
        began, reached = time.process_time(), 0
        while reached < through:
            reached = log.read("web-0", after=reached, records_max=READ_RECORDS)[-1].offset
        best = max(best, through / (time.process_time() - began))
    return best


def whole(name: str, folder: Path, records: list[bytes]) -> None:
    """Measure a log on the disk: packed, read, shrunk."""
    log = filled(folder, records)
    through = len(records) * 9 // 10
    fresh = reading(log, through)
    before = log.size_of("web-0")
    began, cpu, steps, packed_bytes = time.perf_counter(), time.process_time(), list[float](), 0
    while True:
        step_began = time.perf_counter()
        step = log.pack("web-0", fresh_bytes=0)
        if step is None:
            break
        packed_bytes += step.bytes_before
        steps.append(time.perf_counter() - step_began)
    cpu = time.process_time() - cpu
    packed = reading(log, through)
    began = time.perf_counter()
    log.shrink("web-0", free_bytes_max=0)
    shrink_ms = (time.perf_counter() - began) * 1000
    after = log.size_of("web-0")
    say(f"log on the disk, {name}", after.total / 1e6, "MB", "lower", ("before packing", (before.fresh) / 1e6),
        packed_records_times_smaller=round(after.packed_from / after.packed, 1), shrink_ms=round(shrink_ms),
        packing_mb_per_cpu_second=round(packed_bytes / cpu / 1e6),
        a_step_ms=round(statistics.median(steps) * 1000))  # fmt: skip
    say(f"reading packed records, {name}", packed, "records per CPU-second", "higher", ("fresh records", fresh))
    log.close()


def pack_for_ever(folder: Path) -> None:
    log = open_log(folder)
    while True:
        if log.pack("web-0", fresh_bytes=2 << 20, segment_bytes=4 << 20) is None:
            time.sleep(0.05)


async def appending(log: EventLog, records: list[bytes], seconds: float) -> list[float]:
    waits: list[float] = []
    until = time.perf_counter() + seconds

    async def send(sender: int) -> None:
        place = sender
        while (began := time.perf_counter()) < until:
            await log.append(records[place % len(records)])
            waits.append((time.perf_counter() - began) * 1000)
            place += SENDERS

    await asyncio.gather(*(send(sender) for sender in range(SENDERS)))
    return sorted(waits)


def who_notices(folder: Path, records: list[bytes], seconds: float) -> None:
    """Compare appends while another process packs all the time with appends while nobody does, in turns."""
    log = open_log(folder, "web-0")
    found: dict[bool, list[list[float]]] = {True: [], False: []}
    for _ in range(3):
        for packing in (False, True):
            packer = multiprocessing.get_context("spawn").Process(target=pack_for_ever, args=(folder,), daemon=True)
            if packing:
                packer.start()
                time.sleep(1)
            found[packing].append(asyncio.run(appending(log, records, seconds / 6)))
            if packing:
                packer.kill()
                packer.join()
    for share, what in ((0.5, "median"), (0.99, "p99"), (0.999, "p99.9")):
        own, other = (
            statistics.median(waits[int(len(waits) * share)] for waits in found[packing]) for packing in (True, False)
        )
        say(f"append while another process packs, {what}", own, "ms", "lower", ("nobody packs", other))
    say("append while another process packs, longest", max(waits[-1] for waits in found[True]), "ms", "lower",
        ("nobody packs", max(waits[-1] for waits in found[False])))  # fmt: skip
    log.close()


def traffics(megabytes: int) -> Iterator[tuple[str, list[bytes]]]:
    yield "single calls", payloads(1, megabytes << 20)
    yield f"batches of {BATCH}", payloads(BATCH, megabytes << 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--only", choices=["appends"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        for name, records in traffics(asked.megabytes):
            if asked.only != "appends":
                compression(name, records)
                whole(name, Path(place) / name.replace(" ", "-"), records)
            who_notices(Path(place) / f"{name.replace(' ', '-')}-live", records, asked.seconds)


if __name__ == "__main__":
    main()
