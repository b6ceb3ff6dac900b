"""Which items contain these words, carry this tag, may be shown now?"""

from __future__ import annotations

from typing import Any  # Any: values of many types are bound

import msgspec
from sqlalchemy import Connection, text

from regulars.catalog.core import Item
from regulars.catalog.store.items import COLUMNS, item_of


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a list of found items goes on: rank of the match, folded title, id."""

    rank: int
    search_title: str
    item_id: str


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What to find. `words` are folded; all of them must occur. `tag` without a kind matches any kind."""

    words: tuple[str, ...] = ()
    kind: str | None = None
    tag_kind: str | None = None
    tag: str | None = None
    available: bool | None = None
    now_us: int = 0


def find(connection: Connection, question: Question, after: Place | None, rows_max: int) -> list[tuple[Item, Place]]:
    """Return matching items: exact titles first, then titles that begin so, that contain it, then the rest.

    Equal ranks are in order of title, then id.
    """
    dialect = connection.dialect.name
    statement, values = _find_statement(question, dialect, after)
    rows = connection.execute(text(statement), {**values, "rows": rows_max})
    return [(item_of(row), Place(row.rank, row.search_title, row.item_id)) for row in rows]


_FIND = """
SELECT * FROM (SELECT {columns}, {rank} AS rank FROM catalog_items i WHERE {conditions}) AS found
WHERE {after} ORDER BY rank, search_title, item_id LIMIT :rows"""
_RANK = """CASE WHEN i.search_title = :phrase THEN 0 WHEN i.search_title LIKE :phrase_begins ESCAPE '!' THEN 1
    WHEN i.search_title LIKE :phrase_within ESCAPE '!' THEN 2 ELSE 3 END"""
_AFTER = "(rank, search_title, item_id) > (:after_rank, :after_title, :after_id)"
_IN_TRIGRAMS = "i.number IN (SELECT rowid FROM catalog_search WHERE catalog_search MATCH :trigrams)"
_HAS_WORD = "i.search_text LIKE :word_{index} ESCAPE '!'"
_HAS_KIND = "i.kind = :kind"
_HAS_TAG = "i.item_id IN (SELECT t.item_id FROM catalog_tags t WHERE t.value = :tag)"
_HAS_TAG_OF_KIND = "i.item_id IN (SELECT t.item_id FROM catalog_tags t WHERE t.kind = :tag_kind AND t.value = :tag)"
_IS_AVAILABLE = """(i.available = 1 AND (i.available_from_us IS NULL OR i.available_from_us <= :now_us)
    AND (i.available_until_us IS NULL OR i.available_until_us > :now_us))"""


def _find_statement(question: Question, dialect: str, after: Place | None) -> tuple[str, dict[str, Any]]:
    conditions, values = _conditions(question, dialect)
    rank = "0"
    if question.words:
        phrase = " ".join(question.words)
        rank = _RANK
        values |= {
            "phrase": phrase,
            "phrase_begins": f"{_escaped(phrase)}%",
            "phrase_within": f"%{_escaped(phrase)}%",
        }
    if after is not None:
        values |= {"after_rank": after.rank, "after_title": after.search_title, "after_id": after.item_id}
    statement = _FIND.format(
        columns=COLUMNS,
        rank=rank,
        conditions=" AND ".join(conditions) or "1 = 1",
        after="1 = 1" if after is None else _AFTER,
    )
    return statement, values


def _conditions(question: Question, dialect: str) -> tuple[list[str], dict[str, Any]]:
    conditions: list[str] = []
    values: dict[str, Any] = {}
    long_words = [word for word in question.words if len(word) >= 3]
    if dialect == "sqlite" and long_words:
        conditions.append(_IN_TRIGRAMS)
        values["trigrams"] = " AND ".join('"' + word.replace('"', '""') + '"' for word in long_words)
    for index, word in enumerate(question.words):
        if dialect != "sqlite" or len(word) < 3:
            conditions.append(_HAS_WORD.format(index=index))
            values[f"word_{index}"] = f"%{_escaped(word)}%"
    if question.kind is not None:
        conditions.append(_HAS_KIND)
        values["kind"] = question.kind
    if question.tag is not None:
        conditions.append(_HAS_TAG if question.tag_kind is None else _HAS_TAG_OF_KIND)
        values |= {"tag": question.tag}
        if question.tag_kind is not None:
            values |= {"tag_kind": question.tag_kind}
    if question.available is not None:
        conditions.append(_IS_AVAILABLE if question.available else f"NOT {_IS_AVAILABLE}")
        values["now_us"] = question.now_us
    return conditions, values


def _escaped(word: str) -> str:
    return word.replace("!", "!!").replace("%", "!%").replace("_", "!_")
