"""Who is asking, and may they? One gate before every handler; what a handler does not allow is for admins alone.

A secret key comes as `Authorization: Bearer rgs_…`, a person by the cookie of their session. Whoever comes with a
cookie and wants to change something must also show the page's token (`X-CSRF-Token`). What the gate learned it
believes for two seconds, and for as long as the state database does not answer. Requests that come with the same
secret share one look-up, and that a key is in use is noted after the answer: nobody waits for a writer's turn here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from http.cookies import CookieError, SimpleCookie

import anyio.to_thread
import msgspec
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from regulars.kernel.clock import Clock
from regulars.kernel.errors import DatabaseError, ForbiddenError, RegularsError, UnauthenticatedError
from regulars.kernel.http import NEEDS, Caller, Role
from regulars.kernel.sayings import said
from regulars.web import core
from regulars.web.keys import Keys
from regulars.web.limits import Limits
from regulars.web.people import LiveSession, People

SESSION_COOKIE = "regulars_session"
CSRF_COOKIE = "regulars_csrf"
CSRF_HEADER = "x-csrf-token"
BELIEVED_US = 2_000_000
REMEMBERED_MAX = 10_000
_SAFE = {"GET", "HEAD", "OPTIONS"}

_log = logging.getLogger("regulars.web")


class Pass(msgspec.Struct, frozen=True):
    """What a request came in with: who it is, and the session behind it if there is one."""

    caller: Caller
    token: str = ""
    session: LiveSession | None = None


STRANGER = Pass(Caller(kind="anyone"))


class Gate(ASGIMiddleware):
    """Lets in who may come in."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, *, people: People, keys: Keys, limits: Limits, clock: Clock) -> None:
        self._people = people
        self._keys = keys
        self._limits = limits
        self._clock = clock
        self._known: OrderedDict[str, tuple[int, Pass]] = OrderedDict()
        self._looking: dict[str, asyncio.Future[Pass | None]] = {}
        self._used: set[str] = set()  # keys whose use is to be noted

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Find out who is asking, refuse or go on; the handler finds the caller in `request.user`."""
        headers = Headers.from_scope(scope)
        needed: Role = scope["route_handler"].opt.get(NEEDS) or Role.ADMIN
        found = await self._who(headers)
        found = _checked_csrf(found, headers, str(scope.get("method", "GET")), needed)
        self._limits.ask(found.caller, client_of(scope))
        if not found.caller.may(needed):
            raise _refusal(found.caller, needed)
        scope["user"], scope["auth"] = found.caller, found
        try:
            await next_app(scope, receive, send)
        finally:
            if found.caller.id in self._used:
                self._used.discard(found.caller.id)
                await anyio.to_thread.run_sync(self._note_use, found.caller.id)

    def forget(self) -> None:
        """Believe nothing any longer: somebody's rights may have changed."""
        self._known.clear()
        self._looking.clear()

    async def _who(self, headers: Headers) -> Pass:
        bearer = headers.get("authorization", "")
        if bearer:
            kind, _, secret = bearer.partition(" ")
            found = await self._find(secret.strip()) if kind.lower() == "bearer" else None
            if found is None:
                raise UnauthenticatedError(
                    said("key_unknown", "This secret key is not known. Make one in the console under Sources & keys.")
                )
            return found
        token = _cookie(headers.get("cookie", ""), SESSION_COOKIE)
        return (await self._find(token) if token else None) or STRANGER

    async def _find(self, secret: str) -> Pass | None:
        name, now_us = core.digest(secret), self._clock.now_us()
        believed = self._known.get(name)
        if believed and now_us - believed[0] < BELIEVED_US:
            return believed[1]
        looking = self._looking.get(name)
        if looking is None:
            looking = self._looking[name] = asyncio.ensure_future(self._look(name, secret))
            looking.add_done_callback(lambda done: self._looked(name, done))
        try:
            return await asyncio.shield(looking)
        except DatabaseError:
            if believed:
                return believed[1]  # stale is better than shut
            raise

    async def _look(self, name: str, secret: str) -> Pass | None:
        began_us, me = self._clock.now_us(), asyncio.current_task()
        found = await anyio.to_thread.run_sync(self._look_up, secret)
        if self._looking.get(name) is me:  # else somebody's rights changed meanwhile
            self._remember(name, found, began_us)
        return found

    def _looked(self, name: str, done: asyncio.Future[Pass | None]) -> None:
        if self._looking.get(name) is done:
            del self._looking[name]
        if not done.cancelled():
            done.exception()  # those who waited were told; when all of them have gone, nobody need be

    def _look_up(self, secret: str) -> Pass | None:
        if secret.startswith(core.KEY_PREFIX):
            key = self._keys.find(secret)
            if key is None:
                return None
            if self._keys.is_use_news(key):
                self._used.add(key.key_id)
            return Pass(Caller(kind="key", id=key.key_id, name=key.name, role=Role(key.role)))
        session = self._people.session(secret)
        if session is None:
            return None
        person = session.person
        caller = Caller(kind="person", id=person.person_id, name=person.name, role=Role(person.role))
        return Pass(caller, token=secret, session=session)

    def _note_use(self, key_id: str) -> None:
        try:
            self._keys.note_use(key_id)
        except RegularsError as error:
            _log.warning("that a secret key is in use could not be noted: %s", error)

    def _remember(self, name: str, found: Pass | None, now_us: int) -> None:
        self._known.pop(name, None)
        if found is not None:
            self._known[name] = (now_us, found)
            if len(self._known) > REMEMBERED_MAX:
                self._known.popitem(last=False)


def client_of(scope: Scope) -> str:
    """Return the address a request came from, empty when nobody knows."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _checked_csrf(found: Pass, headers: Headers, method: str, needed: Role) -> Pass:
    if method in _SAFE or found.caller.kind == "key":
        return found
    if headers.get("sec-fetch-site") == "cross-site":
        raise ForbiddenError(
            said("page_of_another", "This request comes from another site's page. Only our own pages may ask for this.")
        )
    if found.caller.kind == "anyone" or core.is_csrf_token(headers.get(CSRF_HEADER), found.token):
        return found
    if needed is Role.ANYONE:
        return STRANGER
    raise ForbiddenError(
        said(
            "page_token",
            "This change does not show the page's token. Send the cookie {cookie!r} back as header X-CSRF-Token.",
            cookie=CSRF_COOKIE,
        )
    )


def _refusal(caller: Caller, needed: Role) -> UnauthenticatedError | ForbiddenError:
    if caller.kind == "anyone":
        return UnauthenticatedError(
            said("sign_in_first", "Sign in first, or send a secret key as `Authorization: Bearer rgs_…`.")
        )
    return ForbiddenError(
        said(
            "needs_role",
            "This needs the role {needed!r}; yours is {yours!r}. Ask an admin.",
            needed=needed.value,
            yours=caller.role.value,
        )
    )


def _cookie(header: str, name: str) -> str:
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""
