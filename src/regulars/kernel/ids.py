"""Names for things: typed, sortable by the time they were given (UUID version 7, RFC 9562).

Two kinds of identifier are distinct types, so that one cannot be passed for the other.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import NewType
from uuid import UUID

CustomerId = NewType("CustomerId", str)
EventId = NewType("EventId", str)
ItemId = NewType("ItemId", str)
SlateId = NewType("SlateId", str)
SourceId = NewType("SourceId", str)


def new_id(now_us: int) -> str:
    """Return a fresh UUIDv7 whose order is the order of `now_us`.

    >>> new_id(1_000) < new_id(2_000_000)
    True
    """
    return _uuid7(now_us, secrets.token_bytes(10))


def derived_id(now_us: int, *parts: str) -> str:
    """Return the one UUIDv7 that belongs to these parts at this moment: the same at every replay.

    >>> derived_id(5_000, "user_id", "ann") == derived_id(5_000, "user_id", "ann")
    True
    >>> derived_id(5_000, "ab", "c") == derived_id(5_000, "a", "bc")
    False
    """
    digest = hashlib.blake2b(digest_size=10)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(4, "big") + encoded)
    return _uuid7(now_us, digest.digest())


def _uuid7(now_us: int, tail: bytes) -> str:
    milliseconds = (now_us // 1000) & ((1 << 48) - 1)
    value = (milliseconds << 80) | int.from_bytes(tail, "big")
    value = (value & ~(0xF << 76)) | (7 << 76)
    value = (value & ~(0x3 << 62)) | (2 << 62)
    return str(UUID(int=value))
