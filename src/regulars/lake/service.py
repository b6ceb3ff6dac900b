"""History: every event as a row of Parquet by day, each exactly once, asked by Ibis expressions.

The worker stages rows in its own transaction. A flush writes them to files and, in one transaction, takes them from
what waits and makes the files part of history. A crash in between leaves a file that nobody reads and the next sweep
removes. Files are never changed: a merge or an erasure writes new ones and swaps them in.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection

from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import NotFoundError, UnavailableError
from regulars.kernel.files import Files
from regulars.kernel.ids import new_id
from regulars.kernel.sayings import said
from regulars.kernel.settings import LakeSettings
from regulars.lake import parquet, store
from regulars.lake.core import (
    FILE_EVENTS_MAX,
    FOLDER,
    MERGE_FILES_MIN,
    Forgotten,
    LakeFile,
    LakeRow,
    begun_us,
    day_of,
    files_to_merge,
    path_of,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

FLUSH_EVENTS_MAX = 200_000  # held in memory by one flush: some 200 MB
QUERY_GRACE_S = 600  # how long a query may go on reading a file that a merge replaced
ORPHAN_S = 3600  # a file that no row knows after this time was left by a crash

_log = logging.getLogger(__name__)


class LakeSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How much history there is: in files, and waiting to be written."""

    files: int
    events: int
    size_bytes: int
    first_day: str | None
    last_day: str | None
    waiting_events: int
    oldest_waiting_s: float


