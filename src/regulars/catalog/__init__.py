"""What the shop has to give: items, their attributes, tags and availability; and which facts touch them."""

from regulars.catalog.core import (
    Attribute,
    AttributeValue,
    Interaction,
    Item,
    Tag,
    interactions_of,
    is_available,
    tags_of,
    touches_items,
)
from regulars.catalog.imports import ImportReport
from regulars.catalog.service import Catalog, Changes, Summary

__all__ = [
    "Attribute",
    "AttributeValue",
    "Catalog",
    "Changes",
    "ImportReport",
    "Interaction",
    "Item",
    "Summary",
    "Tag",
    "interactions_of",
    "is_available",
    "tags_of",
    "touches_items",
]
