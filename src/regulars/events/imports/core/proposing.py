"""What might this file be? A mapping to begin with, and what must be asked because the file does not tell. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal  # Any: cells of a stranger's file

import msgspec

from regulars.events.imports.core import words
from regulars.events.imports.core.mapping import Part, RowMapping, When, Where, Who
from regulars.events.imports.core.presets import Preset, fitting
from regulars.events.imports.core.reading import Cells, cell_of, is_empty
from regulars.events.imports.core.values import ValueType, text_of, types_of
from regulars.events.imports.core.words import column_called, folded
from regulars.events.phones import e164
from regulars.events.times import readings_of, time_reader
from regulars.kernel.clock import moment
from regulars.kernel.tables import PROBLEM_COLUMN, Layout

SAMPLES_SHOWN = 5
SAMPLE_CHARACTERS_MAX = 120
NESTING_SHOWN = 3
DAY_CHARACTERS_MAX = 12  # "Sep 30, 2026"
AGAIN_MIN = 3  # numbers on two days, before they are taken to begin anew
MAJORITY = 0.95  # of a column's first cells; the others will be named as faults
_NUMBERS: tuple[ValueType, ...] = ("number", "money", "whole")


class TimeReading(msgspec.Struct, frozen=True, kw_only=True):
    """A format that reads a column, with what its samples then mean (in UTC)."""

    format: str
    examples: list[str]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column as it shows itself: samples, the share of filled cells in [0, 1], and what its values could be.

    `times` are the formats that read every cell, or all but a few; more than one means that the file does not tell.
    `decimal` is None where the numbers leave the decimal mark open.
    """

    name: str
    samples: list[str]
    filled_share: float
    type: ValueType
    decimal: Literal[".", ","] | None
    times: list[TimeReading]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What only a person can say. `options` are what the answer may be; free where there are none."""

    about: Literal["time_format", "decimal_mark", "time_zone", "country", "what_happened", "who"]
    column: str
    options: list[str]


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping to begin with, the presets that fit, and the open questions."""

    mapping: RowMapping
    presets: list[str]
    questions: list[Question]


def columns_of(rows: Sequence[Cells], names: Sequence[str] | None) -> list[Column]:
    """Return the columns of the first rows; those of JSON lines are found in the rows, nested ones with a dot."""
    found = list(names) if names is not None else _named_in(rows)
    return [_column(name, [cell_of(row, name) for row in rows]) for name in found if name != PROBLEM_COLUMN]


def _named_in(rows: Sequence[Cells]) -> list[str]:
    found: dict[str, None] = {}
    for row in rows:
        for name in _flattened(row, "", NESTING_SHOWN):
            found.setdefault(name)
    return list(found)


def _flattened(cells: Cells, before: str, levels: int) -> list[str]:
    names: list[str] = []
    for name, value in cells.items():
        if isinstance(value, Mapping) and levels > 1:
            names += _flattened(value, f"{before}{name}.", levels - 1)
        else:
            names.append(f"{before}{name}")
    return names


def _column(name: str, cells: Sequence[Any]) -> Column:  # Any: cells
    filled = [cell for cell in cells if not is_empty(cell)]
    kind, decimal = types_of(filled)
    if kind == "text":
        kind, decimal = _mostly(filled)
    distinct = list(dict.fromkeys(text_of(cell)[:SAMPLE_CHARACTERS_MAX] for cell in filled))[:SAMPLES_SHOWN]
    return Column(
        name=name,
        samples=distinct,
        filled_share=len(filled) / len(cells) if cells else 0.0,
        type=kind,
        decimal=decimal,
        times=_times(name, filled),
    )


def _mostly(filled: Sequence[Any]) -> tuple[ValueType, Literal[".", ","] | None]:  # Any: cells
    """Return the type that all but a few cells show: one price of a thousand may say 'free', and is then at fault."""
    digits = [cell for cell in filled if any(letter.isdecimal() for letter in str(cell))]
    return types_of(digits) if len(digits) >= MAJORITY * len(filled) else ("text", ".")


def _times(name: str, filled: Sequence[Any]) -> list[TimeReading]:  # Any: cells
    is_called_so = any(word in folded(name) for word in ("time", "date", "日", "時", "at", "年"))
    if all(_is_small_number(cell) for cell in filled) and not is_called_so:
        return []  # 881250949 may be a moment, but a column of prices is none
    found = []
    digits = [cell for cell in filled if any(letter.isdecimal() for letter in str(cell))]
    if len(digits) < MAJORITY * len(filled):
        return []
    first = list(dict.fromkeys(str(cell) for cell in digits))[:SAMPLES_SHOWN]
    for pattern in readings_of(digits, share=MAJORITY):
        read = time_reader(pattern, "UTC")
        found.append(
            TimeReading(format=pattern, examples=[moment(read(text)).isoformat() for text in _read(first, pattern)])
        )
    return found


