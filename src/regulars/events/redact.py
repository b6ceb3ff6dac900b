"""What stays of a record when somebody is forgotten? Pure.

Every other event of the record keeps its place, so that a replay gives it the same id as before.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Protocol

import msgspec

from regulars.events.core import Event, Fact
from regulars.events.decode import ERASED_ITEM, DecodedRequest, read_request, told_by
from regulars.events.hooks.core.mapping import Failure
from regulars.events.record import AcceptedRequest, OwnFacts, RefusedRequest, decode_entry, encode_entry
from regulars.events.sent import split_batch
from regulars.kernel.eventlog import Record


class Covers(Protocol):
    """Says whether an event with these identifiers must go."""

    def __call__(self, *, user_id: str | None, anonymous_id: str | None, previous_id: str | None = None) -> bool:
        """Say so."""
        ...


def redacted(record: Record, covers: Covers, words: Collection[str]) -> bytes | None:
    """Return the payload without whatever is about somebody; None when nothing is.

    Parameters
    ----------
    covers
        Whether an event with given identifiers is theirs.
    words
        Their identifiers and customer ids: what no event carries as an identifier, such as a refused body or the
        properties of our own facts, goes when it holds one of these.

    """
    try:
        entry = decode_entry(record.payload)
    except msgspec.MsgspecError:
        return None
    named = [_as_sent(word) for word in words]
    if isinstance(entry, OwnFacts):
        return _without_facts(entry, covers, named)
    if isinstance(entry, RefusedRequest):
        gone = _holds(entry.body_head, named)
        kept = msgspec.structs.replace(entry, body_head=b"", ip="", user_agent="", whole=False)
        return encode_entry(kept) if gone else None
    decoded = read_request(record)
    theirs = _theirs(decoded, covers, named)
    if entry.hook is not None:
        gone = bool(theirs) or _holds(entry.body, named)
        return encode_entry(_without_delivery(entry, decoded, theirs, named)) if gone else None
    return encode_entry(_without(entry, decoded, theirs)) if theirs else None


def _as_sent(word: str) -> re.Pattern[bytes]:
    quoted = re.escape(msgspec.json.encode(word))
    return re.compile(quoted + rb"|(?<![0-9.])" + word.encode() + rb"(?![0-9.])" if word.isdecimal() else quoted)


def _holds(text: bytes, named: list[re.Pattern[bytes]]) -> bool:
    return any(word.search(text) for word in named)


def _theirs(decoded: DecodedRequest, covers: Covers, named: list[re.Pattern[bytes]]) -> set[int]:
    found = {event.position.index for event in decoded.events if _is_theirs(event, covers)}
    return found | {item.index for item in decoded.rejected if _holds(item.raw, named)}


def _is_theirs(event: Event, covers: Covers) -> bool:
    return covers(user_id=event.user_id, anonymous_id=event.anonymous_id, previous_id=event.previous_id)


def _without(entry: AcceptedRequest, decoded: DecodedRequest, theirs: set[int]) -> AcceptedRequest | OwnFacts:
    everything = {event.position.index for event in decoded.events} | {item.index for item in decoded.rejected}
    if theirs == everything:
        return OwnFacts([], entry.received_us)
    envelope, _ = split_batch(entry.body)
    kept = [msgspec.Raw(ERASED_ITEM) if index in theirs else raw for index, raw in enumerate(envelope.batch)]
    return msgspec.structs.replace(entry, body=msgspec.json.encode(msgspec.structs.replace(envelope, batch=kept)))


def _without_delivery(
    entry: AcceptedRequest, decoded: DecodedRequest, theirs: set[int], named: list[re.Pattern[bytes]]
) -> AcceptedRequest | OwnFacts:
    """Return what others' events a delivery told, as a batch: its body holds more of them than any event does."""
    everything = {event.position.index for event in decoded.events} | {item.index for item in decoded.rejected}
    if theirs == everything:
        return OwnFacts([], entry.received_us)
    calls = [said.raw if isinstance(said, Failure) else said for said in told_by(entry)]
    kept = [
        msgspec.Raw(ERASED_ITEM if index in theirs or _holds(raw, named) else raw) for index, raw in enumerate(calls)
    ]
    body = msgspec.json.encode({"batch": kept})
    return msgspec.structs.replace(entry, path="batch", body=body, hook=None)


def _without_facts(entry: OwnFacts, covers: Covers, named: list[re.Pattern[bytes]]) -> bytes | None:
    def is_theirs(fact: Fact) -> bool:
        about = msgspec.json.encode(fact.properties)
        return covers(user_id=fact.user_id, anonymous_id=fact.anonymous_id) or _holds(about, named)

    kept = [_blank(fact) if is_theirs(fact) else fact for fact in entry.facts]
    return None if kept == entry.facts else encode_entry(OwnFacts(kept, entry.received_us))


def _blank(fact: Fact) -> Fact:
    return Fact(name="Erased", message_id=fact.message_id, properties={}, occurred_us=fact.occurred_us)
