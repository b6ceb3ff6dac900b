"""Where the state lives: SQLite in a file, or PostgreSQL; one contract (`regulars.testing.contracts.database`).

A reader sees one snapshot and never waits for a writer. On SQLite one writer goes at a time, whatever its process; on
PostgreSQL writers meet only on the same rows, or where both name the same lock. This room knows no table but its own.
"""

from regulars.kernel.database.check import DatabaseCheck
from regulars.kernel.database.migrations import Migration
from regulars.kernel.database.service import Database

__all__ = ["Database", "DatabaseCheck", "Migration"]
