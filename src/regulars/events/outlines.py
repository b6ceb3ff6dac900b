"""What happened, in outline: who, what and when, without reading what else was said. For counting a long history.

Properties and context are skipped instead of made into objects. Which items are events at all is judged by the same
rules as ever: where something that is skipped could make a difference to that, the whole record is read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple, cast  # Any: what strangers send

import msgspec

from regulars.events.clean import IDENTIFIER_CHARACTERS_MAX, NESTING_MAX, identifier, message_id
from regulars.events.core import Call, Event, Position
from regulars.events.decode import CALLS, ERASED_ITEM, DecodedRequest, Ids, call_of, ids_of, name_of, read_request
from regulars.events.record import AcceptedRequest, decode_entry
from regulars.events.sent import Item, UnreadableError
from regulars.kernel.eventlog import Record
from regulars.kernel.ids import SourceId

_PLAIN = frozenset({"track", "page", "screen", "identify"})  # calls whose ids are a user's and a device's alone


class Outline(NamedTuple):
    """One fact in outline."""

    source_id: SourceId
    message_id: str
    call: Call
    name: str
    user_id: str | None
    anonymous_id: str | None
    previous_id: str | None
    received_us: int
    position: Position

    @property
    def event_id(self) -> str:
        """Return the id of the event that this is the outline of."""
        return f"{self.position.partition}.{self.position.offset}.{self.position.index}"


class Outlines(NamedTuple):
    """What one record of the log says, in outline."""

    partition: str
    offset: int
    received_us: int
    events: list[Outline]


class _Skimmed(msgspec.Struct, rename="camel"):
    """An item with the parts that are not looked into left as they came."""

    type: Any = None  # Any, here and below: checked by the rules of `decode`
    event: Any = None
    user_id: Any = None
    anonymous_id: Any = None
    previous_id: Any = None
    group_id: Any = None
    message_id: Any = None
    properties: msgspec.Raw = msgspec.Raw(b"null")
    traits: msgspec.Raw = msgspec.Raw(b"null")
    context: msgspec.Raw = msgspec.Raw(b"null")


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]


_skim = msgspec.json.Decoder(_Skimmed).decode
_split = msgspec.json.Decoder(_Batch).decode
# What `_may_surprise` looks for, made so few that plain searches find it: a regular expression costs ten times that.
_CLASSES = bytes(
    ord("0") if chr(byte).isdigit() and byte < 128
    else ord("e") if byte in b"eE"
    else ord(" ") if byte in b" \t\r\n:,["
    else byte if byte in b"+-.\\u"
    else ord("x")
    for byte in range(256)
)  # fmt: skip
_ESCAPES = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)")
_ENDLESS = b"0" * 300


@lru_cache(maxsize=50_000)
def _known_identifier(value: str) -> str | None:
    """Return an identifier as it is kept, for those that come again and again."""
    return identifier(value, "", [])


def read_outlines(record: Record) -> Outlines:
    """Return the events in a record, in outline: exactly those that `decode.read_request` finds.

    >>> from regulars.events.record import encode_entry
    >>> body = b'{"batch":[{"type":"track","event":"Song Played","userId":"ann","messageId":"m1"}]}'
    >>> entry = AcceptedRequest("s1", 1_700_000_000_000_000, "", "", "batch", body)
    >>> read_outlines(Record("web-0", 7, 0, encode_entry(entry))).events[0].name
    'Song Played'
    """
    found = _skimmed(record)
    return _whole(record) if found is None else found


def _skimmed(record: Record) -> Outlines | None:
    """Return a record's outlines, None where only reading all of it is sure to be right."""
    try:
        entry = decode_entry(record.payload)
        if not isinstance(entry, AcceptedRequest) or (entry.path != "batch" and entry.path not in CALLS):
            return None
        if _may_surprise(entry.body):
            return None
        entry.body.decode()
        raws = _split(entry.body).batch if entry.path == "batch" else [msgspec.Raw(entry.body)]
        events = [one for index, raw in enumerate(raws) if (one := _outline_at(bytes(raw), index, entry, record))]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return Outlines(record.partition, record.offset, entry.received_us, events)


def _outline_at(sent: bytes, index: int, entry: AcceptedRequest, record: Record) -> Outline | None:
    if sent == ERASED_ITEM or len(sent) > entry.event_bytes_max:
        return None
    if sent.count(b"{") + sent.count(b"[") > NESTING_MAX:
        raise RecursionError("It may be nested too deep; the whole rules decide.")
    try:
        return _outline(sent, CALLS.get(entry.path), entry, Position(record.partition, record.offset, index))
    except UnreadableError:
        return None


def _outline(sent: bytes, own_call: Call | None, entry: AcceptedRequest, position: Position) -> Outline:
    item = _skim(sent)
    call = own_call or call_of(cast("Item", item))  # cast: it has the parts that are looked at
    for part in (item.properties, item.traits, item.context):
        if bytes(part)[:1] not in (b"{", b"n"):
            raise UnreadableError("A part is no object.", code="not_object_part")
    ids = _plain_ids(item) if call in _PLAIN else None
    if ids is None:
        ids = ids_of(call, cast("Item", item), [])  # cast: as above
    name = name_of(call, cast("Item", item), [])  # cast: as above
    return Outline(
        SourceId(entry.source_id),
        message_id(item.message_id, position, []),
        call,
        name,
        ids.user_id,
        ids.anonymous_id,
        ids.previous_id,
        entry.received_us,
        position,
    )


def _plain_ids(item: _Skimmed) -> Ids | None:
    """Return the identifiers of a call whose ids are short texts; None leaves it to the whole rules."""
    found: list[str | None] = []
    for value in (item.user_id, item.anonymous_id):
        if value is None:
            found.append(None)
        elif type(value) is str and len(value) <= IDENTIFIER_CHARACTERS_MAX:
            found.append(_known_identifier(value))
        else:
            return None
    return Ids(*found) if found[0] is not None or found[1] is not None else None


def _may_surprise(body: bytes) -> bool:
    """Return whether a text may hold what only the whole rules see: half a pair, NUL, a number beyond all bounds."""
    seen = body.translate(_CLASSES)
    if (b"\\u" in seen and _ESCAPES.search(body)) or _ENDLESS in seen:
        return True
    for exponent in (b"0e000", b"0e+000"):
        at = seen.find(exponent)
        while at >= 0:
            begin = len(seen[:at].rstrip(b"0.-")) if at < 400 else at - 400 + len(seen[at - 400 : at].rstrip(b"0.-"))
            if begin == 0 or seen[begin - 1 : begin] == b" ":
                return True  # a number, or something in a text that looks like one
            at = seen.find(exponent, at + 1)
    return False


def outline_of(event: Event) -> Outline:
    """Return the outline of an event."""
    return Outline(
        event.source_id, event.message_id, event.call, event.name, event.user_id, event.anonymous_id,
        event.previous_id, event.received_us, event.position,
    )  # fmt: skip


def _whole(record: Record) -> Outlines:
    request: DecodedRequest = read_request(record)
    return Outlines(request.partition, request.offset, request.received_us, [outline_of(one) for one in request.events])
