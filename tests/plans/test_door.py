"""The door takes personal data out before the log, and takes nothing while it cannot know what is personal."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any  # Any: JSON, and ASGI's own dicts

import pytest

from regulars.app import Shop, open_shop
from regulars.events.door import Door
from regulars.events.keys import Keys
from regulars.events.plans import Personal, PersonalField, PlanBody
from regulars.events.plans.snapshot import FILE_NAME
from regulars.kernel.clock import WoundClock

EMAIL = "ann@example.org"
MARKED = [
    PersonalField(pointer="/traits/email", action="hash", kind="email"),
    PersonalField(pointer="/properties/guests/*/phone", action="drop"),
    PersonalField(pointer="/context/ip", action="drop"),
]


Answer = tuple[int, dict[str, Any], dict[bytes, bytes]]  # Any: JSON


@dataclass
class Gate:
    """A door before a shop's log, asked as uvicorn would."""

    shop: Shop
    clock: WoundClock
    door: Door
    write_key: str

    def post(self, path: str, body: Any, *, key: str | None = None, zipped: bool = False) -> Answer:  # Any: JSON
        raw = body if isinstance(body, bytes) else json.dumps({"writeKey": key or self.write_key, **body}).encode()
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "headers": [(b"content-encoding", b"gzip")] if zipped else [],
            "query_string": b"",
            "client": ("192.0.2.9", 1),
        }
        sent: list[dict[str, Any]] = []  # Any: as above

        async def receive() -> dict[str, Any]:  # Any: as above
            return {"type": "http.request", "body": gzip.compress(raw) if zipped else raw, "more_body": False}

        async def send(message: Any) -> None:  # Any: as above
            sent.append(message)

        asyncio.run(self.door(scope, receive, send))
        return sent[0]["status"], json.loads(sent[1]["body"] or b"{}"), dict(sent[0]["headers"])

    def log(self) -> bytes:
        """Return every byte that was kept."""
        records = self.shop.log.read("web-0", after=0, records_max=1_000)
        return b"\n".join(record.payload for record in records)


@pytest.fixture
def gate(tmp_path: Path, clock: WoundClock) -> Iterator[Gate]:
    with open_shop(tmp_path / "shop", partition="web-0", clock=clock) as shop:
        source = shop.events.create_source("Shop front", "web")
        shop.plans.write_snapshot()
        door = Door(shop.log, Keys(shop.folder, clock), clock, personal=Personal(shop.folder, clock))
        yield Gate(shop, clock, door, source.write_key)


def publish(gate: Gate, fields: list[PersonalField], *, sources: list[str] | None = None) -> str:
    plan = gate.shop.plans.create("Web shop", PlanBody(sources=sources, personal=fields))
    gate.shop.plans.publish(plan.plan_id)
    gate.clock.wind(timedelta(seconds=1))  # the door looks at its snapshot once a second
    return plan.plan_id


IDENTIFY = {"userId": "ann", "messageId": "m1", "traits": {"email": EMAIL, "plan": "pro"}}


def test_single_calls_and_batches_lose_what_is_personal_before_the_log(gate: Gate) -> None:
    publish(gate, MARKED)
    guests = {"properties": {"guests": [{"phone": "555-1234", "age": 7}]}}
    assert gate.post("/v1/identify", IDENTIFY)[0] == 200
    batch = {
        "batch": [
            {"type": "identify", "userId": "ann", "messageId": "m2", "context": {"traits": {"email": EMAIL.upper()}}},
            {"type": "track", "event": "Table Booked", "userId": "ann", "messageId": "m3", **guests},
        ],
        "context": {"ip": "198.51.100.7"},
    }
    assert gate.post("/v1/batch", batch, zipped=True)[0] == 200
    kept = gate.log()
    assert EMAIL.encode() not in kept.lower()
    assert b"555-1234" not in kept
    assert b"198.51.100.7" not in kept
    assert b"192.0.2.9" not in kept, "the sender's address goes where the plan drops the IP"
    gate.shop.catch_up()
    traits = gate.shop.profiles.by("user_id", "ann").traits
    assert str(traits["email"].value).startswith("hmac-sha256:")
    assert traits["plan"].value == "pro"


def test_sources_without_such_a_plan_are_kept_as_they_came(gate: Gate) -> None:
    publish(gate, MARKED, sources=["another"])
    assert gate.post("/v1/identify", IDENTIFY)[0] == 200
    assert EMAIL.encode() in gate.log()
    assert b"192.0.2.9" in gate.log()


def test_an_event_that_grows_by_its_hash_is_still_within_its_limit(gate: Gate) -> None:
    publish(gate, MARKED)
    limit = 32_768
    event = {"type": "identify", **IDENTIFY, "traits": {"email": "a@b.c", "filler": ""}}
    event["traits"]["filler"] = "x" * (limit - len(json.dumps(event)) - 10)  # type: ignore[index]  # a literal above
    assert gate.post("/v1/batch", {"batch": [event]})[0] == 200
    gate.shop.catch_up()
    assert gate.shop.profiles.by("user_id", "ann").events_total == 1


def test_what_is_refused_is_kept_without_what_is_personal(gate: Gate) -> None:
    publish(gate, MARKED)
    assert gate.post("/v1/identify", {**IDENTIFY, "userId": None})[0] == 400
    assert gate.post("/v1/identify", IDENTIFY, key="wk_wrong")[0] == 401
    broken = json.dumps({"writeKey": gate.write_key, **IDENTIFY}).encode()[:-4]
    assert gate.post("/v1/identify", broken)[0] in (400, 401)
    gate.clock.wind(timedelta(seconds=1))
    assert EMAIL.encode() not in gate.log()


@pytest.mark.parametrize("damage", ["missing", "garbled"])
def test_while_the_snapshot_cannot_be_read_the_door_takes_nothing_and_says_why(gate: Gate, damage: str) -> None:
    publish(gate, MARKED)
    snapshot = gate.shop.folder / FILE_NAME
    if damage == "missing":
        snapshot.unlink()
    else:
        snapshot.write_bytes(b"{")
    gate.clock.wind(timedelta(seconds=1))
    status, body, headers = gate.post("/v1/identify", IDENTIFY)
    assert status == 503
    assert "plans.json" in json.dumps(body)
    assert int(headers[b"retry-after"]) >= 5, "senders come back; nothing is lost"
    assert EMAIL.encode() not in gate.log()
    assert gate.shop.plans.write_snapshot(), "a job of the worker does this every minute"
    gate.clock.wind(timedelta(seconds=1))
    assert gate.post("/v1/identify", IDENTIFY)[0] == 200
    assert EMAIL.encode() not in gate.log()


def test_a_plan_that_is_stopped_takes_nothing_out_any_longer(gate: Gate) -> None:
    plan_id = publish(gate, MARKED)
    gate.shop.plans.stop(plan_id)
    gate.clock.wind(timedelta(seconds=1))
    assert gate.post("/v1/identify", IDENTIFY)[0] == 200
    assert EMAIL.encode() in gate.log()
