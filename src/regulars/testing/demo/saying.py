"""What a demo says while it goes about its work: to stderr for people, nothing for programs, results to stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TextIO

import msgspec


class Saying:
    """Says things in lines; with `as_json` only results are said, as JSON."""

    def __init__(self, *, as_json: bool, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.as_json = as_json
        self._out = out or sys.stdout
        self._err = err or sys.stderr

    def note(self, text: str) -> None:
        """Say what is being done."""
        if not self.as_json:
            self._err.write(text + "\n")
            self._err.flush()

    def result(self, said: object, text: str) -> None:
        """Say what came of it."""
        self._out.write((msgspec.json.encode(said).decode() if self.as_json else text) + "\n")
        self._out.flush()

    @contextmanager
    def progress(self, title: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """Give a function that is told how many are done; draws a bar where somebody watches."""
        if self.as_json or not self._err.isatty():
            self.note(f"{title} …")
            yield lambda done: None  # noqa: ARG005 (nobody watches)
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(file=self._err)) as bar:
            task = bar.add_task(title, total=total)
            yield lambda done: bar.update(task, completed=done)


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows as aligned columns under their names.

    >>> print(table([{"fact": "sent", "figure": 12}]))
    fact  figure
    sent  12
    """
    if not rows:
        return ""
    names = list(rows[0])
    cells = [names, *([str(row.get(name, "")) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)
    return "\n".join(line.rstrip() for line in lines)
