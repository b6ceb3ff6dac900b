"""Who is asking? Any identifier becomes the customer who goes by it today, from memory when the database is away."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from regulars.identity import Identity
from regulars.kernel.errors import UnavailableError
from regulars.kernel.ids import CustomerId
from regulars.recommend.impressions import Names

IDENTIFIERS_REMEMBERED = 50_000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking for a slate: any one of these, or nobody."""

    customer_id: CustomerId | None = None
    user_id: str | None = None
    anonymous_id: str | None = None


class Askers:
    """Finds customers. `is_known` says whether the answers have somebody of an id in memory."""

    def __init__(self, identity: Identity, is_known: Callable[[CustomerId], bool]) -> None:
        self._identity = identity
        self._is_known = is_known
        self._remembered: dict[tuple[str, str], CustomerId] = {}

    def named(self, customer: CustomerId | str | None) -> Asked:
        """Return who is meant by a customer's id or user id."""
        if customer is None:
            return Asked()
        if self._is_known(CustomerId(customer)):
            return Asked(customer_id=CustomerId(customer))
        found = self._find("user_id", customer)
        return Asked(customer_id=found or CustomerId(customer), user_id=customer if found else None)

    def customer(self, asked: Asked) -> CustomerId | None:
        """Return the customer, from memory when the database is away."""
        if asked.customer_id is not None:
            return self._standing(asked.customer_id)
        for kind, value in (("user_id", asked.user_id), ("anonymous_id", asked.anonymous_id)):
            if value is None:
                continue
            found = self._find(kind, value)
            if found is not None:
                return found
        return None

    def _find(self, kind: str, value: str) -> CustomerId | None:
        try:
            found = self._identity.find(kind, value)
        except UnavailableError:
            return self._remembered.get((kind, value))
        if found is not None:
            if len(self._remembered) >= IDENTIFIERS_REMEMBERED:
                self._remembered.clear()
            self._remembered[kind, value] = found
        return found

    def _standing(self, customer_id: CustomerId) -> CustomerId:
        if self._is_known(customer_id):
            return customer_id
        try:
            return self._identity.resolve([customer_id])[customer_id]
        except UnavailableError:
            return customer_id

    def names_of(self, customer_ids: Sequence[CustomerId]) -> dict[CustomerId, Names]:
        """Return a user id and an anonymous id of each customer, where they have one."""
        names: dict[CustomerId, Names] = {}
        for customer, identifiers in self._identity.identifiers_by_customer(customer_ids).items():
            by_kind = {one.kind: one.value for one in identifiers}
            names[customer] = (by_kind.get("user_id"), by_kind.get("anonymous_id"))
        return names
