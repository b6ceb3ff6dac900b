"""A file of packed records: written once, never changed, read from anywhere in it.

The records stand in blocks of about a megabyte, each compressed on its own (a zstd frame with its checksum), so that
reading a few records unpacks a few blocks. Behind the blocks an index says which block holds which offsets. It stands
in a frame that zstd passes over: `zstd -d < segment` gives the records back to anyone, as MessagePack.
"""

from __future__ import annotations

import os
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path

import msgspec
import zstandard

from regulars.kernel.errors import UnavailableError

SUFFIX = ".zst"
BLOCK_BYTES = 1 << 20
LEVEL = 3  # docs/decisions/log-segments.md: what a higher one saves, the pages around it cost again
_PASSED_OVER = struct.Struct("<II")  # magic and size of a frame that zstd passes over
_PASSED_OVER_MAGIC = 0x184D2A50
_TAIL = struct.Struct("<II8s")  # checksum and size of the index, and whose file this is
_OURS = b"regulars"


class Group(msgspec.Struct, frozen=True, array_like=True):
    """Records of one commit: the first one's offset, when they were accepted, and their payloads."""

    first_offset: int
    accepted_us: int
    payloads: list[bytes]


class Block(msgspec.Struct, frozen=True, array_like=True):
    """Where some groups stand in the file."""

    first_offset: int
    records: int
    place: int
    size: int
    unpacked: int


class DamagedError(UnavailableError):
    """A file of packed records is not what was written."""

    kind = "damaged"


_encode = msgspec.msgpack.Encoder().encode
_decode_groups = msgspec.msgpack.Decoder(list[Group]).decode
_decode_index = msgspec.msgpack.Decoder(list[Block]).decode


def write_segment(path: Path, groups: Iterable[Group]) -> int:
    """Write groups to a new file, durably and whole or not at all; return its size in bytes."""
    new = path.with_name(path.name + ".new")
    try:
        size = _write(new, groups)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    _settle(path.parent)
    return size


def _write(path: Path, groups: Iterable[Group]) -> int:
    with path.open("wb") as file:
        index: list[Block] = []
        for part in _parts(groups):
            packed = _encode(part)
            frame = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(packed)
            records = sum(len(group.payloads) for group in part)
            index.append(Block(part[0].first_offset, records, file.tell(), len(frame), len(packed)))
            file.write(frame)
        written = _encode(index)
        file.write(_PASSED_OVER.pack(_PASSED_OVER_MAGIC, len(written) + _TAIL.size))
        file.write(written + _TAIL.pack(zlib.crc32(written), len(written), _OURS))
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


def wipe(path: Path) -> None:
    """Remove a file of packed records, and what it said from its place on the disk."""
    try:
        with path.open("r+b") as file:
            left = os.fstat(file.fileno()).st_size
            while left > 0:
                left -= file.write(bytes(min(left, BLOCK_BYTES)))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return


class Segment:
    """One file of packed records, read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.index = _index_of(path)

    def block_with(self, offset: int) -> int:
        """Return the number of the block that holds an offset, or the last one before it."""
        return bisect_right(self.index, offset, key=lambda block: block.first_offset) - 1

    def groups(self, number: int) -> list[Group]:
        """Return what stands in a block.

        Raises
        ------
        DamagedError
            When it is not what was written.

        """
        block = self.index[number]
        with self._path.open("rb") as file:
            file.seek(block.place)
            frame = file.read(block.size)
        try:
            return _decode_groups(zstandard.ZstdDecompressor().decompress(frame, max_output_size=block.unpacked))
        except (zstandard.ZstdError, msgspec.MsgspecError) as error:
            raise _damaged(self._path) from error


def _parts(groups: Iterable[Group]) -> Iterable[list[Group]]:
    part: list[Group] = []
    size = 0
    for group in groups:
        part.append(group)
        size += sum(map(len, group.payloads))
        if size >= BLOCK_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _index_of(path: Path) -> list[Block]:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - _TAIL.size))
        tail = file.read()
        if len(tail) != _TAIL.size:
            raise _damaged(path)
        checksum, length, whose = _TAIL.unpack(tail)
        if whose != _OURS or length > size - _TAIL.size:
            raise _damaged(path)
        file.seek(size - _TAIL.size - length)
        written = file.read(length)
    if zlib.crc32(written) != checksum:
        raise _damaged(path)
    return _decode_index(written)


def _damaged(path: Path) -> DamagedError:
    return DamagedError(f"The packed records in {path.name} are damaged. Restore this file from a backup.")


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
