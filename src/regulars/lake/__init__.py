"""History: every event, in Parquet by day, each exactly once, asked by Ibis expressions."""

from regulars.lake.core import Forgotten, LakeRow
from regulars.lake.parquet import COLUMNS
from regulars.lake.service import Lake, LakeSummary
from regulars.lake.store import MIGRATIONS

__all__ = ["COLUMNS", "MIGRATIONS", "Forgotten", "Lake", "LakeRow", "LakeSummary"]
