"""How does traffic keep to a plan: one in force, one that is being written, one that nobody has written yet?"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection

from regulars.events.core import Event, Verdict
from regulars.events.plans import history, store
from regulars.events.plans.core import PlanBody, Ready, Reign
from regulars.events.plans.core.inference import Inferred, infer
from regulars.events.plans.core.trial import Trial, Tried
from regulars.events.plans.covering import Cover, cover_of
from regulars.events.plans.judge import PlanJudge
from regulars.events.plans.report import Find, ProblemLine, Report, Span, Violations, ViolationSample
from regulars.events.plans.service.keeping import Keeping, refuse_faults
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import InvalidError, NotFoundError
from regulars.kernel.http import PAGE_ITEMS, Page
from regulars.kernel.sayings import said
from regulars.lake import Lake

HOUR_US = 3600 * MICROSECONDS_PER_SECOND
DAY_US = 24 * HOUR_US
INFERRED_DAYS = 7
INFERRED_DAYS_MAX = 90
TRIED_HOURS = 24
TRIED_HOURS_MAX = 24 * 30


class Watching:
    """Holds traffic against plans, without changing anything."""

    def __init__(self, *, database: Database, clock: Clock, keeping: Keeping, lake: Lake, find: Find) -> None:
        self._database = database
        self._clock = clock
        self._keeping = keeping
        self._lake = lake
        self._report = Report(database=database, clock=clock, find=find)
        self._judge = PlanJudge()
        self._one_at_a_time = threading.Lock()

    def infer(self, *, sources: Sequence[str] | None = None, days: int = INFERRED_DAYS) -> Inferred:
        """Return a plan that the traffic of the last days would have kept to, with what it was read from.

        Parameters
        ----------
        sources
            Of which sources; all but our own when left out.
        days
            How far back. Of each event the latest 2,000 are looked at.

        Raises
        ------
        InvalidError
            When the days are none that history can be asked for.
        NotFoundError
            When nothing came in that time.

        """
        if not 1 <= days <= INFERRED_DAYS_MAX:
            raise InvalidError(f"A plan is inferred from 1 to {INFERRED_DAYS_MAX} days, got {days}.")
        chosen = None if sources is None else list(sources)
        wanted = history.Wanted(since_us=self._clock.now_us() - days * DAY_US, sources=chosen)
        totals = history.totals(self._lake, wanted)
        if not totals:
            raise NotFoundError(
                f"Nothing came from {'these sources' if chosen else 'any source'} in the last {days} days, so there is "
                "nothing to infer a plan from. Send some events first, or begin with a ready plan."
            )
        return infer(history.seen(self._lake, wanted, [name for _, name in totals]), totals, chosen)

    def try_out(self, body: PlanBody, *, plan_id: str | None = None, hours: int = TRIED_HOURS) -> Trial:
        """Return what a plan would have made of the last hours' traffic; nothing changes.

        What a plan in force has blocked in that time did not take effect and is not in history.

        Parameters
        ----------
        body
            What the plan says.
        plan_id
            Which plan it is, so that its own version in force does not count as another's.
        hours
            How far back; of more than 50,000 events the latest are looked at.

        Raises
        ------
        InvalidError
            When the plan cannot be used, or the hours are none that history can be asked for.

        """
        refuse_faults(body)
        if not 1 <= hours <= TRIED_HOURS_MAX:
            raise InvalidError(
                said(
                    "plan_tried_hours",
                    "A plan is tried on 1 to {most} hours of traffic, got {hours}.",
                    most=TRIED_HOURS_MAX,
                    hours=hours,
                )
            )
        with self._database.read() as connection:
            others = [says for reign, says in store.in_force(connection) if reign.plan_id != plan_id]
        named = sorted({source for says in others for source in says.sources or ()})
        until_us = self._clock.now_us()
        since_us = until_us - hours * HOUR_US
        wanted = history.Wanted(since_us=since_us, sources=body.sources, without=named)
        events, is_whole = history.latest(self._lake, wanted)
        tried = Tried(Ready("", "", 0, body))
        tried.take(events)
        return Trial(
            since=moment(since_us if is_whole else min(event.received_us for event in events)),
            until=moment(until_us),
            events=len(events),
            is_whole=is_whole,
            wrong=tried.wrong.total(),
            blocked=tried.blocked.total(),
            by_event=tried.by_event(),
            problems=tried.problems(),
        )

    def violations(self, plan_id: str, *, span: Span = "24h", source_id: str = "", name: str = "") -> Violations:
        """Return how events kept to a plan in a span of time; of one source or event when named."""
        return self._report.violations(
            plan_id, self._keeping.get(plan_id).in_force_body, span=span, source_id=source_id, name=name
        )

    def problems(
        self,
        plan_id: str,
        *,
        span: Span = "24h",
        source_id: str = "",
        name: str = "",
        cursor: str | None = None,
        limit: int = PAGE_ITEMS,
    ) -> Page[ProblemLine]:
        """Return the ways in which events go wrong, the most frequent first."""
        self._keeping.get(plan_id)
        return self._report.problems(plan_id, span=span, source_id=source_id, name=name, cursor=cursor, limit=limit)

    def samples(self, plan_id: str, problem_id: str, *, covered: bool = False) -> list[ViolationSample]:
        """Return the latest events that show a problem, read from the log.

        Parameters
        ----------
        plan_id, problem_id
            Of which problem.
        covered
            Whether values that are, or look, personal shall be covered.

        """
        plan = self._keeping.get(plan_id)
        return self._report.samples(plan_id, problem_id, plan.in_force_body or plan.draft, covered=covered)

    @contextmanager
    def reading(self) -> Iterator[EventsReading]:
        """Give what people who read events need: how each kept to its plan, and what of it not everybody may see.

        The verdicts are those of the worker; one moment of the database is seen throughout.
        """
        with self._database.read() as connection:
            yield EventsReading(connection, self._judge, self._one_at_a_time, self._clock.now_us())


class EventsReading:
    """Answers of one moment; good for as long as its connection."""

    def __init__(self, connection: Connection, judge: PlanJudge, one_at_a_time: threading.Lock, now_us: int) -> None:
        self._connection = connection
        self._judge = judge
        self._one_at_a_time = one_at_a_time
        self._now_us = now_us
        self._in_force: list[tuple[Reign, PlanBody]] | None = None
        self._covers: dict[str, Cover | None] = {}

    def verdicts(self, events: Sequence[Event]) -> Sequence[Verdict | None]:
        """Return how events kept to the plans that were in force when they were received."""
        with self._one_at_a_time:
            return self._judge.verdicts(events, self._connection) or [None] * len(events)

    def cover(self, source_id: str) -> Cover | None:
        """Return what covers the personal fields of a source's events, None when nothing is marked."""
        if source_id not in self._covers:
            if self._in_force is None:
                self._in_force = store.in_force(self._connection)
            self._covers[source_id] = cover_of(self._in_force, source_id, self._now_us)
        return self._covers[source_id]
