"""What a real log holds, once read."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast  # Any: a cell is whatever the file holds

import msgspec

from regulars.catalog import Item
from regulars.kernel.clock import microseconds
from regulars.kernel.errors import InvalidError, NotFoundError
from regulars.testing.simulator.calls import Call, CallKind

SECOND_US = 1_000_000


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A catalogue and what happened, in order of time. `skipped` counts rows of the log that made no sense."""

    items: list[Item]
    calls: list[Call]
    terms: str
    skipped: int = 0


class Gathering:
    """Calls and items gathered from the rows of a log."""

    def __init__(self, preset: str) -> None:
        self._preset = preset
        self.calls: list[Call] = []
        self.items: dict[str, Item] = {}
        self.skipped = 0

    def add(
        self,
        kind: CallKind,
        name: str,
        at_us: int,
        who: tuple[str | None, str | None],
        properties: dict[str, Any],  # Any: properties are whatever was recorded
    ) -> None:
        """Take a call in; `who` is the user id and the anonymous id."""
        user_id, anonymous_id = who
        self.calls.append(
            Call(
                at_us=at_us,
                message_id=f"{self._preset}-{len(self.calls) + 1:09}",
                kind=kind,
                name=name,
                user_id=user_id,
                anonymous_id=anonymous_id,
                properties=properties,
                context={},
            )
        )

    def recording(self, terms: str) -> Recording:
        """Return everything, in order of time; what happened at one moment stays in the order of the file."""
        return Recording(
            items=list(self.items.values()),
            calls=sorted(self.calls, key=lambda call: (call.at_us, call.message_id)),
            terms=terms,
            skipped=self.skipped,
        )


@contextmanager
def opened(path: Path) -> Iterator[IO[str]]:
    """Open a text file, packed by gzip or not.

    Raises
    ------
    NotFoundError
        When it is not there.

    """
    try:
        raw = cast("IO[bytes]", (gzip.open if path.suffix == ".gz" else open)(path, "rb"))  # cast: both read bytes
    except FileNotFoundError:
        raise NotFoundError(f"There is no file {str(path)!r}.") from None
    except IsADirectoryError:
        raise InvalidError(f"{str(path)!r} is a folder; give the file in it.") from None
    with raw, io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as text:
        yield text


def table(path: Path, *, delimiter: str = ",", columns: tuple[str, ...] | None = None) -> Iterator[dict[str, Any]]:
    """Walk the rows of a CSV or Parquet file by column name. Any: a cell."""
    if path.suffix == ".parquet":
        yield from _parquet(path)
        return
    with opened(path) as text:
        reader = csv.DictReader(text, fieldnames=columns, delimiter=delimiter, quoting=_quoting(delimiter))
        for row in reader:
            yield {str(name).strip(): value for name, value in row.items() if name is not None}


def _quoting(delimiter: str) -> Any:  # Any: csv's constants have a private type
    return csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL  # tab-separated dumps never quote


def _parquet(path: Path) -> Iterator[dict[str, Any]]:  # Any: a cell
    import pyarrow.parquet as pq

    if not path.is_file():
        raise NotFoundError(f"There is no file {str(path)!r}.")
    for batch in pq.ParquetFile(path).iter_batches(batch_size=10_000):
        yield from batch.to_pylist()


def at_us(value: Any) -> int | None:  # Any: a cell
    """Return a moment in microseconds since 1970: seconds, or text in ISO 8601 or as m/d/Y H:M; None if neither.

    >>> at_us("881250949"), at_us("2014-04-07T10:51:09.277Z"), at_us("12/1/2010 8:26"), at_us("soon")
    (881250949000000, 1396867869277000, 1291191960000000, None)
    """
    if isinstance(value, datetime):
        return microseconds(value if value.tzinfo else value.replace(tzinfo=UTC))
    try:
        return round(float(value) * SECOND_US)
    except (TypeError, ValueError, OverflowError):
        pass
    for read in (datetime.fromisoformat, lambda text: datetime.strptime(text, "%m/%d/%Y %H:%M")):  # noqa: DTZ007 (its zone is set below)
        try:
            when = read(str(value).strip())
        except ValueError:
            continue
        return microseconds(when if when.tzinfo else when.replace(tzinfo=UTC))
    return None


def number(value: Any) -> float | None:  # Any: a cell
    """Return a finite number, None when the cell holds none."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if abs(found) < 1e15 else None


def need(row: Mapping[str, Any], columns: Iterable[str], path: Path) -> None:  # Any: a cell
    """Refuse a file whose first row lacks a column."""
    missing = [column for column in columns if column not in row]
    if missing:
        raise InvalidError(
            f"{path.name!r} has no column {missing[0]!r}; it has {', '.join(map(repr, list(row)[:12]))}. "
            "Is it a file of this preset?"
        )
