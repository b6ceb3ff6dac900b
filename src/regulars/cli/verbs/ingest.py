"""`regulars ingest`: take a file in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from regulars.cli.voice import Voice, flags_of, json_option, settings_option

if TYPE_CHECKING:
    from regulars.app import Shop
    from regulars.catalog import ImportReport
    from regulars.events.imports import HistoryReport, RowMapping
    from regulars.kernel.tables import RowProblem

NAMES_SAID_MAX = 10
PROBLEMS_SAID_MAX = 10


@click.command(help="Take FILE (CSV, JSONL or Parquet) into the shop in the folder SHOP: past events, or items.")
@click.argument("shop", metavar="SHOP", type=click.Path())
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--catalog", "is_catalog", is_flag=True, help="The file holds items, not events.")
@click.option(
    "--mapping",
    "mapping_name",
    default="",
    metavar="NAME|FILE",
    help="What the columns mean: a mapping kept in the shop, a preset, or a JSON file. Without one, rows are calls.",
)
@click.option("--source", "source_name", default="Import", show_default=True, help="Name of the source of the events.")
@click.option("--dry-run", is_flag=True, help="Check every row, take none.")
@settings_option
@json_option
def command(  # noqa: PLR0913, PLR0917 (each is an option of the verb)
    shop: str,
    file: Path,
    is_catalog: bool,
    mapping_name: str,
    source_name: str,
    dry_run: bool,
    settings: tuple[str, ...],
    as_json: bool,
) -> int:
    """Take a file in and say what became of every row; 1 when rows were refused."""
    from regulars.app import open_shop

    voice = Voice(as_json=as_json)
    with open_shop(shop, flags=flags_of(settings)) as opened:
        if is_catalog:
            return _items(opened, file, voice, dry_run=dry_run)
        return _events(
            opened, file, voice, mapping=_mapping(opened, mapping_name), source_name=source_name, dry_run=dry_run
        )


def _mapping(shop: Shop, name: str) -> RowMapping:
    from regulars.events.imports import RowMapping
    from regulars.kernel.errors import InvalidError

    if not name:
        return RowMapping(row="call")
    if not name.endswith(".json"):
        return shop.imports.mapping(name)
    try:
        return msgspec.json.decode(Path(name).read_bytes(), type=RowMapping)
    except FileNotFoundError:
        raise InvalidError(f"There is no file {name!r} that says what the columns mean.") from None
    except msgspec.MsgspecError as error:
        raise InvalidError(f"{name!r} is no mapping: {error}. Export one from the console to begin with.") from None


def _items(shop: Shop, file: Path, voice: Voice, *, dry_run: bool) -> int:
    with voice.progress(file.name) as progress:
        report = shop.catalog.import_file(file, dry_run=dry_run, on_progress=lambda rows: progress(rows, 0, "rows"))
    beside = _beside(shop, report, file) if report.rejected_file else None
    said = {**msgspec.to_builtins(report), "rejected_file": beside}
    go = "would go" if dry_run else "went"
    text = f"{report.imported:,} of {report.rows:,} rows {go} into the catalogue."
    voice.result(said, "\n".join([text, *_with_problems(report.rejected, report.problems, beside)]))
    return 1 if report.rejected else 0


def _beside(shop: Shop, report: ImportReport, file: Path) -> str:
    """Lay the rows that did not go in beside the file that was given."""
    name, kept = shop.catalog.open_rejected(report.import_id)
    target = file.with_name(f"{file.stem}.rejected{Path(name).suffix}")
    with kept, target.open("wb") as beside:
        shutil.copyfileobj(kept, beside)
    return str(target)


def _events(shop: Shop, file: Path, voice: Voice, *, mapping: RowMapping, source_name: str, dry_run: bool) -> int:
    known = {source.name: source for source in shop.events.list_sources()}
    source = known.get(source_name) or shop.events.create_source(source_name, "import")
    with voice.progress(file.name) as progress:
        report, rejected_file = shop.imports.take_file(
            file,
            mapping,
            source_id=source.source_id,
            dry_run=dry_run,
            on_progress=lambda rows: progress(rows, 0, "rows"),
        )
    said = {"rejected_file": rejected_file, **msgspec.to_builtins(report)}
    voice.result(said, "\n".join(_told(report, rejected_file, mapping)))
    return 1 if report.refused else 0


def _told(report: HistoryReport, rejected_file: str | None, mapping: RowMapping) -> Iterator[str]:
    go = "would go into" if report.dry_run else "are in"
    what = f", as {_counted(report.events_total, 'event')}:" if report.taken else "."
    yield f"{report.taken:,} of {_counted(report.rows, 'row')} {go} the log{what}"
    for one in report.events[:NAMES_SAID_MAX]:
        yield f"  {one.count:,} {one.name}"
    if report.first_at and report.last_at:
        yield f"They happened between {report.first_at:%Y-%m-%d %H:%M} and {report.last_at:%Y-%m-%d %H:%M} UTC."
    yield from _known_before(report)
    for group in report.problems[:PROBLEMS_SAID_MAX]:
        at = f"row {group.row_numbers[0]}" + (f", {group.column}" if group.column else "")
        weight = {"refused": "refused", "note": "noted", "left_out": "left out"}[group.weight]
        yield f"  {_counted(group.rows, 'row')} {weight}, first {at}: {group.reason}"
    if rejected_file:
        yield f"Mend and give again: {rejected_file}"
    if report.refused and not report.taken and mapping.row == "call":
        yield "Each row was read as a call of an SDK. Where the columns mean something else, say what: --mapping NAME."
    if not report.dry_run and report.taken:
        yield "A running worker takes them in; without one, say: regulars work SHOP --once."


def _known_before(report: HistoryReport) -> Iterator[str]:
    """Say what of the file the shop knows already, and who of it is not clear."""
    if report.repeated:
        count = "counts" if report.repeated == 1 else "count"
        yield f"{_counted(report.repeated, 'event')} came before and {count} once."
    if report.customers:
        who = report.customers
        yield f"They are of {_counted(who.known, 'customer')} known already and {_counted(who.new, 'new one')}."
    if report.elsewhere:
        orders = _counted(report.elsewhere, "order")
        yield f"{orders} came through another source already and would count twice. Leave them out."
    for kind, shared in report.shared.items():
        yield f"{shared:,} of kind {kind} are shared by several people of the file and join nobody."


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _with_problems(rejected: int, problems: Sequence[RowProblem], file: str | None) -> Iterator[str]:
    if not rejected:
        return
    yield f"{rejected:,} {'was' if rejected == 1 else 'were'} refused:"
    alike: dict[tuple[str, str], list[int]] = {}
    for problem in problems:
        alike.setdefault((problem.column, problem.reason), []).append(problem.row)
    for (column, reason), rows in list(alike.items())[:PROBLEMS_SAID_MAX]:
        at = f"row {rows[0]}" if len(rows) == 1 else f"{len(rows):,} rows, first row {rows[0]}"
        yield f"  {at}{f', {column}' if column else ''}: {reason}"
    if len(alike) > PROBLEMS_SAID_MAX:
        yield f"  … and {len(alike) - PROBLEMS_SAID_MAX:,} more kinds of fault"
    if file:
        yield f"Mend and give again: {file}"
