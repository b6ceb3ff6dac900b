"""News as it happens: server-sent events with a heartbeat, that end when the reader goes or the server stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
from litestar.response import Stream

HEARTBEAT_S = 15.0  # proxies cut silence after 30 to 60 s


class Stopping:
    """Tells streams that the server wants to go; without it a reader that never leaves would hold it for ever."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> None:
        """Remember whose loop the streams run in; called when the server starts."""
        self._loop = asyncio.get_running_loop()

    def stop(self) -> None:
        """End every stream soon; may be called from a signal handler."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    @property
    def is_set(self) -> bool:
        """Whether the server wants to go."""
        return self._event.is_set()

    async def wait(self, seconds: float) -> bool:
        """Wait that long, or less when the server wants to go; return whether it does."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return False
        return True


def frame(name: str, value: object) -> bytes:
    r"""Return one event as it goes over the wire.

    >>> frame("today", {"rate_per_s": 2})
    b'event: today\ndata: {"rate_per_s":2}\n\n'
    """
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(value) + b"\n\n"


def every(seconds: float, name: str, make: Callable[[], Awaitable[object]], stopping: Stopping) -> AsyncIterator[bytes]:
    """Yield a fresh value each so many seconds, at once the first; a value that did not change is only a heartbeat."""

    async def frames() -> AsyncIterator[bytes]:
        yield b"retry: 2000\n\n"
        before, silent_s = b"", 0.0
        while not stopping.is_set:
            now = frame(name, await make())
            if now != before:
                yield now
                before, silent_s = now, 0.0
            elif silent_s >= HEARTBEAT_S:
                yield b": still here\n\n"
                silent_s = 0.0
            silent_s += seconds
            await stopping.wait(seconds)

    return frames()


def stream(frames: AsyncIterator[bytes]) -> Stream:
    """Return the response that sends these frames until the reader goes."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(frames, media_type="text/event-stream", headers=headers)
