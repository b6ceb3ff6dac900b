"""What others have entrusted to the shop does not lie in its state for everybody who gets hold of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from tests.app.conftest import Counter
from tests.destinations.conftest import happen, track

from regulars.app import Shop, open_shop
from regulars.app.http import build_web
from regulars.destinations import Plan
from regulars.destinations.core import signing
from regulars.destinations.store import definitions
from regulars.events.hooks.core.mapping import HookMapping, HookRule
from regulars.events.hooks.core.schemes import sign
from regulars.events.hooks.service import NewHook
from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.testing.receiver import Receiver

TOKEN = "Bearer-token-that-nobody-may-see"
ENTRUSTED = "the-other-services-own-secret"
Flags = dict[str, str]


@pytest.fixture
def flags(database_url: str) -> Flags:
    """Return where the state lies, once per engine."""
    flags = {"destinations.private_networks": "127.0.0.0/8"}
    return {**flags, "state.url": database_url} if database_url.startswith("postgres") else flags


@pytest.fixture
def shop(tmp_path: Path, flags: Flags, clock: WoundClock) -> Iterator[Shop]:
    with open_shop(tmp_path / "shop", flags=flags, clock=clock) as shop:
        yield shop


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def entrust(shop: Shop, receiver: Receiver) -> tuple[str, str, NewHook]:
    """Make a destination and a hook with secrets; return the destination with its signing secret, and the hook."""
    settings = {"url": receiver.url + "/in", "headers": {"Authorization": TOKEN}, "timeout_s": 2}
    made = shop.destinations.create("webhook", Plan(name="Orders", settings=settings))
    assert made.signing_secret is not None
    mapping = HookMapping(rules=[HookRule(event="'Order Completed'", user_id="id")])
    hook = shop.hooks.create("Orders in", mapping=mapping, secret=ENTRUSTED)
    return made.destination.destination_id, made.signing_secret, hook


def lying_about(shop: Shop) -> bytes:
    """Return all that the state holds, and every file of the shop's folder."""
    files = [path.read_bytes() for path in sorted(shop.folder.rglob("*")) if path.is_file()]
    if shop.database.dialect == "postgresql":
        with shop.database.read() as connection:
            tables = connection.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
            ).scalars()
            for table in list(tables):
                rows = connection.exec_driver_sql(f'SELECT t::text FROM "{table}" t').scalars()
                files += [row.encode() for row in rows]
    return b"\n".join(files)


def make_old(shop: Shop, destination_id: str, hook_id: str, keys: list[str], settings: dict[str, Any]) -> None:
    """Let the secrets lie as an older version left them."""
    with shop.database.write() as connection:
        kept = definitions.one(connection, destination_id)
        assert kept is not None
        definition = msgspec.structs.replace(kept.definition, settings=settings)
        definitions.put(connection, definition, [definitions.Key(secret=key) for key in keys])
        connection.execute(
            text("UPDATE hooks_hooks SET secrets = :secrets WHERE hook_id = :hook_id"),
            {"secrets": msgspec.json.encode([{"secret": ENTRUSTED}]).decode(), "hook_id": hook_id},
        )
        for capability in ("destinations", "hooks"):
            connection.execute(
                text("DELETE FROM kernel_migrations WHERE capability = :capability AND number = 2"),
                {"capability": capability},
            )
    shop.hooks.publish()


