"""The state database on each engine."""

from __future__ import annotations

from regulars.testing.contracts.database import DatabaseContract


class TestDatabase(DatabaseContract):
    """SQLite and PostgreSQL keep the same promises."""
