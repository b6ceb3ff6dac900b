"""How one event's parts are cleaned: identifiers, names, moments, values. Values in, values out.

What is put right is collected in `corrections`, each with its code and a sentence.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any  # Any: what strangers send

import msgspec

from regulars.events.core import Position
from regulars.events.reasons import Correction
from regulars.kernel.clock import EPOCH, MICROSECONDS_PER_SECOND

NAME_CHARACTERS_MAX = 200
IDENTIFIER_CHARACTERS_MAX = 512  # four bytes each still fit a PostgreSQL index row (2,704 bytes)
MESSAGE_ID_CHARACTERS_MAX = 100  # Segment's common fields: "less than 100 characters"
NESTING_MAX = 64
DAY_S = 86_400
CLOCK_NOTED_US = 10 * MICROSECONDS_PER_SECOND  # less than this is the network, not the clock

# Segment, "Identity Resolution settings", blocked values; the last four are what JavaScript makes of nothing.
NEVER_AN_IDENTIFIER = frozenset({"", "-1", "null", "anonymous", "undefined", "nan", "none", "[object object]"})
_ZEROS = re.compile(r"[0-]*")


@dataclass(frozen=True, slots=True)
class EventTime:
    """When something happened: corrected, as the device said, and when it said it was sent."""

    occurred_us: int
    original_us: int | None
    sent_us: int | None


def identifier(value: Any, name: str, corrections: list[Correction]) -> str | None:  # Any: as it was sent
    """Return a usable identifier, None when this is none.

    >>> identifier(" ann ", "userId", []), identifier("0000-00", "userId", []), identifier(42, "userId", [])
    ('ann', None, '42')
    """
    if value is None:
        return None
    if type(value) is not str:
        if type(value) is not int:
            corrections.append(Correction("identifier_not_text", f"'{name}' is not a text and was left out."))
            return None
        value = str(value)
    found = trimmed(value, name, corrections)
    if found.lower() in NEVER_AN_IDENTIFIER or (found[0] in "0-" and _ZEROS.fullmatch(found)):
        if found:
            sentence = f"'{name}' holds a value that never identifies anybody and was left out."
            corrections.append(Correction("identifier_of_nobody", sentence))
        return None
    return found


def trimmed(value: str, name: str, corrections: list[Correction]) -> str:
    """Return a text without blanks around it and without NUL characters (which `tame` tells of).

    >>> told: list[Correction] = []
    >>> trimmed(" ann", "userId", told), told[0].code
    ('ann', 'blanks_removed')
    """
    found = value.strip()
    if "\x00" in found:
        found = found.replace("\x00", "").strip()
    elif found and len(found) != len(value):
        corrections.append(Correction("blanks_removed", f"'{name}' came with blanks around it, which were taken off."))
    return found


def message_id(value: Any, position: Position, corrections: list[Correction]) -> str:  # Any: as it was sent
    """Return the sender's own id of a message, or one made from its place in the log.

    >>> message_id(None, Position("web-0", 7, 1), [])
    'position:web-0.7.1'
    """
    found = str(value) if type(value) is int else trimmed(value, "messageId", corrections) if type(value) is str else ""
    if not found:
        sentence = "It came without 'messageId': sent twice, it counts twice."
        corrections.append(Correction("message_id_missing", sentence))
        return f"position:{position.partition}.{position.offset}.{position.index}"
    if len(found) > MESSAGE_ID_CHARACTERS_MAX:
        sentence = f"'messageId' has more than {MESSAGE_ID_CHARACTERS_MAX} characters and was shortened."
        corrections.append(Correction("message_id_shortened", sentence))
        return "digest:" + hashlib.blake2b(found.encode(), digest_size=16).hexdigest()
    return found


def event_time(original: Any, sent: Any, received_us: int, corrections: list[Correction]) -> EventTime:  # Any: as sent
    """Return when something happened by our clock: `received − (sent − original)`, never in the future.

    The error of the device's clock cancels, because both readings come from it.

    >>> minute = 60 * MICROSECONDS_PER_SECOND
    >>> received_us = parsed("2026-11-22T10:05:21Z")
    >>> when = event_time("2026-11-22T10:00:00Z", "2026-11-22T10:00:20Z", received_us, [])
    >>> when.occurred_us == parsed("2026-11-22T10:05:01Z")
    True
    """
    original_us, sent_us = parsed(original), parsed(sent)
    if sent_us is None and sent is not None:
        sentence = "'sentAt' cannot be read as a moment; the error of the sender's clock is not known."
        corrections.append(Correction("sent_at_unreadable", sentence))
    if original_us is None:
        if original is not None:
            sentence = "'timestamp' cannot be read as a moment; it counts as happening when it arrived."
            corrections.append(Correction("timestamp_unreadable", sentence))
        return EventTime(received_us, None, sent_us)
    occurred_us = original_us
    if sent_us is not None:
        skew_us = received_us - sent_us
        occurred_us += skew_us
        if abs(skew_us) >= CLOCK_NOTED_US:
            seconds = abs(skew_us) // MICROSECONDS_PER_SECOND
            sentence = f"The sender's clock was {seconds} s {'behind' if skew_us > 0 else 'ahead'}."
            corrections.append(Correction("clock_skew", sentence))
    if occurred_us > received_us:
        if occurred_us - received_us >= CLOCK_NOTED_US:
            sentence = "It claimed to happen in the future; it counts as happening when it arrived."
            corrections.append(Correction("future_timestamp", sentence))
        occurred_us = received_us
    return EventTime(max(occurred_us, 0), original_us, sent_us)


def parsed(value: Any) -> int | None:  # Any: as it was sent
    """Return a moment as microseconds since 1970: ISO 8601 (UTC when it names no zone) or a number of s, ms or µs.

    >>> parsed("1970-01-01T00:00:01Z"), parsed(1_700_000_000_000), parsed("yesterday")
    (1000000, 1700000000000000, None)
    """
    if isinstance(value, str):
        return _parsed_text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _parsed_number(value)
    return None


def tame(
    properties: dict[str, Any], context: dict[str, Any], corrections: list[Correction], *, holds_nul: bool
) -> tuple[dict[str, Any], dict[str, Any]]:  # Any: as they were sent
    """Return values that every store can keep: no NUL in a text, no whole number beyond 64 bits.

    `holds_nul` says whether a NUL stands anywhere in what was sent.
    """
    huge = _too_huge(properties) or _too_huge(context)
    if not huge and not holds_nul:
        return properties, context
    if huge:
        corrections.append(Correction("number_rounded", "A whole number beyond 64 bits was rounded."))
    if holds_nul:
        corrections.append(Correction("nul_removed", "A NUL character was taken out of a text."))
    return _tamed(properties), _tamed(context)


def too_deep(raw: bytes, *values: Any) -> bool:  # Any: as they were sent
    """Return whether anything is nested deeper than we keep."""
    if raw.count(b"{") + raw.count(b"[") <= NESTING_MAX:
        return False
    level = [value for value in values if isinstance(value, dict | list)]
    for _ in range(NESTING_MAX):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


_pack = msgspec.msgpack.Encoder().encode


def _too_huge(values: dict[str, Any]) -> bool:  # Any: as they were sent
    try:
        _pack(values)
    except OverflowError:
        return True
    return False


def _tamed(value: Any) -> Any:  # Any: as it was sent
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {_tamed(name): _tamed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_tamed(inner) for inner in value]
    if type(value) is int and not -(2**63) <= value < 2**63:
        return float(value) if abs(value) < 1 << 1000 else None
    return value


def _parsed_text(value: str) -> int | None:
    try:
        when = datetime.fromisoformat(value.strip())
    except ValueError:
        return _parsed_number(int(value)) if value.isascii() and value.isdigit() and len(value) >= 9 else None
    since = (when if when.tzinfo is not None else when.replace(tzinfo=UTC)) - EPOCH
    found_us = (since.days * DAY_S + since.seconds) * MICROSECONDS_PER_SECOND + since.microseconds
    return found_us if found_us >= 0 else None


def _parsed_number(value: float) -> int | None:
    for unit_us, least in ((1, 1e14), (1_000, 1e11), (MICROSECONDS_PER_SECOND, 0)):
        if least <= value < 1e17:
            return int(value * unit_us)
    return None
