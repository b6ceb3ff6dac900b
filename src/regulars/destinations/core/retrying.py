"""When is something tried again, when is it given up, and when is a destination left alone? Pure.

An event has a schedule of its own; a destination that answers nothing but errors is asked less and less often, with
one event at a time, and left alone after a while. Chance comes in as an argument in [0, 1).
"""

from __future__ import annotations

import msgspec

from regulars.destinations.core.kinds import Answer, Outcome
from regulars.kernel.clock import MICROSECONDS_PER_SECOND

FIRST_WAIT_S = 5.0
GROWTH = 3.0
LONGEST_WAIT_S = 6 * 3600.0
SPREAD = 0.2  # a wait is up to a fifth shorter or longer, so that many do not come back at once
TRIED_FOR_S = 3 * 24 * 3600  # some 18 tries; a weekend and a Monday
REFUSALS_MAX = 5  # within some three and a half minutes: long enough for a deployment, no load for three days
RETRY_AFTER_S_MAX = 24 * 3600.0
FAILURES_TOLERATED = 5  # in a row; above it the destination is asked with one event at a time
PROBE_WAIT_S_MAX = 600.0


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How a destination answers. `failures` are tries in a row without one that was delivered, since then.

    Until `wait_until_us` nothing is sent.
    """

    failures: int = 0
    failing_since_us: int | None = None
    wait_until_us: int = 0

    @property
    def is_failing(self) -> bool:
        """Return whether only one event at a time is sent, to see whether somebody is back."""
        return self.failures >= FAILURES_TOLERATED


def wait_s(attempt: int, chance: float) -> float:
    """Return how long to wait after so many tries, from 1.

    >>> [round(wait_s(attempt, 0.5)) for attempt in (1, 2, 3, 4, 5, 6, 7, 8, 9)]
    [5, 15, 45, 135, 405, 1215, 3645, 10935, 21600]
    """
    plain = min(FIRST_WAIT_S * GROWTH ** min(attempt - 1, 20), LONGEST_WAIT_S)
    return plain * (1 + SPREAD * (2 * chance - 1))


def next_try_us(answer: Answer, *, attempt: int, first_us: int, now_us: int, chance: float) -> int | None:
    """Return when an event is tried again after its try number `attempt`, None when it is given up.

    `first_us` is when it was queued. What the other side asks for (`Retry-After`) is obeyed, up to a day.
    """
    if answer.outcome in {Outcome.UNSENDABLE, Outcome.GONE}:
        return None
    if answer.outcome is Outcome.REFUSED and attempt >= REFUSALS_MAX:
        return None
    if now_us - first_us >= TRIED_FOR_S * MICROSECONDS_PER_SECOND:
        return None
    pause_s = max(wait_s(attempt, chance), min(answer.retry_after_s or 0.0, RETRY_AFTER_S_MAX))
    return now_us + round(pause_s * MICROSECONDS_PER_SECOND)


def after(health: Health, answer: Answer, *, now_us: int, chance: float, tolerated: int = FAILURES_TOLERATED) -> Health:
    """Return how a destination stands after a try.

    From `tolerated` failures in a row on it is waited between tries. With more than one tolerated, an event that we
    cannot put into words says nothing about the other side.
    """
    if answer.is_good:
        return Health()
    if answer.outcome is Outcome.GONE or (answer.outcome is Outcome.UNSENDABLE and tolerated > 1):
        return health
    failures = health.failures + 1
    pause_s = min(answer.retry_after_s or 0.0, RETRY_AFTER_S_MAX)
    if failures >= tolerated:
        pause_s = max(pause_s, min(wait_s(failures - tolerated + 1, chance), PROBE_WAIT_S_MAX))
    return Health(
        failures=failures,
        failing_since_us=now_us if health.failing_since_us is None else health.failing_since_us,
        wait_until_us=max(health.wait_until_us, now_us + round(pause_s * MICROSECONDS_PER_SECOND)),
    )


def is_worn_out(health: Health, *, now_us: int, pause_after_h: float) -> bool:
    """Return whether a destination has answered nothing but errors for so long that a person must look.

    >>> is_worn_out(Health(failures=9, failing_since_us=0), now_us=24 * 3_600_000_000, pause_after_h=24)
    True
    """
    if health.failing_since_us is None:
        return False
    return now_us - health.failing_since_us >= pause_after_h * 3600 * MICROSECONDS_PER_SECOND
