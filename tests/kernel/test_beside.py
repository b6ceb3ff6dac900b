"""A new state takes the place of the old in one step, on both engines, under the eyes of those who read and write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from regulars.kernel import generations
from regulars.kernel.database import Database, Migration
from regulars.kernel.database.beside import Beside, open_beside, sweep
from regulars.kernel.generations import generation_of, set_generation

PEOPLE = Migration(
    "people",
    1,
    (
        "CREATE TABLE people (person_id {serial}, name TEXT NOT NULL UNIQUE)",
        "CREATE TABLE visits (visit_id {serial}, name TEXT NOT NULL)",
        "CREATE TABLE totals (name TEXT PRIMARY KEY, visits BIGINT NOT NULL)",
        "CREATE INDEX visits_by_name ON visits (name)",
    ),
)
MIGRATIONS = (*generations.MIGRATIONS, PEOPLE)
DERIVED = ("visits", "totals")


@pytest.fixture
def shop(database: Database) -> Database:
    """Return a database with a definition (Ann) and what was derived of it."""
    database.migrate(MIGRATIONS)
    with database.write() as connection:
        execute(connection, "INSERT INTO people (name) VALUES ('ann')")
        execute(connection, "INSERT INTO visits (name) VALUES ('ann')")
        execute(connection, "INSERT INTO totals VALUES ('ann', 99)")
    return database


@pytest.fixture
def beside(shop: Database) -> Iterator[Beside]:
    """Return a database under construction."""
    beside = open_beside(shop, "b1b1")
    yield beside
    beside.discard()


def execute(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))


def column(database: Database, statement: str) -> list[object]:
    with database.read() as connection:
        return list(connection.execute(text(statement)).scalars())


def build(beside: Beside, *, own: tuple[str, ...] = DERIVED) -> None:
    beside.begin(MIGRATIONS, own=own)
    with beside.database.write() as connection:
        execute(connection, "INSERT INTO visits (name) VALUES ('ann'), ('bob')")
        execute(connection, "INSERT INTO totals SELECT name, COUNT(*) FROM visits GROUP BY name")


def take_whole(shop: Database, beside: Beside) -> None:
    with shop.write() as old:
        beside.take_whole(old, taken=DERIVED, mark=lambda new: set_generation(new, ["visits"], "b1b1"))


def test_what_is_built_shows_definitions_and_touches_nothing_that_answers(shop: Database, beside: Beside) -> None:
    build(beside)
    assert column(beside.database, "SELECT name FROM people") == ["ann"]
    assert column(beside.database, "SELECT visits FROM totals ORDER BY name") == [1, 1]
    assert column(shop, "SELECT visits FROM totals") == [99]


def test_taking_the_place_brings_the_new_tables_and_the_definitions_as_they_are_now(
    shop: Database, beside: Beside
) -> None:
    build(beside)
    with shop.write() as connection:
        execute(connection, "INSERT INTO people (name) VALUES ('cat')")
    take_whole(shop, beside)
    assert column(shop, "SELECT name FROM people ORDER BY name") == ["ann", "cat"]
    assert column(shop, "SELECT visits FROM totals ORDER BY name") == [1, 1]
    with shop.read() as connection:
        assert generation_of(connection, "visits") == "b1b1"


def test_a_reader_finishes_on_the_old_state_and_the_next_one_sees_the_new(shop: Database, beside: Beside) -> None:
    build(beside)
    if shop.dialect == "sqlite":  # PostgreSQL's rename waits for readers instead
        with shop.read() as reading:
            assert reading.execute(text("SELECT visits FROM totals")).scalar() == 99
            take_whole(shop, beside)
            assert reading.execute(text("SELECT visits FROM totals")).scalar() == 99
    else:
        take_whole(shop, beside)
    assert column(shop, "SELECT SUM(visits) FROM totals") == [2]


def test_other_processes_go_over_to_the_new_state_with_their_next_transaction(
    shop: Database, beside: Beside, database_url: str
) -> None:
    build(beside)
    other = Database.open(database_url)
    assert column(other, "SELECT visits FROM totals") == [99]
    take_whole(shop, beside)
    with other.write() as connection:
        execute(connection, "UPDATE totals SET visits = visits + 10 WHERE name = 'bob'")
    assert column(other, "SELECT visits FROM totals ORDER BY name") == [1, 11]
    other.close()
    assert column(shop, "SELECT visits FROM totals ORDER BY name") == [1, 11]


def test_numbers_given_out_are_never_given_again(shop: Database, beside: Beside) -> None:
    build(beside)
    with shop.write() as connection:
        execute(connection, "INSERT INTO people (name) VALUES ('cat')")
        execute(connection, "DELETE FROM people WHERE name = 'cat'")
    take_whole(shop, beside)
    with shop.write() as connection:
        execute(connection, "INSERT INTO people (name) VALUES ('dan')")
    assert column(shop, "SELECT person_id FROM people WHERE name = 'dan'") == [3]


def test_what_goes_wrong_before_the_step_leaves_the_old_state(shop: Database, beside: Beside) -> None:
    build(beside)

    def stumble(_connection: Connection) -> None:
        raise RuntimeError("stumbled")

    with pytest.raises(RuntimeError, match="stumbled"), shop.write() as old:
        beside.take_whole(old, taken=DERIVED, mark=stumble)
    assert column(shop, "SELECT visits FROM totals") == [99]


def test_some_tables_may_be_taken_alone(shop: Database, beside: Beside) -> None:
    build(beside)
    with shop.write() as old:
        beside.take_part(old, taken=["totals"], mark=lambda new: set_generation(new, ["totals"], "b1b1"))
    assert column(shop, "SELECT visits FROM totals ORDER BY name") == [1, 1]
    assert column(shop, "SELECT name FROM visits") == ["ann"]
    beside.discard()
    assert column(shop, "SELECT visits FROM totals ORDER BY name") == [1, 1]


def test_what_was_left_behind_is_swept_up(shop: Database, beside: Beside, database_url: str) -> None:
    build(beside)
    assert sweep(shop, keep=["b1b1"]) == 0
    take_whole(shop, beside)
    beside.discard()
    assert column(shop, "SELECT SUM(visits) FROM totals") == [2]
    second = open_beside(shop, "c2c2")
    build(second)
    second.close()
    assert sweep(shop) >= 1
    assert column(shop, "SELECT SUM(visits) FROM totals") == [2]
    again = Database.open(database_url)
    assert column(again, "SELECT SUM(visits) FROM totals") == [2]
    again.close()


def test_a_state_is_rebuilt_again_and_again(shop: Database, database_url: str) -> None:
    for token in ("d1d1", "d2d2", "d3d3"):
        beside = open_beside(shop, token)
        build(beside)
        take_whole(shop, beside)
        beside.discard()
        sweep(shop)
        assert column(shop, "SELECT name FROM people") == ["ann"]
    other = Database.open(database_url)
    assert column(other, "SELECT SUM(visits) FROM totals") == [2]
    other.close()
