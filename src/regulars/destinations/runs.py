"""Hours and audiences, looked at and asked for: which hours were written, who came and went, do it now."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Literal, cast

from regulars.destinations.core.audience import Audience, AudienceRule
from regulars.destinations.core.hours import HourPlan, hour_of, hours_between
from regulars.destinations.core.views import AudiencePreview, HourShown, SyncShown
from regulars.destinations.store import hours, members
from regulars.destinations.store.definitions import Kept
from regulars.destinations.store.hours import HourRow
from regulars.destinations.store.members import Sync
from regulars.kernel.clock import Clock, microseconds, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import InvalidError
from regulars.kernel.http import Page, decode_cursor, page_limit, page_of
from regulars.kernel.sayings import said
from regulars.profiles import Profiles

HOURS_MAX = 24 * 366
NEWEST = (1 << 62) - 1
PREVIEW_S = 3.0


class Runs:
    """The hours and audiences of destinations."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        profiles: Profiles,
        audience: Audience,
        kept: Callable[[str], Kept],
    ) -> None:
        self._database = database
        self._clock = clock
        self._profiles = profiles
        self._audience = audience
        self._kept = kept

    def hours(self, destination_id: str, *, cursor: str | None = None, limit: int | None = None) -> Page[HourShown]:
        """Return the hours of a destination, the newest first."""
        self._of_feed(destination_id, "hours")
        wanted, before = page_limit(limit), decode_cursor(cursor, int) or NEWEST
        with self._database.read() as connection:
            rows = hours.listed(connection, destination_id, before=before, rows_max=wanted + 1)
        return page_of(rows, limit=wanted, place_of=lambda row: row.hour_us, item_of=_hour)

    def backfill(self, destination_id: str, *, from_at: datetime, to_at: datetime) -> int:
        """Have the hours between two moments written from history, the newest first; return how many were asked for.

        Hours since the destination was made come by themselves and are left alone, as is what was written before.

        Raises
        ------
        InvalidError
            When the span is empty, or longer than a year.

        """
        kept = self._of_feed(destination_id, "hours")
        created = hour_of(kept.definition.created_us)
        wanted = [one for one in hours_between(microseconds(from_at), microseconds(to_at)) if one < created]
        if not wanted:
            raise InvalidError(
                said(
                    "hours_none",
                    "No hour lies between {since} and {until} before the destination was made, {made}. Later "
                    "hours are written by themselves.",
                    since=from_at.isoformat(),
                    until=to_at.isoformat(),
                    made=moment(created).isoformat(),
                )
            )
        if len(wanted) > HOURS_MAX:
            raise InvalidError(
                said(
                    "hours_most",
                    "At most {most} hours are asked for at a time, got {count}. Ask by years.",
                    most=HOURS_MAX,
                    count=len(wanted),
                )
            )
        with self._database.write() as connection:
            for hour_us in wanted:
                # nothing of before is late for such an hour: it has an hour of its own, asked for or not
                origin = kept.definition.origin
                plan = HourPlan(start_us=hour_us, floor=origin, ceiling=origin)
                hours.settle(connection, destination_id, plan)
        return len(wanted)

    def syncs(self, destination_id: str, *, cursor: str | None = None, limit: int | None = None) -> Page[SyncShown]:
        """Return the runs of an audience, the newest first."""
        self._of_feed(destination_id, "audience")
        wanted, before = page_limit(limit), decode_cursor(cursor, int) or NEWEST
        with self._database.read() as connection:
            rows = members.syncs(connection, destination_id, before=before, rows_max=wanted + 1)
        return page_of(rows, limit=wanted, place_of=lambda row: row.run, item_of=_sync)

    def sync_now(self, destination_id: str) -> SyncShown:
        """Have an audience sent as soon as may be; a run that is under way counts."""
        self._of_feed(destination_id, "audience")
        with self._database.write(lock="destinations") as connection:
            last = members.last_sync(connection, destination_id)
            if last is None or last.finished_us is not None:
                run = 1 if last is None else last.run + 1
                members.begin_sync(connection, destination_id, run=run, now_us=self._clock.now_us(), asked=True)
            found = members.last_sync(connection, destination_id)
        assert found is not None, "it was begun above"
        return _sync(found)

    def preview(self, rule: AudienceRule) -> AudiencePreview:
        """Return how many belong to an audience now; after three seconds, of those looked at so far."""
        until, now_us, looked_at, belong = time.monotonic() + PREVIEW_S, self._clock.now_us(), 0, 0
        for candidate in self._audience.candidates():
            looked_at += 1
            belong += self._audience.holds(rule, candidate, now_us)
            if time.monotonic() >= until:
                break
        return AudiencePreview(customers=self._profiles.count(), looked_at=looked_at, members=belong)

    def _of_feed(self, destination_id: str, feed: str) -> Kept:
        kept = self._kept(destination_id)
        if kept.definition.feed != feed:
            has = {"events": "deliveries", "hours": "hours", "audience": "runs"}[kept.definition.feed]
            raise InvalidError(f"A destination of the kind {kept.definition.kind!r} has no {feed}; look at its {has}.")
        return kept


def _hour(row: HourRow) -> HourShown:
    return HourShown(
        hour=moment(row.hour_us),
        state=cast("Literal['due', 'marked', 'done']", row.state),  # cast: written by the store's own statements
        events=row.events,
        files=len(row.plan.slices or ()),
        written_at=moment(row.written_us) if row.written_us else None,
        written_again=row.again,
    )


def _sync(row: Sync) -> SyncShown:
    return SyncShown(
        run=row.run,
        begun_at=moment(row.begun_us),
        finished_at=moment(row.finished_us) if row.finished_us else None,
        members=row.members,
        added=row.added,
        changed=row.changed,
        removed=row.removed,
        left_out=row.left_out,
        asked=row.asked,
    )
