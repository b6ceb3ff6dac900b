"""What identity does: say whose each event is, merge who turns out to be one, remember why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from regulars.events.core import Batch, Event, Fact, Merge
from regulars.identity import store
from regulars.identity.core import (
    LIMITS,
    USER_ID,
    Claim,
    Clusters,
    Evidence,
    EvidenceKind,
    Identifier,
    claim_of,
    cleaned,
    identifier_of,
    new_customer,
)
from regulars.identity.store import KnownIdentifier, PastMerge
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import InvalidError, NotFoundError
from regulars.kernel.ids import CustomerId

HOUR_US = 3_600 * MICROSECONDS_PER_SECOND
MERGED = "Customers Merged"


class OwnedIdentifier(msgspec.Struct, frozen=True, kw_only=True):
    """One of a customer's identifiers. `last_seen` is exact to the hour."""

    identifier_id: int
    kind: str
    value: str
    first_seen: datetime
    last_seen: datetime
    blocked: bool = False


class BlockedIdentifier(msgspec.Struct, frozen=True, kw_only=True):
    """An identifier that says nothing about anybody any more, and why."""

    kind: str
    value: str
    reason: str
    blocked_at: datetime


class Identity:
    """Identifiers, their customers, and the evidence. A projection of the street, and a keeper of customers."""

    name = "identity"

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def project(self, batch: Batch, connection: Connection) -> None:
        """Fill in whose each event is; record evidence; merge."""
        _Reading(batch, connection).take_in()

    def merge_customers(self, connection: Connection, merges: Sequence[Merge]) -> None:
        """Give every identifier of each absorbed customer to the one kept."""
        store.move(connection, [(merge.kept, merge.absorbed) for merge in merges])
        store.add_merges(connection, merges)

    def erase_customers(self, connection: Connection, customer_ids: Sequence[CustomerId]) -> int:
        """Remove identifiers, evidence and merges of these customers and return how many rows went."""
        return store.erase(connection, customer_ids)

    def find(self, kind: str, value: str) -> CustomerId | None:
        """Return the customer who goes by an identifier, None when nobody does."""
        clean = cleaned(kind, value)
        if clean is None:
            return None
        with self._database.read() as connection:
            found = store.known(connection, [Identifier(kind, clean).key])
        return next((one.customer_id for one in found.values()), None)

    def known_among(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], CustomerId]:
        """Return the customers of those (kind, value) that are known; the others are left out."""
        keys: dict[str, list[tuple[str, str]]] = {}
        for kind, value in pairs:
            clean = cleaned(kind, value)
            if clean is not None:
                keys.setdefault(Identifier(kind, clean).key, []).append((kind, value))
        with self._database.read() as connection:
            found = store.known(connection, keys)
        return {pair: one.customer_id for key, one in found.items() for pair in keys[key]}

    def beginning_with(self, kind: str, prefix: str, *, rows_max: int) -> list[tuple[Identifier, CustomerId]]:
        """Return identifiers of a kind whose value begins so, in order, with their customers."""
        with self._database.read() as connection:
            found = store.beginning(connection, f"{kind}:{prefix}", rows_max)
        return [(identifier_of(one.key), one.customer_id) for one in found]

    def resolve(self, customer_ids: Iterable[CustomerId]) -> dict[CustomerId, CustomerId]:
        """Return who each customer is now: themselves, or whoever absorbed them."""
        wanted = list(customer_ids)
        with self._database.read() as connection:
            became = store.became(connection, wanted)
        return {customer: became.get(customer, customer) for customer in wanted}

    def identifiers_of(self, customer_id: CustomerId) -> list[OwnedIdentifier]:
        """Return a customer's identifiers, the first seen first."""
        return self.identifiers_by_customer([customer_id]).get(customer_id, [])

    def identifiers_by_customer(self, customer_ids: Sequence[CustomerId]) -> dict[CustomerId, list[OwnedIdentifier]]:
        """Return the identifiers of several customers."""
        with self._database.read() as connection:
            rows = store.identifiers_of(connection, customer_ids)
            blocked = {one.key for one in store.blocked(connection)} if rows else set()
        found: dict[CustomerId, list[OwnedIdentifier]] = {}
        for row in rows:
            found.setdefault(row.customer_id, []).append(_owned(row, blocked=row.key in blocked))
        return found

    def numbers_of(self, connection: Connection, customer_ids: Sequence[CustomerId]) -> list[int]:
        """Return the numbers of some customers' identifiers, within the caller's transaction."""
        return [one.identifier_id for one in store.identifiers_of(connection, customer_ids)]

    def evidence_of(self, customer_id: CustomerId) -> list[Evidence]:
        """Return the evidence that names one of the customer's identifiers, refused evidence too."""
        with self._database.read() as connection:
            keys = [one.key for one in store.identifiers_of(connection, [customer_id])]
            return store.evidence_of(connection, keys)

    def all_evidence(self) -> list[Evidence]:
        """Return all evidence in the order it came: what `core.derive` takes."""
        with self._database.read() as connection:
            return store.all_evidence(connection)

    def merged_from(self, customer_id: CustomerId) -> list[PastMerge]:
        """Return who became part of this customer, oldest merge first."""
        with self._database.read() as connection:
            return store.merged_into(connection, [customer_id])

    def count_customers(self) -> int:
        """Return how many customers have an identifier."""
        with self._database.read() as connection:
            return store.count_customers(connection)

    def count_merges(self) -> int:
        """Return how many customers became part of another."""
        with self._database.read() as connection:
            return store.count_merges(connection)

    def block(self, kind: str, value: str, *, reason: str) -> BlockedIdentifier:
        """Take an identifier out of play from the next event on; what it has joined stays joined.

        Raises
        ------
        InvalidError
            When the value could not identify anybody anyway.

        """
        clean = cleaned(kind, value)
        if clean is None:
            raise InvalidError(f"A {kind} of this value never identifies anybody; there is nothing to block.")
        now_us = self._clock.now_us()
        with self._database.write() as connection:
            store.block(connection, Identifier(kind, clean).key, reason, now_us)
        return BlockedIdentifier(kind=kind, value=clean, reason=reason, blocked_at=moment(now_us))

    def unblock(self, kind: str, value: str) -> None:
        """Put an identifier back into play.

        Raises
        ------
        NotFoundError
            When it is not blocked.

        """
        with self._database.write() as connection:
            if not store.unblock(connection, Identifier(kind, cleaned(kind, value) or value).key):
                raise NotFoundError(f"No {kind} of this value is blocked.")

    def blocked(self) -> list[BlockedIdentifier]:
        """Return the identifiers that operators took out of play."""
        with self._database.read() as connection:
            rows = store.blocked(connection)
        return [
            BlockedIdentifier(
                kind=identifier_of(row.key).kind,
                value=identifier_of(row.key).value,
                reason=row.reason,
                blocked_at=moment(row.blocked_us),
            )
            for row in rows
        ]


