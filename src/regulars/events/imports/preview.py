"""The first rows of a file beside the events they would become, every problem at its cell. Values in, values out."""

from __future__ import annotations

from datetime import datetime
from typing import IO, Any  # Any: JSON

import msgspec

from regulars.events.core import Event
from regulars.events.imports.core.calls import Unit
from regulars.events.imports.core.mapping import RowMapping
from regulars.events.imports.core.reading import RowFault
from regulars.events.imports.report import shown_cells
from regulars.events.imports.walking import Walk, checked_load
from regulars.kernel.clock import moment
from regulars.kernel.tables import Format, Row

ROWS_SHOWN = 20
ROWS_READ = 200  # so that the last order shown is whole


class PreviewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as the shop would see it."""

    call: str
    name: str
    occurred_at: datetime
    user_id: str | None
    anonymous_id: str | None
    identifiers: list[str]
    message_id: str
    properties: dict[str, Any]  # Any: JSON


class PreviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it stands in the file, and what is wrong in which cell."""

    row: int
    cells: dict[str, str]
    faults: list[RowFault]


class PreviewUnit(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that stand or fall together, and the events they become; none when they are refused or left out."""

    rows: list[PreviewRow]
    events: list[PreviewEvent]
    fate: str


class HistoryPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What the first rows become."""

    units: list[PreviewUnit]


def preview_of(
    file: IO[bytes],
    *,
    format: Format,  # noqa: A002 (its name in the API)
    mapping: RowMapping,
    now_us: int,
) -> HistoryPreview:
    """Return the first rows with their events."""
    with Walk(file, format=format, mapping=mapping, now_us=now_us) as walk:
        shown: list[PreviewUnit] = []
        rows = 0
        for unit in walk.first_units(ROWS_READ):
            if rows >= ROWS_SHOWN:
                break
            rows += len(unit.rows)
            load = checked_load(unit, now_us)
            shown.append(_unit(unit, load.events))
        return HistoryPreview(units=shown)


def _unit(unit: Unit, events: list[Event]) -> PreviewUnit:
    return PreviewUnit(
        rows=[_row(row, [fault for at, fault in unit.faults if at is row]) for row in unit.rows],
        events=[event_shown(event) for event in events],
        fate=unit.fate,
    )


def _row(row: Row, faults: list[RowFault]) -> PreviewRow:
    return PreviewRow(row=row.number, cells=shown_cells(row), faults=faults)


def event_shown(event: Event) -> PreviewEvent:
    """Return an event as a preview shows it."""
    external = event.context.get("externalIds") or []
    return PreviewEvent(
        call=event.call,
        name=event.name,
        occurred_at=moment(event.occurred_us),
        user_id=event.user_id,
        anonymous_id=event.anonymous_id,
        identifiers=[f"{one['type']}:{one['id']}" for one in external if isinstance(one, dict)],
        message_id=event.message_id,
        properties=event.properties,
    )
