"""How often may one caller ask? A bucket of tokens for each, in memory, refilled as time goes by.

Each web process counts for itself: with N of them a caller may have up to N times as much.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from regulars.kernel.clock import Clock
from regulars.kernel.errors import TooManyError
from regulars.kernel.http import Caller
from regulars.kernel.sayings import Said, said
from regulars.web.core import Allowance, Bucket, take

ALLOWANCES = {
    "key": Allowance(per_s=500, burst=2_000),
    "person": Allowance(per_s=50, burst=400),
    "anyone": Allowance(per_s=20, burst=200),
}
SIGN_IN = Allowance(per_s=1 / 30, burst=5)  # five tries, then one every half minute
BUCKETS_MAX = 50_000


class Limits:
    """The buckets."""

    def __init__(self, clock: Clock, allowances: dict[str, Allowance] | None = None) -> None:
        self._clock = clock
        self._allowances = allowances or ALLOWANCES
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def ask(self, caller: Caller, address: str) -> None:
        """Count one request.

        Raises
        ------
        TooManyError
            When the caller has to wait; `retry_after_s` says how long.

        """
        name = f"{caller.kind}:{caller.id or address}"
        self._count(name, self._allowances[caller.kind], _often)

    def try_sign_in(self, address: str, email_key: str) -> None:
        """Count one try to sign in, for the place it comes from and for the person it names."""
        self._count(f"sign-in from:{address}", SIGN_IN, _tries)
        self._count(f"sign-in as:{email_key}", SIGN_IN, _tries)

    def forgive_sign_in(self, address: str, email_key: str) -> None:
        """Begin anew after a sign-in that worked."""
        self._buckets.pop(f"sign-in from:{address}", None)
        self._buckets.pop(f"sign-in as:{email_key}", None)

    def _count(self, name: str, allowance: Allowance, told: Callable[[int], Said]) -> None:
        now_s = self._clock.now_us() / 1_000_000
        bucket = self._buckets.pop(name, None) or Bucket(tokens=float(allowance.burst), at_s=now_s)
        self._buckets[name] = bucket
        if len(self._buckets) > BUCKETS_MAX:
            self._buckets.popitem(last=False)
        wait_s = take(bucket, allowance, now_s)
        if wait_s:
            raise TooManyError(told(wait_s), retry_after_s=wait_s)


def _often(wait_s: int) -> Said:
    if wait_s == 1:
        return said("asked_too_often_now", "You ask too often. Come back in 1 second.")
    return said("asked_too_often", "You ask too often. Come back in {wait_s} seconds.", wait_s=wait_s)


def _tries(wait_s: int) -> Said:
    if wait_s == 1:
        return said("sign_in_tries_now", "Too many tries to sign in. Come back in 1 second.")
    return said("sign_in_tries", "Too many tries to sign in. Come back in {wait_s} seconds.", wait_s=wait_s)
