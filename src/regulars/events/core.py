"""What a fact is, and how it travels.

A fact comes in as one item of an accepted request and becomes an `Event`: identifiers cleaned, time corrected, shape
known. A `Batch` carries new events down the street; each projection adds what those below it need.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol  # Any: properties are whatever the customer's shop sent

import msgspec

from regulars.kernel.ids import CustomerId, EventId, SourceId

Call = Literal["identify", "track", "page", "screen", "group", "alias"]


class Position(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Where in the log a fact stands: partition, offset of its record, index of the item within the record."""

    partition: str
    offset: int
    index: int


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One fact, as the rest of the shop sees it.

    `name` is the event for `track`; `Page`, `Screen`, `Identify`, `Group`, `Alias` for the others (a page's own name is
    `properties["name"]`). `properties` holds the traits of `identify` and `group`. All moments are microseconds since
    1970: `occurred_us` is corrected for the device's clock, `original_us` and `sent_us` are as sent. `corrections` says
    what was put right, a sentence each, and `correction_codes` the code of each (`events.reasons`).
    """

    event_id: EventId
    source_id: SourceId
    message_id: str
    call: Call
    name: str
    user_id: str | None
    anonymous_id: str | None
    previous_id: str | None = None
    group_id: str | None = None
    properties: dict[str, Any]
    context: dict[str, Any]
    occurred_us: int
    received_us: int
    original_us: int | None = None
    sent_us: int | None = None
    position: Position
    corrections: tuple[str, ...] = ()
    correction_codes: tuple[str, ...] = ()


def was_imported(event: Event) -> bool:
    """Return whether an event is history that a file brought in, and no news to act upon."""
    return event.context.get("imported") is True


class Merge(msgspec.Struct, frozen=True):
    """Two customers turned out to be one: everything of `absorbed` belongs to `kept` from now on.

    `at_us` is when the fact that showed it happened.
    """

    kept: CustomerId
    absorbed: CustomerId
    at_us: int = 0


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """News of our own, on its way to the log through the outbox, e.g. `Customers Merged`.

    `message_id` must be derived from what caused it, so that the same cause replayed is the same fact.
    """

    name: str
    message_id: str
    user_id: str | None = None
    anonymous_id: str | None = None
    properties: dict[str, Any]
    occurred_us: int


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which an event does not keep to its tracking plan.

    `pointer` is a JSON pointer into the event (`/properties/products/*/price`, list places as `*`), empty for the event
    itself. `kind` is a stable word (`missing`, `wrong_type` …; `plans.core.violations`), `expected` and `got` say the
    rest in words; none of them holds a value of the event.
    """

    pointer: str
    kind: str
    expected: str = ""
    got: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """An event against the version of the plan that was in force when it was received. Keeping to it is no verdict.

    `mode` says what follows: `observe` counts it, `warn` marks the event as well, `block` keeps it from taking effect.
    """

    plan_id: str
    plan_name: str
    version: int
    mode: Literal["observe", "warn", "block"]
    violations: tuple[Violation, ...]

    @property
    def blocks(self) -> bool:
        """Whether the event must not take effect."""
        return self.mode == "block"


class Judged(msgspec.Struct, frozen=True):
    """An event that does not keep to its plan."""

    event: Event
    verdict: Verdict


class Judge(Protocol):
    """Holds events against the plan. The same events get the same verdicts at every replay."""

    def verdicts(self, events: Sequence[Event], connection: Any) -> Sequence[Verdict | None]:  # Any: sqlalchemy's
        """Return a verdict for each event, None where nothing is wrong; read in the worker's transaction."""
        ...

    def reason(self, verdict: Verdict, event: Event) -> str:
        """Return the sentence that says why an event is kept from taking effect."""
        ...


@dataclass(slots=True)
class Batch:
    """New events (no duplicates), in log order, on their way down the street.

    `customer_ids` stands beside `events`: identity fills it with who each event's customer is *at the end of the batch*
    (None where no identifier is usable), and `anchors` with the number of the identifier each event is filed under:
    that one never changes, whoever turns out to own it. `merges` are applied by every later projection before it looks
    at the events. `facts` leave through the outbox in the same transaction. `duplicates` (delivered again; those whose
    content is another than the first time are `differing`) and `requests` (all that was read, as `events.decode`
    returned it, refused items included) are there to be counted, not projected; so are `judged`, the new events that do
    not keep to their plan: those that it blocks stand there alone, the others among `events` as well. `failed` are
    events that some projection could not take in.
    """

    events: Sequence[Event]
    now_us: int
    customer_ids: list[CustomerId | None] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    anchors: list[int | None] = field(default_factory=list)
    duplicates: Sequence[Event] = ()
    differing: Collection[EventId] = ()
    requests: Sequence[Any] = ()  # Any: decode's own type, which is built on this one
    judged: Sequence[Judged] = ()
    failed: Sequence[Event] = ()


class Projection(Protocol):
    """One capability's reading of the log.

    `project` runs inside the worker's transaction. The state after a sequence of events must not depend on how they
    were cut into batches.

    One that lets something leave the shop (messages, points, webhooks) says so with an attribute `outward = True`: it
    takes in what happens, never what is replayed.
    """

    name: str

    def project(self, batch: Batch, connection: Any) -> None:  # Any: sqlalchemy.Connection; the core stays pure
        """Take the batch in."""
        ...


def acts_outward(projection: Projection) -> bool:
    """Return whether a projection lets something leave the shop, and so must not take in what is replayed."""
    return bool(getattr(projection, "outward", False))


class KeepsCustomers(Protocol):
    """A store that keeps customer ids, and so must obey when two become one, and when one asks to be forgotten."""

    name: str

    def merge_customers(self, connection: Any, merges: Sequence[Merge]) -> None:  # Any: sqlalchemy.Connection
        """Move everything of each absorbed customer to the one kept, in the order given."""
        ...

    def erase_customers(self, connection: Any, customer_ids: Sequence[CustomerId]) -> int:  # Any: as above
        """Remove every row of these customers and return how many rows went."""
        ...


SourceKind = Literal["web", "ios", "android", "server", "import", "hook"]
Outcome = Literal["accepted", "corrected", "duplicate", "rejected"]


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where events come from, and the public key that its senders show at the door."""

    source_id: SourceId
    name: str
    kind: SourceKind
    write_key: str
    enabled: bool
    created_us: int
