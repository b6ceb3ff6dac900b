"""What was refused, on record: whole where there is room for it, and every single one in a count.

A request is answered only after what is kept of it is durable. Where a flood of them would fill the disk, or the disk
takes nothing, they are counted by minute, source and reason, and the counts follow within a second, or as soon as the
disk takes them. A kill at any instant loses the counts of the last second at most; of those that a full disk kept
waiting, all.
"""

from __future__ import annotations

import asyncio

import msgspec

from regulars.events.reasons import TEMPORARY
from regulars.events.record import RefusedRequest, encode_entry
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock
from regulars.kernel.errors import UnavailableError
from regulars.kernel.eventlog import EventLog

MINUTE_US = 60 * MICROSECONDS_PER_SECOND
SETTLE_EVERY_S = 1.0
STRANGER_BYTES_PER_S = 1_000  # a key that is nobody's: who sends it may be anybody, and may mean harm
STRANGER_BODY_BYTES_MAX = 256
ENTRY_BYTES = 256  # what an entry takes beside its body
BURST_S = 60  # so much of the budget may be spent at once
COUNTED_APART_MAX = 500  # kinds of refusals waiting at once; above, they are counted without the event's name


class Refusals:
    """Keeps what the door refuses. Made once for each door, used in its event loop."""

    def __init__(self, log: EventLog, clock: Clock, *, bytes_per_s: int, body_bytes_max: int) -> None:
        self._log = log
        self._clock = clock
        self._known = _Budget(bytes_per_s, least=2 * (body_bytes_max + ENTRY_BYTES) if bytes_per_s else 0)
        self._strangers = _Budget(min(bytes_per_s, STRANGER_BYTES_PER_S), least=0)
        self._body_bytes_max = body_bytes_max
        self._waiting: dict[tuple[object, ...], RefusedRequest] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._settling: asyncio.Task[None] | None = None

    async def keep(self, refused: RefusedRequest) -> None:
        """Put a refusal on record, as much of its body as there is room for; `body_head` is all that was read of it."""
        entry = self._cut(refused)
        budget = self._known if entry.source_id is not None else self._strangers
        if entry.code not in TEMPORARY and budget.take(len(entry.body_head) + ENTRY_BYTES, self._clock.now_us()):
            try:
                await self._log.append(encode_entry(entry))
            except UnavailableError:
                pass  # then it is counted, and the count waits for the disk
            else:
                return
        self._count(entry)
        self._settle_soon()

    async def settle(self) -> None:
        """Write the counts that wait; what cannot be written goes on waiting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = list(self._waiting.values()), {}
        for number, entry in enumerate(waiting):
            try:
                await self._log.append(encode_entry(entry))
            except UnavailableError:
                for left in waiting[number:]:
                    self._count(left)
                self._settle_soon()
                return

    def _cut(self, refused: RefusedRequest) -> RefusedRequest:
        most = self._body_bytes_max if refused.source_id is not None else STRANGER_BODY_BYTES_MAX
        head = refused.body_head[:most]
        return msgspec.structs.replace(refused, body_head=head, whole=len(head) == refused.body_bytes)

    def _count(self, entry: RefusedRequest) -> None:
        name = entry.name if len(self._waiting) < COUNTED_APART_MAX else ""
        key = (entry.received_us // MINUTE_US, entry.source_id, entry.status, entry.code, entry.path, name)
        before = self._waiting.get(key)
        self._waiting[key] = msgspec.structs.replace(
            entry,
            name=name,
            body_head=b"",
            whole=False,
            ip="",
            user_agent="",
            events=entry.events + (before.events if before else 0),
            requests=entry.requests + (before.requests if before else 0),
            body_bytes=entry.body_bytes + (before.body_bytes if before else 0),
        )

    def _settle_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SETTLE_EVERY_S, self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._settling = asyncio.get_running_loop().create_task(self.settle())


class _Budget:
    """So many bytes a second, saved up for a minute."""

    def __init__(self, bytes_per_s: int, *, least: int) -> None:
        self._bytes_per_s = bytes_per_s
        self._most = float(max(bytes_per_s * BURST_S, least))
        self._left = self._most
        self._as_of_us = 0

    def take(self, size: int, now_us: int) -> bool:
        """Return whether there is room for so many bytes, and take it."""
        passed_s = max(0, now_us - self._as_of_us) / MICROSECONDS_PER_SECOND
        self._left = min(self._most, self._left + passed_s * self._bytes_per_s)
        self._as_of_us = now_us
        if self._left < size:
            return False
        self._left -= size
        return True
