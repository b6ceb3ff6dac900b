"""A small shop to recommend in: log, worker, identity, catalogue and recommendations over one database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any  # Any: what an SDK sends

import msgspec
import pytest

from regulars.catalog import Catalog, Item
from regulars.catalog.store import MIGRATIONS as CATALOG
from regulars.events import Events
from regulars.events.record import AcceptedRequest, encode_entry
from regulars.events.store import MIGRATIONS as EVENTS
from regulars.events.worker import Worker
from regulars.events.worker_store import MIGRATIONS as WORKER
from regulars.identity import Identity
from regulars.identity.store import MIGRATIONS as IDENTITY
from regulars.kernel.clock import WoundClock, moment
from regulars.kernel.database import Database
from regulars.kernel.eventlog import open_log
from regulars.kernel.files import Files
from regulars.kernel.ids import CustomerId, ItemId
from regulars.kernel.settings import RecommendSettings
from regulars.recommend import Recommend
from regulars.recommend.store import MIGRATIONS as RECOMMEND


class SmallShop:
    """A shop whose clock is wound by hand."""

    def __init__(self, folder: Path, database: Database, clock: WoundClock) -> None:
        database.migrate([*EVENTS, *WORKER, *IDENTITY, *CATALOG, *RECOMMEND])
        self.folder, self.database, self.clock = folder, database, clock
        self.log = open_log(folder / "log", "library-0", clock=clock)
        self.files = Files(folder)
        self.events = Events(database=database, clock=clock, log=self.log, folder=folder)
        self.identity = Identity(database=database, clock=clock)
        self.catalog = Catalog(database=database, clock=clock, files=self.files)
        self.recommend = self.another()
        self._sent = 0
        self._waiting: list[bytes] = []

    def another(self) -> Recommend:
        """Return the service anew, as another process would have it."""
        return Recommend(
            database=self.database,
            clock=self.clock,
            files=self.files,
            events=self.events,
            identity=self.identity,
            catalog=self.catalog,
            settings=RecommendSettings(),
        )

    def stock(self, **genres: str | list[str]) -> None:
        """Put items in: `heat="Crime"` is an item `heat` titled Heat."""
        self.catalog.put(
            Item(
                item_id=ItemId(name), kind="video", title=name.title(),
                attributes={"genres": [words] if isinstance(words, str) else words},
            )
            for name, words in genres.items()
        )  # fmt: skip

    def happen(self, who: str, event: str, item: str, *, seconds: float = 60, **more: Any) -> None:  # Any: any property
        """Let a fact happen now, and time pass. `who` is a user id, or an anonymous id when it begins with `@`."""
        self.clock.wind(timedelta(seconds=seconds))
        name = {"anonymousId": who} if who.startswith("@") else {"userId": who}
        context = more.pop("context", {})
        self.send(
            {"type": "track", "event": event, **name, "properties": {"asset_id": item, **more}, "context": context}
        )

    def watch(self, who: str, *items: str, seconds: float = 60) -> None:
        """Let somebody play items one after another."""
        for item in items:
            self.happen(who, "Video Content Started", item, seconds=seconds)

    def send(self, call: Mapping[str, Any]) -> None:  # Any: what an SDK sends
        """Let one call be accepted now; it reaches the log with the next `work`, all of them in one commit."""
        self._sent += 1
        now_us = self.clock.now_us()
        said = {
            "messageId": f"m{self._sent}-{now_us}",
            "timestamp": moment(now_us).isoformat(),
            "sentAt": moment(now_us).isoformat(),
            **call,
        }
        body = msgspec.json.encode({"batch": [said]})
        self._waiting.append(encode_entry(AcceptedRequest("web", now_us, "192.0.2.7", "", "batch", body)))

    def work(self, *, events_a_batch: int = 2_000) -> None:
        """Take in everything that waits."""
        if self._waiting:
            self.log.append_many(self._waiting)
            self._waiting.clear()
        worker = Worker(
            database=self.database,
            log=self.log,
            clock=self.clock,
            projections=[self.identity, self.recommend],
            events_a_batch=events_a_batch,
        )
        while worker.run_once():
            pass

    def customer(self, user_id: str) -> CustomerId:
        """Return the customer of a user id, or of an anonymous id."""
        found = self.identity.find("anonymous_id" if user_id.startswith("@") else "user_id", user_id)
        assert found is not None
        return found

    def close(self) -> None:
        """Let go of everything."""
        self.recommend.close()
        self.log.close()
        self.files.close()


@pytest.fixture
def shop(tmp_path: Path, clock: WoundClock) -> Iterator[SmallShop]:
    """Return an empty shop."""
    database = Database.open(str(tmp_path / "state.db"))
    shop = SmallShop(tmp_path, database, clock)
    yield shop
    shop.close()
    database.close()


@pytest.fixture
def any_shop(tmp_path: Path, database: Database, clock: WoundClock) -> Iterator[SmallShop]:
    """Return an empty shop, once per engine: for what is asked of the database."""
    shop = SmallShop(tmp_path, database, clock)
    yield shop
    shop.close()
