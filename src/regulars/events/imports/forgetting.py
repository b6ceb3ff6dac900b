"""Whoever is forgotten goes from the files too: the uploaded file, its rejected rows, the samples of a report.

A row that names them, by whatever the mapping points at or by any cell that is one of their identifiers, is emptied
where it stands: the numbers of all other rows stay what they were, for an import may be under way. With it go all lines
of its order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any  # Any: a cell is whatever the file holds

import msgspec

from regulars.events.imports import store
from regulars.events.imports.core.mapping import RowMapping
from regulars.events.imports.core.reading import RowReader
from regulars.events.imports.core.values import text_of
from regulars.events.imports.service import Imports, rejected_path
from regulars.events.imports.uploads import folder_of
from regulars.kernel.database import Database
from regulars.kernel.files import Files
from regulars.kernel.tables import Format, Layout, Row, open_table

_DIGITS = re.compile(r"\D")
PHONE_DIGITS_MIN = 8


class Forgetting:
    """Says which rows are somebody's."""

    def __init__(self, identifiers: Collection[tuple[str, str]]) -> None:
        self._pairs = set(identifiers)
        self._words = {value.strip().lower() for _, value in identifiers}
        phones = {_DIGITS.sub("", value) for kind, value in identifiers if kind == "phone"}
        self._phones = {digits for digits in phones if len(digits) >= PHONE_DIGITS_MIN}

    def covers(self, row: Row, reader: RowReader | None) -> bool:
        """Return whether a row names them."""
        if row.cells is None:
            return any(word in str(row.raw).lower() for word in self._words)
        if any(self._is_theirs(cell) for cell in row.cells.values()):
            return True
        return reader is not None and any(pair in self._pairs for pair in reader.person(row.cells, []).identifiers())

    def _is_theirs(self, cell: Any) -> bool:  # Any: a cell
        if isinstance(cell, dict | list):
            return any(f'"{word}"' in msgspec.json.encode(cell, enc_hook=str).decode().lower() for word in self._words)
        if cell is None or isinstance(cell, bool):
            return False
        text = text_of(cell).lower()
        return text in self._words or (bool(self._phones) and self._is_their_phone(text))

    def _is_their_phone(self, text: str) -> bool:
        digits = _DIGITS.sub("", text).lstrip("0")
        return len(digits) >= PHONE_DIGITS_MIN and any(phone.endswith(digits) for phone in self._phones)


def forget_in_files(
    imports: Imports, files: Files, database: Database, identifiers: Collection[tuple[str, str]]
) -> int:
    """Empty their rows in every file that lies here; return how many rows that were."""
    if not identifiers:
        return 0
    forgetting = Forgetting(identifiers)
    rows = 0
    for row in imports.kept_rows():

        def swap(new: str, path: str, import_id: str = row.import_id) -> None:
            with database.write() as connection:  # between two steps of an import, never within one
                store.hold(connection, import_id)
                files.replace(path, new)

        path = f"{folder_of(row.import_id)}/file.{row.format}"
        gone = _forget_in(files, path, row.format, row.mapping, forgetting, swap)
        rejected = rejected_path(row)
        if files.exists(rejected):
            kind: Format = "csv" if row.format == "csv" else "jsonl"
            gone += _forget_in(files, rejected, kind, row.mapping, forgetting, swap)
        if gone:
            files.delete(f"{folder_of(row.import_id)}/samples.json")
        rows += gone
    return rows


def _forget_in(
    files: Files,
    path: str,
    kind: Format,
    mapping: RowMapping | None,
    forgetting: Forgetting,
    swap: Callable[[str, str], None],
) -> int:
    layout = mapping.layout if mapping is not None else Layout()
    with files.open(path, "rb") as file:
        table = open_table(file, kind, layout=layout)
        reader = _reader(mapping, table.columns)
        theirs = set(_theirs(table.rows(), reader, forgetting))
        if not theirs:
            return 0
        target = f"{path}.without"
        with files.open(target, "wb") as kept:
            table.without(kept, theirs)
    swap(target, path)
    return len(theirs)


def _reader(mapping: RowMapping | None, columns: Collection[str] | None) -> RowReader | None:
    if mapping is None or (columns is not None and not set(mapping.columns()) <= set(columns)):
        return None
    return RowReader(mapping, now_us=0)


def _theirs(rows: Iterable[Row], reader: RowReader | None, forgetting: Forgetting) -> Iterator[int]:
    """Yield the numbers of their rows, lines of their orders too where those stand together."""
    order: list[int] = []
    order_id, is_theirs = "", False
    for row in rows:
        mine = forgetting.covers(row, reader)
        own = reader.order_id(row.cells) if reader is not None and row.cells is not None else ""
        if not own or own != order_id:
            order, order_id, is_theirs = [], own, False
        if mine and not is_theirs:
            is_theirs = True
            yield from order
        order.append(row.number)
        if mine or (own and is_theirs):
            yield row.number
