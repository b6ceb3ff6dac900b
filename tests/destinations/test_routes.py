"""Destinations over HTTP: who may do what, what is shown, what is written into the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from tests.app.conftest import Counter, bearer
from tests.destinations.conftest import deliver_until_quiet, happen, track

from regulars.app import Shop
from regulars.app.http import build_web, measures
from regulars.kernel.clock import WoundClock
from regulars.testing.receiver import Receiver, Reply


@pytest.fixture
def counter(shop: Shop) -> Iterator[Counter]:
    counter = Counter(build_web(shop))
    yield counter
    counter.close()


def make(shop: Shop, counter: Counter, receiver: Receiver) -> dict[str, object]:
    body = {
        "kind": "webhook",
        "name": "Orders",
        "settings": {"url": receiver.url, "headers": {"Authorization": "Bearer s3cret"}},
        "events": {"names": ["Order Completed"]},
        "pace": {"requests_max": 1},
    }
    came = counter.ask("POST", "/v1/destinations", json=body, headers=bearer(shop, "admin"))
    assert came.status_code == 201, came.text
    made: dict[str, object] = came.json()
    return made


def test_an_admin_makes_one_and_everyone_sees_how_it_fares(
    shop: Shop, counter: Counter, receiver: Receiver, clock: WoundClock
) -> None:
    made = make(shop, counter, receiver)
    assert str(made["signing_secret"]).startswith("whsec_")
    destination = made["destination"]
    assert isinstance(destination, dict)
    one, viewer = destination["destination_id"], bearer(shop, "viewer")
    receiver.answer_with(Reply(422), Reply(422), Reply(422), Reply(422), Reply(422), Reply(200))
    happen(shop, track("Order Completed"))
    deliver_until_quiet(shop, clock, hours=0.2)
    (listed,) = counter.ask("GET", "/v1/destinations", headers=viewer).json()
    assert listed["settings"]["headers"] == {"Authorization": "(set)"}
    assert (listed["health"]["dead_letters"], listed["health"]["state"]) == (1, "failing")
    figures = counter.ask("GET", f"/v1/destinations/{one}/figures?hours=1", headers=viewer).json()
    assert sum(span["retried"] for span in figures["spans"]) == 4
    deliveries = counter.ask("GET", f"/v1/destinations/{one}/deliveries?outcome=dead", headers=viewer).json()
    assert [entry["status"] for entry in deliveries["items"]] == [422]
    letters = counter.ask("GET", f"/v1/destinations/{one}/dead-letters", headers=viewer).json()["items"]
    assert letters[0]["event"]["name"] == "Order Completed"
    retried = counter.ask(
        "POST", f"/v1/destinations/{one}/dead-letters/{letters[0]['letter_id']}/retry", headers=bearer(shop, "marketer")
    )
    assert retried.json() == {"count": 1}
    clock.wind(timedelta(minutes=10))
    shop.destinations.deliver()
    assert counter.ask("GET", f"/v1/destinations/{one}", headers=viewer).json()["health"]["state"] == "good"


def test_changes_are_written_into_the_audit_log(shop: Shop, counter: Counter, receiver: Receiver) -> None:
    made = make(shop, counter, receiver)
    destination = made["destination"]
    assert isinstance(destination, dict)
    one, admin = destination["destination_id"], bearer(shop, "admin")
    assert counter.ask("POST", f"/v1/destinations/{one}/pause", headers=bearer(shop, "viewer")).status_code == 403
    for path, body in (("pause", None), ("resume", None), ("test", None), ("secret", {"overlap_h": 1})):
        came = counter.ask("POST", f"/v1/destinations/{one}/{path}", headers=admin, json=body)
        assert came.status_code == 200, came.text
    changed = counter.ask("PATCH", f"/v1/destinations/{one}", headers=admin, json={"name": "All orders"})
    assert changed.json()["name"] == "All orders"
    assert counter.ask("DELETE", f"/v1/destinations/{one}", headers=admin).status_code == 204
    audit = counter.ask("GET", "/v1/audit", headers=admin).json()
    assert {
        "destination_created", "destination_paused", "destination_resumed", "destination_tested",
        "destination_secret_rotated", "destination_changed", "destination_deleted",
    } <= {entry["action"] for entry in audit["items"]}  # fmt: skip
    assert "s3cret" not in msgspec.json.encode(audit).decode()
    assert "whsec_" not in msgspec.json.encode(audit).decode()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"kind": "webhook", "name": "X", "settings": {"url": "http://10.0.0.1:22/"}}, "Port 22 is not called"),
        ({"kind": "webhook", "name": "X", "settings": {"url": "https://2130706433/"}}, "must be a whole address"),
        ({"kind": "webhook", "name": "X", "settings": {"url": "https://10.0.0.1/"}}, "an address that is not public"),
        ({"kind": "webhook", "name": "", "settings": {}}, "name"),
        ({"kind": "webhook", "name": "X", "settings": "text"}, "`settings` must be"),
        ({"kind": "fax", "name": "X", "settings": {}}, "no kind of destination 'fax'"),
        (
            {"kind": "webhook", "name": "X", "settings": {"url": "https://x.example"}, "pace": {"batch_wait_s": 5}},
            "set `batch_max` above 1",
        ),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_sentence(
    shop: Shop, counter: Counter, body: dict[str, object], sentence: str
) -> None:
    came = counter.ask("POST", "/v1/destinations", json=body, headers=bearer(shop, "admin"))
    assert came.status_code == 400
    assert sentence in came.text


def test_the_kinds_say_what_they_want_to_be_told(shop: Shop, counter: Counter) -> None:
    kinds = {
        kind["name"]: kind
        for kind in counter.ask("GET", "/v1/destinations/kinds", headers=bearer(shop, "viewer")).json()
    }
    assert sorted(kinds) == ["csv_drop", "http_audience", "parquet", "webhook"]
    schema = kinds["webhook"]["settings_schema"]
    assert schema["properties"]["url"]["format"] == "uri"
    assert schema["properties"]["headers"]["additionalProperties"]["writeOnly"] is True
    assert schema["required"] == ["url"]


def test_hours_and_runs_are_those_of_their_own_feed(shop: Shop, counter: Counter, receiver: Receiver) -> None:
    destination = make(shop, counter, receiver)["destination"]
    assert isinstance(destination, dict)
    one, viewer = destination["destination_id"], bearer(shop, "viewer")
    for path in ("hours", "syncs"):
        came = counter.ask("GET", f"/v1/destinations/{one}/{path}", headers=viewer)
        assert came.status_code == 400
        assert "look at its deliveries" in came.text
    assert counter.ask("GET", "/v1/destinations/nobody/figures", headers=viewer).status_code == 404
    unknown = counter.ask("POST", f"/v1/destinations/{one}/dead-letters/9/retry", headers=bearer(shop, "admin"))
    assert unknown.status_code == 404


def test_the_numbers_stand_in_metrics(shop: Shop, receiver: Receiver, counter: Counter) -> None:
    destination = make(shop, counter, receiver)["destination"]
    assert isinstance(destination, dict)
    happen(shop, track("Order Completed"), track("Order Completed"))
    shop.destinations.deliver()
    happen(shop, track("Order Completed"))
    found = {(one.name, one.labels.get("outcome")): one.value for one in measures(shop) if "destination" in one.labels}
    assert found["regulars_deliveries", "delivered"] == 2
    assert found["regulars_deliveries_waiting", None] == 1
    page = counter.ask("GET", "/metrics", headers=bearer(shop, "admin")).text
    assert f'regulars_deliveries_total{{destination="{destination["destination_id"]}",outcome="delivered"}} 2.0' in page
