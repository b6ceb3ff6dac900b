"""What an import says when it is done."""

from __future__ import annotations

import msgspec

from regulars.catalog.core import Attribute
from regulars.kernel.tables import Format, RowProblem


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
    problems: list[RowProblem]
    problems_total: int
    rejected_file: str | None
    attributes: list[Attribute]
