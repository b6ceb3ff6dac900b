"""What did the values of a field look like? Counted one by one, in bounded memory."""

from __future__ import annotations

from collections import Counter
from typing import Any  # Any: values are whatever was sent

from regulars.events.plans.core.schemas import validator_of

DEPTH_MAX = 8
FIELDS_MAX = 200  # of one object; with more names than these it is a table, not a record
DISTINCT_MAX = 50
SAMPLES_MAX = 3
SAMPLE_CHARACTERS_MAX = 60
FORMATS_GUESSED = ("date-time", "date", "email", "uuid", "uri")
_FORMATS = {name: validator_of({"format": name}).is_valid for name in FORMATS_GUESSED}


class Shape:
    """The values of one field so far."""

    __slots__ = (
        "booleans", "entries", "fields", "formats", "integers", "lists", "longest", "nulls", "numbers", "objects",
        "samples", "table", "texts", "values",
    )  # fmt: skip

    def __init__(self) -> None:
        self.nulls = self.booleans = self.integers = self.numbers = 0
        self.texts = self.objects = self.lists = self.longest = 0
        self.fields: dict[str, Shape] = {}
        self.entries: Shape | None = None  # what stands in its lists
        self.table: Shape | None = None  # what stands under its names, when it is a table
        self.values: Counter[str] | None = Counter()  # None once there are too many different ones
        self.formats = set(FORMATS_GUESSED)
        self.samples: list[str] = []

    @property
    def seen(self) -> int:
        """How many values there were, null included."""
        return self.nulls + self.booleans + self.integers + self.numbers + self.texts + self.objects + self.lists

    def add(self, value: Any, depth: int = 0) -> None:  # Any: as it was sent
        """Take one value in."""
        if value is None:
            self.nulls += 1
        elif isinstance(value, bool):
            self.booleans += 1
        elif isinstance(value, int | float):
            self._add_number(value)
        elif isinstance(value, str):
            self._add_text(value)
        elif isinstance(value, dict):
            self._add_object(value, depth)
        else:
            self._add_list(value, depth)

    def _add_number(self, value: float) -> None:
        if isinstance(value, int) or value.is_integer():
            self.integers += 1
        else:
            self.numbers += 1
        self._sample(str(value))

    def _add_text(self, value: str) -> None:
        self.texts += 1
        self.longest = max(self.longest, len(value))
        if self.formats:
            self.formats = {
                name for name in self.formats if _FORMATS[name](value) and (name != "uri" or "://" in value)
            }
        if self.values is not None:
            self.values[value] += 1
            if len(self.values) > DISTINCT_MAX:
                self.values = None
        self._sample(value)

    def _add_object(self, value: dict[str, Any], depth: int) -> None:  # Any: as it was sent
        self.objects += 1
        if depth >= DEPTH_MAX:
            return
        if self.table is None and len(self.fields) + len(value.keys() - self.fields.keys()) > FIELDS_MAX:
            self.table, self.fields = Shape(), {}
        for name, inner in value.items():
            shape = self.table if self.table is not None else self.fields.get(name)
            if shape is None:
                shape = self.fields[name] = Shape()
            shape.add(inner, depth + 1)

    def _add_list(self, value: list[Any], depth: int) -> None:  # Any: as it was sent
        self.lists += 1
        if depth >= DEPTH_MAX:
            return
        if self.entries is None:
            self.entries = Shape()
        for inner in value:
            self.entries.add(inner, depth + 1)

    def _sample(self, said: str) -> None:
        if len(self.samples) < SAMPLES_MAX and said not in self.samples:
            self.samples.append(said[:SAMPLE_CHARACTERS_MAX])
