"""Rebuilds over HTTP: asked for, done by a job, paused by a person, and gone on with by themselves after a kill."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # Any: JSON

import pytest
from tests.app.conftest import Counter, bearer
from tests.app.test_rebuild import live, rows, spoil
from tests.app.test_replays import no_pause_before_a_try, taken_and_left

from regulars.app import Shop, open_shop
from regulars.app.http import build_web
from regulars.kernel.clock import SystemClock, WoundClock

START = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path, database_url: str) -> Iterator[Shop]:
    """Open a shop with a day behind it, once per engine."""
    flags = {"state.url": database_url} if database_url.startswith("postgres") else {}
    with open_shop(tmp_path / "shop", flags=flags, clock=WoundClock(START)) as shop:
        live(shop, 1)
    with open_shop(tmp_path / "shop", flags=flags, clock=SystemClock()) as shop:  # as the process that rebuilds
        yield shop


@pytest.fixture
def counter(shop: Shop) -> Iterator[Counter]:
    """Return the shop's web."""
    counter = Counter(build_web(shop))
    yield counter
    counter.close()


def test_a_rebuild_whose_process_was_killed_goes_on_by_itself(shop: Shop, counter: Counter) -> None:
    headers = bearer(shop, "admin")

    def ask(method: str, path: str, body: object = None) -> Any:  # Any: JSON
        answer = counter.ask(method, path, headers=headers, json=body)
        assert answer.status_code in {200, 202}, answer.text
        return answer.json()

    right = rows(shop, "SELECT COUNT(*) FROM profiles_customers")
    spoil(shop, "DELETE FROM profiles_customers")
    rebuild_id = ask("POST", "/v1/rebuilds", {"parts": ["profiles"]})["rebuild_id"]
    path = f"/v1/rebuilds/{rebuild_id}"
    taken_and_left(shop, "rebuild")
    shop.jobs.run_due()
    spoil(shop, "UPDATE rebuilds_history SET state = 'paused'")  # as a process leaves it that is told to end
    assert ask("GET", path)["state"] == "waiting", "nobody has to say that it shall go on"
    assert ask("POST", f"{path}/pause")["state"] == "paused", "but a person may say that it shall not"
    no_pause_before_a_try(shop, "rebuild")
    shop.jobs.run_due()
    assert rows(shop, "SELECT COUNT(*) FROM profiles_customers") == [(0,)]
    assert ask("POST", f"{path}/resume")["state"] == "waiting"
    taken_and_left(shop, "rebuild")
    shop.jobs.run_due()
    no_pause_before_a_try(shop, "rebuild")
    shop.jobs.run_due()
    assert ask("GET", path)["state"] == "done"
    assert rows(shop, "SELECT COUNT(*) FROM profiles_customers") == right