class Lake:
    """The history of a shop."""

    def __init__(self, database: Database, clock: Clock, files: Files, settings: LakeSettings) -> None:
        self._database = database
        self._clock = clock
        self._files = files
        self._settings = settings

    def stage(self, connection: Connection, rows: Sequence[LakeRow], now_us: int) -> None:
        """Keep rows until the next flush, in the caller's transaction."""
        if rows:
            store.stage(connection, rows, now_us)

    def summary(self) -> LakeSummary:
        """Return how much history there is."""
        with self._database.read() as connection:
            waiting, oldest_us = store.waiting(connection)
            totals = store.totals(connection)
        now_us = self._clock.now_us()
        age_us = 0 if oldest_us is None else max(0, now_us - oldest_us)
        return LakeSummary(**totals._mapping, waiting_events=waiting, oldest_waiting_s=age_us / MICROSECONDS_PER_SECOND)

    def flush_is_due(self) -> bool:
        """Return whether enough waits, or something has waited long enough."""
        with self._database.read() as connection:
            waiting, oldest_us = store.waiting(connection)
        if oldest_us is None:
            return False
        old_us = self._clock.now_us() - self._settings.flush_s * MICROSECONDS_PER_SECOND
        return waiting >= self._settings.flush_events or oldest_us <= old_us

    def flush(self) -> int:
        """Write what waits and return how many events were written; several flushes at once do no harm."""
        written = 0
        while True:
            with self._database.read() as connection:
                pending = store.next_pending(connection, events_max=FLUSH_EVENTS_MAX)
            if not pending:
                return written
            rows = [row for staged in pending for row in store.rows_of(staged)]
            files = self._write_days(rows, first_seq=pending[0].seq, last_seq=pending[-1].seq)
            with self._database.write(lock="lake") as connection:
                ours = store.unstage(connection, pending)
                if ours:
                    store.add_files(connection, files, self._clock.now_us())
                else:
                    connection.rollback()
            if not ours:  # another flush, or an erasure, was faster
                self._delete([file.path for file in files])
                continue
            written += len(rows)

    def days_to_compact(self) -> list[str]:
        """Return the days of which some files are worth merging."""
        with self._database.read() as connection:
            days = store.days_with_small_files(connection, events_max=FILE_EVENTS_MAX, files_min=MERGE_FILES_MIN)
            return [day for day in days if files_to_merge(store.live_files(connection, day))]

    def compact(self) -> int:
        """Merge small files of each day where that is worth it, and return how many files went."""
        return sum(self.compact_day(day) for day in self.days_to_compact())

    def compact_day(self, day: str) -> int:
        """Merge the small files of one day where that is worth it, and return how many files went."""
        with self._database.read() as connection:
            old = files_to_merge(store.live_files(connection, day))
        if not old:
            return 0
        table = parquet.merged([parquet.decoded(self._files.read(file.path)) for file in old])
        new = self._write(
            table, day, first_seq=min(file.first_seq for file in old), last_seq=max(file.last_seq for file in old)
        )
        grace_us = QUERY_GRACE_S * MICROSECONDS_PER_SECOND
        return len(old) - 1 if self._swap(old, [new], delete_us=self._clock.now_us() + grace_us) else 0

    def sweep(self) -> int:
        """Remove the bytes of files that are no longer part of history, and return how many files went."""
        now_us = self._clock.now_us()
        with self._database.read() as connection:
            gone = store.retired(connection, now_us)
            known = store.known_paths(connection)
        orphans = [path for path in self._files.list(FOLDER) if path not in known and _is_old(path, now_us)]
        self._delete([*gone, *orphans])
        with self._database.write(lock="lake") as connection:
            for path in gone:
                store.forget_file(connection, path)
        return len(gone) + len(orphans)

    def erase(self, forgotten: Forgotten) -> int:
        """Remove every event of somebody, from what waits and from every file, and return how many went.

        May be called again after a crash. Events that the worker has not taken in yet are not seen here.
        """
        if not forgotten:
            return 0
        erased = self._erase_waiting(forgotten)
        looked_at: set[str] = set()
        while fresh := [file for file in self._live() if file.path not in looked_at]:
            for file in fresh:
                looked_at.add(file.path)
                if self._holds(file, forgotten):
                    erased += self._erase_from(file, forgotten)
        with self._database.write(lock="lake") as connection:
            store.hurry(connection)
        self.sweep()
        return erased

    def events(self) -> ir.Table:
        """Return history as an Ibis table, to build expressions on; needs no data and no engine."""
        from regulars.lake import query

        return query.events()

    def query(self, expression: ir.Expr, *, written_since_us: int = 0) -> pa.Table:
        """Return the answer to an expression over `events()`, of all that was taken in so far.

        The answer is of one moment: files and what still waits are taken together, each event once.
        Ready questions (events by day, sessions, funnels) stand in `regulars.lake.expressions`. With
        `written_since_us` only files written since then are read, and what waits: enough for whoever asks only for
        what took effect since, and much less to read.
        """
        from regulars.lake import query

        while True:
            with self._database.read() as connection:
                files = store.live_files_since(connection, written_since_us)
                waiting = [row for staged in store.all_pending(connection) for row in store.rows_of(staged)]
            try:
                return query.run(expression, [str(self._files.local_path(file.path)) for file in files], waiting)
            except query.FileGoneError as error:
                with self._database.read() as connection:
                    same = store.live_files_since(connection, written_since_us) == files
                if same:
                    raise UnavailableError(
                        said("history_damaged", "A file of history is missing or damaged. Restore a backup.")
                    ) from error

    def walk(self, expression: ir.Expr, *, rows_a_time: int = 10_000) -> Iterator[list[LakeRow]]:
        """Yield events of history, some at a time: the answer to an expression over `events()` with all its columns.

        Raises
        ------
        UnavailableError
            When a file went away or is damaged; the walk may be begun again.

        """
        from regulars.lake import query

        with self._database.read() as connection:
            files = store.live_files(connection)
            waiting = [row for staged in store.all_pending(connection) for row in store.rows_of(staged)]
        paths = [str(self._files.local_path(file.path)) for file in files]
        try:
            for batch in query.walk(expression, paths, waiting, rows_a_time=rows_a_time):
                yield parquet.rows_of(batch)
        except query.FileGoneError as error:
            raise UnavailableError(
                said("history_gone", "A file of history went away or is damaged. Try again, or restore it.")
            ) from error

    def walk_log(self, spans: Mapping[str, tuple[int, int]], *, rows_a_time: int = 10_000) -> Iterator[list[LakeRow]]:
        """Yield the events of spans of the log in its order, as `walk` does; see `expressions.in_log_order`."""
        from regulars.lake.expressions import in_log_order

        return self.walk(in_log_order(self.events(), spans), rows_a_time=rows_a_time)

    def _live(self) -> list[LakeFile]:
        with self._database.read() as connection:
            return store.live_files(connection)

    def _write_days(self, rows: Sequence[LakeRow], *, first_seq: int, last_seq: int) -> list[LakeFile]:
        by_day: dict[str, list[LakeRow]] = {}
        days: dict[int, str] = {}
        for row in rows:
            number = row.occurred_us // 86_400_000_000
            if number not in days:
                days[number] = day_of(row.occurred_us)
                by_day[days[number]] = []
            by_day[days[number]].append(row)
        return [
            self._write(parquet.sorted_table(parquet.table_of(of_day)), day, first_seq=first_seq, last_seq=last_seq)
            for day, of_day in sorted(by_day.items())
        ]

    def _write(self, table: pa.Table, day: str, *, first_seq: int, last_seq: int) -> LakeFile:
        path = path_of(day, first_seq=first_seq, last_seq=last_seq, token=new_id(self._clock.now_us()))
        content = parquet.encoded(table)
        self._files.put_atomic(path, content)
        return LakeFile(
            path=path,
            day=day,
            first_seq=first_seq,
            last_seq=last_seq,
            events=table.num_rows,
            size_bytes=len(content),
        )

    def _swap(self, old: Sequence[LakeFile], new: Sequence[LakeFile], *, delete_us: int) -> bool:
        with self._database.write(lock="lake") as connection:
            done = store.retire(connection, [file.path for file in old], delete_us=delete_us)
            if done:
                store.add_files(connection, new, self._clock.now_us())
            else:
                connection.rollback()
        if not done:  # another merge or erasure was faster
            self._delete([file.path for file in new])
        return done

    def _erase_waiting(self, forgotten: Forgotten) -> int:
        erased = 0
        with self._database.write(lock="lake") as connection:
            for staged in store.all_pending(connection):
                rows = store.rows_of(staged)
                stay = [row for row in rows if not _covers(forgotten, row)]
                if len(stay) < len(rows):
                    store.restage(connection, staged, stay)
                    erased += len(rows) - len(stay)
        return erased

    def _holds(self, file: LakeFile, forgotten: Forgotten) -> bool:
        try:
            return parquet.holds(self._files.read(file.path), forgotten)
        except NotFoundError:
            if file in self._live():
                raise
            return False  # replaced meanwhile, by a file that the next round looks at

    def _erase_from(self, file: LakeFile, forgotten: Forgotten) -> int:
        try:
            table = parquet.decoded(self._files.read(file.path))
        except NotFoundError:
            return 0
        stays = parquet.without(table, forgotten)
        seqs = {"first_seq": file.first_seq, "last_seq": file.last_seq}
        new = [self._write(stays, file.day, **seqs)] if stays.num_rows else []
        return table.num_rows - stays.num_rows if self._swap([file], new, delete_us=0) else 0

    def _delete(self, paths: Sequence[str]) -> None:
        for path in paths:
            self._files.delete(path)


def _is_old(path: str, now_us: int) -> bool:
    begun = begun_us(path)
    return begun is not None and now_us - begun >= ORPHAN_S * MICROSECONDS_PER_SECOND


def _covers(forgotten: Forgotten, row: LakeRow) -> bool:
    return forgotten.covers(
        user_id=row.user_id, anonymous_id=row.anonymous_id, previous_id=row.previous_id
    ) or forgotten.covers_fact(source_id=row.source_id, properties=row.properties)
