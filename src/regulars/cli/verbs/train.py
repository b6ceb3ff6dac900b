"""`regulars train`: learn from what happened."""

from __future__ import annotations

import click

from regulars.cli.voice import Voice, flags_of, json_option, settings_option, shop_argument


@click.command(
    help="Learn from what happened so far in the shop in the folder SHOP. A running shop takes the model up."
)
@shop_argument
@settings_option
@json_option
def command(shop: str, settings: tuple[str, ...], as_json: bool) -> int:
    """Train, and say what was learned from."""
    from regulars.app import open_shop
    from regulars.app.folder import existing_folder

    voice = Voice(as_json=as_json)
    with open_shop(existing_folder(shop), flags=flags_of(settings)) as opened, voice.progress("Training") as progress:
        model = opened.recommend.train(on_progress=progress)
    text = f"Model {model.version}: {model.interactions:,} interactions, {model.items:,} items, {model.seconds:.1f} s."
    voice.result(model, text)
    return 0
