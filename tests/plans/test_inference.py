"""A plan is inferred from what came, and tried on it before anybody is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any  # Any: JSON

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plans.conftest import Counter, ordered
from tests.plans.test_judging import event as event_with

from regulars.events.core import Call
from regulars.events.plans import EventRule, PersonalField, PlanBody
from regulars.events.plans.core import Ready, faults_in
from regulars.events.plans.core.inference import Inferred, Seen, infer
from regulars.events.plans.core.looks_personal import looks_personal
from regulars.events.plans.core.personal import COVERED
from regulars.kernel.errors import InvalidError, NotFoundError


def inferred(*properties: dict[str, Any], call: Call = "track", name: str = "Order Completed") -> Inferred:  # Any: JSON
    return infer([Seen(call, name, each) for each in properties], {})


def schema(*properties: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    return inferred(*properties).body.events[0].schema


def field(name: str, values: list[Any]) -> Any:  # Any: JSON
    return schema(*({name: value} for value in values))["properties"][name]


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("quantity", [*range(1, 25)], {"type": "integer"}),
        ("quantity", [1, 2, 3], {"type": "number"}),
        ("quantity", [0, 1] * 20, {"type": "number"}),
        ("price", [*range(1, 25)], {"type": "number"}),
        ("position", [0, 1.5] * 20, {"type": "number"}),
        ("is_new", [True, False], {"type": "boolean"}),
        ("at", ["2026-10-01T12:00:00Z", "2026-10-01T12:00:00.1+08:00"] * 3, {"type": "string", "format": "date-time"}),
        ("day", ["2026-10-01"] * 5, {"type": "string", "format": "date"}),
        ("day", ["2026-10-01"] * 4, {"type": "string"}),
        ("at", ["2026-10-01T12:00:00Z"] * 9 + ["now"], {"type": "string"}),
        ("image", ["https://example.org/a.png"] * 5, {"type": "string", "format": "uri"}),
        ("size", ["size:large"] * 9, {"type": "string"}),
        ("contact", [f"ann{n}@example.org" for n in range(9)], {"type": "string", "format": "email"}),
        ("order", ["0f8fad5b-d9cb-469f-a165-70867728950e"] * 5, {"type": "string", "format": "uuid"}),
        ("size", ["s", "m", "l"] * 20, {"type": "string", "enum": ["l", "m", "s"]}),
        ("size", ["s", "m", "l", None] * 20, {"type": ["string", "null"], "enum": ["l", "m", "s", None]}),
        ("size", ["s", "m", "l"] * 5, {"type": "string"}),
        ("size", ["s"] * 99 + ["m"], {"type": "string"}),
        ("currency", ["EUR"] * 99, {"type": "string"}),
        ("product_id", ["a", "b"] * 50, {"type": "string"}),
        ("title", ["a", "b"] * 50, {"type": "string"}),
        ("email", ["a", "b"] * 50, {"type": "string"}),
        ("tags", [["a", "b"], ["c"]], {"type": "array", "items": {"type": "string"}}),
        ("tags", [[], []], {"type": "array"}),
        ("note", [None, None], {}),
        ("note", [None, "x"], {"type": ["string", "null"]}),
        ("size", [3, "m"] * 30, {"type": ["number", "string"]}),
        ("position", [0] * 30, {"type": "number"}),
        ("size", ["m"] * 398 + [3] * 2, {"type": "string"}),
        ("size", ["m"] * 197 + [3] * 3, {"type": ["number", "string"]}),
    ],
)  # fmt: skip
def test_what_is_inferred_of_a_field(name: str, values: list[Any], found: dict[str, Any]) -> None:  # Any: JSON
    assert field(name, values) == found


def test_a_field_is_required_when_it_is_nearly_always_there() -> None:
    whole = [{"order_id": f"o{n}", "total": n} for n in range(399)]
    assert schema(*whole[:19]).get("required") is None, "too few to tell"
    assert schema(*whole[:20])["required"] == ["order_id", "total"]
    assert schema(*whole[:50], {"order_id": "x"})["required"] == ["order_id"]
    assert schema(*whole, {"order_id": "x"})["required"] == ["order_id", "total"], "one of four hundred is a mistake"


def test_lists_of_objects_and_objects_in_objects_are_looked_into() -> None:
    orders = [{"products": [{"sku": "a", "price": 1.5}, {"sku": "b"}], "address": {"city": "Taipei"}}] * 20
    found = schema(*orders)["properties"]
    assert found["products"]["items"] == {
        "type": "object",
        "properties": {"price": {"type": "number"}, "sku": {"type": "string"}},
        "required": ["sku"],
    }
    assert found["address"]["properties"] == {"city": {"type": "string"}}


def test_a_table_with_hundreds_of_names_is_not_listed() -> None:
    found = field("seen", [{f"song-{n}-{m}": m for m in range(50)} for n in range(10)])
    assert found == {"type": "object", "additionalProperties": {"type": "integer"}}


def test_what_looks_personal_is_marked_and_its_samples_are_covered() -> None:
    people = [{"email": f"ann{n}@example.org", "name": f"Ann {n}", "plan": "pro"} for n in range(5)]
    found = inferred(*people, call="identify", name="Identify")
    assert found.body.personal == [
        PersonalField(pointer="/traits/email", kind="email"),
        PersonalField(pointer="/traits/name"),
    ]
    samples = {one.pointer: one.samples for one in found.events[0].fields}
    assert samples == {"/traits/email": [COVERED] * 3, "/traits/name": [COVERED] * 3, "/traits/plan": ["pro"]}
    hashed = inferred(*({"email": "hmac-sha256:" + "0" * 64} for _ in range(5)), call="identify", name="Identify")
    assert hashed.body.personal[0].action == "hash", "it came hashed, so the plan hashes it"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("email", "email"), ("userEmail", "email"), ("e-mail", "email"), ("phone_number", "phone"), ("mobile", "phone"),
        ("tel", "phone"), ("hotel", None), ("first_name", "text"), ("lastName", "text"), ("birthday", "text"),
        ("shippingAddress", "text"), ("ip", "text"), ("zip", "text"), ("description", None), ("product_name", None),
        ("title", None), ("total", None), ("email_opt_in", "email"),
    ],
)  # fmt: skip
def test_names_that_look_personal(name: str, kind: str | None) -> None:
    assert looks_personal(name) == kind


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.sampled_from(["a", "b", "2026-10-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), JSON, max_size=4), min_size=1, max_size=60))
def test_fewer_than_two_hundred_events_all_keep_to_the_plan_inferred_from_them(
    properties: list[dict[str, Any]],
) -> None:  # Any: JSON
    body = inferred(*properties).body
    assert faults_in(body) == []
    ready = Ready("p", "p", 1, body)
    assert [ready.verdict(event_with(each)) for each in properties] == [None] * len(properties)


def test_a_plan_is_inferred_from_history_of_the_sources_and_days_asked_for(counter: Counter) -> None:
    app = counter.shop.events.create_source("App", "ios")
    counter.take(*({**ordered(f"old{n}"), "event": "Long Ago"} for n in range(3)))
    counter.clock.wind(timedelta(days=8))
    counter.take(*(ordered(f"m{n}", order_id=f"o{n}", total=n) for n in range(30)))
    counter.take({**ordered("a1"), "event": "App Opened"}, source_id=app.source_id)
    counter.shop.events.append([ordered("own")])
    counter.shop.catch_up()
    found = counter.plans.infer()
    assert [(one.name, one.events, one.sampled) for one in found.events] == [
        ("Order Completed", 30, 30),
        ("App Opened", 1, 1),
    ]
    assert found.body.events[0].schema["required"] == ["order_id", "total"]
    chosen = counter.plans.infer(sources=[app.source_id], days=9)
    assert [rule.name for rule in chosen.body.events] == ["App Opened"]
    assert chosen.body.sources == [app.source_id]
    with pytest.raises(NotFoundError, match="nothing to infer a plan from"):
        counter.plans.infer(sources=["nobody"])
    with pytest.raises(InvalidError, match="1 to 90 days, got 0"):
        counter.plans.infer(days=0)


def test_a_draft_is_tried_on_the_last_day_before_it_refuses_anybody(counter: Counter) -> None:
    counter.take(*(ordered(f"m{n}", order_id=f"o{n}", total=n) for n in range(8)))
    counter.take(ordered("bad1", order_id="o9"), ordered("bad2", order_id="o10"), {**ordered("x"), "event": "Odd"})
    before = counter.rows("SELECT COUNT(*) FROM plans_problems")
    body = PlanBody(
        mode="block", unknown="warn", events=[EventRule(name="Order Completed", schema={"required": ["total"]})]
    )
    trial = counter.plans.try_out(body)
    assert (trial.events, trial.wrong, trial.blocked, trial.is_whole) == (11, 3, 2, True)
    assert [(one.name, one.events, one.wrong, one.blocked) for one in trial.by_event] == [
        ("Order Completed", 10, 2, 2),
        ("Odd", 1, 1, 0),
    ]
    first = trial.problems[0]
    assert (first.sentence, first.events, first.mode) == ("/properties/total must be there.", 2, "block")
    assert len(first.samples) == 2
    assert counter.rows("SELECT COUNT(*) FROM plans_problems") == before, "nothing is kept"
    counter.clock.wind(timedelta(days=2))
    assert counter.plans.try_out(body).events == 0
    assert counter.plans.try_out(body, hours=72).events == 11
    with pytest.raises(InvalidError, match="1 to 720 hours of traffic, got 0"):
        counter.plans.try_out(body, hours=0)


def test_a_plan_for_all_sources_is_not_tried_on_those_that_another_plan_has(counter: Counter) -> None:
    app = counter.shop.events.create_source("App", "ios")
    counter.take(ordered("m1"))
    counter.take(ordered("m2"), source_id=app.source_id)
    other = counter.published(PlanBody(sources=[app.source_id]), "App")
    body = PlanBody(unknown="block")
    assert counter.plans.try_out(body).events == 1
    assert counter.plans.try_out(body, plan_id=other).events == 2
