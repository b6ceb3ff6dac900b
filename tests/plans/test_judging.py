"""Whether an event keeps to its plan, and what is said when it does not."""

from __future__ import annotations

from typing import Any  # Any: JSON

import pytest
from tests.plans.conftest import ORDER

from regulars.events.core import Call, Event, Position, Violation
from regulars.events.plans.core import (
    EventRule,
    PersonalField,
    PlanBody,
    Ready,
    Reign,
    judged,
    reason_of,
    sentence,
    standing,
)
from regulars.events.plans.core.changes import changes
from regulars.events.plans.core.violations import KINDS, VIOLATIONS_MAX
from regulars.kernel.ids import EventId, SourceId


def event(
    properties: dict[str, Any],  # Any: JSON
    name: str = "Order Completed",
    call: Call = "track",
    context: dict[str, Any] | None = None,  # Any: JSON
) -> Event:
    return Event(
        event_id=EventId("web-0.1.0"),
        source_id=SourceId("s1"),
        message_id="m1",
        call=call,
        name=name,
        user_id="ann",
        anonymous_id=None,
        properties=properties,
        context=context or {},
        occurred_us=0,
        received_us=0,
        position=Position("web-0", 1, 0),
    )


def violations(rule: EventRule, found: Event, **body: Any) -> list[Violation]:  # Any: parts of a plan
    verdict = Ready("p1", "Web shop", 3, PlanBody(events=[rule], **body)).verdict(found)
    return list(verdict.violations) if verdict else []


def said(schema: dict[str, Any], properties: dict[str, Any]) -> list[str]:  # Any: JSON
    found = violations(EventRule(name="Order Completed", schema=schema), event(properties))
    return [sentence(one) for one in found]


def test_an_event_that_keeps_to_the_plan_has_no_verdict() -> None:
    assert violations(ORDER, event({"order_id": "o1", "total": 12.5, "currency": "TWD", "extra": True})) == []


def test_each_broken_rule_is_said_with_its_place_and_never_with_a_value() -> None:
    broken = event({"total": "secret", "currency": "secret", "products": [{"price": "secret"}, {"price": 1}]})
    found = violations(ORDER, broken)
    assert {(one.pointer, one.kind) for one in found} == {
        ("/properties/order_id", "missing"),
        ("/properties/total", "wrong_type"),
        ("/properties/currency", "not_allowed"),
        ("/properties/products/*/price", "wrong_type"),
        ("/properties/products/*/product_id", "missing"),
    }
    assert "secret" not in " ".join(sentence(one) for one in found)


@pytest.mark.parametrize(
    ("schema", "properties", "sentences"),
    [
        ({"properties": {"at": {"format": "date-time"}}}, {"at": "yesterday"}, ["/properties/at must be a date-time."]),
        ({"properties": {"to": {"format": "email"}}}, {"to": "ann"}, ["/properties/to must be a email."]),
        ({"properties": {"url": {"format": "uri"}}}, {"url": "no uri"}, ["/properties/url must be a uri."]),
        ({"properties": {"n": {"minimum": 1}}}, {"n": 0}, ["/properties/n must be at least 1."]),
        ({"properties": {"n": {"maxLength": 2}}}, {"n": "abc"}, ["/properties/n must have at most 2 characters."]),
        ({"properties": {"n": {"minItems": 1}}}, {"n": []}, ["/properties/n must have at least 1 entries."]),
        ({"properties": {"n": {"uniqueItems": True}}}, {"n": [1, 1]}, ["/properties/n must have no entry twice."]),
        ({"properties": {"n": {"pattern": "^a"}}}, {"n": "b"}, ["/properties/n must match ^a."]),
        ({"properties": {"n": {"const": True}}}, {"n": 1}, ["/properties/n must be one of true."]),
        ({"properties": {"n": False}}, {"n": 1}, ["/properties/n must not be there."]),
        ({"properties": {"n": {"not": {"type": "integer"}}}}, {"n": 1}, ["/properties/n must not be there."]),
        ({"additionalProperties": False}, {"n": 1}, ["/properties/n is not in the plan."]),
        ({"unevaluatedProperties": False}, {"n": 1}, ["/properties/n is not in the plan."]),
        ({"properties": {"n": {"type": ["integer", "null"]}}}, {"n": 1.5},
         ["/properties/n must be null or a whole number, was a number."]),
        ({"properties": {"n": {"anyOf": [{"type": "null"}, {"type": "string"}]}}}, {"n": 1},
         ["/properties/n fits none of the alternatives, or more than the one it may."]),
        ({"propertyNames": {"maxLength": 1}}, {"name": 1},
         ["/properties does not keep to the rule for names of fields."]),
        ({"dependentRequired": {"coupon": ["discount"]}}, {"coupon": "A"}, ["/properties/discount must be there."]),
        ({"properties": {"n": {"multipleOf": 5}}}, {"n": 3}, ["/properties/n must be a multiple of 5."]),
        ({"properties": {"n": {"contains": {"type": "string"}}}}, {"n": [1]},
         ["/properties/n must have an entry of the promised kind."]),
    ],
)  # fmt: skip
def test_every_kind_of_violation_is_a_sentence(
    schema: dict[str, Any], properties: dict[str, Any], sentences: list[str]
) -> None:  # Any: JSON
    assert said(schema, properties) == sentences


