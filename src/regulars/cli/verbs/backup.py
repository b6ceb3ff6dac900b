"""`regulars backup`: copy a shop that goes on."""

from __future__ import annotations

import click

from regulars.cli.voice import Voice, flags_of, json_option, settings_option, shop_argument


@click.command(
    help="Copy the shop in the folder SHOP, while it goes on, to TARGET: a folder or an fsspec URL (s3://…). A second "
    "backup to the same place copies only what has changed."
)
@shop_argument
@click.argument("target", metavar="[TARGET]", required=False)
@click.option("--keep", type=click.IntRange(1), help="Let older backups go, but for so many.")
@click.option("--verify", "verified", is_flag=True, help="Restore it aside and compare, before it is called good.")
@click.option("--verify-only", is_flag=True, help="Take none; verify the newest one that is there.")
@settings_option
@json_option
def command(
    shop: str,
    target: str | None,
    keep: int | None,
    verified: bool,
    verify_only: bool,
    settings: tuple[str, ...],
    as_json: bool,
) -> int:
    """Take a backup, or verify one, and say what it holds."""
    from regulars.app import open_shop
    from regulars.app.folder import existing_folder

    voice = Voice(as_json=as_json)
    with (
        open_shop(existing_folder(shop), flags=flags_of(settings), partition=None) as opened,
        voice.progress("Verifying" if verify_only else "Backup") as progress,
    ):
        if verify_only:
            found = opened.backups.verify(place=target, told=progress)
        else:
            taken = opened.backups.take(target, keep=keep, verified=verified, told=progress)
    if verify_only:
        text = f"Backup {found.backup_id} is good: {found.rows:,} rows, {found.records:,} records of the log, "
        voice.result(found, text + f"{found.history_events:,} events of history, {found.chunks:,} chunks.")
        return 0
    text = f"Backup {taken.backup_id}: {taken.size_bytes / 1e6:,.1f} MB, {taken.new_bytes / 1e6:,.1f} MB of it new, "
    text += f"{taken.seconds:.1f} s" + (", verified." if taken.verified_at else ". Verify it: --verify-only.")
    voice.result(taken, text + " It holds keys and personal data: keep it where only you can read it.")
    return 0
