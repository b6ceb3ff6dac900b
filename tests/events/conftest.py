"""A door on a free port of this machine, served by uvicorn as in the real shop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # Any: ASGI's own dicts

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


class Host:
    """One uvicorn for all tests of this room; each test puts its own app behind it."""

    def __init__(self) -> None:
        self.app: Any = None  # Any: an ASGI app
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(self, log_level="warning", access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # Any: ASGI's own dicts
        assert self.app is not None, "a test is running"
        await self.app(scope, receive, send)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.stop()


@pytest.fixture
def served(host: Host, tmp_path: Path) -> Iterator[ServedDoor]:
    write_keys(
        tmp_path,
        [
            KeyedSource(SourceId("s-open"), "Shop front", "web", OPEN_KEY, True),
            KeyedSource(SourceId("s-closed"), "Old app", "ios", CLOSED_KEY, False),
        ],
    )
    clock = SystemClock()
    log = open_log(tmp_path / "log", "web-0")
    host.app = door = Door(log, Keys(tmp_path, clock), clock)
    try:
        with httpx.Client(base_url=host.url, verify=False) as http:  # noqa: S501 (no TLS here; loading certificates is slow)
            yield ServedDoor(host.url, door, log, tmp_path, http)
    finally:
        log.close()
