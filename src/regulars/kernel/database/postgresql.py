"""PostgreSQL as a state database: readers see one snapshot, writers see what was committed last."""

from __future__ import annotations

import importlib.util
import zlib
from typing import Any  # Any: SQLAlchemy's hook hands over the driver's own connection

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from regulars.kernel.errors import InvalidError, NotInstalledError

VERSION_MIN = 15


def engines(location: str, *, wait_s_max: float, schemas: str = "") -> tuple[Engine, Engine]:
    """Return the engines for reading and for writing; they share their connections.

    `schemas` is where unqualified names are looked for, in this order; the role's own when it is empty.
    """
    if importlib.util.find_spec("psycopg") is None:
        raise NotInstalledError(
            "PostgreSQL needs psycopg, which is not installed. Run: pip install 'regulars[postgres]'."
        )
    try:
        url = make_url("postgresql+psycopg://" + location.split("://", 1)[1])
    except (ArgumentError, IndexError, ValueError):
        raise InvalidError("The location of the state database is no `postgresql://user@host/name`.") from None
    if "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": "10"})
    engine = create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=24, pool_timeout=wait_s_max)

    def prepare(connection: Any, _record: object) -> None:  # Any: psycopg.Connection behind SQLAlchemy's hook
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {round(wait_s_max * 1000)}")
            cursor.execute("SET TIME ZONE 'UTC'")
            if schemas:
                cursor.execute(f"SET search_path = {schemas}")
        connection.commit()

    event.listen(engine, "connect", prepare)
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return reader, engine.execution_options(isolation_level="READ COMMITTED", postgresql_readonly=False)


def key_of(name: str) -> int:
    """Return the advisory lock's number for a name.

    >>> key_of("worker") == key_of("worker") != key_of("migrations")
    True
    """
    return (0x5245_4755 << 31) | zlib.crc32(name.encode()) >> 1  # "REGU" above, so that it clashes with nobody's
