"""Tracking plans over HTTP, through the gate of a whole shop."""

from __future__ import annotations

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

RULE = {"name": "Order Completed", "schema": {"properties": {"total": {"type": "number"}}, "required": ["total"]}}
BODY = {"mode": "block", "events": [RULE]}


@dataclass(frozen=True)
class Counter:
    """A shop that answers over HTTP, with a client for each role."""

    shop: Shop
    admin: httpx.Client
    marketer: httpx.Client
    viewer: httpx.Client
    write_key: str

    def send(self, *items: dict[str, Any]) -> None:  # Any: JSON
        calls = [{"type": "track", "userId": "ann", **item} for item in items]
        assert self.viewer.post("/v1/batch", json={"batch": calls, "writeKey": self.write_key}).status_code == 200
        self.shop.catch_up()


@pytest.fixture
def counter(host: Host, tmp_path: Path) -> Iterator[Counter]:
    with open_shop(tmp_path / "shop", partition="web-0") as shop:
        host.app = build_web(shop).asgi
        keys = Keys(database=shop.database, clock=shop.clock)
        clients = []
        for role in ("admin", "marketer", "viewer"):
            _, secret = keys.make(name=role, role=role, created_by="a test")
            bearer = {"authorization": f"Bearer {secret}"}
            clients.append(httpx.Client(base_url=host.url, headers=bearer, verify=False, timeout=30))  # noqa: S501 (no TLS here)
        write_key = shop.events.create_source("Shop front", "web").write_key
        yield Counter(shop, clients[0], clients[1], clients[2], write_key)
        for client in clients:
            client.close()


def order(message_id: str, **properties: Any) -> dict[str, Any]:  # Any: JSON
    return {"event": "Order Completed", "messageId": message_id, "properties": properties}


def created(counter: Counter, body: dict[str, Any] = BODY, name: str = "Web shop") -> dict[str, Any]:  # Any: JSON
    answer = counter.marketer.post("/v1/plans", json={"name": name, "body": body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()  # Any: JSON
    return found


def test_a_plan_from_its_draft_to_its_violations(counter: Counter) -> None:
    plan = created(counter)
    address = f"/v1/plans/{plan['plan_id']}"
    published = counter.marketer.post(f"{address}/publish", json={"note": "First"})
    assert (published.status_code, published.json()["number"], published.json()["published_by"]) == (200, 1, "marketer")
    counter.send(order("m1", total=1), order("m2", total="much"), order("m3"))
    (listed,) = counter.viewer.get("/v1/plans").json()
    assert (listed["judged"], listed["wrong"], listed["blocked"]) == (3, 2, 2)
    seen = counter.viewer.get(f"{address}/violations", params={"span": "1h"}).json()
    assert (seen["judged"], seen["wrong"], seen["events"][0]["name"]) == (3, 2, "Order Completed")
    problems = counter.viewer.get(f"{address}/problems", params={"limit": 1}).json()
    assert problems["next_cursor"]
    problem = problems["items"][0]
    (sample,) = counter.viewer.get(f"{address}/problems/{problem['problem_id']}/samples").json()
    event = counter.viewer.get(f"/v1/events/{sample['event_id']}").json()
    assert event["live"]["outcome"] == "rejected"
    assert event["verdict"]["violations"][0]["pointer"] == "/properties/total"
    assert "plan_published" in [entry["action"] for entry in counter.admin.get("/v1/audit").json()["items"]]


def test_a_draft_is_edited_compared_restored_and_carried_away(counter: Counter) -> None:
    plan = created(counter)
    address = f"/v1/plans/{plan['plan_id']}"
    counter.marketer.post(f"{address}/publish", json={})
    edited = counter.marketer.put(f"{address}/draft", json={"body": {**BODY, "mode": "warn"}, "draft_number": 1})
    assert [change["sentence"] for change in edited.json()["changes"]] == ["The plan goes from block to warn."]
    assert counter.marketer.put(f"{address}/draft", json={"body": BODY, "draft_number": 1}).status_code == 409
    assert counter.viewer.get(f"{address}/changes", params={"before": 1}).json()[0]["kind"] == "mode_changed"
    assert counter.viewer.get(f"{address}/versions/1").json()["body"]["mode"] == "block"
    assert counter.marketer.post(f"{address}/restore", json={"number": 1}).json()["draft"]["mode"] == "block"
    file = counter.viewer.get(f"{address}/export").json()
    assert (file["format"], file["events"][0]["name"]) == ("regulars.plan/1", "Order Completed")
    brought = counter.marketer.post("/v1/plans/import", json={"file": {**file, "name": "Copy"}, "sources": ["s1"]})
    assert (brought.status_code, brought.json()["draft"]["sources"]) == (201, ["s1"])
    renamed = counter.marketer.patch(address, json={"name": "Shop", "description": "All of it"}).json()
    assert (renamed["name"], renamed["description"]) == ("Shop", "All of it")
    assert counter.admin.post(f"{address}/stop").json()["in_force"] is None
    assert counter.admin.delete(address).status_code == 204
    assert counter.viewer.get(address).status_code == 404


def test_a_plan_is_inferred_and_tried_with_one_question_each(counter: Counter) -> None:
    counter.send(*(order(f"m{number}", total=number) for number in range(25)))
    inferred = counter.viewer.post("/v1/plans/infer", json={}).json()
    assert inferred["body"]["events"][0]["schema"]["required"] == ["total"]
    plan = created(counter, inferred["body"])
    strict = {**BODY, "unknown": "block", "events": []}
    for body, wrong in ((None, 0), (strict, 25)):
        tried = counter.viewer.post(f"/v1/plans/{plan['plan_id']}/try", json={"body": body}).json()
        assert (tried["events"], tried["wrong"]) == (25, wrong)


def test_ready_plans_are_there_to_take(counter: Counter) -> None:
    assert [one["key"] for one in counter.viewer.get("/v1/plans/ready").json()] == [
        "segment-ecommerce", "segment-video", "music",
    ]  # fmt: skip
    file = counter.viewer.get("/v1/plans/ready/music").json()
    assert counter.marketer.post("/v1/plans/import", json={"file": file}).status_code == 201
    assert counter.viewer.get("/v1/plans/ready/nothing").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"name": "x", "body": {"events": [{"name": "A", "schema": {"type": "strin"}}]}}, 400, "/events/0/schema/type"),
        ({"name": "x", "body": {"mode": "refuse"}}, 400, "mode"),
        ({"name": ""}, 400, "1 to 120"),
        ({"name": "x", "bdy": {}}, 400, "bdy"),
        ({}, 400, "name"),
    ],
)
def test_what_is_no_plan_is_refused_with_a_reason(
    counter: Counter, body: dict[str, Any], status: int, word: str
) -> None:  # Any: JSON
    answer = counter.marketer.post("/v1/plans", json=body)
    assert answer.status_code == status
    assert word in answer.text


