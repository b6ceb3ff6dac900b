"""Tables that grow while they are read: increments since the artifact. Guarded by the engine's lock."""

from __future__ import annotations

from array import array

import numpy as np

from regulars.recommend.core.rows import Doubles, Floats, Ints, Longs


class GrowingRow:
    """One row of counts: adding is O(1), reading is one copy."""

    __slots__ = ("columns", "places", "values")

    def __init__(self) -> None:
        self.columns = array("i")
        self.values = array("d")
        self.places: dict[int, int] = {}

    def add(self, column: int, value: float) -> None:
        """Add to one column."""
        place = self.places.get(column)
        if place is None:
            self.places[column] = len(self.columns)
            self.columns.append(column)
            self.values.append(value)
        else:
            self.values[place] += value


class GrowingRows:
    """Rows of counts by number, each made when first needed."""

    def __init__(self) -> None:
        self._rows: dict[int, GrowingRow] = {}

    def add(self, row: int, column: int, value: float) -> None:
        """Add to one cell."""
        found = self._rows.get(row)
        if found is None:
            found = self._rows[row] = GrowingRow()
        found.add(column, value)

    def gather(self, indices: Ints | Longs) -> tuple[Ints, Doubles, Longs]:
        """Return columns, values and the place in `indices` of every cell of these rows."""
        found = [(place, row) for place, index in enumerate(indices.tolist()) if (row := self._rows.get(index))]
        if not found:
            return np.zeros(0, np.int32), np.zeros(0, np.float64), np.zeros(0, np.int64)
        columns = np.concatenate([np.array(row.columns, np.int32) for _, row in found])
        values = np.concatenate([np.array(row.values, np.float64) for _, row in found])
        lengths = [len(row.columns) for _, row in found]
        return columns, values, np.repeat([place for place, _ in found], lengths)


class GrowingVector:
    """A number per item, for as many items as there come to be."""

    def __init__(self, values: Doubles | Floats | None = None) -> None:
        self._values = np.zeros(64, np.float64) if values is None else np.array(values, np.float64)

    def fit(self, length: int) -> None:
        """Make room for this many items."""
        if length > len(self._values):
            room = np.zeros(max(length, 2 * len(self._values)), np.float64)
            room[: len(self._values)] = self._values
            self._values = room

    def add(self, place: int, value: float) -> None:
        """Add to one item; there must be room."""
        self._values[place] += value

    def scale(self, factor: float) -> None:
        """Multiply every number."""
        self._values *= factor

    @property
    def values(self) -> Doubles:
        """The numbers, at least as many as were fitted."""
        return self._values
