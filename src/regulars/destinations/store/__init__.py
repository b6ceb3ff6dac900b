"""Questions to the destinations' tables, a file for each thing they hold."""

from regulars.destinations.store.tables import DERIVED_TABLES, MIGRATIONS

__all__ = ["DERIVED_TABLES", "MIGRATIONS"]
