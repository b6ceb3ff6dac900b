"""What a state database must keep, whatever its engine. A test class inherits `DatabaseContract` and runs it.

Needs the fixtures `database_url` (an empty database, to be opened as often as a test likes) and `database`.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Event

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from regulars.kernel.database import Database, Migration
from regulars.kernel.errors import DatabaseBusyError, DatabaseError, NewerShopError

SHELVES = Migration("shelves", 1, ("CREATE TABLE shelves (name TEXT PRIMARY KEY, jars BIGINT NOT NULL, label {blob})",))
LABELS = Migration("shelves", 2, ("ALTER TABLE shelves ADD COLUMN note TEXT NOT NULL DEFAULT '100%'",))
_PUT = text(
    "INSERT INTO shelves (name, jars) VALUES (:name, :jars) ON CONFLICT (name) DO UPDATE SET jars = excluded.jars"
)
_ADD = text("UPDATE shelves SET jars = jars + 1 WHERE name = :name")
_JARS = text("SELECT jars FROM shelves WHERE name = :name")
_SUM = text("SELECT COALESCE(SUM(jars), 0) FROM shelves")
_COUNT = text("SELECT COUNT(*) FROM shelves")

_processes = multiprocessing.get_context("forkserver")  # a plain fork would copy half of our threads
_processes.set_forkserver_preload([__name__])


def jars(connection: Connection, name: str) -> int:
    """Return how many jars a shelf has."""
    return int(connection.execute(_JARS, {"name": name}).scalar_one())


def put(connection: Connection, name: str, count: int) -> None:
    """Set how many jars a shelf has."""
    connection.execute(_PUT, {"name": name, "jars": count})


def _migrate_together(url: str, gate: Event) -> None:
    database = Database.open(url)
    gate.wait(30)
    database.migrate([SHELVES, LABELS])
    database.close()


def _add_many(url: str, times: int) -> None:
    database = Database.open(url)
    for _ in range(times):
        with database.write() as connection:
            connection.execute(_ADD, {"name": "plum"})
    database.close()


def _die_while_writing(url: str, gate: Event) -> None:
    database = Database.open(url)
    with database.write() as connection:
        put(connection, "plum", 999)
        gate.set()
        threading.Event().wait(30)


class DatabaseContract:
    """The promises of `Database`."""

    def test_what_a_block_wrote_is_there_when_it_is_opened_again(self, database_url: str) -> None:
        """Commit, close, open."""
        first = Database.open(database_url)
        first.migrate([SHELVES])
        with first.write() as connection:
            put(connection, "plum", 3)
        first.close()
        second = Database.open(database_url)
        with second.read() as connection:
            assert jars(connection, "plum") == 3
        second.close()

    def test_a_block_that_raises_leaves_nothing(self, database: Database) -> None:
        """Roll back on any exception."""
        database.migrate([SHELVES])

        def work(connection: Connection) -> None:
            put(connection, "plum", 3)
            raise KeyError

        with pytest.raises(KeyError):
            database.transact(work)
        with database.read() as connection:
            assert connection.execute(_COUNT).scalar_one() == 0

    def test_a_reader_sees_one_moment_while_others_write(self, database: Database) -> None:
        """A snapshot is taken by the first read and stays."""
        database.migrate([SHELVES])
        with database.write() as connection:
            put(connection, "plum", 1)
        with database.read() as reader:
            assert jars(reader, "plum") == 1
            with database.write() as writer:
                put(writer, "plum", 2)
            assert jars(reader, "plum") == 1
        with database.read() as reader:
            assert jars(reader, "plum") == 2

    def test_a_reader_cannot_write(self, database: Database) -> None:
        """Writing in a block for reading fails and changes nothing."""
        database.migrate([SHELVES])
        with pytest.raises((DatabaseError, DBAPIError)), database.read() as connection:
            put(connection, "plum", 1)
        with database.read() as connection:
            assert connection.execute(_COUNT).scalar_one() == 0

    def test_a_transaction_within_a_transaction_waits_for_nobody(self, database: Database) -> None:
        """The inner one must not wait for the outer one's turn for ever."""
        if database.dialect != "sqlite":
            pytest.skip("PostgreSQL has many writers, so the inner one simply goes")
        with database.write(), pytest.raises(RuntimeError, match="within a transaction"), database.write():
            pass

    def test_a_broken_promise_of_a_table_is_told_as_such(self, database: Database) -> None:
        """A key that exists already is an IntegrityError, which callers turn into their own sentence."""
        database.migrate([SHELVES])
        insert = text("INSERT INTO shelves (name, jars) VALUES ('plum', 1)")
        with database.write() as connection:
            connection.execute(insert)
        with pytest.raises(IntegrityError), database.write() as connection:
            connection.execute(insert)

    def test_text_and_bytes_come_back_as_they_went(self, database: Database) -> None:
        """Any script, any byte, any 64-bit number."""
        database.migrate([SHELVES])
        name, label, count = "梅干し—сливы\U0001f351", bytes(range(256)), -(2**63)
        with database.write() as connection:
            connection.execute(
                text("INSERT INTO shelves (name, jars, label) VALUES (:name, :jars, :label)"),
                {"name": name, "jars": count, "label": label},
            )
        with database.read() as connection:
            row = connection.execute(text("SELECT name, jars, label FROM shelves")).one()
        assert (row.name, row.jars, bytes(row.label)) == (name, count, label)

    def test_texts_sort_by_their_code_points(self, database: Database) -> None:
        """No language's order: cursors and tests must be the same on every machine."""
        database.migrate([SHELVES])
        names = ["Z", "a", "B", "é", "zz", "中", "_"]
        with database.write() as connection:
            for name in names:
                put(connection, name, 1)
        with database.read() as connection:
            found = connection.execute(text("SELECT name FROM shelves ORDER BY name")).scalars().all()
        assert list(found) == sorted(names)

    def test_counting_in_threads_loses_nothing(self, database: Database) -> None:
        """Eight threads, one row."""
        database.migrate([SHELVES])
        with database.write() as connection:
            put(connection, "plum", 0)

        def add(_: int) -> None:
            with database.write() as connection:
                connection.execute(_ADD, {"name": "plum"})

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(add, range(80)))
        with database.read() as connection:
            assert jars(connection, "plum") == 80

    def test_counting_in_processes_loses_nothing(self, database_url: str) -> None:
        """Two processes, one row."""
        database = Database.open(database_url)
        database.migrate([SHELVES])
        with database.write() as connection:
            put(connection, "plum", 0)
        processes = [_processes.Process(target=_add_many, args=(database_url, 40)) for _ in range(2)]
        _run(processes)
        with database.read() as connection:
            assert jars(connection, "plum") == 80
        database.close()

    def test_read_and_written_back_under_one_name_loses_nothing(self, database: Database) -> None:
        """What is read first and written back changed needs a name for the turn."""
        database.migrate([SHELVES])
        with database.write() as connection:
            put(connection, "plum", 0)

        def add(_: int) -> None:
            def work(connection: Connection) -> None:
                put(connection, "plum", jars(connection, "plum") + 1)

            database.transact(work, lock="shelves")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(add, range(40)))
        with database.read() as connection:
            assert jars(connection, "plum") == 40

    def test_work_that_met_another_writer_is_done_again(self, database: Database) -> None:
        """`transact` repeats what raised a clash, and gives up in the end."""
        database.migrate([SHELVES])
        tries: list[int] = []

        def work(connection: Connection) -> str:
            put(connection, f"try {len(tries)}", 1)
            tries.append(1)
            if len(tries) < 3:
                raise DatabaseBusyError("Somebody was faster.")
            return "done"

        assert database.transact(work) == "done"
        with database.read() as connection:
            assert connection.execute(_COUNT).scalar_one() == 1

        def never(_: Connection) -> None:
            raise DatabaseBusyError("Somebody is always faster.")

        with pytest.raises(DatabaseBusyError):
            database.transact(never)

    def test_a_writer_that_waits_too_long_is_told_so(self, database_url: str) -> None:
        """The second process gets a sentence and may try again; the first one's change stands."""
        first, second = Database.open(database_url), Database.open(database_url, busy_s_max=0.3)
        first.migrate([SHELVES])
        with first.write() as connection:
            put(connection, "plum", 1)
        with first.write() as connection:
            put(connection, "plum", 2)
            with pytest.raises(DatabaseBusyError), second.write() as other:
                put(other, "plum", 3)
        with second.write() as other:
            assert jars(other, "plum") == 2
        first.close()
        second.close()

    def test_a_writer_that_is_killed_leaves_nothing_and_blocks_nobody(self, database_url: str) -> None:
        """kill -9 in the middle of a transaction."""
        database = Database.open(database_url)
        database.migrate([SHELVES])
        gate = _processes.Event()
        process = _processes.Process(target=_die_while_writing, args=(database_url, gate))
        process.start()
        assert gate.wait(30)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join(30)
        with database.write() as connection:
            assert connection.execute(_COUNT).scalar_one() == 0
            put(connection, "plum", 1)
        database.close()

    def test_each_step_is_taken_once(self, database: Database) -> None:
        """Migrating again changes nothing; a longer list takes only what is new, and keeps the rows."""
        assert database.migrate([SHELVES]) == [SHELVES]
        with database.write() as connection:
            put(connection, "plum", 7)
        assert database.migrate([SHELVES]) == []
        assert database.migrate([SHELVES, LABELS]) == [LABELS]
        with database.read() as connection:
            row = connection.execute(text("SELECT jars, note FROM shelves")).one()
        assert (row.jars, row.note) == (7, "100%")

    def test_a_step_that_fails_leaves_nothing_of_itself(self, database: Database) -> None:
        """All statements of a step, and its record, are one transaction."""
        broken = Migration("shelves", 1, (*SHELVES.statements, "CREATE TABLE shelves (again TEXT)"))
        with pytest.raises(DBAPIError):
            database.migrate([broken])
        assert database.migrate([SHELVES]) == [SHELVES]

    def test_a_shop_of_a_newer_program_is_refused(self, database: Database) -> None:
        """By the number of a capability, or by a capability nobody knows."""
        database.migrate([SHELVES, LABELS])
        with pytest.raises(NewerShopError, match="'shelves' tables are at version 2"):
            database.migrate([SHELVES])
        other = Migration("cellars", 1, ("CREATE TABLE cellars (name TEXT)",))
        assert database.migrate([other]) == [other]
        with pytest.raises(NewerShopError, match="'cellars'"):
            database.migrate([SHELVES, LABELS], complete=True)

    def test_two_processes_may_migrate_at_once(self, database_url: str) -> None:
        """Each step is taken by one of them."""
        gate = _processes.Event()
        processes = [_processes.Process(target=_migrate_together, args=(database_url, gate)) for _ in range(3)]
        _run(processes, gate.set)
        database = Database.open(database_url)
        assert database.migrate([SHELVES, LABELS]) == []
        database.close()

    def test_a_sound_database_has_no_problem_to_tell(self, database: Database) -> None:
        """`check` names the engine, the versions of the tables and what is wrong."""
        database.migrate([SHELVES, LABELS])
        found = database.check()
        assert found.migrations == {"shelves": 2}
        assert found.size_bytes > 0
        assert found.engine.startswith(("SQLite", "PostgreSQL"))
        test_only = {"fsync is off", "synchronous_commit is off"}  # how the server of these tests is set
        assert [problem for problem in found.problems if problem.split(":")[0] not in test_only] == []


def _run(processes: list[multiprocessing.context.ForkServerProcess], then: Callable[[], None] | None = None) -> None:
    for process in processes:
        process.start()
    if then:
        then()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * len(processes)
