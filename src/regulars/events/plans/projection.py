"""How often do events not keep to their plan, where, and which show it? Counted with everything else.

Nothing of what an event says is kept, only where it stands in the log: a sample is read from there when somebody looks,
and is gone when its event is erased.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple  # Any: sqlalchemy.Connection, as in the Projection protocol

from regulars.events.core import Batch, Event, Fact, Judged, Violation
from regulars.events.plans import violations_store as store
from regulars.events.plans.core import sentence
from regulars.events.plans.core.violations import OTHER
from regulars.events.plans.violations_store import PROBLEMS_MAX, SAMPLES_MAX, Counted, Problem, Sample, Verdicts
from regulars.kernel.clock import MICROSECONDS_PER_SECOND
from regulars.kernel.ids import derived_id

MINUTE_US = 60 * MICROSECONDS_PER_SECOND
HOUR_MINUTES = 60
TRACKING_PLAN_VIOLATED = "Tracking Plan Violated"


class _Kind(NamedTuple):
    """What makes two violations the same problem."""

    plan_id: str
    call: str
    name: str
    pointer: str
    kind: str


_Found = list[tuple[Event, Violation, int]]  # in log order, with the version that was broken


class PlanViolations:
    """A projection that counts what the judge has found."""

    name = "plans"

    def project(self, batch: Batch, connection: Any) -> None:  # Any: as above
        """Count the verdicts of a batch, keep the latest samples, and tell of plans that do more than observe."""
        if not batch.judged:
            return
        found = _by_problem(batch.judged)
        problem_ids = _admitted(found, connection)
        store.put_problems(connection, _problems(found, problem_ids))
        store.add_counts(connection, _counts(found, problem_ids))
        store.add_samples(connection, _samples(found, problem_ids))
        batch.facts.extend(_news(batch.judged, connection))
        store.add_verdicts(connection, _verdicts(batch.judged))


def _by_problem(judged: Sequence[Judged]) -> dict[_Kind, _Found]:
    found: dict[_Kind, _Found] = {}
    for one in judged:
        event, verdict = one.event, one.verdict
        for violation in verdict.violations:
            kind = _Kind(verdict.plan_id, event.call, event.name, violation.pointer, violation.kind)
            found.setdefault(kind, []).append((event, violation, verdict.version))
    return found


def _admitted(found: dict[_Kind, _Found], connection: Any) -> dict[_Kind, str]:  # Any: as above
    """Return under which id each problem is counted: its own, or that of all others once a plan has too many."""
    ids = {kind: derived_id(0, *kind) for kind in found}
    known = store.known(connection, ids.values())
    room: dict[str, int] = {}
    for kind, problem_id in ids.items():
        if problem_id not in known:
            left = room.setdefault(kind.plan_id, PROBLEMS_MAX - store.count_problems(connection, kind.plan_id))
            room[kind.plan_id] = left - 1
            if left <= 0:
                ids[kind] = derived_id(0, kind.plan_id, "others")
    return ids


def _problems(found: dict[_Kind, _Found], problem_ids: dict[_Kind, str]) -> list[Problem]:
    problems = []
    for kind, events in found.items():
        own = problem_ids[kind] == derived_id(0, *kind)
        last = events[-1][1]
        problems.append(
            Problem(
                problem_id=problem_ids[kind],
                plan_id=kind.plan_id,
                call=kind.call if own else "",
                name=kind.name if own else "",
                pointer=kind.pointer if own else "",
                kind=kind.kind if own else OTHER,
                expected=last.expected if own else "",
                got=last.got if own else "",
                first_us=min(event.received_us for event, _, _ in events),
                last_us=max(event.received_us for event, _, _ in events),
            )
        )
    return problems


def _counts(found: dict[_Kind, _Found], problem_ids: dict[_Kind, str]) -> list[Counted]:
    counts: Counter[tuple[int, str, str]] = Counter()
    for kind, events in found.items():
        counts.update((event.received_us // MINUTE_US, problem_ids[kind], event.source_id) for event, _, _ in events)
    return [Counted(*key, count) for key, count in sorted(counts.items())]


def _samples(found: dict[_Kind, _Found], problem_ids: dict[_Kind, str]) -> list[Sample]:
    return [
        Sample(problem_ids[kind], event.event_id, event.source_id, version, event.received_us)
        for kind, events in found.items()
        for event, _, version in sorted(events, key=lambda one: (one[0].received_us, one[0].event_id))[-SAMPLES_MAX:]
    ]


def _verdicts(judged: Sequence[Judged]) -> list[Verdicts]:
    counts = Counter(
        (
            one.event.received_us // MINUTE_US,
            one.verdict.plan_id,
            one.verdict.version,
            one.event.source_id,
            one.event.call,
            one.event.name,
            one.verdict.mode,
        )
        for one in judged
    )
    return [Verdicts(*key, count) for key, count in sorted(counts.items())]


def _news(judged: Sequence[Judged], connection: Any) -> list[Fact]:  # Any: as above
    """Return a fact for each event, mode and hour of which nobody was told yet."""
    first: dict[tuple[str, str, str, str, int], Judged] = {}
    for one in judged:
        if one.verdict.mode != "observe":
            hour = one.event.received_us // (HOUR_MINUTES * MINUTE_US)
            key = (one.verdict.plan_id, one.event.call, one.event.name, one.verdict.mode, hour)
            first.setdefault(key, one)
    return [
        _violated(one, hour)
        for (plan_id, call, name, mode, hour), one in first.items()
        if not store.was_counted(connection, plan_id, call, name, mode, since=hour * HOUR_MINUTES)
    ]


def _violated(judged: Judged, hour: int) -> Fact:
    event, verdict = judged.event, judged.verdict
    first = verdict.violations[0]
    return Fact(
        name=TRACKING_PLAN_VIOLATED,
        message_id=derived_id(0, "plan violated", verdict.plan_id, event.call, event.name, verdict.mode, str(hour)),
        properties={
            "plan_id": verdict.plan_id,
            "plan_name": verdict.plan_name,
            "version": verdict.version,
            "mode": verdict.mode,
            "call": event.call,
            "event": event.name,
            "source_id": event.source_id,
            "event_id": event.event_id,
            "pointer": first.pointer,
            "kind": first.kind,
            "sentence": sentence(first, event.name),
        },
        occurred_us=event.received_us,
    )
