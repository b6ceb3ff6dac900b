"""What a destination is: the small protocol that ours and everybody else's keep.

A `Kind` says what it wants to be told (its `settings`, a struct that becomes the console's form) and opens a
destination from it. What the shop hands over is its `feed`:

- `events`: each event soon after it took effect; the shop queues, retries and keeps dead letters;
- `hours`: each hour of history once it is whole, as Parquet's own tables;
- `audience`: customers who fit a rule, all of them or what has changed since last time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol  # Any: as said where it stands

import msgspec
from msgspec import Meta

from regulars.kernel.sayings import Sentence

if TYPE_CHECKING:
    from regulars.kernel.clock import Clock
    from regulars.kernel.outbound import Outbound

Feed = Literal["events", "hours", "audience"]

HEAD_CHARACTERS_MAX = 500

Secret = Annotated[
    str, Meta(max_length=10_000, extra={"secret": True}, extra_json_schema={"format": "password", "writeOnly": True})
]
Url = Annotated[str, Meta(min_length=1, max_length=2_000, extra_json_schema={"format": "uri"})]
Expression = Annotated[str, Meta(max_length=4_000, extra_json_schema={"format": "jmespath"})]


class Outcome(StrEnum):
    """What became of one try."""

    DELIVERED = "delivered"
    RETRY = "retry"  # nothing came back, or "not now"
    REFUSED = "refused"  # understood and turned down: tried a few times more, in case somebody mends the other side
    UNSENDABLE = "unsendable"  # our own expression cannot make a body of it: no use in trying again
    GONE = "gone"  # 410: nobody wants anything there any more


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one try. `sentence` is for the person who must act and holds no customer's data: a text, or
    `said(…)` with a code by which the console knows it in other languages.

    `head` is the beginning of what the other side said; it is kept with the event alone, because it may repeat it.
    """

    outcome: Outcome
    sentence: Sentence = ""
    status: int | None = None
    head: str = ""
    retry_after_s: float | None = None
    duration_ms: int = 0

    @property
    def is_good(self) -> bool:
        """Return whether it was delivered."""
        return self.outcome is Outcome.DELIVERED


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and what came back, as text, with secrets hidden."""

    sent: str
    received: str


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a test showed: whether it works, in a sentence, and exactly what was said on both sides."""

    works: bool
    sentence: Sentence
    exchanges: list[Exchange] = []
    duration_ms: int = 0


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way out. `message_id` is the same at every try; `data` is the event as a JSON object."""

    message_id: str
    event_id: str
    name: str
    occurred_us: int
    data: bytes


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """One hour of arrival (UTC). `again` says that it was written before, and is written anew without somebody."""

    start_us: int
    again: bool = False


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One member of an audience as the other side knows them.

    `change`: `member` when all are sent, else `added`, `changed` or `removed`.
    """

    change: Literal["member", "added", "changed", "removed"]
    values: dict[str, str]


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """Some members to send. `name` is the same when the parcel is sent again after a crash."""

    name: str
    run: int
    rows: Iterable[Row]


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind may use.

    `outbound` is the one way out; `signing_keys` are the destination's own, the present one first; `batched` says that
    more than one event may come at a time. Local files lie under `folder`, or under one of `local_folders`.
    """

    outbound: Outbound
    clock: Clock
    destination_id: str
    name: str
    signing_keys: tuple[str, ...] = ()
    batched: bool = False
    folder: str = ""
    local_folders: tuple[str, ...] = ()


class Destination(Protocol):
    """An opened destination. Its feed decides which of the protocols below it keeps as well."""

    def test(self) -> Trial:
        """Try it out with something invented, and leave nothing behind."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class TakesEvents(Destination, Protocol):
    """Feed `events`."""

    def deliver(self, batch: Sequence[Outgoing]) -> Answer:
        """Hand some events over; what is answered holds for all of them. Never raises for the other side's faults."""
        ...


class TakesHours(Destination, Protocol):
    """Feed `hours`."""

    def write(self, hour: Hour, parts: Iterable[Any]) -> Answer:  # Any: pyarrow.Table
        """Write an hour so that a reader sees all of it or none; writing it again leaves the same."""
        ...


class TakesAudience(Destination, Protocol):
    """Feed `audience`.

    `whole`: every member each time, or only changes. `rows_max`: at most so many a parcel, None for all at once.
    `columns`: what is told of a member. `key`: the column by which the other side knows them. `phone_country`: the
    calling code of numbers that have none.
    """

    whole: bool
    rows_max: int | None
    columns: Sequence[str]
    key: str
    phone_country: str

    def send(self, parcel: Parcel) -> Answer:
        """Hand some members over. Sent again, a parcel must do no harm."""
        ...


class Kind(Protocol):
    """A way out. Offered by a package as an entry point of the group `regulars.destinations`.

    `signs` says whether the shop shall make and rotate a signing secret for it.
    """

    name: str
    feed: Feed
    settings: type[msgspec.Struct]
    signs: bool

    def open(self, settings: Any, tools: Tools) -> Destination:  # Any: an instance of `settings`
        """Open a destination; cheap, without a word to the other side.

        Raises
        ------
        InvalidError
            When the settings contradict each other or name a place that may not be used.

        """
        ...


def head_of(body: bytes) -> str:
    """Return the beginning of an answer as text that may be shown.

    >>> head_of(b"no\\x00 such shop")
    'no such shop'
    """
    text = body[: HEAD_CHARACTERS_MAX * 4].decode("utf-8", "replace")
    return "".join(one for one in text if one.isprintable() or one in "\n\t")[:HEAD_CHARACTERS_MAX]
