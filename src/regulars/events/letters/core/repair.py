"""How a letter is mended: the door's own rules on a new text, and the request it becomes. Pure.

What a mended letter says happened when it would have happened had it been right at once: its time is worked out from
the clock readings it came with, and written into it, because it is sent again later by us.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple  # Any: JSON as it was sent

import msgspec

from regulars.events.clean import MESSAGE_ID_CHARACTERS_MAX
from regulars.events.core import Event
from regulars.events.decode import CALLS, RejectedItem, read_accepted, told_by
from regulars.events.hooks.core.mapping import Failure
from regulars.events.letters.core.letter import Fault
from regulars.events.record import HOOK, AcceptedRequest, HookStamp
from regulars.events.sent import UnreadableError, read_item, split_batch
from regulars.kernel.clock import moment

_NO_NUMBER = re.compile(r"-?\b(NaN|Infinity)\b")
_HALF = re.compile(r"\\ud[89a-f][0-9a-f]{2}", re.IGNORECASE)
_OF_THE_SENDING = ("sentAt", "originalTimestamp", "writeKey")  # said by the first sending, not by ours


class Origin(NamedTuple):
    """Where a letter's text comes from: its request, and what the request said for all of its items.

    With `hook` the text is a delivery of another service, which is told as events by the mapping in it.
    """

    source_id: str
    received_us: int
    path: str
    is_batch: bool
    ip: str = ""
    user_agent: str = ""
    context: Any = None  # Any: as it was sent
    sent_at: Any = None  # Any: as it was sent
    event_bytes_max: int = 0
    hook: HookStamp | None = None


class Looked(NamedTuple):
    """A text by the rules: the events it would become with the items they come from, or what is wrong with it.

    `delivery` is the text itself, where a hook's mapping tells what it means.
    """

    events: list[Event]
    items: list[bytes]
    faults: list[Fault]
    delivery: bytes = b""


def look_at(text: str, origin: Origin) -> Looked:
    """Return what would come of a text.

    >>> origin = Origin("s1", 1_700_000_000_000_000, "track", is_batch=False, event_bytes_max=1_000)
    >>> look_at('{"event": "Song Played", "userId": "ann"}', origin).events[0].name
    'Song Played'
    >>> [fault.code for fault in look_at('{"event": "Song Played"}', origin).faults]
    ['no_user_anon_id']
    """
    body = text.encode("utf-8", "replace")
    if origin.hook is not None:
        return _told(body, origin, origin.hook)
    try:
        items, context, sent_at = _taken_apart(body, origin)
    except UnreadableError as error:
        return Looked([], [], [_fault(text, str(error), error.code, error.at)])
    if not items:
        return Looked([], [], [Fault(code="no_batch", sentence="There is no event in it.")])
    return _looked(text, items, origin, context, sent_at)


def _told(body: bytes, origin: Origin, hook: HookStamp) -> Looked:
    """Return what a delivery tells by the mapping that holds now."""
    request = AcceptedRequest(origin.source_id, origin.received_us, "", "", HOOK, body, hook=hook)
    told = told_by(request)
    failed = [
        Fault(code=one.code, sentence=one.reason, at=one.at, index=index)
        for index, one in enumerate(told)
        if isinstance(one, Failure)
    ]
    calls = [one for one in told if isinstance(one, bytes)]
    if failed or not calls:
        none = Fault(code="hook_unmapped", sentence="The hook's mapping makes no event of it. Discard it, or mend it.")
        return Looked([], [], failed or [none])
    return _looked("", calls, origin, None, None)._replace(delivery=body)


def _looked(
    text: str, items: list[bytes], origin: Origin, context: Any, sent_at: Any
) -> Looked:  # Any: as they were sent
    request = AcceptedRequest(
        origin.source_id,
        origin.received_us,
        origin.ip,
        origin.user_agent,
        "batch",
        _joined(items, context, sent_at),
        origin.event_bytes_max,
    )
    decoded = read_accepted(request, partition="letter", offset=1)
    if decoded.rejected:
        return Looked([], items, [_fault_of(text, item, is_batch=origin.is_batch) for item in decoded.rejected])
    return Looked(decoded.events, items, [])


def repaired(letter_id: int, looked: Looked, origin: Origin, *, source_id: str, now_us: int) -> AcceptedRequest:
    """Return the request that a mended letter becomes: the same at every try, so that it takes effect once."""
    named = letter_id if origin.hook is None else None
    calls = [
        _mended(named, at, raw, event) for at, (raw, event) in enumerate(zip(looked.items, looked.events, strict=True))
    ]
    raws = [json.dumps(call, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") for call in calls]
    return AcceptedRequest(
        source_id,
        now_us,
        origin.ip,
        origin.user_agent,
        "batch",
        _joined(raws, None, None),
        max(origin.event_bytes_max, *map(len, raws)),  # what we add ourselves must not make it too large
    )


def told_anew(looked: Looked, origin: Origin, hook: HookStamp, *, source_id: str) -> AcceptedRequest:
    """Return a delivery as it would have come, had the mapping been right at once."""
    return AcceptedRequest(
        source_id,
        origin.received_us,
        origin.ip,
        origin.user_agent,
        HOOK,
        looked.delivery,
        origin.event_bytes_max,
        hook=hook,
    )


def repaired_id(letter_id: int, at: int, original: str) -> str:
    """Return the message id of a mended letter's event.

    >>> repaired_id(7, 0, "m-1"), repaired_id(7, 2, "m-1")
    ('repaired:7:m-1', 'repaired:7.2:m-1')
    >>> len(repaired_id(7, 0, "x" * 100)) <= MESSAGE_ID_CHARACTERS_MAX
    True
    """
    begin = f"repaired:{letter_id}{f'.{at}' if at else ''}:"
    if len(begin) + len(original) > MESSAGE_ID_CHARACTERS_MAX:
        original = hashlib.blake2b(original.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return begin + original


def call_of(event: Event) -> bytes:
    """Return an event as a call that says the same: what is edited when the call itself is no longer kept."""
    call: dict[str, Any] = {"type": event.call}  # Any: JSON
    if event.call == "track":
        call["event"] = event.name
    named = ("userId", event.user_id), ("anonymousId", event.anonymous_id), ("previousId", event.previous_id)
    call |= {name: value for name, value in (*named, ("groupId", event.group_id)) if value is not None}
    call["messageId"] = event.message_id
    call["timestamp"] = moment(event.occurred_us).isoformat()
    call["traits" if event.call in {"identify", "group"} else "properties"] = event.properties
    if event.context:
        call["context"] = event.context
    return json.dumps(call, ensure_ascii=False).encode("utf-8", "replace")


def _taken_apart(body: bytes, origin: Origin) -> tuple[list[bytes], Any, Any]:  # Any: as they were sent
    if origin.is_batch:
        envelope, _ = split_batch(body)
        return [bytes(raw) for raw in envelope.batch], envelope.context, envelope.sent_at
    item = read_item(body)
    if item.type is None and origin.path in CALLS:
        call: dict[str, Any] = {"type": origin.path, **json.loads(body)}  # Any: JSON
        body = json.dumps(call, ensure_ascii=False).encode()
    return [body], origin.context, origin.sent_at


def _joined(items: Sequence[bytes], context: Any, sent_at: Any) -> bytes:  # Any: as they were sent
    said = {name: value for name, value in (("context", context), ("sentAt", sent_at)) if value is not None}
    about = b"".join(b",%b:%b" % (json.dumps(name).encode(), _json(value)) for name, value in said.items())
    return b'{"batch":[' + b",".join(items) + b"]" + about + b"}"


def _json(value: Any) -> bytes:  # Any: JSON as it was sent
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _mended(letter_id: int | None, at: int, raw: bytes, event: Event) -> dict[str, Any]:  # Any: JSON
    call: dict[str, Any] = json.loads(raw)
    said = call.get("messageId")
    original = said if isinstance(said, str) and said.strip() else str(said) if type(said) is int else ""
    original = original.strip()
    call |= {
        "type": event.call,
        # what else the delivery told took effect already, under the names that its mapping gives again
        "messageId": original if letter_id is None else repaired_id(letter_id, at, original),
        "timestamp": moment(event.occurred_us).isoformat(),
        "context": event.context,
    }
    return {name: value for name, value in call.items() if name not in _OF_THE_SENDING}


def _fault_of(text: str, item: RejectedItem, *, is_batch: bool) -> Fault:
    said = item.raw.decode("utf-8", "replace")
    begin = text.find(said) if is_batch else 0
    within = (begin, begin + len(said)) if begin >= 0 and is_batch else (0, len(text))
    return _fault(text, item.reason, item.code, item.at, within=within, index=item.index)


def _fault(
    text: str, sentence: str, code: str, at: str, *, within: tuple[int, int] | None = None, index: int = 0
) -> Fault:
    line, column = _where(text, code, at, within or (0, len(text)))
    return Fault(code=code, sentence=sentence, at=at, line=line, column=column, index=index)


def _where(text: str, code: str, at: str, within: tuple[int, int]) -> tuple[int, int]:
    """Return line and column of what is wrong: the field, the character, or the beginning."""
    if code == "not_json":
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            return error.lineno, error.colno
        except RecursionError:
            return 1, 1
    pattern = {"not_a_number": _NO_NUMBER, "half_surrogate": _HALF}.get(code)
    said = pattern.search(text, *within) if pattern else None
    place = said.start() if said else text.find(f'"{at}"', *within) if at else within[0]
    place = within[0] if place < 0 else place
    return text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)


def plain(event: Event, now_us: int) -> Event:
    """Return an event as it would be received now."""
    return msgspec.structs.replace(event, received_us=now_us)
