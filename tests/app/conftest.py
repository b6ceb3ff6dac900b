"""A whole shop to ask: composed as it is served, over HTTP in memory, or as processes of its own."""

from __future__ import annotations

import asyncio
import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # Any: JSON and httpx's keyword arguments

import httpx
import pytest

from regulars.app import Shop, open_shop
from regulars.app.http import build_web
from regulars.web.application import Web
from regulars.web.core import NewPerson
from regulars.web.keys import Keys
from regulars.web.people import People

OPENS_WITHIN_S = 60.0
PASSWORD = "four words are plenty"


class Counter:
    """A shop's web, asked in memory."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._loop = asyncio.new_event_loop()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:  # Any: as httpx has it
        """Ask once."""

        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._web.asgi)  # type: ignore[arg-type] # httpx's words for ASGI
            async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
                return await client.request(method, path, **more)

        return self._loop.run_until_complete(once())

    def close(self) -> None:
        """Leave."""
        self._loop.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Open an empty shop."""
    with open_shop(tmp_path / "shop", partition="web-0") as shop:
        yield shop


@pytest.fixture
def counter(shop: Shop) -> Iterator[Counter]:
    """Return the shop's web."""
    counter = Counter(build_web(shop))
    yield counter
    counter.close()


def bearer(shop: Shop, role: str) -> dict[str, str]:
    """Return the headers of a server with a role."""
    keys = Keys(database=shop.database, clock=shop.clock)
    _, secret = keys.make(name=role, role=role, created_by="a test")  # type: ignore[arg-type] # one of the three
    return {"Authorization": f"Bearer {secret}"}


class Served:
    """`regulars serve` as the program it is."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._errors = (folder.parent / f"{folder.name}.err").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "regulars", "serve", str(folder), "--port", "0", "--json", *options],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        self.told = self._told()
        self.url = self.told["url"]
        self.http = httpx.Client(base_url=self.url, timeout=30)

    def _told(self) -> dict[str, str]:
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.process.stdout, selectors.EVENT_READ)
            assert waiting.select(OPENS_WITHIN_S), f"The shop did not open: {self.errors()}"
        line = self.process.stdout.readline()
        assert line, f"The shop did not open: {self.errors()}"
        told: dict[str, str] = json.loads(line)
        return told

    def errors(self) -> str:
        """Return what was written to stderr so far."""
        self._errors.flush()
        return Path(self._errors.name).read_text(encoding="utf-8")

    def child(self, name: str) -> int:
        """Return the process id of `web-0` or `worker`."""
        listed = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "-f", f'"name":"{name}"'],
            capture_output=True,
            text=True,
            check=False,
        )
        return int(listed.stdout.split()[0]) if listed.stdout.split() else 0

    def end(self) -> int:
        """Ask it to close, as a service manager does; return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def close(self) -> None:
        """Close whatever is still open."""
        self.http.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._errors.close()


def prepare(folder: Path) -> tuple[str, str]:
    """Make a shop with an owner and a source; return its write key and an admin's secret key."""
    with open_shop(folder) as shop:
        people = People(database=shop.database, clock=shop.clock)
        owner = NewPerson(name="Ann", email="ann@shop.example", password=PASSWORD)
        people.set_up(token=people.invite("setup"), shop_name="Corner", owner=owner)
        source = shop.events.create_source("Web", "web")
        _, secret = Keys(database=shop.database, clock=shop.clock).make(name="S", role="admin", created_by="a test")
    return source.write_key, secret
