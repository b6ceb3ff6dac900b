"""How many events does the door make durable, beside FastAPI + pydantic on the same log and beside a plain file?

Three servers, each one process of uvicorn, take turns under the same load from another process: closed loop, 64
connections, every answer checked. What is compared is events per CPU-second of the server (steady on a busy machine)
and events per second by the wall. The plain file is the same door over `PlainFileLog`: append, `fdatasync`, answer.

    python bench/door.py [--rounds 7] [--seconds 2]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, cast  # Any: JSON bodies

import psutil

KEY = "wk_bench"
CONNECTIONS = 64
BATCH_EVENTS = 100
SERVERS = ("regulars", "fastapi", "file")


class PlainFileLog:
    """The least that is durable: one file, group commit, `fdatasync`; nothing can be read back by offset."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._queue: SimpleQueue[tuple[bytes, asyncio.Future[int], asyncio.AbstractEventLoop]] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    async def append(self, payload: bytes) -> int:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[int] = loop.create_future()
        self._queue.put((payload, answer, loop))
        return await answer

    def append_soon(self, _payload: bytes) -> None:
        """Refusals do not occur here."""

    def _run(self) -> None:
        while True:
            group = [self._queue.get()]
            try:
                while True:
                    group.append(self._queue.get_nowait())
            except Empty:
                pass
            os.write(self._file, b"".join(b"%d:%b" % (len(payload), payload) for payload, _, _ in group))
            os.fdatasync(self._file)
            group[0][2].call_soon_threadsafe(_tell_all, [answer for _, answer, _ in group])


def _tell_all(answers: list[asyncio.Future[int]]) -> None:
    for answer in answers:
        if not answer.done():
            answer.set_result(0)


def regulars_app(folder: Path, *, plain: bool) -> Any:  # Any: an ASGI app
    from regulars.events.door import Door
    from regulars.events.keys import KeyedSource, Keys, write_keys
    from regulars.kernel.clock import SystemClock
    from regulars.kernel.eventlog import open_log
    from regulars.kernel.ids import SourceId

    write_keys(folder, [KeyedSource(SourceId("s1"), "Bench", "server", KEY, True)])
    log: Any = PlainFileLog(folder / "plain.log") if plain else open_log(folder, "web-0")  # Any: only append is used
    return Door(log, Keys(folder, SystemClock()), SystemClock())


def serve(name: str, folder: Path) -> None:
    import uvicorn

    from regulars.web.one_write import OneWriteProtocol

    if name == "fastapi":
        app: Any = import_module("_fastapi_door").fastapi_app(folder, KEY)  # Any: an ASGI app
    else:
        app = regulars_app(folder, plain=name == "file")
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    http: Any = "httptools" if name == "fastapi" else OneWriteProtocol  # Any: a name or a class; ours as it is served
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", loop="uvloop", http=http)
    uvicorn.Server(config).run(sockets=[listening])


def event(number: int) -> dict[str, Any]:  # Any: JSON
    """Return an ordinary event of a music service, as an SDK sends it: about 600 bytes."""
    return {
        "type": "track",
        "event": "Song Played",
        "userId": f"user-{number % 997}",
        "anonymousId": None,
        "messageId": f"node-next-17958{number:08d}-8f14e45f-ceea-467f-9b3a-2b1d2a2f3c4d",
        "timestamp": "2026-11-22T10:00:00.123Z",
        "properties": {
            "asset_id": f"song-{number % 5003}", "title": "A Song of the Evening", "artist": "The Regulars",
            "genre": "folk", "position": 12, "total_length": 240, "source": "radio", "intent": "lean_back",
        },
        "context": {
            "library": {"name": "@segment/analytics-node", "version": "3.1.0"}, "locale": "zh-TW",
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64)", "timezone": "Asia/Taipei",
        },
        "integrations": {},
    }  # fmt: skip


