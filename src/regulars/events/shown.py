"""How one event is shown to a person: in a line of the live stream, and in full. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol  # Any: properties are whatever was sent

import msgspec

from regulars.events.core import Event, Outcome, Position, Verdict
from regulars.events.decode import (
    CALLS,
    NAMES,
    OWN_SOURCE,
    DecodedRequest,
    RejectedItem,
    event_id_of,
)
from regulars.events.plans.core import reason_of, sentence
from regulars.events.plans.core.personal import COVERED
from regulars.events.plans.covering import Cover, Mark
from regulars.events.reasons import CONTENT_DIFFERS, DUPLICATE, PLAN_BLOCKED, PLAN_VIOLATION
from regulars.events.record import HOOK, AcceptedRequest, LogEntry, OwnFacts, RefusedRequest
from regulars.events.sent import UnreadableError, read_item, split_batch
from regulars.kernel.clock import moment

SUMMARY_CHARACTERS_MAX = 120
OWN_SOURCE_NAME = "Regulars"
REPEATED = {
    DUPLICATE: "This message came before; it counts once.",
    CONTENT_DIFFERS: "Its message id was used before, for something else. The first one counts.",
}
_TELLING = (
    "title", "name", "product_name", "query", "path", "url", "category", "song", "artist",
    "item_id", "asset_id", "content_asset_id", "product_id", "order_id", "email", "sentence",
)  # fmt: skip


class LiveEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the live stream.

    `reason` tells what was corrected, or why it was rejected; `codes` says it in short. `warning` tells in which way an
    event that took effect does not keep to its tracking plan, where the plan warns. A line may stand for a number of
    like `requests` that were refused, of which only the count was kept.
    """

    event_id: str
    name: str
    call: str
    source_id: str
    source_name: str
    outcome: Outcome
    reason: str
    user_id: str | None
    anonymous_id: str | None
    customer_id: str | None
    occurred_at: datetime
    received_at: datetime
    summary: str
    codes: list[str] = []
    requests: int = 1
    warning: str = ""


