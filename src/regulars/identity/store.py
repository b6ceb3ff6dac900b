"""Questions to the identity tables: identifiers and their customers, evidence, merges, blocked values.

A merge changes the customer of the absorbed identifiers and nothing else; evidence is never touched by it. Whatever is
filed by identifier number (`profiles_timeline`) stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from regulars.events.core import Merge
from regulars.identity.core import Evidence, EvidenceKind
from regulars.kernel.bulk import delete_among, rows_among, write_rows
from regulars.kernel.database import Migration
from regulars.kernel.ids import CustomerId

# `identifier` is `kind:value`. `last_us` is kept to the hour, so that most events write nothing here.
_IDENTIFIERS_TABLE = """
CREATE TABLE identity_identifiers (
    identifier_id BIGINT NOT NULL PRIMARY KEY,
    identifier TEXT {collation} NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    first_us BIGINT NOT NULL,
    last_us BIGINT NOT NULL)"""
_IDENTIFIERS_BY_CUSTOMER = "CREATE INDEX identity_identifiers_by_customer ON identity_identifiers (customer_id, kind)"

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        capability="identity",
        number=1,
        statements=(
            """
            CREATE TABLE identity_evidence (
                evidence_id {serial},
                from_id TEXT NOT NULL, to_id TEXT NOT NULL, kind TEXT NOT NULL,
                event_id TEXT NOT NULL, at_us BIGINT NOT NULL, refused_reason TEXT,
                UNIQUE (from_id, to_id))""",
            "CREATE INDEX identity_evidence_by_other ON identity_evidence (to_id)",
            # `kept_id` is who absorbed it then, `standing_id` who that is now.
            """
            CREATE TABLE identity_merges (
                absorbed_id TEXT NOT NULL PRIMARY KEY, kept_id TEXT NOT NULL, standing_id TEXT NOT NULL,
                at_us BIGINT NOT NULL)""",
            "CREATE INDEX identity_merges_by_standing ON identity_merges (standing_id)",
            """
            CREATE TABLE identity_blocked (
                identifier TEXT NOT NULL PRIMARY KEY, reason TEXT NOT NULL, blocked_us BIGINT NOT NULL)""",
        ),
        sqlite=(_IDENTIFIERS_TABLE.replace("{collation}", ""), _IDENTIFIERS_BY_CUSTOMER),
        postgresql=(_IDENTIFIERS_TABLE.replace("{collation}", 'COLLATE "C"'), _IDENTIFIERS_BY_CUSTOMER),
    ),
)
DERIVED_TABLES: tuple[str, ...] = (
    "identity_identifiers",
    "identity_evidence",
    "identity_merges",
)


class KnownIdentifier(NamedTuple):
    """An identifier as it is kept; `last_us` is the beginning of the hour it was last seen in."""

    identifier_id: int
    key: str
    customer_id: CustomerId
    first_us: int
    last_us: int


class PastMerge(NamedTuple):
    """A customer who became part of another."""

    absorbed_id: CustomerId
    kept_id: CustomerId
    standing_id: CustomerId
    at_us: int


class Blocked(NamedTuple):
    """An identifier that an operator took out of play."""

    key: str
    reason: str
    blocked_us: int


_KNOWN_COLUMNS = "identifier_id, identifier, customer_id, first_us, last_us"
# Whose are these identifiers?
_KNOWN = f"SELECT {_KNOWN_COLUMNS} FROM identity_identifiers WHERE identifier {{among}}"
# Which identifiers of limited kinds do these customers have?
_LIMITED = "SELECT customer_id, kind, identifier FROM identity_identifiers WHERE customer_id {among}"
_OF_CUSTOMERS = f"SELECT {_KNOWN_COLUMNS} FROM identity_identifiers WHERE customer_id {{among}}"
# Which identifiers begin like this?
_BEGINNING = text(f"""
SELECT {_KNOWN_COLUMNS} FROM identity_identifiers
WHERE identifier >= :low AND identifier < :high ORDER BY identifier LIMIT :rows""")
# Which identifiers have these numbers?
_KEYS = "SELECT identifier_id, identifier FROM identity_identifiers WHERE identifier_id {among}"
# Which identifiers come after this one?
_NAMED_AFTER = text(f"""
SELECT {_KNOWN_COLUMNS} FROM identity_identifiers WHERE identifier > :after ORDER BY identifier LIMIT :rows""")
# Which identifiers come after this number?
_NUMBERED_AFTER = text(f"""
SELECT {_KNOWN_COLUMNS} FROM identity_identifiers WHERE identifier_id > :after ORDER BY identifier_id LIMIT :rows""")
_LAST_NUMBER = text("SELECT MAX(identifier_id) FROM identity_identifiers")
_ADD = """
INSERT INTO identity_identifiers (identifier_id, identifier, kind, customer_id, first_us, last_us)
VALUES (?, ?, ?, ?, ?, ?)"""
_SEEN = "UPDATE identity_identifiers SET first_us = ?, last_us = ? WHERE identifier_id = ?"
_MOVE = "UPDATE identity_identifiers SET customer_id = ? WHERE customer_id = ?"
_COUNT_CUSTOMERS = text("SELECT COUNT(DISTINCT customer_id) FROM identity_identifiers")

_ADD_EVIDENCE = """
INSERT INTO identity_evidence (from_id, to_id, kind, event_id, at_us, refused_reason) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (from_id, to_id) DO NOTHING"""
_EVIDENCE_COLUMNS = "evidence_id, from_id, to_id, kind, event_id, at_us, refused_reason"
_EVIDENCE = text(f"SELECT {_EVIDENCE_COLUMNS} FROM identity_evidence ORDER BY evidence_id")
_EVIDENCE_FROM = f"SELECT {_EVIDENCE_COLUMNS} FROM identity_evidence WHERE from_id {{among}}"
_EVIDENCE_TO = f"SELECT {_EVIDENCE_COLUMNS} FROM identity_evidence WHERE to_id {{among}}"

_ADD_MERGE = """
INSERT INTO identity_merges (absorbed_id, kept_id, standing_id, at_us) VALUES (?, ?, ?, ?)
ON CONFLICT (absorbed_id) DO NOTHING"""
_MOVE_MERGES = "UPDATE identity_merges SET standing_id = ? WHERE standing_id = ?"
# Who was absorbed by these customers, and who absorbed these?
_MERGED_INTO = "SELECT absorbed_id, kept_id, standing_id, at_us FROM identity_merges WHERE standing_id {among}"
_BECAME = "SELECT absorbed_id, standing_id FROM identity_merges WHERE absorbed_id {among}"
_COUNT_MERGES = text("SELECT COUNT(*) FROM identity_merges")

_BLOCKED = text("SELECT identifier, reason, blocked_us FROM identity_blocked ORDER BY identifier")
_BLOCK = """
INSERT INTO identity_blocked (identifier, reason, blocked_us) VALUES (?, ?, ?)
ON CONFLICT (identifier) DO UPDATE SET reason = excluded.reason"""
_UNBLOCK = text("DELETE FROM identity_blocked WHERE identifier = :identifier")

_FORGET_IDENTIFIERS = "DELETE FROM identity_identifiers WHERE customer_id {among}"
_FORGET_EVIDENCE_FROM = "DELETE FROM identity_evidence WHERE from_id {among}"
_FORGET_EVIDENCE_TO = "DELETE FROM identity_evidence WHERE to_id {among}"
_FORGET_BLOCKED = "DELETE FROM identity_blocked WHERE identifier {among}"
_FORGET_MERGES = "DELETE FROM identity_merges WHERE standing_id {among}"
_FORGET_ABSORBED = "DELETE FROM identity_merges WHERE absorbed_id {among}"


def known(connection: Connection, keys: Iterable[str]) -> dict[str, KnownIdentifier]:
    """Return those of these identifiers that are kept, by key."""
    return {row[1]: KnownIdentifier(*row) for row in rows_among(connection, _KNOWN, keys)}


def limited_of(
    connection: Connection, customers: Iterable[CustomerId], kinds: Iterable[str]
) -> dict[CustomerId, set[str]]:
    """Return the identifiers of some kinds that customers have."""
    wanted = set(kinds)
    found: dict[CustomerId, set[str]] = {}
    for customer, kind, key in rows_among(connection, _LIMITED, customers):
        if kind in wanted:
            found.setdefault(customer, set()).add(key)
    return found


def identifiers_of(connection: Connection, customers: Iterable[CustomerId]) -> list[KnownIdentifier]:
    """Return all identifiers of some customers, oldest number first."""
    return sorted(KnownIdentifier(*row) for row in rows_among(connection, _OF_CUSTOMERS, customers))


def beginning(connection: Connection, prefix: str, rows_max: int) -> list[KnownIdentifier]:
    """Return identifiers whose key begins with a prefix, in order of key."""
    bounds = {"low": prefix, "high": prefix + "\U0010ffff", "rows": rows_max}
    return [KnownIdentifier(*row) for row in connection.execute(_BEGINNING, bounds)]


def keys_of(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Return the identifiers that have these numbers."""
    return {int(row[0]): str(row[1]) for row in rows_among(connection, _KEYS, numbers)}


