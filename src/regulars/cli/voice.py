"""How a verb speaks: for a person, or with `--json` for a program. Results go to stdout, all else to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar  # Any: click decorates functions of any signature

import click

F = TypeVar("F", bound=Callable[..., Any])

Progress = Callable[[int, int, str], None]


def json_option(function: F) -> F:
    """Give a verb `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")(function)


def shop_argument(function: F) -> F:
    """Give a verb the shop's folder as its first argument."""
    return click.argument("shop", metavar="SHOP", type=click.Path(readable=False), default="./shop")(function)


def settings_option(function: F) -> F:
    """Give a verb `--set section.name=value`."""
    return click.option(
        "--set", "settings", multiple=True, metavar="SECTION.NAME=VALUE", help="Set something for this run only."
    )(function)


def flags_of(settings: Sequence[str]) -> dict[str, str]:
    """Return `--set` values as the settings' flags.

    >>> flags_of(["serve.port=80"])
    {'serve.port': '80'}
    """
    wrong = [each for each in settings if "=" not in each]
    if wrong:
        raise click.UsageError(f"--set wants SECTION.NAME=VALUE, got {wrong[0]!r}.")
    return dict(each.split("=", 1) for each in settings)


class Voice:
    """Says results once, as text or as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def result(self, said: object, text: str) -> None:
        """Print a result: `said` as JSON for programs, `text` for people."""
        if self.as_json:
            import msgspec

            click.echo(msgspec.json.encode(said, order="deterministic").decode())
        else:
            click.echo(text)

    def note(self, text: str) -> None:
        """Say something on the way; programs do not hear it."""
        if not self.as_json:
            click.echo(text, err=True)

    @contextmanager
    def progress(self, title: str) -> Iterator[Progress]:
        """Give a function `(done, total, note)` that draws a bar, or prints nothing where nobody watches."""
        if self.as_json or not sys.stderr.isatty():
            yield lambda done, total, note: None  # noqa: ARG005 (the bar's signature; nobody watches)
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Bar(*columns, TextColumn("[dim]{task.fields[note]}"), console=Console(stderr=True)) as bar:
            task = bar.add_task(title, total=None, note="")
            yield lambda done, total, note: bar.update(task, completed=done, total=total or None, note=note)


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows as aligned columns under their names.

    >>> print(table([{"model": "blend", "ndcg": 0.17}, {"model": "popular", "ndcg": 0.02}]))
    model    ndcg
    blend    0.17
    popular  0.02
    """
    if not rows:
        return ""
    names = list(rows[0])
    cells = [names, *([str(row.get(name, "")) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )
