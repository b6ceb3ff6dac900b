"""Is a backup good? It is restored to a scratch folder and compared with what its manifest says."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from regulars.app.backup.core import DamagedBackupError, Manifest, Verified, parts_for
from regulars.app.backup.place import Place
from regulars.app.backup.restoring import STATE_FILE, put_file, put_files, put_log, steps_of
from regulars.kernel.database import Database, copying
from regulars.kernel.database.beside import open_beside
from regulars.kernel.eventlog import open_log
from regulars.kernel.sayings import said
from regulars.lake import store as lake_store
from regulars.lake.core import FOLDER

if TYPE_CHECKING:
    from regulars.app.shop import Shop

Told = Callable[[int, int, str], None]


def verify(shop: Shop, place: Place, manifest: Manifest, told: Told) -> Verified:
    """Read every chunk, restore all of it aside, and compare; return how much was compared.

    Raises
    ------
    DamagedBackupError
        When something is missing, damaged, or not what the manifest says.

    """
    with tempfile.TemporaryDirectory(prefix="regulars-verify-") as name:
        folder = Path(name)
        put_files(place, manifest, folder, told)
        records = put_log(place, manifest, parts_for([manifest], manifest, None), folder / "log", None, told)
        _compare_log(manifest, folder / "log")
        told(60, 100, "the state")
        waiting = _file(place, manifest, folder) if manifest.state else _rows(shop, place, manifest)
        told(90, 100, "history")
        history = _history_rows(manifest, folder) + waiting
    if history != manifest.history_events:
        raise DamagedBackupError(
            said(
                "backup_history_differs",
                "Backup {backup} holds {found:,} events of history, its manifest says {expected:,}.",
                backup=manifest.backup_id,
                found=history,
                expected=manifest.history_events,
            )
        )
    told(100, 100, "verified")
    return Verified(
        backup_id=manifest.backup_id,
        chunks=len({chunk.sha256 for chunk in manifest.chunks()}),
        rows=sum(copy.rows for copy in manifest.tables),
        records=records,
        history_events=history,
    )


def _compare_log(manifest: Manifest, folder: Path) -> None:
    log = open_log(folder)
    try:
        ends = {partition: log.end(partition) for partition in log.partitions()}
    finally:
        log.close()
    for partition in manifest.trimmed:
        expected = max(
            [manifest.trimmed[partition], *(part.last for part in manifest.log if part.partition == partition)]
        )
        if ends.get(partition, 0) != expected or manifest.reached.get(partition, 0) > expected:
            raise DamagedBackupError(
                said(
                    "backup_log_differs",
                    "The log of {partition} ends at {found:,} when restored; backup {backup} says "
                    "{expected:,}, and its state has taken in {reached:,}.",
                    partition=partition,
                    found=ends.get(partition, 0),
                    backup=manifest.backup_id,
                    expected=expected,
                    reached=manifest.reached.get(partition, 0),
                )
            )


def _file(place: Place, manifest: Manifest, folder: Path) -> int:
    """Compare a SQLite state; return how many events wait to become history."""
    assert manifest.state is not None, "asked for a state in a file"
    file = folder / STATE_FILE
    put_file(place, manifest.state, file)
    if not copying.is_whole(file):
        raise DamagedBackupError(
            said(
                "backup_state_damaged",
                "The state of backup {backup} is damaged. Restore an older backup.",
                backup=manifest.backup_id,
            )
        )
    _compare_rows(manifest, copying.rows_of(file))
    database = Database.open(str(file))
    try:
        with database.read() as connection:
            return lake_store.waiting(connection)[0]
    finally:
        database.close()


def _rows(shop: Shop, place: Place, manifest: Manifest) -> int:
    """Compare a PostgreSQL state, filled into a schema of its own; return how many events wait to become history."""
    beside = open_beside(shop.database, f"verify{secrets.token_hex(4)}")
    try:
        names = [copy.table for copy in manifest.tables]
        beside.begin(steps_of(manifest), own=names)
        with beside.database.write() as connection:
            for copy in reversed(manifest.tables):
                connection.exec_driver_sql(f'DELETE FROM "{copy.table}"')
            for copy in manifest.tables:
                parts = (place.read(chunk, f"table {copy.table}") for chunk in copy.chunks)
                copying.rows_in(connection, copy.table, copy.columns, parts)
        with beside.database.read() as connection:
            _compare_rows(manifest, {name: copying.count(connection, name) for name in names})
            return lake_store.waiting(connection)[0]
    finally:
        beside.discard()


def _compare_rows(manifest: Manifest, found: Mapping[str, int]) -> None:
    wrong = [copy for copy in manifest.tables if found.get(copy.table) != copy.rows]
    if wrong:
        first = wrong[0]
        raise DamagedBackupError(
            said(
                "backup_rows_differ",
                "Table {table} has {found:,} rows when restored; backup {backup} says {expected:,}.",
                table=first.table,
                found=found.get(first.table, 0),
                backup=manifest.backup_id,
                expected=first.rows,
            )
        )


def _history_rows(manifest: Manifest, folder: Path) -> int:
    import pyarrow.parquet as pq

    paths = [copy.path for copy in manifest.files if copy.path.startswith(f"{FOLDER}/")]
    return sum(int(pq.read_metadata(folder / path).num_rows) for path in paths)