def _read(samples: Sequence[str], pattern: str) -> list[str]:
    """Return the samples that a format reads."""
    read = time_reader(pattern, "UTC")
    found = []
    for text in samples:
        try:
            read(text)
        except (ValueError, OverflowError):
            continue
        found.append(text)
    return found


def _is_small_number(cell: Any) -> bool:  # Any: a cell
    text = str(cell).strip()
    return text.replace(".", "", 1).isdigit() and len(text) < 9


def propose(
    columns: Sequence[Column], *, layout: Layout, rows: Sequence[Cells] = (), country: str = "", zone: str = ""
) -> Proposal:
    """Return what the columns' names and values suggest.

    Parameters
    ----------
    rows
        The first rows, which show whether a till's numbers begin anew each day.
    country, zone
        What the person's browser says of where they are; asked for where they are empty and matter.

    """
    names = [column.name for column in columns]
    presets = fitting(names)
    mapping = _localised(presets[0], columns) if presets else _guessed(columns)
    mapping = _numbered_by_day(mapping, rows)
    mapping = _answered(mapping, columns, country=country, zone=zone)
    mapping = msgspec.structs.replace(mapping, layout=layout)
    return Proposal(
        mapping=mapping,
        presets=[preset.name for preset in presets],
        questions=_questions(mapping, {column.name: column for column in columns}),
    )


def _localised(preset: Preset, columns: Sequence[Column]) -> RowMapping:
    """Return a preset's mapping with the time format that this file shows."""
    mapping, by_name = preset.mapping, {column.name: column for column in columns}
    if mapping.when is None:
        return mapping
    shown = [reading.format for reading in by_name[mapping.when.columns[0]].times]
    if not shown or mapping.when.format in shown:
        return mapping
    only = shown[0] if len(shown) == 1 else ""
    return msgspec.structs.replace(mapping, when=msgspec.structs.replace(mapping.when, format=only))


def _guessed(columns: Sequence[Column]) -> RowMapping:
    by_fold = {folded(column.name): column.name for column in reversed(columns)}
    by_name = {column.name: column for column in columns}
    who = [
        Who(kind=kind, column=column)
        for kind, called in words.WHO.items()
        if (column := column_called(called, by_fold)) is not None
    ]
    when = _when(by_fold, by_name)
    taken = {one.column for one in who} | set(when.columns if when else ())
    free = {fold: name for fold, name in by_fold.items() if name not in taken}
    order = column_called(words.ORDER, free)
    quantity = column_called(words.LINE["quantity"], free)
    rating = column_called(words.RATING, free)
    event = column_called(words.EVENT, free)
    if order and quantity:
        return _order_lines(order, who, when, free, by_name)
    if rating and column_called((*words.RATED, *words.LINE["product_id"]), free):
        return _ratings(rating, who, when, free, by_name)
    if event or when is not None:
        return _events(event, who, when, free, by_name)
    return RowMapping(row="customer", who=who, when=when, properties=_parts(words.TRAITS, free, by_name, "customer"))


def _when(by_fold: Mapping[str, str], by_name: Mapping[str, Column]) -> When | None:
    day, clock = column_called(words.DAY, by_fold), column_called(words.CLOCK, by_fold)
    if day and clock and day != clock and _is_clock(by_name[clock]):
        return When(columns=[day, clock], format=_joint_format(by_name[day], by_name[clock]))
    found = column_called(words.WHEN, by_fold)
    if found is None or not by_name[found].times:
        found = next((column.name for column in by_name.values() if column.times), found)
    if found is None:
        return None
    formats = [reading.format for reading in by_name[found].times]
    return When(columns=[found], format=formats[0] if len(formats) == 1 else "")


def _is_clock(column: Column) -> bool:
    return bool(column.samples) and all(":" in sample and len(sample) <= 14 for sample in column.samples)


def _joint_format(day: Column, clock: Column) -> str:
    days = _read(day.samples, day.times[0].format) if day.times else day.samples
    pairs = [f"{one} {other}" for one, other in zip(days * SAMPLES_SHOWN, clock.samples, strict=False)]
    found = readings_of(pairs)
    return found[0] if len(found) == 1 and len(day.times) <= 1 else ""


def _order_lines(
    order: str, who: list[Who], when: When | None, free: Mapping[str, str], by_name: Mapping[str, Column]
) -> RowMapping:
    rest = {fold: name for fold, name in free.items() if name != order}
    lines = _parts(words.LINE, rest, by_name, "line")
    taken = {part.column for part in lines}
    rest = {fold: name for fold, name in rest.items() if name not in taken}
    sale = _parts(words.SALE, rest, by_name, "event")
    taken |= {part.column for part in sale}
    rest = {fold: name for fold, name in rest.items() if name not in taken}
    return RowMapping(
        row="order_line",
        order_id=[order],
        who=who,
        when=when,
        properties=[*lines, *sale, *_parts(words.TRAITS, rest, by_name, "customer")],
    )


