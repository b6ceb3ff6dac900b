"""What happened, according to an accepted request? Pure: the same record gives the same events at every replay.

The door asks `fault_of` the same rules before it says yes to a single call. Inside a batch a broken item does not spoil
the others: it comes back as a `RejectedItem` with its reason and exactly what was sent.
"""

from __future__ import annotations

import json
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
    text,
    too_deep,
)
from regulars.events.core import Call, Event, Fact, Position
from regulars.events.record import AcceptedRequest, LogEntry, OwnFacts, RefusedRequest, decode_entry
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
ERASED_ITEM = b'{"type":"erased"}'  # stands where an event was that somebody had a right to see forgotten


class RejectedItem(msgspec.Struct, frozen=True):
    """One item of an accepted request that is no event, with a sentence why and what was sent."""

    index: int
    reason: str
    raw: bytes


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


class Item(msgspec.Struct, rename="camel"):
    """One call as it was sent; every part may be anything."""

    type: Any = None  # Any, here and below: checked by the rules of this file
    event: Any = None
    name: Any = None
    category: Any = None
    user_id: Any = None
    anonymous_id: Any = None
    previous_id: Any = None
    group_id: Any = None
    message_id: Any = None
    properties: Any = None
    traits: Any = None
    context: Any = None
    write_key: Any = None
    timestamp: Any = None
    original_timestamp: Any = None
    sent_at: Any = None


class Envelope(msgspec.Struct, rename="camel"):
    """A batch as it was sent, its items untouched."""

    batch: list[msgspec.Raw]
    context: Any = None  # Any: merged into every item when it is an object
    sent_at: Any = None  # Any: a moment, we hope
    write_key: Any = None  # Any: a text, we hope


class UnreadableError(Exception):
    """The body is no JSON at all, or not of the promised shape; the message is a sentence for the sender."""


_decode_item = msgspec.json.Decoder(Item).decode
_decode_envelope = msgspec.json.Decoder(Envelope).decode
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


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
        fault = RejectedItem(0, "The record in the log is not one that this version can read.", record.payload)
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


def split_batch(body: bytes) -> tuple[Envelope, bool]:
    """Return a batch with its items still raw, and whether the body was strict JSON.

    A body that only Python would call JSON (`NaN`, `Infinity`, half of a surrogate pair) is taken apart all the same,
    so that its sound items are not lost with the unsound one.

    Raises
    ------
    UnreadableError
        When it cannot be taken apart.

    """
    try:
        return _decode_envelope(body), True
    except msgspec.ValidationError:
        raise UnreadableError('A batch is an object with a list: {"batch": [{"type": "track", …}]}.') from None
    except RecursionError:
        raise UnreadableError(f"The body is nested deeper than {NESTING_MAX} levels.") from None
    except msgspec.DecodeError as error:
        return _split_loosely(body, error), False


def fault_of(call: Call, body: bytes) -> str | None:
    """Return why a single call cannot be an event, as a sentence; None when it can."""
    try:
        item = read_item(body)
    except UnreadableError as error:
        return str(error)
    return fault_in(call, item, body)


