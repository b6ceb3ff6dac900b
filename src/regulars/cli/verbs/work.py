"""`regulars work`: run a worker alone."""

from __future__ import annotations

import click

from regulars.cli.voice import Voice, flags_of, json_option, settings_option, shop_argument


@click.command(help="Run a worker alone, beside web processes of the same shop. SHOP is its folder.")
@shop_argument
@click.option("--once", is_flag=True, help="Take in what the log holds now, then stop.")
@settings_option
@json_option
def command(shop: str, once: bool, settings: tuple[str, ...], as_json: bool) -> int:
    """Read the log until told to stop, or once to its end."""
    flags = flags_of(settings)
    if not once:
        from regulars.app.serve import serve

        return serve(shop, flags=flags, only="work", as_json=as_json)
    from regulars.app import open_shop

    with open_shop(shop, flags=flags, partition="worker") as opened:
        taken = opened.catch_up()
    Voice(as_json=as_json).result({"records": taken}, f"Took in {taken:,} records.")
    return 0
