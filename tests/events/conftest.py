"""A door on a free port of this machine, served by uvicorn as in the real shop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn

from regulars.events.decode import DecodedRequest, read_request
from regulars.events.door import Door
from regulars.events.keys import KeyedSource, Keys, write_keys
from regulars.kernel.clock import SystemClock
from regulars.kernel.eventlog import EventLog, open_log
from regulars.kernel.ids import SourceId

OPEN_KEY = "wk_open"
CLOSED_KEY = "wk_closed"


@dataclass(frozen=True)
class ServedDoor:
    """A door that answers at `url`."""

    url: str
    door: Door
    log: EventLog
    folder: Path
    http: httpx.Client

    def requests(self) -> list[DecodedRequest]:
        """Return everything that stands in the log."""
        return [read_request(record) for record in self.log.read("web-0", after=0, records_max=10_000)]


def serve(app: object) -> tuple[uvicorn.Server, threading.Thread, str]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")  # type: ignore[arg-type]  # any ASGI app
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    return server, thread, f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedDoor]:
    write_keys(
        tmp_path,
        [
            KeyedSource(SourceId("s-open"), "Shop front", "web", OPEN_KEY, True),
            KeyedSource(SourceId("s-closed"), "Old app", "ios", CLOSED_KEY, False),
        ],
    )
    clock = SystemClock()
    log = open_log(tmp_path / "log", "web-0")
    door = Door(log, Keys(tmp_path, clock), clock)
    server, thread, url = serve(door)
    try:
        with httpx.Client(base_url=url, verify=False) as http:  # noqa: S501 (no TLS here; loading certificates is slow)
            yield ServedDoor(url, door, log, tmp_path, http)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        log.close()
