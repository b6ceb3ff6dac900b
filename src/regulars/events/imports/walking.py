"""A file from its first row to its last: rows in, loads of checked calls out. Nothing is written here.

Every call is put to the door's own rules before it may go in. The same file and mapping give the same loads, so that a
walk that was cut short is taken up where it stood.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Self

import msgspec

from regulars.events.core import Event
from regulars.events.decode import read_request
from regulars.events.evidence import PHONE, Person
from regulars.events.imports.core.calls import Unit, call_of, order_of, unit_of
from regulars.events.imports.core.mapping import ANONYMOUS_ID, WEAK, RowMapping, checked
from regulars.events.imports.core.presets import as_far_as
from regulars.events.imports.core.reading import Reading, RowFault, RowReader, is_empty
from regulars.events.imports.store.scratch import Scratch
from regulars.events.record import AcceptedRequest, encode_entry
from regulars.kernel.errors import InvalidError
from regulars.kernel.eventlog import Record
from regulars.kernel.sayings import said
from regulars.kernel.tables import Format, Row, Table, not_in, open_table

CALLS_A_LOAD = 500
BYTES_A_LOAD = 400_000  # under the door's limit for a request, so that any replay accepts it
EVENT_BYTES_MAX = 256_000  # an order of a wholesaler has hundreds of lines
HELD_ROWS_MAX = 200_000  # lines of orders that are not whole yet; some 200 MB
UNDECODED_SHARE_MAX = 0.05  # above it the file is in another encoding, not a few rows broken
LOOKED_AT_FOR_ENCODING = 1_000

_encode = msgspec.json.Encoder(enc_hook=str).encode


class Load(msgspec.Struct, kw_only=True):
    """What goes into the log together: `raws` are the calls of those `units` that may go in."""

    units: list[Unit]
    raws: list[bytes]
    events: list[Event]

    @property
    def last_row(self) -> int:
        """The last row that is settled with this load."""
        return max((row.number for unit in self.units for row in unit.rows), default=0)


class Walk:
    """One file under one mapping. Use it as a context: it holds a scratch file."""

    def __init__(
        self,
        file: IO[bytes],
        *,
        format: Format,  # noqa: A002 (its name in the API)
        mapping: RowMapping,
        now_us: int,
    ) -> None:
        self.table: Table = open_table(file, format, layout=mapping.layout)
        columns = self.table.columns
        self.mapping = checked(mapping if columns is None else as_far_as(mapping, columns), columns)
        self.scratch = Scratch()
        self._now_us = now_us
        self._reader = RowReader(self.mapping, now_us=now_us)
        self.rows_surveyed: int | None = None

    def __enter__(self) -> Self:
        """Open the scratch file."""
        self.scratch.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Let the scratch file go."""
        self.scratch.__exit__(None, None, None)

    def refuse_wrong_encoding(self) -> None:
        """Look at the first rows.

        Raises
        ------
        InvalidError
            When so many of them hold bytes that are no text that the file must be in another encoding.

        """
        rows = undecoded = first = 0
        for row in self.table.rows():
            rows += 1
            if row.is_undecoded:
                undecoded += 1
                first = first or row.number
            if rows >= LOOKED_AT_FOR_ENCODING:
                break
        if undecoded > UNDECODED_SHARE_MAX * rows:
            raise InvalidError(not_in(self.table.encoding, first))

    @property
    def needs_survey(self) -> bool:
        """Whether something can only be said after a look at every row."""
        kinds = {one.kind for one in self.mapping.who}
        shares = len(kinds) > 1 and any(one.kind in WEAK and not one.joins_shared for one in self.mapping.who)
        return shares or self.mapping.row == "order_line"

    def survey(self) -> Iterator[int]:
        """Look at every row once, before the walk proper; yields how many were looked at, now and then."""
        rows = 0
        for row in self.table.rows():
            rows += 1
            if row.cells is not None:
                self._survey_row(row)
            if rows % CALLS_A_LOAD == 0:
                yield rows
        self.scratch.settle()
        self.rows_surveyed = rows
        self._reader = RowReader(self.mapping, now_us=self._now_us, is_shared=self.scratch.is_shared)
        yield rows

    def _survey_row(self, row: Row) -> None:
        assert row.cells is not None, "rows that cannot be read are not surveyed"
        if self.mapping.row == "order_line":
            self.scratch.note_line(self._reader.order_id(row.cells))
        keys = self._reader.person(row.cells, []).identifiers()
        for key in keys:
            if key[0] in WEAK:
                self.scratch.tie(key, [other for other in keys if _tells_apart(other[0], key[0])])

    def loads(self, *, after_row: int = 0) -> Iterator[Load]:
        """Yield what may go into the log, in the order of the file.

        Parameters
        ----------
        after_row
            Where an earlier walk stood: the last row of the last load. Units come in the order of their last rows.

        """
        units = self._units(after_row)
        waiting: list[Unit] = []
        raws: list[list[bytes]] = []
        size = calls = 0
        for unit in units:
            written = _written(unit)
            own = sum(map(len, written)) + len(written)
            if waiting and (size + own > BYTES_A_LOAD or calls + len(written) > CALLS_A_LOAD):
                yield _checked(waiting, raws, self._now_us)
                waiting, raws, size, calls = [], [], 0, 0
            waiting.append(unit)
            raws.append(written)
            size += own
            calls += len(written)
            if len(waiting) >= CALLS_A_LOAD * 4:  # long stretches of rows that go nowhere are settled too
                yield _checked(waiting, raws, self._now_us)
                waiting, raws, size, calls = [], [], 0, 0
        if waiting:
            yield _checked(waiting, raws, self._now_us)

    def first_units(self, rows_max: int) -> Iterator[Unit]:
        """Yield what the first rows become; lines of an order are taken together as they stand there."""
        if self.mapping.row != "order_line":
            for row, _ in zip(self.table.rows(), range(rows_max), strict=False):
                yield self.unit(row)
            return
        orders: dict[str, list[Reading]] = {}
        for row, _ in zip(self.table.rows(), range(rows_max), strict=False):
            reading = self._reader.read(row)
            orders.setdefault(reading.order_id or f"\x00{row.number}", []).append(reading)
        for lines in orders.values():
            yield order_of(lines, self.mapping) if lines[0].order_id else unit_of(lines[0], self.mapping)

    def _units(self, after_row: int) -> Iterator[Unit]:
        if self.mapping.row == "order_line":
            yield from self._orders(after_row)
            return
        for row in self.table.rows(after=after_row):
            yield self.unit(row)

    def unit(self, row: Row) -> Unit:
        """Return what one row that stands by itself becomes."""
        if self.mapping.row == "call":
            return _called(row)
        return unit_of(self._reader.read(row), self.mapping)

    def _orders(self, after_row: int) -> Iterator[Unit]:
        if not self.scratch.has_scattered_orders:
            yield from self._orders_in_a_row(after_row)
            return
        for unit in self._scattered_orders():
            if unit.rows[-1].number > after_row:
                yield unit

    def _orders_in_a_row(self, after_row: int) -> Iterator[Unit]:
        held: list[Reading] = []
        for row in self.table.rows(after=after_row):
            reading = self._reader.read(row)
            if held and reading.order_id != held[0].order_id:
                yield order_of(held, self.mapping)
                held = []
            if reading.order_id:
                held.append(reading)
            else:
                yield unit_of(reading, self.mapping)
        if held:
            yield order_of(held, self.mapping)

    def _scattered_orders(self) -> Iterator[Unit]:
        held: dict[str, list[Reading]] = {}
        rows_held = 0
        for row in self.table.rows():
            reading = self._reader.read(row)
            if not reading.order_id:
                yield unit_of(reading, self.mapping)
                continue
            lines = held.setdefault(reading.order_id, [])
            lines.append(reading)
            rows_held += 1
            if rows_held > HELD_ROWS_MAX:
                raise InvalidError(
                    said(
                        "import_too_many_lines",
                        "At row {row:,} more than {most:,} lines wait for the rest of their order. Sort the file "
                        "by the order's number and give it again.",
                        row=row.number,
                        most=HELD_ROWS_MAX,
                    )
                )
            if len(lines) >= self.scratch.lines_of(reading.order_id):
                yield order_of(held.pop(reading.order_id), self.mapping)
                rows_held -= len(lines)
        for lines in held.values():
            yield order_of(lines, self.mapping)


