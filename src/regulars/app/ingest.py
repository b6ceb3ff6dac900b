"""How does a history come in? A file of past events goes through the door's own rules into the log.

A row is either a call as an SDK would send it (`type`, `event`, `userId`, `properties` …) or a flat row of a table.
Columns named like the parts of a call are those parts, in `camelCase` or `snake_case`; any other column is a property.
Each row gets a message id derived from the row unless it has one, so that a file given twice takes effect once.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any  # Any: cells of a stranger's file

import msgspec

from regulars.events import AcceptedRequest, encode_entry, read_request
from regulars.kernel.eventlog import Record
from regulars.kernel.ids import SourceId
from regulars.kernel.tables import Problem, Row, Table, format_of, open_table

if TYPE_CHECKING:
    from regulars.app.shop import Shop

EVENTS_A_RECORD = 500
BYTES_A_RECORD = 400_000  # under the door's limit for a request, so that any replay accepts it
PROBLEMS_SHOWN_MAX = 1_000
_NAMES = {
    "type": "type", "event": "event", "event_name": "event", "name": "name", "category": "category",
    "user_id": "userId", "anonymous_id": "anonymousId", "previous_id": "previousId", "group_id": "groupId",
    "message_id": "messageId", "timestamp": "timestamp", "time": "timestamp", "occurred_at": "timestamp",
    "sent_at": "sentAt", "properties": "properties", "traits": "traits", "context": "context",
    "integrations": "integrations",
}  # fmt: skip
_PARTS = {**_NAMES, **{name: name for name in _NAMES.values()}, "originalTimestamp": "originalTimestamp"}


class IngestReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of every row; `rejected_file` holds those that did not go in, ready to be mended."""

    rows: int
    taken: int
    rejected: int
    problems: list[Problem]
    rejected_file: str | None
    events: dict[str, int]


def ingest_events(
    shop: Shop,
    path: Path,
    *,
    source_id: SourceId,
    on_progress: Callable[[int], None] = lambda _: None,
    dry_run: bool = False,
) -> IngestReport:
    """Take a CSV, JSONL or Parquet file of events into the log and say what became of every row.

    Raises
    ------
    InvalidError
        When the file is of none of these formats, or cannot be read as the one it claims to be.
    DiskFullError
        When the log cannot take more; give the file again later, what is in counts once.

    """
    with path.open("rb") as file:
        table = open_table(file, format_of(path.name))
        intake = _Intake(shop, source_id, dry_run=dry_run)
        for row in table.rows():
            intake.take(row)
            if intake.rows % EVENTS_A_RECORD == 0:
                on_progress(intake.rows)
        intake.flush()
        rejected = None if dry_run else _write_rejected(table, intake.faulty, path)
    on_progress(intake.rows)
    return IngestReport(
        rows=intake.rows,
        taken=intake.taken,
        rejected=len(intake.faulty),
        problems=[problem for _, problems in intake.faulty[:PROBLEMS_SHOWN_MAX] for problem in problems],
        rejected_file=rejected,
        events=dict(intake.names.most_common()),
    )


def call_of(cells: Mapping[str, Any]) -> dict[str, Any]:  # Any: cells in, a call out
    """Return a row as a call.

    >>> call = call_of({"user_id": "ann", "event": "Song Played", "asset_id": "s1", "position": None})
    >>> call["userId"], call["properties"], call["type"]
    ('ann', {'asset_id': 's1'}, 'track')
    """
    call: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, value in cells.items():
        if value is None or value == "":
            continue
        part = _PARTS.get(name)
        if part is None:
            rest[name.removeprefix("properties.").removeprefix("traits.")] = value
        else:
            call[part] = _opened(value) if part in {"properties", "traits", "context", "integrations"} else value
    call.setdefault("type", "track" if "event" in call else "identify" if "traits" in call else "track")
    home = "traits" if call["type"] in {"identify", "group"} else "properties"
    if rest:
        call[home] = {**call.get(home, {}), **rest} if isinstance(call.get(home, {}), dict) else call[home]
    for part in ("userId", "anonymousId", "previousId", "groupId", "messageId"):
        if isinstance(call.get(part), int | float):
            call[part] = str(call[part])
    call.setdefault("messageId", _derived(call))
    return call


def _opened(value: Any) -> Any:  # Any: a cell that may hold JSON as text
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value


def _derived(call: Mapping[str, Any]) -> str:  # Any: as in `call_of`
    digest = hashlib.blake2b(msgspec.json.encode(call, order="deterministic"), digest_size=16)
    return f"ingest-{digest.hexdigest()}"


class _Intake:
    """Gathers rows to requests and puts each request into the log when it is full."""

    def __init__(self, shop: Shop, source_id: SourceId, *, dry_run: bool) -> None:
        self._shop = shop
        self._source_id = source_id
        self._dry_run = dry_run
        self._waiting: list[tuple[Row, bytes]] = []
        self._bytes = 0
        self.rows = self.taken = 0
        self.faulty: list[tuple[Row, list[Problem]]] = []
        self.names: Counter[str] = Counter()

    def take(self, row: Row) -> None:
        self.rows += 1
        if row.cells is None:
            self._refuse(row, row.fault or "This row cannot be read.")
            return
        try:
            raw = msgspec.json.encode(call_of(row.cells))
        except (TypeError, ValueError, UnicodeEncodeError) as error:
            self._refuse(row, f"This row cannot be written as JSON: {error}.")
            return
        if self._bytes + len(raw) > BYTES_A_RECORD or len(self._waiting) >= EVENTS_A_RECORD:
            self.flush()
        self._waiting.append((row, raw))
        self._bytes += len(raw) + 1

    def flush(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        decoded = read_request(Record("", 0, 0, self._payload([raw for _, raw in waiting])))
        reasons = {fault.index: fault.reason for fault in decoded.rejected}
        for index, reason in reasons.items():
            self._refuse(waiting[index][0], reason)
        good = [raw for index, (_, raw) in enumerate(waiting) if index not in reasons]
        if good and not self._dry_run:
            self._shop.log.append_many([self._payload(good)])
        self.taken += len(good)
        self.names.update(event.name for event in decoded.events)

    def _payload(self, calls: list[bytes]) -> bytes:
        now_us = self._shop.clock.now_us()
        body = b'{"batch":[' + b",".join(calls) + b"]}"
        return encode_entry(AcceptedRequest(self._source_id, now_us, "", "", "batch", body))

    def _refuse(self, row: Row, reason: str) -> None:
        self.faulty.append((row, [Problem(row=row.number, column="", reason=reason)]))


def _write_rejected(table: Table, faulty: list[tuple[Row, list[Problem]]], path: Path) -> str | None:
    if not faulty:
        return None
    target = path.with_name(f"{path.stem}.rejected{path.suffix}")
    with target.open("wb") as file:
        table.rejected(file, faulty)
    return str(target)
