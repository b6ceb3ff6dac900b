"""What became of every row, counted: the same figures for a try and for the import itself. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal  # Any: a cell is whatever the file holds

import msgspec

from regulars.events.imports.core.calls import Unit
from regulars.events.imports.core.reading import RowFault
from regulars.events.imports.walking import Load
from regulars.kernel.clock import moment
from regulars.kernel.tables import Row

SAMPLE_ROWS = 5  # kept of each kind of problem, to be shown with their cells
GROUPS_MAX = 200
NAMES_MAX = 500
OTHER_NAMES = "…"


class ProblemGroup(msgspec.Struct, kw_only=True):
    """One kind of problem in one column: how many rows have it, and the first few.

    `refused` rows do not go in; of a `note` the row goes in all the same; `left_out` rows are passed over by intent.
    """

    code: str
    column: str
    reason: str
    weight: Literal["refused", "note", "left_out"]
    rows: int
    row_numbers: list[int]


class CustomerFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Whose rows these are. A customer is counted by the surest identifier a row has.

    `known` have been seen before, under any of their identifiers; `joining` of these are known as two or more customers
    today and become one, unless each has a user id of its own.
    """

    known: int
    new: int
    joining: int


class NameFigure(msgspec.Struct, frozen=True, kw_only=True):
    """How many events of a name come of the file."""

    name: str
    count: int


class HistoryReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file, or would.

    `repeated` events were in the log by an earlier import, or stood in the file before. `first_at` and `last_at` are
    the edges of what happened. `shared` counts e-mail addresses and phones that several people of the file have, and
    that therefore join nobody. `elsewhere` counts orders that came through another source already, at about the same
    time, and would count twice; only a try looks for them.
    """

    dry_run: bool
    rows: int
    taken: int
    refused: int
    left_out: int
    events: list[NameFigure]
    events_total: int
    repeated: int
    first_at: datetime | None
    last_at: datetime | None
    customers: CustomerFigures | None
    shared: dict[str, int]
    problems: list[ProblemGroup]
    has_rejected_file: bool = False
    elsewhere: int = 0


class Tally(msgspec.Struct, kw_only=True):
    """The figures while they grow. It is the checkpoint of an import, so it holds numbers and no cell of the file."""

    rows: int = 0
    units: int = 0
    last_row: int = 0
    taken: int = 0
    refused: int = 0
    left_out: int = 0
    events: dict[str, int] = {}
    repeated: int = 0
    first_us: int | None = None
    last_us: int | None = None
    problems: list[ProblemGroup] = []
    now_us: int = 0  # when the import began: what lies in the future is judged by it after a restart too

    def count(self, load: Load) -> None:
        """Take a load in."""
        for unit in load.units:
            self._count_unit(unit)
        self.last_row = max(self.last_row, load.last_row)
        for event in load.events:
            name = event.name if event.name in self.events or len(self.events) < NAMES_MAX else OTHER_NAMES
            self.events[name] = self.events.get(name, 0) + 1
            at_us = event.occurred_us
            self.first_us = at_us if self.first_us is None else min(self.first_us, at_us)
            self.last_us = at_us if self.last_us is None else max(self.last_us, at_us)

    def _count_unit(self, unit: Unit) -> None:
        self.units += 1
        self.rows += len(unit.rows)
        fate = unit.fate
        if fate == "taken":
            out = len({row.number for row, fault in unit.faults if fault.weight == "left_out"})
            self.taken += len(unit.rows) - out
            self.left_out += out
        elif fate == "refused":
            self.refused += len(unit.rows)
        else:
            self.left_out += len(unit.rows)
        for row, fault in unit.faults:
            self._count_fault(row, fault)

    def _count_fault(self, row: Row, fault: RowFault) -> None:
        for group in self.problems:
            if group.code == fault.code and group.column == fault.column:
                group.rows += 1
                if len(group.row_numbers) < SAMPLE_ROWS:
                    group.row_numbers.append(row.number)
                return
        if len(self.problems) < GROUPS_MAX:
            group = ProblemGroup(
                code=fault.code,
                column=fault.column,
                reason=fault.reason,
                weight=fault.weight,
                rows=1,
                row_numbers=[row.number],
            )
            self.problems.append(group)

    def report(
        self,
        *,
        dry_run: bool,
        customers: CustomerFigures | None = None,
        shared: dict[str, int] | None = None,
        has_rejected_file: bool = False,
        elsewhere: int = 0,
    ) -> HistoryReport:
        """Return the figures as they stand."""
        ranked = sorted(self.events.items(), key=lambda pair: (-pair[1], pair[0]))
        order = {"refused": 0, "note": 1, "left_out": 2}
        return HistoryReport(
            dry_run=dry_run,
            rows=self.rows,
            taken=self.taken,
            refused=self.refused,
            left_out=self.left_out,
            events=[NameFigure(name=name, count=count) for name, count in ranked],
            events_total=sum(self.events.values()),
            repeated=self.repeated,
            first_at=moment(self.first_us) if self.first_us is not None else None,
            last_at=moment(self.last_us) if self.last_us is not None else None,
            customers=customers,
            shared=shared or {},
            problems=sorted(self.problems, key=lambda group: (order[group.weight], -group.rows)),
            has_rejected_file=has_rejected_file,
            elsewhere=elsewhere,
        )


class SampleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the file, its cells as text, to show what a problem is about."""

    row: int
    cells: dict[str, str]


def samples_of(load: Load, wanted: Iterable[int]) -> list[SampleRow]:
    """Return those rows of a load that are wanted, as they stand in the file."""
    numbers = set(wanted)
    rows = {row.number: row for unit in load.units for row in unit.rows if row.number in numbers}
    return [SampleRow(row=number, cells=shown_cells(row)) for number, row in sorted(rows.items())]


def shown_cells(row: Row) -> dict[str, str]:
    """Return the cells of a row as text; one that cannot be read shows what it is made of."""
    if row.cells is not None:
        return {name: _shown(cell) for name, cell in row.cells.items()}
    raw = row.raw if isinstance(row.raw, list) else [row.raw]
    return {f"column {number}": _shown(cell) for number, cell in enumerate(raw, 1)}


def _shown(cell: Any) -> str:  # Any: a cell
    if cell is None:
        return ""
    if isinstance(cell, dict | list):
        return msgspec.json.encode(cell, enc_hook=str).decode()
    return str(cell).encode("utf-8", "replace").decode()
