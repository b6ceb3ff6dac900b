"""Puts a shop back from its backups: as it was at a point, into a folder that is empty or new.

Everything is made in a folder beside and gets its name last, so a restore that broke off leaves nothing behind that
looks like a shop. What happened after the state was copied is taken in from the log, quietly: nothing is sent again.
Whoever was forgotten since the backup is forgotten again.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from regulars.app import capabilities
from regulars.app.backup.core import FileCopy, LogPart, Manifest, Restored, base_for, parts_for
from regulars.app.backup.place import NewerBackupError, Place
from regulars.app.erasures import Erasure
from regulars.app.erasures.service import known_again
from regulars.events.core import acts_outward
from regulars.events.worker import Worker
from regulars.kernel.clock import Clock, SystemClock, moment
from regulars.kernel.database import Database, Migration, copying
from regulars.kernel.errors import ConflictError, InvalidError, NotFoundError
from regulars.kernel.eventlog import Record
from regulars.kernel.eventlog.restoring import write_partition
from regulars.kernel.settings import load_settings

if TYPE_CHECKING:
    from regulars.app.shop import Shop

Told = Callable[[int, int, str], None]
STATE_FILE = "state.db"
_decode_records = msgspec.msgpack.Decoder(list[tuple[int, int, bytes]]).decode


class QuietWorker(Worker):
    """A worker that takes in what the shop had taken in before it was lost; nothing leaves by it."""

    def _relay(self) -> int:
        return 0


def restore(
    place: Place,
    folder: Path,
    *,
    to_us: int | None = None,
    flags: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    told: Told = lambda done, total, note: None,  # noqa: ARG005 (nobody listens)
) -> Restored:
    """Restore the newest backup, or the shop as it was at a moment; return what was done.

    Parameters
    ----------
    place
        Where the backups lie.
    folder
        Where the shop shall stand: empty, or not there.
    to_us
        The moment, microseconds since 1970.
    flags
        Settings that go before the restored `regulars.toml`, such as another `state.url`.

    Raises
    ------
    ConflictError
        When the folder, or the PostgreSQL database, holds something.
    InvalidError
        When no backup reaches to this moment.
    NewerBackupError
        When a newer version wrote the backup.
    DamagedBackupError
        When a file of it is missing or damaged; it is named.

    """
    folder = folder.expanduser().resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConflictError(f"{str(folder)!r} is not empty. Restore into a new folder, and move it where it belongs.")
    manifests = place.manifests()
    base = base_for(manifests, to_us)
    refuse_newer(base)
    restoring = _Restoring(place, base, dict(flags or {}), clock or SystemClock(), told)
    replayed, forgotten = restoring.into(folder, parts_for(manifests, base, to_us), to_us)
    told(100, 100, "done")
    return Restored(
        backup_id=base.backup_id,
        folder=str(folder),
        to=moment(to_us if to_us is not None else base.ends_us),
        records_replayed=replayed,
        forgotten_again=forgotten,
    )


class _Restoring:
    """One restore on its way."""

    def __init__(self, place: Place, base: Manifest, flags: Mapping[str, str], clock: Clock, told: Told) -> None:
        self._place = place
        self._base = base
        self._flags = flags
        self._clock = clock
        self._told = told

    def into(self, folder: Path, parts: Sequence[LogPart], to_us: int | None) -> tuple[int, int]:
        """Make the shop beside and give it its name; return how many records took effect and who was forgotten."""
        place, base, flags, told = self._place, self._base, self._flags, self._told
        beside = folder.with_name(f"{folder.name}.restoring-{secrets.token_hex(4)}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside.mkdir(mode=0o700)
        is_filled = False
        try:
            put_files(place, base, beside, told)
            put_log(place, base, parts, beside / "log", to_us, told)
            _refuse_state(base, beside, flags)
            is_filled = True
            _put_state(place, base, beside, flags, told)
            done = _settle(place, base, beside, flags, self._clock, told)
            if folder.exists():
                folder.rmdir()
            beside.rename(folder)
        except BaseException:
            if is_filled:
                _empty_again(base, beside, flags)
            shutil.rmtree(beside, ignore_errors=True)
            raise
        return done


def refuse_newer(manifest: Manifest) -> None:
    """Refuse a backup whose tables this program does not know."""
    known: dict[str, int] = {}
    for step in capabilities.migrations():
        known[step.capability] = max(step.number, known.get(step.capability, 0))
    newer = sorted(name for name, number in manifest.migrations.items() if number > known.get(name, 0))
    if newer:
        raise NewerBackupError(
            f"Backup {manifest.backup_id} was written by Regulars {manifest.program}, whose tables of "
            f"{', '.join(newer)} this program does not know. Install that version to restore it."
        )


def put_files(place: Place, manifest: Manifest, folder: Path, told: Told) -> None:
    """Write every file of the folder."""
    for number, copy in enumerate(manifest.files):
        told(5 + 25 * number // max(1, len(manifest.files)), 100, "files")
        put_file(place, copy, folder / copy.path)


def put_file(place: Place, copy: FileCopy, path: Path) -> None:
    """Write one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        path.chmod(0o600)
        for chunk in copy.chunks:
            file.write(place.read(chunk, copy.path))


