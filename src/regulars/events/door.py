"""The door: Segment's HTTP Tracking API, both families of SDKs, answered only after the request is durable.

A plain ASGI app that stands before the web framework. It knows the log and the snapshot of the write keys, and nothing
else: it keeps accepting while the state database is away. A temporary trouble of ours is a 503 with `Retry-After`,
never a 4xx, because SDKs throw away what was answered with 400, 401, 403, 404 or 413.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any  # Any: bodies are what strangers send

import msgspec

from regulars.events import cookie, front
from regulars.events.answers import (
    Headers,
    Receive,
    RefusedError,
    Scope,
    Send,
    Sent,
    send_bytes,
    send_preflight,
    send_refusal,
    send_success,
)
from regulars.events.core import Call
from regulars.events.decode import CALLS, fault_in, name_in
from regulars.events.keys import KeyedSource, Keys
from regulars.events.plans.core import Unreadable
from regulars.events.plans.snapshot import Personal
from regulars.events.record import AcceptedRequest, RefusedRequest, encode_entry
from regulars.events.refusals import Refusals
from regulars.events.request import GoneError, Headed, header, header_key, query_key, read_body
from regulars.events.sent import Envelope, UnreadableError, key_in, read_item, split_batch, strip_mark, too_large
from regulars.kernel.clock import Clock
from regulars.kernel.errors import DiskFullError, UnavailableError
from regulars.kernel.eventlog import EventLog, LogBusyError
from regulars.kernel.headroom import Headroom
from regulars.kernel.settings import EventsSettings

BATCH = "batch"
SWALLOWED = "metrics"
PATHS: dict[str, str] = {
    **{f"/v1/{call}": call for call in CALLS},
    **{f"/v1/{call[0]}": call for call in CALLS},
    "/v1/batch": BATCH,
    "/v1/import": BATCH,
    "/v1/b": BATCH,
    "/beacon/v1/batch": BATCH,
    "/v1/m": SWALLOWED,
}
WAITS_KEPT = 512
KEYS_KEPT = 1_024
USER_AGENT_BYTES_MAX = 512
FULL = "The disk is nearly full, so nothing more is taken in until there is room. Send this again later."
FULL_RETRY_S = 10

log = logging.getLogger(__name__)


class DoorStats(msgspec.Struct, frozen=True, kw_only=True):
    """What came through the door since it was opened.

    `answers` counts requests by status; `commit_ms_p50` and `commit_ms_p99` are how long the latest requests waited to
    become durable.
    """

    requests: int
    events: int
    bytes: int
    answers: dict[int, int]
    commit_ms_p50: float
    commit_ms_p99: float
    last_accepted_us: int | None


class Door:
    """An ASGI app. `handles` tells whether a request is for it."""

    def __init__(
        self,
        log: EventLog,
        keys: Keys,
        clock: Clock,
        settings: EventsSettings | None = None,
        *,
        base_url: str = "",
        personal: Personal | None = None,
        headroom: Headroom | None = None,
    ) -> None:
        self.on_refused: Callable[[str], None] | None = None  # told the code of each request that was not taken
        self._log = log
        self._headroom = headroom
        self._tls = base_url.startswith("https://")
        self._keys = keys
        self._personal = personal
        self._clock = clock
        self._settings = settings or EventsSettings()
        self._answers: Counter[int] = Counter()
        self._events = self._bytes = 0
        self._last_accepted_us: int | None = None
        self._waits_s: deque[float] = deque(maxlen=WAITS_KEPT)
        self._header_keys: dict[bytes, str] = {}
        self._refusals = Refusals(
            log,
            clock,
            bytes_per_s=self._settings.refused_bytes_per_s,
            body_bytes_max=self._settings.batch_bytes_max,
        )
        self._away = 0

    @staticmethod
    def handles(scope: Scope) -> bool:
        """Return whether a request is for the door."""
        if scope["type"] != "http":
            return False
        path = scope["path"]
        return path in PATHS or path == cookie.PATH or front.answers(path)

    def stats(self) -> DoorStats:
        """Return what came through since the door was opened."""
        waits = sorted(self._waits_s) or [0.0]
        return DoorStats(
            requests=self._answers.total(),
            events=self._events,
            bytes=self._bytes,
            answers=dict(self._answers),
            commit_ms_p50=waits[len(waits) // 2] * 1000,
            commit_ms_p99=waits[len(waits) * 99 // 100] * 1000,
            last_accepted_us=self._last_accepted_us,
        )

    async def close(self) -> None:
        """Write down what was refused and only counted so far; called before the log is closed."""
        await self._refusals.settle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headed = Headed(scope["headers"])
        kind = PATHS.get(scope["path"])
        method = scope["method"]
        if method == "OPTIONS":
            await send_preflight(send, headed.origin, header(scope, b"access-control-request-headers"))
            return
        try:
            if method == "POST" and kind is not None:
                await self._take(kind, scope, receive, headed)
            else:
                await self._show(kind, scope, receive, send, headed)
                return
        except RefusedError as refused:
            self._answers[refused.status] += 1
            if self.on_refused is not None:
                self.on_refused(refused.code)
            await send_refusal(send, refused, headed.origin)
        except GoneError:
            return
        else:
            self._answers[200] += 1
            await send_success(send, headed.origin)

    async def _show(self, kind: str | None, scope: Scope, receive: Receive, send: Send, headed: Headed) -> None:
        """Answer what is no fact: what an SDK asks before its first event, and who a visitor is."""
        path, method = scope["path"], scope["method"]
        if kind is not None:
            raise RefusedError(405, f"{path} takes POST.", headers=[(b"allow", b"POST, OPTIONS")])
        if self._tls:  # a proxy took it off: what we tell a page to call must not be called in the open
            scope = {**scope, "scheme": "https"}
        if path == cookie.PATH:
            if method != "POST":
                raise RefusedError(405, f"{path} takes POST.", headers=[(b"allow", b"POST, OPTIONS")])
            body = await read_body(receive, headed, cookie.BODY_BYTES_MAX)
            status, headers, answer = cookie.answer(scope, headed, body, self._keys)
        else:
            if method not in {"GET", "HEAD"}:
                raise RefusedError(405, f"{path} takes GET.", headers=[(b"allow", b"GET, OPTIONS")])
            status, headers, answer = front.page(scope, headed, self._keys)
        self._answers[status] += 1
        await send_bytes(send, status, answer, headers, headed.origin)

    async def _take(self, kind: str, scope: Scope, receive: Receive, headed: Headed) -> None:
        """Make one request durable.

        Raises
        ------
        RefusedError
            When it cannot be taken; nothing of it is kept but the refusal.

        """
        body = b""
        try:
            body = strip_mark(await read_body(receive, headed, self._settings.batch_bytes_max))
            if kind == SWALLOWED:
                return
            if self._headroom is not None and not self._headroom.has_room(len(body)):
                raise self._sent_away(DiskFullError(FULL, retry_after_s=FULL_RETRY_S))
            if kind == BATCH:
                source, events = self._checked_batch(body, scope, headed)
            else:
                source, events = self._checked_call(CALLS[kind], body, scope, headed), 1
            if events:
                await self._append(kind, source, body, events, scope, headed)
        except RefusedError as refused:
            await self._note(refused, kind, body, headed, scope)
            raise

    async def _append(
        self, kind: str, source: KeyedSource, body: bytes, events: int, scope: Scope, headed: Headed
    ) -> None:
        now_us = self._clock.now_us()
        began = time.perf_counter()
        sent_bytes, ip = len(body), _ip(scope)
        if self._personal is not None:
            body, ip = self._without_personal(kind, source, body, ip)
        bytes_max = self._settings.event_bytes_max + max(0, len(body) - sent_bytes)  # a hash may be longer than a name
        old_key = source.until_us > 0
        request = AcceptedRequest(source.source_id, now_us, ip, _user_agent(headed), kind, body, bytes_max, old_key)
        try:
            await self._log.append(encode_entry(request))
        except UnavailableError as trouble:
            raise self._sent_away(trouble, Sent(body, len(body), events)) from trouble
        self._waits_s.append(time.perf_counter() - began)
        self._events += events
        self._bytes += sent_bytes
        self._last_accepted_us = now_us

    def _without_personal(self, kind: str, source: KeyedSource, body: bytes, ip: str) -> tuple[bytes, str]:
        assert self._personal is not None, "asked only where plans may speak of personal fields"
        try:
            return self._personal.taken_out(source.source_id, kind, body, ip)
        except UnavailableError as trouble:
            raise self._sent_away(trouble) from trouble
        except Unreadable:
            sentence = "Personal data could not be taken out of it: the body is nested too deep."
            raise RefusedError(400, sentence, code="too_deep") from None

    def _sent_away(self, trouble: UnavailableError, sent: Sent | None = None) -> RefusedError:
        """Return the answer to a sender who shall come back: not all at once, so each is told another time."""
        self._away += 1
        seconds = trouble.retry_after_s + self._away * 7 % (trouble.retry_after_s + 1)
        retry: Headers = [(b"retry-after", b"%d" % seconds)]
        status = 429 if isinstance(trouble, LogBusyError) else 503  # Node's SDK heeds a 429's Retry-After
        code = trouble.kind.replace("-", "_")
        return RefusedError(status, str(trouble), code=code, headers=retry, kind=trouble.kind, sent=sent)

    def _checked_batch(self, body: bytes, scope: Scope, headed: Headed) -> tuple[KeyedSource, int]:
        try:
            envelope, _ = split_batch(body)
        except UnreadableError as error:
            self._source(scope, headed, key_in(body))  # a wrong key is told first
            raise RefusedError(400, str(error), code=error.code) from None
        events = len(envelope.batch)
        sent = Sent(body, len(body), max(1, events))
        source = self._source(scope, headed, _said_key(envelope), sent)
        if events > self._settings.batch_events_max:
            most = self._settings.batch_events_max
            sentence = f"A batch has at most {most:,} events, this one has {events:,}. Send parts."
            raise RefusedError(413, sentence, code="too_many_events", sent=sent)
        return source, events

    def _checked_call(self, call: Call, body: bytes, scope: Scope, headed: Headed) -> KeyedSource:
        try:
            item = read_item(body)
        except UnreadableError as error:
            self._source(scope, headed, key_in(body))
            raise RefusedError(400, str(error), code=error.code) from None
        source = self._source(scope, headed, item.write_key)
        if len(body) > self._settings.event_bytes_max:
            sentence = too_large(len(body), self._settings.event_bytes_max)
            raise RefusedError(413, sentence, code="event_too_large")
        fault = fault_in(call, item, body)
        if fault is not None:
            raise RefusedError(400, str(fault), code=fault.code)
        return source

    def _source(
        self, scope: Scope, headed: Headed, body_key: Any, sent: Sent | None = None
    ) -> KeyedSource:  # Any: whatever stood there
        """Return whose key was shown: in the header, the body, or the address."""
        shown = [self._header_key(headed.authorization), body_key if isinstance(body_key, str) else ""]
        for key in (*shown, query_key(scope)):
            source = self._keys.source_of(key) if key else None
            if source is not None:
                if not source.enabled:
                    sentence = f"The source {source.name!r} is closed. Open it under Sources & keys."
                    raise RefusedError(403, sentence, code="source_closed", sent=sent)
                return source
        if any(shown):
            sentence = "No source has this write key. Copy it again from Sources & keys."
            was = next((source for key in shown if (source := self._keys.replaced(key))), None)
            if was is not None:
                sentence = f"The write key of {was.name!r} was replaced. Copy the new one from Sources & keys."
            raise RefusedError(401, sentence, code="wrong_key", sent=sent)
        sentence = "No write key: send it as `writeKey` in the body, or as the user name of Basic authorization."
        raise RefusedError(401, sentence, code="no_key", sent=sent)

    def _header_key(self, authorization: bytes) -> str:
        if not authorization:
            return ""
        known = self._header_keys.get(authorization)
        if known is None:
            known = header_key(authorization)
            if len(self._header_keys) >= KEYS_KEPT:
                self._header_keys.clear()
            self._header_keys[authorization] = known
        return known

    async def _note(self, refused: RefusedError, kind: str, body: bytes, headed: Headed, scope: Scope) -> None:
        """Put a refusal on record, for the console to show and for the counts to add up."""
        if kind == SWALLOWED:
            return
        sent, ip = refused.sent or Sent(body, len(body)), _ip(scope)
        key = self._header_key(headed.authorization) or query_key(scope) or key_in(sent.body)
        known = self._keys.source_of(key) or self._keys.replaced(key)
        is_call = known is not None and kind != BATCH and len(sent.body) <= self._settings.event_bytes_max
        name = name_in(sent.body, kind) if is_call else ""
        if self._personal is not None:
            sent, ip = self._personal.kept_of_refused(known.source_id if known else None, kind, sent, ip)
        entry = RefusedRequest(
            source_id=known.source_id if known else None,
            received_us=self._clock.now_us(),
            status=refused.status,
            reason=refused.reason,
            path=kind,
            body_head=sent.body,
            ip=ip,
            user_agent=_user_agent(headed),
            code=refused.code,
            events=sent.events,
            body_bytes=sent.body_bytes,
            name=name,
        )
        await self._refusals.keep(entry)


def _said_key(envelope: Envelope) -> Any:  # Any: whatever stood there
    """Return the key in a batch, or in its first item, where browsers put it."""
    if envelope.write_key is not None or not envelope.batch or b'"writeKey"' not in bytes(envelope.batch[0]):
        return envelope.write_key
    try:
        return read_item(envelope.batch[0]).write_key
    except UnreadableError:
        return None


def _ip(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _user_agent(headed: Headed) -> str:
    return headed.user_agent[:USER_AGENT_BYTES_MAX].decode("latin-1")
