"""Hands every event on to history, with the identifiers it came with."""

from __future__ import annotations

import json
from typing import Any  # Any: as `Projection` has it, and properties are whatever the customer's shop sent

import msgspec

from regulars.events.core import Batch, Event
from regulars.lake import Lake, LakeRow

_encode = msgspec.json.Encoder().encode


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


def _json(value: dict[str, Any]) -> bytes:
    try:
        return _encode(value)
    except OverflowError:  # JSON has integers of any size, msgspec writes those of 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
