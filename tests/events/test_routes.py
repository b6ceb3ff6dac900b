"""Sources and events over HTTP, through the gate of a whole shop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # Any: JSON

import httpx
import pytest
from tests.events.conftest import Host

from regulars.app import Shop, open_shop
from regulars.app.http import build_web
from regulars.web.keys import Keys


@dataclass(frozen=True)
class Counter:
    """A shop that answers over HTTP, and a client for each role."""

    shop: Shop
    admin: httpx.Client
    viewer: httpx.Client
    nobody: httpx.Client

    def send(self, write_key: str, *items: dict[str, Any]) -> int:  # Any: JSON
        return self.nobody.post("/v1/batch", json={"batch": items, "writeKey": write_key}).status_code


@pytest.fixture
def counter(host: Host, tmp_path: Path) -> Iterator[Counter]:
    with open_shop(tmp_path / "shop", partition="web-0") as shop:
        web = build_web(shop)
        host.app = web.asgi
        keys = Keys(database=shop.database, clock=shop.clock)
        bearers: list[dict[str, str]] = [{}]
        for role in ("admin", "viewer"):
            _, secret = keys.make(name=role, role=role, created_by="a test")
            bearers.append({"authorization": f"Bearer {secret}"})
        clients = [httpx.Client(base_url=host.url, headers=headers, verify=False, timeout=20) for headers in bearers]  # noqa: S501 (no TLS here)
        yield Counter(shop, clients[1], clients[2], clients[0])
        for client in clients:
            client.close()


def played(message_id: str, user_id: str = "ann") -> dict[str, str]:
    return {"type": "track", "event": "Song Played", "userId": user_id, "messageId": message_id}


def test_a_source_that_was_just_opened_takes_events_at_once_and_tells_of_them(counter: Counter) -> None:
    made = counter.admin.post("/v1/sources", json={"name": "Shop front", "kind": "web"})
    assert made.status_code == 201
    source = made.json()
    assert counter.send(source["write_key"], played("m1"), played("m2")) == 200
    counter.shop.catch_up()
    (listed,) = [one for one in counter.viewer.get("/v1/sources").json() if one["source_id"] == source["source_id"]]
    assert (listed["name"], listed["events_24h"], listed["enabled"]) == ("Shop front", 2, True)
    assert listed["last_event_at"] is not None


def test_a_source_can_be_renamed_closed_and_given_a_new_key(counter: Counter) -> None:
    source = counter.admin.post("/v1/sources", json={"name": "Shop front", "kind": "web"}).json()
    address = f"/v1/sources/{source['source_id']}"
    changed = counter.admin.patch(address, json={"name": "Front", "enabled": False}).json()
    assert (changed["name"], changed["enabled"]) == ("Front", False)
    rotated = counter.admin.post(f"{address}/rotate")
    assert rotated.status_code == 200
    assert rotated.json()["write_key"] != source["write_key"]


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"name": "", "kind": "web"}, 400, "1 to 120"),
        ({"name": "x", "kind": "fax"}, 400, "kind"),
        ({"kind": "web"}, 400, "name"),
    ],
)
def test_what_is_no_source_is_refused_with_a_reason(
    counter: Counter, body: dict[str, str], status: int, word: str
) -> None:
    answer = counter.admin.post("/v1/sources", json=body)
    assert answer.status_code == status
    assert word in answer.text


def test_who_may_only_look_cannot_change_a_source_and_a_stranger_not_even_look(counter: Counter) -> None:
    assert counter.viewer.post("/v1/sources", json={"name": "x", "kind": "web"}).status_code == 403
    assert counter.nobody.get("/v1/sources").status_code == 401
    assert counter.nobody.get("/v1/events/recent").status_code == 401
    assert counter.admin.patch("/v1/sources/nobody", json={"name": "x"}).status_code == 404


def test_recent_events_know_their_customer_and_one_is_shown_in_full(counter: Counter) -> None:
    source = counter.admin.post("/v1/sources", json={"name": "Shop front", "kind": "web"}).json()
    counter.send(source["write_key"], played("m1"), {"type": "track", "userId": "ann"}, played("m2", "bob"))
    counter.shop.catch_up()
    page = counter.viewer.get("/v1/events/recent", params={"source_id": source["source_id"], "limit": 2}).json()
    assert [line["user_id"] for line in page["items"]] == ["bob", "ann"]
    rest = counter.viewer.get(
        "/v1/events/recent", params={"source_id": source["source_id"], "cursor": page["next_cursor"]}
    )
    (first,) = rest.json()["items"]
    assert first["customer_id"] == counter.shop.identity.find("user_id", "ann")
    mine = counter.viewer.get("/v1/events/recent", params={"customer": first["customer_id"]}).json()["items"]
    assert [line["event_id"] for line in mine if line["source_name"] == "Shop front"] == [first["event_id"]]
    whole = counter.viewer.get(f"/v1/events/{first['event_id']}").json()
    assert whole["event"]["name"] == "Song Played"
    assert json.loads(whole["raw"]) == played("m1")
    assert whole["request"]["path"] == "batch"
    rejected = counter.viewer.get("/v1/events/recent", params={"outcome": "rejected"}).json()["items"]
    assert ["'event'" in line["reason"] for line in rejected] == [True]


@pytest.mark.parametrize(
    "address",
    ["/v1/events/nothing", "/v1/events/web-0.999.0", "/v1/events/recent?limit=0", "/v1/events/recent?cursor=x"],
)
def test_a_wrong_question_is_answered_with_a_sentence(counter: Counter, address: str) -> None:
    answer = counter.viewer.get(address)
    assert answer.status_code in {400, 404}
    assert answer.json()["detail"].endswith(".")


def test_events_are_streamed_while_they_come(counter: Counter) -> None:
    source = counter.admin.post("/v1/sources", json={"name": "Shop front", "kind": "web"}).json()
    with counter.viewer.stream("GET", "/v1/events/live") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        frames = stream.iter_text()
        assert next(frames).startswith("retry:")
        counter.send(source["write_key"], played("m1"))
        counter.shop.catch_up()
        frame = next(frames)
    assert frame.startswith("event: event\ndata: {")
    assert json.loads(frame.split("data: ", 1)[1].split("\n")[0])["source_name"] == "Shop front"


def test_reasons_are_told_filtered_by_and_measured(counter: Counter) -> None:
    source = counter.admin.post("/v1/sources", json={"name": "Shop front", "kind": "web"}).json()
    counter.send(source["write_key"], played("m1"), {"type": "track", "userId": "ann"}, played("m1"))
    assert counter.send("wk_nobody", played("m2"), played("m3")) == 401
    counter.shop.catch_up()
    told = counter.viewer.get("/v1/events/reasons", params={"span": "1h"}).json()
    assert told["outcomes"] == {"accepted": 1, "corrected": 0, "duplicate": 1, "rejected": 3}
    assert {(row["source_name"], row["reason"], row["events"]) for row in told["reasons"]} == {
        ("", "wrong_key", 2),
        ("Shop front", "event_name_missing", 1),
        ("Shop front", "duplicate", 1),
    }
    found = counter.viewer.get("/v1/events/recent", params={"reason": "event_name_missing"}).json()["items"]
    assert [line["codes"] for line in found] == [["event_name_missing"]]
    whole = counter.viewer.get(f"/v1/events/{found[0]['event_id']}").json()
    assert (whole["at"], whole["live"]["codes"]) == ("event", ["event_name_missing"])
    assert counter.viewer.get("/v1/events/reasons", params={"span": "2h"}).status_code == 400
    page = counter.admin.get("/metrics").text
    assert 'regulars_events_total{outcome="rejected",reason="wrong_key",source="unknown"} 2.0' in page
    assert "# TYPE regulars_events_total counter" in page


def test_a_key_is_replaced_with_grace_and_the_door_says_what_became_of_it(counter: Counter) -> None:
    old = counter.admin.post("/v1/sources", json={"name": "Shop front", "kind": "web"}).json()
    address = f"/v1/sources/{old['source_id']}"
    assert counter.viewer.post(f"{address}/rotate", json={"grace_days": 7}).status_code == 403
    assert counter.admin.post(f"{address}/rotate", json={"grace_days": 99}).status_code == 400
    new = counter.admin.post(f"{address}/rotate", json={"grace_days": 7}).json()
    assert counter.send(old["write_key"], played("m1")) == 200
    assert counter.send(new["write_key"], played("m2")) == 200
    counter.shop.catch_up()
    (shown,) = counter.viewer.get("/v1/sources").json()
    assert (shown["events_24h"], shown["old_keys"]["events_24h"]) == (2, 1)
    ended = counter.admin.delete(f"{address}/old-keys")
    assert (ended.status_code, ended.json()["old_keys"]) == (200, None)
    body = {"batch": [played("m3")], "writeKey": old["write_key"]}
    tries = (counter.nobody.post("/v1/batch", json=body) for _ in range(5_000))  # the door looks once a second
    refused = next(answer for answer in tries if answer.status_code == 401)
    assert (
        refused.json()["detail"] == "The write key of 'Shop front' was replaced. Copy the new one from Sources & keys."
    )
    assert counter.admin.post(f"{address}/rotate").json()["old_keys"] is None, "nothing said: no grace"
    kinds = [entry["action"] for entry in counter.admin.get("/v1/audit").json()["items"]]
    assert {"source_key_rotated", "source_old_keys_ended"} <= set(kinds)
