"""A file of items comes in: which rows are good, what is wrong with the others, and of what type is each column?"""

from regulars.catalog.imports.report import ImportReport
from regulars.catalog.imports.running import Import
from regulars.kernel.tables import FORMATS, Format, RowProblem, format_of

__all__ = ["FORMATS", "Format", "Import", "ImportReport", "RowProblem", "format_of"]
