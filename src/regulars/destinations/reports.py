"""How do destinations fare? Health, figures over time, single deliveries, numbers for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import Connection

from regulars.destinations.core.definition import Definition, Status
from regulars.destinations.core.shape import masked
from regulars.destinations.core.views import (
    DeliveryShown,
    DestinationShown,
    Figures,
    HealthShown,
    Span,
    State,
)
from regulars.destinations.desk import Desk
from regulars.destinations.sealing import settings_of
from regulars.destinations.store import definitions, figures, hours, members, queue
from regulars.destinations.store.definitions import HealthRow, Kept
from regulars.destinations.store.figures import MinuteRow, Try
from regulars.destinations.store.queue import Backlog
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock, microseconds, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import PluginError, RegularsError
from regulars.kernel.http import Page, decode_cursor, page_limit, page_of
from regulars.kernel.sayings import read

MINUTE_US = 60 * MICROSECONDS_PER_SECOND
HOUR_MINUTES = 60
NEWEST = (1 << 62) - 1
SPANS_MAX = 60
STEPS_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880)  # what people read off a clock
OUTCOMES = ("delivered", "retried", "dead")
ENDS = (*OUTCOMES, "skipped")


class Reports:
    """What is told about destinations."""

    def __init__(self, *, database: Database, clock: Clock, desk: Desk) -> None:
        self._database = database
        self._clock = clock
        self._desk = desk

    def shown_all(self) -> list[DestinationShown]:
        """Return every destination with how it answers."""
        with self._database.read() as connection:
            kept = definitions.all_kept(connection)
            return self._with_health(connection, kept)

    def shown(self, kept: Kept) -> DestinationShown:
        """Return one destination with how it answers."""
        with self._database.read() as connection:
            return self._with_health(connection, [kept])[0]

    def deliveries(
        self,
        destination_id: str,
        *,
        outcome: str = "",
        from_at: datetime | None = None,
        to_at: datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[DeliveryShown]:
        """Return single deliveries, the newest first; the newest thousand are kept."""
        wanted, before = page_limit(limit), decode_cursor(cursor, int) or NEWEST
        with self._database.read() as connection:
            rows = figures.tries(
                connection,
                destination_id,
                before=before,
                outcome=outcome,
                from_us=microseconds(from_at) if from_at else 0,
                to_us=microseconds(to_at) if to_at else NEWEST,
                rows_max=wanted + 1,
            )
        return page_of(rows, limit=wanted, place_of=lambda row: row.try_id, item_of=_delivery)

    def over_time(self, destination_id: str, *, hours_back: int) -> Figures:
        """Return deliveries over the last so many hours, in at most sixty spans that begin where a clock's do."""
        now_us = self._clock.now_us()
        step = step_of(hours_back)
        last = now_us // MINUTE_US
        first = last - hours_back * HOUR_MINUTES + 1
        with self._database.read() as connection:
            rows = figures.series(connection, destination_id, from_minute=first, step=step)
        spans: dict[int, dict[str, MinuteRow]] = {}
        for row in rows:
            spans.setdefault(row.minute, {})[row.outcome] = row
        return Figures(
            span_minutes=step,
            from_at=moment((first - first % step) * MINUTE_US),
            to_at=moment(now_us),
            spans=[_span(minute, ends) for minute, ends in sorted(spans.items())],
        )

    def totals(self) -> dict[tuple[str, str], int]:
        """Return how many events came to which end since each destination was made, for `/metrics`."""
        with self._database.read() as connection:
            rows = definitions.health(connection)
        return {
            (one.destination_id, word): count
            for one in rows.values()
            for word, count in zip(ENDS, (one.delivered, one.retried, one.dead, one.skipped), strict=True)
        }

    def waiting(self) -> dict[str, Backlog]:
        """Return how much waits for each destination, for `/metrics`."""
        with self._database.read() as connection:
            found = queue.backlog(connection)
            kept = definitions.all_kept(connection)
        none = Backlog(0, 0, None)
        return {one.definition.destination_id: found.get(one.definition.destination_id, none) for one in kept}

    def _with_health(self, connection: Connection, kept: list[Kept]) -> list[DestinationShown]:
        now_us = self._clock.now_us()
        known = definitions.health(connection)
        backlog = queue.backlog(connection)
        letters = queue.count_letters(connection)
        hour = figures.since(connection, now_us // MINUTE_US - HOUR_MINUTES + 1)
        return [
            self._shown(
                one,
                self._health(
                    connection,
                    one.definition,
                    known[one.definition.destination_id],
                    backlog.get(one.definition.destination_id),
                    letters.get(one.definition.destination_id, 0),
                    hour,
                ),
            )
            for one in kept
        ]

    def _shown(self, kept: Kept, health: HealthShown) -> DestinationShown:
        definition = kept.definition
        old_us = max((key.until_us for key in kept.keys if key.until_us), default=0)
        return DestinationShown(
            destination_id=definition.destination_id,
            name=definition.name,
            kind=definition.kind,
            feed=definition.feed,
            status=definition.status,
            reason=definition.reason,
            said=definition.said,
            settings=self._masked(kept),
            events=definition.events,
            pace=definition.pace,
            audience=definition.audience,
            schedule=definition.schedule,
            signed=bool(kept.keys),
            old_secret_until=moment(old_us) if old_us > self._clock.now_us() else None,
            created_at=moment(definition.created_us),
            changed_at=moment(definition.changed_us),
            health=health,
        )

    def _masked(self, kept: Kept) -> dict[str, object]:
        try:
            schema = self._desk.schema(kept.definition.kind)
        except (PluginError, RegularsError):  # the package that brought it is gone; what is secret nobody can say
            return {}
        settings = settings_of(self._desk.seal, kept.definition)
        return cast("dict[str, object]", masked(settings, schema))  # cast: an object stays one

    def _health(
        self,
        connection: Connection,
        definition: Definition,
        known: HealthRow,
        backlog: Backlog | None,
        letters: int,
        hour: Mapping[tuple[str, str], int],
    ) -> HealthShown:
        destination_id, now_us = definition.destination_id, self._clock.now_us()
        oldest_us = backlog.oldest_us if backlog else None
        counts = hours.count(connection, destination_id) if definition.feed == "hours" else {}
        is_audience = definition.feed == "audience"
        return HealthShown(
            state=_state(definition, known),
            **{f"{word}_1h": hour.get((destination_id, word), 0) for word in OUTCOMES},
            waiting=backlog.waiting if backlog else 0,
            retrying=backlog.retrying if backlog else 0,
            oldest_waiting_s=0.0 if oldest_us is None else max(0, now_us - oldest_us) / MICROSECONDS_PER_SECOND,
            dead_letters=letters,
            skipped=known.skipped,
            last_error=known.last_error,
            last_error_said=read(known.last_error_said),
            last_error_at=moment(known.last_error_us) if known.last_error_us else None,
            last_delivered_at=moment(known.last_good_us) if known.last_good_us else None,
            next_try_at=moment(known.health.wait_until_us) if known.health.wait_until_us > now_us else None,
            members=members.count(connection, destination_id) if is_audience else None,
            removals_waiting=members.count_removals(connection, destination_id) if is_audience else None,
            hours_due=counts.get("due", 0) + counts.get("marked", 0) if definition.feed == "hours" else None,
            hours_done=counts.get("done", 0) if definition.feed == "hours" else None,
        )


def step_of(hours_back: int) -> int:
    """Return how many minutes each span of so many hours has.

    >>> [step_of(hours) for hours in (1, 24, 168, 720, 2_160)]
    [1, 30, 180, 720, 2880]
    """
    whole = hours_back * HOUR_MINUTES
    return next((step for step in STEPS_MINUTES if step * SPANS_MAX >= whole), STEPS_MINUTES[-1])


def _state(definition: Definition, known: HealthRow) -> State:
    if definition.status is not Status.ACTIVE:
        return "paused" if definition.status is Status.PAUSED else "closed"
    if known.health.failures:
        return "failing"
    return "waiting" if known.last_good_us is None else "good"


def _delivery(row: Try) -> DeliveryShown:
    return DeliveryShown(
        delivery_id=row.try_id,
        at=moment(row.at_us),
        outcome=cast("Literal['delivered', 'retried', 'dead']", row.outcome),  # cast: written by `Done.word`
        items=row.items,
        status=row.status,
        duration_ms=row.duration_ms,
        sentence=row.sentence,
        said=read(row.said),
        about=row.about,
    )


def _span(minute: int, ends: Mapping[str, MinuteRow]) -> Span:
    requests = sum(row.requests for row in ends.values())
    spent_ms = sum(row.ms_sum for row in ends.values())
    items = {word: ends[word].items if word in ends else 0 for word in ENDS}
    return Span(
        at=moment(minute * MINUTE_US),
        requests=requests,
        mean_ms=round(spent_ms / requests, 1) if requests else None,
        slowest_ms=max(row.ms_max for row in ends.values()) if requests else None,
        **items,
    )
