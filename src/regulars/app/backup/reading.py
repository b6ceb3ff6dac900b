"""What does a copied state say about itself: how far it had come, which files of history it names, how new it is?"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, text

from regulars.events.worker_store import offsets
from regulars.kernel.database.migrations import MIGRATIONS_DONE
from regulars.lake import store as lake_store


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A state: the log it has taken in, the files of history with their sizes, the steps of its tables."""

    reached: dict[str, int]
    history: list[tuple[str, int]]
    history_events: int
    migrations: dict[str, int]


def read_state(connection: Connection) -> State:
    """Return what a state says, of one moment."""
    files = lake_store.live_files(connection)
    waiting, _ = lake_store.waiting(connection)
    migrations: dict[str, int] = {}
    for row in connection.execute(text(MIGRATIONS_DONE)):
        migrations[row.capability] = max(row.number, migrations.get(row.capability, 0))
    return State(
        reached=offsets(connection),
        history=[(file.path, file.size_bytes) for file in files],
        history_events=sum(file.events for file in files) + waiting,
        migrations=dict(sorted(migrations.items())),
    )
