"""What stands in one record of the log: a request as it was accepted, one that was refused, or news of our own.

The body is kept as it came, so that everything derived from it can be derived again by better rules.
"""

from __future__ import annotations

import msgspec

from regulars.events.core import Fact

EVENT_BYTES_MAX = 32_768  # Segment's limit for one event
HOOK = "hook"  # the path of a delivery to an inbound webhook


class HookStamp(msgspec.Struct, frozen=True, array_like=True):
    """How a delivery of another service was told as events when it came.

    The mapping itself travels along (JSON of a `HookMapping`), so that a replay needs nothing but the log and finds the
    same events whatever the hook's mapping has become. `headers` are those that the mapping asks for.
    """

    hook_id: str
    version: int
    delivery_id: str
    headers: dict[str, str]
    mapping: bytes


class AcceptedRequest(msgspec.Struct, frozen=True, array_like=True, tag="accepted"):
    """A request that was answered with 200. `path` is the call, or `batch`; `body` is JSON, unpacked.

    `event_bytes_max` is the limit that stood when it came, so that a replay judges by the same. `old_key` tells that it
    came with a write key that was replaced and still opened. `hook` is set for a delivery to an inbound webhook, whose
    `path` is `hook` and whose body is whatever the other service sent.
    """

    source_id: str
    received_us: int
    ip: str
    user_agent: str
    path: str
    body: bytes
    event_bytes_max: int = EVENT_BYTES_MAX
    old_key: bool = False
    hook: HookStamp | None = None


class RefusedRequest(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """A request that was refused, or a number of like ones, kept so that the console can say why.

    `source_id` is None when the key is unknown; `code` is the reason's (`events.reasons`). `body_head` is what was kept
    of the `body_bytes` that were sent: all when `whole`, nothing where there was no room for more than the count.
    `events` stood in the `requests` that this entry speaks for, as far as they could be counted; `name` is what the
    event would have been called.
    """

    source_id: str | None
    received_us: int
    status: int
    reason: str
    path: str
    body_head: bytes
    ip: str = ""
    user_agent: str = ""
    code: str = ""
    events: int = 1
    requests: int = 1
    body_bytes: int = 0
    whole: bool = False
    name: str = ""


class OwnFacts(msgspec.Struct, frozen=True, array_like=True, tag="facts"):
    """News of our own, in the order it happened."""

    facts: list[Fact]
    received_us: int


LogEntry = AcceptedRequest | RefusedRequest | OwnFacts

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[LogEntry] = msgspec.msgpack.Decoder(LogEntry)


def encode_entry(entry: LogEntry) -> bytes:
    """Return an entry as the payload of a record.

    >>> decode_entry(encode_entry(OwnFacts([], 5)))
    OwnFacts(facts=[], received_us=5)
    """
    return _encoder.encode(entry)


def decode_entry(payload: bytes) -> LogEntry:
    """Return what stands in a record.

    Raises
    ------
    msgspec.MsgspecError
        When the payload was not written by `encode_entry`.

    """
    return _decoder.decode(payload)
