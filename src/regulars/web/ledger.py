"""Written down before it is done: a middleware that keeps the audit log for every handler that names its change."""

from __future__ import annotations

import logging
from typing import Any  # Any: as said where it stands

import anyio.to_thread
import msgspec
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from regulars.kernel.errors import RegularsError
from regulars.kernel.http import AUDITED_AS
from regulars.web.audit import Audit
from regulars.web.core import subject_of
from regulars.web.gate import Gate

DETAIL = "regulars_audit_detail"
_log = logging.getLogger("regulars.web")


def remark(request: Any, detail: str) -> None:  # Any: Litestar's Request, generic over types we do not use
    """Add what was changed to the audit entry of this request."""
    request.scope["state"][DETAIL] = detail


class Ledger(ASGIMiddleware):
    """Begins an entry before the handler runs and closes it before the answer leaves."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, audit: Audit, gate: Gate) -> None:
        self._audit = audit
        self._gate = gate

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Keep the audit log for handlers with `needs(…, audited_as=…)`; others pass through."""
        action = scope["route_handler"].opt.get(AUDITED_AS)
        if not action:
            await next_app(scope, receive, send)
            return
        values = scope.get("path_params") or {}
        entry_id = await anyio.to_thread.run_sync(self._audit.begin, scope["user"], action, subject_of(values, None))
        held: list[Message] = []

        async def close_then_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                held.append(message)
                return
            if held:
                start = held.pop()
                await self._close(entry_id, scope, start, message)
                await send(start)
            await send(message)

        await next_app(scope, receive, close_then_send)

    async def _close(self, entry_id: str, scope: Scope, start: Message, body: Message) -> None:
        status = int(start["status"])  # type: ignore[typeddict-item] # it is an http.response.start
        self._gate.forget()
        subject = subject_of(scope.get("path_params") or {}, _decoded(body))
        detail = scope.get("state", {}).get(DETAIL)
        outcome = "done" if status < 400 else f"refused with {status}" if status < 500 else f"failed with {status}"

        def write() -> None:
            self._audit.close(entry_id, subject=subject, detail=detail, outcome=outcome)

        try:
            await anyio.to_thread.run_sync(write)
        except RegularsError as error:
            _log.error("the audit entry %s stays open: %s", entry_id, error)


def _decoded(body: Message) -> object:
    content = body.get("body", b"")
    if body.get("more_body") or not isinstance(content, bytes) or not content.startswith(b"{"):
        return None
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        return None
