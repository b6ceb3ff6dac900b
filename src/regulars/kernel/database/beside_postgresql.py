"""A new state as a schema of its own, searched before the one that answers; taking its place moves tables."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from regulars.kernel.database import postgresql
from regulars.kernel.database.beside import Marks
from regulars.kernel.database.migrations import Migration
from regulars.kernel.database.service import BUSY_S_MAX, Database

_PREFIX = "regulars_built_"
_LOCK_MS_MAX = 200  # shorter than PostgreSQL's look for deadlocks: we go back and try again, readers never do

_OUR_SCHEMA = text("SELECT current_schema()")
# Which schemas were made to build in?
_SCHEMAS = text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :prefix) ORDER BY nspname")
# Which tables stand in a schema?
_TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = :schema ORDER BY tablename")


class PostgresqlBeside:
    """`Beside` on PostgreSQL."""

    def __init__(self, live: Database, token: str) -> None:
        self.token = token
        self._live = live
        self._schema = _PREFIX + token
        with live.read() as connection:
            self._answers = str(connection.execute(_OUR_SCHEMA).scalar_one())
        schemas = f'"{self._schema}", "{self._answers}"'
        engines = postgresql.engines(live.location, wait_s_max=BUSY_S_MAX, schemas=schemas)
        self.database = Database(*engines, location=live.location)

    def begin(self, migrations: Sequence[Migration], *, own: Sequence[str]) -> None:
        """Make every table, then remove those that are not of our own: their names lead to the ones that answer."""
        with self._live.write(lock="migrations") as connection:
            connection.exec_driver_sql(f'DROP SCHEMA IF EXISTS "{self._schema}" CASCADE')
            connection.exec_driver_sql(f'CREATE SCHEMA "{self._schema}"')
        self.database.migrate(migrations, complete=True)
        with self.database.write() as connection:
            for table in connection.execute(_TABLES, {"schema": self._schema}).scalars().all():
                if table not in own:
                    connection.exec_driver_sql(f'DROP TABLE "{self._schema}"."{table}" CASCADE')

    def refresh(self, *, own: Sequence[str]) -> None:
        """Do nothing: what is not of our own is the shop's itself."""

    def take_whole(self, old: Connection, *, taken: Sequence[str], mark: Marks) -> None:
        """Move the tables; nothing else has to be copied."""
        self.take_part(old, taken=taken, mark=mark)

    def take_part(self, old: Connection, *, taken: Sequence[str], mark: Marks) -> None:
        """Move the taken tables to where they answer, and the old ones here."""
        left = f"{self._schema}_left"
        old.exec_driver_sql(f"SET LOCAL lock_timeout = {_LOCK_MS_MAX}")
        old.exec_driver_sql(f'CREATE SCHEMA "{left}"')
        for table in taken:
            old.exec_driver_sql(f'ALTER TABLE "{self._answers}"."{table}" SET SCHEMA "{left}"')
            old.exec_driver_sql(f'ALTER TABLE "{self._schema}"."{table}" SET SCHEMA "{self._answers}"')
        mark(old)

    def close(self) -> None:
        """Let go of every connection."""
        self.database.close()

    def discard(self) -> None:
        """Remove the schema, and the tables that were moved out."""
        self.close()
        _drop(self._live, [f"{self._schema}_left", self._schema])


def sweep_schemas(live: Database, keep: Sequence[str]) -> int:
    """Remove schemas that were made to build in, but those of the tokens to keep."""
    with live.read() as connection:
        found = connection.execute(_SCHEMAS, {"prefix": _PREFIX}).scalars().all()
    gone = [name for name in found if name.removeprefix(_PREFIX).removesuffix("_left") not in keep]
    _drop(live, gone)
    return len(gone)


def _drop(live: Database, schemas: Sequence[str]) -> None:
    for schema in schemas:
        with live.write(lock="migrations") as connection:
            connection.exec_driver_sql(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
