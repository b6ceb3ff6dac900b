"""Where backups lie: manifests and chunks in a folder or at an fsspec URL, readable by nobody else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec
import zstandard

from regulars.app.backup.core import CHUNK_BYTES, ERASURES, FORMAT, MANIFESTS, Chunk, DamagedBackupError, Manifest
from regulars.app.erasures import Erasure
from regulars.kernel.errors import NotFoundError, RegularsError
from regulars.kernel.files import Files
from regulars.kernel.sayings import said

LEVEL = 3  # of zstd: state and log shrink to a fifth or less, faster than a disk writes


def shown(url: str) -> str:
    """Return a place as it may be shown: without a password.

    >>> shown("ftp://ann:secret@host/backups"), shown("/mnt/backups")
    ('ftp://…@host/backups', '/mnt/backups')
    """
    scheme, mark, rest = url.partition("://")
    head, slash, path = rest.partition("/")
    return f"{scheme}://…@{head.rpartition('@')[2]}{slash}{path}" if mark and "@" in head else url


class NewerBackupError(RegularsError):
    """A newer version of Regulars wrote the backup."""

    kind = "newer"
    title = "Written by a newer Regulars"


class Place:
    """One place for the backups of one shop."""

    def __init__(self, url: str | Path) -> None:
        # a folder said from where somebody stood means nothing to who reads it later elsewhere
        self.url = str(url) if "://" in str(url) else str(Path(url).expanduser().resolve())
        self.files = Files(self.url)
        self.new_bytes = 0
        self._known: dict[str, Chunk] = {}

    def close(self) -> None:
        """Let go of it."""
        self.files.close()

    def manifests(self) -> list[Manifest]:
        """Return every backup, the oldest first."""
        found = [self.manifest_at(path) for path in self.files.list(MANIFESTS) if path.endswith(".json")]
        return sorted(found, key=lambda one: (one.taken_us, one.backup_id))

    def manifest_at(self, path: str) -> Manifest:
        """Return one backup.

        Raises
        ------
        NewerBackupError
            When a newer version wrote it.
        DamagedBackupError
            When it cannot be read.

        """
        content = self.files.read(path)
        try:
            if msgspec.json.decode(content).get("format", 0) > FORMAT:
                raise NewerBackupError(
                    said(
                        "backup_newer_manifest",
                        "{file} was written by a newer Regulars. Install that one to restore it.",
                        file=path,
                    )
                )
            return msgspec.json.decode(content, type=Manifest)
        except (msgspec.MsgspecError, AttributeError) as error:
            raise DamagedBackupError(
                said(
                    "backup_no_manifest",
                    "{file} is no manifest of a backup any more: {why}.",
                    file=path,
                    why=str(error),
                )
            ) from error

    def know(self, manifests: Iterable[Manifest]) -> None:
        """Remember which chunks are there already."""
        present = set(self.files.list("chunks"))
        self._known = {chunk.sha256: chunk for one in manifests for chunk in one.chunks() if chunk.path in present}

    def keep(self, content: bytes) -> Chunk:
        """Keep bytes, unless they are there already; return the chunk."""
        sha256 = hashlib.sha256(content).hexdigest()
        known = self._known.get(sha256)
        if known is not None:
            return known
        packed = zstandard.ZstdCompressor(level=LEVEL).compress(content)
        chunk = Chunk(sha256, len(content), len(packed))
        self.files.put_atomic(chunk.path, packed)
        self.new_bytes += len(packed)
        self._known[sha256] = chunk
        return chunk

    def keep_all(self, file: IO[bytes]) -> Iterator[Chunk]:
        """Keep a file from where it stands to its end, chunk by chunk."""
        while content := file.read(CHUNK_BYTES):
            yield self.keep(content)

    def holds(self, chunks: Iterable[Chunk]) -> bool:
        """Return whether all of these are there."""
        return all(chunk.sha256 in self._known for chunk in chunks)

    def read(self, chunk: Chunk, what: str) -> bytes:
        """Return the bytes of a chunk, `what` for short.

        Raises
        ------
        DamagedBackupError
            When it is missing, or is not what was kept.

        """
        try:
            content = zstandard.ZstdDecompressor().decompress(self.files.read(chunk.path), max_output_size=chunk.size)
        except NotFoundError:
            raise DamagedBackupError(
                said(
                    "backup_part_missing",
                    "{file} is missing from the backup: it is part of {part}.",
                    file=chunk.path,
                    part=what,
                )
            ) from None
        except zstandard.ZstdError:
            content = b""
        if hashlib.sha256(content).hexdigest() != chunk.sha256:
            raise DamagedBackupError(
                said(
                    "backup_part_damaged",
                    "{file} is damaged: it is part of {part}. Restore an older backup.",
                    file=chunk.path,
                    part=what,
                )
            )
        return content

    def publish(self, manifest: Manifest) -> None:
        """Let there be this backup: the last thing that is written."""
        self.files.put_atomic(manifest.path, msgspec.json.encode(manifest))

    def erasures(self) -> list[Erasure]:
        """Return who was forgotten, as far as this place was told."""
        paths = [path for path in self.files.list(ERASURES) if path.endswith(".json")]
        return [msgspec.json.decode(self.files.read(path), type=Erasure) for path in paths]

    def note_erasures(self, erasures: Iterable[Erasure]) -> None:
        """Remember who was forgotten, for whoever restores an older backup."""
        there = set(self.files.list(ERASURES))
        for one in erasures:
            path = f"{ERASURES}/{one.erasure_id}.json"
            if path not in there:
                self.files.put_atomic(path, msgspec.json.encode(one))
