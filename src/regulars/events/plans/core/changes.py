"""What is different between two versions of a plan, in words?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any  # Any: a JSON Schema is any JSON

import msgspec

from regulars.events.plans.core.plan import EventRule, PlanBody, key_of
from regulars.events.plans.core.pointers import ANY, pointer_of

WORDS: dict[str, str] = {
    "mode_changed": "{subject} goes from {before} to {after}.",
    "unknown_changed": "An event that the plan does not name: from {before} to {after}.",
    "sources_changed": "It holds for {after}, before for {before}.",
    "event_added": "{subject} is new.",
    "event_removed": "{subject} is gone.",
    "field_added": "{subject}: {pointer} is new ({after}).",
    "field_removed": "{subject}: {pointer} is gone.",
    "type_changed": "{subject}: {pointer} goes from {before} to {after}.",
    "now_required": "{subject}: {pointer} must be there from now on.",
    "now_optional": "{subject}: {pointer} may be left out from now on.",
    "values_changed": "{subject}: {pointer} may be {after}, before {before}.",
    "format_changed": "{subject}: the format of {pointer} goes from {before} to {after}.",
    "rules_changed": "{subject}: other rules of {pointer} changed.",
    "personal_changed": "{pointer} as personal: from {before} to {after}.",
}
_PLAN = "The plan"
_NOTHING = "nothing"
_ANYTHING = "anything"
_SAID = {"type", "properties", "required", "items", "enum", "format"}
_SILENT = {"description", "title", "examples", "default", "$schema", "$comment", "deprecated", "readOnly", "writeOnly"}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference: a stable word, the event's key (empty for the plan), and what fills the sentence."""

    kind: str
    event: str = ""
    pointer: str = ""
    before: str = ""
    after: str = ""
    sentence: str = ""


class _Field(msgspec.Struct, frozen=True):
    types: str
    required: bool
    values: str
    format: str
    rest: dict[str, Any]  # Any: JSON


def changes(before: PlanBody, after: PlanBody) -> list[Change]:
    """Return what is different, the plan as a whole first, then event by event.

    >>> old = PlanBody(events=[EventRule(name="Song Played", schema={"properties": {"title": {"type": "string"}}})])
    >>> new = PlanBody(mode="block", events=[EventRule(name="Song Played", schema={"properties":
    ...     {"title": {"type": "string"}}, "required": ["title"]})])
    >>> [change.sentence for change in changes(old, new)]
    ['The plan goes from observe to block.', 'Song Played: /title must be there from now on.']
    """
    return [_said(change) for change in (*_of_plan(before, after), *_of_events(before, after))]


def _of_plan(before: PlanBody, after: PlanBody) -> Iterator[Change]:
    if before.mode != after.mode:
        yield Change(kind="mode_changed", before=before.mode, after=after.mode)
    if before.unknown != after.unknown:
        yield Change(kind="unknown_changed", before=before.unknown, after=after.unknown)
    if _sources(before) != _sources(after):
        yield Change(kind="sources_changed", before=_sources(before), after=_sources(after))
    marks = [{field.pointer: f"{field.action} ({field.kind})" for field in body.personal} for body in (before, after)]
    for pointer in dict.fromkeys([*marks[0], *marks[1]]):
        old, new = (mark.get(pointer, _NOTHING) for mark in marks)
        if old != new:
            yield Change(kind="personal_changed", pointer=pointer, before=old, after=new)


def _of_events(before: PlanBody, after: PlanBody) -> Iterator[Change]:
    olds, news = ({key_of(rule.call, rule.name): rule for rule in body.events} for body in (before, after))
    for key in dict.fromkeys([*olds, *news]):
        old, new = olds.get(key), news.get(key)
        if new is None:
            yield Change(kind="event_removed", event=key)
        elif old is None:
            yield Change(kind="event_added", event=key)
        else:
            yield from _of_event(key, old, new)


def _of_event(key: str, old: EventRule, new: EventRule) -> Iterator[Change]:
    if old.mode != new.mode:
        words = [mode or "the plan's own mode" for mode in (old.mode, new.mode)]
        yield Change(kind="mode_changed", event=key, before=words[0], after=words[1])
    yield from _of_fields(key, fields_of(old.schema), fields_of(new.schema))
    contexts = [{} if rule.context is None else fields_of(rule.context, "/context") for rule in (old, new)]
    yield from _of_fields(key, contexts[0], contexts[1])


def _of_fields(key: str, olds: dict[str, _Field], news: dict[str, _Field]) -> Iterator[Change]:
    for pointer in dict.fromkeys([*olds, *news]):
        old, new = olds.get(pointer), news.get(pointer)
        if new is None:
            yield Change(kind="field_removed", event=key, pointer=pointer)
        elif old is None:
            yield Change(kind="field_added", event=key, pointer=pointer, after=_described(new))
        else:
            yield from (
                Change(kind=kind, event=key, pointer=pointer or "/", before=was, after=now)
                for kind, was, now in _differences(old, new)
            )


def _differences(old: _Field, new: _Field) -> Iterator[tuple[str, str, str]]:
    if old.types != new.types:
        yield "type_changed", old.types, new.types
    if old.required != new.required:
        yield "now_required" if new.required else "now_optional", "", ""
    if old.values != new.values:
        yield "values_changed", old.values, new.values
    if old.format != new.format:
        yield "format_changed", old.format, new.format
    if old.rest != new.rest:
        yield "rules_changed", "", ""


def fields_of(schema: Any, pointer: str = "", *, required: bool = False) -> dict[str, _Field]:  # Any: JSON
    """Return every place that a schema speaks of by name, from the top."""
    if not isinstance(schema, dict):
        return {pointer: _Field(_ANYTHING if schema else _NOTHING, required, _ANYTHING, _NOTHING, {})}
    types = schema.get("type", _ANYTHING)
    values = schema.get("enum")
    found = {
        pointer: _Field(
            " or ".join(types) if isinstance(types, list) else types,
            required,
            _ANYTHING if values is None else ", ".join(map(_shown, values)),
            schema.get("format", _NOTHING),
            {name: rule for name, rule in schema.items() if name not in _SAID | _SILENT},
        )
    }
    for name, inner in schema.get("properties", {}).items():
        found |= fields_of(inner, pointer + pointer_of([name]), required=name in schema.get("required", []))
    for name in schema.get("required", []):
        found.setdefault(pointer + pointer_of([name]), _Field(_ANYTHING, True, _ANYTHING, _NOTHING, {}))
    if isinstance(schema.get("items"), dict):
        found |= fields_of(schema["items"], f"{pointer}/{ANY}")
    return found


def _described(field: _Field) -> str:
    return f"{field.types}, must be there" if field.required else field.types


def _sources(body: PlanBody) -> str:
    return "all sources" if body.sources is None else ", ".join(sorted(body.sources))


def _shown(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _said(change: Change) -> Change:
    words = WORDS[change.kind].format(
        subject=change.event or _PLAN, pointer=change.pointer, before=change.before, after=change.after
    )
    return msgspec.structs.replace(change, sentence=words)
