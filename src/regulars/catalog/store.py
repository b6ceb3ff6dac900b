"""Questions to the catalogue's tables. Knows SQL; decides nothing.

`search_text` is the folded text of an item (`core.searchable`), so both engines find alike: SQLite through a trigram
index kept by triggers, PostgreSQL through LIKE, with a trigram index where the server has `pg_trgm`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any  # Any: rows come back from SQLAlchemy untyped

import msgspec
from sqlalchemy import Connection, bindparam, text

from regulars.catalog.core import Attribute, AttributeValue, Item, Tag, folded, searchable, tags_of
from regulars.kernel.clock import microseconds, moment
from regulars.kernel.database import Migration
from regulars.kernel.ids import ItemId

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        capability="catalog",
        number=1,
        statements=(
            """
            CREATE TABLE catalog_items (
                number {serial},
                item_id TEXT NOT NULL UNIQUE,
                kind TEXT NOT NULL,
                title TEXT NOT NULL,
                attributes {json} NOT NULL,
                tags {json} NOT NULL,
                available SMALLINT NOT NULL,
                available_from_us BIGINT,
                available_until_us BIGINT,
                image TEXT,
                updated_us BIGINT NOT NULL,
                version BIGINT NOT NULL,
                search_title TEXT NOT NULL,
                search_text TEXT NOT NULL)""",
            "CREATE INDEX catalog_items_by_version ON catalog_items (version)",
            "CREATE INDEX catalog_items_by_title ON catalog_items (search_title, item_id)",
            """
            CREATE TABLE catalog_tags (
                item_id TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
                PRIMARY KEY (item_id, kind, value))""",
            "CREATE INDEX catalog_tags_by_value ON catalog_tags (kind, value, item_id)",
            """
            CREATE TABLE catalog_attributes (
                name TEXT NOT NULL PRIMARY KEY, type TEXT NOT NULL, declared SMALLINT NOT NULL)""",
            "CREATE TABLE catalog_removals (item_id TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL)",
            "CREATE TABLE catalog_version (version BIGINT NOT NULL)",
            "INSERT INTO catalog_version (version) VALUES (0)",
        ),
        sqlite=(
            """
            CREATE VIRTUAL TABLE catalog_search USING fts5(
                search_text, content='catalog_items', content_rowid='number', tokenize='trigram')""",
            """
            CREATE TRIGGER catalog_search_added AFTER INSERT ON catalog_items BEGIN
                INSERT INTO catalog_search (rowid, search_text) VALUES (new.number, new.search_text);
            END""",
            """
            CREATE TRIGGER catalog_search_removed AFTER DELETE ON catalog_items BEGIN
                INSERT INTO catalog_search (catalog_search, rowid, search_text)
                VALUES ('delete', old.number, old.search_text);
            END""",
            """
            CREATE TRIGGER catalog_search_changed AFTER UPDATE OF search_text ON catalog_items
            WHEN old.search_text <> new.search_text BEGIN
                INSERT INTO catalog_search (catalog_search, rowid, search_text)
                VALUES ('delete', old.number, old.search_text);
                INSERT INTO catalog_search (rowid, search_text) VALUES (new.number, new.search_text);
            END""",
        ),
        postgresql=(
            # A server without pg_trgm, or a role that may not add it, searches by scanning: slower, never wrong.
            """
            DO $$ BEGIN
                CREATE EXTENSION IF NOT EXISTS pg_trgm;
                CREATE INDEX catalog_items_by_trigram ON catalog_items USING gin (search_text gin_trgm_ops);
            EXCEPTION WHEN OTHERS THEN NULL;
            END $$""",
        ),
    ),
)

_COLUMNS = """i.item_id, i.kind, i.title, i.attributes, i.tags, i.available, i.available_from_us,
    i.available_until_us, i.image, i.updated_us, i.version, i.search_title"""

# How many changes has the catalogue seen?
_VERSION = text("SELECT version FROM catalog_version")
_NEXT_VERSION = text("UPDATE catalog_version SET version = version + 1")
# Put an item in, or in place of the one with its id.
_PUT_ITEM = text("""
INSERT INTO catalog_items (item_id, kind, title, attributes, tags, available, available_from_us, available_until_us,
    image, updated_us, version, search_title, search_text)
VALUES (:item_id, :kind, :title, :attributes, :tags, :available, :available_from_us, :available_until_us,
    :image, :updated_us, :version, :search_title, :search_text)