class ShownViolation(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which an event does not keep to its plan; `kind` is a stable word, `sentence` says it all."""

    pointer: str
    kind: str
    expected: str
    got: str
    sentence: str


class ShownVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a tracking plan says of an event, in the version that was in force when it was received."""

    plan_id: str
    plan_name: str
    version: int
    mode: Literal["observe", "warn", "block"]
    violations: list[ShownViolation]


class ShownEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event in full, as the shop took it: cleaned and corrected."""

    event_id: str
    source_id: str
    message_id: str
    call: str
    name: str
    user_id: str | None
    anonymous_id: str | None
    previous_id: str | None
    group_id: str | None
    properties: dict[str, Any]
    context: dict[str, Any]
    occurred_at: datetime
    received_at: datetime
    original_at: datetime | None
    sent_at: datetime | None
    corrections: list[str]
    correction_codes: list[str] = []


Kept = Literal["whole", "head", "count"]


class ShownRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The request an event came with. `kept` says how much there is of one that was refused."""

    path: str
    ip: str
    user_agent: str
    received_at: datetime
    status: int
    kept: Kept = "whole"
    requests: int = 1
    events: int = 1
    body_bytes: int = 0


class EventInFull(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one item: the event (None when it was rejected), and `raw`, the JSON text exactly as it was sent.

    `at` names the field at fault, where one is; `verdict` is that of the tracking plan, `personal` the fields that it
    marks.
    """

    live: LiveEvent
    event: ShownEvent | None
    raw: str
    request: ShownRequest
    at: str = ""
    verdict: ShownVerdict | None = None
    personal: list[Mark] = []


class PlansRead(Protocol):
    """What tracking plans say of events that people look at."""

    def verdicts(self, events: Sequence[Event]) -> Sequence[Verdict | None]:
        """Return how events kept to their plan."""
        ...

    def cover(self, source_id: str) -> Cover | None:
        """Return what covers the personal fields of a source's events."""
        ...


def lines_of(
    request: DecodedRequest, source_names: Mapping[str, str], duplicates: Mapping[int, str], plans: PlansRead
) -> Iterator[LiveEvent]:
    """Yield a line for each item of a request, the last first; no line tells what a plan marks as personal.

    `duplicates` tells why items counted before, by index.
    """
    cover = plans.cover(request.source_id or "")
    lines = {
        event.position.index: _line(event, source_names, duplicates, verdict, cover)
        for event, verdict in zip(request.events, plans.verdicts(request.events), strict=True)
    }
    lines |= {fault.index: _rejected_line(fault, request, source_names) for fault in request.rejected}
    if request.refused is not None:
        lines[0] = _refused_line(request.refused, request, source_names)
    for index in sorted(lines, reverse=True):
        yield lines[index]


def raw_of(entry: LogEntry, index: int) -> str:
    """Return an item of a record exactly as it was sent; empty when the record has no such item."""
    if isinstance(entry, AcceptedRequest):
        return _raw_item(entry, index).decode("utf-8", "replace")
    if isinstance(entry, OwnFacts):
        return msgspec.json.encode(entry.facts[index]).decode() if index < len(entry.facts) else ""
    return entry.body_head.decode("utf-8", "replace")


def in_full(event: Event) -> ShownEvent:
    """Return an event with its moments as people write them."""
    return ShownEvent(
        event_id=event.event_id,
        source_id=event.source_id,
        message_id=event.message_id,
        call=event.call,
        name=event.name,
        user_id=event.user_id,
        anonymous_id=event.anonymous_id,
        previous_id=event.previous_id,
        group_id=event.group_id,
        properties=event.properties,
        context=event.context,
        occurred_at=moment(event.occurred_us),
        received_at=moment(event.received_us),
        original_at=_moment(event.original_us),
        sent_at=_moment(event.sent_us),
        corrections=list(event.corrections),
        correction_codes=list(event.correction_codes),
    )


def request_of(request: DecodedRequest) -> ShownRequest:
    """Return what is shown of a request."""
    shown = ShownRequest(
        path=request.path,
        ip=request.ip,
        user_agent=request.user_agent,
        received_at=moment(request.received_us),
        status=request.refused.status if request.refused else 200,
    )
    refused = request.refused
    if refused is None:
        return shown
    return msgspec.structs.replace(
        shown,
        kept=kept_of(refused),
        requests=refused.requests,
        events=refused.events,
        body_bytes=refused.body_bytes,
    )


def kept_of(refused: RefusedRequest) -> Kept:
    """Return how much was kept of a refused request."""
    return "whole" if refused.whole else "head" if refused.body_head else "count"


def summary_of(properties: Mapping[str, Any]) -> str:  # Any: whatever was sent
    """Return the few words that tell one event from another.

    >>> summary_of({"position": 3, "title": "Toy Story (1995)"})
    'Toy Story (1995)'
    >>> summary_of({"products": [1, 2]})
    '2 products'
    >>> summary_of({"plan_id": "019b", "sentence": "/properties/total must be there."})
    '/properties/total must be there.'
    """
    for name in _TELLING:
        said = properties.get(name)
        if isinstance(said, str) and said:
            return said[:SUMMARY_CHARACTERS_MAX]
    products = properties.get("products")
    if isinstance(products, list) and products:
        return f"{len(products)} products"
    return next((said[:SUMMARY_CHARACTERS_MAX] for said in properties.values() if isinstance(said, str) and said), "")


def shown_verdict(verdict: Verdict) -> ShownVerdict:
    """Return a verdict with each violation in words."""
    return ShownVerdict(
        plan_id=verdict.plan_id,
        plan_name=verdict.plan_name,
        version=verdict.version,
        mode=verdict.mode,
        violations=[
            ShownViolation(
                pointer=one.pointer, kind=one.kind, expected=one.expected, got=one.got, sentence=sentence(one)
            )
            for one in verdict.violations
        ],
    )


def covered_event(found: EventInFull, cover: Cover) -> EventInFull:
    """Return an event without the values that its plan marks as personal."""
    event, request = found.event, found.request
    if event is not None:
        properties, context = cover.properties(event.call, event.properties), cover.context(event.context)
        event = msgspec.structs.replace(event, properties=properties, context=context)
    raw = "" if request.path == HOOK else cover.text(found.raw)  # what another service sends has its own fields
    if cover.hides_address:
        request = msgspec.structs.replace(request, ip=COVERED)
    return msgspec.structs.replace(found, event=event, raw=raw, request=request)


def _line(
    event: Event,
    source_names: Mapping[str, str],
    duplicates: Mapping[int, str],
    verdict: Verdict | None,
    cover: Cover | None,
) -> LiveEvent:
    outcome: Outcome = "corrected" if event.corrections else "accepted"
    reason, codes, warning = " ".join(event.corrections), list(event.correction_codes), ""
    if event.position.index in duplicates:
        code = duplicates[event.position.index]
        outcome, reason, codes = "duplicate", REPEATED[code], [code]
    elif verdict is not None and verdict.blocks:
        outcome, reason, codes = "rejected", reason_of(verdict, event.name), [PLAN_BLOCKED]
    elif verdict is not None and verdict.mode == "warn":
        warning, codes = reason_of(verdict, event.name), [*codes, PLAN_VIOLATION]
    return LiveEvent(
        event_id=event.event_id,
        name=event.name,
        call=event.call,
        source_id=event.source_id,
        source_name=_source_name(event.source_id, source_names),
        outcome=outcome,
        reason=reason,
        user_id=event.user_id,
        anonymous_id=event.anonymous_id,
        customer_id=None,
        occurred_at=moment(event.occurred_us),
        received_at=moment(event.received_us),
        summary=summary_of(cover.properties(event.call, event.properties) if cover else event.properties),
        codes=codes,
        warning=warning,
    )


def _refused_line(refused: RefusedRequest, request: DecodedRequest, source_names: Mapping[str, str]) -> LiveEvent:
    fault = RejectedItem(0, refused.reason, refused.body_head, refused.code or "invalid", name=refused.name)
    line = _rejected_line(fault, request, source_names)
    return msgspec.structs.replace(line, requests=refused.requests, name=line.name or refused.name)


def _rejected_line(fault: RejectedItem, request: DecodedRequest, source_names: Mapping[str, str]) -> LiveEvent:
    position = Position(request.partition, request.offset, fault.index)
    call, name, user_id, anonymous_id = _guessed(fault.raw, request.path)
    received_at = moment(request.received_us)
    return LiveEvent(
        event_id=event_id_of(position),
        name=name,
        call=call,
        source_id=request.source_id or "",
        source_name=_source_name(request.source_id or "", source_names),
        outcome="rejected",
        reason=fault.reason,
        user_id=user_id,
        anonymous_id=anonymous_id,
        customer_id=None,
        occurred_at=received_at,
        received_at=received_at,
        summary="",
        codes=[fault.code],
    )


def _guessed(raw: bytes, path: str) -> tuple[str, str, str | None, str | None]:
    """Return call, name and ids of something that is no event, as far as they can be told."""
    try:
        item = read_item(raw)
    except UnreadableError:
        return path, "", None, None
    call = CALLS.get(item.type if isinstance(item.type, str) else "") or CALLS.get(path)
    said = item.event if isinstance(item.event, str) else ""
    name = said if call is None else NAMES.get(call, said)
    ids = [one if isinstance(one, str) and one else None for one in (item.user_id, item.anonymous_id)]
    return call or path, name, ids[0], ids[1]


def _raw_item(entry: AcceptedRequest, index: int) -> bytes:
    if entry.path != "batch":
        return entry.body
    try:
        items = split_batch(entry.body)[0].batch
    except UnreadableError:
        return entry.body
    return bytes(items[index]) if index < len(items) else b""


def _source_name(source_id: str, source_names: Mapping[str, str]) -> str:
    return OWN_SOURCE_NAME if source_id == OWN_SOURCE else source_names.get(source_id, "")


def _moment(at_us: int | None) -> datetime | None:
    return moment(at_us) if at_us is not None else None
