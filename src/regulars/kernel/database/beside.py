"""How is a new state built beside the one that answers, and how does it take its place in one step?

On SQLite it is a file of its own in the same folder; taking its place is one rename of a link. On PostgreSQL it is a
schema of its own that is searched first; taking its place is one transaction that moves tables. Until that step the
old state answers, after it the new one does, and a crash at any instant leaves one of the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from sqlalchemy import Connection

from regulars.kernel.database.migrations import Migration
from regulars.kernel.database.service import Database

Marks = Callable[[Connection], None]

_TOKEN = re.compile(r"[a-z0-9]{4,32}")


class Beside(Protocol):
    """A database under construction. `token` is its name, `database` what is written to."""

    token: str
    database: Database

    def begin(self, migrations: Sequence[Migration], *, own: Sequence[str]) -> None:
        """Make the empty tables; those that are not `own` show what the shop has now, to be read."""
        ...

    def refresh(self, *, own: Sequence[str]) -> None:
        """Show the tables that are not `own` as the shop has them by now."""
        ...

    def take_whole(self, old: Connection, *, taken: Sequence[str], mark: Marks) -> None:
        """Let all `taken` tables of the new state stand instead of the old ones, the rest as it is now.

        `old` is a writer's transaction of the database that answers, held from before until after. `mark` writes,
        to what answers afterwards, what shall be true from then on.
        """
        ...

    def take_part(self, old: Connection, *, taken: Sequence[str], mark: Marks) -> None:
        """The same for some tables only, within the caller's transaction: it takes effect with its commit."""
        ...

    def close(self) -> None:
        """Let go of every connection; what is built so far stays."""
        ...

    def discard(self) -> None:
        """Remove what was built, or what is left of it after it took the place of the old."""
        ...


def open_beside(live: Database, token: str) -> Beside:
    """Open the state under construction of this name beside the one that answers, made if missing."""
    assert _TOKEN.fullmatch(token), "a token becomes part of a file's or a schema's name"
    if live.dialect == "sqlite":
        from regulars.kernel.database.beside_sqlite import SqliteBeside

        return SqliteBeside(live, token)
    from regulars.kernel.database.beside_postgresql import PostgresqlBeside

    return PostgresqlBeside(live, token)


def sweep(live: Database, *, keep: Sequence[str] = ()) -> int:
    """Remove what finished or broken constructions left, but those named; return how many went."""
    if live.dialect == "sqlite":
        from regulars.kernel.database.beside_sqlite import sweep_files

        return sweep_files(live, keep)
    from regulars.kernel.database.beside_postgresql import sweep_schemas

    return sweep_schemas(live, keep)
