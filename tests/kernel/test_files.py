"""Files are wholly there or not at all, on a folder as on an object store."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # Any: arguments of a function that is replaced

import pytest

from regulars.kernel.errors import DiskFullError, InvalidError, NotFoundError, UnavailableError
from regulars.kernel.files import Files


@pytest.fixture(params=["folder", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Files]:
    files = Files(tmp_path / "root" if request.param == "folder" else f"memory://{tmp_path.name}")
    yield files
    files.close()


def test_what_was_put_is_read_listed_and_deleted(files: Files) -> None:
    assert files.list() == []
    files.put_atomic("models/b/1.npy", b"1")
    files.put_atomic("models/a.npy", b"22")
    files.put_atomic("models/a.npy", b"333")
    assert files.list() == ["models/a.npy", "models/b/1.npy"]
    assert files.list("models/b") == ["models/b/1.npy"]
    assert files.list("exports") == []
    assert (files.read("models/a.npy"), files.size("models/a.npy")) == (b"333", 3)
    assert files.exists("models/a.npy")
    assert not files.exists("models/c.npy")
    files.delete("models")
    files.delete("models")
    assert files.list() == []


def test_a_file_is_opened_as_text_or_bytes(files: Files) -> None:
    with files.open("exports/名.csv", "w") as file:
        file.write("a,b\n")
    with files.open("exports/名.csv", "rb") as file:
        assert file.read() == b"a,b\n"


def test_a_local_path_can_be_memory_mapped(files: Files) -> None:
    files.put_atomic("models/a.npy", b"abc")
    path = files.local_path("models/a.npy")
    assert path.read_bytes() == b"abc"
    assert files.local_path("models/a.npy") == path


def test_a_missing_file_is_told_in_a_sentence(files: Files) -> None:
    with pytest.raises(NotFoundError, match=r"There is no file 'nothing\.txt'"):
        files.read("nothing.txt")


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "", "a\\b", "a\0b", ".."])
def test_no_path_leaves_the_root(files: Files, path: str) -> None:
    for act in (files.read, files.delete, files.exists, files.local_path):
        with pytest.raises(InvalidError, match="stay under its root"):
            act(path)


def test_a_full_disk_leaves_the_old_file_and_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Files(tmp_path)
    files.put_atomic("a", b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match="No room is left to write 'a'"):
        files.put_atomic("a", b"new")
    monkeypatch.undo()
    assert files.read("a") == b"old"
    assert os.listdir(tmp_path) == ["a"]  # noqa: PTH208 (hidden files count as well)


def test_a_folder_without_permission_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files(tmp_path)

    def refuse(*_: Any, **__: Any) -> None:  # Any: as the function it replaces
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(UnavailableError, match="may not be read or written"):
        files.put_atomic("a", b"new")


def test_a_file_being_written_is_not_listed(tmp_path: Path) -> None:
    files = Files(tmp_path)
    (tmp_path / ".regulars-abc").write_bytes(b"half")
    files.put_atomic("a", b"1")
    assert files.list() == ["a"]
