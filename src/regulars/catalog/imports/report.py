"""What an import says when it is done."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal, get_args

import msgspec

from regulars.catalog.core import Attribute
from regulars.kernel.errors import InvalidError, nearest

Format = Literal["csv", "jsonl", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
_ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
}


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with one row. `row` counts as a spreadsheet does: the header of a CSV is row 1."""

    row: int
    column: str
    reason: str


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of every row.

    `problems` lists the first few thousand, `problems_total` counts all. `rejected_file` holds the rows that did not
    go in, each with its reasons, ready to be mended and imported again; None when there are none, or on a dry run.
    """

    import_id: str
    format: Format
    encoding: str
    dry_run: bool
    rows: int
    imported: int
    rejected: int
    problems: list[Problem]
    problems_total: int
    rejected_file: str | None
    attributes: list[Attribute]


def format_of(name: str) -> Format:
    """Return the format that a file's name promises.

    >>> format_of("songs.tsv"), format_of("Items.PARQUET")
    ('csv', 'parquet')

    Raises
    ------
    InvalidError
        When the ending promises none.

    """
    ending = PurePath(name).suffix.lower()
    if ending not in _ENDINGS:
        known = ", ".join(_ENDINGS)
        raise InvalidError(
            f"Nothing here reads a file that ends in {ending!r}; known are {known}.{nearest(ending, list(_ENDINGS))}"
        )
    return _ENDINGS[ending]
