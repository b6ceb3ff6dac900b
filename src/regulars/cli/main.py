"""The command itself: finds the verb, and turns an error into one sentence and an exit status.

Exit status: 0 done; 1 it could not be done, and the sentence says why; 2 the command was not understood; 130 stopped.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any  # Any: click hands over whatever was typed

import click

from regulars import __version__
from regulars.kernel.errors import InvalidError, RegularsError, nearest

VERBS = {
    "demo": "Open a shop full of life: video (real), music or store (simulated).",
    "serve": "Run a shop: the door, the API, the console and the worker.",
    "work": "Run a worker alone, beside web processes on other machines.",
    "ingest": "Take a file of past events, or of items, in.",
    "plans": "Keep, infer and check tracking plans: what events must look like.",
    "replay": "Read a span of the log once more: count it, write it out, mend history, one customer.",
    "rebuild": "Make the state anew from the log, beside the one that answers.",
    "train": "Learn from what happened so far.",
    "evaluate": "Measure recommendations on a log of interactions, beside baselines.",
    "export": "Write out one customer's data, or the events as Parquet.",
    "backup": "Copy a running shop to a folder or object storage, and verify the copy.",
    "restore": "Put a shop back from its backups, as of now or of a moment.",
    "erase": "Forget a customer everywhere, for good.",
    "doctor": "Check the machine, the folder and the engines, and say what to do.",
}


class Verbs(click.Group):
    """The verbs by name, imported when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Return the verbs in the order of a day at the shop."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (as above)
        """Return one verb, None when there is none of that name."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"regulars.cli.verbs.{cmd_name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:  # Any: click's own
        """Name the nearest verb when the one typed does not exist."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            hint = nearest(args[0], list(VERBS))
            raise click.UsageError(f"There is no verb {args[0]!r}.{hint} The verbs: {', '.join(VERBS)}.", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 (as above)
        """List the verbs from the table above, so that help imports none of them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="regulars")
def regulars() -> None:
    """Run a shop that knows its regulars.

    `regulars demo` opens one full of life; `regulars serve ./shop` opens your own.
    """


def main() -> None:
    """Run what was typed."""
    as_json = "--json" in sys.argv
    try:
        status = regulars(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)
    except click.ClickException as error:
        if as_json:
            said = _said("usage", "That cannot be run", error.format_message())
            click.echo(json.dumps({"error": said}, ensure_ascii=False), err=True)
        else:
            error.show()
        sys.exit(error.exit_code)
    except RegularsError as error:
        say_error(error, as_json=as_json)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def _said(kind: str, title: str, detail: str, problems: Sequence[str] = ()) -> dict[str, object]:
    return {"kind": kind, "title": title, "detail": detail, "problems": list(problems)}


def say_error(error: RegularsError, *, as_json: bool) -> None:
    """Say what went wrong on the error stream: sentences, or one JSON object."""
    problems = list(error.problems) if isinstance(error, InvalidError) else []
    if as_json:
        said = _said(error.kind, error.title, str(error), problems)
        click.echo(json.dumps({"error": said}, ensure_ascii=False), err=True)
        return
    click.echo(f"{click.style('✗', fg='red')} {error}", err=True)
    for problem in problems:
        if problem not in str(error):
            click.echo(f"  · {problem}", err=True)
