"""What a tracking plan says: which events there are, what they carry, what follows when one does not keep to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal  # Any: a JSON Schema is any JSON

import msgspec

from regulars.events.core import Call
from regulars.events.plans.core.pointers import parts_of
from regulars.events.plans.core.schemas import faults_in_schema

Mode = Literal["observe", "warn", "block"]
Unknown = Literal["allow", "warn", "block"]
Action = Literal["keep", "hash", "drop"]
Normal = Literal["text", "email", "phone"]

EVENTS_MAX = 500
PERSONAL_MAX = 200
NAME_CHARACTERS_MAX = 120
DESCRIPTION_CHARACTERS_MAX = 1_000
PLAN_BYTES_MAX = 1_000_000
FIXED_NAMES: dict[Call, str] = {
    "identify": "Identify",
    "page": "Page",
    "screen": "Screen",
    "group": "Group",
    "alias": "Alias",
}
SECTIONS = ("properties", "traits", "context")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class EventRule(msgspec.Struct, frozen=True, kw_only=True):
    """What one event must look like.

    `schema` is a JSON Schema (draft 2020-12) over the properties; over the traits, for identify and group. `context` is
    one over the context. `mode` is the plan's own where it is None. The name of a page, screen, identify, group or
    alias call is fixed: `Page`, `Screen` …
    """

    call: Call = "track"
    name: str
    description: str = ""
    mode: Mode | None = None
    schema: dict[str, Any] = {}  # Any: JSON
    context: dict[str, Any] | None = None  # Any: JSON


class PersonalField(msgspec.Struct, frozen=True, kw_only=True):
    """Something about a person: where it stands in a call, and what the door does with it before the log.

    `pointer` begins with `/properties`, `/traits` or `/context`; `*` stands for every place of a list. A pointer into
    the traits holds for `context.traits` as well. `kind` says how a value is made equal before it is hashed.
    """

    pointer: str
    action: Action = "keep"
    kind: Normal = "text"

    def pointers(self) -> list[str]:
        """Return every pointer that the mark holds for.

        >>> PersonalField(pointer="/traits/email").pointers()
        ['/traits/email', '/context/traits/email']
        """
        return [self.pointer, "/context" + self.pointer] if self.pointer.startswith("/traits/") else [self.pointer]


class PlanBody(msgspec.Struct, frozen=True, kw_only=True):
    """All that a version of a plan says.

    `sources` are the ids of those it holds for, None for all that no other plan has. `unknown` says what follows for a
    `track` call that the plan does not name.
    """

    sources: list[str] | None = None
    mode: Mode = "observe"
    unknown: Unknown = "allow"
    events: list[EventRule] = []
    personal: list[PersonalField] = []


class PlanFile(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as a file, to keep beside an app's code or to carry to another shop; sources stay behind."""

    format: Literal["regulars.plan/1"] = "regulars.plan/1"
    name: str
    description: str = ""
    mode: Mode = "observe"
    unknown: Unknown = "allow"
    events: list[EventRule] = []
    personal: list[PersonalField] = []

    def body(self, sources: list[str] | None = None) -> PlanBody:
        """Return what the file says, for these sources."""
        return PlanBody(
            sources=sources, mode=self.mode, unknown=self.unknown, events=self.events, personal=self.personal
        )


def key_of(call: str, name: str) -> str:
    """Return how an event is named among others: its name, with the call where that is not `track`.

    >>> key_of("track", "Song Played"), key_of("identify", "Identify")
    ('Song Played', 'identify:Identify')
    """
    return name if call == "track" else f"{call}:{name}"


def faults_in(body: PlanBody) -> list[str]:
    """Return all that keeps a plan from being used, a sentence each with the pointer where it stands.

    >>> faults_in(PlanBody(events=[EventRule(name="Song Played", schema={"type": "strin"})]))
    ["/events/0/schema/type: a type is one of array, boolean, integer, null, number, object or string, got 'strin'."]
    """
    faults = [*_event_faults(body), *_personal_faults(body)]
    size = len(msgspec.json.encode(body))
    if size > PLAN_BYTES_MAX:
        faults.append(f"A plan has at most {PLAN_BYTES_MAX:,} bytes, this one has {size:,}.")
    if body.sources is not None and not body.sources:
        faults.append("/sources: choose at least one source, or all of them (null).")
    return faults


def _event_faults(body: PlanBody) -> Iterator[str]:
    if len(body.events) > EVENTS_MAX:
        yield f"/events: a plan names at most {EVENTS_MAX} events, this one {len(body.events):,}."
        return
    seen: set[str] = set()
    for place, rule in enumerate(body.events):
        here = f"/events/{place}"
        fixed = FIXED_NAMES.get(rule.call)
        if fixed is not None and rule.name != fixed:
            yield f"{here}/name: the name of a call of {rule.call!r} is {fixed!r}, got {rule.name!r}."
        elif not rule.name.strip() or len(rule.name) > 200 or _CONTROL.search(rule.name):
            yield f"{here}/name: the name of an event has 1 to 200 characters and no control characters."
        if len(rule.description) > DESCRIPTION_CHARACTERS_MAX:
            yield f"{here}/description: at most {DESCRIPTION_CHARACTERS_MAX:,} characters."
        key = key_of(rule.call, rule.name)
        if key in seen:
            yield f"{here}: {key!r} is named twice. Keep one of the two."
        seen.add(key)
        yield from faults_in_schema(rule.schema, f"{here}/schema")
        if rule.context is not None:
            yield from faults_in_schema(rule.context, f"{here}/context")


def _personal_faults(body: PlanBody) -> Iterator[str]:
    if len(body.personal) > PERSONAL_MAX:
        yield f"/personal: a plan marks at most {PERSONAL_MAX} personal fields, this one {len(body.personal):,}."
        return
    seen: set[str] = set()
    for place, field in enumerate(body.personal):
        parts = parts_of(field.pointer)
        if parts is None or len(parts) < 2 or parts[0] not in SECTIONS or len(parts) > 32 or "" in parts:
            yield (
                f"/personal/{place}/pointer: a JSON pointer such as /traits/email or /properties/guests/*/phone is "
                f"wanted, got {field.pointer!r}."
            )
        elif field.pointer in seen:
            yield f"/personal/{place}: {field.pointer!r} is marked twice."
        seen.add(field.pointer)
