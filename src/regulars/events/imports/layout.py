"""How is a file of history laid out, where nobody says so? Looked at, not guessed: an encoding fits or it does not."""

from __future__ import annotations

import codecs
from typing import IO

import msgspec

from regulars.kernel.tables import Format, Layout

BYTES_LOOKED_AT = 1 << 20
ENCODINGS = ("big5hkscs", "shift_jis", "gb18030", "cp1252")  # tried in this order when a file is not UTF-8


def layout_of(
    file: IO[bytes],
    format: Format,  # noqa: A002 (its name in the API)
    asked: Layout,
) -> tuple[Layout, list[str]]:
    """Return how a text file is laid out, and in which encodings its first megabyte reads."""
    if format == "parquet" or asked.encoding is not None:
        return asked, []
    fits = [name for name in ("utf-8", *ENCODINGS) if _reads_as(file, name)]
    chosen = fits[0] if fits and fits[0] != "utf-8" else None
    return msgspec.structs.replace(asked, encoding=chosen), [] if fits[:1] == ["utf-8"] else fits


def _reads_as(file: IO[bytes], encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        decoder.decode(file.read(BYTES_LOOKED_AT))
    except UnicodeDecodeError:
        return False
    return True
