"""The first that a request meets: events go to the door, pages to the static files, everything else to the framework.

It gives each request an id, sets the headers that keep browsers safe, counts, and writes one line to the log. The
door's requests are only counted: it answers tens of thousands a second, and its own numbers tell what became of them.
"""

from __future__ import annotations

import logging
import re
from typing import Any, Protocol  # Any: as said where it stands

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Counter

from regulars.kernel.clock import Clock
from regulars.kernel.ids import new_id
from regulars.web.observe import Meters
from regulars.web.static_files import StaticFiles

_log = logging.getLogger("regulars.requests")
_FRAMEWORK = ("/v1/", "/schema", "/demo/api/", "/problems/", "/metrics", "/healthz", "/readyz", "/enter")
_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SAFE_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]
_API_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class EventsDoor(Protocol):
    """The plain ASGI app that takes events in."""

    def handles(self, scope: Any) -> bool:  # Any: the door has ASGI types of its own, plain dicts
        """Say whether a request is for the door."""
        ...

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # Any: as above
        """Answer it."""
        ...


class Front:
    """The whole web as one ASGI app."""

    def __init__(
        self,
        *,
        door: EventsDoor | None,
        framework: ASGIApp,
        static_files: StaticFiles,
        meters: Meters,
        clock: Clock,
        hsts: bool = False,
    ) -> None:
        self._door = door
        self._framework = framework
        self._static_files = static_files
        self._meters = meters
        self._clock = clock
        self._safe_headers = [*_SAFE_HEADERS, _HSTS] if hsts else _SAFE_HEADERS
        self._door_counts: dict[int, Counter] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run one lifespan."""
        if scope["type"] != ScopeType.HTTP:
            await self._framework(scope, receive, send)
        elif self._door is not None and self._door.handles(scope):
            await self._door(scope, receive, self._counted(send))
        else:
            await self._answer(scope, receive, send)

    def _counted(self, send: Send) -> Send:
        counts, door = self._door_counts, self._meters.door

        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = message["status"]
                if status not in counts:
                    counts[status] = door.labels(str(status))
                counts[status].inc()
            await send(message)

        return count

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        began_us, status = self._clock.now_us(), 500
        request_id = _request_id(scope, began_us)
        scope["regulars_request_id"] = request_id  # type: ignore[typeddict-unknown-key] # ASGI allows a server's own keys
        file = None if scope["path"].startswith(_FRAMEWORK) else self._static_files.find(scope["path"])

        async def dress(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._dressed(list(message["headers"]), request_id)
            await send(message)

        try:
            if file is not None and scope["method"] in {"GET", "HEAD"}:
                await self._static_files.send(file, scope, dress)
            else:
                await self._framework(scope, receive, dress)
        finally:
            self._note(scope, status, request_id, (self._clock.now_us() - began_us) / 1_000_000, file is not None)

    def _dressed(self, headers: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
        given = {name.lower() for name, _ in headers}
        extra = [*self._safe_headers, (b"x-request-id", request_id.encode())]
        if b"content-security-policy" not in given:
            extra.append(_API_POLICY)
        if b"cache-control" not in given:
            extra.append((b"cache-control", b"no-store"))
        return headers + [pair for pair in extra if pair[0] not in given]

    def _note(self, scope: HTTPScope, status: int, request_id: str, seconds: float, is_file: bool) -> None:
        route = "static" if is_file else _template(scope)
        self._meters.requests.labels(scope["method"], route, str(status)).inc()
        self._meters.seconds.labels(route).observe(seconds)
        if is_file and status < 400:
            return
        caller = scope.get("user")
        line = {
            "request_id": request_id,
            "method": scope["method"],
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 2),
            "caller": getattr(caller, "kind", "anyone"),
            "caller_id": getattr(caller, "id", ""),
        }
        _log.log(logging.WARNING if status >= 500 else logging.INFO, "answered", extra=line)


def _template(scope: HTTPScope) -> str:
    template = scope.get("path_template")
    return str(template) if template else "unknown"


def _request_id(scope: HTTPScope, now_us: int) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _UUID.fullmatch(value):
            return value.decode()
    return new_id(now_us)
