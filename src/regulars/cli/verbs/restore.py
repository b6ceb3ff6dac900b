"""`regulars restore`: put a shop back."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from regulars.cli.voice import Voice, flags_of, json_option, settings_option


@click.command(help="Put a shop back from the backups in BACKUP (a folder or URL) into the empty folder SHOP.")
@click.argument("backup", metavar="BACKUP")
@click.argument("shop", metavar="SHOP", type=click.Path(path_type=Path))
@click.option("--to", "to", metavar="TIME", help="As of a moment, such as 2026-11-25T18:30 (UTC unless it says so).")
@settings_option
@json_option
def command(backup: str, shop: Path, to: str | None, settings: tuple[str, ...], as_json: bool) -> int:
    """Restore, and say as of when."""
    from regulars.app.backup.place import Place
    from regulars.app.backup.restoring import restore

    voice = Voice(as_json=as_json)
    to_us = _moment_us(to) if to else None
    with closing(Place(backup)) as place, voice.progress("Restoring") as progress:
        found = restore(place, shop, to_us=to_us, flags=flags_of(settings), told=progress)
    lines = [
        f"The shop stands in {found.folder} as of {found.to:%Y-%m-%d %H:%M:%S} UTC, from backup {found.backup_id}.",
        f"{found.records_replayed:,} records of the log were taken in again; nothing was sent.",
    ]
    if found.forgotten_again:
        lines.append(f"{found.forgotten_again:,} customers who were forgotten since were forgotten again.")
    lines.append(f"Open it: regulars serve {found.folder}")
    voice.result(found, "\n".join(lines))
    return 0


def _moment_us(words: str) -> int:
    try:
        when = datetime.fromisoformat(words.strip())
    except ValueError:
        raise click.UsageError(f"--to wants a moment such as 2026-11-25T18:30, got {words!r}.") from None
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1_000_000)
