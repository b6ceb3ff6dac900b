"""One row of a table becomes an item, or a list of what is wrong with it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any  # Any: a cell is whatever the file holds

from regulars.catalog.core import (
    Attribute,
    AttributeType,
    AttributeValue,
    Item,
    as_date,
    faults,
    fitted,
    misfit,
    read_cell,
    type_of,
    type_of_text,
)
from regulars.kernel.ids import ItemId
from regulars.kernel.tables import PROBLEM_COLUMN

Cells = Mapping[str, Any]  # Any: text from a CSV; anything JSON or Parquet can hold otherwise
Fault = tuple[str, str]

# The columns of an item, and the names they go by in the files that shops have.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "item_id": ("item_id", "id", "product_id", "asset_id", "sku", "track_id", "song_id", "movie_id"),
    "title": ("title", "name", "product_name", "track_name", "song"),
    "kind": ("kind", "type", "item_type"),
    "tags": ("tags",),
    "available": ("available", "in_stock"),
    "available_from": ("available_from",),
    "available_until": ("available_until",),
    "image": ("image", "image_url"),
}
NEVER_ATTRIBUTES = frozenset({PROBLEM_COLUMN, "updated_at", ""})
MAJORITY = 0.95  # this share of a column's values settles its type; the others are named as faults
LIST_SHARE = 0.05  # one cell in twenty with a | makes a list of the column: most films have one genre or two


def columns_of(names: Iterable[str]) -> dict[str, str]:
    """Return which column of the file stands for which column of an item.

    >>> columns_of(["sku", "Name", "price"])
    {'item_id': 'sku', 'title': 'Name'}
    """
    by_fold = {name.strip().casefold().replace(" ", "_"): name for name in reversed(list(names))}
    chosen: dict[str, str] = {}
    for column, aliases in ALIASES.items():
        for alias in aliases:
            if alias in by_fold:
                chosen[column] = by_fold[alias]
                break
    return chosen


class TypeVotes:
    """Which type each attribute column shows, counted row by row; settled by the majority."""

    def __init__(self) -> None:
        self._votes: dict[str, dict[AttributeType, int]] = {}

    def count(self, attributes: Cells) -> None:
        """Take one row in."""
        for name, value in attributes.items():
            shown = _type_shown(value)
            if shown is not None:
                votes = self._votes.setdefault(name, {})
                votes[shown] = votes.get(shown, 0) + 1

    def settled(self, known: Mapping[str, Attribute]) -> list[Attribute]:
        """Return the columns whose type is not known yet, with what their values show."""
        return [
            Attribute(name=name, type=_winner(votes))
            for name, votes in sorted(self._votes.items())
            if name not in known
        ]


def _type_shown(value: Any) -> AttributeType | None:  # Any: a cell
    value = plain(value)
    if isinstance(value, str):
        return type_of_text(value.strip()) if value.strip() else None
    return type_of(value) if isinstance(value, (bool, int, float, list)) else None


def _winner(votes: Mapping[AttributeType, int]) -> AttributeType:
    total = sum(votes.values())
    if votes.get("list", 0) >= LIST_SHARE * total:
        return "list"
    kind, count = max(votes.items(), key=lambda vote: vote[1])
    return kind if count >= MAJORITY * total else "text"


def attributes_of(cells: Cells, columns: Mapping[str, str]) -> Cells:
    """Return the cells that are attributes: every column that is no part of an item, `attributes` unfolded."""
    taken = set(columns.values()) | NEVER_ATTRIBUTES
    own = {name.strip(): value for name, value in cells.items() if name not in taken and name is not None}
    nested = own.pop("attributes", None)
    return {**own, **nested} if isinstance(nested, Mapping) else own


def item_of(
    cells: Cells, columns: Mapping[str, str], known: Mapping[str, Attribute], default_kind: str
) -> tuple[Item | None, list[Fault]]:
    """Return the item that a row describes, or None with every fault of the row."""
    problems: list[Fault] = []

    def cell(column: str) -> Any:  # Any: a cell
        return plain(cells.get(columns[column])) if column in columns else None

    item = Item(
        item_id=ItemId(_text(cell("item_id"), "item_id", problems)),
        kind=_text(cell("kind"), "kind", problems) or default_kind,
        title=_text(cell("title"), "title", problems),
        attributes=_attributes(attributes_of(cells, columns), known, problems),
        tags=_tags(cell("tags"), problems),
        available=_available(cell("available"), problems),
        available_from=_moment(cell("available_from"), "available_from", problems),
        available_until=_moment(cell("available_until"), "available_until", problems),
        image=_text(cell("image"), "image", problems) or None,
    )
    said = {column for column, _ in problems}
    problems += [fault for fault in faults(item) if fault[0] not in said]
    return (None, problems) if problems else (item, [])


def plain(value: Any) -> Any:  # Any: a cell in, a cell of JSON's types out
    """Return a cell of Parquet's richer types as one of text, number, boolean, list or None."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value


def _text(value: Any, column: str, problems: list[Fault]) -> str:  # Any: a cell
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    problems.append((column, f"{_shown(value)} is not text."))
    return ""


def _attributes(cells: Cells, known: Mapping[str, Attribute], problems: list[Fault]) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {}
    for name, raw in cells.items():
        value = plain(raw)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        wanted = known[name].type if name in known else "text"
        fit = _fit(value, wanted)
        if fit is None:
            problems.append((name, misfit(value if _is_value(value) else str(value)[:60], wanted)))
        elif fit != []:
            found[name] = fit
    return found


def _fit(value: Any, wanted: AttributeType) -> AttributeValue | None:  # Any: a cell
    if isinstance(value, str):
        return read_cell(value.strip(), wanted)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        words = [plain(word) for word in value]
        if wanted != "list" or any(isinstance(word, (list, dict, bytes)) for word in words):
            return None
        return [str(word).strip() for word in words if word is not None]
    return fitted(value, wanted) if _is_value(value) else None


def _is_value(value: Any) -> bool:  # Any: a cell
    return isinstance(value, (str, bool, int, float, list))


def _tags(value: Any, problems: list[Fault]) -> list[str]:  # Any: a cell
    if value is None:
        return []
    if isinstance(value, str):
        return [word.strip() for word in value.split("|") if word.strip()]
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return [word.strip() for word in value if word.strip()]
    problems.append(("tags", f"{_shown(value)} is not words separated by |."))
    return []


def _available(value: Any, problems: list[Fault]) -> bool:  # Any: a cell
    if value is None or value == "":
        return True
    read = read_cell(value.strip(), "boolean") if isinstance(value, str) else value
    if isinstance(read, (bool, int)) and read in (0, 1):
        return bool(read)
    problems.append(("available", f"{_shown(value)} is not yes or no."))
    return True


def _moment(value: Any, column: str, problems: list[Fault]) -> datetime | None:  # Any: a cell
    if value is None or value == "":
        return None
    written = as_date(value.strip()) if isinstance(value, str) else None
    if written is None:
        problems.append((column, f"{_shown(value)} is not a date such as 2026-01-31."))
        return None
    when = datetime.fromisoformat(written)
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "…"