def test_traits_are_judged_for_identify_and_context_where_the_plan_speaks_of_it() -> None:
    rule = EventRule(
        call="identify",
        name="Identify",
        schema={"required": ["plan"]},
        context={"required": ["library"]},
    )
    found = violations(rule, event({}, "Identify", "identify"))
    assert [one.pointer for one in found] == ["/traits/plan", "/context/library"]


@pytest.mark.parametrize(("unknown", "mode"), [("allow", None), ("warn", "warn"), ("block", "block")])
def test_an_event_that_the_plan_does_not_name(unknown: Any, mode: str | None) -> None:  # Any: a Literal
    ready = Ready("p1", "Web shop", 1, PlanBody(unknown=unknown, events=[ORDER]))
    verdict = ready.verdict(event({}, "Ordr Completed"))
    assert (verdict and verdict.mode) == mode
    if verdict:
        assert reason_of(verdict, "Ordr Completed").endswith(
            "'Ordr Completed' is an event that the plan does not name."
        )
    assert ready.verdict(event({}, "Identify", "identify")) is None, "only track calls can be unknown"


def test_an_events_own_mode_goes_before_the_plans() -> None:
    body = PlanBody(mode="block", events=[EventRule(name="Order Completed", mode="observe", schema=ORDER.schema)])
    verdict = Ready("p1", "Web shop", 1, body).verdict(event({}))
    assert verdict is not None
    assert verdict.mode == "observe"
    assert not verdict.blocks


def test_a_thousand_faults_are_told_as_twenty() -> None:
    found = violations(ORDER, event({"products": [{f"n{number}": number} for number in range(1_000)]}))
    assert len(found) == 3, "places of a list are one place"
    names = {f"field {number}": 1 for number in range(1_000)}
    strict = EventRule(name="Order Completed", schema={"additionalProperties": False})
    assert len(violations(strict, event(names))) == VIOLATIONS_MAX


def test_names_that_strangers_choose_are_cut() -> None:
    strict = EventRule(name="Order Completed", schema={"additionalProperties": False})
    (found,) = violations(strict, event({"n" * 10_000: 1}))
    assert len(found.pointer) < 200


