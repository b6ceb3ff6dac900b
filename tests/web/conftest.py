"""A counter to ask: the web without any capability, over HTTP in memory, with a clock that is wound."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # Any: JSON and httpx's keyword arguments

import httpx
import pytest
from argon2 import PasswordHasher
from litestar import Controller, get, post
from litestar.types import ControllerRouterHandler

from regulars.kernel import jobs
from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.kernel.errors import DatabaseError
from regulars.kernel.http import Role, needs
from regulars.kernel.jobs import Jobs
from regulars.web import passwords, store
from regulars.web.application import Parts, Web, create_app
from regulars.web.people import People
from regulars.web.routes.health import Check
from regulars.web.routes.setup import About

PASSWORD = "four words are plenty"


class Browser:
    """Somebody who asks; remembers cookies, and shows the page's token when it has one."""

    def __init__(self, web: Web, **headers: str) -> None:
        self._loop = asyncio.new_event_loop()
        transport = httpx.ASGITransport(app=web.asgi)  # type: ignore[arg-type] # httpx's own words for the same protocol
        self.http = httpx.AsyncClient(transport=transport, base_url="http://shop.example", headers=headers)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:  # Any: as httpx has it
        """Ask as a page of ours would."""
        token = self.http.cookies.get("regulars_csrf")
        headers = {**({"X-CSRF-Token": token} if token else {}), **more.pop("headers", {})}
        return self.bare(method, path, headers=headers, **more)

    def bare(self, method: str, path: str, **more: Any) -> httpx.Response:  # Any: as httpx has it
        """Ask with nothing but the cookies."""
        return self._loop.run_until_complete(self.http.request(method, path, **more))

    def close(self) -> None:
        """Leave."""
        self._loop.run_until_complete(self.http.aclose())
        self._loop.close()


class Counter:
    """The web under test, and a way in."""

    def __init__(self, database: Database, clock: WoundClock, static_folder: Path) -> None:
        database.migrate([*jobs.MIGRATIONS, *store.MIGRATIONS])
        self.database = database
        self.clock = clock
        self.people = People(database=database, clock=clock)
        self.done: list[str] = []
        self.web = create_app(
            Parts(
                database=database,
                clock=clock,
                about=About(version="1.2.3"),
                routes=[_things(self)],
                services={"jobs": Jobs(database, clock)},
                checks=[Check("database", "shop", self._database), Check("log", "door", self._log)],
                static_folder=static_folder,
            )
        )
        self.log_is_away = self.database_is_away = False
        self._browsers: list[Browser] = []

    def _database(self) -> str:
        if self.database_is_away:
            raise DatabaseError("The database is away.")
        return "It answers."

    def _log(self) -> str:
        if self.log_is_away:
            raise DatabaseError("The log is away.")
        return "It answers."

    def browser(self, **headers: str) -> Browser:
        """Return somebody new."""
        browser = Browser(self.web, **headers)
        self._browsers.append(browser)
        return browser

    def owner(self) -> Browser:
        """Return the first admin, signed in."""
        browser = self.browser()
        asked = {"shop_name": "Corner", "name": "Ann", "email": "ann@shop.example", "password": PASSWORD}
        answer = browser.ask("POST", "/v1/setup", json={**asked, "token": self.people.invite("setup")})
        assert answer.status_code == 201, answer.text
        return browser

    def close(self) -> None:
        """Send everybody home."""
        for browser in self._browsers:
            browser.close()


def _things(counter: Counter) -> ControllerRouterHandler:
    class Things(Controller):
        path = "/v1/things"

        @get("/undeclared", sync_to_thread=False)
        def undeclared(self) -> str:
            return "secret"

        @get("/broken", opt=needs(Role.ANYONE), sync_to_thread=False)
        def broken(self) -> str:
            raise RuntimeError("a detail that nobody outside may read")

        @get("/viewed", opt=needs(Role.VIEWER), sync_to_thread=False)
        def viewed(self) -> str:
            return "seen"

        @post("/{name:str}", opt=needs(Role.MARKETER, audited_as="thing_made"), sync_to_thread=False)
        def make(self, name: str) -> dict[str, str]:
            if name == "impossible":
                raise RuntimeError("no")
            counter.done.append(name)
            return {"name": name, "number": str(len(counter.done))}

    return Things


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords as quickly as argon2 can: what is tested here is not how long guessing takes."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def static_folder(tmp_path: Path) -> Path:
    """Return a built console, as small as one can be."""
    folder = tmp_path / "static"
    (folder / "console" / "assets").mkdir(parents=True)
    (folder / "console" / "index.html").write_text("<!doctype html><script>let a = 1</script><p>The console.</p>")
    (folder / "console" / "assets" / "index-Bq3xYz12.js").write_text("let paper = 'ink';" * 100)
    (folder / "demo" / "video").mkdir(parents=True)
    (folder / "demo" / "video" / "index.html").write_text("<p>A cinema.</p>")
    (folder.parent / "private.txt").write_text("not for anyone")
    return folder


@pytest.fixture
def counter(database: Database, clock: WoundClock, static_folder: Path) -> Iterator[Counter]:
    """Return the web under test, on each engine."""
    counter = Counter(database, clock, static_folder)
    yield counter
    counter.close()
