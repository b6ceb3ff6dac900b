"""What imports do: keep a file, look at it, propose what it means, try it out, take it in, let it go again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Literal

import msgspec

from regulars.events.imports import store
from regulars.events.imports.core.mapping import MAPPING_NAME_CHARACTERS_MAX, RowMapping, checked
from regulars.events.imports.core.presets import PRESETS, Preset
from regulars.events.imports.core.proposing import Column, Proposal, columns_of, propose
from regulars.events.imports.elsewhere import KnowsOrders
from regulars.events.imports.layout import layout_of
from regulars.events.imports.places import Places, open_place
from regulars.events.imports.preview import HistoryPreview, preview_of
from regulars.events.imports.report import HistoryReport, SampleRow, shown_cells
from regulars.events.imports.running import Given, Intake, KnowsCustomers
from regulars.events.imports.store import FileRow
from regulars.events.imports.uploads import Upload, checked_name, folder_of
from regulars.events.plans.snapshot import Personal
from regulars.events.service import Events
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import ConflictError, InvalidError, NotFoundError, nearest
from regulars.kernel.eventlog import EventLog
from regulars.kernel.files import Files
from regulars.kernel.http import Page, decode_cursor, page_limit, page_of
from regulars.kernel.ids import SourceId, new_id
from regulars.kernel.jobs import JobProgress, Jobs
from regulars.kernel.sayings import Saying, said
from regulars.kernel.settings import ImportsSettings
from regulars.kernel.tables import Format, Layout, Row, format_of, open_table

CHECK_JOB, TAKE_JOB = "import-check", "import"
ROWS_LOOKED_AT = 1_000
RAW_ROWS_SHOWN = 20
DAY_US = 86_400 * MICROSECONDS_PER_SECOND
_JOB_UNKNOWN = said("job_unknown", "The job that worked on it is not known any more. Begin it again.")

State = Literal["received", "checking", "checked", "running", "done", "failed", "cancelled"]


class HistoryImport(msgspec.Struct, frozen=True, kw_only=True):
    """A file of history and how far it is.

    `file_kept` says whether the file still lies here; after that it can only be read about. `same_as` is an earlier
    import of the very same bytes: taken in again, every row of it counts once.
    """

    import_id: str
    name: str
    format: Format
    size_bytes: int
    state: State
    created_at: datetime
    changed_at: datetime
    source_id: str | None
    mapping: RowMapping | None
    mapping_name: str | None
    report: HistoryReport | None
    job_run_id: str | None
    progress: JobProgress | None
    error: str | None
    error_said: Saying | None
    file_kept: bool
    kept_until: datetime
    same_as: str | None


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """The first rows of a file as they stand, its columns, and what they might mean."""

    layout: Layout
    encodings: list[str]
    columns: list[Column]
    rows: list[SampleRow]
    proposal: Proposal


class NamedMapping(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping kept under a name."""

    name: str
    mapping: RowMapping
    changed_at: datetime


