"""Does an event keep to its plan? A version of a plan, ready to judge."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any  # Any: JSON schemas, and properties as they were sent

import msgspec
from jsonschema_rs import Validator

from regulars.events.core import Event, Verdict, Violation
from regulars.events.plans.core.plan import EventRule, Mode, PersonalField, PlanBody
from regulars.events.plans.core.pointers import ANY, covers, parts_of
from regulars.events.plans.core.schemas import subschemas, validator_of
from regulars.events.plans.core.violations import (
    NOT_JUDGED,
    UNKNOWN_EVENT,
    VIOLATIONS_MAX,
    sentence,
    violations_in,
)

SENTENCES_MAX = 5
TRAITS_CALLS = ("identify", "group")


class _Ready(msgspec.Struct, frozen=True):
    """One event's rule with its schemas compiled."""

    mode: Mode
    section: str
    schema: Any  # Any: jsonschema_rs.Validator, which msgspec cannot name
    context: Any  # Any: as above, or None


class Ready:
    """A version of a plan, compiled.

    >>> rule = EventRule(name="Song Played", schema={"required": ["title"]})
    >>> ready = Ready("p1", "Radio", 3, PlanBody(mode="warn", events=[rule]))
    >>> event = Event(event_id="e", source_id="s", message_id="m", call="track", name="Song Played", user_id="ann",
    ...     anonymous_id=None, properties={}, context={}, occurred_us=0, received_us=0, position=("web-0", 1, 0))
    >>> ready.verdict(event).violations[0].pointer
    '/properties/title'
    """

    def __init__(self, plan_id: str, name: str, number: int, body: PlanBody) -> None:
        self.plan_id = plan_id
        self.name = name
        self.number = number
        self._unknown = body.unknown
        self._gone = [one for field in body.personal if field.action != "keep" for one in field.pointers()]
        self._rules = {(rule.call, rule.name): _ready(rule, body) for rule in body.events}

    def verdict(self, event: Event) -> Verdict | None:
        """Return what is wrong with an event, None when it keeps to the plan or the plan does not speak of it."""
        rule = self._rules.get((event.call, event.name))
        if rule is None:
            return self._of_stranger(event)
        if rule.schema.is_valid(event.properties) and (rule.context is None or rule.context.is_valid(event.context)):
            return None
        violations = self._violations(rule, event)
        return self._verdict(rule.mode, violations) if violations else None

    def _of_stranger(self, event: Event) -> Verdict | None:
        if event.call != "track" or self._unknown == "allow":
            return None
        return self._verdict(self._unknown, [Violation(pointer="", kind=UNKNOWN_EVENT)])

    def _violations(self, rule: _Ready, event: Event) -> list[Violation]:
        found = violations_in(rule.schema.iter_errors(event.properties), rule.section)
        if rule.context is not None:
            found += violations_in(rule.context.iter_errors(event.context), "context")
        return [one for one in found if not any(covers(gone, one.pointer) for gone in self._gone)][:VIOLATIONS_MAX]

    def _verdict(self, mode: Mode, violations: Sequence[Violation]) -> Verdict:
        return Verdict(
            plan_id=self.plan_id, plan_name=self.name, version=self.number, mode=mode, violations=tuple(violations)
        )


def judged(ready: Ready, event: Event) -> Verdict | None:
    """Return a verdict whatever the validator does: one event must not keep the shop from going on."""
    try:
        return ready.verdict(event)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException:
        wrong = Violation(pointer="", kind=NOT_JUDGED)
        return Verdict(
            plan_id=ready.plan_id, plan_name=ready.name, version=ready.number, mode="observe", violations=(wrong,)
        )


def reason_of(verdict: Verdict, name: str) -> str:
    """Return why an event was kept from taking effect, as a sentence for its sender."""
    said = " ".join(sentence(one, name) for one in verdict.violations[:SENTENCES_MAX])
    more = len(verdict.violations) - SENTENCES_MAX
    return (
        f"{name!r} does not keep to the tracking plan {verdict.plan_name!r}, version {verdict.version}: {said}"
        f"{f' And {more} more.' if more > 0 else ''}"
    )


def _ready(rule: EventRule, body: PlanBody) -> _Ready:
    section = "traits" if rule.call in TRAITS_CALLS else "properties"
    context = rule.context
    return _Ready(
        rule.mode or body.mode,
        section,
        _compiled(rule.schema, section, body.personal),
        None if context is None else _compiled(context, "context", body.personal),
    )


def _compiled(schema: dict[str, Any], section: str, personal: Sequence[PersonalField]) -> Validator:  # Any: JSON
    """Compile a schema that asks nothing of fields which the door has hashed or dropped."""
    schema = copy.deepcopy(schema)
    _spell_out(schema)
    for field in personal:
        if field.action == "keep":
            continue
        for parts in map(parts_of, field.pointers()):
            if parts and parts[0] == section:
                _excuse(schema, parts[1:], dropped=field.action == "drop")
    return validator_of(schema)


def _spell_out(schema: Any) -> None:  # Any: JSON
    """Name no fields where none are allowed: the library then says which ones came all the same."""
    if isinstance(schema, dict):
        if schema.get("additionalProperties") is False:
            schema.setdefault("properties", {})
        for _, inner in subschemas(schema):
            _spell_out(inner)


def _excuse(schema: Any, parts: Sequence[str], *, dropped: bool) -> None:  # Any: JSON
    """Let a schema accept anything at a place; where it stands behind a $ref, its violations are left out instead."""
    for part in parts[:-1]:
        if not isinstance(schema, dict):
            return
        schema = schema.get("items") if part == ANY else schema.get("properties", {}).get(part)
    if not isinstance(schema, dict):
        return
    last = parts[-1]
    if last == ANY:
        schema["items"] = True
        return
    schema.setdefault("properties", {})[last] = True
    if dropped and last in schema.get("required", []):
        schema["required"] = [name for name in schema["required"] if name != last]
