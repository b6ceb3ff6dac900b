"""Trying a file out and taking it in, as jobs: seen, cancelled, taken up again where they stood."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from regulars.events.imports.report import HistoryReport, Tally
from regulars.events.imports.running import Given
from regulars.events.imports.service import CHECK_JOB, TAKE_JOB, Imports, rejected_path
from regulars.events.imports.store import FileRow
from regulars.kernel.files import Files
from regulars.kernel.jobs import Job, JobRun


def jobs(imports: Imports, files: Files) -> list[Job]:
    """Return the jobs of imports."""
    return [
        Job(CHECK_JOB, lambda run: _check(imports, run), retries=0),
        Job(TAKE_JOB, lambda run: _take(imports, files, run)),
    ]


def _check(imports: Imports, run: JobRun) -> None:
    row = imports.row(str(run.args["import_id"]))
    assert row.mapping is not None, "a file is tried out by a mapping"
    assert row.source_id is not None, "and for a source"
    with imports.open_file(row) as file:
        given = Given(file=file, format=row.format, mapping=row.mapping, source_id=row.source_id)
        report, samples = imports.intake().try_out(given, run.progress)
    imports.write_samples(row.import_id, samples)
    _finish(imports, row, "checked", report)


def _take(imports: Imports, files: Files, run: JobRun) -> None:
    row = imports.row(str(run.args["import_id"]))
    assert row.mapping is not None, "a file is taken in by a mapping"
    assert row.source_id is not None, "and for a source"
    tally = msgspec.convert(run.state, Tally) if run.state is not None else None

    def checkpoint(tally: Tally, connection: Connection) -> None:
        run.checkpoint(msgspec.to_builtins(tally), connection)

    with imports.open_file(row) as file:
        given = Given(
            file=file, format=row.format, mapping=row.mapping, source_id=row.source_id, import_id=row.import_id
        )
        report = imports.intake().take_in(
            given,
            run.progress,
            tally=tally,
            checkpoint=checkpoint,
            open_rejected=lambda: files.open(rejected_path(row), "wb"),
        )
    if row.report is not None:  # whose rows they are was counted when the file was tried out
        tried = msgspec.json.decode(row.report, type=HistoryReport)
        report = msgspec.structs.replace(report, customers=tried.customers)
    _finish(imports, row, "done", report)


def _finish(imports: Imports, row: FileRow, state: str, report: HistoryReport) -> None:
    imports.keep(msgspec.structs.replace(row, state=state, report=msgspec.json.encode(report)))
