"""A partition put back as it was: the same records at the same offsets with the same moments."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from itertools import groupby
from pathlib import Path

from regulars.kernel.errors import ConflictError
from regulars.kernel.eventlog.core import Record
from regulars.kernel.eventlog.file import APPEND_GROUP, connect, encode_payloads, partition_path

RECORDS_A_GROUP = 1_024
BYTES_A_GROUP = 1 << 20
_TRIMMED = "INSERT INTO log_trimmed (only, through) VALUES (1, ?)"  # of a partition that is made anew


def write_partition(folder: Path, partition: str, records: Iterable[Record], *, trimmed: int) -> int:
    """Write a new partition's file with these records, whose offsets follow on `trimmed`; return how many.

    Raises
    ------
    ConflictError
        When the partition is there already, or a record is missing in between.

    """
    path = partition_path(folder, partition)
    if path.exists():
        raise ConflictError(f"The log has a partition {partition!r} already. Restore into an empty folder.")
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    with closing(connect(path)) as connection:
        path.chmod(0o600)
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("BEGIN")
        if trimmed:
            connection.execute(_TRIMMED, (trimmed,))
        expected = trimmed + 1
        for accepted_us, together in groupby(records, key=lambda record: record.accepted_us):
            group: list[Record] = []
            size = 0
            for record in together:
                if record.offset != expected:
                    raise ConflictError(f"Record {expected:,} of {partition!r} is missing before {record.offset:,}.")
                expected += 1
                group.append(record)
                size += len(record.payload)
                if len(group) >= RECORDS_A_GROUP or size >= BYTES_A_GROUP:
                    written += _append(connection, group, accepted_us)
                    group, size = [], 0
            if group:
                written += _append(connection, group, accepted_us)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _sync(path)
    return written


def _append(connection: sqlite3.Connection, group: list[Record], accepted_us: int) -> int:
    payloads = encode_payloads([record.payload for record in group])
    connection.execute(APPEND_GROUP, (group[0].offset, len(group), accepted_us, payloads))
    return len(group)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
