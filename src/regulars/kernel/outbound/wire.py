"""The connections themselves: to judged addresses only, and never waiting longer than the call may last."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from typing import Any  # Any: as httpcore has it

import httpcore
import httpx

from regulars.kernel.outbound.limits import Limits

CONNECTIONS_MAX = 200
IDLE_S = 20.0


def pool(tls: ssl.SSLContext | None, judged: Callable[..., list[str]], limits: Limits) -> httpcore.ConnectionPool:
    """Return a pool of connections that opens them through the guard."""
    return httpcore.ConnectionPool(
        ssl_context=tls or httpx.create_ssl_context(trust_env=False),
        max_connections=CONNECTIONS_MAX,
        max_keepalive_connections=CONNECTIONS_MAX // 4,
        keepalive_expiry=IDLE_S,
        http1=True,
        http2=False,
        retries=0,
        network_backend=Guarded(judged, limits),
    )


class Guarded(httpcore.NetworkBackend):
    """Connects to the address that was judged, never to a name."""

    def __init__(self, judged: Callable[..., list[str]], limits: Limits) -> None:
        self._judged = judged
        self._limits = limits
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,  # Any: as httpcore has it
    ) -> httpcore.NetworkStream:
        """Try the addresses of a host in turn, each of them judged."""
        del timeout, local_address  # the call's own end counts
        last: Exception | None = None
        for address in self._judged(host, plain=self._limits.plain):
            try:
                inner = self._sockets.connect_tcp(
                    address, port, timeout=self._limits.left_s(), socket_options=socket_options
                )
                return Timed(inner, self._limits)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        assert last is not None, "a host has at least one address"
        raise last


class Timed(httpcore.NetworkStream):
    """A connection whose every wait ends with the whole call."""

    def __init__(self, inner: httpcore.NetworkStream, limits: Limits) -> None:
        self._inner = inner
        self._limits = limits

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has come."""
        del timeout  # the call's own end counts
        if self._limits.are_over:
            raise httpcore.ReadTimeout
        return self._inner.read(max_bytes, timeout=self._limits.left_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send."""
        del timeout  # as above
        if self._limits.are_over:
            raise httpcore.WriteTimeout
        self._inner.write(buffer, timeout=self._limits.left_s())

    def close(self) -> None:
        """Hang up."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on encrypted; the certificate must be that of the name which was asked for."""
        del timeout  # as above
        inner = self._inner.start_tls(ssl_context, server_hostname, timeout=self._limits.left_s())
        return Timed(inner, self._limits)

    def get_extra_info(self, info: str) -> Any:  # Any: as httpcore has it
        """Return what is known of the connection."""
        return self._inner.get_extra_info(info)
