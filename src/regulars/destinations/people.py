"""Who belongs to an audience, as far as profiles can say: the seam that segments will plug in to."""

from __future__ import annotations

from collections.abc import Iterator

from regulars.destinations.core.audience import AudienceRule, Candidate, belongs
from regulars.identity import Identity
from regulars.kernel.ids import CustomerId
from regulars.profiles import Profiles

CUSTOMERS_A_TIME = 500


class ProfileAudience:
    """Everyone with a profile, held against a rule."""

    def __init__(self, *, profiles: Profiles, identity: Identity) -> None:
        self._profiles = profiles
        self._identity = identity

    def candidates(self) -> Iterator[Candidate]:
        """Yield everyone, in the order of their ids."""
        after: CustomerId | None = None
        while profiles := self._profiles.scan(after=after, limit=CUSTOMERS_A_TIME):
            identifiers = self._identity.identifiers_by_customer([one.customer_id for one in profiles])
            for profile in profiles:
                own = identifiers.get(profile.customer_id, [])
                yield Candidate(profile=profile, identifiers=[(one.kind, one.value) for one in own if not one.blocked])
            after = profiles[-1].customer_id

    def holds(self, rule: AudienceRule, candidate: Candidate, now_us: int) -> bool:
        """Return whether somebody belongs."""
        return belongs(rule, candidate.profile, now_us)
