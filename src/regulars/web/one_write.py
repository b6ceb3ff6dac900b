"""The head of an answer goes out with its body, in one write: two would be two calls into the kernel and two packets.

ASGI hands both over one after the other and uvicorn writes each at once. Here the head waits for what follows it in
the same turn of the event loop, and no longer: the head of a stream whose first piece comes later goes out alone.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast  # Any: what a transport knows about itself is of any type

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's protocol over a transport that writes head and body together."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin with a connection."""
        together = cast("asyncio.Transport", Together(transport, self.loop))  # has all that uvicorn asks of one
        super().connection_made(together)


class Together:
    """A transport that holds a head back until the body comes, or the turn ends."""

    __slots__ = ("_head", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""

    def write(self, data: bytes) -> None:
        """Write, but for a head, which waits for what comes next."""
        if self._head:
            data, self._head = self._head + data, b""
            self._transport.write(data)
        elif data.startswith(_HEAD):
            self._head = data
            self._loop.call_soon(self.flush)
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Write a head that nothing followed."""
        if self._head:
            data, self._head = self._head, b""
            self._transport.write(data)

    def close(self) -> None:
        """Write what is held back, then close."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Return whether the connection is closing or closed."""
        return self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:  # Any: whatever the transport has
        return getattr(self._transport, name)