def named_after(connection: Connection, after: str, rows_max: int) -> list[KnownIdentifier]:
    """Return identifiers in the order of their keys, by bytes."""
    rows = connection.execute(_NAMED_AFTER, {"after": after, "rows": rows_max})
    return [KnownIdentifier(*row) for row in rows]


def numbered_after(connection: Connection, after: int, rows_max: int) -> list[KnownIdentifier]:
    """Return identifiers in order of their numbers."""
    rows = connection.execute(_NUMBERED_AFTER, {"after": after, "rows": rows_max})
    return [KnownIdentifier(*row) for row in rows]


def last_number(connection: Connection) -> int:
    """Return the highest identifier number given, 0 when there is none."""
    return int(connection.execute(_LAST_NUMBER).scalar() or 0)


def add_identifiers(connection: Connection, rows: Sequence[KnownIdentifier]) -> None:
    """Keep new identifiers."""
    values = [(row[0], row[1], row[1].partition(":")[0], row[2], row[3], row[4]) for row in rows]
    write_rows(connection, _ADD, values, "bigint text text text bigint bigint")


def set_seen(connection: Connection, rows: Sequence[tuple[int, int, int]]) -> None:
    """Remember (first, last, identifier number) for identifiers seen again."""
    write_rows(connection, _SEEN, rows, "bigint bigint bigint")


