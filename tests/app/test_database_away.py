"""A served shop whose state database goes away, and whose processes die meanwhile: facts are taken in all the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.conftest import Served, prepare
from tests.app.test_serving import basic, eventually, track

from regulars.app import open_shop
from regulars.kernel.errors import DatabaseError
from regulars.testing import postgresql as embedded


@pytest.fixture
def server() -> Iterator[embedded.Postgresql]:
    reason = embedded.why_not()
    if reason:
        pytest.skip(reason)
    with embedded.postgresql() as running:
        yield running


@pytest.mark.postgres
@pytest.mark.timeout(120)
def test_processes_that_die_while_the_database_is_away_come_back_and_take_facts_in(
    tmp_path: Path, server: embedded.Postgresql
) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "regulars.toml").write_text(f'[state]\nurl = "{server.create()}"\n', encoding="utf-8")
    write_key, secret = prepare(folder)
    served = Served(folder)
    try:
        server.stop()
        for name in ("web-0", "worker"):
            before = served.child(name)
            os.kill(before, signal.SIGKILL)
            assert eventually(lambda name=name, before=before: served.child(name) not in {0, before})  # type: ignore[misc] # mypy cannot infer a lambda with defaults
        taken = served.http.post("/v1/track", json=track(1), headers=basic(write_key))
        assert taken.status_code == 200
        asked = served.http.get("/v1/profiles/by/user_id/ann", headers={"Authorization": f"Bearer {secret}"})
        assert asked.status_code == 503
        assert "Traceback" not in asked.text
        assert served.process.poll() is None, served.errors()
        server.start()
        headers = {"Authorization": f"Bearer {secret}"}
        path = "/v1/profiles/by/user_id/ann"
        assert eventually(lambda: served.http.get(path, headers=headers).status_code == 200), served.errors()
    finally:
        served.close()


@pytest.mark.postgres
def test_a_shop_that_was_never_open_is_not_opened_without_its_database(
    tmp_path: Path, server: embedded.Postgresql
) -> None:
    url = server.create()
    server.stop()
    with pytest.raises(DatabaseError):
        open_shop(tmp_path / "shop", flags={"state.url": url}, waits=True)
