"""What goes wrong with a database is told in a sentence, and nothing acknowledged is lost by it."""

from __future__ import annotations

import os
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from regulars.kernel.database import Database, Migration
from regulars.kernel.database.turnstile import Turnstile
from regulars.kernel.errors import DatabaseBusyError, DatabaseError, DiskFullError, InvalidError

SHELVES = Migration(
    "shelves", 1, ("CREATE TABLE shelves (name TEXT PRIMARY KEY, label {blob}, jars BIGINT NOT NULL DEFAULT 0)",)
)
_PUT = text("INSERT INTO shelves (name, label) VALUES (:name, :label)")


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    database = Database.open(str(tmp_path / "state.db"))
    database.migrate([SHELVES])
    return database


def test_a_full_disk_is_told_and_leaves_what_was_there(sqlite: Database) -> None:
    with sqlite.write() as connection:
        connection.execute(_PUT, {"name": "plum", "label": b"1"})
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}")  # as if the disk ended there

    def fill() -> None:
        with sqlite.write() as connection:
            for number in range(100):
                connection.execute(_PUT, {"name": str(number), "label": b"x" * 4000})

    with pytest.raises(DiskFullError, match="disk of the state database is full"):
        fill()
    with sqlite.read() as connection:
        assert connection.execute(text("SELECT name FROM shelves")).scalars().all() == ["plum"]
    with sqlite.write() as connection:
        connection.execute(_PUT, {"name": "fig", "label": b"1"})
    sqlite.close()


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DatabaseError, match="cannot be made: Not a directory"):
        Database.open(str(tmp_path / "file" / "shop" / "state.db"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without the right")
def test_a_folder_without_permission_is_told_in_a_sentence() -> None:
    folder = Path("/var/tmp") / f"regulars-{os.getpid()}"  # noqa: S108 (a place that nobody may enter)
    folder.mkdir(mode=0o755)
    try:
        os.seteuid(65534)
        with pytest.raises(DatabaseError, match=r"cannot be opened|may not be written"):
            Database.open(str(folder / "state.db"))
    finally:
        os.seteuid(0)
        folder.rmdir()


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"this is a shopping list" * 100)
    with pytest.raises(DatabaseError, match="no SQLite database"):
        Database.open(str(tmp_path / "state.db"))


def test_a_damaged_file_is_noticed_by_the_check(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    database = Database.open(str(path))
    database.migrate([SHELVES])
    with database.write() as connection:
        for number in range(500):
            connection.execute(_PUT, {"name": str(number), "label": b"x" * 500})
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint").close()
    database.close()
    body = bytearray(path.read_bytes())
    body[20_000:60_000] = bytes(40_000)
    path.write_bytes(body)
    damaged = Database.open(str(path))
    try:
        problems = damaged.check().problems
    except DatabaseError as error:
        problems = [str(error)]
    assert "damaged" in problems[0]
    damaged.close()


def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="does not answer") as told:
        Database.open(f"postgresql://shop:secret-word@/shop?host={tmp_path}")
    assert "secret-word" not in str(told.value)
    with pytest.raises(InvalidError, match="postgresql://user@host/name"):
        Database.open("postgresql://shop@host:port-is-no-number/shop")


@pytest.mark.postgres
def test_a_connection_that_was_cut_is_told_and_replaced(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has no connection that could be cut")

    def cut() -> None:
        with database.write() as connection:
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(DatabaseError, match=r"was lost|does not answer"):
        cut()
    with database.write() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1


def test_two_writers_in_a_deadlock_are_told_apart_and_both_get_through(database: Database) -> None:
    database.migrate([SHELVES])
    with database.write() as connection:
        for name in ("a", "b"):
            connection.execute(_PUT, {"name": name, "label": b""})
    change = text("UPDATE shelves SET jars = jars + 1 WHERE name = :name")
    both_have_one = threading.Barrier(2)

    def cross(first: str, second: str) -> None:
        tries: list[int] = []

        def work(connection: Connection) -> None:
            tries.append(1)
            connection.execute(change, {"name": first})
            if len(tries) == 1 and database.dialect != "sqlite":
                both_have_one.wait(30)
            connection.execute(change, {"name": second})

        database.transact(work)

    threads = [threading.Thread(target=cross, args=names) for names in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with database.read() as connection:
        assert connection.execute(text("SELECT jars FROM shelves")).scalars().all() == [2, 2]


def test_who_waits_is_not_overtaken_by_the_one_who_just_left(tmp_path: Path) -> None:
    greedy, patient = (Turnstile(tmp_path / "state.db", wait_s_max=30) for _ in range(2))  # as two processes
    stop, begun = threading.Event(), threading.Event()
    turns: list[str] = []

    def again_and_again() -> None:
        while not stop.is_set():
            with greedy.turn():
                turns.append("greedy")
                begun.set()
                stop.wait(0.005)

    thread = threading.Thread(target=again_and_again)
    thread.start()
    assert begun.wait(30)
    for _ in range(20):
        with patient.turn():
            turns.append("patient")
    stop.set()
    thread.join(30)
    waited = "".join(turn[0] for turn in turns).split("p")
    assert max(map(len, waited)) <= 4, turns  # the one inside, one already past the first door, and scheduling
    for turnstile in (greedy, patient):
        turnstile.close()


def test_a_turn_that_does_not_come_in_time_is_told(tmp_path: Path) -> None:
    one, other = (Turnstile(tmp_path / "state.db", wait_s_max=0.05) for _ in range(2))
    with one.turn(), pytest.raises(DatabaseBusyError, match=r"for over 0\.05 s"), other.turn():
        pass
    with other.turn():
        pass
    for turnstile in (one, other):
        turnstile.close()


def test_a_number_beyond_64_bits_is_told_as_a_fault_of_whoever_sent_it(database: Database) -> None:
    database.migrate([SHELVES])
    with (
        pytest.raises(InvalidError, match="A whole number is too large"),
        database.write() as connection,
    ):
        connection.execute(text("INSERT INTO shelves (name, jars) VALUES ('plum', :jars)"), {"jars": 2**64})
    may_be_asked = nullcontext() if database.dialect == "postgresql" else pytest.raises(InvalidError, match="too large")
    with may_be_asked, database.read() as connection:
        assert connection.execute(text("SELECT name FROM shelves WHERE jars = :jars"), {"jars": 2**80}).all() == []


def test_a_nul_is_kept_or_told_as_a_fault_of_whoever_sent_it(database: Database) -> None:
    database.migrate([SHELVES])

    def put() -> None:
        with database.write() as connection:
            connection.execute(_PUT, {"name": "a\x00b", "label": b""})

    if database.dialect == "sqlite":
        put()
    else:
        with pytest.raises(InvalidError, match="NUL"):
            put()