def test_every_role_may_do_what_it_may(counter: Counter) -> None:
    plan = created(counter)
    address = f"/v1/plans/{plan['plan_id']}"
    assert counter.viewer.post("/v1/plans", json={"name": "x"}).status_code == 403
    assert counter.viewer.put(f"{address}/draft", json={"body": {}}).status_code == 403
    assert counter.viewer.post(f"{address}/publish", json={}).status_code == 403
    assert counter.marketer.post(f"{address}/stop").status_code == 403
    assert counter.marketer.delete(address).status_code == 403


def test_only_an_admin_changes_what_the_door_takes_out(counter: Counter) -> None:
    marked = {**BODY, "personal": [{"pointer": "/properties/email", "action": "drop"}]}
    address = f"/v1/plans/{created(counter, marked)['plan_id']}"
    refused = counter.marketer.post(f"{address}/publish", json={})
    assert (refused.status_code, "Ask an admin" in refused.text) == (403, True)
    assert counter.admin.post(f"{address}/publish", json={}).status_code == 200
    counter.marketer.put(f"{address}/draft", json={"body": {**marked, "mode": "warn"}})
    assert counter.marketer.post(f"{address}/publish", json={}).status_code == 200, "the door does as before"


def test_personal_values_are_covered_in_live_events_for_everybody_but_admins(counter: Counter) -> None:
    marked = {"events": [], "personal": [{"pointer": "/properties/email", "kind": "email"}]}
    address = f"/v1/plans/{created(counter, marked)['plan_id']}"
    counter.marketer.post(f"{address}/publish", json={})
    counter.send(order("m1", email="ann@example.org", total=7))
    for client, sees in ((counter.admin, True), (counter.marketer, False), (counter.viewer, False)):
        (line,) = client.get("/v1/events/recent", params={"name": "Order Completed"}).json()["items"]
        assert "ann@example.org" not in line["summary"], "a line is read by everybody"
        event = client.get(f"/v1/events/{line['event_id']}")
        assert ("ann@example.org" in event.text) is sees
        assert event.json()["event"]["properties"]["total"] == 7
        assert event.json()["personal"] == [{"pointer": "/properties/email", "action": "keep"}]
