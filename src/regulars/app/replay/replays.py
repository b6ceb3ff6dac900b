"""Replays that somebody asked for: begun, paused, gone on with, given up, and how far each is.

What a replay is *into* bears being filled any number of times, so the same part may be read twice after a crash. What
was counted stands in the row beside how far it is, and is never ahead of it or behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any  # Any: rows as the driver gives them

import msgspec
from sqlalchemy import Row

from regulars.app.rebuild.core import seconds_left
from regulars.app.replay import store
from regulars.app.replay.core import UNFINISHED, Asked, Gone, Replay, Span, SpanCount, State
from regulars.app.replay.service import COUNTS_TOLD_MAX, Counting, Mending, replay
from regulars.events.decode import OWN_SOURCE
from regulars.kernel.clock import microseconds, moment
from regulars.kernel.database.claim import claimed
from regulars.kernel.errors import ConflictError, NotFoundError, RegularsError
from regulars.kernel.http import Page, decode_cursor, page_of
from regulars.kernel.ids import CustomerId, new_id
from regulars.kernel.sayings import Sentence, read, said

if TYPE_CHECKING:
    from regulars.app.shop import Shop

JOB = "replay"
CLAIM = "replay"
FAR_FUTURE_US = 2**62
KEPT_EVERY_S = 1.0  # what a crash costs is read again

Told = Callable[[int, int, str], None]


class Replays:
    """Spans of a shop's history, read once more when somebody asks."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def begin(self, asked: Asked) -> Replay:
        """Note a replay and queue it; nothing is read yet.

        Raises
        ------
        NotFoundError
            When a source or the customer is not there.
        InvalidError
            When the span can hold nothing.

        """
        shop, now_us = self._shop, self._shop.clock.now_us()
        span_of(shop, asked)
        replay_id = new_id(now_us)
        with shop.database.write() as connection:
            store.add(connection, replay_id=replay_id, asked=asked, now_us=now_us)
        self._queue(replay_id)
        return self.find(replay_id)

    def find(self, replay_id: str) -> Replay:
        """Return one replay.

        Raises
        ------
        NotFoundError
            When there is none with this id.

        """
        return self._shown(self._row(replay_id))

    def list_replays(self, *, cursor: str | None = None, limit: int = 50) -> Page[Replay]:
        """Return replays, the newest first."""
        before = decode_cursor(cursor, tuple[int, str]) or (FAR_FUTURE_US, "")
        with self._shop.database.read() as connection:
            rows = store.newest(connection, before=before, limit=limit + 1)
        return page_of(rows, limit=limit, place_of=lambda row: (row.started_us, row.replay_id), item_of=self._shown)

    def pause(self, replay_id: str) -> Replay:
        """Ask it to stop after the part at hand; what was read stays read.

        Raises
        ------
        ConflictError
            When it is over.

        """
        row = self._unfinished(replay_id)
        if self._is_live(row) and self._shop.jobs.cancel(row.job_run_id).state.is_over:
            self._set(replay_id, "paused")
        return self.find(replay_id)

    def resume(self, replay_id: str) -> Replay:
        """Go on from where it rests.

        Raises
        ------
        ConflictError
            When it is over.

        """
        if not self._is_live(self._unfinished(replay_id)):
            self._queue(replay_id)
        return self.find(replay_id)

    def discard(self, replay_id: str) -> Replay:
        """Give a replay up that rests; what it put back into history stays there.

        Raises
        ------
        ConflictError
            When it is under way or over.

        """
        if self._is_live(self._unfinished(replay_id)):
            raise ConflictError(said("replay_under_way", "This replay is under way. Pause it first."))
        self._set(replay_id, "discarded")
        return self.find(replay_id)

    def run(self, replay_id: str, told: Told) -> Replay:
        """Replay here and now, from where it rests to its end; what `told` raises pauses it.

        Raises
        ------
        ConflictError
            When another process replays, or it is over.

        """
        asked = store.asked_of(self._unfinished(replay_id))
        with claimed(
            self._shop.database,
            CLAIM,
            taken=said("replay_elsewhere", "Another process is replaying. Wait for it, or pause it first."),
        ):
            self._set(replay_id, "running")
            try:
                changed = self._recompute(asked) if asked.into == "profile" else self._read(replay_id, asked, told)
            except RegularsError as error:
                self._set(replay_id, "failed", error=error.sentence)
                raise
            except BaseException:
                self._set(replay_id, "paused")
                raise
            self._set(replay_id, "done", changed=changed)
        return self.find(replay_id)

    def _read(self, replay_id: str, asked: Asked, told: Told) -> list[str]:
        row, shop = self._row(replay_id), self._shop
        counting = Counting(_counts_of(row))
        latest, kept_s = _gone_of(row), time.monotonic()

        def note() -> None:
            with shop.database.write() as connection:
                store.keep(connection, replay_id, latest, counting.told(), shop.clock.now_us())

        def keep(gone: Gone) -> None:
            nonlocal latest, kept_s
            latest = gone
            if time.monotonic() - kept_s >= KEPT_EVERY_S:
                kept_s = time.monotonic()
                note()

        into = counting if asked.into == "counts" else Mending(shop)
        try:
            replay(shop, span_of(shop, asked), into, told, name=asked.into, gone_before=latest, keep=keep)
        finally:
            note()
        return []

    def _recompute(self, asked: Asked) -> list[str]:
        assert asked.customer_id is not None, "the constructor refuses it"
        return self._shop.recompute(CustomerId(asked.customer_id)).changed

    def _queue(self, replay_id: str) -> None:
        run_id = self._shop.jobs.start(JOB, {"replay_id": replay_id})
        with self._shop.database.write() as connection:
            store.set_queued(connection, replay_id, run_id, self._shop.clock.now_us())

    def _set(
        self, replay_id: str, state: State, *, error: Sentence | None = None, changed: list[str] | None = None
    ) -> None:
        now_us = self._shop.clock.now_us()
        with self._shop.database.write() as connection:
            store.set_state(connection, replay_id, state, now_us=now_us, error=error, changed=changed)

    def _row(self, replay_id: str) -> Row[Any]:
        with self._shop.database.read() as connection:
            row = store.one(connection, replay_id)
        if row is None:
            raise NotFoundError(f"No replay has the id {replay_id!r}.")
        return row

    def _unfinished(self, replay_id: str) -> Row[Any]:
        row = self._row(replay_id)
        if row.state not in UNFINISHED:
            raise ConflictError(said("replay_over", "This replay is {state}. Begin a new one.", state=row.state))
        return row

    def _is_live(self, row: Row[Any]) -> bool:
        """Return whether a run of the job has it in hand, or will."""
        try:
            return not self._shop.jobs.find(row.job_run_id).state.is_over
        except NotFoundError:
            return False

    def _state_of(self, row: Row[Any]) -> State:
        """Return the state of a replay that is not over, from what its run of the job is at."""
        if not self._is_live(row):
            return "paused"  # whoever had it in hand was killed, and nobody will take it up
        return "waiting" if row.state == "paused" else row.state  # it rests only until a process takes it up again

    def _shown(self, row: Row[Any]) -> Replay:
        gone = _gone_of(row)
        state: State = row.state
        if state in {"waiting", "running", "paused"}:
            state = self._state_of(row)
        return Replay(
            replay_id=row.replay_id,
            asked=store.asked_of(row),
            state=state,
            started_at=moment(row.started_us),
            changed_at=moment(row.changed_us),
            finished_at=None if row.finished_us is None else moment(row.finished_us),
            done=min(gone.records, gone.total),
            total=gone.total,
            read=gone.read,
            events=gone.events,
            taken=gone.taken,
            from_history=gone.from_history,
            events_per_s=gone.events_per_s,
            seconds_left=seconds_left(gone.records, gone.total, gone.seconds) if state == "running" else None,
            error=row.error,
            error_said=None if row.error is None else read(row.error_said),
            counts=_counts_of(row)[:COUNTS_TOLD_MAX],
            changed=msgspec.json.decode(row.changed, type=list[str]) if row.changed else [],
        )


def span_of(shop: Shop, asked: Asked) -> Span:
    """Return the span that is meant.

    Raises
    ------
    NotFoundError
        When a source or the customer is not there.
    InvalidError
        When it ends before it begins.

    """
    known = {source.source_id for source in shop.events.list_sources()} | {OWN_SOURCE}
    unknown = [source_id for source_id in asked.sources if source_id not in known]
    if unknown:
        raise NotFoundError(said("no_source", "There is no source {source!r}.", source=unknown[0]))
    people = None
    if asked.customer_id is not None:
        people = shop.people_of(shop.customer_named(asked.customer_id))
    return Span(
        since_us=0 if asked.since is None else microseconds(asked.since),
        until_us=None if asked.until is None else microseconds(asked.until),
        sources=frozenset(asked.sources),
        names=frozenset(asked.names),
        people=people,
    )


def _gone_of(row: Row[Any]) -> Gone:
    return msgspec.json.decode(row.gone, type=Gone) if row.gone else Gone()


def _counts_of(row: Row[Any]) -> list[SpanCount]:
    return msgspec.json.decode(row.counts, type=list[SpanCount]) if row.counts else []
