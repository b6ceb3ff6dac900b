"""Questions to the catalogue's tables. Knows SQL; decides nothing."""

from regulars.catalog.store.finding import Place, Question, find
from regulars.catalog.store.items import (
    all_items,
    attributes,
    counts,
    forget_attribute,
    items_by_id,
    items_since,
    put_attributes,
    put_items,
    remove_items,
    removed_since,
    tag_counts,
    version,
)
from regulars.catalog.store.migrations import MIGRATIONS
from regulars.catalog.store.seen import SeenIds

__all__ = [
    "MIGRATIONS",
    "Place",
    "Question",
    "SeenIds",
    "all_items",
    "attributes",
    "counts",
    "find",
    "forget_attribute",
    "items_by_id",
    "items_since",
    "put_attributes",
    "put_items",
    "remove_items",
    "removed_since",
    "tag_counts",
    "version",
]
