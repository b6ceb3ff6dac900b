"""A whole shop, and files as tills and shops write them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from regulars.app import Shop, open_shop
from regulars.events.imports import HistoryImport, Part, RowMapping, When, Who
from regulars.kernel.clock import WoundClock

POS_COLUMNS = "receipt,card,email,phone,at,store,sku,qty,price"
POS = RowMapping(
    row="order_line",
    order_id=["receipt"],
    who=[
        Who(kind="card", column="card"),
        Who(kind="email", column="email"),
        Who(kind="phone", column="phone", country="TW"),
    ],
    when=When(columns=["at"], format="YYYY/MM/DD HH:mm", zone="Asia/Taipei"),
    properties=[
        Part(column="sku", name="product_id", where="line"),
        Part(column="qty", name="quantity", type="whole", where="line"),
        Part(column="price", name="price", type="money", where="line"),
        Part(column="store", name="affiliation"),
    ],
)


@pytest.fixture
def shop(tmp_path: Path, database_url: str, clock: WoundClock) -> Iterator[Shop]:
    """Open an empty shop whose clock stands at noon on 1 October 2026, once per engine."""
    flags = {"state.url": database_url} if database_url.startswith("postgresql") else {}
    with open_shop(tmp_path / "shop", partition="worker", flags=flags, clock=clock) as opened:
        yield opened


def pos(*rows: str) -> bytes:
    """Return a till's file."""
    return ("\n".join([POS_COLUMNS, *rows]) + "\n").encode()


def upload(shop: Shop, name: str, content: bytes) -> HistoryImport:
    """Give the shop a file, in pieces."""
    with shop.imports.receive(name) as coming:
        for start in range(0, len(content), 1_000):
            coming.write(content[start : start + 1_000])
        return shop.imports.add(coming.finish())


def work(shop: Shop) -> None:
    """Run every job that waits, then take the log in."""
    while shop.jobs.run_due():
        pass
    shop.catch_up()


def events_of(shop: Shop, kind: str, value: str) -> int:
    """Return how many events a customer has."""
    customer = shop.identity.find(kind, value)
    assert customer is not None, f"nobody goes by {kind}:{value}"
    return shop.profiles.of(customer).events_total