def move(connection: Connection, moves: Sequence[tuple[CustomerId, CustomerId]]) -> None:
    """Give everything of the second customer of each pair to the first."""
    write_rows(connection, _MOVE, moves)


def count_customers(connection: Connection) -> int:
    """Return how many customers there are."""
    return int(connection.execute(_COUNT_CUSTOMERS).scalar_one())


def add_evidence(connection: Connection, evidence: Iterable[Evidence]) -> None:
    """Keep evidence in order; a pair that is there already stays as it was."""
    write_rows(
        connection,
        _ADD_EVIDENCE,
        [(one.from_id, one.to_id, one.kind, one.event_id, one.at_us, one.refused_reason) for one in evidence],
        "text text text text bigint text",
    )


def all_evidence(connection: Connection) -> list[Evidence]:
    """Return all evidence in the order it came."""
    return [_evidence(*row[1:]) for row in connection.execute(_EVIDENCE)]


def evidence_of(connection: Connection, keys: Sequence[str]) -> list[Evidence]:
    """Return evidence that names one of these identifiers, in the order it came."""
    rows = {row[0]: row for row in rows_among(connection, _EVIDENCE_FROM, keys)}
    rows |= {row[0]: row for row in rows_among(connection, _EVIDENCE_TO, keys)}
    return [_evidence(*rows[number][1:]) for number in sorted(rows)]


def _evidence(
    from_id: str, to_id: str, kind: EvidenceKind, event_id: str, at_us: int, refused_reason: str | None
) -> Evidence:
    return Evidence(
        from_id=from_id, to_id=to_id, kind=kind, event_id=event_id, at_us=at_us, refused_reason=refused_reason
    )


def add_merges(connection: Connection, merges: Sequence[Merge]) -> None:
    """Remember merges, in the order they happened, and who each absorbed customer is now."""
    for merge in merges:
        write_rows(connection, _MOVE_MERGES, [(merge.kept, merge.absorbed)])
        write_rows(connection, _ADD_MERGE, [(merge.absorbed, merge.kept, merge.kept, merge.at_us)])


def merged_into(connection: Connection, customers: Iterable[CustomerId]) -> list[PastMerge]:
    """Return everybody who became part of these customers, oldest merge first."""
    rows = [PastMerge(*row) for row in rows_among(connection, _MERGED_INTO, customers)]
    return sorted(rows, key=lambda row: (row.at_us, row.absorbed_id))


def became(connection: Connection, customers: Iterable[CustomerId]) -> dict[CustomerId, CustomerId]:
    """Return who each of these customers is now, where they became another."""
    return {row[0]: row[1] for row in rows_among(connection, _BECAME, customers)}


def count_merges(connection: Connection) -> int:
    """Return how many customers became part of another."""
    return int(connection.execute(_COUNT_MERGES).scalar_one())


def blocked(connection: Connection) -> list[Blocked]:
    """Return the identifiers that operators took out of play."""
    return [Blocked(*row) for row in connection.execute(_BLOCKED)]


def block(connection: Connection, key: str, reason: str, now_us: int) -> None:
    """Take an identifier out of play."""
    write_rows(connection, _BLOCK, [(key, reason, now_us)])


def unblock(connection: Connection, key: str) -> int:
    """Put an identifier back into play; return 0 when it was not out."""
    return connection.execute(_UNBLOCK, {"identifier": key}).rowcount


def erase(connection: Connection, customers: Sequence[CustomerId]) -> int:
    """Remove every row of these customers and return how many went."""
    keys = [one.key for one in identifiers_of(connection, customers)]
    gone = delete_among(connection, _FORGET_EVIDENCE_FROM, keys)
    gone += delete_among(connection, _FORGET_EVIDENCE_TO, keys)
    gone += delete_among(connection, _FORGET_BLOCKED, keys)
    gone += delete_among(connection, _FORGET_IDENTIFIERS, customers)
    gone += delete_among(connection, _FORGET_MERGES, customers)
    return gone + delete_among(connection, _FORGET_ABSORBED, customers)
