"""What was sent to the door: whole, unpacked, within its limits, and with which key."""

from __future__ import annotations

import asyncio
import binascii
import zlib
from base64 import b64decode
from urllib.parse import parse_qs

from regulars.events.answers import Headers, Receive, RefusedError, Scope, Sent

BODY_WAIT_S = 30  # a phone on a bad network gets this long for one request
DRAIN_BYTES_MAX = 8 << 20  # read and thrown away, so that the sender hears the reason instead of a broken pipe
LENGTH_DIGITS = 18  # Python refuses to read a number of thousands of digits
_GZIP = b"\x1f\x8b"
_CLOSE: Headers = [(b"connection", b"close")]


class GoneError(Exception):
    """The sender hung up before the request was complete; nobody waits for an answer."""


class Headed:
    """The few headers that the door looks at."""

    __slots__ = ("authorization", "encoding", "host", "length", "origin", "user_agent")

    def __init__(self, headers: Headers) -> None:
        self.authorization = self.encoding = self.host = self.length = self.user_agent = b""
        self.origin: bytes | None = None
        for name, value in headers:
            if name == b"user-agent":
                self.user_agent = value
            elif name == b"authorization":
                self.authorization = value
            elif name == b"content-length":
                self.length = value
            elif name == b"content-encoding":
                self.encoding = value
            elif name == b"origin":
                self.origin = value
            elif name == b"host":
                self.host = value


def header(scope: Scope, name: bytes) -> bytes:
    """Return a header that few requests have and `Headed` therefore does not look for; empty when it is not there."""
    return next((value for key, value in scope["headers"] if key == name), b"")


async def read_body(receive: Receive, headed: Headed, bytes_max: int) -> bytes:
    """Return the request's body, unpacked.

    Raises
    ------
    RefusedError
        When it is larger than `bytes_max`, too slow, or packed in a way that cannot be undone.
    GoneError
        When the sender hung up.

    """
    body = await read_raw_body(receive, headed, bytes_max)
    if headed.encoding or body.startswith(_GZIP):
        return _unpacked(body, headed.encoding, bytes_max)
    return body


def unpacked_body(body: bytes, headed: Headed, bytes_max: int) -> bytes:
    """Return a body as `read_body` would have; signatures are over the raw one.

    Raises
    ------
    RefusedError
        When it is packed in a way that cannot be undone, or is too large once unpacked.

    """
    if headed.encoding or body.startswith(_GZIP):
        return _unpacked(body, headed.encoding, bytes_max)
    return body


async def read_raw_body(receive: Receive, headed: Headed, bytes_max: int) -> bytes:
    """Return the request's body as it came.

    Raises
    ------
    RefusedError
        When it is larger than `bytes_max`, or too slow.
    GoneError
        When the sender hung up.

    """
    said = int(headed.length[:LENGTH_DIGITS]) if headed.length.isdigit() else 0
    if said > DRAIN_BYTES_MAX:
        raise RefusedError(413, _too_large(said, bytes_max), headers=_CLOSE, sent=Sent(body_bytes=said))
    message = await receive()
    if message["type"] == "http.disconnect":
        raise GoneError
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        body = await _read_rest(receive, body, bytes_max)
    if len(body) > bytes_max:
        raise RefusedError(413, _too_large(len(body), bytes_max), sent=Sent(body[:bytes_max], len(body)))
    return body


async def _read_rest(receive: Receive, first: bytes, bytes_max: int) -> bytes:
    """Return the whole body; beyond the limit only count what comes."""
    parts, size, more = [first], len(first), True

    def sent() -> Sent:
        return Sent(b"".join(parts)[:bytes_max], size)

    try:
        async with asyncio.timeout(BODY_WAIT_S):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise GoneError
                part = message.get("body", b"")
                size += len(part)
                more = message.get("more_body", False)
                if size - len(part) <= bytes_max:
                    parts.append(part)
                if size > DRAIN_BYTES_MAX:
                    raise RefusedError(413, _too_large(size, bytes_max), headers=_CLOSE, sent=sent())
    except TimeoutError:
        raise RefusedError(
            408, f"The body did not arrive within {BODY_WAIT_S} s. Send it again.", headers=_CLOSE, sent=sent()
        ) from None
    if size > bytes_max:
        raise RefusedError(413, _too_large(size, bytes_max), sent=sent())
    return b"".join(parts)


def _unpacked(body: bytes, encoding: bytes, bytes_max: int) -> bytes:
    name = encoding.decode("latin-1").strip().lower()
    if name == "identity" and not body.startswith(_GZIP):
        return body
    if name not in {"", "gzip", "x-gzip", "identity"}:
        raise _not_packed_well(f"Content-Encoding {name[:40]!r} is not understood here; send gzip or plain JSON.", body)
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(body, bytes_max + 1)
    except zlib.error:
        raise _not_packed_well(
            "The body says it is gzip and is not. Send gzip, or plain JSON without Content-Encoding.", body
        ) from None
    if len(unpacked) > bytes_max:
        sentence = f"Unpacked, a request has at most {bytes_max:,} bytes; this one has more."
        raise RefusedError(413, sentence, sent=Sent(unpacked[:bytes_max], len(unpacked)))
    if not unpacker.eof or unpacker.unused_data:
        raise _not_packed_well("The gzip body is cut off, or something follows it.", body)
    return unpacked


def _not_packed_well(sentence: str, body: bytes) -> RefusedError:
    return RefusedError(400, sentence, code="wrong_encoding", sent=Sent(body, len(body)))


def _too_large(size: int, bytes_max: int) -> str:
    return f"A request has at most {bytes_max:,} bytes, this one has {size:,}. Send it in parts."


def header_key(authorization: bytes) -> str:
    """Return the write key in an Authorization header, empty when there is none.

    >>> header_key(b"Basic a2V5Og=="), header_key(b"Bearer key"), header_key(b"Basic ?")
    ('key', 'key', '')
    """
    scheme, _, value = authorization.partition(b" ")
    kind = scheme.lower()
    if kind == b"bearer":
        return value.strip().decode("latin-1")
    if kind != b"basic":
        return ""
    try:
        decoded = b64decode(value.strip() + b"=" * (-len(value.strip()) % 4), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return decoded.decode("utf-8", "replace").partition(":")[0]


def query_key(scope: Scope) -> str:
    """Return the write key in the address, `?writeKey=…`, empty when there is none."""
    query: bytes = scope.get("query_string", b"")
    if b"writeKey" not in query:
        return ""
    return (parse_qs(query.decode("latin-1")).get("writeKey") or [""])[0]
