"""A whole shop, simulated from a seed: log, worker, profiles, recommendations, lake; it ends the same every time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any  # Any: JSON, rows of any table

import msgspec
import pytest
from sqlalchemy import text

from regulars.app import open_shop
from regulars.app.shop import Shop
from regulars.events.record import AcceptedRequest, encode_entry
from regulars.kernel.clock import WoundClock, microseconds
from regulars.kernel.ids import ItemId
from regulars.testing.simulator import Call, World, load_parameters

START = datetime(2026, 3, 2, tzinfo=UTC)
CALLS = 1_200
# What differs from run to run without meaning anything, or follows the cutting into batches and requests.
NOT_STATE = ("kernel_", "sqlite_", "web_", "catalog_search", "lake_", "events_outbox", "events_offsets")
EVERY: tuple[Callable[[int], int], ...] = (lambda _: 100, lambda n: 1 + n * 7 % 41, lambda _: 1_000)


def world(name: str) -> World:
    parameters = load_parameters()
    small = msgspec.structs.replace(
        parameters,
        music=msgspec.structs.replace(parameters.music, listeners=40, songs=120, artists=30),
        store=msgspec.structs.replace(parameters.store, visitors=30, products=120, brands=15),
    )
    return World(name, 11, small)


def as_sent(call: Call) -> dict[str, Any]:  # Any: JSON
    """Return a call as an SDK writes it."""
    body = "traits" if call.kind == "identify" else "properties"
    moment = datetime.fromtimestamp(call.at_us / 1e6, UTC).isoformat(timespec="milliseconds")
    sent: dict[str, Any] = {"type": call.kind, "messageId": call.message_id, "timestamp": moment, body: call.properties}
    sent |= {"anonymousId": call.anonymous_id, "userId": call.user_id, "context": call.context}
    return sent | ({"event": call.name} if call.kind == "track" else {"name": call.name})


def requests(calls: Sequence[Call], size_of: Callable[[int], int]) -> Iterator[list[Call]]:
    start = number = 0
    while start < len(calls):
        size = size_of(number)
        yield list(calls[start : start + size])
        start, number = start + size, number + 1


@contextmanager
def lived(folder: Path, name: str, size_of: Callable[[int], int], work_every: int) -> Iterator[Shop]:
    """Let a shop live through the simulation and give it, caught up.

    The clock stands at the end of the simulation while requests come in, so that no moment lies in the future
    however they are cut; the records of the log differ from cut to cut, what follows from them must not.
    """
    simulated = world(name)
    calls = list(islice(simulated.calls(microseconds(START)), CALLS))
    clock = WoundClock(datetime.fromtimestamp(calls[-1].at_us / 1e6 + 60, UTC))
    with open_shop(folder, clock=clock) as shop:
        shop.catalog.put(simulated.items)
        for number, part in enumerate(requests(calls, size_of)):
            body = msgspec.json.encode({"batch": [as_sent(call) for call in part]})
            entry = AcceptedRequest("simulator", clock.now_us(), "192.0.2.1", "simulator", "batch", body)
            shop.log.append_many([encode_entry(entry)])
            if number % work_every == 0:
                shop.worker().run_once()
        shop.catch_up()
        yield shop


def public_state(shop: Shop) -> dict[str, Any]:  # Any: JSON
    """Return what a person would see of every customer, by the names they go by; and what is recommended to them."""
    people = {}
    cursor = None
    while True:
        page = shop.profiles.search("", cursor=cursor, limit=200)
        for summary in page.items:
            profile = shop.profiles.of(summary.customer_id)
            seen = msgspec.to_builtins(profile, str_keys=True)
            people[str(summary.customer_id)] = seen
        cursor = page.next_cursor
        if cursor is None:
            return people


def rounded(value: Any) -> Any:  # Any: JSON
    """Return JSON with its numbers to nine digits: sums of decayed tastes differ in the last bits by their order."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    return [rounded(part) for part in value] if isinstance(value, list) else value


def digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()


def test_the_same_seed_ends_in_the_same_state_row_by_row(tmp_path: Path) -> None:
    states = []
    for run in ("first", "second"):
        with lived(tmp_path / run, "music", EVERY[0], work_every=3) as shop:
            states.append(rows_of(shop))
    assert states[0].keys() == states[1].keys()
    for table in states[0]:
        assert states[0][table] == states[1][table], f"table {table} differs between two runs"


@pytest.mark.parametrize("name", ["music", "store"])
def test_how_events_are_cut_into_requests_and_batches_changes_nothing_about_anybody(tmp_path: Path, name: str) -> None:
    ends = []
    for number, (size_of, work_every) in enumerate(zip(EVERY, (3, 2, 50), strict=True)):
        with lived(tmp_path / str(number), name, size_of, work_every) as shop:
            ends.append((shop.identity.count_customers(), shop.identity.count_merges(), public_state(shop)))
    customers, merges, people = ends[0]
    assert customers > 20
    assert merges > 3, "people sign in after looking around: two become one"
    for other in ends[1:]:
        assert other[:2] == (customers, merges)
        assert digest(rounded(other[2])) == digest(rounded(people))


def test_everything_sent_is_in_the_lake_once_and_recommendations_follow_taste(tmp_path: Path) -> None:
    with lived(tmp_path, "music", EVERY[1], work_every=2) as shop:
        events = shop.lake.events()
        ours = events.filter(events.source_id != "regulars")
        answer = shop.lake.query(ours.aggregate(rows=ours.count(), ids=ours.message_id.nunique()))
        assert answer.to_pylist() == [{"rows": CALLS, "ids": CALLS}]
        listener = max(shop.profiles.search("listener-", limit=200).items, key=lambda one: one.events_total)
        slate = shop.recommend.for_customer(listener.customer_id, count=10)
        assert len(slate.items) == 10
        assert all(item.reasons for item in slate.items)
        known = shop.catalog.lookup([ItemId(item.item_id) for item in slate.items])
        assert len(known) == 10


def rows_of(shop: Shop) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table that is state, in an order of its own."""
    with shop.database.read() as connection:
        tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"))
        names = [row.name for row in tables if not row.name.startswith(NOT_STATE)]
        return {
            name: sorted((tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))), key=repr)
            for name in names
        }
