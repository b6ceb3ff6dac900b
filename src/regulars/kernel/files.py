"""Where models, exports and backups lie: a folder, or any place that fsspec can reach (`s3://…`, `gs://…`).

Paths are relative, with forward slashes, and never leave the root. What `put_atomic` wrote is either wholly there
or not at all, also after a power cut on a local disk.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast  # Any: fsspec has no types; a file is opened as text or as bytes

from regulars.kernel.errors import DiskFullError, InvalidError, NotFoundError, UnavailableError
from regulars.kernel.sayings import said

_FULL = {errno.ENOSPC, errno.EDQUOT}


class Files:
    """Files under one root.

    >>> import tempfile
    >>> files = Files(tempfile.mkdtemp())
    >>> files.put_atomic("exports/a.txt", b"hello")
    >>> files.list("exports"), files.read("exports/a.txt")
    (['exports/a.txt'], b'hello')
    """

    def __init__(self, root_url: str | Path, options: Mapping[str, str] | None = None) -> None:
        import fsspec

        self.root_url = str(root_url)
        self._system, self._root = fsspec.core.url_to_fs(self.root_url, **(options or {}))
        protocol = self._system.protocol
        self.is_local = "file" in ((protocol,) if isinstance(protocol, str) else protocol)
        self._fetched: tempfile.TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """Remove the local copies that `local_path` fetched."""
        if self._fetched is not None:
            self._fetched.cleanup()
            self._fetched = None

    def open(self, path: str, mode: str = "rb") -> IO[Any]:
        """Open a file for reading or writing; folders above it are made.

        Raises
        ------
        NotFoundError
            When it is to be read and is not there.

        """
        with _translated(path):
            full = self._full(path)
            if "r" not in mode:
                self._system.makedirs(self._parent(full), exist_ok=True)
            return cast("IO[Any]", self._system.open(full, mode))  # cast: fsspec has no types

    def read(self, path: str) -> bytes:
        """Return all bytes of a file."""
        with self.open(path, "rb") as file:
            return cast("bytes", file.read())  # cast: opened as bytes

    def put_atomic(self, path: str, content: bytes) -> None:
        """Write a file so that a reader sees all of it or what was there before; durable on a local disk."""
        with _translated(path):
            full = self._full(path)
            self._system.makedirs(self._parent(full), exist_ok=True)
            if self.is_local:
                _replace_durably(Path(full), content)
            else:  # object stores show a put only when it is complete
                self._system.pipe_file(full, content)

    def replace(self, path: str, by: str) -> None:
        """Put the file `by`, whole and closed, in the place of `path` in one step; durable on a local disk."""
        with _translated(by):
            full, new = self._full(path), self._full(by)
            if not self.is_local:
                self._system.mv(new, full)
                return
            with Path(new).open("rb") as file:
                os.fsync(file.fileno())
            Path(new).replace(full)
            sync_folder(Path(full).parent)

    def list(self, prefix: str = "") -> list[str]:
        """Return the paths of all files under a folder, in the order of their names."""
        with _translated(prefix or "."):
            top = self._full(prefix) if prefix else self._root
            self._system.invalidate_cache()
            found = self._system.find(top) if self._system.exists(top) else []
        start = len(self._root.rstrip("/")) + 1
        return sorted(name[start:] for name in found if not PurePosixPath(name).name.startswith(_TEMPORARY))

    def exists(self, path: str) -> bool:
        """Return whether there is such a file or folder."""
        with _translated(path):
            return bool(self._system.exists(self._full(path)))

    def size(self, path: str) -> int:
        """Return the number of bytes of a file."""
        with _translated(path):
            return int(self._system.size(self._full(path)))

    def delete(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it; nothing happens when it is gone already."""
        with _translated(path):
            full = self._full(path)
            if self._system.exists(full):
                self._system.rm(full, recursive=True)

    def local_path(self, path: str) -> Path:
        """Return a path on this machine, for memory-mapping; a remote file is copied here first."""
        full = self._full(path)
        if self.is_local:
            return Path(full)
        if self._fetched is None:
            self._fetched = tempfile.TemporaryDirectory(prefix="regulars-files-")
        here = Path(self._fetched.name) / path
        if not here.exists():
            content = self.read(path)
            here.parent.mkdir(parents=True, exist_ok=True)
            _replace_durably(here, content)
        return here

    def _full(self, path: str) -> str:
        parts = PurePosixPath(path).parts
        if not parts or ".." in parts or path.startswith("/") or "\\" in path or "\0" in path:
            raise InvalidError(f"A path must be relative and stay under its root, got {path!r}.")
        return "/".join((self._root.rstrip("/"), *parts))

    def _parent(self, full: str) -> str:
        return full.rsplit("/", 1)[0]


_TEMPORARY = ".regulars-"


def _replace_durably(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; a rename is otherwise only in memory until the disk pleases."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFoundError(said("no_file", "There is no file {file!r}.", file=path)) from error
    except PermissionError as error:
        raise UnavailableError(
            said(
                "file_not_allowed",
                "{file!r} may not be read or written by this program. Give its user the right to the folder.",
                file=path,
            )
        ) from error
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(
                said("file_no_room", "No room is left to write {file!r}. Free some space, then try again.", file=path)
            ) from error
        raise
