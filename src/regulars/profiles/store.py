"""Questions to the profiles' tables: one row per customer, the words they are found by, and what they did.

A timeline row is filed by the number of an identifier, which never changes its meaning, so a merge moves none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple  # Any: the columns of a row

import msgspec
from sqlalchemy import Connection, text

from regulars.kernel.bulk import delete_among, rows_among, write_rows
from regulars.kernel.database import Migration
from regulars.kernel.ids import CustomerId
from regulars.profiles.core.names import folded, pseudonym, words_of
from regulars.profiles.core.state import State
from regulars.profiles.core.timeline import Line

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        capability="profiles",
        number=1,
        statements=(
            # `name` is the customer's own, NULL for a stranger.
            """
            CREATE TABLE profiles_customers (
                customer_id TEXT NOT NULL PRIMARY KEY,
                first_us BIGINT NOT NULL, last_us BIGINT NOT NULL, events_total BIGINT NOT NULL,
                name TEXT, state {blob} NOT NULL)""",
            "CREATE INDEX profiles_customers_by_last ON profiles_customers (last_us, customer_id)",
            "CREATE INDEX profiles_customers_by_first ON profiles_customers (first_us)",
        ),
        sqlite=(
            """
            CREATE TABLE profiles_words (
                word TEXT NOT NULL, customer_id TEXT NOT NULL, PRIMARY KEY (word, customer_id)) WITHOUT ROWID""",
            """
            CREATE TABLE profiles_timeline (
                entry_id INTEGER PRIMARY KEY, identifier_id INTEGER NOT NULL, occurred_us INTEGER NOT NULL,
                line BLOB NOT NULL)""",
            "CREATE INDEX profiles_timeline_by_identifier ON profiles_timeline (identifier_id, occurred_us)",
        ),
        postgresql=(
            """
            CREATE TABLE profiles_words (
                word TEXT COLLATE "C" NOT NULL, customer_id TEXT NOT NULL, PRIMARY KEY (word, customer_id))""",
            """
            CREATE TABLE profiles_timeline (
                entry_id {serial}, identifier_id BIGINT NOT NULL, occurred_us BIGINT NOT NULL,
                line BYTEA NOT NULL)""",
            """
            CREATE INDEX profiles_timeline_by_identifier
            ON profiles_timeline (identifier_id, occurred_us, entry_id)""",
        ),
    ),
    Migration(
        capability="profiles",
        number=2,
        statements=(
            # `taste` is the word a customer is drawn to most, '' when nothing draws them, NULL of a row written before
            # there was this column. The index holds it, so that those of a day are counted without reading a row.
            "ALTER TABLE profiles_customers ADD COLUMN taste TEXT",
            "DROP INDEX profiles_customers_by_last",
            "CREATE INDEX profiles_customers_by_last ON profiles_customers (last_us, customer_id, taste)",
            "CREATE INDEX profiles_customers_untold ON profiles_customers (customer_id) WHERE taste IS NULL",
        ),
    ),
)
DERIVED_TABLES: tuple[str, ...] = (
    "profiles_customers",
    "profiles_words",
    "profiles_timeline",
)


class Kept(NamedTuple):
    """A customer's row. `taste` is None of one that was written before tastes stood beside the state."""

    customer_id: CustomerId
    name: str | None
    state: State
    taste: str | None


class TimelineRow(NamedTuple):
    """One event of a customer as it is kept."""

    entry_id: int
    occurred_us: int
    line: Line


