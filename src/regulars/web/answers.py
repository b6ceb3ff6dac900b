"""The same `Idempotency-Key` twice is done once: the first answer is kept for a day and given again.

Only what succeeded is kept, so a failed request may be sent again under its key. Answers that hold a secret are never
kept; asking for that is refused.
"""

from __future__ import annotations

import hashlib

import anyio.to_thread
import msgspec
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import (
    ASGIApp,
    HTTPRequestEvent,
    HTTPResponseBodyEvent,
    HTTPResponseStartEvent,
    Message,
    Receive,
    ReceiveMessage,
    Scope,
    Send,
)

from regulars.kernel.clock import Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import ConflictError, InvalidError, TooLargeError
from regulars.web import store
from regulars.web.gate import Pass

KEY_HEADER = "idempotency-key"
HOLDS_SECRET = "regulars_answer_holds_secret"  # noqa: S105 (the name of a handler's option)
KEY_LENGTH_MAX = 200
BODY_BYTES_MAX = 1_000_000
KEPT_US = 24 * 3600 * 1_000_000
CLAIMED_US = 600 * 1_000_000


class Kept(msgspec.Struct, frozen=True):
    """An answer given before."""

    status: int
    media_type: str
    body: bytes


class Answers(ASGIMiddleware):
    """Keeps answers to POSTs that carry an `Idempotency-Key`."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Give the kept answer, or have it made and keep it."""
        key = Headers.from_scope(scope).get(KEY_HEADER, "")
        if not key or scope.get("method") != "POST":
            await next_app(scope, receive, send)
            return
        caller = _caller(scope, key)
        body = await _whole(receive)
        print_ = _fingerprint(scope, body)
        kept = await anyio.to_thread.run_sync(self._claim, caller, key, print_)
        if kept is not None:
            await _give(kept, send)
            return
        keeper = _Keeper(send)
        try:
            await next_app(scope, _again(body, receive), keeper)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._settle, caller, key, keeper.answer())

    def _claim(self, caller: str, key: str, fingerprint: str) -> Kept | None:
        now_us = self._clock.now_us()
        name = {"caller": caller, "idempotency_key": key}
        with self._database.write() as connection:
            old = {"before_us": now_us - KEPT_US, "claimed_before_us": now_us - CLAIMED_US}
            store.change(connection, store.FORGET_ANSWERS, old)
            values = {**name, "fingerprint": fingerprint, "now_us": now_us}
            if store.change(connection, store.CLAIM_ANSWER, values) == 1:
                return None
            row = store.first(connection, store.FIND_ANSWER, name)
        assert row is not None, "the claim was refused because the row is there"
        if row.fingerprint != fingerprint:
            raise InvalidError("This Idempotency-Key was used for another request. Take a new key for each request.")
        if row.status == 0:
            raise ConflictError("The first request with this Idempotency-Key is still being answered. Try again soon.")
        return Kept(row.status, row.media_type, bytes(row.body))

    def _settle(self, caller: str, key: str, kept: Kept | None) -> None:
        name = {"caller": caller, "idempotency_key": key}
        with self._database.write() as connection:
            if kept is None:
                store.change(connection, store.DROP_ANSWER, name)
            else:
                store.change(connection, store.KEEP_ANSWER, {**name, **msgspec.structs.asdict(kept)})


class _Keeper:
    """Sends on, and remembers what was sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._status = 0
        self._media_type = ""
        self._body = bytearray()
        self._is_whole = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = {name.lower(): value for name, value in message["headers"]}
            self._media_type = headers.get(b"content-type", b"").decode("latin-1")
        elif message["type"] == "http.response.body":
            self._body += message["body"][: BODY_BYTES_MAX + 1 - len(self._body)]
            self._is_whole = not message["more_body"]
        await self._send(message)

    def answer(self) -> Kept | None:
        """Return what to keep: a whole answer that says it worked."""
        if not self._is_whole or not 200 <= self._status < 300 or len(self._body) > BODY_BYTES_MAX:
            return None
        return Kept(self._status, self._media_type, bytes(self._body))


def _caller(scope: Scope, key: str) -> str:
    found: Pass = scope["auth"]
    if scope["route_handler"].opt.get(HOLDS_SECRET):
        raise InvalidError("This answer holds a secret and is never kept. Send the request without Idempotency-Key.")
    if found.caller.kind == "anyone":
        raise InvalidError("An Idempotency-Key needs a caller we know. Sign in, send a secret key, or leave it out.")
    if len(key) > KEY_LENGTH_MAX:
        raise InvalidError(f"An Idempotency-Key has at most {KEY_LENGTH_MAX} characters, got {len(key)}.")
    return f"{found.caller.kind}:{found.caller.id}"


async def _whole(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body += message["body"]
        if len(body) > BODY_BYTES_MAX:
            raise TooLargeError(f"A request with Idempotency-Key may have {BODY_BYTES_MAX:,} bytes at most.")
        if not message["more_body"]:
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    given = False

    async def read() -> ReceiveMessage:
        nonlocal given
        if given:
            return await receive()
        given = True
        return HTTPRequestEvent(type="http.request", body=body, more_body=False)

    return read


def _fingerprint(scope: Scope, body: bytes) -> str:
    about = scope["path"].encode() + b"?" + bytes(scope["query_string"]) + b"\n"
    return hashlib.sha256(about + body).hexdigest()


async def _give(kept: Kept, send: Send) -> None:
    headers = [
        (b"content-type", kept.media_type.encode("latin-1")),
        (b"content-length", str(len(kept.body)).encode()),
        (b"idempotent-replayed", b"true"),
    ]
    await send(HTTPResponseStartEvent(type="http.response.start", status=kept.status, headers=headers))
    await send(HTTPResponseBodyEvent(type="http.response.body", body=kept.body, more_body=False))