def checked_load(unit: Unit, now_us: int) -> Load:
    """Return one unit as a load of its own, put to the door's rules."""
    return _checked([unit], [_written(unit)], now_us)


def _tells_apart(kind: str, weak: str) -> bool:
    """Return whether two values of a kind beside one weak identifier mean two people."""
    return kind not in {weak, PHONE, ANONYMOUS_ID}


def _called(row: Row) -> Unit:
    unit = Unit(rows=[row])
    if row.cells is None:
        unit.faults.append((row, RowFault("unreadable_row", "", row.fault or "This row cannot be read.")))
    elif all(is_empty(cell) for cell in row.cells.values()):
        unit.faults.append((row, RowFault("blank_row", "", "The row is empty.", "left_out")))
    else:
        call = call_of(row.cells)
        unit.calls.append(call)
        ids = [found if isinstance(found := call.get(part), str) else None for part in ("userId", "anonymousId")]
        unit.person = Person(user_id=ids[0], anonymous_id=ids[1])
    return unit


def _written(unit: Unit) -> list[bytes]:
    if unit.fate != "taken":
        return []
    try:
        return [_encode(call) for call in unit.calls]
    except (TypeError, ValueError, UnicodeEncodeError) as error:
        unit.faults.append((unit.rows[0], RowFault("not_json", "", f"This row cannot be written as JSON: {error}.")))
        return []


def _checked(units: list[Unit], raws: list[list[bytes]], now_us: int) -> Load:
    """Return the units as a load, those that the door's rules refuse left out with the reason."""
    together = [raw for own in raws for raw in own]
    if not together:
        return Load(units=units, raws=[], events=[])
    owners = [unit for unit, own in zip(units, raws, strict=True) for _ in own]
    decoded = read_request(Record("", 0, 0, encode_entry(request_of("", now_us, "", together))))
    for item in decoded.rejected:
        unit = owners[item.index]
        unit.faults.append((unit.rows[0], RowFault("event_refused", "", item.reason)))
        unit.faults += [
            (row, RowFault("other_line", "", f"Row {unit.rows[0].number}, a line of the same order, is at fault."))
            for row in unit.rows[1:]
        ]
    if not decoded.rejected:
        return Load(units=units, raws=together, events=decoded.events)
    good = [index for index, unit in enumerate(owners) if unit.fate == "taken"]
    events = {event.position.index: event for event in decoded.events}
    return Load(units=units, raws=[together[index] for index in good], events=[events[index] for index in good])


def request_of(source_id: str, now_us: int, import_id: str, raws: list[bytes]) -> AcceptedRequest:
    """Return calls as the log keeps them. The context says of each that it is history and not happening now."""
    context = _encode({"imported": True, "import_id": import_id, "channel": "import"})
    body = b'{"context":' + context + b',"batch":[' + b",".join(raws) + b"]}"
    return AcceptedRequest(source_id, now_us, "", "", "batch", body, EVENT_BYTES_MAX)