ON CONFLICT (item_id) DO UPDATE SET kind = excluded.kind, title = excluded.title, attributes = excluded.attributes,
    tags = excluded.tags, available = excluded.available, available_from_us = excluded.available_from_us,
    available_until_us = excluded.available_until_us, image = excluded.image, updated_us = excluded.updated_us,
    version = excluded.version, search_title = excluded.search_title, search_text = excluded.search_text""")
_PUT_TAG = text("INSERT INTO catalog_tags (item_id, kind, value) VALUES (:item_id, :kind, :value)")
_FORGET_TAGS = text("DELETE FROM catalog_tags WHERE item_id IN :item_ids").bindparams(
    bindparam("item_ids", expanding=True)
)
_FORGET_ITEMS = text("DELETE FROM catalog_items WHERE item_id IN :item_ids").bindparams(
    bindparam("item_ids", expanding=True)
)
_PUT_REMOVAL = text("""
INSERT INTO catalog_removals (item_id, version) VALUES (:item_id, :version)
ON CONFLICT (item_id) DO UPDATE SET version = excluded.version""")
_FORGET_REMOVALS = text("DELETE FROM catalog_removals WHERE item_id IN :item_ids").bindparams(
    bindparam("item_ids", expanding=True)
)
# Which of these items are there?
_ITEMS_BY_ID = text(f"SELECT {_COLUMNS} FROM catalog_items i WHERE i.item_id IN :item_ids").bindparams(
    bindparam("item_ids", expanding=True)
)
# What comes after this place, in the order of putting in?
_ITEMS_AFTER = text(f"""
SELECT i.number, {_COLUMNS} FROM catalog_items i WHERE i.number > :number ORDER BY i.number LIMIT :rows""")
# What has changed since this version?
_ITEMS_SINCE = text(f"SELECT {_COLUMNS} FROM catalog_items i WHERE i.version > :version ORDER BY i.version")
_REMOVED_SINCE = text("SELECT item_id FROM catalog_removals WHERE version > :version ORDER BY item_id")
# Which attribute names are known, and of what type?
_ATTRIBUTES = text("SELECT name, type, declared FROM catalog_attributes ORDER BY name")
_PUT_ATTRIBUTE = text("""
INSERT INTO catalog_attributes (name, type, declared) VALUES (:name, :type, :declared)
ON CONFLICT (name) DO UPDATE SET type = excluded.type, declared = excluded.declared""")
_FORGET_ATTRIBUTE = text("DELETE FROM catalog_attributes WHERE name = :name")
# How much is there, and how much of it may be shown now?
_COUNTS = text("""
SELECT kind, COUNT(*) AS items,
    SUM(CASE WHEN available = 1 AND (available_from_us IS NULL OR available_from_us <= :now_us)
             AND (available_until_us IS NULL OR available_until_us > :now_us) THEN 1 ELSE 0 END) AS available
