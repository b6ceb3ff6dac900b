"""Tables read row by row, whatever the format, with bounded memory; and the file of the rows that did not go in.

A text file is UTF-8 unless its first bytes or the caller say otherwise. Bytes that are no text stay in the row, which
is then a faulty row; they are written back as they came.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import PurePath
from typing import IO, Any, Literal, Protocol, get_args  # Any: a cell is whatever the file holds

import msgspec

from regulars.kernel.errors import InvalidError
from regulars.kernel.sayings import said

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


class RowProblem(msgspec.Struct, frozen=True):
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


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How a text file is laid out, where its first lines do not tell.

    `delimiter` may have several characters (`::`), quotes then mean nothing. Without a header, columns are called
    `column 1`, `column 2` … and the first line is a row.
    """

    encoding: str | None = None
    delimiter: str | None = None
    has_header: bool = True
    has_quotes: bool = True


class Table(Protocol):
    """A file that can be walked more than once."""

    encoding: str
    columns: list[str] | None  # None where every row names its own

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        """Walk the rows from the first, or from the one that follows row number `after`."""
        ...

    def rejected(self, file: IO[bytes], faulty: Iterable[tuple[Row, list[RowProblem]]]) -> None:
        """Write faulty rows with their reasons, in a form that can be mended and read again."""
        ...

    def without(self, file: IO[bytes], numbers: Collection[int]) -> None:
        """Write the whole table with some rows emptied where they stand; all others keep their numbers."""
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
            said(
                "file_ending",
                "Nothing here reads a file that ends in {ending!r}; known are {known}.",
                ending=ending,
                known=known,
            )
        )
    return _ENDINGS[ending]


def open_table(
    file: IO[bytes],
    format: Format,  # noqa: A002 (its name in the API)
    encoding: str | None = None,
    layout: Layout | None = None,
) -> Table:
    """Open a seekable file as a table; `encoding` is short for a layout that says nothing else.

    Raises
    ------
    InvalidError
        When it is no such file, or is in an encoding that nobody named.

    """
    if format == "parquet":
        return _Parquet(file)
    layout = layout or Layout(encoding=encoding)
    chosen = _encoding(file, layout.encoding)
    return _Csv(file, chosen, layout) if format == "csv" else _Jsonl(file, chosen)


def _encoding(file: IO[bytes], asked: str | None) -> str:
    file.seek(0)
    head = file.read(4)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if asked is None:
        return "utf-8"
    try:
        "a".encode(asked).decode(asked, "surrogateescape")  # some names are codecs, but of no table: zlib, idna
        return codecs.lookup(asked).name
    except (LookupError, ValueError):
        raise InvalidError(
            said(
                "no_encoding",
                "No encoding is named {encoding!r}; common ones are utf-8, big5, cp950, shift_jis, gb18030, latin-1.",
                encoding=asked,
            )
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
                    said(
                        "file_line_long",
                        "Line {line:,} has over {most:,} characters. Is this a table, one row a line?",
                        line=number,
                        most=LINE_CHARACTERS_MAX,
                    )
                )
            yield line
    except UnicodeError:
        raise InvalidError(
            said(
                "file_encoding_breaks",
                "The file says it is {encoding} but breaks off being so at line {line:,}.",
                encoding=encoding,
                line=number + 1,
            )
        ) from None
    finally:
        wrapped.detach()


def is_undecoded(text: str) -> bool:
    """Return whether text holds bytes that were no text in the file's encoding."""
    return _UNDECODED.search(text) is not None


class _Csv:
    def __init__(self, file: IO[bytes], encoding: str, layout: Layout) -> None:
        self._file = file
        self.encoding = encoding
        self._layout = layout
        first = next(_lines(file, encoding), "")
        self._delimiter = layout.delimiter or (max(",;\t", key=first.count) if first else ",")
        header = self._first_row()
        if not header or not any(cell.strip() for cell in header):
            raise InvalidError(said("file_header_missing", "The file is empty; its first line must name the columns."))
        if is_undecoded("".join(header)):
            raise InvalidError(not_in(encoding, 1))
        invented = [f"column {number}" for number in range(1, len(header) + 1)]
        self._has_header = layout.has_header or header[0] == invented[0]  # a file of rejected rows names them
        if not self._has_header:
            header = invented
        self._header = header
        self.columns: list[str] | None = [cell.strip() for cell in header]
        twice = sorted({name for name in self.columns if name and self.columns.count(name) > 1})
        if twice:
            raise InvalidError(
                said(
                    "file_header_twice",
                    "The header names {columns} more than once.",
                    columns=", ".join(map(repr, twice)),
                )
            )

    def _first_row(self) -> list[str] | None:
        try:
            return next(self._reader(), None)
        except csv.Error as error:
            raise InvalidError(
                said(
                    "file_header_unread", "The first line does not read as the names of columns: {why}.", why=str(error)
                )
            ) from None

    def _reader(self) -> Any:  # Any: csv's reader has no public type
        lines = _lines(self._file, self.encoding)
        if len(self._delimiter) > 1:
            return (line.rstrip("\r\n").split(self._delimiter) for line in lines)
        if self._layout.has_quotes:
            return csv.reader(lines, delimiter=self._delimiter)
        return csv.reader(lines, delimiter=self._delimiter, quoting=csv.QUOTE_NONE)

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        reader = self._reader()
        number = 0
        if self._has_header:
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
            if cells and number > after:
                yield self._row(number, cells)

    def _row(self, number: int, cells: list[str]) -> Row:
        assert self.columns is not None, "a CSV has a header"
        if len(cells) != len(self.columns):
            fault = f"The row has {len(cells)} cells, the header names {len(self.columns)}."
            return Row(number, None, fault, cells)
        if is_undecoded("".join(cells)):
            return Row(number, None, f"The row holds bytes that are not {self.encoding}.", cells, True)
        return Row(number, dict(zip(self.columns, cells, strict=True)), None, cells)

    def _writer(self, text: IO[str]) -> Callable[[list[str]], object]:
        if self._layout.has_quotes:
            return csv.writer(text, delimiter=self._delimiter).writerow
        return _joined(text, self._delimiter)

    def rejected(self, file: IO[bytes], faulty: Iterable[tuple[Row, list[RowProblem]]]) -> None:
        """Write the header once, then each row; a spreadsheet needs the mark at the start to see UTF-8."""
        encoding = "utf-8-sig" if self.encoding in ("utf-8", "utf-8-sig") else self.encoding
        text = io.TextIOWrapper(file, encoding=encoding, errors="surrogateescape", newline="")
        write = _joined(text, self._delimiter) if len(self._delimiter) > 1 else self._writer(text)
        keeps = [index for index, name in enumerate(self._header) if name.strip() != PROBLEM_COLUMN]
        write([*(self._header[index] for index in keeps), PROBLEM_COLUMN])
        for row, problems in faulty:
            same_width = len(row.raw) == len(self._header)
            cells = [row.raw[index] for index in keeps] if same_width else row.raw
            write([*cells, _reasons(problems)])
        text.flush()
        text.detach()

    def without(self, file: IO[bytes], numbers: Collection[int]) -> None:
        """Write every row as it came, those of `numbers` as cells without anything in them."""
        text = io.TextIOWrapper(file, encoding=self.encoding, errors="surrogateescape", newline="")
        write = _joined(text, self._delimiter) if len(self._delimiter) > 1 else self._writer(text)
        for number, cells in enumerate(self._reader(), 1):
            write([""] * len(cells) if number in numbers else cells)
        text.flush()
        text.detach()