# What is remembered of these customers?
_STATES = "SELECT customer_id, name, state, taste FROM profiles_customers WHERE customer_id {among}"
# Who comes after this one, in the order of ids?
_SCAN = text("""
SELECT customer_id, name, state, taste FROM profiles_customers
WHERE customer_id > :after ORDER BY customer_id LIMIT :rows""")
_ADD = """
INSERT INTO profiles_customers (first_us, last_us, events_total, name, state, taste, customer_id)
VALUES (?, ?, ?, ?, ?, ?, ?)"""
_CHANGE = """
UPDATE profiles_customers SET first_us = ?, last_us = ?, events_total = ?, name = ?, state = ?, taste = ?
WHERE customer_id = ?"""
_ROW_TYPES = "bigint bigint bigint text bytea text text"
_FORGET = "DELETE FROM profiles_customers WHERE customer_id {among}"
_ADD_WORD = "INSERT INTO profiles_words (word, customer_id) VALUES (?, ?) ON CONFLICT (word, customer_id) DO NOTHING"
_FORGET_WORD = "DELETE FROM profiles_words WHERE word = ? AND customer_id = ?"
# Who was seen last, before this place in the list?
_RECENT = text("""
SELECT customer_id, last_us FROM profiles_customers
WHERE last_us < :last_us OR (last_us = :last_us AND customer_id < :customer_id)
ORDER BY last_us DESC, customer_id DESC LIMIT :rows""")
# Who of those drawn most to this was seen last, since a moment and before this place in the list?
_RECENT_OF_TASTE = text("""
SELECT customer_id, last_us FROM profiles_customers
WHERE last_us >= :since_us AND (last_us < :last_us OR (last_us = :last_us AND customer_id < :customer_id))
    AND taste = :taste
ORDER BY last_us DESC, customer_id DESC LIMIT :rows""")
# How many of those seen since a moment are drawn most to each thing?
_TASTES = text("""
SELECT taste, COUNT(*) AS customers FROM profiles_customers
WHERE last_us >= :since_us AND taste IS NOT NULL GROUP BY taste ORDER BY customers DESC, taste LIMIT :rows""")
# Whose taste does not stand beside their state yet?
_UNTOLD = text("""
SELECT customer_id, name, state, taste FROM profiles_customers WHERE taste IS NULL ORDER BY customer_id LIMIT :rows""")
# The worker may have written the row meanwhile, and knows better.
_TELL = "UPDATE profiles_customers SET taste = ? WHERE customer_id = ? AND taste IS NULL"
# Whose name has a part that begins like this?
_NAMED = text("""
SELECT word, customer_id FROM profiles_words
WHERE word >= :low AND word < :high AND (word > :word OR (word = :word AND customer_id > :customer_id))
ORDER BY word, customer_id LIMIT :rows""")
_IDS = text("SELECT customer_id FROM profiles_customers ORDER BY customer_id")
_COUNT = text("SELECT COUNT(*) FROM profiles_customers")
_COUNT_ACTIVE = text("SELECT COUNT(*) FROM profiles_customers WHERE last_us >= :since_us")
_COUNT_NEW = text("SELECT COUNT(*) FROM profiles_customers WHERE first_us >= :since_us")

_ADD_LINE = "INSERT INTO profiles_timeline (identifier_id, occurred_us, line) VALUES (?, ?, ?)"
# What was filed under this identifier before this place?
_LINES = text("""
SELECT entry_id, occurred_us, line FROM profiles_timeline
WHERE identifier_id = :identifier_id AND occurred_us <= :occurred_us
    AND (occurred_us < :occurred_us OR entry_id < :entry_id)
ORDER BY occurred_us DESC, entry_id DESC LIMIT :rows""")
# What was filed, in the order of filing?
_LINES_IN_ORDER = text("""
SELECT entry_id, identifier_id, occurred_us, line FROM profiles_timeline
WHERE entry_id > :after ORDER BY entry_id LIMIT :rows""")
_FORGET_LINES = "DELETE FROM profiles_timeline WHERE identifier_id {among}"

_encode = msgspec.msgpack.Encoder().encode
_decode_state = msgspec.msgpack.Decoder(State).decode
_decode_line = msgspec.msgpack.Decoder(Line).decode


def states(connection: Connection, customers: Iterable[CustomerId]) -> dict[CustomerId, Kept]:
    """Return what is remembered of customers; those of whom nothing is are left out."""
    return {row[0]: _kept(row) for row in rows_among(connection, _STATES, customers)}


def scan(connection: Connection, *, after: CustomerId, rows_max: int) -> list[Kept]:
    """Return what is remembered of customers after this one, in the order of their ids."""
    return [_kept(row) for row in connection.execute(_SCAN, {"after": after, "rows": rows_max})]


def untold(connection: Connection, rows_max: int) -> list[Kept]:
    """Return customers whose taste does not stand beside their state yet."""
    return [_kept(row) for row in connection.execute(_UNTOLD, {"rows": rows_max})]


def tell(connection: Connection, tastes: Mapping[CustomerId, str]) -> None:
    """Put the taste of customers beside their state, where none is yet."""
    write_rows(connection, _TELL, [(taste, customer) for customer, taste in tastes.items()])


def _kept(row: Sequence[Any]) -> Kept:  # Any: as above
    return Kept(row[0], row[1], _decode_state(row[2]), row[3])


def add(connection: Connection, new: Sequence[Kept]) -> None:
    """Remember customers for the first time."""
    write_rows(connection, _ADD, [_row(kept) for kept in new], _ROW_TYPES)
    _add_words(connection, new)


def change(connection: Connection, changed: Sequence[Kept], former_names: Mapping[CustomerId, str | None]) -> None:
    """Remember what customers have become; `former_names` holds those that were kept before."""
    write_rows(connection, _CHANGE, [_row(kept) for kept in changed], _ROW_TYPES)
    renamed = [kept for kept in changed if kept.name != former_names[kept.customer_id]]
    _forget_words(connection, {kept.customer_id: former_names[kept.customer_id] for kept in renamed})
    _add_words(connection, renamed)


def forget(connection: Connection, gone: Mapping[CustomerId, str | None]) -> int:
    """Remove customers, by the names they were kept under; return how many rows went."""
    words = _forget_words(connection, gone)
    return words + delete_among(connection, _FORGET, gone)


def _add_words(connection: Connection, named: Sequence[Kept]) -> None:
    pairs = [pair for kept in named for pair in _words(kept.customer_id, kept.name)]
    write_rows(connection, _ADD_WORD, pairs, "text text")


