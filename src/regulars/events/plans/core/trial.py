"""What would a plan have made of the traffic of late, had it been in force?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from regulars.events.core import Event, Violation
from regulars.events.plans.core.judging import Ready, judged
from regulars.events.plans.core.plan import Mode
from regulars.events.plans.core.violations import sentence

SAMPLES_MAX = 3
PROBLEMS_MAX = 200


class TrialProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which events would have gone wrong: how many, and the ids of the latest."""

    call: str
    name: str
    pointer: str
    kind: str
    expected: str
    got: str
    sentence: str
    mode: Mode
    events: int
    samples: list[str]


class TrialEvent(msgspec.Struct, frozen=True, kw_only=True):
    """How many events of a name there were, how many would not have kept to the plan, how many would be blocked."""

    call: str
    name: str
    events: int
    wrong: int
    blocked: int


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan would have made of the traffic of late.

    `events` are those of its sources that were looked at; where `is_whole` is False, the latest of more. `wrong` of
    them would not have kept to it, of which `blocked` would not have taken effect.
    """

    since: datetime
    until: datetime
    events: int
    is_whole: bool
    wrong: int
    blocked: int
    by_event: list[TrialEvent]
    problems: list[TrialProblem]


class Tried:
    """Counts verdicts without keeping the events."""

    def __init__(self, ready: Ready) -> None:
        self._ready = ready
        self.events: Counter[tuple[str, str]] = Counter()
        self.wrong: Counter[tuple[str, str]] = Counter()
        self.blocked: Counter[tuple[str, str]] = Counter()
        self._problems: Counter[tuple[str, str, str, str]] = Counter()
        self._first: dict[tuple[str, str, str, str], tuple[Violation, Mode, list[str]]] = {}

    def take(self, events: Iterable[Event]) -> None:
        """Judge events, the latest first."""
        for event in events:
            key = (event.call, event.name)
            self.events[key] += 1
            verdict = judged(self._ready, event)
            if verdict is None:
                continue
            self.wrong[key] += 1
            self.blocked[key] += verdict.blocks
            for violation in verdict.violations:
                self._note(event, violation, verdict.mode)

    def _note(self, event: Event, violation: Violation, mode: Mode) -> None:
        problem = (event.call, event.name, violation.pointer, violation.kind)
        self._problems[problem] += 1
        _, _, samples = self._first.setdefault(problem, (violation, mode, []))
        if len(samples) < SAMPLES_MAX:
            samples.append(event.event_id)

    def by_event(self) -> list[TrialEvent]:
        """Return the counts of each event, those that go wrong most first."""
        return [
            TrialEvent(call=key[0], name=key[1], events=count, wrong=self.wrong[key], blocked=self.blocked[key])
            for key, count in sorted(self.events.items(), key=lambda one: (-self.wrong[one[0]], -one[1], one[0]))
        ]

    def problems(self) -> list[TrialProblem]:
        """Return what goes wrong, the most frequent first."""
        found = []
        for problem, count in sorted(self._problems.items(), key=lambda one: (-one[1], one[0]))[:PROBLEMS_MAX]:
            violation, mode, samples = self._first[problem]
            found.append(
                TrialProblem(
                    call=problem[0],
                    name=problem[1],
                    pointer=problem[2],
                    kind=problem[3],
                    expected=violation.expected,
                    got=violation.got,
                    sentence=sentence(violation, problem[1]),
                    mode=mode,
                    events=count,
                    samples=samples,
                )
            )
        return found
