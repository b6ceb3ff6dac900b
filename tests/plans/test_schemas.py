"""Which schemas a plan takes, and why not the others."""

from __future__ import annotations

from typing import Any  # Any: JSON

import pytest

from regulars.events.plans.core import EventRule, PersonalField, PlanBody, faults_in
from regulars.events.plans.core.schemas import DEPTH_MAX, DIALECT, FORMATS, faults_in_schema, validator_of


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"$schema": DIALECT, "type": "object"},
        {"properties": {"$ref": {"type": "string"}, "$id": {}, "pattern": {}, "format": {}}},
        {"properties": {"a": {"pattern": "^(a+)+$"}}},
        {"$ref": "#/$defs/product", "$defs": {"product": {"type": "object"}}},
        {"$ref": "#/properties/a~1b", "properties": {"a/b": {}}},
        {"enum": [{"$ref": "https://example.org/x"}]},
        {"const": {"$ref": "https://example.org/x"}},
        {"allOf": [{"if": {"required": ["a"]}, "then": {"required": ["b"]}}]},
        *({"properties": {"a": {"format": name}}} for name in FORMATS),
    ],
)
def test_a_sound_schema_is_taken(schema: dict[str, Any]) -> None:  # Any: JSON
    assert faults_in_schema(schema, "") == []
    validator_of(schema)


def nested(levels: int) -> dict[str, Any]:  # Any: JSON
    schema: dict[str, Any] = {}  # Any: JSON
    for _ in range(levels):
        schema = {"items": schema}
    return schema


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ({"type": "strin"},
         "/type: a type is one of array, boolean, integer, null, number, object or string, got 'strin'."),
        ({"properties": {"a~b/c": {"type": 3}}}, "/properties/a~0b~1c/type: a type is one of"),
        ({"required": "a"}, "/required: must be array, got 'a'."),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "/$schema: plans are written in draft 2020-12"),
        ({"items": {"$schema": DIALECT}}, "/items/$schema: $schema stands at the top of a schema only."),
        ({"properties": {"a": {"format": "postcode"}}}, "/properties/a/format: no format is named 'postcode'."),
        ({"properties": {"a": {"pattern": "(?=a)b"}}}, "/properties/a/pattern: '(?=a)b' cannot be used as a pattern."),
        ({"properties": {"a": {"pattern": r"(a)\1"}}}, "/properties/a/pattern: "),
        ({"patternProperties": {"(": {}}}, "/patternProperties: '(' cannot be used as a pattern."),
        ({"properties": {"a": {"pattern": "(a{1000}){1000}"}}}, "no huge repetitions"),
        ({"properties": {"a": {"pattern": "a" * 1_001}}}, "a pattern has at most 1,000 characters"),
        ({"$ref": "https://example.org/product.json"}, "nothing is fetched"),
        ({"$ref": "file:///etc/passwd"}, "nothing is fetched"),
        ({"$ref": "#/$defs/nothing"}, "names no schema of this document"),
        ({"$ref": "#/title", "title": "x"}, "names no schema of this document"),
        ({"items": {"$ref": "#/items"}}, "leads back to itself"),
        ({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}, "leads back to itself"),
        ({"properties": {"a": {"$dynamicRef": "#a"}}}, "/properties/a/$dynamicRef: $dynamicRef is not used in plans."),
        ({"$id": "https://example.org/x"}, "/$id: $id is not used in plans."),
        ({"$defs": {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 3} for n in range(9)} | {"a9": {}},
          "$ref": "#/$defs/a0"}, "5,000 are allowed"),
        ({"$defs": {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(99)} | {"a99": {}}}, "of a chain"),
        ({"enum": [f"value {number}" for number in range(9_000)]}, "a schema has at most 64,000 bytes"),
        (nested(DEPTH_MAX + 1), "a schema is nested at most 32 levels."),
        (nested(100_000), "a schema is nested at most 32 levels."),
    ],
)  # fmt: skip
def test_what_is_no_schema_or_no_safe_one_is_refused_with_its_place(
    schema: dict[str, Any], fault: str
) -> None:  # Any: JSON
    faults = faults_in_schema(schema, "")
    assert faults
    assert fault in faults[0]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (PlanBody(sources=[]), "/sources: choose at least one source, or all of them (null)."),
        (PlanBody(events=[EventRule(name=" ")]), "/events/0/name: the name of an event has 1 to 200 characters"),
        (PlanBody(events=[EventRule(name="A"), EventRule(name="A")]), "/events/1: 'A' is named twice."),
        (PlanBody(events=[EventRule(call="page", name="Home")]),
         "/events/0/name: the name of a call of 'page' is 'Page'"),
        (PlanBody(events=[EventRule(name=str(n)) for n in range(501)]), "/events: a plan names at most 500 events"),
        (PlanBody(events=[EventRule(name="A", context={"type": "x"})]), "/events/0/context/type: a type is one of"),
        (PlanBody(personal=[PersonalField(pointer="traits.email")]), "/personal/0/pointer: a JSON pointer such as"),
        (PlanBody(personal=[PersonalField(pointer="/userId")]), "/personal/0/pointer: a JSON pointer such as"),
        (PlanBody(personal=[PersonalField(pointer="/traits")]), "/personal/0/pointer: a JSON pointer such as"),
        (PlanBody(personal=[PersonalField(pointer="/traits/a")] * 2), "/personal/1: '/traits/a' is marked twice."),
        (PlanBody(events=[EventRule(name=str(n), schema={"enum": ["x" * 3_000]}) for n in range(400)]),
         "A plan has at most 1,000,000 bytes"),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused_with_its_place(body: PlanBody, fault: str) -> None:
    faults = faults_in(body)
    assert faults
    assert fault in faults[-1]
