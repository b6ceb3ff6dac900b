"""Head and body in one write, and nothing held back for longer than a turn of the event loop."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any, cast  # Any: ASGI's own dicts

import pytest
import uvicorn

from regulars.web.one_write import OneWriteProtocol, Together

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


class Written:
    """A transport that notes what is written to it."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def close(self) -> None:
        self.writes.append(b"(closed)")

    def get_extra_info(self, name: str) -> str:
        return f"its {name}"


def together(written: Written, loop: asyncio.AbstractEventLoop) -> Together:
    return Together(cast("asyncio.Transport", written), loop)  # has what is asked of it here


def test_a_head_goes_out_with_the_body_that_follows_it() -> None:
    async def answer() -> list[bytes]:
        written = Written()
        transport = together(written, asyncio.get_running_loop())
        for _ in range(2):
            transport.write(HEAD)
            transport.write(b"body")
        await asyncio.sleep(0)
        return written.writes

    assert asyncio.run(answer()) == [HEAD + b"body"] * 2


def test_a_head_that_nothing_follows_goes_out_in_the_same_turn() -> None:
    async def answer() -> tuple[list[bytes], list[bytes]]:
        written = Written()
        transport = together(written, asyncio.get_running_loop())
        transport.write(HEAD)
        held = list(written.writes)
        await asyncio.sleep(0)
        return held, written.writes

    assert asyncio.run(answer()) == ([], [HEAD])


def test_closing_writes_what_was_held_back() -> None:
    async def answer() -> list[bytes]:
        written = Written()
        transport = together(written, asyncio.get_running_loop())
        transport.write(HEAD)
        transport.close()
        await asyncio.sleep(0)
        assert transport.get_extra_info("peername") == "its peername"
        return written.writes

    assert asyncio.run(answer()) == [HEAD, b"(closed)"]


async def app(scope: Any, receive: Any, send: Any) -> None:  # Any: ASGI's own dicts
    headers = [] if scope["path"] == "/stream" else [(b"content-length", b"4")]
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if scope["path"] == "/stream":
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"two"})
    else:
        await send({"type": "http.response.body", "body": b"body"})


@pytest.fixture
def port() -> Iterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off", http=OneWriteProtocol)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield int(listening.getsockname()[1])
    server.should_exit = True
    thread.join(timeout=10)


def asked(port: int, *requests: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for request in requests:
            connection.sendall(request)
        got = b""
        while part := connection.recv(65_536):
            got += part
        return got


def test_answers_are_those_of_uvicorn_whatever_the_request(port: int) -> None:
    keep, close = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    assert asked(port, keep + keep + close).count(b"\r\n\r\nbody") == 3, "sent one behind the other"
    head = asked(port, b"HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert head.endswith(b"\r\n\r\n")
    stream = asked(port, b"GET /stream HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert stream.endswith(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
    waits = b"POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\nconnection: close\r\n\r\n"
    assert asked(port, waits, b"ab").startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")
    assert asked(port, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400")
