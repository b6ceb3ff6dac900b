"""A file on its way in: streamed to disk, measured while it comes, durable before it is said to be here."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from regulars.events.imports.store import FileRow
from regulars.kernel.clock import Clock
from regulars.kernel.errors import DiskFullError, InvalidError, TooLargeError
from regulars.kernel.files import Files
from regulars.kernel.ids import new_id
from regulars.kernel.sayings import said
from regulars.kernel.tables import Format, format_of, open_table

FOLDER = "imports/history"
NAME_CHARACTERS_MAX = 200
DISK_KEPT_FREE_BYTES = 500_000_000  # an upload must not take the room that live events need


def folder_of(import_id: str) -> str:
    """Return where an import's files lie.

    >>> folder_of("019a")
    'imports/history/019a'
    """
    return f"{FOLDER}/{import_id}"


class Upload:
    """Bytes in, a file out. As a context it removes what came when it is not finished."""

    def __init__(self, name: str, *, files: Files, clock: Clock, bytes_max: int) -> None:
        self._files = files
        self._name = name
        self._bytes_max = bytes_max
        self._now_us = clock.now_us()
        self._import_id = new_id(self._now_us)
        self._format: Format = format_of(name)
        self._path = f"{folder_of(self._import_id)}/file.{self._format}"
        self._file = files.open(self._path, "wb")
        self._digest = hashlib.blake2b(digest_size=32)
        self._size_bytes = 0
        self._is_finished = False

    def __enter__(self) -> Self:
        """Go on."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what came, unless the file is whole."""
        if not self._is_finished:
            self._file.close()
            self._files.delete(folder_of(self._import_id))

    def write(self, chunk: bytes) -> None:
        """Take some bytes.

        Raises
        ------
        TooLargeError
            When the file is larger than `imports.bytes_max`.
        DiskFullError
            When it would take the room that live events need.

        """
        self._size_bytes += len(chunk)
        if self._size_bytes > self._bytes_max:
            raise TooLargeError(
                said(
                    "import_file_too_large",
                    "A file of history has at most {most:,} bytes (imports.bytes_max). Give it in parts.",
                    most=self._bytes_max,
                )
            )
        if self._files.is_local and _free_bytes(self._files, self._path) < DISK_KEPT_FREE_BYTES:
            raise DiskFullError(
                said(
                    "import_no_room",
                    "No room is left for this file beside what live events need. Free some space first.",
                )
            )
        self._digest.update(chunk)
        self._file.write(chunk)

    def finish(self) -> FileRow:
        """Make the file durable and return what is to be known of it.

        Raises
        ------
        InvalidError
            When it is empty, or not what its name says.

        """
        self._file.flush()
        if self._files.is_local:
            os.fsync(self._file.fileno())
        self._file.close()
        if not self._size_bytes:
            raise InvalidError(said("import_file_empty", "The file {file!r} is empty.", file=self._name))
        if self._format == "parquet":
            with self._files.open(self._path, "rb") as file:
                open_table(file, "parquet")
        self._is_finished = True
        return FileRow(
            import_id=self._import_id,
            name=self._name,
            format=self._format,
            size_bytes=self._size_bytes,
            digest=self._digest.hexdigest(),
            state="received",
            created_us=self._now_us,
            changed_us=self._now_us,
        )


def _free_bytes(files: Files, path: str) -> int:
    return shutil.disk_usage(files.local_path(path).parent).free


def checked_name(name: str) -> str:
    """Return a file's own name, without folders.

    Raises
    ------
    InvalidError
        When it is none, or promises what nobody here reads.

    """
    name = Path(name.replace("\\", "/")).name.strip()
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise InvalidError(
            said(
                "import_file_name",
                "A file's name has 1 to {most} printable characters, this one {length}.",
                most=NAME_CHARACTERS_MAX,
                length=len(name),
            )
        )
    if name.lower().endswith((".xls", ".xlsx", ".ods", ".numbers")):
        raise InvalidError(
            said(
                "import_spreadsheet",
                "{file!r} is a spreadsheet's own format. Save it as CSV UTF-8 and give that file.",
                file=name,
            )
        )
    if name.lower().endswith((".zip", ".gz", ".bz2", ".xz", ".zst", ".7z")):
        raise InvalidError(said("import_packed", "{file!r} is packed. Unpack it and give the file in it.", file=name))
    return name
