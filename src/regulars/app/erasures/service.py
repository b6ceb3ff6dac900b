"""Remembers who was forgotten, and forgets them again in a state that knew them before."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import Connection

from regulars.app.erasures import store
from regulars.app.erasures.core import CUSTOMER, Erasure, hash_of, matches
from regulars.events.core import KeepsCustomers
from regulars.events.worker_store import erase_dead_letters
from regulars.identity import store as identity_store
from regulars.kernel.clock import Clock
from regulars.kernel.database import Database
from regulars.kernel.ids import CustomerId, new_id

ROWS_A_READ = 10_000


class Erasures:
    """The list of who was forgotten."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def note(self, customer_ids: Sequence[CustomerId], identifiers: Sequence[tuple[str, str]]) -> Erasure:
        """Remember that somebody is being forgotten, before anything of them goes; return what is remembered."""
        now_us = self._clock.now_us()
        named = [*identifiers, *((CUSTOMER, customer_id) for customer_id in customer_ids)]
        with self._database.write() as connection:
            salt = store.salt(connection, secrets.token_hex(16))
            erasure = Erasure(
                erasure_id=new_id(now_us),
                at_us=now_us,
                salt=salt,
                hashes=sorted(hash_of(f"{kind}:{value}", salt) for kind, value in named),
            )
            store.add(connection, erasure)
        return erasure

    def note_rewritten(self, erasure: Erasure, partition: str, offsets: Sequence[int]) -> Erasure:
        """Remember which records of the log are about to be rewritten: a backup copies them once more."""
        known = erasure.rewritten.get(partition, [])
        noted = msgspec.structs.replace(erasure, rewritten={**erasure.rewritten, partition: [*known, *offsets]})
        self.keep([noted])
        return noted

    def note_over(self, erasure: Erasure) -> Erasure:
        """Remember that nothing of them is left."""
        over = msgspec.structs.replace(erasure, is_over=True)
        self.keep([over])
        return over

    def since(self, at_us: int) -> list[Erasure]:
        """Return who was forgotten since a moment, in order."""
        with self._database.read() as connection:
            return store.since(connection, at_us)

    def keep(self, erasures: Sequence[Erasure]) -> None:
        """Remember erasures that another copy of the shop knows of."""
        with self._database.write() as connection:
            for one in erasures:
                store.add(connection, one)


def known_again(connection: Connection, erasures: Sequence[Erasure]) -> dict[CustomerId, list[tuple[str, str]]]:
    """Return the customers of a state who were forgotten, each with the identifiers found by."""
    found: dict[CustomerId, list[tuple[str, str]]] = {}
    if erasures:
        for identifier, customer in matches(erasures, _identifiers(connection)):
            kind, _, value = identifier.partition(":")
            found.setdefault(CustomerId(customer), []).append((kind, value))
    return found


def forget_again(connection: Connection, keepers: Sequence[KeepsCustomers], erasures: Sequence[Erasure]) -> int:
    """Remove every row of forgotten customers from a state, in the caller's transaction; return how many rows went."""
    found = known_again(connection, erasures)
    if not found:
        return 0
    named = [pair for pairs in found.values() for pair in pairs]
    gone = sum(keeper.erase_customers(connection, sorted(found)) for keeper in keepers)
    return gone + erase_dead_letters(
        connection,
        user_ids=[value for kind, value in named if kind == "user_id"],
        anonymous_ids=[value for kind, value in named if kind == "anonymous_id"],
    )


def _identifiers(connection: Connection) -> Iterator[tuple[str, str]]:
    after = 0
    while rows := identity_store.numbered_after(connection, after, ROWS_A_READ):
        yield from ((row.key, row.customer_id) for row in rows)
        after = rows[-1].identifier_id
