"""What would be different? Two states that have taken in the log as far as the same offsets, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any  # Any: builtins of any depth

import msgspec
from sqlalchemy import Connection

from regulars.app.rebuild import store
from regulars.app.rebuild.core import ProfileDifference, RebuildComparison, TableDifference
from regulars.identity import store as identity_store
from regulars.identity.store import KnownIdentifier
from regulars.kernel.ids import CustomerId
from regulars.profiles import store as profiles_store

SAMPLED = 1_000
DIFFERENCES_TOLD_MAX = 50
ROWS_A_READ = 10_000
# How many rows these have says how events were cut into batches, not what is known.
NOT_COUNTED = ("events_seen_young", "events_seen_runs", "events_seen_pages", "recommend_erasures")
DIGITS = 9  # sums of tastes are added up in another order, which moves the last digits


def compare(
    before: Connection,
    after: Connection,
    tables: Sequence[str],
    *,
    sampled: int = SAMPLED,
    identity: bool = True,
    profiles: bool = True,
) -> RebuildComparison:
    """Return what differs between the state that answers and a new one, for tables that both have."""
    sample = _sample(before, after, sampled) if profiles else []
    return RebuildComparison(
        tables=[
            TableDifference(table=table, before=store.count(before, table), after=store.count(after, table))
            for table in tables
            if table not in NOT_COUNTED
        ],
        identifiers_moved=identifiers_moved(before, after) if identity else 0,
        profiles_sampled=len(sample),
        profiles=differing(before, after, sample)[:DIFFERENCES_TOLD_MAX],
    )


def identifiers_moved(before: Connection, after: Connection) -> int:
    """Return how many identifiers belong to another customer, or are known to one of the two states alone."""
    moved = 0
    theirs = _owners(after)
    other = next(theirs, None)
    for key, customer in _owners(before):
        while other is not None and other[0] < key:
            moved, other = moved + 1, next(theirs, None)
        if other is not None and other[0] == key:
            moved += other[1] != customer
            other = next(theirs, None)
        else:
            moved += 1
    return moved + (other is not None) + sum(1 for _ in theirs)


def _owners(connection: Connection) -> Iterator[tuple[str, CustomerId]]:
    after = ""
    while rows := identity_store.named_after(connection, after, ROWS_A_READ):
        yield from ((row.key, row.customer_id) for row in rows)
        after = _last(rows).key


def _last(rows: Sequence[KnownIdentifier]) -> KnownIdentifier:
    return rows[-1]


def _sample(before: Connection, after: Connection, sampled: int) -> list[CustomerId]:
    ids = sorted({*profiles_store.spread(before, sampled), *profiles_store.spread(after, sampled)})
    step = max(1, len(ids) // max(1, sampled))
    return ids[::step][:sampled]


def differing(before: Connection, after: Connection, sample: Iterable[CustomerId]) -> list[ProfileDifference]:
    """Return which of these customers look different, and in what."""
    wanted = list(sample)
    ours, theirs = profiles_store.states(before, wanted), profiles_store.states(after, wanted)
    found = []
    for customer in wanted:
        one, other = ours.get(customer), theirs.get(customer)
        if one is None or other is None:
            found.append(ProfileDifference(customer_id=customer, fields=["there" if one is None else "gone"]))
            continue
        fields = _differing_fields(_told(one.state), _told(other.state))
        if one.name != other.name:
            fields.append("name")
        if fields:
            found.append(ProfileDifference(customer_id=customer, fields=fields))
    return found


def _told(state: Any) -> dict[str, Any]:  # Any: a profile's state, and builtins of any depth
    names = type(state).__struct_fields__
    return {name: _rounded(msgspec.to_builtins(getattr(state, name))) for name in names}


def _differing_fields(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:  # Any: as above
    return [name for name in one if one[name] != other[name]]


def _rounded(value: Any) -> Any:  # Any: as above
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list | tuple) else value
