"""History comes in: a file of past sales, plays, ratings or customers, mapped by pointing at its columns."""

from regulars.events.imports.core.mapping import Part, RowMapping, When, Who
from regulars.events.imports.report import HistoryReport
from regulars.events.imports.service import HistoryImport, Imports

__all__ = ["HistoryImport", "HistoryReport", "Imports", "Part", "RowMapping", "When", "Who"]
