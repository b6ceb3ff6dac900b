"""When is something so wrong that somebody should be told, and when is it over? Values in, values out.

A rule is raised by the first look that finds it passed, and cleared only after several looks in a row that find it well
below: what hovers at its limit makes one alert, not sixty an hour.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from regulars.events.core import Outcome
from regulars.events.reasons import REASONS
from regulars.kernel.sayings import Sentence, said

Kind = Literal["share", "count", "silence"]

EVENTS_MIN = 20  # fewer than this tell nothing by their share
CLEAR_AT = 0.8  # of the limit: what is below has got better, not just less bad
CALM_LOOKS = 3  # looks in a row, a minute apart
WINDOW_MINUTES_MAX = 1_440


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to be told of.

    `share` (per cent of all that came) and `count` are of events that met an `outcome`, or had a `reason` where one is
    given, in the last `window_minutes`, and alert above `limit`. `silence` alerts when a source that has sent before
    sent nothing for `window_minutes`. `source_id` None means all sources together.
    """

    kind: Kind
    source_id: str | None = None
    outcome: Outcome = "rejected"
    reason: str | None = None
    limit: Annotated[float, Meta(ge=0)] = 0
    window_minutes: Annotated[int, Meta(ge=1, le=WINDOW_MINUTES_MAX)] = 15
    is_on: bool = True


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: `value` to hold against the limit, None when nothing can be said; `events` it was taken from."""

    value: float | None
    events: int = 0


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rule stands between two looks: raised or not, and for how many looks it has been calm."""

    is_raised: bool = False
    calm_looks: int = 0


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What a look makes of a rule."""

    standing: Standing
    raises: bool = False
    clears: bool = False


def faults_of(rule: Rule) -> list[Sentence]:
    """Return what is wrong with a rule, a sentence each.

    >>> [fault.text for fault in faults_of(Rule(kind="share", limit=140))]
    ['A share is at most 100 per cent, got 140.']
    """
    faults: list[Sentence] = []
    if rule.kind == "share" and rule.limit > 100:
        faults.append(said("alert_share", "A share is at most 100 per cent, got {limit:g}.", limit=rule.limit))
    if rule.reason is not None and rule.reason not in REASONS:
        faults.append(
            said("no_reason", "There is no reason {reason!r}. See the reference of reasons.", reason=rule.reason)
        )
    if rule.kind == "silence" and rule.source_id is None:
        faults.append(said("alert_silence", "Silence is of one source: say which."))
    return faults


def step(rule: Rule, standing: Standing, reading: Reading) -> Step:
    """Return what a look makes of a rule.

    >>> rule = Rule(kind="count", limit=10)
    >>> raised = step(rule, Standing(), Reading(value=11))
    >>> raised.raises, step(rule, raised.standing, Reading(value=9)).standing.calm_looks
    (True, 0)
    """
    if reading.value is None:
        return Step(standing=standing)
    if not standing.is_raised:
        raises = _is_passed(rule, reading)
        return Step(standing=Standing(is_raised=raises), raises=raises)
    calm = standing.calm_looks + 1 if _is_calm(rule, reading) else 0
    if calm < _looks_to_clear(rule):
        return Step(standing=Standing(is_raised=True, calm_looks=calm))
    return Step(standing=Standing(), clears=True)


def _is_passed(rule: Rule, reading: Reading) -> bool:
    assert reading.value is not None, "asked only of a reading that says something"
    if rule.kind == "silence":
        return reading.value >= rule.window_minutes
    return reading.value > rule.limit and (rule.kind == "count" or reading.events >= EVENTS_MIN)


def _is_calm(rule: Rule, reading: Reading) -> bool:
    assert reading.value is not None, "asked only of a reading that says something"
    if rule.kind == "silence":
        return reading.value < rule.window_minutes
    return reading.value <= rule.limit * CLEAR_AT


def _looks_to_clear(rule: Rule) -> int:
    return 1 if rule.kind == "silence" else CALM_LOOKS  # whoever speaks again is silent no longer


def defaults_for(source_id: str) -> list[Rule]:
    """Return the rules that a new source begins with; its silence is told only to those who ask for it."""
    return [
        Rule(kind="share", source_id=source_id, outcome="rejected", limit=5, window_minutes=15),
        Rule(kind="count", source_id=source_id, outcome="duplicate", reason="content_differs", limit=10,
             window_minutes=60),
        Rule(kind="silence", source_id=source_id, window_minutes=60, is_on=False),
    ]  # fmt: skip


class AlertRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is kept, and whether it is raised just now."""

    rule_id: str
    rule: Rule
    source_name: str
    is_raised: bool
    value: float | None
    looked_at: datetime | None


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a rule was raised: from when, until when, how bad at its worst, and who has seen it.

    `rule` is as it was then. `value` is the latest while it lasts.
    """

    alert_id: str
    rule_id: str
    rule: Rule
    source_name: str
    sentence: str
    raised_at: datetime
    cleared_at: datetime | None
    value: float
    worst: float
    acknowledged_by: str | None
    acknowledged_at: datetime | None


def sentence_of(rule: Rule, source_name: str, value: float) -> str:
    """Say what is wrong.

    >>> sentence_of(Rule(kind="share", limit=5), "Shop front", 12.345)
    'Shop front: 12.3 % of all events were rejected in 15 minutes, more than 5 %.'
    """
    where = source_name or "All sources"
    what = f"{rule.outcome} ({rule.reason})" if rule.reason else rule.outcome
    if rule.kind == "silence":
        return f"{where}: nothing has come for {value:.0f} minutes, {rule.window_minutes} were allowed."
    if rule.kind == "share":
        return (
            f"{where}: {value:.1f} % of all events were {what} in {rule.window_minutes} minutes, "
            f"more than {rule.limit:g} %."
        )
    return f"{where}: {value:,.0f} events were {what} in {rule.window_minutes} minutes, more than {rule.limit:,.0f}."
