"""`regulars doctor`: is everything well?"""

from __future__ import annotations

import click

from regulars.cli.voice import Voice, flags_of, json_option, settings_option, shop_argument

MARKS = {"good": ("✓", "green"), "watch": ("!", "yellow"), "bad": ("✗", "red")}


@click.command(help="Check the machine, the folder SHOP and the engines, and say what to do.")
@shop_argument
@settings_option
@json_option
def command(shop: str, settings: tuple[str, ...], as_json: bool) -> int:
    """Print every finding with its remedy; 1 when something is bad."""
    from regulars.app.doctor import examine

    findings = examine(shop, flags=flags_of(settings))
    lines = []
    for finding in findings:
        sign, colour = MARKS[finding.state]
        lines.append(f"{click.style(sign, fg=colour)} {finding.part}: {finding.found}")
        if finding.remedy:
            lines.append(f"    → {finding.remedy}")
    Voice(as_json=as_json).result(findings, "\n".join(lines))
    return 1 if any(finding.state == "bad" for finding in findings) else 0
