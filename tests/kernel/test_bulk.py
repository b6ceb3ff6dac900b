"""Many rows at once, on each engine."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from regulars.kernel.bulk import write_rows
from regulars.kernel.database import Database, Migration

SHELVES = Migration(
    "shelves",
    1,
    (
        """
        CREATE TABLE shelves (
            place {serial}, name TEXT UNIQUE, jars BIGINT, weight REAL, width SMALLINT, label {blob})""",
    ),
)
ADD = "INSERT INTO shelves (name, jars, weight, width, label) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING"
CHANGE = "UPDATE shelves SET jars = ?, label = ? WHERE name = ?"
ALL = text("SELECT name, jars, weight, width, label FROM shelves ORDER BY place")
TYPES = "text bigint real smallint bytea"

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
ROWS = st.lists(
    st.tuples(
        st.none() | NAMES,
        st.none() | INTEGERS,
        st.none() | st.integers(-1000, 1000).map(lambda quarters: quarters / 4),
        st.none() | st.integers(-(2**15), 2**15 - 1),
        st.none() | st.binary(max_size=8),
    ),
    max_size=12,
)

Row = tuple[str | None, int | None, float | None, int | None, bytes | None]


def first_of_each_name(rows: list[Row]) -> list[Row]:
    """Return the rows that a table keeps of these, in order."""
    kept: list[Row] = []
    for row in rows:
        if row[0] is None or all(row[0] != other[0] for other in kept):
            kept.append(row)
    return kept


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_rows_come_back_as_they_went_in_the_order_they_were_given(database: Database, rows: list[Row]) -> None:
    """Whatever the values, nothing among them, and with a name that comes twice."""
    database.migrate([SHELVES])
    with database.write() as connection:
        connection.execute(text("DELETE FROM shelves"))
        write_rows(connection, ADD, rows, TYPES)
        assert [tuple(row) for row in connection.execute(ALL)] == first_of_each_name(rows)


def test_each_row_is_changed_to_what_is_given_for_it(database: Database) -> None:
    """Also to nothing, and no other row."""
    database.migrate([SHELVES])
    before = [(f"jar {number}", number, 0.5, 1, b"old") for number in range(2000)]
    changes = [(None if number % 7 == 0 else number + 2**40, b"new", f"jar {number}") for number in range(0, 1000, 2)]
    with database.write() as connection:
        write_rows(connection, ADD, before, TYPES)
        write_rows(connection, CHANGE, [*changes, (1, b"", "a jar that is not there")], "bigint bytea text")
        after = {row.name: (row.jars, row.label) for row in connection.execute(ALL)}
    expected = {row[0]: (row[1], b"old") for row in before} | {row[2]: (row[0], row[1]) for row in changes}
    assert after == expected


def test_without_types_the_rows_go_one_after_the_other(database: Database) -> None:
    """So the second may undo what the first did."""
    database.migrate([SHELVES])
    with database.write() as connection:
        write_rows(connection, ADD, [("plum", 1, None, None, None)], TYPES)
        rename = "UPDATE shelves SET name = ? WHERE name = ?"
        write_rows(connection, rename, [("pear", "plum"), ("fig", "pear")])
        assert [row.name for row in connection.execute(ALL)] == ["fig"]