def works(shop: Shop, receiver: Receiver, signing_secret: str, hook: NewHook) -> None:
    """See an event go out with token and signature, and a signed delivery come in."""
    receiver.received.clear()
    happen(shop, track("Order Completed"))
    shop.destinations.deliver()
    (sent,) = receiver.received
    assert sent.headers["authorization"] == TOKEN
    assert signing.is_signed(signing_secret, sent.headers, sent.body, now_s=shop.clock.now_us() // 1_000_000)
    with closing(Counter(build_web(shop))) as counter:
        body, now_s = b'{"id": "ann"}', shop.clock.now_us() // 1_000_000
        signed = sign(hook.hook.scheme, ENTRUSTED, body, now_s, message_id="m1")
        assert counter.ask("POST", hook.hook.path, content=body, headers=signed).status_code == 200


def test_secrets_are_used_and_lie_nowhere_in_the_clear(shop: Shop, receiver: Receiver) -> None:
    _, signing_secret, hook = entrust(shop, receiver)
    works(shop, receiver, signing_secret, hook)
    found = lying_about(shop)
    assert b"Orders in" in found, "it was looked where they would lie"
    for secret in (TOKEN, ENTRUSTED, signing_secret, signing_secret.removeprefix("whsec_")):
        assert secret.encode() not in found
    assert (shop.folder / "seal.key").stat().st_mode & 0o777 == 0o600


def test_secrets_of_an_older_version_are_sealed_when_the_shop_is_opened(
    shop: Shop, receiver: Receiver, flags: Flags, clock: WoundClock
) -> None:
    destination_id, signing_secret, hook = entrust(shop, receiver)
    settings = {"url": receiver.url + "/in", "headers": {"Authorization": TOKEN}, "timeout_s": 2}
    make_old(shop, destination_id, hook.hook.hook_id, [signing_secret], settings)
    for secret in (TOKEN, ENTRUSTED, signing_secret):
        assert secret.encode() in lying_about(shop)
    shop.close()
    with open_shop(shop.folder, flags=flags, clock=clock) as again:
        works(again, receiver, signing_secret, hook)
        with again.database.read() as connection:
            (kept,) = definitions.all_kept(connection)
        assert "url" not in kept.definition.settings
    if again.database.dialect == "sqlite":
        Database.open(str(shop.folder / "state.db")).close()  # the journal is folded back
    found = lying_about_closed(shop.folder, flags)
    for secret in (TOKEN, ENTRUSTED, signing_secret):
        assert secret.encode() not in found


def lying_about_closed(folder: Path, flags: Flags) -> bytes:
    """Return what lies there once nobody has the shop open."""
    with open_shop(folder, flags=flags, partition=None) as shop:
        rows = lying_about(shop) if shop.database.dialect == "postgresql" else b""
    return rows + b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_without_the_key_nothing_is_lost_but_the_secrets_and_they_can_be_given_again(
    shop: Shop, receiver: Receiver
) -> None:
    destination_id, _, hook = entrust(shop, receiver)
    (shop.folder / "seal.key").unlink()
    shop.hooks.publish()
    happen(shop, track("Order Completed"))
    shop.destinations.deliver()
    shown = shop.destinations.get(destination_id)
    assert shown.settings == {}
    assert "is not there. Put it back from a backup, or enter the secrets again" in (shown.health.last_error or "")
    assert (shown.health.waiting, receiver.received) == (1, [])
    (hint,) = shop.hooks.find(hook.hook.hook_id).secrets
    assert (hint.ending, hint.is_readable) == ("", False)
    with closing(Counter(build_web(shop))) as counter:
        signed = sign(hook.hook.scheme, ENTRUSTED, b"{}", shop.clock.now_us() // 1_000_000, message_id="m1")
        refused = counter.ask("POST", hook.hook.path, content=b"{}", headers=signed)
        assert (refused.status_code, refused.json()["code"]) == (503, "hook_sealed")
        assert int(refused.headers["retry-after"]) > 0, "the service comes again"
    shop.destinations.pause(destination_id)  # what needs no secret is done without
    secret = shop.destinations.rotate_secret(destination_id).signing_secret
    settings = {"url": receiver.url + "/in", "headers": {"Authorization": TOKEN}, "timeout_s": 2}
    shop.destinations.change(destination_id, Plan(settings=settings))
    shop.destinations.resume(destination_id)
    given = shop.hooks.set_secret(hook.hook.hook_id, secret=ENTRUSTED, overlap_s=86_400)
    assert [one.is_readable for one in given.hook.secrets] == [True], "what cannot be read verifies no longer"
    shop.destinations.deliver()
    assert len(receiver.received) == 1
    assert secret is not None
    works(shop, receiver, secret, hook)


def test_a_key_that_is_put_back_opens_a_hook_again_at_once(shop: Shop, receiver: Receiver) -> None:
    _, _, hook = entrust(shop, receiver)
    key_file = shop.folder / "seal.key"
    key = key_file.read_bytes()
    key_file.unlink()
    with closing(Counter(build_web(shop))) as counter:

        def deliver() -> int:
            signed = sign(hook.hook.scheme, ENTRUSTED, b"{}", shop.clock.now_us() // 1_000_000, message_id="m1")
            return counter.ask("POST", hook.hook.path, content=b"{}", headers=signed).status_code

        assert deliver() == 503
        key_file.write_bytes(key)
        assert isinstance(shop.clock, WoundClock)
        shop.clock.wind(timedelta(seconds=1))
        assert deliver() == 200


def test_the_key_may_lie_elsewhere(tmp_path: Path, flags: Flags, clock: WoundClock, receiver: Receiver) -> None:
    key_file = tmp_path / "keys" / "shop.key"
    key_file.parent.mkdir()
    with open_shop(tmp_path / "shop", flags={**flags, "state.key_file": str(key_file)}, clock=clock) as shop:
        _, signing_secret, hook = entrust(shop, receiver)
        works(shop, receiver, signing_secret, hook)
        assert key_file.exists()
        assert not (shop.folder / "seal.key").exists()
