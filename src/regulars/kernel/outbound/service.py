"""Calls an address that a person typed in, and only that one.

The name is looked up once, every address it comes to is judged, and the connection goes to the address that was
judged: no second look-up, no redirect, no proxy from the environment. An answer is read up to a size, and all of it
within a time, however slowly it drips.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from regulars.kernel.errors import InvalidError, OutboundError
from regulars.kernel.outbound.core import Networks, Place, host_of, is_address, place_of, refuse
from regulars.kernel.outbound.limits import Limits
from regulars.kernel.sayings import Said, said

if TYPE_CHECKING:
    import httpcore

TIMEOUT_S = 15.0
ANSWER_BYTES_MAX = 65_536
ADDRESSES_TRIED = 3
USER_AGENT = "Regulars"

Resolve = Callable[[str], Sequence[str]]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What to send, and where."""

    method: str = "POST"
    url: str
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. `body` is cut at the size that was allowed; `cut` says so."""

    status: int
    headers: dict[str, str]
    body: bytes
    cut: bool
    duration_ms: int

    @property
    def is_good(self) -> bool:
        """Return whether the status is one of 200 to 299."""
        return 200 <= self.status <= 299


class Outbound:
    """The one way out to addresses of others. May be used by many threads at once."""

    def __init__(
        self, private_networks: str = "", *, resolve: Resolve | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._own = Networks.of(private_networks)
        self._resolve = resolve or _resolve
        self._tls = tls
        self._pool: httpcore.ConnectionPool | None = None
        self._opening = threading.Lock()
        self._limits = Limits()

    def close(self) -> None:
        """Close the connections that are kept for the next call."""
        with self._opening:
            if self._pool is not None:
                self._pool.close()
                self._pool = None

    def refuse_url(self, url: str) -> Place:
        """Return where a URL leads, after its form was checked; the name is not looked up.

        Raises
        ------
        InvalidError
            When it can never be called.

        """
        place = place_of(url)
        if place.scheme == "http" and not self._own.blocks:
            raise InvalidError(
                said(
                    "url_http",
                    "Use https: http can be read on the way. It is for addresses listed in "
                    "destinations.private_networks.",
                )
            )
        if is_address(place.host):
            refuse(place.host, [place.host], self._own, plain=place.scheme == "http")
        return place

    def call(self, call: Call, *, timeout_s: float = TIMEOUT_S, answer_bytes_max: int = ANSWER_BYTES_MAX) -> Answer:
        """Send and return what came back, whatever its status. A redirect is an answer like any other.

        Raises
        ------
        InvalidError
            When the URL or a header has no usable form.
        OutboundRefusedError
            When the address may not be called.
        OutboundError
            When nothing came back, or not all of it in time.

        """
        import httpcore

        place = self.refuse_url(call.url)
        pool = self._open()  # reading the certificates takes a moment that is not the other side's
        begun = time.monotonic()
        try:
            with self._limits.of(begun + timeout_s, plain=place.scheme == "http"):
                return _exchange(pool, place, call, begun=begun, timeout_s=timeout_s, bytes_max=answer_bytes_max)
        except httpcore.TimeoutException as error:
            raise OutboundError(
                said(
                    "no_answer_within",
                    "{host} did not answer within {limit_s:g} s.",
                    host=place.host,
                    limit_s=timeout_s,
                )
            ) from error
        except httpcore.LocalProtocolError as error:
            raise InvalidError(
                said("header_not_sendable", "The call has a header that cannot be sent: {why}.", why=str(error))
            ) from error
        except (httpcore.NetworkError, httpcore.RemoteProtocolError, httpcore.ProtocolError) as error:
            raise OutboundError(_told(place.host, error)) from error

    def connect(self, host: str, port: int, *, timeout_s: float = TIMEOUT_S) -> socket.socket:
        """Return a connection to a checked address, for a protocol that is not HTTP.

        Raises
        ------
        OutboundRefusedError
            When the address may not be called.
        OutboundError
            When nobody answers there.

        """
        name = host_of(host)
        addresses = refuse(name, self._looked_up(name), self._own, plain=False)
        last: OSError | None = None
        for address in addresses[:ADDRESSES_TRIED]:
            try:
                return socket.create_connection((address, port), timeout=timeout_s)
            except OSError as error:
                last = error
        raise OutboundError(_told(name, last or OSError("no address"))) from last

    def _open(self) -> httpcore.ConnectionPool:
        with self._opening:
            if self._pool is None:
                from regulars.kernel.outbound.wire import pool

                self._pool = pool(self._tls, self._judged, self._limits)
            return self._pool

    def _judged(self, host: str, *, plain: bool) -> list[str]:
        return refuse(host, self._looked_up(host), self._own, plain=plain)[:ADDRESSES_TRIED]

    def _looked_up(self, host: str) -> Sequence[str]:
        try:
            found = self._resolve(host)
        except (OSError, UnicodeError) as error:
            raise OutboundError(_no_host(host)) from error
        if not found:
            raise OutboundError(_no_host(host))
        return found


def _exchange(
    pool: httpcore.ConnectionPool, place: Place, call: Call, *, begun: float, timeout_s: float, bytes_max: int
) -> Answer:
    import httpcore

    with pool.stream(
        call.method.encode("ascii"),
        httpcore.URL(
            scheme=place.scheme.encode(), host=place.host.encode(), port=place.port, target=place.target.encode()
        ),
        headers=_headers(place, call),
        content=call.body,
        extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout_s)},
    ) as response:
        head, cut = _head_of(response.iter_stream(), bytes_max)
        return Answer(
            status=response.status,
            headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers},
            body=head,
            cut=cut,
            duration_ms=round((time.monotonic() - begun) * 1000),
        )


def _resolve(host: str) -> Sequence[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _headers(place: Place, call: Call) -> list[tuple[bytes, bytes]]:
    told = {name.lower(): value for name, value in call.headers.items()}
    host = place.origin.partition("://")[2]
    own = {"host": host, "user-agent": USER_AGENT, "accept-encoding": "identity", "accept": "*/*"}
    length = {"content-length": str(len(call.body))} if call.body or call.method in {"POST", "PUT", "PATCH"} else {}
    try:
        return [
            (name.encode("ascii"), value.encode("latin-1"))
            for name, value in {**own, **told, **length, "host": host}.items()
            if name != "transfer-encoding"
        ]
    except UnicodeEncodeError:
        raise InvalidError(
            said("header_letters", "A header has characters that no header may have. Keep to plain Latin letters.")
        ) from None


def _head_of(parts: Iterable[bytes], bytes_max: int) -> tuple[bytes, bool]:
    taken = bytearray()
    for part in parts:
        taken += part
        if len(taken) > bytes_max:
            return bytes(taken[:bytes_max]), True
    return bytes(taken), False


def _no_host(host: str) -> Said:
    return said("no_host", "There is no host named {host!r}.", host=host)


def _told(host: str, error: Exception) -> Said:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate" in text:
        return said("no_certificate", "{host} does not show a valid certificate.", host=host)
    if "refused" in text:
        return said("connection_refused", "{host} refuses the connection: nothing listens there.", host=host)
    if "reset" in text.lower() or "disconnected" in text.lower() or "closed" in text.lower():
        return said("connection_closed", "{host} closed the connection before it had answered.", host=host)
    if isinstance(error, TimeoutError):
        return said("no_answer", "{host} did not answer in time.", host=host)
    return said("not_reached", "{host} cannot be reached ({kind}).", host=host, kind=type(error).__name__)
