"""How are thousands of rows asked for, or written, with one statement? The same words for both engines.

`text()` with an expanding `IN` builds and parses a new statement for each number of keys; here the keys travel as one
value, so that a statement is prepared once whatever the size of the batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def write_rows(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run one statement with `?` places for each row, in order, as one call of the driver."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        statement = statement.replace("?", "%s")
    connection.exec_driver_sql(statement, list(rows))
