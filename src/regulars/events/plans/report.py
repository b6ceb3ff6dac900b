"""How do events keep to a plan? The counts over time, the problems, and the latest events that show each."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Literal, Protocol

import msgspec
from sqlalchemy import Connection

from regulars.events.core import Violation
from regulars.events.decode import OWN_SOURCE
from regulars.events.plans import store, violations_store
from regulars.events.plans.core import PlanBody, sentence
from regulars.events.plans.core.looks_personal import looks_personal
from regulars.events.plans.core.personal import COVERED
from regulars.events.plans.core.plan import SECTIONS
from regulars.events.plans.core.pointers import ANY, covers, found_at, parts_of
from regulars.events.plans.violations_store import Problem, Sample, Wanted
from regulars.events.shown import EventInFull, ShownEvent
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import NotFoundError
from regulars.kernel.http import Page, decode_cursor, encode_cursor

MINUTE_US = 60 * MICROSECONDS_PER_SECOND
VALUES_MAX = 5
VALUE_CHARACTERS_MAX = 200
Span = Literal["1h", "6h", "24h", "7d", "30d"]
SPANS: dict[Span, tuple[int, int]] = {  # minutes in all, minutes of a step: 60 to 84 steps
    "1h": (60, 1),
    "6h": (360, 5),
    "24h": (1_440, 20),
    "7d": (10_080, 120),
    "30d": (43_200, 720),
}


class ViolationStep(msgspec.Struct, frozen=True, kw_only=True):
    """How many events of a name went wrong in the step that began then, and how many of them were blocked."""

    at: datetime
    call: str
    name: str
    events: int
    blocked: int


class EventKept(msgspec.Struct, frozen=True, kw_only=True):
    """How many events of a name were judged, how many went wrong, how many of them were blocked."""

    call: str
    name: str
    judged: int
    wrong: int
    blocked: int


class Violations(msgspec.Struct, frozen=True, kw_only=True):
    """How events kept to a plan in a span of time. `series` has only the steps in which something went wrong."""

    since: datetime
    until: datetime
    step_s: int
    judged: int
    wrong: int
    blocked: int
    series: list[ViolationStep]
    events: list[EventKept]


class ProblemLine(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which events go wrong: how often in the span, over its steps, and since when. Texts are in English."""

    problem_id: str
    call: str
    name: str
    pointer: str
    kind: str
    expected: str
    got: str
    sentence: str
    count: int
    series: list[int]
    first_at: datetime
    last_at: datetime


class ViolationSample(msgspec.Struct, frozen=True, kw_only=True):
    """An event that shows a problem, with what stood at the place, each value as JSON.

    `values` is empty where nothing stood there, where the event is no longer in the log, and where it `is_covered`
    because it looks personal and the one who asks is no admin.
    """

    event_id: str
    source_id: str
    source_name: str
    version: int
    received_at: datetime
    values: list[str]
    is_covered: bool
    is_gone: bool


class _Span(msgspec.Struct, frozen=True):
    since: int
    until: int
    step: int

    @property
    def steps(self) -> int:
        return (self.until - self.since) // self.step


class Find(Protocol):
    """Finds an event in the log."""

    def __call__(self, event_id: str) -> EventInFull:
        """Return everything about it."""
        ...


