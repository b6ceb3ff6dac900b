"""What plan would the traffic of late keep to? A beginning for people to edit.

The plan says what was nearly always true: a type that one value in two hundred has is taken for a mistake, and so is a
field that one event in two hundred lacks. It errs towards letting events pass: what was seen too seldom to know is left
open, and what only happened to be the same (whole prices, one currency) is not made a rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast  # Any: JSON schemas, and properties as they were sent

import msgspec

from regulars.events.core import Call
from regulars.events.plans.core.looks_personal import looks_personal
from regulars.events.plans.core.personal import COVERED, HASH_PREFIX
from regulars.events.plans.core.plan import (
    EVENTS_MAX,
    PERSONAL_MAX,
    Action,
    EventRule,
    Normal,
    PersonalField,
    PlanBody,
)
from regulars.events.plans.core.pointers import ANY, pointer_of
from regulars.events.plans.core.shapes import SAMPLES_MAX, Shape

RARE_SHARE = 0.005  # one in two hundred
RARE_VALUES_MIN = 200
KNOWN_MIN = 20  # values or events from which on a rule can be told from chance
FORMAT_MIN = 5
ENUM_DISTINCT_MAX = 12
ENUM_EACH_MIN = 5  # on average; and each twice at least
ENUM_VALUES_MIN = 50
ENUM_CHARACTERS_MAX = 40
_OPEN_SETS = re.compile(
    r"id$|ids$|sku|code|coupon|name|title|query|url|uri|path|message|text|description|token|version|artist|author|brand|category|genre|tag",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"price|total|revenue|tax|shipping|discount|amount|cost|value|fee|balance|rate|score", re.IGNORECASE
)
_TRAITS_CALLS = ("identify", "group")


class Seen(msgspec.Struct, frozen=True):
    """One event of history, as far as a plan is concerned."""

    call: Call
    name: str
    properties: dict[str, Any]  # Any: as they were sent


class InferredField(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a field: it was there in `present` of so many objects, which types and values it had, a guess.

    `personal` says that it looks as if it were about a person; `action` is `hash` where its values came hashed.
    """

    pointer: str
    present: int
    of: int
    types: dict[str, int]
    samples: list[str]
    personal: Normal | None
    action: Action = "keep"


class InferredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an event: how often it came, how many of them were looked at, and its fields."""

    call: Call
    name: str
    events: int
    sampled: int
    fields: list[InferredField]


class Inferred(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that recent traffic would have kept to, with what it was read from."""

    body: PlanBody
    events: list[InferredEvent]


def infer(seen: Iterable[Seen], totals: Mapping[tuple[str, str], int], sources: list[str] | None = None) -> Inferred:
    """Return the plan that these events keep to; `totals` says how many there were of each call and name.

    >>> events = [Seen("track", "Song Played", {"title": f"Song {n}", "position": n}) for n in range(30)]
    >>> infer(events, {}).body.events[0].schema["required"]
    ['position', 'title']
    """
    shapes: dict[tuple[Call, str], Shape] = {}
    for event in seen:
        shapes.setdefault((event.call, event.name), Shape()).add(event.properties)
    ranked = sorted(shapes.items(), key=lambda one: (-totals.get(one[0], one[1].seen), one[0]))[:EVENTS_MAX]
    found = [
        InferredEvent(
            call=call,
            name=name,
            events=totals.get((call, name), shape.seen),
            sampled=shape.seen,
            fields=list(_fields(shape, [_section(call)], shape.objects)),
        )
        for (call, name), shape in ranked
    ]
    rules = [EventRule(call=call, name=name, schema=schema_of(shape, "")) for (call, name), shape in ranked]
    return Inferred(body=PlanBody(sources=sources, events=rules, personal=_marks(found)), events=found)


def schema_of(shape: Shape, name: str) -> dict[str, Any]:  # Any: JSON
    """Return the schema that the values of a field, of this name, keep to."""
    types = _types(shape, name)
    schema: dict[str, Any] = {}  # Any: JSON
    if types:
        schema["type"] = types[0] if len(types) == 1 else types
    if "string" in types:
        schema |= _text_rules(shape, name, alone=set(types) <= {"string", "null"})
    if "object" in types:
        schema |= _object_rules(shape)
    if "array" in types and shape.entries is not None and shape.entries.seen:
        schema["items"] = schema_of(shape.entries, name)
    return schema


