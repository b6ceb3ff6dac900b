"""One customer, worked out anew from all that they did: as a rebuild of everything would make them.

Theirs are the events of every identifier that evidence, refused evidence too, connects with one of theirs: whether two
people were taken for one depends on those others as well. The events go through identity and profiles once more, in a
scratch state; where today's rules find the same people, their rows take the place of the old ones in one transaction,
in the worker's turn.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from regulars.app.rebuild.comparing import differing
from regulars.app.rebuild.numbers import KeptNumbers
from regulars.app.replay.core import RecomputeReport
from regulars.events.core import Batch, Event
from regulars.events.decode import read_request
from regulars.events.lake_projection import event_of
from regulars.events.worker_store import take_the_street
from regulars.identity import store as identity_store
from regulars.identity.store import KnownIdentifier
from regulars.kernel.database import Database
from regulars.kernel.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from regulars.kernel.ids import CustomerId
from regulars.kernel.sayings import said
from regulars.lake import LakeRow
from regulars.profiles import store as profiles_store

if TYPE_CHECKING:
    from regulars.app.shop import Shop

IDENTIFIERS_MAX = 5_000  # a device or an address that connects more people than this is a fault of its own
EVENTS_A_BATCH = 2_000
TRIES = 5
LINES_A_READ = 100_000


def recompute(shop: Shop, customer_id: CustomerId) -> RecomputeReport:
    """Work a customer's profile out anew and return what changed.

    Raises
    ------
    NotFoundError
        When nobody has this id.
    ConflictError
        When today's rules find other people behind these identifiers: then only a rebuild is right.
    InvalidError
        When too many identifiers are connected with theirs.

    """
    standing = shop.identity.resolve([customer_id])[customer_id]
    for _ in range(TRIES):
        known = _connected(shop, standing)
        if not known:
            raise NotFoundError(said("no_customer", "There is no customer {customer!r}.", customer=customer_id))
        rows = _rows(shop, known)
        events = _events(shop, rows)
        with tempfile.TemporaryDirectory(prefix="regulars-recompute-") as name:
            scratch = Database.open(str(Path(name) / "state.db"))
            with closing(scratch):
                _take_in(shop, scratch, events)
                changed = _take_over(shop, scratch, standing, known, len(rows))
        if changed is not None:
            return RecomputeReport(
                customer_id=standing,
                customers=len({one.customer_id for one in known.values()}),
                identifiers=len(known),
                events=len(events),
                changed=changed,
            )
    raise UnavailableError(
        said("replay_customer_busy", "The customer did something new each time. Try again in a quieter moment."),
        retry_after_s=5,
    )


def _connected(shop: Shop, customer_id: CustomerId) -> dict[str, KnownIdentifier]:
    """Return every identifier that evidence connects with the customer's, by key."""
    with shop.database.read() as connection:
        keys = {one.key for one in identity_store.identifiers_of(connection, [customer_id])}
        fresh = set(keys)
        while fresh:
            evidence = identity_store.evidence_of(connection, sorted(fresh))
            named = {key for one in evidence for key in (one.from_id, one.to_id)}
            found = identity_store.known(connection, named)
            mates = identity_store.identifiers_of(connection, {one.customer_id for one in found.values()})
            fresh = (named | {one.key for one in mates}) - keys
            keys |= fresh
            if len(keys) > IDENTIFIERS_MAX:
                raise InvalidError(
                    said(
                        "replay_identifiers_max",
                        "Over {most:,} identifiers are connected with this customer. Block the one that many "
                        "share, then rebuild everything.",
                        most=IDENTIFIERS_MAX,
                    )
                )
        return identity_store.known(connection, keys)


def _events(shop: Shop, rows: Sequence[LakeRow]) -> list[Event]:
    """Return events in the order in which they came in, read by today's rules where the log still has them."""
    wanted = {row.event_id for row in rows}
    read: dict[tuple[str, int], list[Event]] = {}
    events: list[Event] = []
    moments: dict[tuple[str, int], int] = {}
    for row in rows:
        place = (row.partition, row.offset)
        if place in read:
            continue
        records = shop.log.read(row.partition, after=row.offset - 1, records_max=1)
        if records and records[0].offset == row.offset:
            moments[place] = records[0].accepted_us
            read[place] = [event for event in read_request(records[0]).events if event.event_id in wanted]
        else:
            moments[place] = row.received_us
            mates = [one for one in rows if (one.partition, one.offset) == place]
            read[place] = [event_of(one) for one in mates]
    for place in sorted(read, key=lambda one: (moments[one], *one)):
        events += sorted(read[place], key=lambda event: event.position.index)
    return events


def _rows(shop: Shop, known: Iterable[str]) -> list[LakeRow]:
    users, anonymous = set[str](), set[str]()
    for key in known:
        kind, _, value = key.partition(":")
        if kind in ("user_id", "anonymous_id"):
            (users if kind == "user_id" else anonymous).add(value)
    table = shop.lake.events()
    either = sorted(users | anonymous)
    theirs = table.user_id.isin(sorted(users)) | table.anonymous_id.isin(sorted(anonymous))
    return [row for part in shop.lake.walk(table.filter(theirs | table.previous_id.isin(either))) for row in part]


def _take_in(shop: Shop, scratch: Database, events: Sequence[Event]) -> None:
    """Let identity and profiles take the events in, in an empty state."""
    scratch.migrate([*identity_store.MIGRATIONS, *profiles_store.MIGRATIONS])
    with shop.database.read() as answering, scratch.write() as connection:
        for one in identity_store.blocked(answering):
            identity_store.block(connection, one.key, one.reason, one.blocked_us)
    numbers = KeptNumbers(shop.database)
    for start in range(0, len(events), EVENTS_A_BATCH):
        batch = Batch(events=events[start : start + EVENTS_A_BATCH], now_us=shop.clock.now_us())
        with scratch.write() as connection:
            for projection in (shop.identity, numbers, shop.profiles):
                projection.project(batch, connection)


def _take_over(
    shop: Shop,
    scratch: Database,
    customer_id: CustomerId,
    known: dict[str, KnownIdentifier],
    rows: int,
) -> list[str] | None:
    """Put the scratch state's rows in the place of the old and return what changed; None when more has happened."""
    with shop.database.write() as connection, scratch.read() as fresh:
        take_the_street(connection)
        again = identity_store.known(connection, known)
        if again != known or len(_rows(shop, known)) != rows:
            return None
        found = identity_store.known(fresh, known)
        moved = [key for key, one in known.items() if key not in found or found[key].customer_id != one.customer_id]
        if moved:
            raise ConflictError(
                said(
                    "replay_identifiers_moved",
                    "By today's rules {count:,} identifiers around this customer belong to somebody else. "
                    "Rebuild everything: regulars rebuild.",
                    count=len(moved),
                )
            )
        customers = sorted({one.customer_id for one in known.values()})
        changed = [one.fields for one in differing(connection, fresh, [customer_id])]
        _replace(connection, fresh, customers, [one.identifier_id for one in known.values()])
    return changed[0] if changed else []


def _replace(
    connection: Connection, fresh: Connection, customers: Sequence[CustomerId], numbers: Sequence[int]
) -> None:
    before = profiles_store.states(connection, customers)
    profiles_store.forget(connection, {one.customer_id: one.name for one in before.values()})
    profiles_store.add(connection, list(profiles_store.states(fresh, customers).values()))
    profiles_store.forget_lines(connection, numbers)
    profiles_store.add_lines(connection, profiles_store.lines_in_order(fresh, LINES_A_READ))
