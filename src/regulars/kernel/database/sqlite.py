"""SQLite as a state database: WAL, durable commits, readers that never wait, writers that take turns.

The path may be a link to the file that holds the state: a rebuild makes a new file and lets the link name it, which is
one step of the file system. A connection belongs to the file it was opened on; whoever takes one up looks whether the
link still names that file, and else opens the new one.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any  # Any: SQLAlchemy's hooks hand over the driver's own connection

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

from regulars.kernel.errors import DatabaseError

# mmap serves reads from the page cache, so a reader's own cache may stay small: 32 of them cost 64 MB at most
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "mmap_size=268435456",
    "temp_store=MEMORY",
    "journal_size_limit=67108864",
)
_READER = ("cache_size=-2048", "query_only=ON")
_WRITER = ("cache_size=-65536",)


def path_of(location: str) -> Path:
    """Return the file that a location names: a path, or `sqlite:///path`."""
    return Path(location.removeprefix("sqlite:///"))


def make_folder(path: Path) -> None:
    """Make the folder of a database.

    Raises
    ------
    DatabaseError
        When it cannot be made.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(
            f"The folder {str(path.parent)!r} cannot be made: {error.strerror}. "
            "Choose another folder, or give this program's user the right to it."
        ) from error


def named_by(path: Path) -> str:
    """Return the name of the file that holds the state: the path's own, or the one that it links to."""
    try:
        return path.readlink().name
    except OSError:  # no link: the file itself
        return path.name


def engines(path: Path, *, wait_s_max: float, durable: bool = True) -> tuple[Engine, Engine]:
    """Return the engines for reading and for writing; without `durable` a power cut may cost the last commits."""
    writer = _WRITER if durable else (*_WRITER, "synchronous=NORMAL")
    return (
        _engine(path, wait_s_max, _READER, connections=32),
        _engine(path, wait_s_max, writer, connections=1),
    )


def _engine(path: Path, wait_s_max: float, own: tuple[str, ...], *, connections: int) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=min(connections, 8),
        max_overflow=connections - min(connections, 8),
        pool_timeout=wait_s_max,
        connect_args={"check_same_thread": False, "timeout": wait_s_max},
    )

    def prepare(connection: Any, record: Any) -> None:  # Any: sqlite3.Connection behind SQLAlchemy's hook
        assert isinstance(connection, sqlite3.Connection), "the driver of SQLite is sqlite3"
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (*_PRAGMAS, *own):
            connection.execute(f"PRAGMA {pragma}").close()
        opened = connection.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
        record.info["file"] = Path(opened).name

    def look(_connection: object, record: Any, _proxy: object) -> None:  # Any: the pool's record of a connection
        if record.info["file"] != named_by(path):
            raise DisconnectionError("The state lies in another file now.")  # the pool opens that one instead

    event.listen(engine, "connect", prepare)
    event.listen(engine, "checkout", look)
    return engine