def request_bytes(events: int, number: int) -> bytes:
    if events == 1:
        path, body = "/v1/track", json.dumps({**event(number), "writeKey": KEY})
    else:
        items = [event(number * events + each) for each in range(events)]
        path, body = "/v1/batch", json.dumps({"batch": items, "sentAt": "2026-11-22T10:00:01Z", "writeKey": KEY})
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nuser-agent: bench\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n{body}".encode()


class Sender(asyncio.Protocol):
    """One connection: sends, waits for the whole answer, sends again."""

    def __init__(self, requests: Sequence[bytes], begin: int, done: list[int]) -> None:
        self._requests = requests
        self._next = begin
        self._done = done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class does not inherit from it
        self._send()

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 200"):
            print(f"The server says no: {data[:300]!r}", file=sys.stderr, flush=True)
            os._exit(1)
        if b'"success":true}' in data:  # FastAPI's answer comes in two pieces
            self._done[0] += 1
            self._send()

    def _send(self) -> None:
        self._next = (self._next + 1) % len(self._requests)
        self._transport.write(self._requests[self._next])


async def _load(port: int, events: int, seconds: float) -> tuple[int, float]:
    requests = [request_bytes(events, number) for number in range(200)]
    done = [0]
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    for connection in range(CONNECTIONS):
        await loop.create_connection(partial(Sender, requests, connection * 3, done), "127.0.0.1", port)
    await asyncio.sleep(seconds)
    return done[0], time.perf_counter() - began


def load(port: int, events: int, seconds: float) -> None:
    """Run the load in this process and print how many requests were answered in how many seconds."""
    import uvloop

    answered, took_s = uvloop.run(_load(port, events, seconds))
    print(json.dumps([answered, took_s]), flush=True)
    os._exit(0)  # connections are still busy; nobody waits for them


class Server:
    """One of the servers, in a process of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        folder.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", name, "--folder", str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())
        self._watched = psutil.Process(self._process.pid)

    def measure(self, events: int, seconds: float) -> tuple[float, float]:
        """Return events per CPU-second of the server and per second by the wall."""
        before = self._watched.cpu_times()
        told = subprocess.run(
            [sys.executable, __file__, "--load", str(self._port), "--events", str(events), "--seconds", str(seconds)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        answered, took_s = json.loads(told.stdout)
        time.sleep(0.1)
        after = self._watched.cpu_times()
        cpu_s = after.user + after.system - before.user - before.system
        return answered * events / cpu_s, answered * events / took_s

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def bench(rounds: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as place:
        servers = {name: Server(name, Path(place) / name) for name in SERVERS}
        try:
            for events in (BATCH_EVENTS, 1):
                measured: dict[str, list[tuple[float, float]]] = {name: [] for name in SERVERS}
                for _ in range(rounds):
                    for name, server in servers.items():
                        measured[name].append(server.measure(events, seconds))
                _report(events, measured)
        finally:
            for server in servers.values():
                server.stop()


def _report(events: int, measured: dict[str, list[tuple[float, float]]]) -> None:
    what = f"door, batch of {events}" if events > 1 else f"door, single events, {CONNECTIONS} connections"
    for reference, title in (
        ("fastapi", "FastAPI + pydantic, same log"),
        ("file", "same door, plain file + fdatasync"),
    ):
        for place, unit in ((0, "events per server CPU-second"), (1, "events/s")):
            ratios = [
                own[place] / other[place] for own, other in zip(measured["regulars"], measured[reference], strict=True)
            ]
            own = statistics.median(row[place] for row in measured["regulars"])
            other = statistics.median(row[place] for row in measured[reference])
            line = {
                "name": what, "value": round(own), "unit": unit, "better": "higher",
                "reference": {"name": title, "value": round(other)}, "ratio": round(statistics.median(ratios), 2),
            }  # fmt: skip
            print(json.dumps(line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--serve", choices=SERVERS)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--load", type=int, metavar="PORT")
    parser.add_argument("--events", type=int, default=1)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve, asked.folder)
    elif asked.load:
        load(asked.load, asked.events, asked.seconds)
    else:
        bench(asked.rounds, asked.seconds)


if __name__ == "__main__":
    main()
