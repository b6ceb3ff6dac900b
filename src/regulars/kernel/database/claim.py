"""Work that only one process may do at a time, as long as it lives: claimed by the operating system or the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from regulars.kernel.database import postgresql, sqlite
from regulars.kernel.database.service import Database
from regulars.kernel.errors import ConflictError
from regulars.kernel.sayings import Sentence

_TRY_CLAIM = text("SELECT pg_try_advisory_lock(:key)")
_LET_GO = text("SELECT pg_advisory_unlock(:key)")


@contextmanager
def claimed(database: Database, name: str, *, taken: Sentence) -> Iterator[None]:
    """Hold a name over a state database until the end of the block, whatever its engine.

    Raises
    ------
    ConflictError
        With the sentence `taken`, when another process holds it.

    """
    if database.dialect == "sqlite":
        with _by_file(database, name, taken):
            yield
    else:
        with _by_server(database, name, taken):
            yield


@contextmanager
def _by_file(database: Database, name: str, taken: Sentence) -> Iterator[None]:
    import fcntl

    path = sqlite.path_of(database.location)
    with path.with_name(f"{path.name}-{name}").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConflictError(taken) from None
        yield


@contextmanager
def _by_server(database: Database, name: str, taken: Sentence) -> Iterator[None]:
    key = {"key": postgresql.key_of(f"claim:{name}")}
    with database.session() as connection:
        if not connection.execute(_TRY_CLAIM, key).scalar_one():
            raise ConflictError(taken)
        try:
            yield
        finally:
            connection.execute(_LET_GO, key)
