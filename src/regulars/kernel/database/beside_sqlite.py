"""A new state as a file beside the old one: `state.<token>.db`, which the link `state.db` names once it is whole."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from regulars.kernel.database import sqlite
from regulars.kernel.database.beside import Marks
from regulars.kernel.database.migrations import Migration
from regulars.kernel.database.service import BUSY_S_MAX, Database
from regulars.kernel.database.turnstile import Turnstile

_BESIDE = ("", "-wal", "-shm", "-next", "-turn")  # what SQLite and the turnstile put beside a file

# Which tables hold rows of their own? Not those of SQLite, nor an index that looks like tables (full-text search).
_TABLES = """
SELECT name FROM pragma_table_list
WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"""
_COLUMNS = "SELECT name FROM pragma_table_info(?) ORDER BY cid"
_HAS_TRIGGERS = "SELECT 1 FROM main.sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
_SEQUENCES = "SELECT name FROM live.sqlite_sequence"
_FORGET_SEQUENCE = "DELETE FROM main.sqlite_sequence WHERE name = ?"
_COPY_SEQUENCE = "INSERT INTO main.sqlite_sequence SELECT * FROM live.sqlite_sequence WHERE name = ?"


class SqliteBeside:
    """`Beside` on SQLite."""

    def __init__(self, live: Database, token: str) -> None:
        self.token = token
        self._live = live
        self._link = sqlite.path_of(live.location)
        self._file = _file_of(self._link, token)
        turnstile = Turnstile(self._file, wait_s_max=BUSY_S_MAX)
        engines = sqlite.engines(self._file, wait_s_max=BUSY_S_MAX, durable=False)
        self.database = Database(*engines, turnstile, location=str(self._file))

    def begin(self, migrations: Sequence[Migration], *, own: Sequence[str]) -> None:
        """Make every table, and copy what is not of our own: it may be read while we build."""
        self.database.migrate(migrations, complete=True)
        self.refresh(own=own)

    def refresh(self, *, own: Sequence[str]) -> None:
        """Copy what is not of our own once more."""
        self._copy(except_=own)

    def take_whole(self, old: Connection, *, taken: Sequence[str], mark: Marks) -> None:
        """Copy what is not taken as it is now, make all of it durable, and let the link name our file."""
        _ = old  # it holds the writers' turn, so that nothing changes while we copy
        self._copy(except_=taken)
        with self.database.write() as connection:
            mark(connection)
        self.close()
        _make_durable(self._file)
        _point(self._link, self._file)

    def take_part(self, old: Connection, *, taken: Sequence[str], mark: Marks) -> None:
        """Copy the taken tables into the file that answers."""
        self.close()
        old.exec_driver_sql("ATTACH DATABASE ? AS built", (str(self._file),))
        for table in taken:
            old.exec_driver_sql(f'DELETE FROM main."{table}"')
            old.exec_driver_sql(f'INSERT INTO main."{table}" SELECT * FROM built."{table}"')
        mark(old)

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()

    def discard(self) -> None:
        """Remove the file, unless it is the one that answers."""
        self.close()
        self._live.let_go()  # of a connection that has our file attached
        if sqlite.named_by(self._link) != self._file.name:
            _remove(self._file)

    def _copy(self, *, except_: Sequence[str]) -> None:
        """Copy every other table from the file that answers, in one transaction."""
        with closing(sqlite3.connect(self._file, timeout=BUSY_S_MAX, isolation_level=None)) as connection:
            connection.execute("ATTACH DATABASE ? AS live", (str(self._link.resolve()),))
            connection.execute("BEGIN")  # an immediate one would also ask for the turn to write in `live`
            there = {name for (name,) in connection.execute(_TABLES.replace("'main'", "'live'"))}
            tables = [name for (name,) in connection.execute(_TABLES) if name in there - set(except_)]
            for table in tables:
                _copy_table(connection, table)
            for (table,) in connection.execute(_SEQUENCES).fetchall():
                if table in tables:
                    connection.execute(_FORGET_SEQUENCE, (table,))
                    connection.execute(_COPY_SEQUENCE, (table,))
            connection.execute("COMMIT")


def sweep_files(live: Database, keep: Sequence[str]) -> int:
    """Remove files of states that are neither the one that answers nor among those to keep."""
    link = sqlite.path_of(live.location)
    staying = {sqlite.named_by(link), link.name, *(_file_of(link, token).name for token in keep)}
    folder = link.resolve().parent
    found = [path for path in folder.glob(f"{link.stem}.*{link.suffix}") if path.name not in staying]
    for path in found:
        _remove(path)
    if sqlite.named_by(link) != link.name:  # the first file of all is gone, its journal may have stayed
        for ending in ("-wal", "-shm"):
            link.with_name(link.name + ending).unlink(missing_ok=True)
    return len(found)


def _file_of(link: Path, token: str) -> Path:
    real = link.resolve()
    return real.with_name(f"{link.stem}.{token}{link.suffix}")


def _copy_table(connection: sqlite3.Connection, table: str) -> None:
    names = [name for (name,) in connection.execute(_COLUMNS, (table,))]
    columns = ", ".join(f'"{name}"' for name in names)
    triggered = connection.execute(_HAS_TRIGGERS, (table,)).fetchone() is not None
    if triggered and _is_alike(connection, table, columns):
        return  # a trigger makes each row dear
    connection.execute(f'DELETE FROM main."{table}"')
    connection.execute(f'INSERT INTO main."{table}" ({columns}) SELECT {columns} FROM live."{table}"')


def _is_alike(connection: sqlite3.Connection, table: str, columns: str) -> bool:
    ours, theirs = (f'SELECT {columns} FROM {schema}."{table}"' for schema in ("main", "live"))
    counts = connection.execute(f"SELECT (SELECT COUNT(*) FROM ({ours})) = (SELECT COUNT(*) FROM ({theirs}))")
    differs = f"SELECT 1 FROM ({theirs} EXCEPT {ours}) LIMIT 1"
    return bool(counts.fetchone()[0]) and connection.execute(differs).fetchone() is None


def _make_durable(file: Path) -> None:
    """Fold the journal into the file and wait until the disk has it."""
    with closing(sqlite3.connect(file, timeout=BUSY_S_MAX, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _sync(file)


def _point(link: Path, file: Path) -> None:
    """Let the link name the file: the one step."""
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(file.name if file.parent == link.parent.resolve() else file)
    _sync(file.parent)
    fresh.replace(link)
    _sync(link.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    for ending in reversed(_BESIDE):
        path.with_name(path.name + ending).unlink(missing_ok=True)