class Report:
    """Answers from the counts of violations, and from the log."""

    def __init__(self, *, database: Database, clock: Clock, find: Find) -> None:
        self._database = database
        self._clock = clock
        self._find = find

    def violations(self, plan_id: str, body: PlanBody | None, *, span: Span, source_id: str, name: str) -> Violations:
        """Return how events kept to a plan; `body` is that of the version in force, None when none is."""
        window = self._window(span)
        wanted = _wanted(plan_id, window, source_id, name)
        with self._database.read() as connection:
            rows = violations_store.trend(connection, wanted, step_minutes=window.step)
            taken = violations_store.taken(connection, plan_id, window.since, window.until)
            named = {one for _, says in store.in_force(connection) for one in says.sources or ()}
        events = _kept(rows, _taken_by_name(taken, body, named, source_id), name)
        return Violations(
            since=moment(window.since * MINUTE_US),
            until=moment(window.until * MINUTE_US),
            step_s=window.step * 60,
            judged=sum(event.judged for event in events),
            wrong=sum(event.wrong for event in events),
            blocked=sum(event.blocked for event in events),
            series=[
                ViolationStep(at=moment(step * window.step * MINUTE_US), call=call, name=of, events=count, blocked=out)
                for step, call, of, count, out in rows
                if name in ("", of)
            ],
            events=events,
        )

    def problems(
        self, plan_id: str, *, span: Span, source_id: str, name: str, cursor: str | None, limit: int
    ) -> Page[ProblemLine]:
        """Return the problems of a plan in a span of time, the most frequent first."""
        window = self._window(span)
        skipped = decode_cursor(cursor, int) or 0
        wanted = _wanted(plan_id, window, source_id, name)
        with self._database.read() as connection:
            found = violations_store.problems(connection, wanted, rows=limit + 1, skipped=skipped)
            lines = [
                _line(problem, count, self._series(connection, problem.problem_id, wanted, window))
                for problem, count in found[:limit]
            ]
        return Page(lines, encode_cursor(skipped + limit) if len(found) > limit else None)

    def samples(self, plan_id: str, problem_id: str, body: PlanBody, *, covered: bool) -> list[ViolationSample]:
        """Return the latest events that show a problem, what looks personal covered when that is asked for.

        Raises
        ------
        NotFoundError
            When the plan has no such problem.

        """
        with self._database.read() as connection:
            problem = violations_store.problem(connection, plan_id, problem_id)
            samples = violations_store.samples(connection, problem_id)
        if problem is None:
            raise NotFoundError(f"The plan has no problem {problem_id!r}.")
        hide = covered and _is_personal(problem, body)
        return [self._sample(sample, problem, hide=hide) for sample in samples]

    def _sample(self, sample: Sample, problem: Problem, *, hide: bool) -> ViolationSample:
        try:
            found: EventInFull | None = self._find(sample.event_id)
        except NotFoundError:
            found = None
        values = [] if found is None or found.event is None else values_at(found.event, problem.pointer)
        return ViolationSample(
            event_id=sample.event_id,
            source_id=sample.source_id,
            source_name=found.live.source_name if found else "",
            version=sample.version,
            received_at=moment(sample.received_us),
            values=[COVERED for _ in values] if hide else values,
            is_covered=hide,
            is_gone=found is None or found.event is None,
        )

    @staticmethod
    def _series(connection: Connection, problem_id: str, wanted: Wanted, window: _Span) -> list[int]:
        counts = dict(violations_store.steps_of(connection, problem_id, wanted, step_minutes=window.step))
        first = window.since // window.step
        return [counts.get(first + place, 0) for place in range(window.steps)]

    def _window(self, span: Span) -> _Span:
        minutes, step = SPANS[span]
        now = self._clock.now_us() // MINUTE_US
        until = now // step * step + step
        return _Span(until - minutes, until, step)


def values_at(event: ShownEvent, pointer: str) -> list[str]:
    """Return what stands at a place of an event, each value as JSON text, at most `VALUES_MAX`."""
    parts = parts_of(pointer) or []
    if not parts or parts[0] not in SECTIONS:
        return []
    found = found_at(event.context if parts[0] == "context" else event.properties, parts[1:])
    said = [msgspec.json.encode(value).decode() for value in found[:VALUES_MAX]]
    return [value if len(value) <= VALUE_CHARACTERS_MAX else value[: VALUE_CHARACTERS_MAX - 1] + "…" for value in said]


def _is_personal(problem: Problem, body: PlanBody) -> bool:
    marked = [pointer for field in body.personal for pointer in field.pointers()]
    parts = parts_of(problem.pointer) or [""]
    guess = looks_personal(next((part for part in reversed(parts) if part != ANY), ""), of_traits=parts[0] == "traits")
    return guess is not None or any(covers(one, problem.pointer) or covers(problem.pointer, one) for one in marked)


def _wanted(plan_id: str, window: _Span, source_id: str, name: str) -> Wanted:
    return Wanted(plan_id=plan_id, since=window.since, until=window.until, source_id=source_id, name=name)


def _taken_by_name(
    taken: list[tuple[str, str, int]], body: PlanBody | None, named: set[str], source_id: str
) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for source, name, count in taken:
        if body is not None and source_id in ("", source) and holds_for(body, source, named):
            found[name] += count
    return found


def _kept(rows: list[tuple[int, str, str, int, int]], taken: dict[str, int], only: str) -> list[EventKept]:
    wrong: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for _, call, name, count, blocked in rows:
        wrong[call, name][0] += count
        wrong[call, name][1] += blocked
    calls = {name: call for call, name in wrong}
    for name in taken:
        wrong.setdefault((calls.get(name, ""), name), [0, 0])
    events = [
        EventKept(call=call, name=name, judged=max(taken.get(name, 0) + bad[1], bad[0]), wrong=bad[0], blocked=bad[1])
        for (call, name), bad in wrong.items()
        if only in ("", name)
    ]
    return sorted(events, key=lambda event: (-event.wrong, -event.judged, event.name))


def holds_for(body: PlanBody, source_id: str, named: set[str]) -> bool:
    """Return whether a plan judges a source; `named` are the sources that plans in force name."""
    if source_id == OWN_SOURCE:
        return False
    return source_id not in named if body.sources is None else source_id in body.sources


def _line(problem: Problem, count: int, series: list[int]) -> ProblemLine:
    violation = Violation(pointer=problem.pointer, kind=problem.kind, expected=problem.expected, got=problem.got)
    return ProblemLine(
        problem_id=problem.problem_id,
        call=problem.call,
        name=problem.name,
        pointer=problem.pointer,
        kind=problem.kind,
        expected=problem.expected,
        got=problem.got,
        sentence=sentence(violation, problem.name),
        count=count,
        series=series,
        first_at=moment(problem.first_us),
        last_at=moment(problem.last_us),
    )
