"""`regulars ingest`: take a file in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regulars.cli.voice import Voice, flags_of, json_option, settings_option

if TYPE_CHECKING:
    from regulars.app import Shop
    from regulars.kernel.tables import Problem

PROBLEMS_SAID_MAX = 10


@click.command(help="Take FILE (CSV, JSONL or Parquet) into the shop in the folder SHOP: past events, or items.")
@click.argument("shop", metavar="SHOP", type=click.Path())
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--catalog", "is_catalog", is_flag=True, help="The file holds items, not events.")
@click.option("--source", "source_name", default="Import", show_default=True, help="Name of the source of the events.")
@click.option("--dry-run", is_flag=True, help="Check every row, take none.")
@settings_option
@json_option
def command(
    shop: str,
    file: Path,
    is_catalog: bool,
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
        return _events(opened, file, voice, source_name=source_name, dry_run=dry_run)


def _items(shop: Shop, file: Path, voice: Voice, *, dry_run: bool) -> int:
    with voice.progress(file.name) as progress:
        report = shop.catalog.import_file(file, dry_run=dry_run, on_progress=lambda rows: progress(rows, 0, "rows"))
    text = f"{report.imported:,} of {report.rows:,} rows {'would go' if dry_run else 'went'} into the catalogue."
    voice.result(report, _with_problems(text, report.rejected, report.problems, report.rejected_file))
    return 1 if report.rejected else 0


def _events(shop: Shop, file: Path, voice: Voice, *, source_name: str, dry_run: bool) -> int:
    from regulars.app.ingest import ingest_events

    known = {source.name: source for source in shop.events.list_sources()}
    source = known.get(source_name) or shop.events.create_source(source_name, "import")
    with voice.progress(file.name) as progress:
        report = ingest_events(
            shop, file, source_id=source.source_id, dry_run=dry_run, on_progress=lambda rows: progress(rows, 0, "rows")
        )
    text = f"{report.taken:,} of {report.rows:,} rows {'would be' if dry_run else 'are'} in the log."
    if not dry_run:
        text += " A running worker takes them in; without one, say: regulars work --once."
    voice.result(report, _with_problems(text, report.rejected, report.problems, report.rejected_file))
    return 1 if report.rejected else 0


def _with_problems(text: str, rejected: int, problems: Sequence[Problem], file: str | None) -> str:
    if not rejected:
        return text
    lines = [text, f"{rejected:,} were refused:"]
    for problem in problems[:PROBLEMS_SAID_MAX]:
        column = f", {problem.column}" if problem.column else ""
        lines.append(f"  row {problem.row}{column}: {problem.reason}")
    if rejected > PROBLEMS_SAID_MAX:
        lines.append(f"  … and {rejected - PROBLEMS_SAID_MAX:,} more")
    if file:
        lines.append(f"Mend and give again: {file}")
    return "\n".join(lines)