def _joined(text: IO[str], delimiter: str) -> Callable[[list[str]], object]:
    def write(cells: list[str]) -> None:
        text.write(delimiter.join(cells) + "\n")

    return write


class _Jsonl:
    columns: list[str] | None = None

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._file = file
        self.encoding = encoding

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        decoder = msgspec.json.Decoder()
        for number, line in enumerate(_lines(self._file, self.encoding), 1):
            stripped = line.strip()
            if number <= after or not stripped or stripped.startswith(_COMMENT):
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

    def rejected(self, file: IO[bytes], faulty: Iterable[tuple[Row, list[RowProblem]]]) -> None:
        """Write each line as it came, under a comment with its reasons; comments are skipped when read again."""
        for row, problems in faulty:
            text = f"{_COMMENT} line {row.number}: {_reasons(problems)}\n{row.raw}\n"
            file.write(text.encode(self.encoding, "surrogateescape"))

    def without(self, file: IO[bytes], numbers: Collection[int]) -> None:
        """Write every line as it came, a comment in the place of those of `numbers`."""
        for number, line in enumerate(_lines(self._file, self.encoding), 1):
            text = f"{_COMMENT}\n" if number in numbers else line
            file.write(text.encode(self.encoding.replace("-sig", ""), "surrogateescape"))


class _Parquet:
    encoding = "parquet"

    def __init__(self, file: IO[bytes]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        file.seek(0)
        try:
            self._table = pq.ParquetFile(file)
        except (pa.ArrowInvalid, OSError) as error:
            raise InvalidError(
                said("file_no_parquet", "The file is not Parquet: {why}", why=_first_sentence(error))
            ) from None
        self.columns: list[str] | None = list(self._table.schema_arrow.names)

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        import pyarrow as pa

        number = 0
        try:
            for batch in self._table.iter_batches(batch_size=_ROWS_A_READ):
                if number + batch.num_rows <= after:
                    number += batch.num_rows
                    continue
                for cells in batch.to_pylist():
                    number += 1
                    if number > after:
                        yield Row(number, cells, None, cells)
        except (pa.ArrowInvalid, OSError) as error:
            raise InvalidError(f"The Parquet file is damaged after row {number:,}: {_first_sentence(error)}") from None

    def rejected(self, file: IO[bytes], faulty: Iterable[tuple[Row, list[RowProblem]]]) -> None:
        """Write JSONL: people mend text, not Parquet."""
        for row, problems in faulty:
            file.write(f"{_COMMENT} row {row.number}: {_reasons(problems)}\n".encode())
            file.write(msgspec.json.encode(row.raw, enc_hook=str) + b"\n")

    def without(self, file: IO[bytes], numbers: Collection[int]) -> None:
        """Write the same columns, with nothing in the rows of `numbers`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema([field.with_nullable(True) for field in self._table.schema_arrow])
        number = 0
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for batch in self._table.iter_batches(batch_size=_ROWS_A_READ):
                gone = pa.array([number + place + 1 in numbers for place in range(batch.num_rows)])
                number += batch.num_rows
                columns = [pa.compute.if_else(gone, pa.scalar(None, column.type), column) for column in batch.columns]
                writer.write_batch(pa.record_batch(columns, schema=schema))


def _reasons(problems: list[RowProblem]) -> str:
    return " ".join(f"{one.column}: {one.reason}" if one.column else one.reason for one in problems).replace("\n", " ")


def _first_sentence(error: Exception) -> str:
    return (str(error).splitlines() or ["no reason given"])[0].rstrip(".") + "."


def not_in(encoding: str, row: int) -> str:
    """Return the sentence about a file that is in another encoding than the one it was read in."""
    return (
        f"The file is not {encoding}: row {row:,} holds bytes that are none. Save it as UTF-8, or say its encoding "
        "(Excel in Taiwan often writes big5, in Japan shift_jis)."
    )
