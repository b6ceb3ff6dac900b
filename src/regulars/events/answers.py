"""How the door answers, in words and in bytes: made once, sent many times."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple  # Any: ASGI messages are dicts of anything

import msgspec

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Scope = dict[str, Any]
Headers = list[tuple[bytes, bytes]]

PREFLIGHT_AGE_S = 86_400
USUAL_HEADERS = b"authorization, content-type, content-encoding, x-retry-count, anonymousid, sentat"
_HEADER_NAMES = re.compile(rb"[A-Za-z0-9_, -]{1,1024}")
TITLES = {
    400: "That cannot be used as it is",
    401: "Unknown write key",
    403: "This source is closed",
    404: "Not found",
    405: "Wrong method",
    408: "Too slow",
    413: "Too large",
    429: "Too much at once",
    503: "Not available right now",
}
TITLES_BY_CODE = {  # where the status alone would say the wrong thing
    "unknown_hook": "No hook here",
    "hook_closed": "This hook is closed",
    "hook_sealed": "This hook cannot verify anything now",
    "signature_missing": "Not signed",
    "wrong_signature": "Not signed with our secret",
    "signature_too_old": "Signed too long ago",
}
KINDS = {
    400: "invalid",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method",
    408: "too-slow",
    413: "too-large",
    429: "busy",
    503: "unavailable",
}
CODES = {
    401: "wrong_key",
    403: "source_closed",
    408: "too_slow",
    413: "request_too_large",
    429: "busy",
    503: "unavailable",
}

JSON = (b"content-type", b"application/json")
_SUCCESS = b'{"success":true}'
_SUCCESS_HEADERS: Headers = [JSON, (b"content-length", b"%d" % len(_SUCCESS))]
_SUCCESS_START = {"type": "http.response.start", "status": 200, "headers": _SUCCESS_HEADERS}
_SUCCESS_BODY = {"type": "http.response.body", "body": _SUCCESS}


class Sent(NamedTuple):
    """What there was of a body that is refused: as much of it as was read, its size, the events counted in it."""

    body: bytes = b""
    body_bytes: int = 0
    events: int = 1


class RefusedError(Exception):
    """A request that is answered with an error; `reason` is a sentence for the sender, `code` what is counted.

    `sent` is what there was of the body where only the one who refuses knows.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        *,
        code: str = "",
        headers: Headers | None = None,
        kind: str | None = None,
        sent: Sent | None = None,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.code = code or CODES.get(status, "invalid")
        self.headers = headers or []
        self.kind = kind or KINDS[status]
        self.sent = sent


async def send_success(send: Send, origin: bytes | None) -> None:
    """Say that everything is durable: exactly 200, because some SDKs take nothing else for a yes."""
    if origin is None:
        await send(_SUCCESS_START)
    else:
        headers = [*_SUCCESS_HEADERS, *shared_with(origin)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send(_SUCCESS_BODY)


async def send_refusal(send: Send, refused: RefusedError, origin: bytes | None) -> None:
    """Say no, with a problem document (RFC 9457).

    `code` and `message` stand beside it for Segment's and RudderStack's Python SDKs: the latter takes an answer without
    them for a fault of the network, and tries a wrong key eleven times over seven minutes.
    """
    body = msgspec.json.encode(
        {
            "success": False,
            "type": f"/problems/{refused.kind}",
            "title": TITLES_BY_CODE.get(refused.code, TITLES[refused.status]),
            "status": refused.status,
            "detail": refused.reason,
            "code": refused.code,
            "message": refused.reason,
        }
    )
    headers: Headers = [(b"content-type", b"application/problem+json"), *refused.headers]
    await send_bytes(send, refused.status, body, headers, origin)


async def send_bytes(send: Send, status: int, body: bytes, headers: Headers, origin: bytes | None) -> None:
    """Send one whole answer."""
    length = (b"content-length", b"%d" % len(body))
    shared = shared_with(origin) if origin is not None else []
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length, *shared]})
    await send({"type": "http.response.body", "body": body})


async def send_preflight(send: Send, origin: bytes | None, wanted: bytes = b"") -> None:
    """Let a browser of another origin ask: the headers of the SDKs make it ask first.

    Whatever header a page wants to send it may: RudderStack's SDK brings `SentAt`, and four more when it tries again;
    a list of ours would be wrong with its next release. Nothing is given away by it, since the key is public and no
    other header opens anything.
    """
    allowed = wanted if _HEADER_NAMES.fullmatch(wanted) else USUAL_HEADERS
    headers: Headers = [
        (b"access-control-allow-methods", b"POST, GET, OPTIONS"),
        (b"access-control-allow-headers", allowed),
        (b"access-control-max-age", b"%d" % PREFLIGHT_AGE_S),
        *shared_with(origin or b"*"),
        (b"vary", b"access-control-request-headers"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def shared_with(origin: bytes) -> Headers:
    """Return the headers that let a page of another origin read the answer."""
    headers: Headers = [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", b"retry-after"),
        (b"vary", b"origin"),
    ]
    if origin != b"*":
        headers.append((b"access-control-allow-credentials", b"true"))  # a beacon always sends its cookies
    return headers
