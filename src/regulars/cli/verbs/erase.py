"""`regulars erase`: forget a customer."""

from __future__ import annotations

import click

from regulars.cli.voice import Voice, json_option, shop_argument


@click.command(
    help="Forget a customer of the shop in the folder SHOP everywhere: state, history, log, models. Cannot be undone."
)
@shop_argument
@click.option("--customer", metavar="ID", required=True, help="Customer id, or kind:value such as user_id:ann.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def command(shop: str, customer: str, yes: bool, as_json: bool) -> int:
    """Ask once, erase, and say what went where."""
    from regulars.app import open_shop
    from regulars.app.folder import existing_folder

    voice = Voice(as_json=as_json)
    with open_shop(existing_folder(shop)) as opened:
        customer_id = opened.customer_named(customer)
        if not yes:
            typed = click.prompt("This cannot be undone. Type the customer again to erase", err=True)
            if typed != customer:
                voice.note("Nothing was erased: what you typed differs.")
                return 1
        report = opened.erase(customer_id)
    went = ", ".join(f"{place} {count:,}" for place, count in report.rows.items()) or "nothing was kept"
    voice.result(report, f"Erased. Rows by place: {went}.")
    return 0
