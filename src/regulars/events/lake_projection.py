"""Hands every event on to history, with the identifiers it came with."""

from __future__ import annotations

import json
from typing import Any, cast  # Any: as `Projection` has it, and properties are whatever the customer's shop sent

import msgspec

from regulars.events.core import Batch, Call, Event, Position
from regulars.kernel.ids import EventId, SourceId
from regulars.lake import Lake, LakeRow

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode  # Any: as they were sent


class LakeProjection:
    """The last reader of the log: stages each batch for the lake, in the worker's transaction."""

    name = "lake"

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def project(self, batch: Batch, connection: Any) -> None:  # Any: sqlalchemy.Connection; see Projection
        """Stage the events of the batch."""
        self._lake.stage(connection, [row_of(event) for event in batch.events], batch.now_us)


def row_of(event: Event) -> LakeRow:
    """Return an event as a row of history."""
    return LakeRow(
        event_id=event.event_id,
        source_id=event.source_id,
        message_id=event.message_id,
        call=event.call,
        name=event.name,
        user_id=event.user_id,
        anonymous_id=event.anonymous_id,
        previous_id=event.previous_id,
        group_id=event.group_id,
        properties=_json(event.properties),
        context=_json(event.context),
        occurred_us=event.occurred_us,
        received_us=event.received_us,
        original_us=event.original_us,
        sent_us=event.sent_us,
        partition=event.position.partition,
        offset=event.position.offset,
        index=event.position.index,
    )


def event_of(row: LakeRow) -> Event:
    """Return a row of history as the event it was; only what was put right when it came in is not told any more.

    >>> from regulars.lake.core import LakeRow
    >>> row = LakeRow(event_id="web-0.7.0", source_id="s1", message_id="m1", call="track", name="Song Played",
    ...     user_id="ann", anonymous_id=None, previous_id=None, group_id=None, properties=b'{"asset_id":"x"}',
    ...     context=b"{}", occurred_us=5, received_us=6, original_us=None, sent_us=None, partition="web-0", offset=7,
    ...     index=0)
    >>> row_of(event_of(row)) == row
    True
    """
    return Event(
        event_id=EventId(row.event_id),
        source_id=SourceId(row.source_id),
        message_id=row.message_id,
        call=cast("Call", row.call),  # cast: it was a call when it was staged
        name=row.name,
        user_id=row.user_id,
        anonymous_id=row.anonymous_id,
        previous_id=row.previous_id,
        group_id=row.group_id,
        properties=_read(row.properties),
        context=_read(row.context),
        occurred_us=row.occurred_us,
        received_us=row.received_us,
        original_us=row.original_us,
        sent_us=row.sent_us,
        position=Position(row.partition, row.offset, row.index),
    )


def _read(text: bytes) -> dict[str, Any]:  # Any: as they were sent
    try:
        return _decode(text)
    except msgspec.ValidationError:  # a whole number beyond 64 bits
        return cast("dict[str, Any]", json.loads(text))  # Any, cast: as they were sent


def _json(value: dict[str, Any]) -> bytes:
    try:
        return _encode(value)
    except OverflowError:  # JSON has integers of any size, msgspec writes those of 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
