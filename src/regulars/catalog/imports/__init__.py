"""A file of items comes in: which rows are good, what is wrong with the others, and of what type is each column?"""

from regulars.catalog.imports.report import FORMATS, Format, ImportReport, Problem, format_of
from regulars.catalog.imports.running import Import

__all__ = ["FORMATS", "Format", "Import", "ImportReport", "Problem", "format_of"]
