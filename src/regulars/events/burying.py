"""What of a batch becomes a dead letter: items that are no events, refused requests, message ids used for something
else. What was sent stays where it stands in the log; a letter is its place, with what is needed to find it again. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from regulars.events.clean import IDENTIFIER_CHARACTERS_MAX
from regulars.events.core import Batch, Event, Position
from regulars.events.decode import DecodedRequest, event_id_of
from regulars.events.reasons import CONTENT_DIFFERS
from regulars.events.record import HOOK
from regulars.events.sent import UnreadableError, read_item
from regulars.events.shown import REPEATED
from regulars.events.worker_store import DeadLetter

DOOR = "door"  # a request that was refused
DECODE = "decode"  # an item of a batch that is no event, or a record that cannot be read
DEDUPE = "dedupe"  # an event whose message id was used before, for something else
PLAN = "plan"  # an event that a tracking plan blocks; all others are the projections that could not take one in


def letters_of(batch: Batch) -> Iterator[DeadLetter]:
    """Yield what is to be buried of a batch, whatever the projections make of the rest."""
    for request in batch.requests:
        yield from _of_request(request, batch.now_us)
    for event in batch.duplicates:
        if event.event_id in batch.differing:
            yield _of_event(event, batch.now_us)


def _of_request(request: DecodedRequest, now_us: int) -> Iterator[DeadLetter]:
    for item in request.rejected:
        place = Position(request.partition, request.offset, item.index)
        message_id, user_id, anonymous_id = _named(item.raw)
        yield DeadLetter(
            letter_id=0,
            event_id=event_id_of(place),
            source_id=request.source_id,
            message_id=message_id,
            user_id=user_id,
            anonymous_id=anonymous_id,
            partition=request.partition,
            record_offset=request.offset,
            item_index=item.index,
            at_us=now_us,
            projection=DECODE,
            reason=item.reason,
            raw=b"",
            code=item.code,
            name=item.name,
            received_us=request.received_us,
        )
    refused = request.refused
    if refused is not None and refused.path == HOOK:
        return  # nobody we know has signed it; whoever should have will come again
    if refused is not None and refused.body_head and refused.source_id is not None:
        message_id, user_id, anonymous_id = _named(refused.body_head) if refused.path != "batch" else (None,) * 3
        yield DeadLetter(
            letter_id=0,
            event_id=event_id_of(Position(request.partition, request.offset, 0)),
            source_id=refused.source_id,
            message_id=message_id,
            user_id=user_id,
            anonymous_id=anonymous_id,
            partition=request.partition,
            record_offset=request.offset,
            item_index=None,
            at_us=now_us,
            projection=DOOR,
            reason=refused.reason,
            raw=b"",
            code=refused.code or "invalid",
            name=refused.name,
            received_us=request.received_us,
        )


def _of_event(event: Event, now_us: int) -> DeadLetter:
    return DeadLetter(
        letter_id=0,
        event_id=event.event_id,
        source_id=event.source_id,
        message_id=event.message_id,
        user_id=event.user_id,
        anonymous_id=event.anonymous_id,
        partition=event.position.partition,
        record_offset=event.position.offset,
        item_index=event.position.index,
        at_us=now_us,
        projection=DEDUPE,
        reason=REPEATED[CONTENT_DIFFERS],
        raw=b"",
        code=CONTENT_DIFFERS,
        name=event.name,
        received_us=event.received_us,
    )


def _named(raw: bytes) -> tuple[str | None, str | None, str | None]:
    """Return message id, user id and anonymous id of something that is no event, as far as they can be told."""
    try:
        item = read_item(raw)
    except UnreadableError:
        return None, None, None
    said = (item.message_id, item.user_id, item.anonymous_id)
    message_id, user_id, anonymous_id = (_text(value) for value in said)
    return message_id, user_id, anonymous_id


def _text(value: object) -> str | None:
    found = str(value) if type(value) is int else value.replace("\x00", "").strip() if isinstance(value, str) else ""
    return found if 0 < len(found) <= IDENTIFIER_CHARACTERS_MAX else None