def _ratings(
    rating: str, who: list[Who], when: When | None, free: Mapping[str, str], by_name: Mapping[str, Column]
) -> RowMapping:
    item = column_called((*words.RATED, *words.LINE["product_id"]), free)
    assert item is not None, "asked before"
    parts = [Part(column=item, name="asset_id"), _part(by_name[rating], "rating", "event")]
    return RowMapping(row="event", event="Title Rated", who=who, when=when, properties=parts)


def _events(
    event: str | None, who: list[Who], when: When | None, free: Mapping[str, str], by_name: Mapping[str, Column]
) -> RowMapping:
    message = column_called(words.MESSAGE, free)
    item = column_called(words.LINE["product_id"], free)
    rest = [name for name in by_name if name in free.values() and name not in {event, message}]
    parts = [_part(by_name[name], "product_id" if name == item else property_name(name), "event") for name in rest]
    return RowMapping(
        row="event", event_column=event or "", who=who, when=when, properties=_distinct(parts), message_id=message or ""
    )


def _numbered_by_day(mapping: RowMapping, rows: Sequence[Cells]) -> RowMapping:
    """Return an order's number with its day before it, where most numbers that came on one day came on another too."""
    when = mapping.when
    if mapping.row != "order_line" or when is None or when.columns[0] in mapping.order_id:
        return mapping
    day = when.columns[0]
    if not all(_is_day(text_of(cell_of(row, day))) for row in rows):
        return mapping
    days: dict[tuple[str, ...], set[str]] = {}
    for row in rows:
        number = tuple(text_of(cell_of(row, column)) for column in mapping.order_id)
        days.setdefault(number, set()).add(text_of(cell_of(row, day)))
    again = sum(len(seen) > 1 for seen in days.values())
    # a return on another day bears the number of its order: a few such are no sign
    is_anew = again >= AGAIN_MIN and again > len(days) / 2
    return msgspec.structs.replace(mapping, order_id=[day, *mapping.order_id]) if is_anew else mapping


def _is_day(text: str) -> bool:
    is_seconds = text.isdecimal() and len(text) > len("20260930")
    return ":" not in text and len(text) <= DAY_CHARACTERS_MAX and not is_seconds


def _parts(
    called: Mapping[str, tuple[str, ...]], free: Mapping[str, str], by_name: Mapping[str, Column], where: Where
) -> list[Part]:
    found: list[Part] = []
    for name, names in called.items():
        column = column_called(names, free)
        if column is not None and column not in {part.column for part in found}:
            found.append(_part(by_name[column], name, where))
    return found


def _part(column: Column, name: str, where: Where) -> Part:
    kind: ValueType = column.type
    if name in {"product_id", "sku", "asset_id", "name", "coupon", "postcode"} and kind in _NUMBERS:
        kind = "text"  # a product numbered 1,234 is no amount
    if name in {"price", "total", "subtotal", "shipping", "tax", "discount"} and kind in _NUMBERS:
        kind = "money"
    return Part(column=column.name, name=name, type=kind, decimal=column.decimal or ".", where=where)


def _distinct(parts: Sequence[Part]) -> list[Part]:
    return list({part.name: part for part in reversed(parts)}.values())[::-1]


def property_name(column: str) -> str:
    """Return a column's name as a property is called.

    >>> property_name("Unit Price"), property_name("properties.asset_id"), property_name("商品 名稱")
    ('unit_price', 'asset_id', '商品_名稱')
    """
    return "_".join(column.rpartition("properties.")[2].strip().lower().replace("-", " ").split())


def _answered(mapping: RowMapping, columns: Sequence[Column], *, country: str, zone: str) -> RowMapping:
    """Fill in what the person's whereabouts answer."""
    when = mapping.when
    if when is not None and when.zone == "UTC" and zone:
        when = msgspec.structs.replace(when, zone=zone)
    by_name = {column.name: column for column in columns}
    who = [
        msgspec.structs.replace(one, country=country)
        if one.kind == "phone" and country and _dials_in(by_name[one.column], country)
        else one
        for one in mapping.who
    ]
    return msgspec.structs.replace(mapping, when=when, who=who)


def _dials_in(column: Column, country: str) -> bool:
    return any(e164(sample, country) for sample in column.samples)


def _questions(mapping: RowMapping, by_name: Mapping[str, Column]) -> list[Question]:
    found: list[Question] = []
    when = mapping.when
    if when is not None and not when.format:
        options = [reading.format for reading in by_name[when.columns[0]].times]
        found.append(Question(about="time_format", column=when.columns[0], options=options))
    found += [
        Question(about="decimal_mark", column=part.column, options=[".", ","])
        for part in mapping.properties
        if part.type in _NUMBERS and by_name[part.column].decimal is None
    ]
    for one in mapping.who:
        is_local = any(not sample.startswith("+") for sample in by_name[one.column].samples)
        if one.kind == "phone" and not one.country and is_local:
            found.append(Question(about="country", column=one.column, options=[]))
    if mapping.row == "event" and not mapping.event and not mapping.event_column:
        found.append(Question(about="what_happened", column="", options=[]))
    if not mapping.who:
        found.append(Question(about="who", column="", options=[]))
    return found
