"""A large shop for benches: 100,000 items, customers with tastes, a learned model; and how to serve it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regulars.app.shop import Shop
from regulars.catalog import Item
from regulars.kernel.clock import moment
from regulars.kernel.ids import ItemId
from regulars.recommend import store
from regulars.recommend.core.ials import IalsShape
from regulars.recommend.engine import artifact as artifacts
from regulars.recommend.engine.artifact import Artifact, Trained
from regulars.recommend.engine.training import Columns, Plan, learn
from regulars.recommend.store import InteractionRow
from regulars.web.keys import Keys

WRITE_KEY = "wk_bench"
CUSTOMERS = 20_000
HISTORY = 30
TASTES = 50
GENRES = 40

Longs = NDArray[np.int64]


class World:
    """Customers with a taste each; items belong to tastes and are popular by Zipf's law."""

    def __init__(self, items: int, seed: int = 0) -> None:
        self.chance = np.random.default_rng(seed)
        self.items = items
        self.per_taste = items // TASTES
        ranks = np.arange(1, self.per_taste + 1) ** -0.92  # the slope of listens in the Free Music Archive
        self.weights = np.cumsum(ranks) / ranks.sum()

    def picks(self, tastes: Longs) -> Longs:
        """Return an item for each taste: nine in ten from it, the tenth from anywhere. Items count from 1."""
        strays = self.chance.random(len(tastes)) < 0.1
        tastes = np.where(strays, self.chance.integers(0, TASTES, len(tastes)), tastes)
        places = np.searchsorted(self.weights, self.chance.random(len(tastes)))
        return 1 + tastes * self.per_taste + np.minimum(places, self.per_taste - 1)


def furnish(shop: Shop, world: World) -> str:
    """Fill a new shop: a catalogue, a source, known customers, 600,000 interactions, a model; return a secret key."""
    shop.events.create_source("Bench", "server", write_key=WRITE_KEY)
    say(f"putting {world.items:,} items into the catalogue")
    shop.catalog.put(
        Item(
            item_id=ItemId(f"i{number}"), kind="song", title=f"Song {number}",
            attributes={"genre": f"g{number % GENRES}", "artist": f"a{number // 8}"},
        )
        for number in range(1, world.items + 1)
    )  # fmt: skip
    with shop.database.write() as connection:
        store.item_numbers(connection, [f"i{number}" for number in range(1, world.items + 1)])
    say(f"letting {CUSTOMERS:,} customers in")
    for start in range(1, CUSTOMERS + 1, 1_000):
        shop.events.append(
            [
                {"type": "track", "event": "Song Played", "userId": f"u{number}", "messageId": f"first-{number}",
                 "properties": {"asset_id": f"i{1 + number % world.items}"}}
                for number in range(start, min(start + 1_000, CUSTOMERS + 1))
            ]
        )  # fmt: skip
    shop.catch_up()
    say("learning")
    artifacts.write(shop.files, _learned(shop, world))
    _, secret = Keys(database=shop.database, clock=shop.clock).make(name="Bench", role="viewer", created_by="bench")
    return secret


def _learned(shop: Shop, world: World) -> Artifact:
    """Return a model of everybody's history, two sessions each, which is filed as well."""
    with shop.database.read() as connection:
        people = {row.anchor: row.customer_id for row in store.owners_since(connection, 0)}
    now_us = shop.clock.now_us()
    anchors = np.repeat(np.array(sorted(people), np.int64), HISTORY)
    place = np.tile(np.arange(HISTORY), len(people))
    columns = Columns(
        anchors=anchors,
        items=world.picks(anchors % TASTES).astype(np.int32),
        at_us=now_us - 86_400_000_000 + place * 60_000_000 + (place >= HISTORY // 2) * 7_200_000_000,
        kinds=np.ones(len(anchors), np.int32),
        strengths=np.ones(len(anchors), np.float32),
        crowds=np.ones(len(anchors), np.int32),
        crowd_names=["/", "TW/phone"],
    )
    through_seq, through_version = _file(shop, columns)
    plan = Plan(shape=IalsShape(alternations=1))  # one alternation: as costly to answer from as ten, sooner learned
    learned = learn(columns, people, world.items + 1, plan, lambda _share, _note: None)
    about = Trained(
        version="bench", kind=learned.kind, trained_at=moment(now_us), through_seq=through_seq,
        through_version=through_version, erased_version=0, interactions=len(anchors), customers=learned.customers,
        items=learned.items, items_total=world.items + 1, sessions=learned.sessions, seconds=0.0,
        landmark_us=learned.landmark_us, latest_us=learned.latest_us, crowds=learned.crowds,
    )  # fmt: skip
    ids = ["", *(f"i{number}" for number in range(1, world.items + 1))]
    return Artifact(about, ids, learned.arrays)


def _file(shop: Shop, columns: Columns) -> tuple[int, int]:
    """File the history, so that the shop holds what its model knows; return the last interaction and version."""
    with shop.database.write() as connection:
        state = store.state(connection)
        rows = [
            InteractionRow(state.next_seq + order, anchor, item, at_us, 1, 1.0, "TW/phone")
            for order, (anchor, item, at_us) in enumerate(
                zip(columns.anchors.tolist(), columns.items.tolist(), columns.at_us.tolist(), strict=True)
            )
        ]
        store.add_interactions(connection, rows)
        store.set_state(connection, state._replace(next_seq=state.next_seq + len(rows)))
    return state.next_seq + len(rows) - 1, state.next_version - 1


@contextmanager
def served(folder: Path, *options: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve a shop as anybody does, `regulars serve`; give its port and its supervisor."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "regulars.cli", "serve", str(folder), "--port", str(port), *options]
    with tempfile.TemporaryFile() as told:
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told)
        try:
            wait_for(f"http://127.0.0.1:{port}/readyz")
            yield port, server
        finally:
            server.terminate()
            server.wait(timeout=60)


def wait_for(url: str, seconds: float = 60.0) -> None:
    """Return as soon as an address answers well."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 (our own server)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within {seconds:g} s.")


def show(name: str, value: float, unit: str, *, reference: float | None = None, better: str = "lower") -> None:
    """Print one measurement as a line of JSON."""
    line = {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "better": better,
        "reference": None if reference is None else round(reference, 3),
        "ratio": None if reference is None else round(value / reference, 3),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def say(words: str) -> None:
    """Tell whoever watches what is under way."""
    print(words, file=sys.stderr, flush=True)


__all__ = ["CUSTOMERS", "TASTES", "WRITE_KEY", "World", "furnish", "say", "served", "show", "wait_for"]
