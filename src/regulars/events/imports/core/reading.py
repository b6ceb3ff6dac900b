"""One row, read by a mapping: who, when, what; and what is wrong with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal  # Any: cells of a stranger's file, JSON out

import msgspec

from regulars.events.clean import identifier
from regulars.events.evidence import PHONE, Person, derived
from regulars.events.imports.core.mapping import ANONYMOUS_ID, EMAIL, USER_ID, WEAK, RowMapping, Who
from regulars.events.imports.core.values import UnreadableValueError, text_of, value_of
from regulars.events.phones import e164
from regulars.events.times import time_reader
from regulars.kernel.tables import PROBLEM_COLUMN, Row

Cells = Mapping[str, Any]  # Any: a cell is whatever the file holds
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
FUTURE_US = 86_400 * 1_000_000  # a till's clock may be a day ahead; more is a wrong format


class RowFault(msgspec.Struct, frozen=True):
    """What is wrong with a row. `code` is stable; a `note` is said while the row goes in all the same."""

    code: str
    column: str
    reason: str
    weight: Literal["refused", "note", "left_out"] = "refused"


class Reading(msgspec.Struct, kw_only=True):
    """A row as its mapping reads it; to be used when `faults` holds nothing that refuses it."""

    row: Row
    faults: list[RowFault]
    person: Person = Person()
    when_us: int | None = None
    event: str = ""
    order_id: str = ""
    message_id: str = ""
    properties: dict[str, Any] = {}  # Any, here and below: JSON
    line: dict[str, Any] = {}
    traits: dict[str, Any] = {}

    @property
    def is_refused(self) -> bool:
        """Whether the row cannot go in."""
        return any(fault.weight == "refused" for fault in self.faults)

    @property
    def is_left_out(self) -> bool:
        """Whether the row is passed over by intent."""
        return any(fault.weight == "left_out" for fault in self.faults)


def cell_of(cells: Cells, column: str) -> Any:  # Any: a cell
    """Return a cell by its column; `customer.email` reaches into an object.

    >>> cell_of({"customer": {"email": "a@b.c"}}, "customer.email")
    'a@b.c'
    """
    if column in cells:
        return cells[column]
    found: Any = cells
    for name in column.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def is_empty(cell: Any) -> bool:  # Any: a cell
    """Return whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


