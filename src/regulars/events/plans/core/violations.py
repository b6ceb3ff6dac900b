"""In which ways can an event not keep to its plan, and how is each said?

A violation names a place, a kind and what was promised; it never holds a value of the event, so that it may be counted,
kept and shown to anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any  # Any: values are whatever was sent

from jsonschema_rs import ValidationError
from jsonschema_rs import ValidationErrorKind as Kind

from regulars.events.core import Violation
from regulars.events.plans.core.pointers import place_of, pointer_of

VIOLATIONS_MAX = 20  # of one event; whoever breaks more rules than these is as broken
EXPECTED_CHARACTERS_MAX = 200
PART_CHARACTERS_MAX = 100  # of a name that a stranger chose
DEEP_MAX = 12

MISSING = "missing"
WRONG_TYPE = "wrong_type"
NOT_ALLOWED = "not_allowed"
FORMAT = "format"
PATTERN = "pattern"
RANGE = "range"
LENGTH = "length"
ITEMS = "items"
UNEXPECTED = "unexpected"
NO_ALTERNATIVE = "no_alternative"
FORBIDDEN = "forbidden"
UNKNOWN_EVENT = "unknown_event"
NOT_JUDGED = "not_judged"
OTHER = "other"

KINDS: dict[str, str] = {
    MISSING: "must be there",
    WRONG_TYPE: "must be {expected}, was {got}",
    NOT_ALLOWED: "must be one of {expected}",
    FORMAT: "must be a {expected}",
    PATTERN: "must match {expected}",
    RANGE: "must be {expected}",
    LENGTH: "must have {expected}",
    ITEMS: "must have {expected}",
    UNEXPECTED: "is not in the plan",
    NO_ALTERNATIVE: "fits none of the alternatives, or more than the one it may",
    FORBIDDEN: "must not be there",
    UNKNOWN_EVENT: "is an event that the plan does not name",
    NOT_JUDGED: "could not be judged",
    OTHER: "does not keep to {expected}",
}
_WORDS = {"string": "a text", "number": "a number", "integer": "a whole number", "boolean": "true or false",
          "object": "an object", "array": "a list", "null": "null"}  # fmt: skip
# What each kind promises, in words; an `Any` here is one of the library's own kinds.
_SAID: dict[type[Any], tuple[str, Callable[[Any], str]]] = {
    Kind.Format: (FORMAT, lambda kind: str(kind.format)),
    Kind.Pattern: (PATTERN, lambda kind: str(kind.pattern)),
    Kind.Enum: (NOT_ALLOWED, lambda kind: ", ".join(map(_shown, kind.options))),
    Kind.Constant: (NOT_ALLOWED, lambda kind: _shown(kind.expected_value)),
    Kind.PropertyNames: (OTHER, lambda kind: "the rule for names of fields"),  # noqa: ARG005 (all share one shape)
}
_LIMITS: dict[type[Any], tuple[str, str]] = {  # Any: the library's own kinds
    Kind.Minimum: (RANGE, "at least {}"),
    Kind.Maximum: (RANGE, "at most {}"),
    Kind.ExclusiveMinimum: (RANGE, "more than {}"),
    Kind.ExclusiveMaximum: (RANGE, "less than {}"),
    Kind.MultipleOf: (RANGE, "a multiple of {}"),
    Kind.MinLength: (LENGTH, "at least {} characters"),
    Kind.MaxLength: (LENGTH, "at most {} characters"),
    Kind.MinItems: (ITEMS, "at least {} entries"),
    Kind.MaxItems: (ITEMS, "at most {} entries"),
    Kind.MinProperties: (ITEMS, "at least {} fields"),
    Kind.MaxProperties: (ITEMS, "at most {} fields"),
}
_ONES: dict[type[Any], tuple[str, str]] = {  # Any: as above
    Kind.UniqueItems: (ITEMS, "no entry twice"),
    Kind.Contains: (ITEMS, "an entry of the promised kind"),
    Kind.AnyOf: (NO_ALTERNATIVE, ""),
    Kind.OneOfNotValid: (NO_ALTERNATIVE, ""),
    Kind.OneOfMultipleValid: (NO_ALTERNATIVE, ""),
    Kind.FalseSchema: (FORBIDDEN, ""),
    Kind.Not: (FORBIDDEN, ""),
}


def violations_in(errors: Iterator[ValidationError], section: str) -> list[Violation]:
    """Return what errors of the library say, each place and kind once, at most `VIOLATIONS_MAX`."""
    found: dict[tuple[str, str], Violation] = {}
    for error in errors:
        for violation in _read(error, section):
            found.setdefault((violation.pointer, violation.kind), violation)
        if len(found) >= VIOLATIONS_MAX:
            break
    return list(found.values())[:VIOLATIONS_MAX]


def sentence(violation: Violation, name: str = "") -> str:
    """Return a violation as words.

    >>> sentence(Violation(pointer="/properties/total", kind="wrong_type", expected="a number", got="a text"))
    '/properties/total must be a number, was a text.'
    """
    words = KINDS.get(violation.kind, KINDS[OTHER])
    subject = violation.pointer or (f"{name!r}" if name else "it")
    return f"{subject} {words.format(expected=violation.expected, got=violation.got)}."


def word_for(value: object) -> str:
    """Return what a value is, in words.

    >>> word_for(2.5), word_for(None), word_for([])
    ('a number', 'null', 'a list')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    for kind, word in ((int, "a whole number"), (float, "a number"), (str, "a text"), (dict, "an object")):
        if isinstance(value, kind):
            return word
    return "a list"


def _read(error: ValidationError, section: str) -> Iterator[Violation]:
    parts: list[str | int] = [section, *_tame(error.instance_path)]
    kind = error.kind
    if isinstance(kind, Kind.Required):
        yield Violation(pointer=place_of([*parts, *_tame([kind.property])]), kind=MISSING)
    elif isinstance(kind, Kind.Type):
        expected = " or ".join(_WORDS.get(one, one) for one in kind.types)
        yield Violation(pointer=place_of(parts), kind=WRONG_TYPE, expected=expected, got=word_for(error.instance))
    elif isinstance(kind, Kind.AdditionalProperties | Kind.UnevaluatedProperties):
        for name in kind.unexpected[:VIOLATIONS_MAX]:
            yield Violation(pointer=place_of([*parts, *_tame([name])]), kind=UNEXPECTED)
    else:
        yield _read_rest(error, place_of(parts))


def _read_rest(error: ValidationError, place: str) -> Violation:
    kind = error.kind
    said = _SAID.get(type(kind))
    if said is not None:
        code, expected = said
        return Violation(pointer=place, kind=code, expected=_cut(expected(kind)))
    if type(kind) in _LIMITS:
        code, words = _LIMITS[type(kind)]
        limit = next(iter(kind.as_dict().values()))
        return Violation(pointer=place, kind=code, expected=words.format(limit))
    code, words = _ONES.get(type(kind), (OTHER, pointer_of(error.schema_path[-1:]).strip("/")))
    return Violation(pointer=place, kind=code, expected=words)


def _tame(parts: Sequence[str | int]) -> list[str | int]:
    """Return parts that may be kept: strangers choose the names of fields."""
    return [part if isinstance(part, int) else _cut(part, PART_CHARACTERS_MAX) for part in parts[:DEEP_MAX]]


def _cut(words: str, characters_max: int = EXPECTED_CHARACTERS_MAX) -> str:
    return words if len(words) <= characters_max else words[: characters_max - 1] + "…"


def _shown(value: object) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
