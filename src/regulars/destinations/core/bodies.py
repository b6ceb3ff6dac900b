"""What a webhook's body says: one event, or several, in the envelope of Standard Webhooks. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any  # Any: properties are whatever the customer's shop sent

import msgspec
from jmespath.parser import ParsedResult

from regulars.destinations.core.expressions import shaped
from regulars.destinations.core.kinds import Outgoing
from regulars.events.core import Event
from regulars.kernel.clock import moment
from regulars.kernel.ids import CustomerId

BATCH = "events"

_encode = msgspec.json.Encoder().encode


class EventData(msgspec.Struct, frozen=True, kw_only=True):
    """An event as others are told of it. `customer_id` is whose it was when it took effect."""

    event_id: str
    name: str
    call: str
    user_id: str | None
    anonymous_id: str | None
    customer_id: str | None
    group_id: str | None
    source_id: str
    occurred_at: datetime
    received_at: datetime
    properties: dict[str, Any]  # Any: as above
    context: dict[str, Any]  # Any: as above


def data_of(event: Event, customer_id: CustomerId | None) -> bytes:
    """Return an event as the JSON object that others are told."""
    data = EventData(
        event_id=event.event_id,
        name=event.name,
        call=event.call,
        user_id=event.user_id,
        anonymous_id=event.anonymous_id,
        customer_id=customer_id,
        group_id=event.group_id,
        source_id=event.source_id,
        occurred_at=moment(event.occurred_us),
        received_at=moment(event.received_us),
        properties=event.properties,
        context=event.context,
    )
    try:
        return _encode(data)
    except OverflowError:  # JSON has integers of any size, msgspec writes those of 64 bits
        return json.dumps(
            {**msgspec.to_builtins(msgspec.structs.replace(data, properties={}, context={})),
             "properties": event.properties, "context": event.context},
            ensure_ascii=False, separators=(",", ":"),
        ).encode()  # fmt: skip


def message_id_of(destination_id: str, event_id: str) -> str:
    """Return the one id under which a destination hears of an event: the same at every try and every repeat.

    >>> message_id_of("d1", "web-0.17.0") == message_id_of("d1", "web-0.17.0") != message_id_of("d2", "web-0.17.0")
    True
    """
    parts = f"{len(destination_id)}.{destination_id}.{event_id}".encode()
    return "msg_" + hashlib.blake2b(parts, digest_size=15).hexdigest()


def batch_id_of(batch: Sequence[Outgoing]) -> str:
    """Return the id of a request: that of its event, or one made of those of its events."""
    if len(batch) == 1:
        return batch[0].message_id
    return "msg_" + hashlib.blake2b(" ".join(one.message_id for one in batch).encode(), digest_size=15).hexdigest()


def body_of(batch: Sequence[Outgoing], *, batched: bool, template: ParsedResult | None = None) -> bytes:
    """Return the body that tells of some events.

    `{"type": "Order Completed", "timestamp": …, "data": {"id": …, …}}` for one; with `batched` always a list,
    `{"type": "events", "timestamp": …, "data": [{"id": …, …}, …]}`, also of one.

    Raises
    ------
    InvalidError
        When the template cannot be filled.

    """
    items = [b'{"id":"' + one.message_id.encode() + b'",' + one.data[1:] for one in batch]
    data = b"[" + b",".join(items) + b"]" if batched else items[0]
    kind = BATCH if batched else batch[0].name
    at = moment(max(one.occurred_us for one in batch))
    whole = b'{"type":' + _encode(kind) + b',"timestamp":' + _encode(at) + b',"data":' + data + b"}"
    if template is None:
        return whole
    return json.dumps(shaped(template, json.loads(whole)), ensure_ascii=False, separators=(",", ":")).encode()
