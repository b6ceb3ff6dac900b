"""Tables read row by row, whatever the format, with bounded memory; and the file of the rows that did not go in.

A text file is UTF-8 unless its first bytes or the caller say otherwise. Bytes that are no text stay in the row, which
is then a faulty row; they are written back as they came.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import IO, Any, Literal, Protocol, get_args  # Any: a cell is whatever the file holds

import msgspec

from regulars.kernel.errors import InvalidError, nearest

Format = Literal["csv", "jsonl", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
_ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
}
PROBLEM_COLUMN = "_problem"  # where a file of rejected rows says why; ignored when it is read again

LINE_CHARACTERS_MAX = 1_000_000
FIELD_CHARACTERS_MAX = 131_072  # of Python's csv module; an open quote would otherwise swallow the file
_ROWS_A_READ = 2_000
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_UNDECODED = re.compile("[\udc80-\udcff]")
_COMMENT = "#"


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with one row. `row` counts as a spreadsheet does: the header of a CSV is row 1."""

    row: int
    column: str
    reason: str


class Row(msgspec.Struct, frozen=True):
    """One row as the file has it: its cells by column, or the sentence that says why it cannot be read.

    `raw` is what goes to the file of rejected rows: cells in order for CSV, the line for JSONL.
    """

    number: int
    cells: dict[str, Any] | None  # Any: a cell
    fault: str | None
    raw: Any  # Any: list[str], str or dict, by format
    is_undecoded: bool = False


class Table(Protocol):
    """A file that can be walked more than once."""

    encoding: str
    columns: list[str] | None  # None where every row names its own

    def rows(self) -> Iterator[Row]:
        """Walk the rows from the first."""
        ...

    def rejected(self, file: IO[bytes], faulty: Iterable[tuple[Row, list[Problem]]]) -> None:
        """Write faulty rows with their reasons, in a form that can be mended and read again."""
        ...


def format_of(name: str) -> Format:
    """Return the format that a file's name promises.

    >>> format_of("songs.tsv"), format_of("Items.PARQUET")
    ('csv', 'parquet')

    Raises
    ------
    InvalidError
        When the ending promises none.

    """
    ending = PurePath(name).suffix.lower()
    if ending not in _ENDINGS:
        known = ", ".join(_ENDINGS)
        raise InvalidError(
            f"Nothing here reads a file that ends in {ending!r}; known are {known}.{nearest(ending, list(_ENDINGS))}"
        )
    return _ENDINGS[ending]


def open_table(file: IO[bytes], format: Format, encoding: str | None = None) -> Table:  # noqa: A002 (its name in the API)
    """Open a seekable file as a table.

    Raises
    ------
    InvalidError
        When it is no such file, or is in an encoding that nobody named.

    """
    if format == "parquet":
        return _Parquet(file)
    chosen = _encoding(file, encoding)
    return _Csv(file, chosen) if format == "csv" else _Jsonl(file, chosen)


def _encoding(file: IO[bytes], asked: str | None) -> str:
    file.seek(0)
    head = file.read(4)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if asked is None:
        return "utf-8"
    try:
        return codecs.lookup(asked).name
    except LookupError:
        raise InvalidError(
            f"No encoding is named {asked!r}; common ones are utf-8, big5, cp950, shift_jis, gb18030, latin-1."
        ) from None


def _lines(file: IO[bytes], encoding: str) -> Iterator[str]:
    file.seek(0)
    errors = "strict" if encoding == "utf-16" else "surrogateescape"
    wrapped = io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="\n")
    number = 0
    try:
        while line := wrapped.readline(LINE_CHARACTERS_MAX):
            number += 1
            if len(line) >= LINE_CHARACTERS_MAX:
                raise InvalidError(
                    f"Line {number:,} has over {LINE_CHARACTERS_MAX:,} characters. Is this a table, one row a line?"
                )
            yield line
    except UnicodeDecodeError:
        raise InvalidError(f"The file says it is {encoding} but breaks off being so at line {number:,}.") from None
    finally:
        wrapped.detach()


def is_undecoded(text: str) -> bool:
    """Return whether text holds bytes that were no text in the file's encoding."""
    return _UNDECODED.search(text) is not None


