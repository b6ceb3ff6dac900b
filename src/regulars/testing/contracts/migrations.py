"""Every shop of every earlier version can be brought up to date, with what is in its tables."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from typing import Any  # Any: values of columns, of whatever type

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

import regulars
from regulars.kernel.database import Database, Migration


def all_migrations() -> list[Migration]:
    """Return the steps of every capability, found by looking into every module of a `store` room, by capability."""
    found: dict[tuple[str, int], Migration] = {}
    for name in _stores():
        for step in getattr(importlib.import_module(name), "MIGRATIONS", ()):
            known = found.setdefault((step.capability, step.number), step)
            assert known == step, f"{name} gives {step.capability!r} another step {step.number}"
    return [found[key] for key in sorted(found)]


def prefixes(migrations: Sequence[Migration]) -> Iterator[tuple[str, list[Migration], list[Migration]]]:
    """Give each earlier version of each capability: its name, the steps up to it, and all steps of the capability."""
    for capability in sorted({step.capability for step in migrations}):
        steps = [step for step in migrations if step.capability == capability]
        for number in range(1, len(steps)):
            yield f"{capability} at {number}", steps[:number], steps


def shape_of(database: Database) -> list[tuple[Any, ...]]:
    """Return all that makes up the tables: columns, indexes, triggers, in a form that can be compared."""
    with database.read() as connection:
        if database.dialect == "sqlite":
            return sorted(tuple(row) for row in connection.execute(text(_SQLITE_SHAPE)))
        return sorted(tuple(row) for row in connection.execute(text(_POSTGRESQL_SHAPE)))


def check_upgrade(*, old: Database, fresh: Database, before: Sequence[Migration], steps: Sequence[Migration]) -> int:
    """Bring an old shop with a row in each table up to date, and compare it with one made new.

    Returns how many tables held a row; a table whose rules refuse our row of examples goes without.
    """
    old.migrate(before)
    with old.write() as connection:
        filled = [name for name in inspect(connection).get_table_names() if _fill(connection, name)]
    old.migrate(steps)
    fresh.migrate(steps)
    assert shape_of(old) == shape_of(fresh)
    assert old.migrate(steps) == []
    with old.read() as connection:
        for name in filled:
            if inspect(connection).has_table(name):
                assert connection.execute(text(f'SELECT COUNT(*) FROM "{name}"')).scalar_one() >= 1, name
    return len(filled)


_SQLITE_SHAPE = "SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
_POSTGRESQL_SHAPE = """
SELECT table_name, column_name, data_type, is_nullable, COALESCE(column_default, '') FROM information_schema.columns
WHERE table_schema = 'public'
UNION ALL SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'"""
_EXAMPLES: dict[type, Any] = {str: "1", int: 1, float: 1.0, bytes: b"1", bool: True}  # Any: as above


def _stores() -> list[str]:
    return sorted(
        module.name
        for module in pkgutil.walk_packages(regulars.__path__, "regulars.")
        if any("store" in part for part in module.name.split("."))
    )


def _fill(connection: Connection, table: str) -> bool:
    if table == "kernel_migrations":
        return False
    columns = [column for column in inspect(connection).get_columns(table) if not column.get("computed")]
    values = {column["name"]: _EXAMPLES.get(_python_type(column["type"]), "1") for column in columns}
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(f":p{place}" for place in range(len(values)))
    try:
        with connection.begin_nested():
            connection.execute(
                text(f'INSERT INTO "{table}" ({names}) VALUES ({places})'),
                {f"p{place}": value for place, value in enumerate(values.values())},
            )
    except DBAPIError:
        return False
    return True


def _python_type(kind: Any) -> type:  # Any: a SQLAlchemy type
    try:
        found: type = kind.python_type
    except NotImplementedError:
        return str
    return found