def _owned(row: KnownIdentifier, *, blocked: bool) -> OwnedIdentifier:
    known = identifier_of(row.key)
    return OwnedIdentifier(
        identifier_id=row.identifier_id,
        kind=known.kind,
        value=known.value,
        first_seen=moment(row.first_us),
        last_seen=moment(max(row.first_us, row.last_us)),
        blocked=blocked,
    )


class _Reading:
    """One batch on its way through identity."""

    def __init__(self, batch: Batch, connection: Connection) -> None:
        self._batch = batch
        self._connection = connection
        blocked = frozenset(one.key for one in store.blocked(connection))
        self._claims = [claim_of(event, blocked) for event in batch.events]
        self._known = store.known(connection, self._keys())
        owners = {key: one.customer_id for key, one in self._known.items()}
        limited = store.limited_of(connection, self._customers_to_weigh(), LIMITS)
        self._clusters = Clusters(owners, limited)
        self._numbers = {key: one.identifier_id for key, one in self._known.items()}
        self._next_number = 0
        self._seen: dict[str, tuple[int, int]] = {}
        self._evidence: dict[tuple[str, str], Evidence] = {}

    def take_in(self) -> None:
        """Go through the events in order, then write what is new."""
        batch, clusters = self._batch, self._clusters
        for event, claim in zip(batch.events, self._claims, strict=True):
            if claim is not None:
                self._take(event, claim)
        batch.anchors = [self._numbers[claim.anchor] if claim else None for claim in self._claims]
        batch.customer_ids = [clusters.owner(claim.anchor) if claim else None for claim in self._claims]
        batch.merges.extend(clusters.merges)
        self._write()

    def _keys(self) -> set[str]:
        keys = {claim.anchor for claim in self._claims if claim}
        for claim in self._claims:
            for key, kind in claim.others if claim else ():
                keys.add(key)
                if kind == "alias":
                    keys.add(_as_user(key))
        return keys

    def _customers_to_weigh(self) -> set[CustomerId]:
        """Return whose limits matter: customers whom an event would join to another, or give a new identifier."""
        known = self._known
        found: set[CustomerId] = set()
        for claim in self._claims:
            if not claim or not claim.others:
                continue
            ends = [known.get(claim.anchor), *(known.get(key) for key, _ in claim.others)]
            ends += [known.get(_as_user(key)) for key, kind in claim.others if kind == "alias"]
            owners = {end.customer_id for end in ends if end}
            if len(owners) > 1 or (owners and None in ends):
                found |= owners
        return found

    def _standing_key(self, key: str, kind: EvidenceKind) -> str:
        """Return the key that an alias means: a user id if one of that name is known, else an anonymous id."""
        return _as_user(key) if kind == "alias" and self._clusters.owner(_as_user(key)) else key

    def _take(self, event: Event, claim: Claim) -> None:
        clusters, anchor = self._clusters, claim.anchor
        others = [(self._standing_key(key, kind), kind) for key, kind in claim.others] if claim.others else []
        news = [other for other in others if clusters.owner(other[0]) is None]
        for key, kind in others:
            if (key, kind) not in news:
                self._link(event, anchor, key, kind)
        if clusters.owner(anchor) is None:
            clusters.found(anchor, new_customer(event, anchor))
        self._note(anchor, event)
        for key, kind in news:
            self._link(event, anchor, key, kind)

    def _link(self, event: Event, anchor: str, key: str, kind: EvidenceKind) -> None:
        merges = self._clusters.merges
        before = len(merges)
        reason = self._clusters.link(anchor, key, event.occurred_us)
        if (anchor, key) not in self._evidence:
            self._evidence[anchor, key] = Evidence(
                from_id=anchor,
                to_id=key,
                kind=kind,
                event_id=event.event_id,
                at_us=event.occurred_us,
                refused_reason=reason,
            )
        if reason is None:
            self._note(key, event)
        for merge in merges[before:]:
            self._batch.facts.append(_fact(merge, event, kind))

    def _note(self, key: str, event: Event) -> None:
        at_us = event.occurred_us
        seen = self._seen.get(key)
        if seen is not None:
            self._seen[key] = (min(seen[0], at_us), max(seen[1], at_us))
            return
        self._seen[key] = (at_us, at_us)
        if key not in self._numbers:
            if not self._next_number:
                self._next_number = store.last_number(self._connection) + 1
            self._numbers[key] = self._next_number
            self._next_number += 1

    def _write(self) -> None:
        connection, clusters = self._connection, self._clusters
        moved = {merge.absorbed for merge in clusters.merges}
        store.move(connection, [(clusters.standing(customer), customer) for customer in sorted(moved)])
        store.add_merges(connection, clusters.merges)
        new: list[KnownIdentifier] = []
        again: list[tuple[int, int, int]] = []
        for key, (first, last) in self._seen.items():
            last_hour = last - last % HOUR_US
            kept = self._known.get(key)
            if kept is None:
                owner = clusters.owner(key)
                assert owner is not None, "an identifier that was noted has a customer"
                new.append(KnownIdentifier(self._numbers[key], key, owner, first, last_hour))
            elif first < kept.first_us or last_hour > kept.last_us:
                again.append((min(first, kept.first_us), max(last_hour, kept.last_us), kept.identifier_id))
        store.add_identifiers(connection, new)
        store.set_seen(connection, again)
        store.add_evidence(connection, self._evidence.values())


def _as_user(key: str) -> str:
    return f"{USER_ID}:{identifier_of(key).value}"


def _fact(merge: Merge, event: Event, kind: EvidenceKind) -> Fact:
    return Fact(
        name=MERGED,
        message_id=f"merged:{merge.absorbed}",
        properties={
            "kept": merge.kept,
            "absorbed": merge.absorbed,
            "evidence": {"kind": kind, "event_id": event.event_id},
        },
        occurred_us=merge.at_us,
    )
