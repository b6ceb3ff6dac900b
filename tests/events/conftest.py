"""A door on a free port of this machine, served by uvicorn as in the real shop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any  # Any: ASGI's own dicts

import httpx
import pytest
import uvicorn

from regulars.events.core import Event
from regulars.events.decode import DecodedRequest, read_request
from regulars.events.door import Door
from regulars.events.keys import KeyedSource, Keys, write_keys
from regulars.kernel.clock import SystemClock
from regulars.kernel.eventlog import EventLog, open_log
from regulars.kernel.ids import SourceId

OPEN_KEY = "wk_open"
CLOSED_KEY = "wk_closed"
COOKIE_KEY = "wk_cookie"
ARRIVES_WITHIN_S = 60  # generous: other browsers may be at work on this machine


@dataclass(frozen=True)
class Asked:
    """One request that came over the wire, and how it was answered."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int
    answered: dict[str, str]


@dataclass
class Witness:
    """Stands before an app, lets everything pass and remembers it, so that a test can wait for what shall come."""

    app: Any  # Any: an ASGI app
    asked: list[Asked] = field(default_factory=list)
    under_way: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # Any: ASGI's own dicts
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        parts: list[bytes] = []
        start: dict[str, Any] = {"status": 0, "headers": []}  # Any: as above

        async def hear() -> Any:  # Any: as above
            message = await receive()
            parts.append(message.get("body", b""))
            return message

        async def say(message: Any) -> None:  # Any: as above
            if message["type"] == "http.response.start":
                start.update(message)
            await send(message)

        with self.changed:
            self.under_way += 1
        try:
            await self.app(scope, hear, say)
        finally:
            headers, answered = _words(scope["headers"]), _words(start["headers"])
            asked = Asked(scope["method"], scope["path"], headers, b"".join(parts), start["status"], answered)
            with self.changed:
                self.under_way -= 1
                self.asked.append(asked)
                self.changed.notify_all()

    def wait_for(self, true: Callable[[], bool], what: str) -> None:
        """Wait until something is true that a request makes true."""
        with self.changed:
            assert self.changed.wait_for(true, ARRIVES_WITHIN_S), f"never: {what}; came: {self.told()}"

    def told(self) -> list[str]:
        """Return what came, a line each."""
        return [f"{each.method} {each.path} {each.status}" for each in self.asked]

    def to(self, path: str, method: str = "POST") -> list[Asked]:
        """Return what was asked of one address."""
        return [each for each in self.asked if (each.method, each.path) == (method, path)]


def _words(headers: Any) -> dict[str, str]:  # Any: ASGI's pairs
    return {name.decode().lower(): value.decode("latin-1") for name, value in headers}


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

    def events(self) -> list[Event]:
        """Return every event in the log, in order."""
        return [event for request in self.requests() for event in request.events]


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


@contextmanager
def door_at(folder: Path, host: Host, **parts: Any) -> Iterator[ServedDoor]:  # Any: whatever the door takes
    """Serve a door over a log in a folder."""
    write_keys(
        folder,
        [
            KeyedSource(SourceId("s-open"), "Shop front", "web", OPEN_KEY, True),
            KeyedSource(SourceId("s-closed"), "Old app", "ios", CLOSED_KEY, False),
            KeyedSource(SourceId("s-cookie"), "Front that keeps ids", "web", COOKIE_KEY, True, cookie=True),
        ],
    )
    clock = SystemClock()
    log = open_log(folder / "log", "web-0")
    host.app = door = Door(log, Keys(folder, clock), clock, **parts)
    try:
        with httpx.Client(base_url=host.url, verify=False) as http:  # noqa: S501 (no TLS here; loading certificates is slow)
            yield ServedDoor(host.url, door, log, folder, http)
    finally:
        log.close()


@pytest.fixture
def served(host: Host, tmp_path: Path) -> Iterator[ServedDoor]:
    with door_at(tmp_path, host) as served:
        yield served
