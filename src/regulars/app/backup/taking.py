"""Takes a backup of a shop that goes on: first the state at one moment, then what it names, then the log to its end.

The log is copied last, so it holds everything that the state has taken in. History's files never change; should one go
before it was copied, because it was merged or somebody was forgotten, the state is copied once more.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from regulars.app.backup import store
from regulars.app.backup.core import (
    CHUNK_BYTES,
    FORMAT,
    Backup,
    Engine,
    FileCopy,
    LogPart,
    Manifest,
    TableCopy,
    untouched,
)
from regulars.app.backup.place import Place, shown
from regulars.app.backup.reading import State, read_state
from regulars.app.erasures import Erasure
from regulars.kernel.clock import moment
from regulars.kernel.database import Database, copying
from regulars.kernel.errors import ConflictError, NotFoundError, UnavailableError
from regulars.kernel.eventlog import Record
from regulars.kernel.sayings import said

if TYPE_CHECKING:
    from regulars.app.shop import Shop

TRIES = 3
PART_BYTES = CHUNK_BYTES
SMALL_PART_BYTES = PART_BYTES // 2
RECORDS_A_READ = 2_000
# What lies in a shop's folder and is copied another way, or means nothing elsewhere.
LEFT_OUT = ("log/", "lake/", "state.", ".regulars-", ".state.")
LEFT_OUT_ENDINGS = (".lock", "-wal", "-shm", "-next", "-turn", "-rebuild", "-backup")

Told = Callable[[int, int, str], None]
encode_records = msgspec.msgpack.Encoder().encode


class Taking:
    """One backup on its way."""

    def __init__(self, shop: Shop, place: Place, told: Told) -> None:
        self._shop = shop
        self._place = place
        self._told = told
        self._before = place.manifests()
        self._last = self._before[-1] if self._before else None
        self._known_files = {one.path: one for one in self._last.files} if self._last else {}
        place.know(self._before)
        with shop.database.write() as connection:
            self._shop_id = store.shop_id(connection, secrets.token_hex(12))
        if self._last is not None and self._last.shop_id != self._shop_id:
            raise ConflictError(
                said(
                    "backup_of_another",
                    "This place holds the backups of another shop. Give this one a place of its own.",
                )
            )

    def take(self) -> tuple[Manifest, Backup]:
        """Take the backup; return it with how it is listed."""
        began_s = time.monotonic()
        erasures = self._shop.erasures.since(0)
        manifest = self._manifest(erasures)
        self._place.note_erasures(erasures)
        self._told(99, 100, "writing the manifest")
        self._place.publish(manifest)
        self._told(100, 100, "done")
        listed = Backup(
            backup_id=manifest.backup_id,
            at=moment(manifest.taken_us),
            place=shown(self._place.url),
            size_bytes=manifest.size_bytes,
            new_bytes=self._place.new_bytes,
            records=sum(part.last - part.first + 1 for part in manifest.log),
            seconds=round(time.monotonic() - began_s, 3),
            verified_at=None,
            problem=None,
        )
        return manifest, listed

    def _manifest(self, erasures: Sequence[Erasure]) -> Manifest:
        earliest_us = self._last.taken_us + 1 if self._last is not None else 0
        with tempfile.TemporaryDirectory(prefix="regulars-backup-") as scratch:
            for _ in range(TRIES):
                taken_us = max(self._shop.clock.now_us(), earliest_us)
                state, copy, tables = self._state(Path(scratch))
                try:
                    history = [self._history_file(path, size) for path, size in state.history]
                except NotFoundError:
                    continue  # merged or erased meanwhile: the state names other files by now
                break
            else:
                raise UnavailableError(
                    said("backup_history_changed", "History changed three times while it was copied. Try again later.")
                )
        self._told(60, 100, "files")
        rest = list(self._rest())
        self._told(75, 100, "the log")
        log, trimmed = self._log(erasures)
        import regulars

        return Manifest(
            format=FORMAT,
            backup_id=f"{moment(taken_us):%Y%m%dT%H%M%S}Z-{secrets.token_hex(4)}",
            shop_id=self._shop_id,
            program=regulars.__version__,
            engine=_engine(self._shop.database),
            migrations=state.migrations,
            taken_us=taken_us,
            reached=state.reached,
            trimmed=trimmed,
            state=copy,
            tables=tables,
            log=log,
            files=[*history, *rest],
            history_events=state.history_events,
            erased=[one.erasure_id for one in erasures if one.is_over],
        )

    def _state(self, scratch: Path) -> tuple[State, FileCopy | None, list[TableCopy]]:
        self._told(0, 100, "the state")
        if self._shop.database.dialect == "postgresql":
            return self._state_by_row()
        file = scratch / "state.db"
        file.unlink(missing_ok=True)
        rows = copying.copy_file(self._shop.database, file)
        copied = Database.open(str(file))
        try:
            with copied.read() as connection:
                state = read_state(connection)
        finally:
            copied.close()
        with file.open("rb") as content:
            chunks = list(self._place.keep_all(content))
        whole = FileCopy(path="state.db", size=file.stat().st_size, changed_ns=0, chunks=chunks)
        return state, whole, [TableCopy(table=table, rows=count) for table, count in rows.items()]

    def _state_by_row(self) -> tuple[State, None, list[TableCopy]]:
        with self._shop.database.read() as connection:
            state = read_state(connection)
            copies = []
            for table in copying.tables(connection):
                names = copying.columns(connection, table)
                chunks = [self._place.keep(part) for part in gathered(copying.rows_out(connection, table, names))]
                copies.append(
                    TableCopy(
                        table=table,
                        rows=copying.count(connection, table),
                        columns=names,
                        chunks=chunks,
                        last_number=copying.last_number(connection, table),
                    )
                )
        return state, None, copies

    def _history_file(self, path: str, size: int) -> FileCopy:
        known = self._known_file(path)
        if known is not None and known.size == size:
            return known
        with self._shop.files.open(path) as file:
            return FileCopy(path=path, size=size, changed_ns=0, chunks=list(self._place.keep_all(file)))

    def _rest(self) -> Iterator[FileCopy]:
        """Yield what else lies in the folder: models, settings, files that came in."""
        for path in self._shop.files.list():
            if path.startswith(LEFT_OUT) or path.endswith(LEFT_OUT_ENDINGS):
                continue
            try:
                about = (self._shop.folder / path).stat()
                known = self._known_file(path)
                if known is not None and (known.size, known.changed_ns) == (about.st_size, about.st_mtime_ns):
                    yield known
                    continue
                with self._shop.files.open(path) as file:
                    chunks = list(self._place.keep_all(file))
            except (FileNotFoundError, NotFoundError):
                continue  # an older model, let go this moment
            size = sum(chunk.size for chunk in chunks)
            yield FileCopy(path=path, size=size, changed_ns=about.st_mtime_ns, chunks=chunks)

    def _known_file(self, path: str) -> FileCopy | None:
        known = self._known_files.get(path)
        return known if known is not None and self._place.holds(known.chunks) else None

    def _log(self, erasures: Iterable[Erasure]) -> tuple[list[LogPart], dict[str, int]]:
        """Copy what has come since the last backup, and what was rewritten since."""
        log = self._shop.log
        trimmed = {partition: log.start(partition) for partition in log.partitions()}
        kept = self._kept_parts(erasures, trimmed)
        parts = list(kept)
        for partition in log.partitions():
            after = max([trimmed[partition], *(part.last for part in kept if part.partition == partition)])
            parts += self._parts_after(partition, after, log.end(partition))
        for part in parts:  # a part that was kept may begin before what the log has let go since
            trimmed[part.partition] = min(trimmed[part.partition], part.first - 1)
        return parts, trimmed

    def _kept_parts(self, erasures: Iterable[Erasure], trimmed: dict[str, int]) -> list[LogPart]:
        if self._last is None:
            return []
        seen = set(self._last.erased)
        rewritten: dict[str, list[int]] = {}
        for erasure in erasures:
            if erasure.erasure_id not in seen:
                for partition, offsets in erasure.rewritten.items():
                    rewritten.setdefault(partition, []).extend(offsets)
        standing = [
            part
            for part in self._last.log
            if part.last > trimmed.get(part.partition, part.last) and self._place.holds([part.chunk])
        ]
        return untouched(standing, rewritten, SMALL_PART_BYTES)

    def _parts_after(self, partition: str, after: int, through: int) -> Iterator[LogPart]:
        waiting: list[Record] = []
        size = 0
        while after < through:
            records = self._shop.log.read(partition, after=after, records_max=min(RECORDS_A_READ, through - after))
            if not records:
                break
            after = records[-1].offset
            for record in records:
                waiting.append(record)
                size += len(record.payload)
                if size >= PART_BYTES:
                    yield self._part(partition, waiting)
                    waiting, size = [], 0
        if waiting:
            yield self._part(partition, waiting)

    def _part(self, partition: str, records: Sequence[Record]) -> LogPart:
        content = encode_records([(one.offset, one.accepted_us, one.payload) for one in records])
        first, last = records[0], records[-1]
        return LogPart(
            partition=partition,
            first=first.offset,
            last=last.offset,
            first_us=first.accepted_us,
            last_us=last.accepted_us,
            chunk=self._place.keep(content),
        )


def gathered(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield small pieces gathered to chunks."""
    waiting: list[bytes] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= CHUNK_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _engine(database: Database) -> Engine:
    return "postgresql" if database.dialect == "postgresql" else "sqlite"
