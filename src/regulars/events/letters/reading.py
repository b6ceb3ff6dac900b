"""What was sent, according to the log or, where the log has forgotten it, to the letter itself."""

from __future__ import annotations

import json
import zlib
from typing import NamedTuple

import msgspec

from regulars.events.burying import DECODE
from regulars.events.core import Event
from regulars.events.decode import CALLS, ERASED_ITEM, told_by
from regulars.events.hooks.core.mapping import Failure
from regulars.events.letters.core import Origin, call_of
from regulars.events.record import HOOK, AcceptedRequest, LogEntry, RefusedRequest, decode_entry, encode_entry
from regulars.events.sent import UnreadableError, split_batch
from regulars.events.worker_store import DeadLetter
from regulars.kernel.eventlog import EventLog
from regulars.kernel.settings import EventsSettings

_GZIP = b"\x1f\x8b"


class Held(NamedTuple):
    """What is held of a letter: the bytes that were sent, all of them or not, and where they come from."""

    raw: bytes
    whole: bool
    origin: Origin
    status: int
    is_gone: bool = False

    @property
    def covered_path(self) -> str:
        """How the text is shaped, for whoever covers it; a delivery is shaped as the other service likes."""
        return HOOK if self.origin.hook is not None else "batch" if self.origin.is_batch else "track"

    @property
    def text(self) -> tuple[str, bool]:
        """What was sent as text, and whether it is text."""
        raw = _unpacked(self.raw)
        try:
            return raw.decode(), True
        except UnicodeDecodeError:
            return raw.decode("utf-8", "replace"), False


def held(log: EventLog, letter: DeadLetter, settings: EventsSettings) -> Held:
    """Return what is held of a letter."""
    entry = _in_log(log, letter)
    index = letter.item_index
    if entry is None and letter.raw:
        entry, index = _in_letter(letter), 0
    if isinstance(entry, RefusedRequest):
        return _of_refused(entry, settings)
    if isinstance(entry, AcceptedRequest):
        found = _of_accepted(entry, letter, index or 0)
        if found is not None:
            return found
    event = _event_in(letter)
    if event is None:
        return Held(b"", False, _nowhere(letter, settings), 0, is_gone=True)
    return Held(call_of(event), True, _nowhere(letter, settings), 200)


def for_keeping(log: EventLog, letter: DeadLetter) -> bytes:
    """Return what the log holds of a letter, and nothing else of the record, to be kept with the letter."""
    entry = _in_log(log, letter)
    if isinstance(entry, RefusedRequest):
        return encode_entry(entry)
    if not isinstance(entry, AcceptedRequest):
        return b""
    found = _of_accepted(entry, letter, letter.item_index or 0)
    if found is None:
        return b""
    if entry.hook is not None:
        kept = entry if found.origin.hook is not None else _alone(entry, found.raw)
        return encode_entry(kept)
    said = {"context": found.origin.context, "sentAt": found.origin.sent_at}
    about = b"".join(
        b",%b:%b" % (json.dumps(name).encode(), json.dumps(value).encode())
        for name, value in said.items()
        if value is not None
    )
    body = b'{"batch":[' + found.raw + b"]" + about + b"}" if entry.path == "batch" else found.raw
    return encode_entry(msgspec.structs.replace(entry, body=body))


def _in_log(log: EventLog, letter: DeadLetter) -> LogEntry | None:
    if letter.partition not in log.partitions():
        return None
    for record in log.read(letter.partition, after=letter.record_offset - 1, records_max=1):
        if record.offset == letter.record_offset:
            try:
                return decode_entry(record.payload)
            except msgspec.MsgspecError:
                return None
    return None


def _in_letter(letter: DeadLetter) -> LogEntry | None:
    try:
        return decode_entry(letter.raw)
    except msgspec.MsgspecError:
        return None


def _event_in(letter: DeadLetter) -> Event | None:
    try:
        return msgspec.msgpack.decode(letter.raw, type=Event)
    except msgspec.MsgspecError:
        return None


def _of_refused(entry: RefusedRequest, settings: EventsSettings) -> Held:
    origin = Origin(
        source_id=entry.source_id or "",
        received_us=entry.received_us,
        path=entry.path,
        is_batch=entry.path not in CALLS,
        ip=entry.ip,
        user_agent=entry.user_agent,
        event_bytes_max=settings.event_bytes_max,
    )
    gone = not entry.body_head and entry.body_bytes > 0
    return Held(entry.body_head, entry.whole, origin, entry.status, is_gone=gone)


def _of_accepted(entry: AcceptedRequest, letter: DeadLetter, index: int) -> Held | None:
    if entry.hook is not None:
        return _of_delivery(entry, letter, index)
    raw, context, sent_at = entry.body, None, None
    if entry.path == "batch":
        try:
            envelope, _ = split_batch(entry.body)
        except UnreadableError:
            return Held(entry.body, True, _origin(entry, is_batch=True), 200)
        if index >= len(envelope.batch):
            return None
        raw, context, sent_at = bytes(envelope.batch[index]), envelope.context, envelope.sent_at
    if raw == ERASED_ITEM:
        return None
    origin = _origin(entry, is_batch=False)._replace(context=context, sent_at=sent_at)
    return Held(raw, True, origin, 200)


def _of_delivery(entry: AcceptedRequest, letter: DeadLetter, index: int) -> Held | None:
    """Return a delivery where its telling failed; where something told was stopped later on, that call."""
    if letter.projection == DECODE:
        return Held(entry.body, True, _origin(entry, is_batch=False)._replace(hook=entry.hook), 200)
    call = next(iter(told_by(entry)[index : index + 1]), None)
    if call is None or isinstance(call, Failure):
        return None
    return Held(call, True, _origin(entry, is_batch=False)._replace(path="batch"), 200)


def _alone(entry: AcceptedRequest, call: bytes) -> AcceptedRequest:
    return msgspec.structs.replace(entry, path="batch", body=b'{"batch":[' + call + b"]}", hook=None)


def _origin(entry: AcceptedRequest, *, is_batch: bool) -> Origin:
    return Origin(
        source_id=entry.source_id,
        received_us=entry.received_us,
        path=entry.path,
        is_batch=is_batch,
        ip=entry.ip,
        user_agent=entry.user_agent,
        event_bytes_max=entry.event_bytes_max,
    )


def _nowhere(letter: DeadLetter, settings: EventsSettings) -> Origin:
    return Origin(
        source_id=letter.source_id or "",
        received_us=letter.received_us or letter.at_us,
        path="batch",
        is_batch=False,
        event_bytes_max=settings.event_bytes_max,
    )


def _unpacked(raw: bytes) -> bytes:
    """Return what can be unpacked of a body that was refused because not all of it could."""
    if not raw.startswith(_GZIP):
        return raw
    unpacker, unpacked = zlib.decompressobj(wbits=31), b""
    try:
        unpacked = unpacker.decompress(raw, 8 * len(raw) + 65_536)
    except zlib.error:
        return raw
    return unpacked or raw
