"""Backup, kill, restore: a served shop under traffic comes back with byte-equal profiles and the same counts."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from tests.app.conftest import Counter, Served, bearer, prepare

from regulars.app import Shop, open_shop
from regulars.app.backup.place import Place
from regulars.app.backup.restoring import restore
from regulars.app.http import build_web
from regulars.app.lateness import lateness
from regulars.kernel.clock import WoundClock
from regulars.profiles import store as profiles_store
from regulars.testing.postgresql import Postgresql

pytestmark = pytest.mark.slow

CUSTOMERS = 2_300
SAMPLED = 1_000
LATER = WoundClock(datetime(2030, 1, 1, tzinfo=UTC))  # tastes fade, so both are asked at one moment
COUNTED = (
    "SELECT SUM(count) FROM events_counts",
    "SELECT SUM(events) FROM events_totals",
    "SELECT COUNT(*) FROM identity_identifiers",
    "SELECT COUNT(*) FROM identity_evidence",
    "SELECT COUNT(*) FROM identity_merges",
    "SELECT COUNT(*) FROM profiles_customers",
    "SELECT COUNT(*) FROM profiles_words",
    "SELECT COUNT(*) FROM profiles_timeline",
    "SELECT COUNT(*) FROM recommend_interactions",
    "SELECT COUNT(*) FROM recommend_items",
    "SELECT COUNT(*) FROM events_sources",
    "SELECT COUNT(*) FROM events_dead_letters",
)


class Traffic:
    """Customers who come, look around and sign in, until told to stop."""

    def __init__(self, url: str, write_key: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30, auth=(write_key, ""))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.sent = 0
        self.is_over = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait until the last request was answered."""
        self.is_over = True
        self._stop.set()
        self._thread.join()
        self._http.close()

    def send(self, visits: int) -> None:
        """Let so many visits happen."""
        batch = []
        for number in range(self.sent, self.sent + visits):
            who = number % CUSTOMERS
            song = {"asset_id": f"s{number % 97}", "artist": f"Artist {number % 13}", "genre": ["Folk", "Jazz"]}
            batch += [
                {"type": "track", "event": "Song Played", "anonymousId": f"x{who}", "properties": song},
                {"type": "track", "event": "Song Completed", "anonymousId": f"x{who}", "properties": song},
            ]
            if number % 3 == 0:
                traits = {"email": f"u{who}@example.org", "plan": "pro" if number % 2 else "free", "name": f"Ann {who}"}
                batch.append({"type": "identify", "anonymousId": f"x{who}", "userId": f"u{who}", "traits": traits})
        for place, item in enumerate(batch):
            item["messageId"] = f"m{self.sent}-{place}"
        answer = self._http.post("/v1/batch", json={"batch": batch})
        assert answer.status_code == 200, answer.text
        self.sent += visits

    def _run(self) -> None:
        while not self._stop.is_set():
            self.send(20)


def counts(shop: Shop) -> list[int]:
    with shop.database.read() as connection:
        found = [int(connection.execute(text(statement)).scalar() or 0) for statement in COUNTED]
    found.append(len(shop.lake.query(shop.lake.events())))
    return [*found, *(shop.log.end(partition) for partition in shop.log.partitions())]


def answers(folder: Path, flags: dict[str, str], ids: list[str]) -> tuple[dict[str, bytes], list[int]]:
    """Return what GET /v1/profiles/… says of each customer, to the byte, and how much there is of everything."""
    with open_shop(folder, flags=flags, partition=None, clock=LATER) as shop:
        shop.catch_up()
        counter, headers = Counter(build_web(shop)), bearer(shop, "viewer")
        told = {}
        for customer in ids:
            answer = counter.ask("GET", f"/v1/profiles/{customer}", headers=headers)
            assert answer.status_code == 200, answer.text
            told[customer] = answer.content
        counter.close()
        return told, counts(shop)


def wait_for_the_worker(shop: Shop) -> None:
    pause = threading.Event()
    for _ in range(2_400):
        if lateness(shop).records == 0:
            return
        pause.wait(0.1)
    raise AssertionError("the worker did not catch up in four minutes")


def kill(served: Served) -> None:
    for pid in (served.child("worker"), served.child("web-0"), served.process.pid):
        assert pid
        os.kill(pid, signal.SIGKILL)
    served.process.wait(timeout=30)


def test_a_killed_shop_comes_back_to_the_byte(
    tmp_path: Path, database_url: str, request: pytest.FixtureRequest
) -> None:
    folder, flags, empty = tmp_path / "shop", {}, {}
    folder.mkdir()
    if database_url.startswith("postgres"):
        server: Postgresql = request.getfixturevalue("postgresql")
        flags, empty = {"state.url": database_url}, {"state.url": server.create()}
        (folder / "regulars.toml").write_text(f'[state]\nurl = "{database_url}"\n')
    write_key, _ = prepare(folder)
    served = Served(folder)
    traffic = Traffic(served.url, write_key)
    for _ in range(CUSTOMERS // 100):
        traffic.send(100)
    traffic.start()
    with open_shop(folder, partition=None) as shop:
        shop.backups.take(str(tmp_path / "backups"))  # while it runs

        def told(_done: int, _total: int, note: str) -> None:
            if note == "files" and not traffic.is_over:  # the state was copied; what comes now is in the log alone
                before = traffic.sent
                while traffic.sent < before + 200:
                    threading.Event().wait(0.05)
                traffic.stop()

        second = shop.backups.take(str(tmp_path / "backups"), verified=True, told=told)
        assert second.verified_at is not None
        wait_for_the_worker(shop)
        with shop.database.read() as connection:
            ids = [str(one) for one in profiles_store.spread(connection, SAMPLED + 200)][:SAMPLED]
    kill(served)
    served.close()
    assert len(ids) == SAMPLED
    before, counted = answers(folder, flags, ids)
    with closing(Place(tmp_path / "backups")) as place:
        found = restore(place, tmp_path / "back", flags=empty)
    assert found.records_replayed > 0
    after, counted_after = answers(tmp_path / "back", empty, ids)
    assert [customer for customer in ids if before[customer] != after[customer]] == []
    assert counted_after == counted
