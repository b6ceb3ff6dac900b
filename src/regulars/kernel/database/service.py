"""The state database: read a snapshot, change something, bring the tables up to date."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TypeVar

from sqlalchemy import Connection, Engine, text

from regulars.kernel.database import check, postgresql, sqlite
from regulars.kernel.database.faults import translated
from regulars.kernel.database.migrations import (
    MIGRATION_IS_DONE,
    MIGRATIONS_DONE,
    MIGRATIONS_TABLE,
    RECORD_MIGRATION,
    Migration,
    refuse_disorder,
    refuse_newer,
)
from regulars.kernel.database.turnstile import Turnstile
from regulars.kernel.errors import DatabaseBusyError, UnavailableError

T = TypeVar("T")

BUSY_S_MAX = 15.0  # a batch of the worker holds the one writer's turn for well under a second
TRIES = 4
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(:key)")


class Database:
    """The state database. Open it with `Database.open(location)`.

    >>> import tempfile
    >>> database = Database.open(tempfile.mkdtemp() + "/state.db")
    >>> with database.write() as connection:
    ...     _ = connection.execute(text("CREATE TABLE visits (customer TEXT)"))
    ...     _ = connection.execute(text("INSERT INTO visits VALUES ('ann')"))
    >>> with database.read() as connection:
    ...     connection.execute(text("SELECT customer FROM visits")).scalars().all()
    ['ann']
    >>> database.close()
    """

    def __init__(
        self, reader: Engine, writer: Engine, turnstile: Turnstile | None = None, *, location: str = ""
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._turnstile = turnstile
        self.location = location
        self.dialect: str = writer.dialect.name

    @classmethod
    def open(cls, location: str, *, busy_s_max: float = BUSY_S_MAX, must_answer: bool = True) -> Database:
        """Open SQLite at a file path or PostgreSQL at a `postgresql://` URL.

        Parameters
        ----------
        location
            Where it is.
        busy_s_max
            How long a writer waits for its turn.
        must_answer
            Whether it has to answer now; otherwise whoever asks it while it is away is told so.

        Raises
        ------
        NotInstalledError
            When the location is PostgreSQL and psycopg is missing.
        DatabaseError
            When the file or server cannot be opened and must answer.

        """
        if location.startswith("postgres"):
            database = cls(*postgresql.engines(location, wait_s_max=busy_s_max), location=location)
        else:
            path = sqlite.path_of(location)
            sqlite.make_folder(path)
            turnstile = Turnstile(path, wait_s_max=busy_s_max)
            database = cls(*sqlite.engines(path, wait_s_max=busy_s_max), turnstile, location=location)
        try:
            with database.read():  # the file or server is there, and lets us in
                return database
        except UnavailableError:
            if not must_answer:
                return database
            database.close()
            raise
        except BaseException:
            database.close()
            raise

    def close(self) -> None:
        """Hand back every connection."""
        self._reader.dispose()
        self._writer.dispose()
        if self._turnstile:
            self._turnstile.close()

    def let_go(self) -> None:
        """Close every connection that nobody uses now; others are opened when they are needed."""
        self._reader.dispose()
        self._writer.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one snapshot and cannot write."""
        with translated(), self._reader.connect() as connection:
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def write(self, *, lock: str | None = None) -> Iterator[Connection]:
        """Give a writer's connection: commits at the end of the block, rolls back when it raises.

        Parameters
        ----------
        lock
            Only one writer with this name goes at a time, on any engine. Name one where rows are read first and
            written back changed; SQLite has a single writer anyhow.

        Raises
        ------
        DatabaseBusyError
            When the turn does not come in time, or two writers met in a deadlock; the whole block may be tried
            again (see `transact`).
        DiskFullError
            When nothing more can be made durable; nothing of the block remains.

        """
        with (
            self._turnstile.turn() if self._turnstile else nullcontext(),
            translated(),
            self._writer.connect() as connection,
        ):
            try:
                self._begin(connection, lock)
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """Give a connection on which each statement stands for itself; for what outlives a transaction."""
        with translated(), self._writer.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def transact(self, work: Callable[[Connection], T], *, lock: str | None = None) -> T:
        """Do work in a transaction and return its result; done again when another writer got in the way.

        `work` must have no effect but through its connection.
        """
        for attempt in range(1, TRIES):
            try:
                with self.write(lock=lock) as connection:
                    return work(connection)
            except DatabaseBusyError:
                time.sleep(0.01 * 2**attempt * (0.5 + random.random()))  # noqa: S311 (a pause is no secret)
        with self.write(lock=lock) as connection:
            return work(connection)

    def migrate(self, migrations: Sequence[Migration], *, complete: bool = False) -> list[Migration]:
        """Bring the tables up to date and return what was applied, in order.

        Parameters
        ----------
        migrations
            Steps of any number of capabilities.
        complete
            These are all steps that the program knows, so tables of a capability that is not among them were made by
            a newer one.

        Raises
        ------
        NewerShopError
            When the shop holds a migration that this program does not know.

        """
        refuse_disorder(migrations)
        with self.write(lock="migrations") as connection:
            connection.execute(text(MIGRATIONS_TABLE))
            done = {(row.capability, row.number) for row in connection.execute(text(MIGRATIONS_DONE))}
        refuse_newer(done, migrations, complete=complete)
        pending = [step for step in migrations if (step.capability, step.number) not in done]
        return [step for step in pending if self._apply(step)]

    def check(self) -> check.DatabaseCheck:
        """Return what is wrong with the database and what it is made of; for `regulars doctor`."""
        with self.read() as connection:
            return check.check(connection, self.dialect)

    def _begin(self, connection: Connection, lock: str | None) -> None:
        if self.dialect == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif lock is not None:
            connection.execute(_ONE_AT_A_TIME, {"key": postgresql.key_of(lock)})

    def _apply(self, step: Migration) -> bool:
        key = {"capability": step.capability, "number": step.number}
        with self.write(lock="migrations") as connection:
            if connection.execute(text(MIGRATION_IS_DONE), key).first():
                return False  # another process was faster
            plain = connection.execution_options(no_parameters=True)  # a % in a statement is just a %
            for statement in step.for_engine(self.dialect):
                plain.exec_driver_sql(statement)
            connection.execution_options(no_parameters=False)
            connection.execute(text(RECORD_MIGRATION), key)
        return True
