"""Asks history: Ibis expressions on DuckDB, over the Parquet files and what still waits."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast  # Any: as said where it stands

from regulars.lake import parquet
from regulars.lake.core import LakeRow

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

MEMORY_LIMIT = "1GB"  # above it DuckDB spills to a temporary folder


class FileGoneError(Exception):
    """A file that should be read is not there, or is no Parquet."""


def events() -> ir.Table:
    """Return history as an unbound table: what an expression is written on, whatever engine will run it.

    >>> events().occurred_us.type()
    Int64(nullable=True)
    """
    import ibis

    return cast("ir.Table", ibis.table(parquet.COLUMNS, name="events"))  # cast: Ibis is looked at without types


def run(expression: ir.Expr, paths: Sequence[str], waiting: Sequence[LakeRow]) -> pa.Table:
    """Return the answer to an expression over `events()`.

    Parameters
    ----------
    expression
        A table, a column or a value.
    paths
        The Parquet files of history.
    waiting
        Rows that are in no file yet.

    Raises
    ------
    FileGoneError
        When a file cannot be read.

    """
    with _asked(paths, waiting) as connection:
        return connection.to_pyarrow(expression)


def walk(
    expression: ir.Expr, paths: Sequence[str], waiting: Sequence[LakeRow], *, rows_a_time: int
) -> Iterator[pa.RecordBatch]:
    """Yield the answer to an expression some rows at a time, however long it is; else as `run`."""
    import ibis

    with _asked(paths, waiting) as connection:
        statement = ibis.to_sql(expression, dialect="duckdb")
        yield from connection.con.sql(statement).to_arrow_reader(rows_a_time)


@contextmanager
def _asked(paths: Sequence[str], waiting: Sequence[LakeRow]) -> Iterator[Any]:  # Any: Ibis is looked at without types
    import duckdb
    import ibis

    with tempfile.TemporaryDirectory(prefix="regulars-query-") as spill:
        connection = ibis.duckdb.connect(memory_limit=MEMORY_LIMIT, temp_directory=spill)
        try:
            connection.con.register("waiting", parquet.table_of(waiting))
            connection.con.execute(_view(paths))
            yield connection
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise FileGoneError(str(error)) from error
        finally:
            connection.disconnect()


def _view(paths: Sequence[str]) -> str:
    columns = ", ".join(f'"{name}"' for name in parquet.COLUMNS)
    waiting = f"SELECT {columns} FROM waiting"
    if not paths:
        return f"CREATE VIEW events AS {waiting}"
    quoted = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    files = f"SELECT {columns} FROM read_parquet([{quoted}], hive_partitioning = false)"
    return f"CREATE VIEW events AS {files} UNION ALL {waiting}"