FROM catalog_items GROUP BY kind ORDER BY items DESC, kind""")
_TAG_COUNTS = text("""
SELECT kind, value, COUNT(*) AS items FROM catalog_tags
GROUP BY kind, value ORDER BY items DESC, kind, value LIMIT :rows""")

ROWS_A_READ = 2_000  # rows held at once while walking the whole catalogue
IDS_A_QUESTION = 500  # bound values in one IN (…); SQLite allows 32,766


def version(connection: Connection) -> int:
    """Return how many changes the catalogue has seen."""
    return int(connection.execute(_VERSION).scalar_one())


def put_items(connection: Connection, items: Sequence[Item], now_us: int) -> int:
    """Put items in, later ones in place of earlier ones with the same id; return the new version."""
    latest = list({item.item_id: item for item in items}.values())
    connection.execute(_NEXT_VERSION)
    new_version = version(connection)
    if not latest:
        return new_version
    item_ids = [item.item_id for item in latest]
    connection.execute(_PUT_ITEM, [_row_of(item, now_us, new_version) for item in latest])
    _in_parts(connection, _FORGET_TAGS, item_ids)
    _in_parts(connection, _FORGET_REMOVALS, item_ids)
    tags = [{"item_id": item.item_id, "kind": tag.kind, "value": tag.value} for item in latest for tag in tags_of(item)]
    if tags:
        connection.execute(_PUT_TAG, tags)
    return new_version


def remove_items(connection: Connection, item_ids: Sequence[ItemId]) -> int:
    """Take items out; return how many there were."""
    present = [item.item_id for item in items_by_id(connection, item_ids)]
    if not present:
        return 0
    connection.execute(_NEXT_VERSION)
    new_version = version(connection)
    _in_parts(connection, _FORGET_TAGS, present)
    _in_parts(connection, _FORGET_ITEMS, present)
    connection.execute(_PUT_REMOVAL, [{"item_id": item_id, "version": new_version} for item_id in present])
    return len(present)


def items_by_id(connection: Connection, item_ids: Sequence[ItemId]) -> list[Item]:
    """Return the items that are there, in no promised order."""
    found: list[Item] = []
    for part in _parts(list(dict.fromkeys(item_ids))):
        found.extend(map(_item_of, connection.execute(_ITEMS_BY_ID, {"item_ids": part})))
    return found


def all_items(connection: Connection) -> Iterator[Item]:
    """Walk the whole catalogue in the order of putting in, a few thousand rows in memory at once."""
    number = 0
    while True:
        rows = connection.execute(_ITEMS_AFTER, {"number": number, "rows": ROWS_A_READ}).all()
        for row in rows:
            yield _item_of(row)
        if len(rows) < ROWS_A_READ:
            return
        number = rows[-1].number


def items_since(connection: Connection, after: int) -> list[Item]:
    """Return items put in or changed after a version."""
    return [_item_of(row) for row in connection.execute(_ITEMS_SINCE, {"version": after})]


def removed_since(connection: Connection, after: int) -> list[ItemId]:
    """Return the ids of items taken out after a version and not put back."""
    return [ItemId(row.item_id) for row in connection.execute(_REMOVED_SINCE, {"version": after})]


def attributes(connection: Connection) -> dict[str, Attribute]:
    """Return what is known of each attribute name."""
    return {
        row.name: Attribute(name=row.name, type=row.type, declared=bool(row.declared))
        for row in connection.execute(_ATTRIBUTES)
    }


def put_attributes(connection: Connection, new: Sequence[Attribute]) -> None:
    """Remember the types of attribute names, in place of what was known."""
    if new:
        connection.execute(
            _PUT_ATTRIBUTE,
            [{"name": one.name, "type": one.type, "declared": int(one.declared)} for one in new],
        )


def forget_attribute(connection: Connection, name: str) -> None:
    """Forget the type of an attribute name; the next values seen settle it anew."""
    connection.execute(_FORGET_ATTRIBUTE, {"name": name})


def counts(connection: Connection, now_us: int) -> list[tuple[str, int, int]]:
    """Return (kind, items, available now) for each kind, the commonest first."""
    rows = connection.execute(_COUNTS, {"now_us": now_us})
    return [(row.kind, int(row.items), int(row.available)) for row in rows]


def tag_counts(connection: Connection, rows_max: int) -> list[tuple[Tag, int]]:
    """Return the commonest tags and how many items carry each."""
    rows = connection.execute(_TAG_COUNTS, {"rows": rows_max})
    return [(Tag(row.kind, row.value), int(row.items)) for row in rows]


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
    return [(_item_of(row), Place(row.rank, row.search_title, row.item_id)) for row in rows]


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
        columns=_COLUMNS,
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


def _parts(item_ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(item_ids), IDS_A_QUESTION):
        yield list(item_ids[start : start + IDS_A_QUESTION])


def _in_parts(connection: Connection, statement: Any, item_ids: Sequence[str]) -> None:  # Any: a TextClause
    for part in _parts(item_ids):
        connection.execute(statement, {"item_ids": part})


def _row_of(item: Item, now_us: int, new_version: int) -> Mapping[str, object]:
    return {
        "item_id": item.item_id,
        "kind": item.kind,
        "title": item.title,
        "attributes": msgspec.json.encode(item.attributes).decode(),
        "tags": msgspec.json.encode(item.tags).decode(),
        "available": int(item.available),
        "available_from_us": _optional_us(item.available_from),
        "available_until_us": _optional_us(item.available_until),
        "image": item.image,
        "updated_us": now_us,
        "version": new_version,
        "search_title": folded(item.title),
        "search_text": searchable(item),
    }


def _optional_us(when: datetime | None) -> int | None:
    return None if when is None else microseconds(when)


_attributes_of = msgspec.json.Decoder(dict[str, AttributeValue]).decode
_tags_of = msgspec.json.Decoder(list[str]).decode


def _item_of(row: Any) -> Item:  # Any: a row of _COLUMNS
    return Item(
        item_id=ItemId(row.item_id),
        kind=row.kind,
        title=row.title,
        attributes=_attributes_of(row.attributes),
        tags=_tags_of(row.tags),
        available=bool(row.available),
        available_from=None if row.available_from_us is None else moment(row.available_from_us),
        available_until=None if row.available_until_us is None else moment(row.available_until_us),
        image=row.image,
        updated_at=moment(row.updated_us),
    )
