"""A receiver that misbehaves when told to: a real HTTP server on this machine, for tests and benches.

with Receiver() as receiver:
    receiver.answer_with(Reply(status=500), Reply(status=429, headers={"Retry-After": "7"}), Reply())
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, Self


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. `how`: in good order, never, by resetting the connection, without an end, byte by byte."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    how: Literal["answer", "hang", "reset", "endless", "drip"] = "answer"


class Receiver:
    """Keeps what it gets in `received`, and answers as it was told; the last reply holds on."""

    def __init__(self, choose: Callable[[Received], Reply] | None = None) -> None:
        self.received: list[Received] = []
        self._choose = choose
        self._replies: list[Reply] = [Reply()]
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"receiver": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer_with(self, *replies: Reply) -> None:
        """Answer the next requests so, one after another."""
        with self._lock:
            self._replies = list(replies)

    def close(self) -> None:
        """Hang up on everybody."""
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, received: Received) -> Reply:
        """Keep a request and return what to answer; for the handler."""
        with self._lock:
            self.received.append(received)
            if self._choose is not None:
                return self._choose(received)
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def wait_for_the_end(self) -> None:
        """Return when the receiver is closed; for the handler."""
        self._over.wait()

    @property
    def is_over(self) -> bool:
        """Whether the receiver is closed."""
        return self._over.is_set()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a caller that hangs up is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver  # set on the class made for one receiver
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _any(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:  # the caller died while it spoke
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.receiver.take(Received(self.command, self.path, headers, body))
        if reply.how == "hang":
            self.receiver.wait_for_the_end()
            self.close_connection = True
        elif reply.how == "reset":
            _reset(self.connection)
            self.close_connection = True
        elif reply.how == "drip":
            self._drip()
        else:
            self._answer(reply)

    def _answer(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.how == "answer":
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)
            return
        self.end_headers()
        self.close_connection = True
        while not self.receiver.is_over:
            self.wfile.write(b"x" * 65_536)

    def _drip(self) -> None:
        """Send a head that never ends, a byte at a time."""
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
        while not self.receiver.is_over:
            self.wfile.write(b"z")
            threading.Event().wait(0.01)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815 (the library looks for these names)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in the library)
        """Say nothing."""


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