class Imports:
    """Files of history, and the mappings that have a name."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        log: EventLog,
        files: Files,
        events: Events,
        jobs: Jobs,
        settings: ImportsSettings | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._log = log
        self._files = files
        self._events = events
        self._jobs = jobs
        self._settings = settings or ImportsSettings()
        self._places = Places.of(self._settings.places)
        self.personal: Personal | None = None  # what tracking plans hash or drop at the door
        self.known_customers: KnowsCustomers | None = None
        self.known_orders: KnowsOrders | None = None
        self.before_taking: Callable[[], object] | None = None  # makes sure that plans can be asked what is personal

    # ------------------------------------------------------------------ files

    def receive(self, name: str) -> Upload:
        """Begin to take a file in; write its bytes to what is returned, then finish it.

        Raises
        ------
        InvalidError
            When its name promises no format that can be read.

        """
        return Upload(checked_name(name), files=self._files, clock=self._clock, bytes_max=self._settings.bytes_max)

    def add(self, uploaded: FileRow) -> HistoryImport:
        """Keep a file that has come in whole."""
        with self._database.write() as connection:
            store.add(connection, uploaded)
        return self.find(uploaded.import_id)

    def fetch(self, place: str) -> HistoryImport:
        """Take a file from a folder or an address that the setting `imports.places` allows.

        Raises
        ------
        ForbiddenError
            When the place is not under one of those.
        NotFoundError
            When there is no such file.

        """
        with open_place(self._places, place) as (name, file), self.receive(name) as upload:
            while chunk := file.read(1 << 20):
                upload.write(chunk)
            return self.add(upload.finish())

    def find(self, import_id: str) -> HistoryImport:
        """Return one import.

        Raises
        ------
        NotFoundError
            When there is none with this id.

        """
        row = self._row(import_id)
        with self._database.read() as connection:
            same = store.same_before(connection, row)
        return self._shown(row, same_as=same[1] if same else None)

    def newest(self, *, cursor: str | None = None, limit: int | None = None) -> Page[HistoryImport]:
        """Return imports, the newest first."""
        rows_max = page_limit(limit)
        before = decode_cursor(cursor, tuple[int, str]) or (store.FAR_FUTURE_US, "")
        with self._database.read() as connection:
            rows = store.newest(connection, before, rows_max + 1)
        return page_of(rows, limit=rows_max, place_of=lambda row: (row.created_us, row.import_id), item_of=self._shown)

    def remove(self, import_id: str) -> None:
        """Let a file go, with all that was kept about it; what went into the log stays there."""
        row = self._row(import_id)
        self._refuse_while_busy(row)
        self._files.delete(folder_of(import_id))
        with self._database.write() as connection:
            store.forget(connection, import_id)

    # ------------------------------------------------------------------ what it means

    def look(self, import_id: str, *, layout: Layout | None = None, country: str = "", zone: str = "") -> Look:
        """Return the first rows of a file and a mapping to begin with.

        Parameters
        ----------
        layout
            How the file is laid out, where that must be said; the encoding is found out when left open.
        country, zone
            Where the person is: for phone numbers without a country, and times without a zone.

        """
        row = self._row(import_id)
        with self.open_file(row) as file:
            chosen, encodings = layout_of(file, row.format, layout or Layout())
            table = open_table(file, row.format, layout=chosen)
            first = _first_rows(table.rows())
            cells = [one.cells for one in first if one.cells is not None]
            columns = columns_of(cells, table.columns)
        return Look(
            layout=chosen,
            encodings=encodings,
            columns=columns,
            rows=[SampleRow(row=one.number, cells=shown_cells(one)) for one in first[:RAW_ROWS_SHOWN]],
            proposal=propose(columns, layout=chosen, rows=cells, country=country, zone=zone),
        )

    def preview(self, import_id: str, mapping: RowMapping) -> HistoryPreview:
        """Return the first rows beside the events they would become, each problem at its cell."""
        row = self._row(import_id)
        with self.open_file(row) as file:
            return preview_of(file, format=row.format, mapping=mapping, now_us=self._clock.now_us())

    # ------------------------------------------------------------------ trying out, taking in

    def check(self, import_id: str, mapping: RowMapping, *, mapping_name: str | None = None) -> HistoryImport:
        """Begin to try the whole file out; the report comes with the job's end."""
        row = self._with_mapping(import_id, mapping, mapping_name)
        source = row.source_id or self._source_id()
        return self._begin(msgspec.structs.replace(row, state="checking", source_id=source), CHECK_JOB)

    def run(
        self, import_id: str, mapping: RowMapping, *, source_id: str | None = None, mapping_name: str | None = None
    ) -> HistoryImport:
        """Begin to take the file in, as a job that shows its progress and survives its process."""
        row = self._with_mapping(import_id, mapping, mapping_name)
        if source_id is not None:
            self._events.source(SourceId(source_id))
        source = source_id or row.source_id or self._source_id()
        return self._begin(msgspec.structs.replace(row, state="running", source_id=source), TAKE_JOB)

    def _with_mapping(self, import_id: str, mapping: RowMapping, mapping_name: str | None) -> FileRow:
        row = self._row(import_id)
        self._refuse_while_busy(row)
        with self.open_file(row) as file:
            columns = open_table(file, row.format, layout=mapping.layout).columns
        mapping = checked(mapping, columns)
        return msgspec.structs.replace(row, mapping=mapping, mapping_name=mapping_name)

    def _begin(self, row: FileRow, job: str) -> HistoryImport:
        row.changed_us = self._clock.now_us()
        row.job_run_id = None
        with self._database.write() as connection:
            store.change(connection, row)
        row.job_run_id = self._jobs.start(job, {"import_id": row.import_id, "begun_us": row.changed_us})
        with self._database.write() as connection:  # only this: the job may be at work already
            store.set_job_run(connection, row.import_id, row.job_run_id)
        return self._shown(row)

    def cancel(self, import_id: str) -> HistoryImport:
        """Stop what is under way with a file; what is in the log stays, and counts once if it is taken in again."""
        row = self._row(import_id)
        if row.job_run_id is not None:
            self._jobs.cancel(row.job_run_id)
        return self.find(import_id)

    def _refuse_while_busy(self, row: FileRow) -> None:
        shown = self._shown(row)
        if shown.state in {"checking", "running"}:
            raise ConflictError(
                said(
                    "import_worked_on",
                    "{file!r} is being worked on just now. Wait for it, or cancel it first.",
                    file=row.name,
                )
            )

    def _source_id(self) -> SourceId:
        """Return the source that imports come through when nobody names one; made when it is not there."""
        for source in self._events.list_sources():
            if source.kind == "import":
                return source.source_id
        return self._events.create_source("Import", "import").source_id

    def take_file(
        self,
        path: Path,
        mapping: RowMapping,
        *,
        source_id: str,
        dry_run: bool = False,
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> tuple[HistoryReport, str | None]:
        """Take a file in here and now, for programs that have the shop open; also return where rejected rows lie."""
        kind = format_of(path.name)

        def told(done: int, total: int | None, note: str) -> None:  # noqa: ARG001 (only rows are told)
            on_progress(done)

        rejected = path.with_name(f"{path.stem}.rejected.{'csv' if kind == 'csv' else 'jsonl'}")
        intake = self.intake(waits_for_worker=False)
        with path.open("rb") as file:
            import_id = new_id(self._clock.now_us())
            given = Given(file=file, format=kind, mapping=mapping, source_id=source_id, import_id=import_id)
            if dry_run:
                return intake.try_out(given, told)[0], None
            report = intake.take_in(given, told, open_rejected=lambda: rejected.open("wb"))
        return report, str(rejected) if report.has_rejected_file else None

    def intake(self, *, waits_for_worker: bool = True) -> Intake:
        """Return what takes files in."""
        if self.before_taking is not None:
            self.before_taking()
        return Intake(
            database=self._database,
            log=self._log,
            clock=self._clock,
            known_customers=self.known_customers,
            known_orders=self.known_orders,
            personal=self.personal,
            waits_for_worker=waits_for_worker,
        )

    def samples(self, import_id: str) -> list[SampleRow]:
        """Return the rows that the report names, as they stand in the file."""
        self._row(import_id)
        try:
            return msgspec.json.decode(self._files.read(f"{folder_of(import_id)}/samples.json"), type=list[SampleRow])
        except NotFoundError:
            return []

    def open_rejected(self, import_id: str) -> tuple[str, IO[bytes]]:
        """Return the name of an import's file of rejected rows, and the file, open; the caller closes it.

        Raises
        ------
        NotFoundError
            When there is none: all rows went in, or the files are gone by now.

        """
        row = self._row(import_id)
        path = rejected_path(row)
        try:
            file = self._files.open(path, "rb")
        except NotFoundError:
            raise NotFoundError(
                said(
                    "import_no_rejected",
                    "There are no rejected rows of {file!r}: all went in, or they are gone.",
                    file=row.name,
                )
            ) from None
        return f"{Path(row.name).stem}.{Path(path).name}", file

    # ------------------------------------------------------------------ mappings

    def presets(self) -> list[Preset]:
        """Return the mappings for files that many shops have."""
        return list(PRESETS)

    def mappings(self) -> list[NamedMapping]:
        """Return every mapping that has a name."""
        with self._database.read() as connection:
            rows = store.mappings(connection)
        return [NamedMapping(name=row.name, mapping=row.mapping, changed_at=moment(row.changed_us)) for row in rows]

    def mapping(self, name: str) -> RowMapping:
        """Return the mapping of a name, or of a preset.

        Raises
        ------
        NotFoundError
            When nothing is called so.

        """
        with self._database.read() as connection:
            row = store.mapping(connection, name)
            known = [each.name for each in store.mappings(connection)]
        if row is not None:
            return row.mapping
        presets = {preset.name: preset.mapping for preset in PRESETS}
        if name in presets:
            return presets[name]
        raise NotFoundError(f"No mapping is named {name!r}.{nearest(name, [*known, *presets])}")

    def save_mapping(self, name: str, mapping: RowMapping) -> NamedMapping:
        """Keep a mapping under a name, in place of the one that had it."""
        name = name.strip()
        if not 0 < len(name) <= MAPPING_NAME_CHARACTERS_MAX:
            raise InvalidError(
                said(
                    "mapping_name",
                    "A mapping's name has 1 to {most} characters, this one {length}.",
                    most=MAPPING_NAME_CHARACTERS_MAX,
                    length=len(name),
                )
            )
        mapping = checked(mapping)
        now_us = self._clock.now_us()
        with self._database.write() as connection:
            store.put_mapping(connection, name, mapping, now_us)
        return NamedMapping(name=name, mapping=mapping, changed_at=moment(now_us))

    def remove_mapping(self, name: str) -> None:
        """Forget a name."""
        with self._database.write() as connection:
            if not store.forget_mapping(connection, name):
                raise NotFoundError(f"No mapping is named {name!r}.")

    # ------------------------------------------------------------------ for jobs and for erasing

    def open_file(self, row: FileRow) -> IO[bytes]:
        """Return the file of an import, open."""
        if not row.kept:
            raise NotFoundError(
                said("import_not_kept", "The file {file!r} is not kept any more. Upload it again.", file=row.name)
            )
        return self._files.open(f"{folder_of(row.import_id)}/file.{row.format}", "rb")

    def keep(self, row: FileRow) -> None:
        """Keep what became of a file."""
        row.changed_us = self._clock.now_us()
        with self._database.write() as connection:
            store.change(connection, row)

    def row(self, import_id: str) -> FileRow:
        """Return a file's row, for the job that works on it."""
        return self._row(import_id)

    def write_samples(self, import_id: str, samples: Sequence[SampleRow]) -> None:
        """Keep the rows that a report names, beside the file they come from."""
        self._files.put_atomic(f"{folder_of(import_id)}/samples.json", msgspec.json.encode(samples))

    def let_old_files_go(self) -> int:
        """Remove files older than `imports.keep_days`; return how many. Reports stay, they hold no cell."""
        with self._database.read() as connection:
            old = store.kept_before(connection, self._clock.now_us() - self._settings.keep_days * DAY_US)
        gone = 0
        for row in old:
            if self._shown(row).state in {"checking", "running"}:
                continue
            self._files.delete(folder_of(row.import_id))
            self.keep(msgspec.structs.replace(row, kept=False))
            gone += 1
        return gone

    def kept_rows(self) -> list[FileRow]:
        """Return every file that lies here."""
        with self._database.read() as connection:
            return store.kept_before(connection, store.FAR_FUTURE_US)

    def _row(self, import_id: str) -> FileRow:
        with self._database.read() as connection:
            row = store.one(connection, import_id)
        if row is None:
            raise NotFoundError(f"There is no import {import_id[:60]!r}.")
        return row

    def _shown(self, row: FileRow, same_as: str | None = None) -> HistoryImport:
        state, progress, error, error_said = self._standing(row)
        return HistoryImport(
            import_id=row.import_id,
            name=row.name,
            format=row.format,
            size_bytes=row.size_bytes,
            state=state,
            created_at=moment(row.created_us),
            changed_at=moment(row.changed_us),
            source_id=row.source_id,
            mapping=row.mapping,
            mapping_name=row.mapping_name,
            report=msgspec.json.decode(row.report, type=HistoryReport) if row.report else None,
            job_run_id=row.job_run_id,
            progress=progress,
            error=error,
            error_said=error_said,
            file_kept=row.kept,
            kept_until=moment(row.created_us + self._settings.keep_days * DAY_US),
            same_as=same_as,
        )

    def _standing(self, row: FileRow) -> tuple[State, JobProgress | None, str | None, Saying | None]:
        state = msgspec.convert(row.state, State)
        if state not in {"checking", "running"} or row.job_run_id is None:
            return state, None, None, None
        try:
            run = self._jobs.find(row.job_run_id)
        except NotFoundError:
            return "failed", None, _JOB_UNKNOWN.text, _JOB_UNKNOWN.saying
        if run.state in {"failed", "cancelled"}:
            return msgspec.convert(str(run.state), State), run.progress, run.error, run.error_said
        return state, run.progress, run.error, run.error_said


def rejected_path(row: FileRow) -> str:
    """Return where an import's file of rejected rows lies."""
    return f"{folder_of(row.import_id)}/rejected.{'csv' if row.format == 'csv' else 'jsonl'}"


def _first_rows(rows: Iterator[Row]) -> list[Row]:
    return [row for row, _ in zip(rows, range(ROWS_LOOKED_AT), strict=False)]
