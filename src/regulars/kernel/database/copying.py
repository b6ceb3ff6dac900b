"""The whole state, copied while it is used: SQLite as a file, PostgreSQL row by row; and put back into an empty one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast  # Any: psycopg's own connection

from sqlalchemy import Connection, text

from regulars.kernel.database import sqlite
from regulars.kernel.database.service import BUSY_S_MAX, Database

_SQLITE_TABLES = """
SELECT name FROM pragma_table_list
WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"""
# Which tables are there, those that others refer to first?
_TABLES = text("""
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind = 'r'
ORDER BY (SELECT COUNT(*) FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f'), c.relname""")
_COLUMNS = text("""
SELECT column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = :table ORDER BY ordinal_position""")
_SEQUENCE = text("""
SELECT pg_get_serial_sequence(quote_ident(table_name), column_name) FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = :table AND is_identity = 'YES'""")
# Has anybody kept a shop here?
_HOLDS_SHOP = text("""
SELECT COUNT(*) FROM information_schema.tables
WHERE table_schema = current_schema() AND table_name = 'kernel_migrations'""")


def copy_file(database: Database, target: Path) -> dict[str, int]:
    """Copy a SQLite state, as it is at one moment, to a file of its own; return how many rows each table has."""
    source_path = sqlite.path_of(database.location).resolve()
    with (
        closing(sqlite3.connect(source_path, timeout=BUSY_S_MAX)) as source,
        closing(sqlite3.connect(target, isolation_level=None)) as copy,
    ):
        target.chmod(0o600)
        source.backup(copy)  # all pages in one step: one snapshot, and nobody waits
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a journal beside it
    return rows_of(target)


def rows_of(file: Path) -> dict[str, int]:
    """Return how many rows each table of a SQLite file has."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        names = [name for (name,) in connection.execute(_SQLITE_TABLES)]
        return {name: int(connection.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0]) for name in names}


def is_whole(file: Path) -> bool:
    """Return whether every page of a SQLite file is as it should be."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) == "ok"


def tables(connection: Connection) -> list[str]:
    """Return the tables of a PostgreSQL state in an order in which they can be filled."""
    return list(connection.execute(_TABLES).scalars())


def columns(connection: Connection, table: str) -> list[str]:
    """Return the columns of a table in their order."""
    return list(connection.execute(_COLUMNS, {"table": table}).scalars())


def count(connection: Connection, table: str) -> int:
    """Return how many rows a table has."""
    return int(connection.exec_driver_sql(f'SELECT COUNT(*) FROM "{table}"').scalar_one())


def rows_out(connection: Connection, table: str, names: Sequence[str]) -> Iterator[bytes]:
    """Yield the rows of a table as PostgreSQL writes them (COPY, text), within the connection's snapshot."""
    with _driver(connection).cursor() as cursor, cursor.copy(f'COPY "{table}" ({_listed(names)}) TO STDOUT') as copy:
        for part in copy:
            yield bytes(part)


def rows_in(connection: Connection, table: str, names: Sequence[str], parts: Iterable[bytes]) -> None:
    """Fill a table with rows that `rows_out` gave, in place of what it holds."""
    connection.exec_driver_sql(f'DELETE FROM "{table}"')
    with _driver(connection).cursor() as cursor, cursor.copy(f'COPY "{table}" ({_listed(names)}) FROM STDIN') as copy:
        for part in parts:
            copy.write(part)


def drop(connection: Connection, names: Iterable[str]) -> None:
    """Remove tables with all that is in them."""
    for table in names:
        connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{table}" CASCADE')


def last_number(connection: Connection, table: str) -> int | None:
    """Return the last number that a table has given out, None when it gives none, 0 when it has not yet."""
    sequence = connection.execute(_SEQUENCE, {"table": table}).scalar()
    if sequence is None:
        return None
    row = connection.exec_driver_sql(f"SELECT last_value, is_called FROM {sequence}").one()
    return int(row.last_value) if row.is_called else 0


def set_last_number(connection: Connection, table: str, number: int) -> None:
    """Let a table go on giving out numbers after this one."""
    sequence = connection.execute(_SEQUENCE, {"table": table}).scalar()
    if sequence is not None:
        connection.exec_driver_sql(f"SELECT setval('{sequence}', {max(number, 1):d}, {number > 0})")


def holds_shop(connection: Connection) -> bool:
    """Return whether a PostgreSQL database holds a state already."""
    return bool(connection.execute(_HOLDS_SHOP).scalar_one())


def _driver(connection: Connection) -> Any:  # Any: psycopg.Connection, whose COPY SQLAlchemy does not know
    return cast("Any", connection.connection.driver_connection)  # Any, cast: as above


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
