"""A whole shop on each engine, on a clock that is wound, and events sent as an SDK would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # Any: JSON, and rows of any table

import pytest
from sqlalchemy import text
from tests.events.conftest import Host

from regulars.app import Shop, open_shop
from regulars.events.plans import EventRule, PlanBody, Plans
from regulars.events.record import AcceptedRequest, encode_entry
from regulars.kernel.clock import WoundClock


@dataclass
class Counter:
    """A shop with one source."""

    shop: Shop
    clock: WoundClock
    source_id: str
    write_key: str

    @property
    def plans(self) -> Plans:
        return self.shop.plans

    def send(self, *items: dict[str, Any], source_id: str | None = None) -> None:  # Any: JSON
        body = json.dumps({"batch": items}).encode()
        request = AcceptedRequest(source_id or self.source_id, self.clock.now_us(), "192.0.2.1", "", "batch", body)
        self.shop.log.append_many([encode_entry(request)])

    def take(self, *items: dict[str, Any], source_id: str | None = None) -> None:  # Any: JSON
        self.send(*items, source_id=source_id)
        self.shop.catch_up()

    def published(self, body: PlanBody, name: str = "Web shop") -> str:
        plan = self.plans.create(name, body)
        self.plans.publish(plan.plan_id)
        return plan.plan_id

    def rows(self, statement: str) -> list[tuple[Any, ...]]:  # Any: as above
        with self.shop.database.read() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def letters(self) -> list[tuple[str, str, str]]:
        return self.rows("SELECT message_id, projection, reason FROM events_dead_letters ORDER BY letter_id")

    def outcomes(self, name: str = "Order Completed") -> dict[str, int]:
        rows = self.rows(f"SELECT outcome, SUM(count) FROM events_counts WHERE name = '{name}' GROUP BY outcome")
        return {outcome: int(count) for outcome, count in rows}


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    """Return one uvicorn for all tests of this room."""
    host = Host()
    yield host
    host.stop()


@pytest.fixture
def counter(database_url: str, tmp_path: Path, clock: WoundClock) -> Iterator[Counter]:
    """Return a shop with one source, once per engine."""
    flags = {"state.url": database_url} if database_url.startswith("postgresql") else {}
    with open_shop(tmp_path / "shop", flags=flags, partition="web-0", clock=clock) as shop:
        source = shop.events.create_source("Shop front", "web")
        yield Counter(shop, clock, source.source_id, source.write_key)


def ordered(message_id: str, **properties: Any) -> dict[str, Any]:  # Any: JSON
    """Return a call of an SDK."""
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": "ann",
        "messageId": message_id,
        "properties": properties,
    }


ORDER = EventRule(
    name="Order Completed",
    schema={
        "type": "object",
        "properties": {
            "order_id": {"type": "string"},
            "total": {"type": "number", "minimum": 0},
            "currency": {"enum": ["EUR", "TWD"]},
            "products": {
                "type": "array",
                "items": {"type": "object", "properties": {"price": {"type": "number"}}, "required": ["product_id"]},
            },
        },
        "required": ["order_id", "total"],
    },
)
