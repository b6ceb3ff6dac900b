"""A shop with a source, its worker, and a counter to ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # Any: JSON

import httpx
import pytest
from tests.app.conftest import Counter, bearer

from regulars.app import Shop, open_shop
from regulars.app.http import build_web
from regulars.events.letters.core import Letter, Wanted
from regulars.events.record import AcceptedRequest, RefusedRequest, encode_entry
from regulars.kernel.clock import WoundClock
from regulars.kernel.ids import SourceId

NOW = datetime(2026, 11, 22, 10, 0, 30, tzinfo=UTC)


@dataclass
class Desk:
    """A shop at which things go wrong."""

    shop: Shop
    clock: WoundClock
    counter: Counter
    source_id: SourceId
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    def send(self, *items: object, source_id: str | None = None, **more: object) -> None:
        """Let a batch be accepted. Items are JSON, or text as it stands."""
        raws = [item if isinstance(item, str) else json.dumps(item) for item in items]
        about = "".join(f", {json.dumps(name)}: {json.dumps(value)}" for name, value in more.items())
        body = f'{{"batch": [{", ".join(raws)}]{about}}}'.encode()
        entry = AcceptedRequest(source_id or self.source_id, self.clock.now_us(), "192.0.2.7", "sdk/1", "batch", body)
        self.shop.log.append_many([encode_entry(entry)])

    def refuse(self, body: bytes, code: str, *, path: str = "batch", status: int = 400, **more: Any) -> None:
        entry = RefusedRequest(
            source_id=self.source_id, received_us=self.clock.now_us(), status=status, reason="No.", path=path,
            body_head=body, code=code, body_bytes=len(body), whole=True,
        )  # fmt: skip
        changed = {**{name: getattr(entry, name) for name in entry.__struct_fields__}, **more}
        self.shop.log.append_many([encode_entry(RefusedRequest(**changed))])

    def letters(self, **wanted: Any) -> list[Letter]:
        """Take in what waits, and return the letters."""
        self.shop.catch_up()
        return self.shop.letters.search(Wanted(**wanted)).items

    def ask(self, method: str, path: str, role: str = "marketer", **more: Any) -> httpx.Response:
        if role not in self.headers:
            self.headers[role] = bearer(self.shop, role)
        headers = {**self.headers[role], **more.pop("headers", {})}
        return self.counter.ask(method, path, headers=headers, **more)

    def counters(self, user_id: str) -> dict[str, int]:
        self.shop.catch_up()
        return {name: one.count for name, one in self.shop.profiles.by("user_id", user_id).counters.items()}

    def run_jobs(self) -> None:
        while self.shop.jobs.run_due():
            pass


@contextmanager
def opened(folder: Path, clock: WoundClock) -> Iterator[Desk]:
    with open_shop(folder, partition="web-0", clock=clock) as shop:
        counter = Counter(build_web(shop))
        yield Desk(shop, clock, counter, shop.events.create_source("Shop front", "web").source_id)
        counter.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path / "shop", WoundClock(NOW)) as desk:
        yield desk


def played(message_id: str, **more: object) -> dict[str, object]:
    return {"type": "track", "event": "Song Played", "userId": "ann", "messageId": message_id, **more}
