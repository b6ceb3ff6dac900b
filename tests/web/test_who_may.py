"""Roles, people, keys, and what happens when the state database is away."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any  # Any: an ASGI scope has whatever a server puts there

import pytest
from litestar.types import HTTPRequestEvent, Message
from tests.web.conftest import PASSWORD, Browser, Counter

from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import DatabaseError
from regulars.web.keys import Keys

BEN = {"name": "Ben", "email": "ben@shop.example", "password": "another long phrase"}


def key(owner: Browser, role: str) -> str:
    made = owner.ask("POST", "/v1/keys", json={"name": f"A {role}", "role": role})
    assert made.status_code == 201
    return str(made.json()["secret"])


def bearer(counter: Counter, secret: str) -> Browser:
    return counter.browser(Authorization=f"Bearer {secret}")


@pytest.mark.parametrize(
    ("role", "undeclared", "viewed", "made"),
    [("viewer", 403, 200, 403), ("marketer", 403, 200, 201), ("admin", 200, 200, 201)],
)
def test_each_role_may_what_the_one_before_may_and_what_nobody_declared_is_for_admins(
    counter: Counter, role: str, undeclared: int, viewed: int, made: int
) -> None:
    server = bearer(counter, key(counter.owner(), role))
    assert server.bare("GET", "/v1/things/undeclared").status_code == undeclared
    assert server.bare("GET", "/v1/things/viewed").status_code == viewed
    assert server.bare("POST", "/v1/things/x").status_code == made


def test_a_stranger_gets_401_with_a_way_to_sign_in(counter: Counter) -> None:
    answer = counter.browser().bare("GET", "/v1/things/viewed")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "Sign in" in answer.json()["detail"]


def test_an_unknown_key_is_refused_even_where_anyone_may_come(counter: Counter) -> None:
    assert bearer(counter, "rgs_unknown").bare("GET", "/healthz").status_code == 401


def test_a_secret_is_shown_once_and_its_key_can_be_revoked(counter: Counter) -> None:
    owner = counter.owner()
    secret = key(owner, "viewer")
    server = bearer(counter, secret)
    assert server.bare("GET", "/v1/things/viewed").status_code == 200
    listed = owner.ask("GET", "/v1/keys")
    assert secret not in listed.text
    assert listed.json()[0]["prefix"] == secret[:10]
    assert owner.ask("DELETE", f"/v1/keys/{listed.json()[0]['key_id']}").status_code == 204
    assert server.bare("GET", "/v1/things/viewed").status_code == 401


def test_no_secret_and_no_password_lies_in_the_database(counter: Counter) -> None:
    owner = counter.owner()
    secret, token = key(owner, "viewer"), owner.http.cookies["regulars_session"]
    with counter.database.read() as connection:
        for table in ("web_people", "web_sessions", "web_keys", "web_links", "web_audit"):
            held = str(connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall())
            assert not any(word in held for word in (secret, token, PASSWORD))


def test_the_last_admin_can_neither_go_nor_step_down(counter: Counter) -> None:
    owner = counter.owner()
    ann = owner.ask("GET", "/v1/session").json()["person_id"]
    assert owner.ask("DELETE", f"/v1/people/{ann}").status_code == 409
    assert owner.ask("PATCH", f"/v1/people/{ann}", json={"role": "viewer"}).status_code == 409
    ben = owner.ask("POST", "/v1/people", json={**BEN, "role": "admin"}).json()["person_id"]
    assert owner.ask("PATCH", f"/v1/people/{ann}", json={"role": "viewer"}).status_code == 200
    assert ben != ann


def test_a_new_role_ends_the_persons_sessions(counter: Counter) -> None:
    owner = counter.owner()
    person = owner.ask("POST", "/v1/people", json={**BEN, "role": "marketer"}).json()
    ben = counter.browser()
    ben.ask("POST", "/v1/session", json={"email": BEN["email"], "password": BEN["password"]})
    assert ben.ask("GET", "/v1/session").json()["role"] == "marketer"
    assert owner.ask("PATCH", f"/v1/people/{person['person_id']}", json={"role": "viewer"}).status_code == 200
    assert ben.ask("GET", "/v1/session").status_code == 401


def test_one_address_is_one_person_whatever_its_case(counter: Counter) -> None:
    owner = counter.owner()
    again = owner.ask("POST", "/v1/people", json={**BEN, "email": "ANN@shop.example"})
    assert again.status_code == 409


def test_that_a_key_is_in_use_is_noted_once_a_minute_after_the_answer(
    counter: Counter, clock: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = counter.owner()
    secret = key(owner, "viewer")
    note_use, happened = Keys.note_use, list[str]()

    def noted(keys: Keys, key_id: str) -> None:
        note_use(keys, key_id)
        happened.append("noted")

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            happened.append("answered")

    async def receive() -> HTTPRequestEvent:
        return {"type": "http.request", "body": b"", "more_body": False}

    def ask() -> None:
        head = {"type": "http", "method": "GET", "path": "/v1/things/viewed", "raw_path": b"", "root_path": ""}
        headers = [(b"host", b"shop.example"), (b"authorization", f"Bearer {secret}".encode())]
        scope: Any = {**head, "headers": headers, "query_string": b"", "client": None, "scheme": "http", "state": {}}
        asyncio.run(counter.web.asgi(scope, receive, send))

    monkeypatch.setattr(Keys, "note_use", noted)
    ask()
    assert happened == ["answered", "noted"]
    assert owner.ask("GET", "/v1/keys").json()[0]["last_used_at"] is not None
    clock.wind(timedelta(seconds=30))
    ask()
    clock.wind(timedelta(seconds=40))
    ask()
    assert happened == ["answered", "noted", "answered", "answered", "noted"]


def test_known_callers_are_let_in_while_the_database_is_away(
    counter: Counter, clock: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = bearer(counter, key(counter.owner(), "viewer"))
    assert server.bare("GET", "/v1/things/viewed").status_code == 200

    def away() -> None:
        raise DatabaseError("The state database does not answer.")

    monkeypatch.setattr(counter.database, "read", away)
    clock.wind(timedelta(hours=1))
    assert server.bare("GET", "/v1/things/viewed").status_code == 200
    stranger = bearer(counter, "rgs_nobody_knows").bare("GET", "/v1/things/viewed")
    assert stranger.status_code == 503
    assert stranger.headers["Retry-After"] == "5"


def test_a_change_that_cannot_be_written_to_the_audit_log_is_not_made(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = bearer(counter, key(counter.owner(), "marketer"))
    assert server.bare("POST", "/v1/things/first").status_code == 201

    def away() -> None:
        raise DatabaseError("The state database does not answer.")

    monkeypatch.setattr(counter.database, "write", away)
    assert server.bare("POST", "/v1/things/second").status_code == 503
    assert counter.done == ["first"]


def test_the_audit_log_tells_who_did_what_to_what_and_how_it_ended(counter: Counter) -> None:
    owner = counter.owner()
    owner.ask("POST", "/v1/things/lamp")
    owner.ask("POST", "/v1/things/impossible")
    owner.ask("POST", "/v1/people", json={**BEN, "role": "marketer"})
    owner.ask("POST", "/v1/people", json={**BEN, "role": "marketer"})
    told = [(one["who"], one["action"], one["detail"]) for one in owner.ask("GET", "/v1/audit").json()["items"]]
    assert told == [
        ("Ann", "person_added", "role: marketer; refused with 409"),
        ("Ann", "person_added", "role: marketer"),
        ("Ann", "thing_made", "failed with 500"),
        ("Ann", "thing_made", None),
        ("anyone", "shop_set_up", None),
    ]
    ended = [(one["who_kind"], one["outcome"], one["status"]) for one in owner.ask("GET", "/v1/audit").json()["items"]]
    assert ended == [
        ("person", "refused", 409),
        ("person", "done", 0),
        ("person", "failed", 500),
        ("person", "done", 0),
        ("anyone", "done", 0),
    ]


def test_the_audit_log_is_read_in_pages(counter: Counter) -> None:
    owner = counter.owner()
    for number in range(5):
        owner.ask("POST", f"/v1/things/{number}")
    first = owner.ask("GET", "/v1/audit?limit=2&action=thing_made").json()
    second = owner.ask("GET", f"/v1/audit?limit=2&action=thing_made&cursor={first['next_cursor']}").json()
    last = owner.ask("GET", f"/v1/audit?limit=2&action=thing_made&cursor={second['next_cursor']}").json()
    assert [one["subject"] for page in (first, second, last) for one in page["items"]] == ["4", "3", "2", "1", "0"]
    assert last["next_cursor"] is None
