"""An import from first row to report: one walk to learn the columns' types, one to take the rows in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO

from regulars.catalog import store
from regulars.catalog.core import Attribute, Item
from regulars.catalog.imports.report import ImportReport
from regulars.catalog.imports.rows import TypeVotes, attributes_of, columns_of, item_of
from regulars.kernel.errors import InvalidError
from regulars.kernel.tables import Format, Row, RowProblem, Table, not_in, open_table

PROBLEMS_SHOWN_MAX = 5_000
ROWS_A_STEP = 1_000  # rows in memory at once, and items of one transaction
UNDECODED_SHARE_MAX = 0.05  # above it the file is in another encoding, not a few rows broken

Faulty = tuple[Row, list[RowProblem]]


class Import:
    """One file on its way in. `put` takes items in; on a dry run it is never called."""

    def __init__(
        self,
        file: IO[bytes],
        *,
        format: Format,  # noqa: A002 (its name in the API)
        known: dict[str, Attribute],
        default_kind: str,
        encoding: str | None = None,
    ) -> None:
        self._table: Table = open_table(file, format, encoding)
        self._format = format
        self._default_kind = default_kind
        self._columns = columns_of(self._table.columns or [])
        self._rows = 0
        self._imported = 0
        self._problems: list[RowProblem] = []
        self._problems_total = 0
        self._rejected = 0
        self.new_attributes = self._learn(known)
        self._known = known | {attribute.name: attribute for attribute in self.new_attributes}

    def _learn(self, known: dict[str, Attribute]) -> list[Attribute]:
        if self._table.columns is not None and "item_id" not in self._columns:
            raise InvalidError(
                "No column names the items: one must be called item_id (or id, product_id, asset_id, sku). "
                f"The file has {', '.join(map(repr, self._table.columns[:20]))}."
            )
        votes = TypeVotes()
        rows = undecoded = first_undecoded = 0
        for row in self._table.rows():
            rows += 1
            if row.cells is not None:
                votes.count(attributes_of(row.cells, self._columns_of(row)))
            elif row.is_undecoded:
                undecoded += 1
                first_undecoded = first_undecoded or row.number
        if undecoded > UNDECODED_SHARE_MAX * rows:
            raise InvalidError(not_in(self._table.encoding, first_undecoded))
        return votes.settled(known)

    def _columns_of(self, row: Row) -> dict[str, str]:
        return self._columns if self._table.columns is not None else columns_of(row.cells or {})

    def run(
        self,
        put: Callable[[list[Item]], None] | None,
        open_rejected: Callable[[], IO[bytes]] | None,
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Take every good row in through `put`, write the others to the file that `open_rejected` opens."""
        with store.SeenIds() as seen:
            faulty = self._walk(put, seen, on_progress)
            first = next(faulty, None)
            if first is None:
                return
            if open_rejected is None:
                for _ in faulty:
                    pass
                return
            with open_rejected() as file:
                self._table.rejected(file, _chained(first, faulty))

    def _walk(
        self, put: Callable[[list[Item]], None] | None, seen: store.SeenIds, on_progress: Callable[[int], None]
    ) -> Iterator[Faulty]:
        good: list[Item] = []
        for row in self._table.rows():
            self._rows += 1
            item, problems = self._read(row, seen)
            if item is not None:
                good.append(item)
            else:
                yield row, self._noted(problems)
            if len(good) >= ROWS_A_STEP:
                self._put(put, good)
                good = []
                on_progress(self._rows)
        self._put(put, good)
        on_progress(self._rows)

    def _put(self, put: Callable[[list[Item]], None] | None, good: list[Item]) -> None:
        if put is not None and good:
            put(good)
        self._imported += len(good)

    def _read(self, row: Row, seen: store.SeenIds) -> tuple[Item | None, list[RowProblem]]:
        if row.cells is None:
            return None, [RowProblem(row.number, "", row.fault or "The row cannot be read.")]
        item, faults = item_of(row.cells, self._columns_of(row), self._known, self._default_kind)
        if item is None:
            return None, [RowProblem(row.number, column, reason) for column, reason in faults]
        before = seen.first_row_of(item.item_id, row.number)
        if before is not None:
            reason = f"{item.item_id!r} stands in row {before} already; an id may occur once in a file."
            return None, [RowProblem(row.number, "item_id", reason)]
        return item, []

    def _noted(self, problems: list[RowProblem]) -> list[RowProblem]:
        self._rejected += 1
        self._problems_total += len(problems)
        room = PROBLEMS_SHOWN_MAX - len(self._problems)
        self._problems.extend(problems[:room])
        return problems

    def report(self, import_id: str, *, dry_run: bool, rejected_file: str | None) -> ImportReport:
        """Return what became of every row."""
        return ImportReport(
            import_id=import_id,
            format=self._format,
            encoding=self._table.encoding,
            dry_run=dry_run,
            rows=self._rows,
            imported=self._imported,
            rejected=self._rejected,
            problems=self._problems,
            problems_total=self._problems_total,
            rejected_file=rejected_file if self._rejected and not dry_run else None,
            attributes=self.new_attributes,
        )

    @property
    def rejected_ending(self) -> str:
        """Return how the name of the file of rejected rows ends."""
        return "csv" if self._format == "csv" else "jsonl"


def _chained(first: Faulty, rest: Iterator[Faulty]) -> Iterator[Faulty]:
    yield first
    yield from rest