def _forget_words(connection: Connection, gone: Mapping[CustomerId, str | None]) -> int:
    pairs = [pair for customer, name in gone.items() for pair in _words(customer, name)]
    write_rows(connection, _FORGET_WORD, pairs)
    return len(pairs)


def _row(kept: Kept) -> tuple[object, ...]:
    state = kept.state
    moments = (state.first_us, state.last_us, state.events_total)
    return (*moments, kept.name, _encode(state), kept.taste, kept.customer_id)


def _words(customer_id: CustomerId, name: str | None) -> list[tuple[str, CustomerId]]:
    words = [folded(pseudonym(customer_id))] if name is None else words_of(name)
    return [(word, customer_id) for word in words]


def recent(connection: Connection, *, before: tuple[int, CustomerId], rows_max: int) -> list[tuple[int, CustomerId]]:
    """Return (last seen, customer) before a place in the list, the latest first."""
    bound = {"last_us": before[0], "customer_id": before[1], "rows": rows_max}
    return [(row.last_us, row.customer_id) for row in connection.execute(_RECENT, bound)]


def recent_of_taste(
    connection: Connection, taste: str, *, since_us: int, before: tuple[int, CustomerId], rows_max: int
) -> list[tuple[int, CustomerId]]:
    """Return (last seen, customer) of those drawn most to something, the latest first."""
    bound = {"taste": taste, "since_us": since_us, "last_us": before[0], "customer_id": before[1], "rows": rows_max}
    return [(row.last_us, row.customer_id) for row in connection.execute(_RECENT_OF_TASTE, bound)]


def tastes(connection: Connection, since_us: int, rows_max: int) -> list[tuple[str, int]]:
    """Return (what draws them most, how many customers) of those seen since a moment, the commonest first."""
    return [(row.taste, row.customers) for row in connection.execute(_TASTES, {"since_us": since_us, "rows": rows_max})]


def named(
    connection: Connection, prefix: str, *, after: tuple[str, str], rows_max: int
) -> list[tuple[str, CustomerId]]:
    """Return (word, customer) where a part of the name begins with a folded prefix, in order."""
    bound = {"low": prefix, "high": prefix + "\U0010ffff", "word": after[0], "customer_id": after[1]}
    return [(row.word, row.customer_id) for row in connection.execute(_NAMED, {**bound, "rows": rows_max})]


def spread(connection: Connection, rows_max: int) -> list[CustomerId]:
    """Return up to so many customers, evenly from all there are: the same ones whenever it is asked."""
    step = max(1, -(-count(connection) // max(1, rows_max)))
    return [CustomerId(row[0]) for place, row in enumerate(connection.execute(_IDS)) if place % step == 0]


def count(connection: Connection) -> int:
    """Return how many customers are remembered."""
    return int(connection.execute(_COUNT).scalar_one())


def count_active(connection: Connection, since_us: int) -> int:
    """Return how many customers were seen since a moment."""
    return int(connection.execute(_COUNT_ACTIVE, {"since_us": since_us}).scalar_one())


def count_new(connection: Connection, since_us: int) -> int:
    """Return how many customers were first seen since a moment."""
    return int(connection.execute(_COUNT_NEW, {"since_us": since_us}).scalar_one())


def add_lines(connection: Connection, rows: Sequence[tuple[int, int, Line]]) -> None:
    """File events: (identifier number, moment, line)."""
    values = [(number, at_us, _encode(line)) for number, at_us, line in rows]
    write_rows(connection, _ADD_LINE, values, "bigint bigint bytea")


def lines(
    connection: Connection, identifier_ids: Iterable[int], *, before: tuple[int, int], rows_max: int
) -> list[TimelineRow]:
    """Return what was filed under any of these identifiers before a (moment, entry), the latest first."""
    found: list[tuple[int, int, bytes]] = []
    for number in identifier_ids:
        bound = {"identifier_id": number, "occurred_us": before[0], "entry_id": before[1], "rows": rows_max}
        found.extend((row.occurred_us, row.entry_id, row.line) for row in connection.execute(_LINES, bound))
    found.sort(key=lambda row: (row[0], row[1]), reverse=True)
    return [TimelineRow(entry_id, at_us, _decode_line(line)) for at_us, entry_id, line in found[:rows_max]]


def lines_in_order(connection: Connection, rows_a_read: int) -> list[tuple[int, int, Line]]:
    """Return everything that was filed, as `add_lines` takes it; for a state of few customers."""
    found: list[tuple[int, int, Line]] = []
    after = -1
    while rows := connection.execute(_LINES_IN_ORDER, {"after": after, "rows": rows_a_read}).all():
        found += [(row.identifier_id, row.occurred_us, _decode_line(row.line)) for row in rows]
        after = rows[-1].entry_id
    return found


def forget_lines(connection: Connection, identifier_ids: Iterable[int]) -> int:
    """Remove what was filed under identifiers; return how many rows went."""
    return delete_among(connection, _FORGET_LINES, identifier_ids)