def _refuse_state(manifest: Manifest, folder: Path, flags: Mapping[str, str]) -> None:
    """Refuse where the state cannot go: to another engine, or to where a shop's state is already."""
    url = load_settings(folder, flags).state.url
    if manifest.state is not None:
        if url:
            raise InvalidError(
                "This backup is of a shop on SQLite, and state.url names PostgreSQL. Leave it out: --set state.url="
            )
        return
    if not url:
        raise InvalidError("This backup is of a shop on PostgreSQL. Name an empty database: --set state.url=…")
    with closing(Database.open(url)) as database, database.read() as connection:
        if copying.holds_shop(connection):
            raise ConflictError("The database holds a shop already. Name an empty one: --set state.url=…")


def _put_state(place: Place, manifest: Manifest, folder: Path, flags: Mapping[str, str], told: Told) -> None:
    told(50, 100, "the state")
    if manifest.state is not None:
        put_file(place, manifest.state, folder / STATE_FILE)
        return
    with closing(Database.open(load_settings(folder, flags).state.url)) as database:
        fill(place, manifest, database)


def _empty_again(manifest: Manifest, folder: Path, flags: Mapping[str, str]) -> None:
    """Leave a PostgreSQL database as empty as it was: a restore that broke off must not look like a shop."""
    url = load_settings(folder, flags).state.url
    if manifest.state is None and url:
        with closing(Database.open(url)) as database, database.write() as connection:
            copying.drop(connection, copying.tables(connection))


def fill(place: Place, manifest: Manifest, database: Database) -> None:
    """Make the tables as they were then, in an empty PostgreSQL database, and fill them."""
    database.migrate(steps_of(manifest))
    with database.write() as connection:
        for copy in reversed(manifest.tables):
            connection.exec_driver_sql(f'DELETE FROM "{copy.table}"')
        for copy in manifest.tables:
            parts = (place.read(chunk, f"table {copy.table}") for chunk in copy.chunks)
            copying.rows_in(connection, copy.table, copy.columns, parts)
            if copy.last_number is not None:
                copying.set_last_number(connection, copy.table, copy.last_number)


def steps_of(manifest: Manifest) -> list[Migration]:
    """Return the steps of the tables that had been taken when the backup was."""
    return [step for step in capabilities.migrations() if step.number <= manifest.migrations.get(step.capability, 0)]


def put_log(
    place: Place, manifest: Manifest, parts: Sequence[LogPart], folder: Path, to_us: int | None, told: Told
) -> int:
    """Write the log, as far as it is asked for; return how many records."""
    told(30, 100, "the log")
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for partition in sorted(manifest.trimmed.keys() | {part.partition for part in parts}):
        theirs = [part for part in parts if part.partition == partition]
        trimmed = manifest.trimmed.get(partition, theirs[0].first - 1 if theirs else 0)
        records = _records(place, theirs, after=trimmed, to_us=to_us)
        written += write_partition(folder, partition, records, trimmed=trimmed)
    return written


def _records(place: Place, parts: Sequence[LogPart], *, after: int, to_us: int | None) -> Iterator[Record]:
    for number, part in enumerate(parts):
        through = parts[number + 1].first - 1 if number + 1 < len(parts) else part.last
        for offset, accepted_us, payload in _decode_records(place.read(part.chunk, f"the log of {part.partition}")):
            if to_us is not None and accepted_us > to_us:
                return
            if after < offset <= through:
                yield Record(part.partition, offset, accepted_us, payload)


def _settle(
    place: Place, manifest: Manifest, folder: Path, flags: Mapping[str, str], clock: Clock, told: Told
) -> tuple[int, int]:
    """Open the shop, take in what the state had not, forget who was forgotten; return how many of each."""
    from regulars.app.shop import open_shop

    told(70, 100, "taking the rest of the log in")
    with open_shop(folder, flags=flags, partition=None, clock=clock) as shop:
        replayed = catch_up_quietly(shop, told)
        told(90, 100, "who was forgotten since")
        since = [one for one in place.erasures() if one.erasure_id not in manifest.erased]
        forgotten = _forget(shop, since)
        shop.erasures.keep(since)
        shop.events.publish_keys()
        return replayed, forgotten


def catch_up_quietly(shop: Shop, told: Told) -> int:
    """Take in what the log holds without sending anything; return how many records that were."""
    worker = QuietWorker(
        database=shop.database,
        log=shop.log,
        clock=shop.clock,
        projections=[one for one in capabilities.projections(shop) if not acts_outward(one)],
        settings=shop.settings.events,
        judge=shop.judge(),
    )
    taken = 0
    while step := worker.run_once():
        taken += step
        told(70, 100, f"{taken:,} records taken in again")
    return taken


def _forget(shop: Shop, erasures: Sequence[Erasure]) -> int:
    with shop.database.read() as connection:
        found = known_again(connection, erasures)
    forgotten = 0
    for customer in sorted(found):
        try:
            shop.erase(customer)
        except NotFoundError:
            continue  # they were one with somebody who went just before
        forgotten += 1
    return forgotten
