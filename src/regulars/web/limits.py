"""How often may one caller ask? A bucket of tokens for each, in memory, refilled as time goes by.

Each web process counts for itself: with N of them a caller may have up to N times as much.
"""

from __future__ import annotations

from collections import OrderedDict

from regulars.kernel.clock import Clock
from regulars.kernel.errors import TooManyError
from regulars.kernel.http import Caller
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
        self._count(name, self._allowances[caller.kind], "You ask too often.")

    def try_sign_in(self, address: str, email_key: str) -> None:
        """Count one try to sign in, for the place it comes from and for the person it names."""
        told = "Too many tries to sign in."
        self._count(f"sign-in from:{address}", SIGN_IN, told)
        self._count(f"sign-in as:{email_key}", SIGN_IN, told)

    def forgive_sign_in(self, address: str, email_key: str) -> None:
        """Begin anew after a sign-in that worked."""
        self._buckets.pop(f"sign-in from:{address}", None)
        self._buckets.pop(f"sign-in as:{email_key}", None)

    def _count(self, name: str, allowance: Allowance, told: str) -> None:
        now_s = self._clock.now_us() / 1_000_000
        bucket = self._buckets.pop(name, None) or Bucket(tokens=float(allowance.burst), at_s=now_s)
        self._buckets[name] = bucket
        if len(self._buckets) > BUCKETS_MAX:
            self._buckets.popitem(last=False)
        wait_s = take(bucket, allowance, now_s)
        if wait_s:
            unit = "second" if wait_s == 1 else "seconds"
            raise TooManyError(f"{told} Come back in {wait_s} {unit}.", retry_after_s=wait_s)
