"""Drops over SFTP, to a real server on this machine: whole files, the right server, one's own key."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from tests.destinations.conftest import happen

from regulars.app import Shop
from regulars.destinations import Plan
from regulars.destinations.core.audience import AudienceRule
from regulars.kernel.outbound import Outbound
from regulars.testing.sftp_server import SftpServer

PASSWORD = "drop it here"
OWN_KEY = paramiko.ECDSAKey.generate()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    with SftpServer(tmp_path / "drops", user="shop", password=PASSWORD, key=OWN_KEY) as server:
        yield server


def drop(shop: Shop, server: SftpServer, **settings: str) -> str:
    told = {"url": server.url, "password": PASSWORD, "host_key": server.host_key, "key": "email", **settings}
    plan = Plan(name="Mail House", settings={**told, "columns": ["email"]}, audience=AudienceRule(consent="email"))
    return shop.destinations.create("csv_drop", plan).destination.destination_id


def test_a_file_is_dropped_whole_and_replaced_the_next_time(shop: Shop, server: SftpServer) -> None:
    one = drop(shop, server)
    happen(shop, {"type": "identify", "userId": "ann", "traits": {"email": "ann@x.example", "email_opt_in": True}})
    shop.destinations.deliver()
    assert (server.folder / "mail-house.csv").read_text() == "email\nann@x.example\n"
    happen(shop, {"type": "identify", "userId": "bob", "traits": {"email": "bob@x.example", "email_opt_in": True}})
    shop.destinations.runs.sync_now(one)
    shop.destinations.deliver()
    lines = (server.folder / "mail-house.csv").read_text().splitlines()
    assert sorted(lines) == ["ann@x.example", "bob@x.example", "email"]
    assert [path.name for path in server.folder.iterdir()] == ["mail-house.csv"]  # nothing half-written is left
    assert shop.destinations.get(one).health.state == "good"


def test_a_private_key_lets_us_in(shop: Shop, server: SftpServer) -> None:
    out = io.StringIO()
    OWN_KEY.write_private_key(out)
    assert shop.destinations.test(drop(shop, server, password="", private_key=out.getvalue())).works
    assert list(server.folder.iterdir()) == []


def test_a_server_is_talked_to_only_when_its_key_is_the_known_one(shop: Shop, server: SftpServer) -> None:
    unknown = shop.destinations.test(drop(shop, server, host_key=""))
    assert not unknown.works
    assert server.host_key in unknown.sentence
    assert "Compare it with what its owner says" in unknown.sentence
    another = shop.destinations.test(drop(shop, server, host_key="SHA256:somebodyelse"))
    assert "not the one it is known by" in another.sentence
    assert shop.destinations.test(drop(shop, server, host_key=server.host_key)).works


def test_a_wrong_password_is_said_without_repeating_it(shop: Shop, server: SftpServer) -> None:
    trial = shop.destinations.test(drop(shop, server, password="guess what"))
    assert not trial.works
    assert "does not let us in" in trial.sentence
    assert "guess what" not in str(trial)


def test_a_folder_that_is_not_there_is_said(shop: Shop, server: SftpServer) -> None:
    trial = shop.destinations.test(drop(shop, server, url=server.url + "nowhere"))
    assert not trial.works
    assert "does not take the file" in trial.sentence


def test_a_private_address_is_no_place_for_a_drop_either(
    shop: Shop, server: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = drop(shop, server)
    monkeypatch.setattr(shop.destinations._desk, "outbound", Outbound())
    trial = shop.destinations.test(one)
    assert "an address that is not public" in trial.sentence
