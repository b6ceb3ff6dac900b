"""The door for deliveries of other services: verified over the raw body, durable before it is answered.

Like the door for SDKs it knows the log and a snapshot, and no database. What is verified goes into the log as it came,
with the mapping that then held; events are made of it when it is read. A temporary trouble of ours is a 503 or 429 with
`Retry-After`, for every provider tries those again.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from regulars.events.answers import (
    Headers,
    Receive,
    RefusedError,
    Scope,
    Send,
    Sent,
    send_refusal,
    send_success,
)
from regulars.events.hooks.core.definition import HOOK_ID, KeyedHook
from regulars.events.hooks.core.mapping import Failure, calls_of, headers_of
from regulars.events.hooks.core.schemes import SignatureError, delivery_id, verify
from regulars.events.hooks.snapshot import HookKeys
from regulars.events.plans.core import Unreadable
from regulars.events.plans.snapshot import Personal
from regulars.events.record import HOOK, AcceptedRequest, HookStamp, RefusedRequest, encode_entry
from regulars.events.refusals import Refusals
from regulars.events.request import GoneError, Headed, read_raw_body, unpacked_body
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock
from regulars.kernel.errors import DiskFullError, UnavailableError
from regulars.kernel.eventlog import EventLog, LogBusyError
from regulars.kernel.headroom import Headroom
from regulars.kernel.settings import EventsSettings

PATH = "/v1/hooks/"
EVENT_BYTES_MAX = 256_000  # an order has hundreds of lines
USER_AGENT_BYTES_MAX = 512
FULL = "The disk is nearly full, so nothing more is taken in until there is room. Send this again later."
FULL_RETRY_S = 10
SEALED = "The hook cannot verify anything now, because its secret cannot be read. Send this again later."
SEALED_RETRY_S = 300
STRANGER_BODY_BYTES_MAX = 256


class HookDoor:
    """An ASGI app. `handles` tells whether a request is for it."""

    def __init__(
        self,
        log: EventLog,
        hooks: HookKeys,
        clock: Clock,
        settings: EventsSettings | None = None,
        *,
        personal: Personal | None = None,
        headroom: Headroom | None = None,
    ) -> None:
        self._log = log
        self._hooks = hooks
        self._clock = clock
        self._settings = settings or EventsSettings()
        self._personal = personal
        self._headroom = headroom
        self.on_refused: Callable[[str], None] | None = None  # told the code of each delivery that was not taken
        self._refusals = Refusals(
            log, clock, bytes_per_s=self._settings.refused_bytes_per_s, body_bytes_max=self._settings.batch_bytes_max
        )

    @staticmethod
    def handles(scope: Scope) -> bool:
        """Return whether a request is for this door: a POST to a hook's own address, and nothing beside it."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith(PATH):
            return False
        return HOOK_ID.fullmatch(scope["path"].removeprefix(PATH)) is not None

    async def close(self) -> None:
        """Write down what was refused and only counted so far; called before the log is closed."""
        await self._refusals.settle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one delivery."""
        hook_id = scope["path"].removeprefix(PATH)
        headed = Headed(scope["headers"])
        try:
            await self._take(hook_id, scope, receive, headed)
        except RefusedError as refused:
            if self.on_refused is not None:
                self.on_refused(refused.code)
            await send_refusal(send, refused, None)
        except GoneError:
            return
        else:
            await send_success(send, None)

    async def _take(self, hook_id: str, scope: Scope, receive: Receive, headed: Headed) -> None:
        body = b""
        hook = self._hooks.hook_of(hook_id)
        try:
            body = await read_raw_body(receive, headed, self._settings.batch_bytes_max)
            hook = _open(hook)
            if self._headroom is not None and not self._headroom.has_room(len(body)):
                raise _sent_away(DiskFullError(FULL, retry_after_s=FULL_RETRY_S))
            headers = _headers(scope)
            self._verify(hook, headers, body)
            body = unpacked_body(body, headed, self._settings.batch_bytes_max)
            await self._append(hook, headers, body, scope, headed)
        except RefusedError as refused:
            await self._note(hook, refused, body, scope, headed)
            raise

    def _verify(self, hook: KeyedHook, headers: dict[str, str], body: bytes) -> None:
        if self._hooks.is_sealed(hook):
            raise RefusedError(503, SEALED, code="hook_sealed", headers=_again_in(SEALED_RETRY_S))
        now_us = self._clock.now_us()
        try:
            verify(hook.scheme, hook.secrets_at(now_us), headers, body, now_us / MICROSECONDS_PER_SECOND)
        except SignatureError as error:
            raise RefusedError(401, str(error), code=error.code) from None

    async def _append(
        self, hook: KeyedHook, headers: dict[str, str], body: bytes, scope: Scope, headed: Headed
    ) -> None:
        kept = {name: headers[name] for name in headers_of(hook.mapping) if name in headers}
        named = delivery_id(hook.scheme, headers)
        stamp = HookStamp(hook.hook_id, hook.version, named, kept, self._hooks.mapping_of(hook))
        now_us, ip, agent = self._clock.now_us(), _ip(scope), _user_agent(headed)
        request = AcceptedRequest(hook.source_id, now_us, ip, agent, HOOK, body, EVENT_BYTES_MAX, hook=stamp)
        try:
            request = self._without_personal(hook, request)
            await self._log.append(encode_entry(request))
        except UnavailableError as trouble:
            raise _sent_away(trouble) from trouble

    def _without_personal(self, hook: KeyedHook, request: AcceptedRequest) -> AcceptedRequest:
        """Return what may be kept where a plan hashes or drops personal fields: the events alone, not the raw body."""
        if self._personal is None or self._personal.rules_of(hook.source_id) is None:
            return request
        assert request.hook is not None, "a delivery carries its mapping"
        headers, named = request.hook.headers, request.hook.delivery_id
        told = list(calls_of(hook.mapping, request.body, headers, hook_id=hook.hook_id, delivery_id=named))
        failed = next((one for one in told if isinstance(one, Failure)), None)
        if failed is not None:  # the raw body may not be kept to mend it later, but the sender will come again
            raise RefusedError(400, failed.reason, code=failed.code)
        body = b'{"batch":[' + b",".join(one for one in told if isinstance(one, bytes)) + b"]}"
        try:
            body, ip = self._personal.taken_out(hook.source_id, "batch", body, request.ip)
        except Unreadable:
            sentence = "Personal data could not be taken out of it: the body is nested too deep."
            raise RefusedError(400, sentence, code="too_deep") from None
        return msgspec.structs.replace(request, path="batch", body=body, ip=ip, hook=None)

    async def _note(
        self, hook: KeyedHook | None, refused: RefusedError, body: bytes, scope: Scope, headed: Headed
    ) -> None:
        """Put a refusal on record; a body that nobody we know has signed is a stranger's."""
        sent, ip = refused.sent or Sent(body, len(body)), _ip(scope)
        source_id = hook.source_id if hook is not None else None
        if self._personal is not None and self._is_personal(source_id):
            sent, ip = sent._replace(body=b""), ""
        if refused.status == 401 or refused.code == "hook_sealed":
            sent = sent._replace(body=sent.body[:STRANGER_BODY_BYTES_MAX])
        entry = RefusedRequest(
            source_id=source_id,
            received_us=self._clock.now_us(),
            status=refused.status,
            reason=refused.reason,
            path=HOOK,
            body_head=sent.body,
            ip=ip,
            user_agent=_user_agent(headed),
            code=refused.code,
            events=sent.events,
            body_bytes=sent.body_bytes,
        )
        await self._refusals.keep(entry)

    def _is_personal(self, source_id: str | None) -> bool:
        assert self._personal is not None, "asked only where plans may speak of personal fields"
        try:
            return self._personal.rules_of(source_id or "") is not None
        except UnavailableError:
            return True


def _open(hook: KeyedHook | None) -> KeyedHook:
    if hook is None:
        sentence = "There is no hook at this address. Copy it again from the console."
        raise RefusedError(404, sentence, code="unknown_hook")
    if not hook.enabled:
        raise RefusedError(403, f"The hook {hook.name!r} is closed. Open it under Hooks.", code="hook_closed")
    return hook


def _sent_away(trouble: UnavailableError) -> RefusedError:
    status = 429 if isinstance(trouble, LogBusyError) else 503
    return RefusedError(
        status,
        str(trouble),
        code=trouble.kind.replace("-", "_"),
        headers=_again_in(trouble.retry_after_s),
        kind=trouble.kind,
    )


def _again_in(seconds: int) -> Headers:
    return [(b"retry-after", b"%d" % seconds)]


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _ip(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _user_agent(headed: Headed) -> str:
    return headed.user_agent[:USER_AGENT_BYTES_MAX].decode("latin-1")
