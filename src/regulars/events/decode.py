"""What happened, according to an accepted request? Pure: the same record gives the same events at every replay.

The door asks `fault_in` the same rules before it says yes to a single call. Inside a batch a broken item does not spoil
the others: it comes back as a `RejectedItem` with its reason and exactly what was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple  # Any: what strangers send

import msgspec

from regulars.events.clean import (
    IDENTIFIER_CHARACTERS_MAX,
    NAME_CHARACTERS_MAX,
    NESTING_MAX,
    event_time,
    identifier,
    message_id,
    tame,
    too_deep,
    trimmed,
)
from regulars.events.core import Call, Event, Fact, Position
from regulars.events.hooks.core.mapping import Failure, HookMapping, calls_of
from regulars.events.reasons import Correction
from regulars.events.record import AcceptedRequest, LogEntry, OwnFacts, RefusedRequest, decode_entry
from regulars.events.sent import Envelope, Item, UnreadableError, read_item, split_batch, too_large
from regulars.kernel.eventlog import Record
from regulars.kernel.ids import EventId, SourceId

CALLS: dict[str, Call] = {
    each: each for each in ("identify", "track", "page", "screen", "group", "alias")
}  # fmt: skip
NAMES: dict[Call, str] = {
    "identify": "Identify",
    "page": "Page",
    "screen": "Screen",
    "group": "Group",
    "alias": "Alias",
}
OWN_SOURCE = SourceId("regulars")
FACTS = "facts"  # the path of news of our own
ERASED_ITEM = b'{"type":"erased"}'  # stands where an event was that somebody had a right to see forgotten


class RejectedItem(msgspec.Struct, frozen=True):
    """One item of an accepted request that is no event, with a sentence why and what was sent.

    `code` is the reason's (`events.reasons`), `at` the field at fault where one is, `name` what the event would have
    been called where that can be told.
    """

    index: int
    reason: str
    raw: bytes
    code: str = "invalid"
    at: str = ""
    name: str = ""


class DecodedRequest(msgspec.Struct, frozen=True):
    """What one record of the log says. `refused` is set for a request that was answered with an error."""

    partition: str
    offset: int
    received_us: int
    source_id: SourceId | None
    path: str
    events: list[Event]
    rejected: list[RejectedItem]
    refused: RefusedRequest | None = None
    ip: str = ""
    user_agent: str = ""
    old_key: bool = False


def read_request(record: Record) -> DecodedRequest:
    """Return the events in a record, and the items that are none.

    >>> from regulars.events.record import encode_entry
    >>> body = b'{"event": "Song Played", "userId": "ann", "messageId": "m1"}'
    >>> entry = AcceptedRequest("s1", 1_700_000_000_000_000, "", "", "track", body)
    >>> event = read_request(Record("web-0", 7, 0, encode_entry(entry))).events[0]
    >>> event.event_id, event.name, event.user_id
    ('web-0.7.0', 'Song Played', 'ann')
    """
    try:
        entry = decode_entry(record.payload)
    except msgspec.MsgspecError:
        sentence = "The record in the log is not one that this version can read."
        fault = RejectedItem(0, sentence, record.payload, "unreadable_record")
        return DecodedRequest(record.partition, record.offset, record.accepted_us, None, "", [], [fault])
    return _read_entry(entry, record)


def event_id_of(position: Position) -> EventId:
    """Return the id of the event at a position; `position_of` goes back.

    >>> position_of(event_id_of(Position("web-0", 12, 3)))
    Position(partition='web-0', offset=12, index=3)
    """
    return EventId(f"{position.partition}.{position.offset}.{position.index}")


def position_of(event_id: str) -> Position | None:
    """Return where in the log an event stands, None when this is no event id."""
    partition, _, rest = event_id.partition(".")
    offset, _, index = rest.partition(".")
    if not (partition and offset.isascii() and offset.isdigit() and index.isascii() and index.isdigit()):
        return None
    return Position(partition, int(offset), int(index))


def _read_entry(entry: LogEntry, record: Record) -> DecodedRequest:
    if isinstance(entry, AcceptedRequest):
        return read_accepted(entry, partition=record.partition, offset=record.offset)
    if isinstance(entry, OwnFacts):
        events = [_own(fact, entry, record, index) for index, fact in enumerate(entry.facts)]
        return DecodedRequest(record.partition, record.offset, entry.received_us, OWN_SOURCE, FACTS, events, [])
    source = SourceId(entry.source_id) if entry.source_id is not None else None
    return DecodedRequest(
        record.partition,
        record.offset,
        entry.received_us,
        source,
        entry.path,
        [],
        [],
        entry,
        entry.ip,
        entry.user_agent,
    )


def read_accepted(request: AcceptedRequest, *, partition: str, offset: int) -> DecodedRequest:
    """Return the events in a request that stands in the log at a place, or shall stand there."""
    events: list[Event] = []
    rejected: list[RejectedItem] = []
    envelope, raws = _taken_apart(request, rejected)
    about = _About(request, envelope, CALLS.get(request.path), b"\\u0000" in request.body)
    for index, raw in enumerate(raws):
        if isinstance(raw, Failure):
            rejected.append(RejectedItem(index, raw.reason, raw.raw, raw.code, raw.at))
            continue
        sent = bytes(raw)
        if sent == ERASED_ITEM:
            continue
        try:
            events.append(_event(sent, about, Position(partition, offset, index)))
        except UnreadableError as error:
            rejected.append(RejectedItem(index, str(error), sent, error.code, error.at, name_in(sent, request.path)))
    return DecodedRequest(
        partition, offset, request.received_us, SourceId(request.source_id), request.path,
        events, rejected, None, request.ip, request.user_agent, request.old_key,
    )  # fmt: skip


def told_by(request: AcceptedRequest) -> list[bytes | Failure]:
    """Return what a delivery to an inbound webhook tells: calls as JSON, and what could not be made one."""
    assert request.hook is not None, "only a delivery carries its mapping"
    mapping = _mapping_of(request.hook.mapping)
    headers, hook_id, delivery_id = request.hook.headers, request.hook.hook_id, request.hook.delivery_id
    return list(calls_of(mapping, request.body, headers, hook_id=hook_id, delivery_id=delivery_id))


@lru_cache(maxsize=64)
def _mapping_of(encoded: bytes) -> HookMapping:
    return msgspec.json.decode(encoded, type=HookMapping)


def _taken_apart(
    request: AcceptedRequest, rejected: list[RejectedItem]
) -> tuple[Envelope, Sequence[msgspec.Raw | bytes | Failure]]:
    if request.hook is not None:
        return Envelope([]), told_by(request)
    if request.path != "batch":
        return Envelope([]), [msgspec.Raw(request.body)]
    try:
        envelope, _ = split_batch(request.body)
    except UnreadableError as error:
        rejected.append(RejectedItem(0, str(error), request.body, error.code, error.at))
        return Envelope([]), []
    return envelope, envelope.batch


class _About(NamedTuple):
    """What the items of one request share."""

    request: AcceptedRequest
    envelope: Envelope
    call: Call | None
    holds_nul: bool


def _event(sent: bytes, about: _About, position: Position) -> Event:
    request, envelope = about.request, about.envelope
    if len(sent) > request.event_bytes_max:
        raise UnreadableError(too_large(len(sent), request.event_bytes_max), code="event_too_large")
    item = read_item(sent)
    call = about.call or call_of(item)
    _check_shape(item, sent)
    corrections: list[Correction] = []
    ids = ids_of(call, item, corrections)
    name = name_of(call, item, corrections)
    context = _merged(envelope.context, item.context, corrections)
    if context.get("direct") is True:
        context["ip"] = request.ip
    holds_nul = about.holds_nul and (b"\\u0000" in sent or b"\\u0000" in msgspec.json.encode(envelope.context))
    properties = _properties(call, item, context, corrections)
    properties, context = tame(properties, context, corrections, holds_nul=holds_nul)
    when = event_time(
        item.original_timestamp or item.timestamp, envelope.sent_at or item.sent_at, request.received_us, corrections
    )
    named = message_id(item.message_id, position, corrections)
    return Event(
        event_id=event_id_of(position),
        source_id=SourceId(request.source_id),
        message_id=named,
        call=call,
        name=name,
        user_id=ids.user_id,
        anonymous_id=ids.anonymous_id,
        previous_id=ids.previous_id,
        group_id=ids.group_id,
        properties=properties,
        context=context,
        occurred_us=when.occurred_us,
        received_us=request.received_us,
        original_us=when.original_us,
        sent_us=when.sent_us,
        position=position,
        corrections=tuple([one.sentence for one in corrections]),
        correction_codes=tuple([one.code for one in corrections]),
    )


def call_of(item: Item) -> Call:
    """Return what kind of call an item of a batch says it is."""
    call = CALLS.get(item.type) if isinstance(item.type, str) else None
    if call is None:
        sentence = f"An event in a batch needs 'type': one of {', '.join(CALLS)}."
        raise UnreadableError(sentence, code="type_missing", at="type")
    return call


def name_in(raw: bytes, path: str) -> str:
    """Return what an event that is none would have been called, empty when that cannot be told."""
    try:
        item = read_item(raw)
    except UnreadableError:
        return ""
    call = CALLS.get(item.type if isinstance(item.type, str) else "") or CALLS.get(path)
    said = item.event.strip() if isinstance(item.event, str) and len(item.event) <= NAME_CHARACTERS_MAX else ""
    return NAMES.get(call, said) if call else said


def fault_in(call: Call, item: Item, raw: bytes) -> UnreadableError | None:
    """Return the first rule that a call breaks."""
    try:
        _check_shape(item, raw)
        ids_of(call, item, [])
        name_of(call, item, [])
    except UnreadableError as fault:
        return fault
    return None


def _check_shape(item: Item, raw: bytes) -> None:
    for name, value in (("properties", item.properties), ("traits", item.traits), ("context", item.context)):
        if value is not None and type(value) is not dict:
            raise UnreadableError(f"'{name}' must be an object, or left out.", code="not_object_part", at=name)
    if too_deep(raw, item.properties, item.traits, item.context):
        raise UnreadableError(f"The event is nested deeper than {NESTING_MAX} levels.", code="too_deep")


class Ids(NamedTuple):
    """Who an event names."""

    user_id: str | None
    anonymous_id: str | None
    previous_id: str | None = None
    group_id: str | None = None


def ids_of(call: Call, item: Item, corrections: list[Correction]) -> Ids:
    """Return the identifiers that an item comes with, cleaned."""
    user_id = _identifier(item.user_id, "userId", corrections)
    anonymous_id = _identifier(item.anonymous_id, "anonymousId", corrections)
    if call == "alias":
        previous_id = _identifier(item.previous_id, "previousId", corrections)
        if user_id is None or previous_id is None:
            at = "userId" if user_id is None else "previousId"
            raise UnreadableError("An alias needs 'userId' and 'previousId'.", code="alias_incomplete", at=at)
        if previous_id == user_id:
            corrections.append(Correction("alias_to_itself", "An alias to itself joins nothing."))
            previous_id = None
        return Ids(user_id, anonymous_id, previous_id)
    if user_id is None and anonymous_id is None:
        sentence = (
            "no_user_anon_id: an event needs 'userId' or 'anonymousId' (null, empty, zeros and 'anonymous' are none)."
        )
        raise UnreadableError(sentence, code="no_user_anon_id", at="userId")
    if call == "group":
        group_id = _identifier(item.group_id, "groupId", corrections)
        if group_id is None:
            raise UnreadableError("A group call needs 'groupId'.", code="group_id_missing", at="groupId")
        return Ids(user_id, anonymous_id, None, group_id)
    return Ids(user_id, anonymous_id)


def _identifier(value: Any, name: str, corrections: list[Correction]) -> str | None:  # Any: as it was sent
    if value is None:
        return None
    found = identifier(value, name, corrections)
    if found is not None and len(found) > IDENTIFIER_CHARACTERS_MAX:
        sentence = f"'{name}' has at most {IDENTIFIER_CHARACTERS_MAX} characters, this one {len(found):,}."
        raise UnreadableError(sentence, code="identifier_too_long", at=name)
    return found


def name_of(call: Call, item: Item, corrections: list[Correction]) -> str:
    """Return what happened, by name."""
    if call != "track":
        return NAMES[call]
    name = trimmed(item.event, "event", corrections) if isinstance(item.event, str) else ""
    if not name:
        sentence = "A track call needs 'event': what happened, such as 'Product Viewed'."
        raise UnreadableError(sentence, code="event_name_missing", at="event")
    if len(name) > NAME_CHARACTERS_MAX:
        sentence = f"The name of an event has at most {NAME_CHARACTERS_MAX} characters, this one has {len(name):,}."
        raise UnreadableError(sentence, code="event_name_too_long", at="event")
    return name


def _merged(
    outer: Any, inner: dict[str, Any] | None, corrections: list[Correction]
) -> dict[str, Any]:  # Any: contexts as they were sent
    if isinstance(outer, dict):
        return {**outer, **(inner or {})}
    if outer is not None:
        corrections.append(Correction("context_left_out", "The batch's 'context' is no object and was left out."))
    return inner or {}


def _properties(
    call: Call, item: Item, context: dict[str, Any], corrections: list[Correction]
) -> dict[str, Any]:  # Any: as they were sent
    if call == "identify":
        also = context.get("traits")
        return {**also, **(item.traits or {})} if isinstance(also, dict) else item.traits or {}
    if call == "group":
        return item.traits or {}
    properties: dict[str, Any] = item.properties or {}
    if call in {"page", "screen"}:
        for name in ("name", "category"):
            said = getattr(item, name)
            if isinstance(said, str) and said:
                properties.setdefault(name, said)
            elif said:
                corrections.append(Correction("name_not_text", f"'{name}' is not a text and was left out."))
    return properties


def _own(fact: Fact, entry: OwnFacts, record: Record, index: int) -> Event:
    position = Position(record.partition, record.offset, index)
    return Event(
        event_id=event_id_of(position),
        source_id=OWN_SOURCE,
        message_id=fact.message_id,
        call="track",
        name=fact.name,
        user_id=fact.user_id,
        anonymous_id=fact.anonymous_id,
        properties=fact.properties,
        context={},
        occurred_us=fact.occurred_us,
        received_us=entry.received_us,
        original_us=fact.occurred_us,
        position=position,
    )
