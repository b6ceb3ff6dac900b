"""What comes next? The partitions of the log as one stream, and each record as events.

The order is by the moment of acceptance, then partition, then offset. Reading a log again from its beginning gives one
order whatever the batches; at the live end, a record counts as next as soon as no waiting partition holds an older one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from regulars.events.decode import DecodedRequest, read_request
from regulars.kernel.eventlog import EventLog, Record

READ_BYTES = 4_000_000  # of one partition held in memory; a record may be 500 kB, most are far smaller
READ_RECORDS_MAX = 4_000


class Taken(NamedTuple):
    """One record with what it says; `request` is None and `fault` says why when it cannot be read."""

    record: Record
    request: DecodedRequest | None
    fault: str = ""


Decode = Callable[[Record], DecodedRequest]


class _Partition:
    """Records read ahead of one partition."""

    def __init__(self, name: str, after: int) -> None:
        self.name = name
        self.after = after
        self.drained = False
        self.waiting: deque[Record] = deque()
        self._record_bytes = READ_BYTES / 64

    def fill(self, log: EventLog) -> bool:
        """Return whether a record waits, reading more when none does."""
        if self.waiting or self.drained:
            return bool(self.waiting)
        wanted = int(min(READ_RECORDS_MAX, max(8, READ_BYTES / self._record_bytes)))
        records = log.read(self.name, after=self.after, records_max=wanted)
        self.drained = len(records) < wanted
        if records:
            self.after = records[-1].offset
            self._record_bytes = max(1.0, sum(len(record.payload) for record in records) / len(records))
            self.waiting.extend(records)
        return bool(records)


class Reader:
    """Takes records from all partitions, from where the street stands."""

    def __init__(self, log: EventLog, *, decode: Decode = read_request) -> None:
        self._log = log
        self._decode = decode
        self._partitions: dict[str, _Partition] = {}

    def start_at(self, reached: Mapping[str, int]) -> None:
        """Forget what was read ahead and go on after these offsets."""
        self._partitions = {name: _Partition(name, after) for name, after in reached.items()}

    def take(self, events_max: int) -> list[Taken]:
        """Return the next records, until they hold `events_max` events or nothing waits; empty when idle."""
        for name in self._log.partitions():
            self._partitions.setdefault(name, _Partition(name, 0))
        for partition in self._partitions.values():
            partition.drained = False
        taken: list[Taken] = []
        events = 0
        for record in self._records():
            one = self._read(record)
            taken.append(one)
            events += max(1, len(one.request.events)) if one.request else 1
            if events >= events_max:
                break
        return taken

    def _records(self) -> Iterator[Record]:
        while True:
            ready = [partition for partition in self._partitions.values() if partition.fill(self._log)]
            if not ready:
                return
            first = min(ready, key=lambda partition: (partition.waiting[0].accepted_us, partition.name))
            yield first.waiting.popleft()

    def _read(self, record: Record) -> Taken:
        try:
            return Taken(record, self._decode(record))
        except Exception as error:  # whatever one record makes of the decoder, the others must go on
            return Taken(record, None, f"{type(error).__name__}: {error}")
