"""Was a part of the state rebuilt since I last looked? Whoever keeps a copy of a part in memory asks.

A part is what one projection derives from the log (`recommend`), or what the worker itself keeps (`worker`). A rebuild
gives it a new generation in the step in which the new tables take the place of the old: numbers of one generation
(`seq`, `item_no`, `anchor`, `run_id`) mean nothing in another.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from regulars.kernel.bulk import write_rows
from regulars.kernel.database import Migration

FIRST = ""  # of a part that was never rebuilt

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "generations",
        1,
        ("CREATE TABLE kernel_generations (part TEXT NOT NULL PRIMARY KEY, generation TEXT NOT NULL)",),
    ),
)
DERIVED_TABLES: tuple[str, ...] = ()

# Which generation of this part is it?
_GENERATION = text("SELECT generation FROM kernel_generations WHERE part = :part")
_SET_GENERATION = """
INSERT INTO kernel_generations (part, generation) VALUES (?, ?)
ON CONFLICT (part) DO UPDATE SET generation = excluded.generation"""


def generation_of(connection: Connection, part: str) -> str:
    """Return the generation of a part, `FIRST` when it was never rebuilt."""
    return str(connection.execute(_GENERATION, {"part": part}).scalar() or FIRST)


def set_generation(connection: Connection, parts: Iterable[str], generation: str) -> None:
    """Give parts a new generation."""
    write_rows(connection, _SET_GENERATION, [(part, generation) for part in parts])
