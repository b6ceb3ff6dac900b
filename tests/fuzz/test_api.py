"""Every documented address answers with what its description promises, whatever is asked, and never with a 5xx.

FUZZ_ROUNDS=20 FUZZ_SEED=7 pytest tests/fuzz/test_api.py -m slow
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # Any: what getaddrinfo takes

import pytest
from tests.fuzz.asking import asking

from regulars.app.shop import Shop, open_shop
from regulars.catalog import Item
from regulars.kernel.ids import ItemId
from regulars.recommend import SlotWish

SEED = int(os.environ.get("FUZZ_SEED", "1"))
ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "6"))
SHOWN = 10


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Return a shop in which there is a little of everything; no address outside this machine can be found from it."""

    def nowhere(*_: Any, **__: Any) -> None:  # Any: as socket has it
        raise socket.gaierror("no names are looked up in this test")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with open_shop(tmp_path / "shop", partition="web-0") as shop:
        furnish(shop)
        yield shop


def furnish(shop: Shop) -> None:
    """Put a little of everything in."""
    shop.events.create_source("Shop front", "web", write_key="wk_open")
    shop.catalog.put(
        Item(item_id=ItemId(f"i{number}"), kind="song", title=f"Song {number}", attributes={"genre": f"g{number % 3}"})
        for number in range(12)
    )
    calls = [
        {"type": "track", "event": "Song Played", "userId": f"u{place % 5}", "anonymousId": f"a{place % 7}",
         "messageId": f"m{place}", "properties": {"asset_id": f"i{place * 5 % 12}", "position": place}}
        for place in range(60)
    ]  # fmt: skip
    shop.events.append([*calls, {"type": "identify", "userId": "u1", "traits": {"email": "ann@shop.example"}}])
    shop.recommend.put_slot("home", SlotWish(title="Home", policy="blend", count=5))
    shop.catch_up()


def test_every_address_keeps_its_promise_when_it_is_asked_a_little(shop: Shop) -> None:
    with asking(shop, SEED) as one:
        one.exercise(rounds=1, examples=2)
    assert not one.broken, "\n\n".join(one.broken[:SHOWN])


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_every_address_keeps_its_promise_when_it_is_asked_again_and_again(shop: Shop) -> None:
    with asking(shop, SEED) as one:
        for _ in range(ROUNDS):
            one.exercise(rounds=1, examples=10)
            one.exercise(rounds=1, examples=3, spoiled=4)
            shop.catch_up()
    sys.stdout.write(f"{one.statuses.total():,} requests: {dict(sorted(one.statuses.items()))}\n")
    assert not one.broken, "\n\n".join(one.broken[:SHOWN])
