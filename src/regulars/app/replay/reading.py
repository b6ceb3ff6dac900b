"""Reads a span of history: from the lake what the log has let go, from the log the rest, each event once.

What counts once is what counted when it came in: repeated deliveries are those that the shop noted then. Events that
the shop laid aside, or has not taken in yet, are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, Literal, NamedTuple  # Any: an event or its outline, as the reader chooses

from regulars.app.replay.core import Span
from regulars.events import store as events_store
from regulars.events.decode import read_request
from regulars.events.outlines import outline_of, read_outlines
from regulars.events.reader import Reader, Taken
from regulars.events.replaying import LogUntil, Past
from regulars.events.worker_store import buried_events, offsets
from regulars.kernel.eventlog import offset_before

if TYPE_CHECKING:
    from regulars.app.shop import Shop

Wants = Literal["events", "outlines"]
OnProgress = Callable[[int, int, str], None]
EVENTS_A_PART = 5_000
MARGIN_US = 60_000_000  # a record is accepted after its request was received, within the time a disk may stall


class Part(NamedTuple):
    """Some of what was read: how many events, those that belong to the span, and whether the lake told them."""

    read: int
    events: list[Any]
    is_history: bool
    records: int


class Reading:
    """One walk over a span."""

    def __init__(
        self,
        shop: Shop,
        span: Span,
        wants: Wants,
        *,
        reached: Mapping[str, int] | None = None,
        until: Mapping[str, int] | None = None,
    ) -> None:
        self._shop = shop
        self._span = span
        self._wants = wants
        with shop.database.read() as connection:
            self.until = dict(until) if until else offsets(connection)
            self._buried = buried_events(connection)
        self.reached = dict(reached or {})
        self._starts = {partition: shop.log.start(partition) for partition in self.until}
        self.records = sum(max(0, end - self._after(partition)) for partition, end in self.until.items())

    def parts(self) -> Generator[Part]:
        """Yield the span in the order in which it came in, from `reached` on; a part counts as reached at once."""
        spans = {name: (self.reached.get(name, 0), start) for name, start in self._starts.items() if self._needs_past}
        with closing(Past(self._shop.lake, spans)) as past:
            while taken := past.take(EVENTS_A_PART):
                yield self._part(taken, is_history=True)
        log = LogUntil(self._shop.log)
        log.until = dict(self.until)
        log.begin()
        decode: Any = read_outlines if self._wants == "outlines" else read_request  # Any: both have events
        reader = Reader(log, decode=decode)  # type: ignore[arg-type]  # a reader needs no more of a log than reading
        reader.start_at({partition: self._after(partition) for partition in self.until})
        while taken := reader.take(EVENTS_A_PART):
            yield self._part(taken, is_history=False)
            if self._is_beyond(taken):
                return

    @property
    def _needs_past(self) -> bool:
        if not any(self._starts.values()):
            return False
        firsts = [self._shop.log.read(name, after=start, records_max=1) for name, start in self._starts.items()]
        begins_us = max((found[0].accepted_us for found in firsts if found), default=self._span.since_us + 1)
        return self._span.since_us < begins_us

    def _after(self, partition: str) -> int:
        """Return the offset after which the span, or what is left of it, may begin."""
        after = max(self._starts[partition], self.reached.get(partition, 0))
        if self._span.since_us <= MARGIN_US:
            return after
        return max(after, offset_before(self._shop.log, partition, self._span.since_us - MARGIN_US))

    def _is_beyond(self, taken: list[Taken]) -> bool:
        until_us = self._span.until_us
        return until_us is not None and all(one.record.accepted_us > until_us + MARGIN_US for one in taken)

    def _part(self, taken: list[Taken], *, is_history: bool) -> Part:
        repeated = {} if is_history else self._repeated(taken)
        covers, buried = self._span.covers, self._buried
        read, found = 0, []
        for one in taken:
            self.reached[one.record.partition] = one.record.offset
            if one.request is None:
                continue
            again = repeated.get((one.record.partition, one.record.offset), ())
            events: list[Any] = list(one.request.events)  # Any: as above
            read += len(events)
            if is_history and self._wants == "outlines":
                events = [outline_of(event) for event in events]
            found += [
                event
                for event in events
                if covers(event) and event.position.index not in again and (not buried or event.event_id not in buried)
            ]
        return Part(read, found, is_history, len(taken))

    def _repeated(self, taken: list[Taken]) -> dict[tuple[str, int], list[int]]:
        """Return which items of these records had come before."""
        bounds: dict[str, tuple[int, int]] = {}
        for one in taken:
            name, offset = one.record.partition, one.record.offset
            low, high = bounds.get(name, (offset, offset))
            bounds[name] = (min(low, offset), max(high, offset))
        found: dict[tuple[str, int], list[int]] = {}
        with self._shop.database.read() as connection:
            for name, (first, last) in bounds.items():
                repeated = events_store.duplicates(connection, name, first, last)
                found |= {(name, offset): items for offset, items in repeated.items()}
        return found
