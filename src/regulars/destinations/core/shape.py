"""What a kind's settings look like to a form, and which of them nobody may read again. Pure."""

from __future__ import annotations

from typing import Any  # Any: JSON, and JSON Schema

import msgspec

from regulars.kernel.errors import InvalidError
from regulars.kernel.sayings import said

HIDDEN = "(set)"  # as the settings page shows a value that may hold a password

Json = Any  # Any: JSON


def schema_of(settings: type[msgspec.Struct]) -> dict[str, Any]:  # Any: JSON Schema
    """Return the settings of a kind as JSON Schema (2020-12), without references: what a form is drawn from."""
    (schema,), components = msgspec.json.schema_components([settings], ref_template="{name}")
    found = _whole(schema, components)
    assert isinstance(found, dict), "a struct is an object"
    return found


def _whole(schema: Json, components: dict[str, Any]) -> Json:
    if isinstance(schema, list):
        return [_whole(one, components) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        rest = {name: value for name, value in schema.items() if name != "$ref"}
        return {**_whole(components[schema["$ref"]], components), **rest}
    return {name: _whole(value, components) for name, value in schema.items()}


def masked(settings: Json, schema: dict[str, Any]) -> Json:
    """Return settings as they may be shown: whoever comes later sees that a secret is set, not what it is.

    >>> masked({"token": "s3cret"}, {"properties": {"token": {"type": "string", "writeOnly": True}}})
    {'token': '(set)'}
    """
    if schema.get("writeOnly"):
        return HIDDEN if settings else settings
    if isinstance(settings, dict):
        inner = schema.get("properties", {})
        others = schema.get("additionalProperties")
        others = others if isinstance(others, dict) else {}
        return {name: masked(value, inner.get(name, others)) for name, value in settings.items()}
    if isinstance(settings, list) and isinstance(schema.get("items"), dict):
        return [masked(one, schema["items"]) for one in settings]
    return settings


def unmasked(told: Json, known: Json, schema: dict[str, Any]) -> Json:
    """Return changed settings with what was hidden put back from the settings known before."""
    if schema.get("writeOnly"):
        return (known or "") if told == HIDDEN else told
    if isinstance(told, dict):
        inner = schema.get("properties", {})
        others = schema.get("additionalProperties")
        others = others if isinstance(others, dict) else {}
        before = known if isinstance(known, dict) else {}
        return {name: unmasked(value, before.get(name), inner.get(name, others)) for name, value in told.items()}
    return told


def settings_from(told: Json, settings: type[msgspec.Struct]) -> msgspec.Struct:
    """Return settings as their kind takes them.

    Raises
    ------
    InvalidError
        When one is missing, unknown or does not fit.

    """
    known = {field.encode_name for field in msgspec.structs.fields(settings)}
    unknown = sorted(set(told) - known) if isinstance(told, dict) else []
    if unknown:
        raise InvalidError(
            said(
                "no_setting",
                "There is no setting {setting!r}. There are: {known}.",
                setting=unknown[0],
                known=", ".join(sorted(known)),
            )
        )
    try:
        return msgspec.convert(told, settings)
    except msgspec.ValidationError as error:
        raise InvalidError(said("settings_misfit", "The settings do not fit: {why}.", why=str(error))) from None
