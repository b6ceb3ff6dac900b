"""Rows to Parquet and back. The one place that knows the columns of history."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any  # Any: pyarrow has no types

import msgspec

from regulars.lake.core import OWN_SOURCE, Forgotten, LakeRow

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP_EVENTS = 100_000
# Column name → kind. `…_at` repeats `…_us` as a moment without time zone, always UTC: no engine can shift it.
COLUMNS: dict[str, str] = {
    "event_id": "string",
    "source_id": "string",
    "message_id": "string",
    "call": "string",
    "name": "string",
    "user_id": "string",
    "anonymous_id": "string",
    "previous_id": "string",
    "group_id": "string",
    "properties": "string",
    "context": "string",
    "occurred_us": "int64",
    "received_us": "int64",
    "original_us": "int64",
    "sent_us": "int64",
    "partition": "string",
    "offset": "int64",
    "index": "int64",
    "occurred_at": "timestamp(6)",
    "received_at": "timestamp(6)",
}
ORDER = ("occurred_us", "received_us", "partition", "offset", "index")
_PLACES = {name: place for place, name in enumerate(LakeRow.__struct_fields__)}
_REPEATED = {"name", "call", "source_id", "partition", "user_id", "anonymous_id"}  # worth a dictionary


def schema() -> pa.Schema:
    """Return the columns of history."""
    import pyarrow as pa

    kinds = {"string": pa.string(), "int64": pa.int64(), "timestamp(6)": pa.timestamp("us")}
    return pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])


def rows_of(batch: pa.RecordBatch) -> list[LakeRow]:
    """Return rows of history as they were staged; the columns may stand in any order."""
    columns = [batch.column(name).to_pylist() for name in _PLACES]
    texts = {_PLACES["properties"], _PLACES["context"]}
    cells = [[value.encode() for value in column] if place in texts else column for place, column in enumerate(columns)]
    names = list(_PLACES)
    return [LakeRow(**dict(zip(names, row, strict=True))) for row in zip(*cells, strict=True)]


def table_of(rows: Sequence[LakeRow]) -> pa.Table:
    """Return rows as a table with the columns of history, in the order given."""
    import pyarrow as pa

    columns = list(zip(*map(msgspec.structs.astuple, rows), strict=True)) or [()] * len(_PLACES)
    arrays: dict[str, Any] = {}  # Any: pyarrow has no types
    for field in schema():
        place = _PLACES.get(field.name)
        if place is not None:
            arrays[field.name] = pa.array(columns[place], field.type)
        else:
            arrays[field.name] = arrays[field.name.removesuffix("_at") + "_us"].cast(field.type)
    return pa.table(arrays, schema=schema())


def sorted_table(table: pa.Table) -> pa.Table:
    """Return the rows by time, ties by their place in the log."""
    return table.sort_by([(name, "ascending") for name in ORDER])


def encoded(table: pa.Table) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = pa.BufferOutputStream()
    pq.write_table(
        table,
        out,
        compression="zstd",
        row_group_size=ROW_GROUP_EVENTS,
        use_dictionary=sorted(_REPEATED),
        write_statistics=["occurred_us", "occurred_at", "received_us", "name", "user_id", "anonymous_id"],
    )
    return bytes(out.getvalue())


def decoded(content: bytes) -> pa.Table:
    """Return the table in the bytes of a Parquet file."""
    import pyarrow.parquet as pq

    return pq.read_table(io.BytesIO(content), schema=schema())


def merged(tables: Sequence[pa.Table]) -> pa.Table:
    """Return the rows of several tables by time."""
    import pyarrow as pa

    return sorted_table(pa.concat_tables(tables))


def without(table: pa.Table, forgotten: Forgotten) -> pa.Table:
    """Return the rows that stay."""
    import pyarrow.compute as pc

    return table.filter(pc.invert(_covered(table, forgotten)))


def holds(content: bytes, forgotten: Forgotten) -> bool:
    """Return whether a file has a row that must go; reads only the columns that can tell."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    own = ["source_id", "properties"] if forgotten.customer_ids else []
    told = pq.read_table(io.BytesIO(content), columns=["user_id", "anonymous_id", "previous_id", *own])
    return bool(pc.any(_covered(told, forgotten), min_count=0).as_py())


def _covered(table: pa.Table, forgotten: Forgotten) -> Any:  # Any: pyarrow has no types; the rule is Forgotten.covers
    import pyarrow as pa
    import pyarrow.compute as pc

    users = pa.array(sorted(forgotten.user_ids), pa.string())
    anonymous = pa.array(sorted(forgotten.anonymous_ids), pa.string())
    user, device, previous = (table.column(name) for name in ("user_id", "anonymous_id", "previous_id"))
    named = pc.or_(pc.is_in(user, users), pc.is_in(previous, users))
    nameless = pc.or_(pc.is_in(device, anonymous), pc.is_in(previous, anonymous))
    covered = pc.or_(named, pc.and_(pc.is_null(user), nameless))
    if not forgotten.customer_ids:
        return covered
    ids = "|".join(map(re.escape, sorted(forgotten.customer_ids)))
    names_them = pc.match_substring_regex(table.column("properties"), ids)
    return pc.or_(covered, pc.and_(pc.equal(table.column("source_id"), OWN_SOURCE), names_them))
