"""What does a backup hold, which one does a moment ask for, and what may go? Pure.

A backup is a manifest: what there was at one point, each thing as a list of chunks. Chunks are kept by what they hold,
so that what has not changed is kept once, however many manifests name it. A manifest is written last: without it there
is no backup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from regulars.kernel.clock import moment
from regulars.kernel.errors import InvalidError, NotFoundError, UnavailableError

FORMAT = 1
MANIFESTS = "manifests"
CHUNKS = "chunks"
ERASURES = "erasures"
CHUNK_BYTES = 4 << 20

Engine = Literal["sqlite", "postgresql"]


class DamagedBackupError(UnavailableError):
    """A file of a backup is missing or holds something else than it should."""

    kind = "damaged"
    title = "The backup is damaged"


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """Some bytes, by the SHA-256 of what they are once unpacked; `stored` is how many they take packed."""

    sha256: str
    size: int
    stored: int

    @property
    def path(self) -> str:
        """Where it lies in the backup's place."""
        return f"{CHUNKS}/{self.sha256[:2]}/{self.sha256}"


class FileCopy(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the shop's folder; `changed_ns` tells whether it has been touched since."""

    path: str
    size: int
    changed_ns: int
    chunks: list[Chunk]


class TableCopy(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the state: how many rows it has and, on PostgreSQL, the rows themselves with the next free number."""

    table: str
    rows: int
    columns: list[str] = []
    chunks: list[Chunk] = []
    last_number: int | None = None


class LogPart(msgspec.Struct, frozen=True, kw_only=True):
    """Records of one partition of the log, without gaps."""

    partition: str
    first: int
    last: int
    first_us: int
    last_us: int
    chunk: Chunk


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One backup.

    The state is as it was at `taken_us`, when `reached` of the log had taken effect; the log goes on to the end of its
    parts. `trimmed` is the offset before the oldest record of each partition. `erased` names the erasures whose traces
    are out of the log's parts.
    """

    format: int
    backup_id: str
    shop_id: str
    program: str
    engine: Engine
    migrations: dict[str, int]
    taken_us: int
    reached: dict[str, int]
    trimmed: dict[str, int]
    state: FileCopy | None
    tables: list[TableCopy]
    log: list[LogPart]
    files: list[FileCopy]
    history_events: int
    erased: list[str]

    @property
    def path(self) -> str:
        """Where it lies in the backup's place."""
        return f"{MANIFESTS}/{self.backup_id}.json"

    @property
    def ends_us(self) -> int:
        """The moment of the last record it holds."""
        return max([self.taken_us, *(part.last_us for part in self.log)])

    def chunks(self) -> list[Chunk]:
        """Return every chunk it names."""
        files = [*self.files, *([self.state] if self.state else [])]
        found = [chunk for file in files for chunk in file.chunks]
        found += [chunk for table in self.tables for chunk in table.chunks]
        return [*found, *(part.chunk for part in self.log)]

    @property
    def size_bytes(self) -> int:
        """How many bytes it takes, those it shares with others included."""
        return sum({chunk.sha256: chunk.stored for chunk in self.chunks()}.values())


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """One backup as it is listed. `new_bytes` are those that no backup before it had."""

    backup_id: str
    at: datetime
    place: str
    size_bytes: int
    new_bytes: int
    records: int
    seconds: float
    verified_at: datetime | None
    problem: str | None


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared: every chunk against its hash, and what was restored from them against the manifest."""

    backup_id: str
    chunks: int
    rows: int
    records: int
    history_events: int


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What was restored: to which moment, how many records of the log took effect again, who was forgotten again."""

    backup_id: str
    folder: str
    to: datetime
    records_replayed: int
    forgotten_again: int


def missing_chunks(manifest: Manifest, present: Iterable[str]) -> list[Chunk]:
    """Return the chunks of a backup that are not among the present paths."""
    there = set(present)
    return [chunk for chunk in manifest.chunks() if chunk.path not in there]


def base_for(manifests: Sequence[Manifest], to_us: int | None) -> Manifest:
    """Return the backup to begin from: the newest, or the newest whose state is not of a later moment than asked for.

    Raises
    ------
    NotFoundError
        When there is no backup at all.
    InvalidError
        When no backup is early enough, or none reaches so far.

    """
    if not manifests:
        raise NotFoundError("There is no backup in this place. Is it the folder that `regulars backup` was given?")
    in_order = sorted(manifests, key=lambda one: (one.taken_us, one.backup_id))
    if to_us is None:
        return in_order[-1]
    ends_us = max(one.ends_us for one in in_order)
    if to_us > ends_us:
        raise InvalidError(f"The backups end on {_told(ends_us)}; nothing is known of {_told(to_us)}.")
    early = [one for one in in_order if one.taken_us <= to_us]
    if not early:
        raise InvalidError(
            f"The oldest backup is of {_told(in_order[0].taken_us)}. A state of {_told(to_us)} cannot be reached from "
            "it: replaying goes forward only. Ask for a later moment."
        )
    return early[-1]


def parts_for(manifests: Sequence[Manifest], base: Manifest, to_us: int | None) -> list[LogPart]:
    """Return the parts of the log that a restore needs, in order; where two overlap, the later one counts.

    Later backups tell what happened after the base, and have taken out who was forgotten since.
    """
    chosen: list[LogPart] = []
    lowest: dict[str, int] = {}
    sources = [base] if to_us is None else sorted(manifests, key=lambda one: (-one.taken_us, one.backup_id))
    for manifest in sources:
        fresh = [
            part
            for part in manifest.log
            if part.first < lowest.get(part.partition, 1 << 62)
            and part.last > base.trimmed.get(part.partition, 0)
            and (to_us is None or part.first_us <= to_us)
        ]
        chosen += fresh
        for part in fresh:
            lowest[part.partition] = min(part.first, lowest.get(part.partition, 1 << 62))
    return sorted(chosen, key=_place)


def _place(part: LogPart) -> tuple[str, int]:
    return part.partition, part.first


def to_prune(manifests: Sequence[Manifest], keep: int) -> tuple[list[Manifest], set[str]]:
    """Return which backups are too many, and the paths of all chunks that those kept still name."""
    in_order = sorted(manifests, key=lambda one: (one.taken_us, one.backup_id))
    kept = in_order[-keep:]
    return in_order[: len(in_order) - len(kept)], {chunk.path for one in kept for chunk in one.chunks()}


def untouched(parts: Sequence[LogPart], rewritten: Mapping[str, Iterable[int]], small_bytes: int) -> list[LogPart]:
    """Return the parts of an earlier backup that can be kept as they are: full, and without rewritten records.

    From the first that cannot, all that come after it in its partition are copied once more.
    """
    kept: list[LogPart] = []
    for partition in sorted({part.partition for part in parts}):
        offsets = sorted(rewritten.get(partition, ()))
        for part in sorted((one for one in parts if one.partition == partition), key=_place):
            if part.chunk.size < small_bytes or any(part.first <= offset <= part.last for offset in offsets):
                break
            kept.append(part)
    return kept


def _told(at_us: int) -> str:
    return f"{moment(at_us):%Y-%m-%d %H:%M:%S} UTC"
