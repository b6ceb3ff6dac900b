"""`regulars rebuild`: make the state anew from the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from regulars.cli.voice import Voice, flags_of, json_option, settings_option, shop_argument, table

if TYPE_CHECKING:
    from regulars.app.rebuild import RebuildComparison, RebuildReport

DIFFERENCES_SAID_MAX = 10


@click.command(
    help="Make the state of the shop in the folder SHOP anew from the log, beside the one that answers. The shop may "
    "be served meanwhile. Ctrl-C pauses; the same command goes on."
)
@shop_argument
@click.option(
    "--only", "parts", multiple=True, metavar="PART", help="One part alone, such as profiles; may be repeated."
)
@click.option("--check", is_flag=True, help="Only say what would be different; nothing takes the place of anything.")
@click.option("--discard", is_flag=True, help="Throw an unfinished rebuild away.")
@settings_option
@json_option
def command(
    shop: str, parts: tuple[str, ...], check: bool, discard: bool, settings: tuple[str, ...], as_json: bool
) -> int:
    """Rebuild and say what was done; with `--check` 1 when something would be different."""
    from regulars.app import open_shop
    from regulars.app.folder import existing_folder

    voice = Voice(as_json=as_json)
    with open_shop(existing_folder(shop), flags=flags_of(settings), partition=None) as opened:
        if discard:
            current = opened.rebuilds.current()
            if current is None:
                voice.result(None, "No rebuild is unfinished.")
                return 0
            voice.result(opened.rebuilds.discard(current.rebuild_id), "Thrown away. What answers stays as it is.")
            return 0
        with voice.progress("Rebuilding") as progress:
            report = opened.rebuild(parts or None, check=check, on_progress=progress)
    voice.result(report, _told(report))
    return 1 if report.comparison is not None and report.comparison.differs else 0


def _told(report: RebuildReport) -> str:
    lines = [
        f"{report.events:,} events were taken in again, {report.events_per_s:,.0f} a second."
        + (f" {report.from_history:,} of them came from history." if report.from_history else "")
    ]
    lines += report.notes
    if report.news:
        lines.append(f"{report.news:,} facts that nobody had been told before go to the log.")
    if report.swapped:
        lines.append(f"The new state answers: {', '.join(report.parts)}.")
    elif report.comparison is not None:
        lines += _compared(report.comparison)
        lines.append("What answers was not changed. Say the same without --check to go on from here.")
    return "\n".join(lines)


def _compared(found: RebuildComparison) -> list[str]:
    rows: list[dict[str, object]] = [
        {"table": one.table, "now": f"{one.before:,}", "rebuilt": f"{one.after:,}", "": _mark(one.before, one.after)}
        for one in found.tables
    ]
    lines = [table(rows)]
    lines.append(f"{found.identifiers_moved:,} identifiers would belong to somebody else.")
    lines.append(f"{len(found.profiles):,} of {found.profiles_sampled:,} sampled profiles would look different.")
    lines += [f"  {one.customer_id}: {', '.join(one.fields)}" for one in found.profiles[:DIFFERENCES_SAID_MAX]]
    return lines


def _mark(before: int, after: int) -> str:
    return "" if before == after else f"{after - before:+,}"
