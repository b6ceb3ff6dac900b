"""What a dead letter is, and which of them somebody wants to see."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from regulars.events.shown import EventInFull, ShownEvent, ShownVerdict
from regulars.kernel.sayings import Saying


class LetterState(StrEnum):
    """Where a letter stands."""

    OPEN = "open"
    RETRIED = "retried"
    DISCARDED = "discarded"


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was sent and has not taken effect.

    `stopped_by` says where: `door`, `decode`, `dedupe`, `plan`, or the projection that could not take it in. `code` and
    `reason` say why; `problem` why the last retry did not go through, with its code and saying. `event_id` is its
    place in the log.
    """

    letter_id: int
    state: LetterState
    stopped_by: str
    code: str
    reason: str
    name: str
    source_id: str
    source_name: str
    user_id: str | None
    anonymous_id: str | None
    message_id: str | None
    event_id: str
    received_at: datetime
    changed_at: datetime | None
    problem: str
    problem_code: str
    problem_said: Saying | None


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a text: the reason's code, a sentence, and where: the field, line and column (from 1).

    `said` is the sentence's own code, where it says more than its reason does.
    """

    code: str
    sentence: str
    said: Saying | None = None
    at: str = ""
    line: int = 1
    column: int = 1
    index: int = 0


class LetterInFull(msgspec.Struct, frozen=True, kw_only=True):
    """A letter with what was sent.

    `text` is the item, or the whole request where that was refused, as it came; `whole` says whether it is all of it,
    `is_text` whether it is text at all, `is_covered` whether values that a plan marks as personal are hidden from who
    is asking: such a text may be sent again as it is or patched, but not edited. `faults` are those that the rules of
    today find.
    """

    letter: Letter
    text: str
    whole: bool
    is_text: bool
    is_batch: bool
    is_covered: bool
    faults: list[Fault]
    ip: str
    user_agent: str
    path: str
    status: int


class LetterPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What would come of a text: the events it would become (the first five), of how many, or why it cannot be sent."""

    faults: list[Fault]
    events: list[ShownEvent]
    events_total: int
    verdict: ShownVerdict | None = None


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One letter of many, before and after a patch, and what would come of it."""

    letter: Letter
    before: str
    after: str
    preview: LetterPreview


class PreviewOfMany(msgspec.Struct, frozen=True, kw_only=True):
    """How many letters a query finds, and what a patch would make of the newest five."""

    letters: int
    samples: list[Sample]


class LetterGroup(msgspec.Struct, frozen=True, kw_only=True):
    """How many letters there are of one kind, since when and until when."""

    stopped_by: str
    source_id: str
    source_name: str
    code: str
    letters: int
    first_at: datetime
    last_at: datetime


class LetterChange(msgspec.Struct, frozen=True, kw_only=True):
    """How many letters were changed together; `change_id` undoes a discarding."""

    change_id: str
    letters: int


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which letters somebody wants; None means any.

    `customer` is a customer id or an identifier; `since` and `until` are when they were received.
    """

    state: Literal["open", "retried", "discarded"] | None = "open"
    stopped_by: str | None = None
    source_id: str | None = None
    code: str | None = None
    name: str | None = None
    customer: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class FirstVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The event that came first under a message id; None when history no longer has it."""

    first: EventInFull | None
