"""What an SDK would have sent, had one been there: rows, read, become calls. Pure.

A unit is what stands or falls together: a row, or all lines of an order. It becomes calls, or faults row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal  # Any: JSON

import msgspec

from regulars.events.evidence import Person, address_of, derived, external_ids, introduction, is_introduced
from regulars.events.imports.core.mapping import RowMapping
from regulars.events.imports.core.reading import Cells, Reading, RowFault
from regulars.events.imports.core.values import UnreadableValueError, number_of, plain_number
from regulars.kernel.clock import moment
from regulars.kernel.tables import PROBLEM_COLUMN, Row

ORDER_COMPLETED, ORDER_REFUNDED = "Order Completed", "Order Refunded"
_TOTALS = ("total", "revenue", "subtotal", "value")
_CALL_PARTS = {
    "type": "type", "event": "event", "event_name": "event", "name": "name", "category": "category",
    "user_id": "userId", "anonymous_id": "anonymousId", "previous_id": "previousId", "group_id": "groupId",
    "message_id": "messageId", "timestamp": "timestamp", "time": "timestamp", "occurred_at": "timestamp",
    "sent_at": "sentAt", "properties": "properties", "traits": "traits", "context": "context",
    "integrations": "integrations",
}  # fmt: skip
_PARTS = {**_CALL_PARTS, **{name: name for name in _CALL_PARTS.values()}, "originalTimestamp": "originalTimestamp"}

Call = dict[str, Any]  # Any: JSON
_encode_row = msgspec.json.Encoder(enc_hook=str).encode


class Unit(msgspec.Struct, kw_only=True):
    """Rows that stand or fall together, with the calls they become. `calls` is empty when a row is at fault."""

    rows: list[Row]
    calls: list[Call] = []
    faults: list[tuple[Row, RowFault]] = []
    person: Person = Person()

    @property
    def fate(self) -> Literal["taken", "refused", "left_out"]:
        """What becomes of the rows."""
        if self.faults and any(fault.weight == "refused" for _, fault in self.faults):
            return "refused"
        return "taken" if self.calls else "left_out"


def unit_of(reading: Reading, mapping: RowMapping) -> Unit:
    """Return what a row that stands by itself becomes."""
    unit = Unit(rows=[reading.row], person=reading.person)
    if reading.faults:
        unit.faults = [(reading.row, fault) for fault in reading.faults]
        if reading.is_refused or reading.is_left_out:
            return unit
    own_id = reading.message_id or derived("import", reading.event, _row_id(reading.row.cells or {}))
    person = _somebody(reading, mapping, own_id, unit)
    if person is None:
        return unit
    unit.person = person
    when = _written(reading.when_us)
    if mapping.row == "customer":
        unit.calls.append(_introduced(person, {**mapping.constants, **reading.traits, **reading.properties}, when))
        return unit
    if is_introduced(person, reading.traits):
        unit.calls.append(_introduced(person, reading.traits, when))
    properties = {**mapping.constants, **reading.properties}
    unit.calls.append(_track(reading.event, person, properties, when=when, message_id=own_id))
    return unit


def order_of(readings: Sequence[Reading], mapping: RowMapping) -> Unit:
    """Return what the lines of one order become: an order, a return, or both."""
    unit = Unit(rows=[reading.row for reading in readings])
    unit.faults = [(reading.row, fault) for reading in readings for fault in reading.faults]
    lines = [reading for reading in readings if not reading.is_left_out]
    if not lines:
        return unit
    if any(reading.is_refused for reading in lines):
        _blame(unit, lines)
        return unit
    when_us = next((reading.when_us for reading in lines if reading.when_us is not None), None)
    if when_us is None:
        column = mapping.when.columns[0] if mapping.when else ""
        unit.faults.append((lines[0].row, RowFault("no_time", column, "No line of this order has a time.")))
        _blame(unit, lines[1:])
        return unit
    who = [reading.person for reading in lines if reading.person.is_somebody]
    if len({person.identifiers()[0] for person in who}) > 1 and not _agree(who):
        reason = "The lines of this order name two customers."
        unit.faults += [(reading.row, RowFault("two_customers", "", reason)) for reading in lines]
        return unit
    first = lines[0]
    first.person = _together(who)
    person = _somebody(first, mapping, derived("order", first.order_id), unit)
    if person is not None:
        unit.person = person
        _write_order(unit, lines, mapping, person, _written(when_us))
    return unit


def _write_order(unit: Unit, lines: Sequence[Reading], mapping: RowMapping, person: Person, when: str | None) -> None:
    traits = _first_said(reading.traits for reading in lines)
    if is_introduced(person, traits):
        unit.calls.append(_introduced(person, traits, when))
    said = {**mapping.constants, **_first_said(reading.properties for reading in lines)}
    bought = [reading.line for reading in lines if not _is_return(reading.line)]
    returned = [_positive(reading.line) for reading in lines if _is_return(reading.line)]
    order_id = lines[0].order_id
    name = lines[0].event or ORDER_COMPLETED
    if name == ORDER_REFUNDED:  # a till that writes returns as lines of their own, without a sign
        bought, returned = [], bought + returned
        name = ORDER_COMPLETED
    for event, products in ((name, bought), (ORDER_REFUNDED, returned)):
        if not products:
            continue
        is_whole = len(products) == len(lines)
        own = said if is_whole else {key: value for key, value in said.items() if key not in _TOTALS}
        properties = {"order_id": order_id, **own, "products": products}
        if event == ORDER_REFUNDED:
            properties = _positive(properties, _TOTALS)
        if not any(key in properties for key in _TOTALS):
            _add_total(properties, products)
        unit.calls.append(
            _track(event, person, properties, when=when, message_id=derived("import", "order", event, order_id))
        )


def call_of(cells: Cells) -> Call:
    """Return a row that is a call already, flat or nested, as an SDK would send it.

    >>> call = call_of({"user_id": "ann", "event": "Song Played", "asset_id": "s1", "position": None})
    >>> call["userId"], call["properties"], call["type"]
    ('ann', {'asset_id': 's1'}, 'track')
    """
    call: Call = {}
    rest: dict[str, Any] = {}
    for name, value in cells.items():
        if value is None or value == "" or name == PROBLEM_COLUMN:
            continue
        part = _PARTS.get(name)
        if part is None:
            rest[name.removeprefix("properties.").removeprefix("traits.")] = value
        else:
            call[part] = _opened(value) if part in {"properties", "traits", "context", "integrations"} else value
    call.setdefault("type", "track" if "event" in call else "identify" if "traits" in call else "track")
    home = "traits" if call["type"] in {"identify", "group"} else "properties"
    if rest:
        call[home] = {**call.get(home, {}), **rest} if isinstance(call.get(home, {}), dict) else call[home]
    for part in ("userId", "anonymousId", "previousId", "groupId", "messageId"):
        if isinstance(call.get(part), int | float):
            call[part] = str(call[part])
    if "messageId" not in call:
        call["messageId"] = derived("ingest", msgspec.json.encode(call, order="deterministic", enc_hook=str).decode())
    return call


def _opened(value: Any) -> Any:  # Any: a cell that may hold JSON as text
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value


def _somebody(reading: Reading, mapping: RowMapping, each: str, unit: Unit) -> Person | None:
    if reading.person.is_somebody:
        return reading.person
    if mapping.nobody == "each_alone":
        return Person(anonymous_id=derived("known", "alone", each))
    weight: Literal["refused", "left_out"] = "refused" if mapping.nobody == "refuse" else "left_out"
    unit.faults.append((reading.row, RowFault("nobody", "", "The row names nobody.", weight)))
    return None


def _blame(unit: Unit, lines: Iterable[Reading]) -> None:
    """Say of every sound line of an order that another one keeps it from going in."""
    guilty = {row.number for row, fault in unit.faults if fault.weight == "refused"}
    at_fault = min(guilty)
    for reading in lines:
        if reading.row.number not in guilty:
            reason = f"Row {at_fault}, a line of the same order, is at fault."
            unit.faults.append((reading.row, RowFault("other_line", "", reason)))


def _agree(people: Sequence[Person]) -> bool:
    """Return whether several lines may well name one person: no two values of one kind."""
    seen: dict[str, str] = {}
    return all(seen.setdefault(kind, value) == value for person in people for kind, value in person.identifiers())


def _together(people: Sequence[Person]) -> Person:
    if len(people) < 2:
        return people[0] if people else Person()
    external = dict.fromkeys(pair for person in people for pair in person.external)
    return Person(
        user_id=next((one.user_id for one in people if one.user_id), None),
        anonymous_id=next((one.anonymous_id for one in people if one.anonymous_id), None),
        email=next((one.email for one in people if one.email), None),
        external=tuple(external),
    )


def _first_said(each: Iterable[Mapping[str, Any]]) -> dict[str, Any]:  # Any: JSON
    found: dict[str, Any] = {}
    for values in each:
        for name, value in values.items():
            found.setdefault(name, value)
    return found


def _is_return(line: Mapping[str, Any]) -> bool:  # Any: JSON
    quantity = line.get("quantity")
    return isinstance(quantity, int | float) and quantity < 0


def _positive(values: Mapping[str, Any], names: Iterable[str] = ("quantity",)) -> dict[str, Any]:  # Any: JSON
    signs = {name for name in names if isinstance(values.get(name), int | float) and values[name] < 0}
    return {name: -value if name in signs else value for name, value in values.items()}


def _add_total(properties: dict[str, Any], products: Sequence[Mapping[str, Any]]) -> None:  # Any: JSON
    """Write the sum of an order whose file does not, when every line has its price and quantity."""
    total = Decimal(0)
    for line in products:
        try:
            total += number_of(line["price"]) * number_of(line.get("quantity", 1))
        except (KeyError, UnreadableValueError):
            return
    properties["total"] = plain_number(total.quantize(Decimal("0.0001")))


def _row_id(cells: Cells) -> str:
    kept = (
        {name: value for name, value in cells.items() if name != PROBLEM_COLUMN} if PROBLEM_COLUMN in cells else cells
    )
    return _encode_row(kept).decode()


def _written(at_us: int | None) -> str | None:
    return moment(at_us).isoformat()[:-6] + "Z" if at_us is not None else None


def _introduced(person: Person, traits: Mapping[str, Any], when: str | None) -> Call:  # Any: JSON
    call = introduction(person, dict(traits))
    named = msgspec.json.encode(call, order="deterministic", enc_hook=str).decode()
    call["messageId"] = derived("import", "identify", named)
    if when is not None:
        call["timestamp"] = when
    return call


def _track(
    event: str,
    person: Person,
    properties: Mapping[str, Any],  # Any: JSON
    *,
    when: str | None,
    message_id: str,
) -> Call:
    call: Call = {"type": "track", "event": event, **address_of(person)}
    call |= {"messageId": message_id, "properties": dict(properties)}
    if when is not None:
        call["timestamp"] = when
    if person.external:
        call["context"] = {"externalIds": external_ids(person)}
    return call