class RowReader:
    """Reads rows by one mapping. `is_shared` says which e-mail addresses and phones several people of the file have."""

    def __init__(
        self,
        mapping: RowMapping,
        *,
        now_us: int,
        is_shared: Callable[[str, str], bool] = lambda kind, value: False,  # noqa: ARG005 (nobody shares anything)
    ) -> None:
        self._mapping = mapping
        self._now_us = now_us
        self._is_shared = is_shared
        self._moment = time_reader(mapping.when.format, mapping.when.zone) if mapping.when else None
        self._leave_out = {
            column: {value.strip().casefold() for value in values} for column, values in mapping.leave_out.items()
        }

    def read(self, row: Row) -> Reading:
        """Return what a row says."""
        if row.cells is None:
            fault = RowFault("unreadable_row", "", row.fault or "The row cannot be read.")
            return Reading(row=row, faults=[fault])
        cells, mapping = row.cells, self._mapping
        reading = Reading(row=row, faults=[])
        if self._is_blank(cells):
            reading.faults.append(RowFault("blank_row", "", "The row is empty.", "left_out"))
            return reading
        for column, values in self._leave_out.items():
            if text_of(cell_of(cells, column) or "").casefold() in values:
                reason = f"Rows are passed over where {column!r} says so."
                reading.faults.append(RowFault("left_out", column, reason, "left_out"))
                return reading
        reading.person = self.person(cells, reading.faults)
        self._read_time(cells, reading)
        self._read_name(cells, reading)
        self._read_values(cells, reading)
        if mapping.message_id:
            reading.message_id = text_of(cell_of(cells, mapping.message_id) or "")
            if not reading.message_id:
                reason = "The column that names each row is empty here."
                reading.faults.append(RowFault("no_message_id", mapping.message_id, reason))
        return reading

    def person(self, cells: Cells, faults: list[RowFault]) -> Person:
        """Return whom a row names; what cannot be an identifier is noted in `faults`."""
        user_id = anonymous_id = email = None
        external: list[tuple[str, str]] = []
        household: str | None = None
        for one in self._mapping.who:
            cell = cell_of(cells, one.column)
            value = None if is_empty(cell) else self._identifier(one, cell, faults)
            if value is None:
                continue
            if one.kind == USER_ID:
                user_id = value
            elif one.kind == ANONYMOUS_ID:
                anonymous_id = value
            elif one.kind in WEAK and not one.joins_shared and self._is_shared(one.kind, value):
                what = "e-mail address" if one.kind == EMAIL else "phone"
                reason = f"Several people of this file have this {what}; it joins none of them."
                faults.append(RowFault(f"shared_{one.kind}", one.column, reason, "note"))
                household = household or derived("known", "shared", one.kind, value)
            elif one.kind == EMAIL:
                email = value
            else:
                external.append((one.kind, value))
        external.sort(key=lambda pair: pair[0] == PHONE)  # the surest first; a phone is the least sure
        if not (user_id or anonymous_id or email or external):
            anonymous_id = household  # nobody else's, and not to be mistaken for one of those who share it
        return Person(user_id=user_id, anonymous_id=anonymous_id, email=email, external=tuple(external))

    def _identifier(self, one: Who, cell: Any, faults: list[RowFault]) -> str | None:  # Any: a cell
        text = text_of(cell)
        if one.kind == EMAIL:
            if _EMAIL.fullmatch(text):
                return text.lower()
            faults.append(RowFault("not_an_email", one.column, "This is no e-mail address; it is left out.", "note"))
            return None
        if one.kind == PHONE:
            number = e164(text, one.country)
            if number is None:
                where = f"in {one.country}" if one.country else "without a country"
                reason = f"This is no phone number {where}; it is left out."
                faults.append(RowFault("not_a_phone", one.column, reason, "note"))
            return number
        found = identifier(text, one.kind, [])
        if found is None:
            reason = "This value never identifies anybody; it is left out."
            faults.append(RowFault("never_an_identifier", one.column, reason, "note"))
        return found

    def order_id(self, cells: Cells) -> str:
        """Return the order that a line belongs to, empty when it names none."""
        said = [text_of(cell) for cell in (cell_of(cells, one) for one in self._mapping.order_id) if not is_empty(cell)]
        return "-".join(said) if len(said) == len(self._mapping.order_id) else ""

    def _read_time(self, cells: Cells, reading: Reading) -> None:
        when = self._mapping.when
        if when is None or self._moment is None:
            return
        parts = [cell_of(cells, column) for column in when.columns]
        if all(is_empty(part) for part in parts):
            if self._mapping.row != "customer" and not self._is_later_line(cells):
                reading.faults.append(RowFault("no_time", when.columns[0], "The time is missing."))
            return
        cell = parts[0] if len(parts) == 1 else " ".join(text_of(part) for part in parts if not is_empty(part))
        try:
            reading.when_us = self._moment(cell)
        except (ValueError, OverflowError, TypeError):
            reason = f"This is no time written as {when.format!r}."
            reading.faults.append(RowFault("not_a_time", when.columns[0], reason))
            return
        if reading.when_us > self._now_us + FUTURE_US:
            reason = "This lies in the future. Is the format of the time the right one?"
            reading.faults.append(RowFault("future_time", when.columns[0], reason))
        elif reading.when_us < 0:
            reading.faults.append(RowFault("not_a_time", when.columns[0], "This is before 1970."))

    def _is_later_line(self, cells: Cells) -> bool:
        """Return whether a line may leave out what the first of its order says, as Shopify's do."""
        orders = self._mapping.order_id if self._mapping.row == "order_line" else []
        return bool(orders) and not any(is_empty(cell_of(cells, column)) for column in orders)

    def _read_name(self, cells: Cells, reading: Reading) -> None:
        mapping = self._mapping
        if mapping.row == "order_line":
            reading.order_id = self.order_id(cells)
            if not reading.order_id:
                reason = "The line names no order."
                reading.faults.append(RowFault("no_order_id", mapping.order_id[0], reason))
        if not mapping.event_column:
            reading.event = mapping.event
            return
        said = text_of(cell_of(cells, mapping.event_column) or "")
        reading.event = mapping.event_names.get(said, said) or mapping.event
        if not reading.event and mapping.row == "event":
            reading.faults.append(RowFault("no_event_name", mapping.event_column, "What happened is missing."))

    def _read_values(self, cells: Cells, reading: Reading) -> None:
        homes: dict[str, dict[str, Any]] = {"event": {}, "line": {}, "customer": {}}  # Any: JSON
        for part in self._mapping.properties:
            try:
                value = value_of(cell_of(cells, part.column), part.type, decimal=part.decimal, unit=part.unit)
            except UnreadableValueError as error:
                reading.faults.append(RowFault(error.code, part.column, str(error)))
                continue
            if value is not None:
                homes[part.where][part.name] = value
        reading.properties, reading.line, reading.traits = homes["event"], homes["line"], homes["customer"]

    def _is_blank(self, cells: Cells) -> bool:
        if not is_empty(next(iter(cells.values()), None)) and next(iter(cells)) != PROBLEM_COLUMN:
            return False
        return all(is_empty(cell) for name, cell in cells.items() if name != PROBLEM_COLUMN)


def named_in(row: Row, reader: RowReader, wanted: Collection[tuple[str, str]]) -> bool:
    """Return whether a row names somebody by one of these identifiers (kind, value)."""
    return row.cells is not None and any(key in wanted for key in reader.person(row.cells, []).identifiers())