class _Csv:
    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._file = file
        self.encoding = encoding
        first = next(_lines(file, encoding), "")
        self._delimiter = max(",;\t", key=first.count) if first else ","
        header = self._first_row()
        if not header or not any(cell.strip() for cell in header):
            raise InvalidError("The file is empty; its first line must name the columns.")
        if is_undecoded("".join(header)):
            raise InvalidError(not_in(encoding, 1))
        self._header = header
        self.columns: list[str] | None = [cell.strip() for cell in header]
        twice = sorted({name for name in self.columns if name and self.columns.count(name) > 1})
        if twice:
            raise InvalidError(f"The header names {', '.join(map(repr, twice))} more than once.")

    def _first_row(self) -> list[str] | None:
        try:
            return next(self._reader(), None)
        except csv.Error as error:
            raise InvalidError(f"The first line does not read as the names of columns: {error}.") from None

    def _reader(self) -> Any:  # Any: csv's reader has no public type
        return csv.reader(_lines(self._file, self.encoding), delimiter=self._delimiter)

    def rows(self) -> Iterator[Row]:
        reader = self._reader()
        next(reader)
        number = 1
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(number, None, f"The row cannot be read ({error}); is a quote left open before it?", [])
                continue
            if cells:
                yield self._row(number, cells)

    def _row(self, number: int, cells: list[str]) -> Row:
        assert self.columns is not None, "a CSV has a header"
        if len(cells) != len(self.columns):
            fault = f"The row has {len(cells)} cells, the header names {len(self.columns)}."
            return Row(number, None, fault, cells)
        if is_undecoded("".join(cells)):
            return Row(number, None, f"The row holds bytes that are not {self.encoding}.", cells, True)
        return Row(number, dict(zip(self.columns, cells, strict=True)), None, cells)

    def rejected(self, file: IO[bytes], faulty: Iterable[tuple[Row, list[Problem]]]) -> None:
        """Write the header once, then each row; a spreadsheet needs the mark at the start to see UTF-8."""
        encoding = "utf-8-sig" if self.encoding in ("utf-8", "utf-8-sig") else self.encoding
        text = io.TextIOWrapper(file, encoding=encoding, errors="surrogateescape", newline="")
        writer = csv.writer(text, delimiter=self._delimiter)
        keeps = [index for index, name in enumerate(self._header) if name.strip() != PROBLEM_COLUMN]
        writer.writerow([*(self._header[index] for index in keeps), PROBLEM_COLUMN])
        for row, problems in faulty:
            same_width = len(row.raw) == len(self._header)
            cells = [row.raw[index] for index in keeps] if same_width else row.raw
            writer.writerow([*cells, _reasons(problems)])
        text.flush()
        text.detach()


class _Jsonl:
    columns: list[str] | None = None

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._file = file
        self.encoding = encoding

    def rows(self) -> Iterator[Row]:
        decoder = msgspec.json.Decoder()
        for number, line in enumerate(_lines(self._file, self.encoding), 1):
            stripped = line.strip()
            if not stripped or stripped.startswith(_COMMENT):
                continue
            yield self._row(number, stripped, decoder)

    def _row(self, number: int, line: str, decoder: msgspec.json.Decoder[Any]) -> Row:  # Any: untyped JSON
        if is_undecoded(line):
            return Row(number, None, f"The line holds bytes that are not {self.encoding}.", line, True)
        try:
            cells = decoder.decode(line.encode("utf-8", "surrogatepass"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Row(number, None, f"The line is not JSON: {error}.", line)
        if not isinstance(cells, dict):
            return Row(number, None, 'The line is not an object such as {"title": "Rain"}.', line)
        return Row(number, cells, None, line)

    def rejected(self, file: IO[bytes], faulty: Iterable[tuple[Row, list[Problem]]]) -> None:
        """Write each line as it came, under a comment with its reasons; comments are skipped when read again."""
        for row, problems in faulty:
            text = f"{_COMMENT} line {row.number}: {_reasons(problems)}\n{row.raw}\n"
            file.write(text.encode(self.encoding, "surrogateescape"))


class _Parquet:
    encoding = "parquet"

    def __init__(self, file: IO[bytes]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        file.seek(0)
        try:
            self._table = pq.ParquetFile(file)
        except (pa.ArrowInvalid, OSError) as error:
            raise InvalidError(f"The file is not Parquet: {_first_sentence(error)}") from None
        self.columns: list[str] | None = list(self._table.schema_arrow.names)

    def rows(self) -> Iterator[Row]:
        import pyarrow as pa

        number = 0
        try:
            for batch in self._table.iter_batches(batch_size=_ROWS_A_READ):
                for cells in batch.to_pylist():
                    number += 1
                    yield Row(number, cells, None, cells)
        except (pa.ArrowInvalid, OSError) as error:
            raise InvalidError(f"The Parquet file is damaged after row {number:,}: {_first_sentence(error)}") from None

    def rejected(self, file: IO[bytes], faulty: Iterable[tuple[Row, list[Problem]]]) -> None:
        """Write JSONL: people mend text, not Parquet."""
        for row, problems in faulty:
            file.write(f"{_COMMENT} row {row.number}: {_reasons(problems)}\n".encode())
            file.write(msgspec.json.encode(row.raw, enc_hook=str) + b"\n")


def _reasons(problems: list[Problem]) -> str:
    return " ".join(f"{one.column}: {one.reason}" if one.column else one.reason for one in problems).replace("\n", " ")


def _first_sentence(error: Exception) -> str:
    return (str(error).splitlines() or ["no reason given"])[0].rstrip(".") + "."


def not_in(encoding: str, row: int) -> str:
    """Return the sentence about a file that is in another encoding than the one it was read in."""
    return (
        f"The file is not {encoding}: row {row:,} holds bytes that are none. Save it as UTF-8, or say its encoding "
        "(Excel in Taiwan often writes big5, in Japan shift_jis)."
    )
