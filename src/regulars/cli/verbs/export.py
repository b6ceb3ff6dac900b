"""`regulars export`: write data out."""

from __future__ import annotations

from pathlib import Path

import click

from regulars.cli.voice import Voice, json_option, shop_argument


@click.command(help="Write out what the shop in the folder SHOP knows: of one customer, or all events.")
@shop_argument
@click.option("--customer", metavar="ID", help="One customer by customer id, or by kind:value such as user_id:ann.")
@click.option("--events", is_flag=True, help="All events, as Parquet by day.")
@click.option(
    "--to", "target", required=True, type=click.Path(path_type=Path), help="A .zip for a customer, a folder for events."
)
@json_option
def command(shop: str, customer: str | None, events: bool, target: Path, as_json: bool) -> int:
    """Write one customer's data as a zip of JSON, or the events as Parquet."""
    from regulars.app import open_shop
    from regulars.app.folder import existing_folder

    if bool(customer) == events:
        raise click.UsageError("Say what to export: --customer ID, or --events.")
    voice = Voice(as_json=as_json)
    with open_shop(existing_folder(shop)) as opened:
        if customer:
            report = opened.export_customer(opened.customer_named(customer), target)
        else:
            with voice.progress("Exporting") as progress:
                report = opened.export_events(target, on_progress=progress)
    voice.result(report, f"Wrote {report.rows:,} rows in {report.files} files to {target}.")
    return 0
