"""A shop with a wound clock on either engine, and a receiver that misbehaves when told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from regulars.app import Shop, open_shop
from regulars.destinations import Plan
from regulars.kernel.clock import WoundClock
from regulars.testing.receiver import Received, Receiver

OWN_NETWORK = {"destinations.private_networks": "127.0.0.0/8"}


@pytest.fixture
def shop(tmp_path: Path, database_url: str, clock: WoundClock) -> Iterator[Shop]:
    """Open an empty shop that may call this machine, once per engine."""
    flags = {**OWN_NETWORK, "destinations.local_folders": str(tmp_path / "elsewhere")}
    if database_url.startswith("postgresql"):
        flags["state.url"] = database_url
    with open_shop(tmp_path / "shop", flags=flags, clock=clock) as shop:
        yield shop


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a receiver that takes everything."""
    with Receiver() as receiver:
        yield receiver


def track(name: str, user: str = "ann", **properties: Any) -> dict[str, Any]:
    """Return a call as an SDK sends it."""
    return {"type": "track", "event": name, "userId": user, "properties": properties}


def happen(shop: Shop, *calls: dict[str, Any], source: str | None = None) -> None:
    """Let calls come through a source of the shop, and take effect."""
    del source
    append(shop, *calls)
    shop.catch_up()


def append(shop: Shop, *calls: dict[str, Any]) -> None:
    """Let one request of these calls be accepted, as the door does it."""
    from regulars.events import AcceptedRequest, encode_entry

    body = msgspec.json.encode({"batch": [{"messageId": f"m{next(_numbers)}", **call} for call in calls]})
    request = AcceptedRequest("web", shop.clock.now_us(), "192.0.2.7", "", "batch", body)
    shop.log.append_many([encode_entry(request)])


def _counting() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


_numbers = _counting()


def webhook(shop: Shop, receiver: Receiver, **said: Any) -> str:
    """Make a webhook to the receiver and return its id; settings and parts of a plan by name."""
    settings = {"url": receiver.url + "/in", "timeout_s": 2, **said.pop("settings", {})}
    made = shop.destinations.create("webhook", Plan(name=said.pop("name", "Orders"), settings=settings, **said))
    return made.destination.destination_id


def bodies(receiver: Receiver) -> list[Any]:
    """Return what the receiver was told, as JSON."""
    return [msgspec.json.decode(one.body) for one in receiver.received]


def names(receiver: Receiver) -> list[str]:
    """Return the names of the events the receiver was told of."""
    return [body["data"]["name"] for body in bodies(receiver)]


def deliver_until_quiet(shop: Shop, clock: WoundClock, *, hours: float, step_s: float = 30) -> None:
    """Deliver, winding the clock on, for so long."""
    for _ in range(round(hours * 3600 / step_s)):
        shop.destinations.deliver()
        clock.wind(timedelta(seconds=step_s))
    shop.destinations.deliver()


def once(received: list[Received], key: Callable[[Received], str]) -> dict[str, Received]:
    """Return what a receiver that removes repeats by id keeps."""
    return {key(one): one for one in received}