def read_item(raw: bytes | msgspec.Raw) -> Item:
    """Return one call as it was sent.

    Raises
    ------
    UnreadableError
        When it is no JSON object.

    """
    try:
        return _decode_item(raw)
    except msgspec.ValidationError as error:
        raise UnreadableError(
            "A number is too large to be kept." if "out of range" in str(error) else "An event is a JSON object: {…}."
        ) from None
    except RecursionError:
        raise UnreadableError(f"The event is nested deeper than {NESTING_MAX} levels.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(why_not_json(bytes(raw), error)) from None


def key_in(body: bytes) -> str:
    """Return the write key in a body, empty when there is none to be found."""
    try:
        found = _decode_item(body).write_key
    except (ValueError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""


def why_not_json(raw: bytes, error: Exception) -> str:
    """Return what is wrong with something that strict JSON refuses, as a sentence."""
    seen: list[str] = []
    try:
        json.loads(raw, parse_constant=seen.append)
    except UnicodeDecodeError:
        return "The body is not UTF-8."
    except RecursionError:
        return f"The body is nested deeper than {NESTING_MAX} levels."
    except ValueError:
        return f"The body is not JSON: {error}."
    if seen:
        return f"{seen[0]} is not a number in JSON (RFC 8259); send null or leave it out."
    return "A text holds half of a surrogate pair (\\ud800 to \\udfff alone), which is no character."


def too_large(size: int, most: int) -> str:
    """Return the sentence for an event above the limit."""
    return f"An event has at most {most:,} bytes, this one has {size:,}."


def _read_entry(entry: LogEntry, record: Record) -> DecodedRequest:
    if isinstance(entry, AcceptedRequest):
        return _read_accepted(entry, record)
    if isinstance(entry, OwnFacts):
        events = [_own(fact, entry, record, index) for index, fact in enumerate(entry.facts)]
        return DecodedRequest(record.partition, record.offset, entry.received_us, OWN_SOURCE, "facts", events, [])
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


def _read_accepted(request: AcceptedRequest, record: Record) -> DecodedRequest:
    events: list[Event] = []
    rejected: list[RejectedItem] = []
    envelope, raws = _taken_apart(request, rejected)
    own_call = CALLS.get(request.path)
    for index, raw in enumerate(raws):
        if bytes(raw) == ERASED_ITEM:
            continue
        try:
            events.append(_event(raw, own_call, envelope, request, Position(record.partition, record.offset, index)))
        except UnreadableError as error:
            rejected.append(RejectedItem(index, str(error), bytes(raw)))
    return DecodedRequest(
        record.partition, record.offset, request.received_us, SourceId(request.source_id), request.path,
        events, rejected, None, request.ip, request.user_agent,
    )  # fmt: skip


def _taken_apart(request: AcceptedRequest, rejected: list[RejectedItem]) -> tuple[Envelope, list[msgspec.Raw]]:
    if request.path != "batch":
        return Envelope([]), [msgspec.Raw(request.body)]
    try:
        envelope, _ = split_batch(request.body)
    except UnreadableError as error:
        rejected.append(RejectedItem(0, str(error), request.body))
        return Envelope([]), []
    return envelope, envelope.batch


def _event(
    raw: msgspec.Raw, own_call: Call | None, envelope: Envelope, request: AcceptedRequest, position: Position
) -> Event:
    sent = bytes(raw)
    if len(sent) > request.event_bytes_max:
        raise UnreadableError(too_large(len(sent), request.event_bytes_max))
    item = read_item(raw)
    call = own_call or _call_of(item)
    _check_shape(item, sent)
    corrections: list[str] = []
    ids = _ids(call, item, corrections)
    context = _merged(envelope.context, item.context)
    if context.get("direct") is True:
        context["ip"] = request.ip
    properties, context = tame(_properties(call, item, context), context, sent, corrections)
    when = event_time(
        item.original_timestamp or item.timestamp, envelope.sent_at or item.sent_at, request.received_us, corrections
    )
    return Event(
        event_id=event_id_of(position),
        source_id=SourceId(request.source_id),
        message_id=message_id(item.message_id, position, corrections),
        call=call,
        name=_name(call, item),
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
        corrections=tuple(corrections),
    )


def _call_of(item: Item) -> Call:
    call = CALLS.get(item.type) if isinstance(item.type, str) else None
    if call is None:
        raise UnreadableError(f"An event in a batch needs 'type': one of {', '.join(CALLS)}.")
    return call


def fault_in(call: Call, item: Item, raw: bytes) -> str | None:
    """Return the first rule that a call breaks, as a sentence."""
    try:
        _check_shape(item, raw)
        _ids(call, item, [])
        _name(call, item)
    except UnreadableError as fault:
        return str(fault)
    return None


def _check_shape(item: Item, raw: bytes) -> None:
    for name, value in (("properties", item.properties), ("traits", item.traits), ("context", item.context)):
        if value is not None and type(value) is not dict:
            raise UnreadableError(f"'{name}' must be an object, or left out.")
    if too_deep(raw, item.properties, item.traits, item.context):
        raise UnreadableError(f"The event is nested deeper than {NESTING_MAX} levels.")


class _Ids(NamedTuple):
    user_id: str | None
    anonymous_id: str | None
    previous_id: str | None = None
    group_id: str | None = None


def _ids(call: Call, item: Item, corrections: list[str]) -> _Ids:
    user_id = _identifier(item.user_id, "userId", corrections)
    anonymous_id = _identifier(item.anonymous_id, "anonymousId", corrections)
    if call == "alias":
        previous_id = _identifier(item.previous_id, "previousId", corrections)
        if user_id is None or previous_id is None:
            raise UnreadableError("An alias needs 'userId' and 'previousId'.")
        if previous_id == user_id:
            corrections.append("An alias to itself joins nothing.")
            previous_id = None
        return _Ids(user_id, anonymous_id, previous_id)
    if user_id is None and anonymous_id is None:
        raise UnreadableError(
            "no_user_anon_id: an event needs 'userId' or 'anonymousId' (null, empty, zeros and 'anonymous' are none)."
        )
    if call == "group":
        group_id = _identifier(item.group_id, "groupId", corrections)
        if group_id is None:
            raise UnreadableError("A group call needs 'groupId'.")
        return _Ids(user_id, anonymous_id, None, group_id)
    return _Ids(user_id, anonymous_id)


def _identifier(value: Any, name: str, corrections: list[str]) -> str | None:  # Any: as it was sent
    if value is None:
        return None
    found = identifier(value, name, corrections)
    if found is not None and len(found) > IDENTIFIER_CHARACTERS_MAX:
        raise UnreadableError(f"'{name}' has at most {IDENTIFIER_CHARACTERS_MAX} characters, this one {len(found):,}.")
    return found


def _name(call: Call, item: Item) -> str:
    if call != "track":
        return NAMES[call]
    name = text(item.event)
    if not name:
        raise UnreadableError("A track call needs 'event': what happened, such as 'Product Viewed'.")
    if len(name) > NAME_CHARACTERS_MAX:
        raise UnreadableError(
            f"The name of an event has at most {NAME_CHARACTERS_MAX} characters, this one has {len(name):,}."
        )
    return name


def _merged(outer: Any, inner: Any) -> dict[str, Any]:  # Any: contexts as they were sent
    if isinstance(outer, dict):
        return {**outer, **(inner or {})}
    return inner or {}


def _properties(call: Call, item: Item, context: dict[str, Any]) -> dict[str, Any]:  # Any: as they were sent
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
    return properties


def _split_loosely(body: bytes, error: Exception) -> Envelope:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableError(why_not_json(body, error)) from None
    if not isinstance(found, dict) or not isinstance(found.get("batch"), list):
        raise UnreadableError('A batch is an object with a list: {"batch": [{"type": "track", …}]}.')
    items = [msgspec.Raw(json.dumps(item).encode()) for item in found["batch"]]
    context = found.get("context")
    try:
        context = msgspec.json.decode(json.dumps(context).encode())
    except msgspec.MsgspecError:
        context = None
    return Envelope(items, context, found.get("sentAt"), found.get("writeKey"))


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


def strip_mark(body: bytes) -> bytes:
    """Return the body without the byte order mark that some tools put before UTF-8."""
    return body.removeprefix(_BYTE_ORDER_MARK)
