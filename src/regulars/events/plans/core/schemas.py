"""Can this JSON Schema be used, and is it safe to? Draft 2020-12, without the network, in bounded time.

A schema comes from a person or a file, and judges every event. So it may not fetch anything, refer to itself, hold a
pattern that backtracks, or be larger than a person can read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any  # Any: a JSON Schema is any JSON

import jsonschema_rs
import msgspec
from jsonschema_rs import meta

from regulars.events.plans.core.pointers import pointer_of

SCHEMA_BYTES_MAX = 64_000
DEPTH_MAX = 32
PATTERN_CHARACTERS_MAX = 1_000
REFERENCES_DEEP_MAX = 50
EXPANDED_MAX = 5_000  # subschemas once every $ref is written out: bounds the work that one event can cause
REGEX_BYTES_MAX = 1_000_000
DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
FORMATS = (
    "date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri",
    "uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer", "relative-json-pointer", "regex",
)  # fmt: skip
_REFUSED = (
    "$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary",
    "dependencies", "definitions",
)  # fmt: skip
_IN_MAP = ("properties", "patternProperties", "$defs", "dependentSchemas")
_IN_LIST = ("allOf", "anyOf", "oneOf", "prefixItems")
_ALONE = (
    "additionalProperties", "items", "contains", "not", "if", "then", "else", "propertyNames", "unevaluatedItems",
    "unevaluatedProperties", "contentSchema",
)  # fmt: skip

_Fault = tuple[str, str]  # a pointer within the schema, and a sentence


def validator_of(schema: dict[str, Any]) -> jsonschema_rs.Validator:  # Any: JSON
    """Return a schema, ready to judge.

    Raises
    ------
    jsonschema_rs.ValidationError
        When it is no schema; `faults_in_schema` says so beforehand.

    """
    return jsonschema_rs.Draft202012Validator(
        schema,
        validate_formats=True,
        ignore_unknown_formats=False,
        offline=True,
        pattern_options=jsonschema_rs.RegexOptions(size_limit=REGEX_BYTES_MAX, dfa_size_limit=REGEX_BYTES_MAX),
    )


def faults_in_schema(schema: dict[str, Any], here: str) -> list[str]:  # Any: JSON
    """Return why a schema cannot be used, a sentence each with the pointer where it stands; `here` is its own place."""
    for look in (_size_faults, _meta_faults, _own_faults, _reference_faults, _last_faults):
        faults = [f"{here}{where}: {why}" for where, why in look(schema)]
        if faults:
            return faults  # each looks only at what the ones before found sound
    return []


def subschemas(schema: dict[str, Any]) -> Iterator[tuple[list[str | int], Any]]:  # Any: JSON
    """Yield the schemas that stand directly within one, each with its parts."""
    for keyword in _IN_MAP:
        for name, inner in schema.get(keyword, {}).items():
            yield [keyword, name], inner
    for keyword in _IN_LIST:
        for place, inner in enumerate(schema.get(keyword, [])):
            yield [keyword, place], inner
    for keyword in _ALONE:
        if keyword in schema:
            yield [keyword], schema[keyword]


def _size_faults(schema: dict[str, Any]) -> Iterator[_Fault]:  # Any: JSON
    if _depth(schema) > DEPTH_MAX:
        yield "", f"a schema is nested at most {DEPTH_MAX} levels."
        return
    size = len(msgspec.json.encode(schema))
    if size > SCHEMA_BYTES_MAX:
        yield "", f"a schema has at most {SCHEMA_BYTES_MAX:,} bytes, this one has {size:,}."


def _meta_faults(schema: dict[str, Any]) -> Iterator[_Fault]:  # Any: JSON
    dialect = schema.get("$schema")
    if dialect is not None and (not isinstance(dialect, str) or dialect.rstrip("#") != DIALECT):
        yield "/$schema", f"plans are written in draft 2020-12 ({DIALECT}), got {dialect!r}."
        return
    try:
        meta.validate({**schema, "$schema": DIALECT})
    except jsonschema_rs.ValidationError as error:
        yield pointer_of(error.instance_path), _meta_sentence(error)


def _last_faults(schema: dict[str, Any]) -> Iterator[_Fault]:  # Any: JSON
    try:
        validator_of(schema)
    except jsonschema_rs.ValidationError as error:  # whatever the library knows beyond us
        yield pointer_of(error.instance_path), f"{error.message}."


def _meta_sentence(error: jsonschema_rs.ValidationError) -> str:
    place, kind = error.instance_path, error.kind
    keyword = place[-1] if place else ""
    if keyword == "type" or (len(place) > 1 and place[-2] == "type"):
        return f"a type is one of {', '.join(TYPES[:-1])} or {TYPES[-1]}, got {_short(error.instance)}."
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Format):
        return f"{_short(error.instance)} is no {kind.format}."
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Type):
        return f"must be {' or '.join(kind.types)}, got {_short(error.instance)}."
    return f"{error.message[:200]}."


def _own_faults(schema: dict[str, Any]) -> Iterator[_Fault]:  # Any: JSON
    for parts, found in _walk(schema, []):
        if isinstance(found, dict):
            yield from _faults_at(found, pointer_of(parts))


def _faults_at(schema: dict[str, Any], here: str) -> Iterator[_Fault]:  # Any: JSON
    for keyword in _REFUSED:
        if keyword in schema:
            yield f"{here}/{keyword}", f"{keyword} is not used in plans. Keep shared parts under $defs: #/$defs/…"
    if here and "$schema" in schema:
        yield f"{here}/$schema", "$schema stands at the top of a schema only."
    if "format" in schema and schema["format"] not in FORMATS:
        yield f"{here}/format", f"no format is named {schema['format']!r}. There are: {', '.join(FORMATS)}."
    patterns = [("pattern", schema.get("pattern", ""))]
    patterns += [("patternProperties", pattern) for pattern in schema.get("patternProperties", {})]
    for keyword, pattern in patterns:
        fault = _pattern_fault(pattern)
        if fault:
            yield f"{here}/{keyword}", fault


def _pattern_fault(pattern: str) -> str | None:
    if len(pattern) > PATTERN_CHARACTERS_MAX:
        return f"a pattern has at most {PATTERN_CHARACTERS_MAX:,} characters."
    try:
        validator_of({"pattern": pattern})
    except jsonschema_rs.ValidationError:
        return (
            f"{_short(pattern)} cannot be used as a pattern. Patterns match in linear time: no look-around, no "
            "back-references, no huge repetitions."
        )
    return None


def _reference_faults(schema: dict[str, Any]) -> Iterator[_Fault]:  # Any: JSON
    """Find references that lead outside, nowhere, round in a circle, or to more than anybody could mean."""
    try:
        total = _References(schema).expanded(schema, ())
    except _ReferenceFault as fault:
        yield "", str(fault)
        return
    if total > EXPANDED_MAX:
        yield "", f"with every $ref written out it holds {total:,} schemas; {EXPANDED_MAX:,} are allowed."


class _ReferenceFault(Exception):  # noqa: N818 (a sentence on its way up, nobody's error)
    pass


class _References:
    """The schemas of one document by their place, and how large each is once its references are written out."""

    def __init__(self, root: dict[str, Any]) -> None:  # Any: JSON
        self._places = {f"#{pointer_of(parts)}": found for parts, found in _walk(root, [])}
        self._known: dict[str, int] = {}

    def expanded(self, schema: Any, within: tuple[str, ...]) -> int:  # Any: JSON
        """Return how many schemas there are."""
        if not isinstance(schema, dict):
            return 1
        total = 1 + sum(self.expanded(inner, within) for _, inner in subschemas(schema))
        reference = schema.get("$ref")
        return total if reference is None else total + self._behind(str(reference), within)

    def _behind(self, reference: str, within: tuple[str, ...]) -> int:
        if reference in within:
            raise _ReferenceFault(f"$ref {reference!r} leads back to itself. A plan's schema may not be recursive.")
        if len(within) >= REFERENCES_DEEP_MAX:
            raise _ReferenceFault(f"$ref {reference!r} is the {REFERENCES_DEEP_MAX + 1}st of a chain of references.")
        if reference not in self._known:
            if not reference.startswith("#/"):
                raise _ReferenceFault(
                    f"$ref {reference!r} must name a place of the same schema, such as '#/$defs/product'; nothing is "
                    "fetched."
                )
            if reference not in self._places:
                raise _ReferenceFault(f"$ref {reference!r} names no schema of this document.")
            self._known[reference] = self.expanded(self._places[reference], (*within, reference))
        return self._known[reference]


def _walk(schema: Any, parts: list[str | int]) -> Iterator[tuple[list[str | int], Any]]:  # Any: JSON
    yield parts, schema
    if isinstance(schema, dict):
        for inner_parts, inner in subschemas(schema):
            yield from _walk(inner, [*parts, *inner_parts])


def _depth(value: Any) -> int:  # Any: JSON
    """Return how deep a value is nested, looking no further than is allowed."""
    level, depth = [value], 0
    while level and depth <= DEPTH_MAX:
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
            if isinstance(inner, dict | list)
        ]
        depth += 1
    return depth


def _short(value: object) -> str:
    said = repr(value)
    return said if len(said) <= 80 else said[:79] + "…"
