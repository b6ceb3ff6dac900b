"""Knocks at a door with nonsense, and says what must hold for every single answer.

What was answered with 200 is read as the worker reads it, at once; a share of it goes through a whole shop.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast  # Any: ASGI's own dicts; cast: as said where it stands

import msgspec
from tests.fuzz.nonsense import Sent

from regulars.events.decode import read_request
from regulars.events.door import Door
from regulars.events.keys import KeyedSource, Keys, write_keys
from regulars.events.redact import redacted
from regulars.kernel.clock import Clock
from regulars.kernel.eventlog import EventLog, Record
from regulars.kernel.ids import SourceId

STATUSES = frozenset({200, 204, 400, 401, 403, 404, 405, 413})  # 304, 408, 429, 503 need a cache, a wait or a full disk
PROBLEM_FIELDS = {"type", "title", "status", "detail", "code", "message", "success"}
SLOW_S = 5.0
ERASED_EACH = 5


class Memory:
    """A log that keeps what was appended, until it is taken out."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []

    async def append(self, payload: bytes) -> int:
        """Keep one."""
        self.payloads.append(payload)
        return len(self.payloads)


class BrokenError(AssertionError):
    """Something that must hold does not; the request is told, so that it can be sent again."""


@dataclass
class Knocking:
    """A door, and what came of knocking at it."""

    door: Door
    log: Memory
    loop: asyncio.Runner = field(default_factory=asyncio.Runner)
    statuses: Counter[int] = field(default_factory=Counter)
    taken: int = 0
    events: int = 0
    rejected: int = 0
    slowest_s: float = 0.0

    def close(self) -> None:
        """Go away."""
        self.loop.run(self.door.close())
        self.loop.close()

    def knock(self, sent: Sent) -> list[bytes]:
        """Send one request, look at the answer, and return what came to the log."""
        try:
            return self._knock(sent)
        except Exception as error:
            shown = f"{sent.method} {sent.path}?{sent.query[:200]!r} {sent.headers!r} {sent.body[:2_000]!r}"
            raise BrokenError(f"{error!r}, after {', '.join(sent.changes) or 'no change'}: {shown}") from error

    def _knock(self, sent: Sent) -> list[bytes]:
        began = time.perf_counter()
        answer = drive(self.loop, self.door, sent)
        took_s = time.perf_counter() - began
        self.slowest_s = max(self.slowest_s, took_s)
        assert took_s < SLOW_S, f"it took {took_s:.1f} s"
        payloads, self.log.payloads = self.log.payloads, []
        if answer is None:
            assert sent.breaks_off, "no answer, and nobody had hung up"
        else:
            self.statuses[answer.status] += 1
            _check_answer(sent, answer)
        for payload in payloads:
            self._read(payload, answer.status if answer else 0)
        return payloads

    def _read(self, payload: bytes, status: int) -> None:
        record = Record("web-0", 1, 0, payload)
        read = read_request(record)
        if read.refused is not None:
            assert read.refused.status in STATUSES  # of this request, or of those that were counted a while ago
            return
        assert status == 200, "kept as accepted and answered otherwise"
        self.taken += 1
        self.events += len(read.events)
        self.rejected += len(read.rejected)
        assert all(fault.reason for fault in read.rejected)
        for event in read.events:
            msgspec.json.encode(event.properties)  # the lake keeps it so
            assert event.user_id or event.anonymous_id or event.call == "alias", "an event of nobody"
        if self.taken % ERASED_EACH == 0:
            blank = redacted(record, _is_known, ["ann"])
            if blank is not None:
                read_request(Record("web-0", 1, 0, blank))


def _is_known(*, user_id: str | None = None, anonymous_id: str | None = None, previous_id: str | None = None) -> bool:
    """Say whose events are erased: those with a user id."""
    return user_id is not None and user_id != anonymous_id != previous_id


@dataclass(frozen=True)
class Answer:
    """What the door said."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


def a_door(folder: Path, clock: Clock) -> Knocking:
    """Return a door that opens to the sources that the captures name."""
    write_keys(
        folder,
        [
            KeyedSource(SourceId("s-open"), "Shop front", "web", "wk_open", True),
            KeyedSource(SourceId("s-closed"), "Old app", "ios", "wk_closed", False),
            KeyedSource(SourceId("s-cookie"), "Front that keeps ids", "web", "wk_cookie", True, cookie=True),
        ],
    )
    log = Memory()
    # cast: of a log, a door appends and does nothing else
    return Knocking(Door(cast("EventLog", log), Keys(folder, clock), clock), log)


def drive(loop: asyncio.Runner, app: Any, sent: Sent) -> Answer | None:  # Any: an ASGI app
    """Send one request and return the answer, None when there was none."""
    scope = {
        "type": "http", "method": sent.method, "path": sent.path, "query_string": sent.query, "headers": sent.headers,
        "client": ("192.0.2.7", 5), "scheme": "http", "http_version": "1.1", "root_path": "", "state": {},
    }  # fmt: skip
    said: list[dict[str, Any]] = []  # Any: as above
    arriving = _arriving(sent)

    async def receive() -> dict[str, Any]:  # Any: as above
        return next(arriving)

    async def send(message: dict[str, Any]) -> None:  # Any: as above
        said.append(message)

    loop.run(app(scope, receive, send))
    if not said:
        return None
    starts = [one for one in said if one["type"] == "http.response.start"]
    bodies = [one for one in said if one["type"] == "http.response.body"]
    assert [one["type"] for one in said] == ["http.response.start"] + ["http.response.body"] * len(bodies)
    assert len(starts) == 1
    assert not bodies[-1].get("more_body", False), "the answer never ends"
    headers = dict(starts[0]["headers"])
    return Answer(starts[0]["status"], headers, b"".join(one["body"] for one in bodies))


def _arriving(sent: Sent) -> Iterator[dict[str, Any]]:  # Any: as above
    size = max(1, -(-len(sent.body) // sent.parts))
    parts = [sent.body[start : start + size] for start in range(0, len(sent.body), size)] or [b""]
    if sent.breaks_off:
        parts = parts[:-1]
    for number, part in enumerate(parts, 1):
        yield {"type": "http.request", "body": part, "more_body": number < len(parts) or sent.breaks_off}
    while True:
        yield {"type": "http.disconnect"}


def _check_answer(sent: Sent, answer: Answer) -> None:
    assert answer.status in STATUSES, f"status {answer.status}"
    for name, value in answer.headers.items():
        assert b"\r" not in value, name
        assert b"\n" not in value, name
    if answer.status != 204:
        assert int(answer.headers[b"content-length"]) == len(answer.body)
    if answer.status >= 400:
        _check_problem(answer)
    elif answer.status == 200 and sent.method == "POST" and not sent.path.startswith("/v1/cookie"):
        assert answer.body == b'{"success":true}'


def _check_problem(answer: Answer) -> None:
    assert answer.headers[b"content-type"] == b"application/problem+json"
    problem = json.loads(answer.body)
    assert set(problem) == PROBLEM_FIELDS
    assert problem["status"] == answer.status
    assert problem["detail"].rstrip()[-1] in ".)…", problem["detail"]
