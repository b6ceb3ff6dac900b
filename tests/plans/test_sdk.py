"""A plan inferred from the demo shop catches a broken call of the real SDK, and lets the sound ones pass."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import httpx
import pytest
from tests.events.conftest import Host

from regulars.app import Shop, open_shop
from regulars.app.http import build_web
from regulars.events.live import Wanted
from regulars.testing.demo.sending import Sender
from regulars.testing.simulator import Call, World
from regulars.web.keys import Keys

PAST = 3_000
GOING_ON = 500


@pytest.fixture
def shop(host: Host, tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path / "shop", partition="web-0") as opened:
        host.app = build_web(opened).asgi
        yield opened


def broken(message_id: str, **properties: object) -> Call:
    return Call(
        at_us=0,
        message_id=message_id,
        kind="track",
        name="Order Completed",
        user_id="ann",
        anonymous_id=None,
        properties=dict(properties),
        context={},
    )


@pytest.mark.parametrize("demo", ["store", "music"])
def test_sound_calls_pass_the_plan_inferred_from_the_demo(shop: Shop, host: Host, demo: str) -> None:
    source = shop.events.create_source("Shop", "server")
    sender = Sender(host.url, source.write_key)
    calls = World(demo, seed=11).calls(0)
    for call in islice(calls, PAST):
        sender.send(call)
    sender.flush()
    shop.catch_up()
    body = shop.plans.infer(days=1).body
    plan = shop.plans.create("Inferred", body.__class__(mode="block", unknown="block", events=body.events))
    shop.plans.publish(plan.plan_id)
    for call in islice(calls, GOING_ON):
        sender.send(call)
    sender.close()
    shop.catch_up()
    assert sender.failed == 0
    outcomes = shop.events.traffic().outcomes
    assert outcomes.accepted + outcomes.corrected == PAST + GOING_ON
    assert shop.plans.violations(plan.plan_id).wrong == 0


def test_a_broken_call_of_the_real_sdk_is_caught(shop: Shop, host: Host) -> None:
    source = shop.events.create_source("Shop", "server")
    sender = Sender(host.url, source.write_key)
    calls = World("store", seed=11).calls(0)
    for call in islice(calls, PAST):
        sender.send(call)
    sender.flush()
    shop.catch_up()
    _, secret = Keys(database=shop.database, clock=shop.clock).make(name="m", role="marketer", created_by="a test")
    bearer = {"authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=host.url, headers=bearer, verify=False, timeout=60) as http:  # noqa: S501 (no TLS here)
        inferred = http.post("/v1/plans/infer", json={"days": 1}).json()
        body = {**inferred["body"], "mode": "block"}
        plan = http.post("/v1/plans", json={"name": "Inferred", "body": body}).json()
        address = f"/v1/plans/{plan['plan_id']}"
        assert http.post(f"{address}/try", json={}).json()["wrong"] == 0, "what it was inferred from keeps to it"
        assert http.post(f"{address}/publish", json={}).status_code == 200
        sender.send(broken("good", **next(call for call in calls if call.name == "Order Completed").properties))
        sender.send(broken("no-products", order_id="o-1", total=12.5, currency="EUR"))
        sender.send(broken("text-for-a-number", order_id="o-2", total="12.50", products=[{"product_id": 7}]))
        sender.close()
        shop.catch_up()
        lines = shop.events.live.recent(Wanted(outcome="rejected"), cursor=None, limit=10).items
        assert {line.event_id for line in lines} == _letters(shop)
        assert len(lines) == 2
        assert all(line.codes == ["plan_blocked"] for line in lines)
        seen = http.get(f"{address}/violations").json()
        assert (seen["wrong"], seen["blocked"]) == (2, 2)
        problems = http.get(f"{address}/problems").json()["items"]
        found = {(line["pointer"], line["kind"]) for line in problems}
        assert found >= {("/properties/products", "missing"), ("/properties/total", "wrong_type")}
        (problem,) = [
            line for line in problems if line["pointer"] == "/properties/total" and line["kind"] == "wrong_type"
        ]
        (sample,) = http.get(f"{address}/problems/{problem['problem_id']}/samples").json()
        assert sample["values"] == ['"12.50"']
    assert sender.failed == 0, "the SDK was answered with 200: a batch is judged after it is durable"


def _letters(shop: Shop) -> set[str]:
    with shop.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT event_id FROM events_dead_letters WHERE projection = 'plan'")
        return {str(row[0]) for row in rows}
