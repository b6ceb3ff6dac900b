"""Which ids has this import seen, and in which row? Kept in a scratch file, so that memory stays flat."""

from __future__ import annotations

import sqlite3
from types import TracebackType
from typing import Self

_SCRATCH = ""  # SQLite's name for a private file on disk that vanishes when it is closed
_TABLE = "CREATE TABLE seen (item_id TEXT PRIMARY KEY, row_number INTEGER NOT NULL) WITHOUT ROWID"
# Remember an id, unless it is there.
_REMEMBER = "INSERT INTO seen (item_id, row_number) VALUES (?, ?) ON CONFLICT (item_id) DO NOTHING"
# In which row did this id stand first?
_FIRST = "SELECT row_number FROM seen WHERE item_id = ?"


class SeenIds:
    """Ids with the row of their first appearance; any number of them.

    >>> with SeenIds() as seen:
    ...     seen.first_row_of("a", 2), seen.first_row_of("a", 9)
    (None, 2)
    """

    def __enter__(self) -> Self:
        """Open the scratch file."""
        self._scratch = sqlite3.connect(_SCRATCH, isolation_level=None, check_same_thread=False)
        for statement in ("PRAGMA journal_mode=OFF", "PRAGMA cache_size=-8192", _TABLE, "BEGIN"):
            self._scratch.execute(statement)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the scratch file go."""
        self._scratch.close()

    def first_row_of(self, item_id: str, row: int) -> int | None:
        """Return the earlier row of this id; None when this is the first, which is then remembered."""
        if self._scratch.execute(_REMEMBER, (item_id, row)).rowcount:
            return None
        return int(self._scratch.execute(_FIRST, (item_id,)).fetchone()[0])
