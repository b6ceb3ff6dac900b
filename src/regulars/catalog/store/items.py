"""Items in and out of their tables, by id, by place and by version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any  # Any: rows come back from SQLAlchemy untyped

import msgspec
from sqlalchemy import Connection, bindparam, text

from regulars.catalog.core import Attribute, AttributeValue, Item, Tag, folded, searchable, tags_of
from regulars.kernel.clock import microseconds, moment
from regulars.kernel.ids import ItemId

COLUMNS = """i.item_id, i.kind, i.title, i.attributes, i.tags, i.available, i.available_from_us,
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
_ITEMS_BY_ID = text(f"SELECT {COLUMNS} FROM catalog_items i WHERE i.item_id IN :item_ids").bindparams(
    bindparam("item_ids", expanding=True)
)
# What comes after this place, in the order of putting in?
_ITEMS_AFTER = text(f"""
SELECT i.number, {COLUMNS} FROM catalog_items i WHERE i.number > :number ORDER BY i.number LIMIT :rows""")
# What has changed since this version?
_ITEMS_SINCE = text(f"SELECT {COLUMNS} FROM catalog_items i WHERE i.version > :version ORDER BY i.version")
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
        found.extend(map(item_of, connection.execute(_ITEMS_BY_ID, {"item_ids": part})))
    return found


def all_items(connection: Connection) -> Iterator[Item]:
    """Walk the whole catalogue in the order of putting in, a few thousand rows in memory at once."""
    number = 0
    while True:
        rows = connection.execute(_ITEMS_AFTER, {"number": number, "rows": ROWS_A_READ}).all()
        for row in rows:
            yield item_of(row)
        if len(rows) < ROWS_A_READ:
            return
        number = rows[-1].number


def items_since(connection: Connection, after: int) -> Iterator[Item]:
    """Walk the items put in or changed after a version."""
    for row in connection.execute(_ITEMS_SINCE, {"version": after}):
        yield item_of(row)


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


def item_of(row: Any) -> Item:  # Any: a row of COLUMNS
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
