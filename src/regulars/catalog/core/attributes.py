"""Which type the values under a name have, and whether a value fits it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime

import msgspec

from regulars.catalog.core.items import Attribute, AttributeType, AttributeValue, Item
from regulars.kernel.errors import InvalidError
from regulars.kernel.sayings import Said, Sentence, said, text_of

ITEM_ID_LENGTH_MAX = 200
TITLE_LENGTH_MAX = 1_000
TEXT_LENGTH_MAX = 20_000
NAME_LENGTH_MAX = 100
ATTRIBUTES_MAX = 200

_TRUE = {"true", "yes", "y", "t"}
_FALSE = {"false", "no", "n", "f"}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_LEADING_ZERO = re.compile(r"[+-]?0\d+", re.ASCII)  # a postcode or an article number, not a quantity


def type_of(value: AttributeValue) -> AttributeType:
    """Return the type that a value shows; text that is a date counts as a date.

    >>> [type_of(value) for value in ("red", 5, True, ["a"], "2026-01-31")]
    ['text', 'number', 'boolean', 'list', 'date']
    """
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, list):
        return "list"
    return "date" if as_date(value) is not None else "text"


def type_of_text(cell: str) -> AttributeType:
    """Return the type that a cell of a table shows. `00123` is text: it would not survive as a number.

    >>> [type_of_text(cell) for cell in ("1.5", "00123", "yes", "2026-01-31", "Drama|Crime", "NaN")]
    ['number', 'text', 'boolean', 'date', 'list', 'text']
    """
    if "|" in cell:
        return "list"
    if as_number(cell) is not None:
        return "text" if _LEADING_ZERO.fullmatch(cell) else "number"
    if cell.casefold() in _TRUE | _FALSE:
        return "boolean"
    return "date" if as_date(cell) is not None else "text"


def as_number(cell: str) -> int | float | None:
    """Return the finite number a cell writes, None when it writes none."""
    if not _NUMBER.fullmatch(cell):
        return None
    number = float(cell)
    if not math.isfinite(number):
        return None
    return int(cell) if re.fullmatch(r"[+-]?\d{1,18}", cell, re.ASCII) else number


def as_date(cell: str) -> str | None:
    """Return a date or moment in ISO 8601 as it will be kept, None when the cell writes none.

    >>> as_date("2026-01-31"), as_date("2026-01-31T10:00:00Z"), as_date("31/01/2026")
    ('2026-01-31', '2026-01-31T10:00:00+00:00', None)
    """
    if not re.match(r"\d{4}-\d\d-\d\d", cell, re.ASCII):
        return None
    try:
        return date.fromisoformat(cell).isoformat() if len(cell) == 10 else datetime.fromisoformat(cell).isoformat()
    except ValueError:
        return None


def read_cell(cell: str, wanted: AttributeType) -> AttributeValue | None:
    """Return a cell of a table as a value of a type, None when it does not fit."""
    if wanted == "number":
        return as_number(cell)
    if wanted == "boolean":
        word = cell.casefold()
        return True if word in _TRUE | {"1"} else False if word in _FALSE | {"0"} else None
    if wanted == "date":
        return as_date(cell)
    if wanted == "list":
        return [word.strip() for word in cell.split("|") if word.strip()]
    return cell


def fitted(value: AttributeValue, wanted: AttributeType) -> AttributeValue | None:
    """Return a typed value as one of the wanted type where nothing is lost, None when it does not fit.

    >>> fitted(5, "text"), fitted("7", "number"), fitted("Drama", "list"), fitted("red", "number")
    ('5', 7, ['Drama'], None)
    """
    shown = type_of(value)
    if shown == wanted or (wanted == "text" and shown == "date"):
        return value if not isinstance(value, float) or math.isfinite(value) else None
    if isinstance(value, str):
        return [value] if wanted == "list" else read_cell(value, wanted)
    if wanted == "text" and not isinstance(value, list):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return None


def inferred_attributes(items: Iterable[Item], known: Mapping[str, Attribute]) -> list[Attribute]:
    """Return the names that are not known yet, each with the type of its values; of differing types, text."""
    found: dict[str, AttributeType] = {}
    for item in items:
        for name, value in item.attributes.items():
            if name not in known:
                shown = type_of(value)
                found[name] = shown if found.get(name, shown) == shown else "text"
    return [Attribute(name=name, type=kind) for name, kind in sorted(found.items())]


def checked(item: Item, known: Mapping[str, Attribute]) -> Item:
    """Return the item with every attribute in the type of its name.

    Raises
    ------
    InvalidError
        When it cannot be kept; `problems` names each fault as `column: sentence`.

    """
    fitting: dict[str, AttributeValue] = {}
    problems: list[Sentence] = [_fault(column, reason) for column, reason in faults(item)]
    for name, value in item.attributes.items():
        fit = fitted(value, known[name].type)
        if fit is None:
            problems.append(_misfit(name, value, known[name].type))
        else:
            fitting[name] = fit
    if problems:
        raise InvalidError(
            f"Item {item.item_id[:ITEM_ID_LENGTH_MAX]!r} cannot be kept: " + " ".join(map(text_of, problems)),
            problems=problems,
        )
    return msgspec.structs.replace(item, attributes=fitting)


EMPTY = "This may not be empty."
_WANTED: Mapping[AttributeType, str] = {
    "text": "text",
    "number": "a finite number such as 12.5",
    "boolean": "yes or no",
    "date": "a date such as 2026-01-31",
    "list": "words separated by |",
}


def _fault(column: str, reason: str) -> Sentence:
    if reason == EMPTY:
        return said("item_empty", "{column}: This may not be empty.", column=column)
    return f"{column}: {reason}"


def _misfit(column: str, value: AttributeValue, wanted: AttributeType) -> Sentence:
    shown = _short(value)
    told: dict[AttributeType, Said] = {
        "number": said(
            "item_number", "{column}: {value} is not a finite number such as 12.5.", column=column, value=shown
        ),
        "boolean": said("item_boolean", "{column}: {value} is not yes or no.", column=column, value=shown),
        "date": said("item_date", "{column}: {value} is not a date such as 2026-01-31.", column=column, value=shown),
        "list": said("item_list", "{column}: {value} is not words separated by |.", column=column, value=shown),
    }
    return told.get(wanted) or f"{column}: {misfit(value, wanted)}"


def misfit(value: AttributeValue, wanted: AttributeType) -> str:
    """Return the sentence that says a value does not fit its type."""
    return f"{_short(value)} is not {_WANTED[wanted]}."


def _short(value: AttributeValue) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "…"


def faults(item: Item) -> list[tuple[str, str]]:
    """Return (column, sentence) for each thing about an item, its attributes' types aside, that cannot be kept."""
    found = [
        *_text_faults("item_id", item.item_id, ITEM_ID_LENGTH_MAX, required=True),
        *_text_faults("kind", item.kind, NAME_LENGTH_MAX, required=True),
        *_text_faults("title", item.title, TITLE_LENGTH_MAX, required=True),
        *_text_faults("image", item.image or "", TEXT_LENGTH_MAX),
    ]
    for word in item.tags:
        found += _text_faults("tags", word, TITLE_LENGTH_MAX)
    if len(item.attributes) > ATTRIBUTES_MAX:
        found.append(("attributes", f"An item has at most {ATTRIBUTES_MAX} attributes, this has more."))
    for name, value in item.attributes.items():
        found += _text_faults(name[:NAME_LENGTH_MAX], name, NAME_LENGTH_MAX, required=True)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, str):
                found += _text_faults(name[:NAME_LENGTH_MAX], part, TEXT_LENGTH_MAX)
    return found + _window_faults(item)


def _window_faults(item: Item) -> list[tuple[str, str]]:
    moments = {"available_from": item.available_from, "available_until": item.available_until}
    naive = [column for column, when in moments.items() if when is not None and when.tzinfo is None]
    if naive:
        return [(column, "The moment must carry its time zone, e.g. 2026-01-31T10:00:00Z.") for column in naive]
    if item.available_from and item.available_until and item.available_from >= item.available_until:
        return [("available_until", "The window closes before it opens.")]
    return []


def _text_faults(column: str, text: str, length_max: int, *, required: bool = False) -> list[tuple[str, str]]:
    if required and not text.strip():
        return [(column, EMPTY)]
    if len(text) > length_max:
        return [(column, f"This has {len(text):,} characters; at most {length_max:,} are kept.")]
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        return [(column, "This holds a character that is no text (NUL or half of a pair).")]
    return []
