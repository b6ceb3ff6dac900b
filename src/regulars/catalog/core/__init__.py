"""What the shop has to give, and which facts touch it.

Pure: the present moment is an argument, and nothing here reads a file or a table.
"""

from regulars.catalog.core.attributes import (
    as_date,
    as_number,
    checked,
    faults,
    fitted,
    inferred_attributes,
    misfit,
    read_cell,
    type_of,
    type_of_text,
)
from regulars.catalog.core.interactions import (
    STRENGTHS,
    Interaction,
    InteractionKind,
    interactions_of,
    rating_strength,
    touches_items,
)
from regulars.catalog.core.items import (
    TAG_ATTRIBUTES,
    Attribute,
    AttributeType,
    AttributeValue,
    Item,
    Tag,
    folded,
    is_available,
    searchable,
    tags_of,
)

__all__ = [
    "STRENGTHS",
    "TAG_ATTRIBUTES",
    "Attribute",
    "AttributeType",
    "AttributeValue",
    "Interaction",
    "InteractionKind",
    "Item",
    "Tag",
    "as_date",
    "as_number",
    "checked",
    "faults",
    "fitted",
    "folded",
    "inferred_attributes",
    "interactions_of",
    "is_available",
    "misfit",
    "rating_strength",
    "read_cell",
    "searchable",
    "tags_of",
    "touches_items",
    "type_of",
    "type_of_text",
]
