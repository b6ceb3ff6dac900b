"""`regulars serve`: run a shop."""

from __future__ import annotations

from typing import Literal

import click

from regulars.cli.voice import flags_of, json_option, settings_option, shop_argument


@click.command(help="Run a shop: the door, the API, the console and the worker, supervised. SHOP is its folder.")
@shop_argument
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option("--web-workers", type=click.IntRange(1, 64), help="Web processes.")
@click.option("--only", type=click.Choice(["web", "work"]), help="Run only the web, or only the worker.")
@settings_option
@json_option
def command(
    shop: str, only: Literal["web", "work"] | None, settings: tuple[str, ...], as_json: bool, **typed: object
) -> int:
    """Run a shop until it is told to stop."""
    from regulars.app.serve import serve

    flags = flags_of(settings) | {f"serve.{name}": str(value) for name, value in typed.items() if value is not None}
    return serve(shop, flags=flags, only=only, as_json=as_json)