def test_what_the_door_has_hashed_or_dropped_is_not_held_against_the_sender() -> None:
    rule = EventRule(
        call="identify",
        name="Identify",
        schema={
            "properties": {
                "email": {"type": "string", "format": "email"},
                "phone": {"type": "string"},
                "home": {"$ref": "#/$defs/home"},
            },
            "required": ["email", "phone", "plan"],
            "$defs": {"home": {"properties": {"street": {"maxLength": 10}}}},
        },
    )
    personal = [
        PersonalField(pointer="/traits/email", action="hash", kind="email"),
        PersonalField(pointer="/traits/phone", action="drop"),
        PersonalField(pointer="/traits/home/street", action="hash"),
        PersonalField(pointer="/traits/plan"),
    ]
    kept = event({"email": "hmac-sha256:00", "home": {"street": "hmac-sha256:00"}}, "Identify", "identify")
    assert [one.pointer for one in violations(rule, kept, personal=personal)] == ["/traits/plan"]


def test_a_validator_that_fails_lets_the_event_pass_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Panic(BaseException):
        pass

    ready = Ready("p1", "Web shop", 1, PlanBody(mode="block", events=[ORDER]))

    def panics(_event: Event) -> None:
        raise Panic

    monkeypatch.setattr(ready, "verdict", panics)
    verdict = judged(ready, event({}))
    assert verdict is not None
    assert (verdict.mode, verdict.violations[0].kind) == ("observe", "not_judged")


def test_every_kind_has_its_words() -> None:
    for kind in KINDS:
        assert sentence(Violation(pointer="/a", kind=kind, expected="x", got="y")).startswith("/a ")
    assert sentence(Violation(pointer="/a", kind="of a later version", expected="x")) == "/a does not keep to x."


def test_a_plan_for_chosen_sources_goes_before_one_for_all_at_every_moment() -> None:
    for_all = Reign(plan_id="a", number=1, name="", from_us=10, until_us=40)
    again = Reign(plan_id="a", number=2, name="", from_us=40)
    chosen = Reign(plan_id="b", number=1, name="", from_us=20, until_us=30, sources=frozenset({"web"}))
    seen = []
    for at_us in (5, 10, 19, 20, 29, 30, 39, 40, 99):
        stands = standing([for_all, again, chosen], "web", at_us)
        assert stands.holds_at(at_us)
        seen.append(f"{stands.reign.plan_id}{stands.reign.number}" if stands.reign else "-")
    assert seen == ["-", "a1", "a1", "b1", "b1", "a1", "a1", "a2", "a2"]
    other = standing([for_all, chosen], "app", 25)
    assert (other.from_us, other.until_us) == (10, 40), "another source's turns do not matter here"


def test_the_difference_between_two_versions_is_told_in_words() -> None:
    old = PlanBody(
        events=[
            EventRule(
                name="Order Completed",
                schema={"properties": {"total": {"type": "integer"}, "at": {"type": "string"}}, "required": ["total"]},
            ),
            EventRule(name="Cart Viewed"),
        ]
    )
    new = PlanBody(
        mode="warn",
        unknown="block",
        sources=["s1"],
        personal=[PersonalField(pointer="/traits/email", action="hash", kind="email")],
        events=[
            EventRule(
                name="Order Completed",
                mode="block",
                schema={
                    "properties": {
                        "total": {"type": ["number", "null"]},
                        "currency": {"type": "string", "enum": ["EUR"]},
                        "products": {"type": "array", "items": {"required": ["sku"]}},
                    },
                    "required": ["currency"],
                },
            ),
            EventRule(call="identify", name="Identify"),
        ],
    )
    assert [change.sentence for change in changes(old, new)] == [
        "The plan goes from observe to warn.",
        "An event that the plan does not name: from allow to block.",
        "It holds for s1, before for all sources.",
        "/traits/email as personal: from nothing to hash (email).",
        "Order Completed goes from the plan's own mode to block.",
        "Order Completed: /total goes from integer to number or null.",
        "Order Completed: /total may be left out from now on.",
        "Order Completed: /at is gone.",
        "Order Completed: /currency is new (string, must be there).",
        "Order Completed: /products is new (array).",
        "Order Completed: /products/* is new (anything).",
        "Order Completed: /products/*/sku is new (anything, must be there).",
        "Cart Viewed is gone.",
        "identify:Identify is new.",
    ]
    assert changes(new, new) == []
