"""What went wrong with the database, said so that somebody can act on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from regulars.kernel.errors import DatabaseBusyError, DatabaseError, DiskFullError, InvalidError, RegularsError
from regulars.kernel.sayings import said

_FULL = said(
    "database_disk_full", "The disk of the state database is full. Free some space; nothing acknowledged was lost."
)
_BUSY = said("database_busy", "The state database is busy with another change. Try again.")
_TOO_LARGE = said(
    "number_too_large", "A whole number is too large: it must lie between -9223372036854775808 and 9223372036854775807."
)
_NUL = said("text_holds_nul", "A text holds a NUL character (\\u0000), which cannot be kept. Take it out.")
_SQLITE_SENTENCES = {
    sqlite3.SQLITE_CANTOPEN: said(
        "database_not_opened", "The state database cannot be opened. Check that the folder exists and may be written."
    ),
    sqlite3.SQLITE_READONLY: said(
        "database_not_written",
        "The state database may not be written. Give this program's user the right to its folder.",
    ),
    sqlite3.SQLITE_PERM: said(
        "database_not_allowed",
        "The state database may not be opened. Give this program's user the right to its folder.",
    ),
    sqlite3.SQLITE_CORRUPT: said(
        "database_damaged", "The state database is damaged. Restore a backup, or replay the log into a new one."
    ),
    sqlite3.SQLITE_NOTADB: said(
        "database_no_sqlite", "The file of the state database is no SQLite database. Restore a backup."
    ),
    sqlite3.SQLITE_IOERR: said(
        "database_disk_failed", "The disk of the state database failed to read or write. Check the disk."
    ),
}
# PostgreSQL, appendix A: class 53 is short of something, 40 rolled back, 55P03 waited too long for a lock,
# 08 and 57P connection gone or server going down, 28 and 3D wrong user or database.
# 22003 is a number out of range, 22021 and 22P05 a character that the server's encoding does not have.
_UNFIT = {"22003": _TOO_LARGE, "22021": _NUL, "22P05": _NUL}
_CLASHES = {"40001", "40P01", "55P03"}


@contextmanager
def translated() -> Iterator[None]:
    """Turn what a driver raises into our family; a mistake in our own SQL stays what it is."""
    try:
        yield
    except PoolTimeoutError as error:
        raise DatabaseBusyError(
            said("database_connections", "Every connection to the state database is in use.")
        ) from error
    except OverflowError as error:
        if "SQLite INTEGER" not in str(error):
            raise
        raise InvalidError(_TOO_LARGE) from error
    except DBAPIError as error:
        told = _told(error)
        if told is None:
            raise
        raise told from error


def _told(error: DBAPIError) -> RegularsError | None:
    if error.connection_invalidated:
        return DatabaseError(said("database_lost", "The connection to the state database was lost."))
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite(error.orig)
    return _postgresql(error)


def _sqlite(error: sqlite3.Error) -> RegularsError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code, the rest details
    if code == sqlite3.SQLITE_FULL:
        return DiskFullError(_FULL)
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return DatabaseBusyError(_BUSY)
    sentence = _SQLITE_SENTENCES.get(code)
    return DatabaseError(sentence) if sentence else None


def _postgresql(error: DBAPIError) -> RegularsError | None:
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == "53100":
        return DiskFullError(_FULL)
    if state in _CLASHES:
        return DatabaseBusyError(_BUSY)
    unfit = _UNFIT.get(state) or (_NUL if not state and "NUL (0x00)" in str(error.orig) else None)  # the driver's word
    if unfit is not None:
        return InvalidError(unfit)
    if state == "25006":
        return DatabaseError(
            said(
                "database_reads_only",
                "The state database takes no changes: it is a standby, or the block was opened for reading.",
            )
        )
    first = (str(error.orig).splitlines() or ["no answer"])[0].rstrip(".")
    if state[:2] in {"08", "28", "3D", "53", "58"} or state[:3] == "57P" or (not state and _is_operational(error)):
        return DatabaseError(said("database_no_answer", "The state database does not answer: {why}.", why=first))
    return None


def _is_operational(error: DBAPIError) -> bool:
    return type(error.orig).__name__ in {"OperationalError", "InterfaceError", "ConnectionTimeout"}
