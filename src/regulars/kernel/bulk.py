"""How are thousands of rows asked for, or written, with one statement? The same words for both engines.

`text()` with an expanding `IN` builds and parses a new statement for each number of keys; here the keys travel as one
value, so that a statement is prepared once whatever the size of the batch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any  # Any: rows of any table, as the driver gives and takes them

import msgspec
from sqlalchemy import Connection

_AMONG = {"sqlite": "IN (SELECT value FROM json_each(?))", "postgresql": "= ANY(%s)"}
_encode = msgspec.json.Encoder().encode


def rows_among(connection: Connection, statement: str, keys: Iterable[str | int]) -> Sequence[Any]:
    """Return the rows of a statement that says `column {among}` where the column's value is one of the keys.

    Keys are all text or all whole numbers. The rows come in no promised order.
    """
    wanted = list(keys)
    if not wanted:
        return []
    dialect = connection.dialect.name
    bound: object = _encode(wanted).decode() if dialect == "sqlite" else wanted
    return connection.exec_driver_sql(statement.replace("{among}", _AMONG[dialect]), (bound,)).fetchall()


def delete_among(connection: Connection, statement: str, keys: Iterable[str | int]) -> int:
    """Run a `DELETE … {among}` and return how many rows went."""
    wanted = list(keys)
    if not wanted:
        return 0
    dialect = connection.dialect.name
    bound: object = _encode(wanted).decode() if dialect == "sqlite" else wanted
    return connection.exec_driver_sql(statement.replace("{among}", _AMONG[dialect]), (bound,)).rowcount


def write_rows(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]], types: str = "") -> None:
    """Run one statement with `?` places for each row, in order, as one call of the driver.

    Parameters
    ----------
    connection
        A writer's.
    statement
        With a `?` for each value of a row.
    rows
        Values in the order of the places.
    types
        PostgreSQL's type of each place, e.g. `"bigint text"`. With them all rows are one statement there, whose rows
        take effect at once: only for an `INSERT` or an `UPDATE … WHERE key = ?` that touches no row twice
        (`ON CONFLICT DO NOTHING` may meet one twice: the first stays). Without them they go one after the other.

    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(statement, list(rows))
    elif types:
        columns = [list(column) for column in zip(*rows, strict=True)]
        connection.exec_driver_sql(_as_one(statement, types), tuple(columns))
    else:
        connection.exec_driver_sql(statement.replace("?", "%s"), list(rows))


@lru_cache(maxsize=256)
def _as_one(statement: str, types: str) -> str:
    """Return PostgreSQL's statement that takes an array for each place.

    >>> _as_one("INSERT INTO visits (customer, at) VALUES (?, ?) ON CONFLICT DO NOTHING", "text bigint")
    'INSERT INTO visits (customer, at) SELECT * FROM unnest(%b::text[], %b::bigint[]) ON CONFLICT DO NOTHING'
    >>> print(_as_one("UPDATE visits SET at = ? WHERE customer = ?", "bigint text"))
    UPDATE visits SET at = given.at FROM unnest(%b::bigint[], %b::text[]) AS given (at, customer)
    WHERE visits.customer = given.customer
    """
    places = statement.count("?")
    names = types.split()
    assert len(names) == places, "every place has a type"
    given = f"unnest({', '.join(f'%b::{name}[]' for name in names)})"
    if not statement.lstrip().startswith("UPDATE"):
        values = f"VALUES ({', '.join('?' * places)})"
        assert values in statement, "the values of a row are its places and nothing else"
        return statement.replace(values, f"SELECT * FROM {given}")
    changes, _, keys = statement.partition("WHERE")
    table = changes.split()[1]
    columns = re.findall(r"(\w+) = \?", statement)
    assert len(columns) == places, "every place stands after its column"
    changes = re.sub(r"(\w+) = \?", r"\1 = given.\1", changes).rstrip()
    keys = re.sub(r"(\w+) = \?", rf"{table}.\1 = given.\1", keys).strip()
    return f"{changes} FROM {given} AS given ({', '.join(columns)})\nWHERE {keys}"