def _types(shape: Shape, name: str) -> list[str]:
    counted = {
        "boolean": shape.booleans,
        "number": shape.integers + shape.numbers,
        "string": shape.texts,
        "object": shape.objects,
        "array": shape.lists,
    }
    told = sum(counted.values())
    least = told * RARE_SHARE if told >= RARE_VALUES_MIN else 0
    types = [word for word, count in counted.items() if count > least]
    if "number" in types and _are_whole(shape) and not _MONEY.search(name):
        types[types.index("number")] = "integer"
    return [*types, "null"] if shape.nulls and types else types


def _are_whole(shape: Shape) -> bool:
    """Return whether numbers can be told to be whole: enough of them, and not the same again and again."""
    return not shape.numbers and shape.integers >= KNOWN_MIN and len(shape.samples) == SAMPLES_MAX


def _text_rules(shape: Shape, name: str, *, alone: bool) -> dict[str, Any]:  # Any: JSON
    if not alone:
        return {}
    if shape.texts >= FORMAT_MIN and shape.formats:
        return {"format": next(iter(sorted(shape.formats, key=("date-time", "date", "email", "uuid", "uri").index)))}
    values = shape.values
    if (
        values is None
        or not 1 < len(values) <= ENUM_DISTINCT_MAX
        or shape.texts < max(ENUM_VALUES_MIN, len(values) * ENUM_EACH_MIN)
        or min(values.values()) < 2
        or shape.longest > ENUM_CHARACTERS_MAX
        or _OPEN_SETS.search(name)
        or looks_personal(name)
    ):
        return {}
    return {"enum": [*sorted(values), *([None] if shape.nulls else [])]}


def _object_rules(shape: Shape) -> dict[str, Any]:  # Any: JSON
    if shape.table is not None:
        return {"additionalProperties": schema_of(shape.table, "")}
    rules: dict[str, Any] = {  # Any: JSON
        "properties": {name: schema_of(inner, name) for name, inner in sorted(shape.fields.items())}
    }
    if shape.objects >= KNOWN_MIN:
        always = [name for name, inner in sorted(shape.fields.items()) if _is_always_there(inner, shape.objects)]
        if always:
            rules["required"] = always
    return rules


def _is_always_there(inner: Shape, objects: int) -> bool:
    missing = objects - inner.seen
    return missing <= (objects * RARE_SHARE if objects >= RARE_VALUES_MIN else 0)


def _fields(shape: Shape, parts: list[str], objects: int) -> Iterator[InferredField]:
    for name, inner in sorted(shape.fields.items()):
        here = [*parts, name]
        texts = tuple(inner.values) if inner.values is not None else tuple(inner.samples)
        personal = looks_personal(name, of_traits=parts == ["traits"], values=texts[:50] if inner.texts else ())
        yield InferredField(
            pointer=pointer_of(here),
            present=inner.seen,
            of=objects,
            types=_type_counts(inner),
            samples=[COVERED for _ in inner.samples] if personal else inner.samples,
            personal=personal,
            action="hash" if texts and all(text.startswith(HASH_PREFIX) for text in texts) else "keep",
        )
        yield from _fields(inner, here, inner.objects)
        if inner.entries is not None:
            yield from _fields(inner.entries, [*here, ANY], inner.entries.objects)


def _type_counts(shape: Shape) -> dict[str, int]:
    counted = {
        "text": shape.texts,
        "whole number": shape.integers,
        "number": shape.numbers,
        "true or false": shape.booleans,
        "object": shape.objects,
        "list": shape.lists,
        "null": shape.nulls,
    }
    return {word: count for word, count in counted.items() if count}


def _marks(events: Iterable[InferredEvent]) -> list[PersonalField]:
    found: dict[str, PersonalField] = {}
    for event in events:
        for field in event.fields:
            if field.personal is not None and not any(field.pointer.startswith(above + "/") for above in found):
                found.setdefault(
                    field.pointer, PersonalField(pointer=field.pointer, kind=field.personal, action=field.action)
                )
    return list(found.values())[:PERSONAL_MAX]


def _section(call: Call) -> str:
    return "traits" if call in _TRAITS_CALLS else "properties"


def as_call(word: str) -> Call:
    """Return a call by its word, as history keeps it."""
    return cast("Call", word)
