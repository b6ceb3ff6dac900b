"""Is the state database sound? What `regulars doctor` asks."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
from sqlalchemy import Connection, inspect, text

from regulars.kernel.database.migrations import MIGRATIONS_DONE
from regulars.kernel.database.postgresql import VERSION_MIN

FREE_BYTES_MIN = 500_000_000


class DatabaseCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What the database is made of, and what is wrong with it: each problem a sentence."""

    engine: str
    size_bytes: int
    migrations: dict[str, int]
    problems: list[str]


def check(connection: Connection, dialect: str) -> DatabaseCheck:
    """Look the database over; reads only."""
    looked = _sqlite(connection) if dialect == "sqlite" else _postgresql(connection)
    return msgspec.structs.replace(looked, migrations=_migrations(connection))


def _migrations(connection: Connection) -> dict[str, int]:
    if not inspect(connection).has_table("kernel_migrations"):
        return {}
    newest: dict[str, int] = {}
    for row in connection.execute(text(MIGRATIONS_DONE)):
        newest[row.capability] = max(row.number, newest.get(row.capability, 0))
    return dict(sorted(newest.items()))


def _sqlite(connection: Connection) -> DatabaseCheck:
    def pragma(name: str) -> str:
        return str(connection.exec_driver_sql(f"PRAGMA {name}").scalar())

    problems = []
    found = pragma("quick_check(1)")
    if found != "ok":
        problems.append(f"The file is damaged ({found.splitlines()[0]}). Restore a backup.")
    if pragma("journal_mode") != "wal":
        problems.append("The file is not in WAL mode: its file system may lack shared memory. Use a local disk.")
    path = Path(
        str(connection.exec_driver_sql("SELECT file FROM pragma_database_list WHERE name = 'main'").scalar_one())
    )
    free = shutil.disk_usage(path.parent).free
    if free < FREE_BYTES_MIN:
        problems.append(f"Only {free // 1_000_000} MB are free on the disk of the state database. Free some space.")
    version = str(connection.exec_driver_sql("SELECT sqlite_version()").scalar())
    return DatabaseCheck(engine=f"SQLite {version}", size_bytes=path.stat().st_size, migrations={}, problems=problems)


def _postgresql(connection: Connection) -> DatabaseCheck:
    def setting(name: str) -> str:
        return str(connection.exec_driver_sql(f"SHOW {name}").scalar())

    problems = []
    version = setting("server_version")
    if int(setting("server_version_num")) < VERSION_MIN * 10_000:
        problems.append(f"PostgreSQL {version} is too old. Regulars needs {VERSION_MIN} or newer.")
    if setting("server_encoding") != "UTF8":
        problems.append(f"The database stores text as {setting('server_encoding')}. Create it with ENCODING 'UTF8'.")
    if setting("synchronous_commit") == "off":
        problems.append("synchronous_commit is off: a power cut can lose what was acknowledged. Turn it on.")
    if setting("fsync") == "off":
        problems.append("fsync is off: a power cut can damage the database. Turn it on.")
    size = int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
    return DatabaseCheck(engine=f"PostgreSQL {version}", size_bytes=size, migrations={}, problems=problems)
