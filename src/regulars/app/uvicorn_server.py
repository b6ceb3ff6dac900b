"""uvicorn, told to end our streams first when it is asked to stop, and to say when it is open."""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from regulars.web.application import Web
from regulars.web.one_write import OneWriteProtocol

KEEP_ALIVE_S = 75  # longer than the 60 s of the usual load balancers, so that they close first
BACKLOG = 2048


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, web: Web, on_open: Callable[[], None]) -> None:
        super().__init__(config)
        self._web = web
        self._on_open = on_open

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End open streams, then let uvicorn answer what is under way and go."""
        self._web.stopping.stop()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open, then tell."""
        await super().startup(sockets=sockets)
        if self.started:
            self._on_open()


def serve(web: Web, listening: socket.socket, *, drain_s: int, on_open: Callable[[], None]) -> None:
    """Answer on a listening socket until SIGTERM or SIGINT; requests under way have `drain_s` to end."""
    config = uvicorn.Config(
        web.asgi,
        http=OneWriteProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=drain_s,
        timeout_keep_alive=KEEP_ALIVE_S,
        backlog=BACKLOG,
    )
    _Server(config, web, on_open).run(sockets=[listening])
