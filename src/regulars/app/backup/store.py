"""The rows of `backups_done`: which backups were taken from here, and whether they were verified."""

from __future__ import annotations

from typing import Any  # Any: rows as the driver gives them

from sqlalchemy import Connection, Row, text

from regulars.app.backup.core import Backup
from regulars.kernel.clock import moment
from regulars.kernel.database import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "backups",
        1,
        (
            """CREATE TABLE backups_done (
                backup_id TEXT NOT NULL PRIMARY KEY, place TEXT NOT NULL, at_us BIGINT NOT NULL,
                size_bytes BIGINT NOT NULL, new_bytes BIGINT NOT NULL, records BIGINT NOT NULL,
                seconds DOUBLE PRECISION NOT NULL, verified_us BIGINT, problem TEXT)""",
            "CREATE INDEX backups_done_by_time ON backups_done (at_us)",
            # One row: by which a place of backups knows whose they are. It goes with the shop when it is restored.
            "CREATE TABLE backups_shop (place INTEGER NOT NULL PRIMARY KEY CHECK (place = 1), shop_id TEXT NOT NULL)",
        ),
    ),
)
DERIVED_TABLES: tuple[str, ...] = ()

_COLUMNS = "backup_id, place, at_us, size_bytes, new_bytes, records, seconds, verified_us, problem"
_SET_SHOP = text("INSERT INTO backups_shop (place, shop_id) VALUES (1, :shop_id) ON CONFLICT (place) DO NOTHING")
_SHOP = text("SELECT shop_id FROM backups_shop WHERE place = 1")
_ADD = text(f"""
INSERT INTO backups_done ({_COLUMNS}) VALUES
    (:backup_id, :place, :at_us, :size_bytes, :new_bytes, :records, :seconds, NULL, NULL)""")
_VERIFIED = text("UPDATE backups_done SET verified_us = :now_us, problem = :problem WHERE backup_id = :backup_id")
# Which backups were taken, the newest first, after a place in the list?
_LIST = text(
    f"SELECT {_COLUMNS} FROM backups_done WHERE at_us < :before_us OR (at_us = :before_us AND backup_id < :before_id) "
    "ORDER BY at_us DESC, backup_id DESC LIMIT :limit"
)
_FORGET = text("DELETE FROM backups_done WHERE backup_id = :backup_id")


def shop_id(connection: Connection, fresh: str) -> str:
    """Return by which name backups know the shop; the one given becomes it when there is none."""
    connection.execute(_SET_SHOP, {"shop_id": fresh})
    return str(connection.execute(_SHOP).scalar_one())


def add(connection: Connection, backup: Backup, at_us: int) -> None:
    """Note a backup."""
    values = {name: getattr(backup, name) for name in ("backup_id", "place", "size_bytes", "new_bytes", "records")}
    connection.execute(_ADD, {**values, "seconds": backup.seconds, "at_us": at_us})


def set_verified(connection: Connection, backup_id: str, now_us: int, problem: str | None) -> None:
    """Note that a backup was verified, or what is wrong with it."""
    connection.execute(_VERIFIED, {"backup_id": backup_id, "now_us": now_us, "problem": problem})


def newest(connection: Connection, *, before: tuple[int, str], limit: int) -> list[Row[Any]]:
    """Return backups, the newest first."""
    return list(connection.execute(_LIST, {"before_us": before[0], "before_id": before[1], "limit": limit}))


def forget(connection: Connection, backup_ids: list[str]) -> None:
    """Drop backups that are there no more."""
    for backup_id in backup_ids:
        connection.execute(_FORGET, {"backup_id": backup_id})


def backup_of(row: Row[Any]) -> Backup:
    """Return a row as it is listed."""
    return Backup(
        backup_id=row.backup_id,
        at=moment(row.at_us),
        place=row.place,
        size_bytes=row.size_bytes,
        new_bytes=row.new_bytes,
        records=row.records,
        seconds=row.seconds,
        verified_at=None if row.verified_us is None or row.problem else moment(row.verified_us),
        problem=row.problem,
    )
