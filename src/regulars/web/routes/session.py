"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from msgspec import Meta

from regulars.kernel.clock import Clock
from regulars.kernel.errors import ForbiddenError, UnauthenticatedError
from regulars.kernel.http import Role, needs
from regulars.web.core import Language, Person, email_key
from regulars.web.gate import Gate, Pass, client_of
from regulars.web.limits import Limits
from regulars.web.people import People
from regulars.web.routes.cookies import AnyRequest, with_cookies, without_cookies


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """An address and its password."""

    email: Annotated[str, Meta(max_length=254, examples=["ann@shop.example"])]
    password: Annotated[str, Meta(max_length=256, examples=["four words are plenty"])]


class OwnChange(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody changes about themselves; a new password needs the present one."""

    name: Annotated[str, Meta(min_length=1, max_length=120)] | None = None
    language: Language | None = None
    password: Annotated[str, Meta(max_length=256)] | None = None
    current_password: Annotated[str, Meta(max_length=256)] | None = None


class SessionController(Controller):
    """The session of whoever asks."""

    path = "/v1/session"
    tags = ("Session",)

    @post(operation_id="signIn", summary="Sign in", opt=needs(Role.ANYONE), status_code=201, sync_to_thread=True)
    def sign_in(
        self, data: SignIn, request: AnyRequest, people: People, limits: Limits, clock: Clock, gate: Gate
    ) -> Response[Person]:
        """Begin a session. The cookie of an older one is replaced and worthless afterwards."""
        address, key = client_of(request.scope), email_key(data.email)
        limits.try_sign_in(address, key)
        found: Pass = request.auth
        signed_in = people.sign_in(email=data.email, password=data.password, replaces=found.token or None)
        limits.forgive_sign_in(address, key)
        gate.forget()
        return with_cookies(Response(signed_in.person, status_code=201), request, signed_in, clock)

    @get(operation_id="getSession", summary="Who am I?", opt=needs(Role.VIEWER), sync_to_thread=True)
    def get_session(self, request: AnyRequest, people: People, clock: Clock, gate: Gate) -> Response[Person]:
        """Return who is signed in; twice a day the session's token is replaced by a fresh one."""
        found: Pass = request.auth
        if found.session is None:
            raise UnauthenticatedError("A secret key is nobody in person. Sign in to have a session.")
        response = Response(found.session.person)
        if not found.session.is_due_to_rotate(clock.now_us()):
            return response
        signed_in = people.rotate(found.token, found.session)
        gate.forget()
        return with_cookies(response, request, signed_in, clock)

    @patch(
        operation_id="changeMyself",
        summary="Change my name, language or password",
        opt=needs(Role.VIEWER, audited_as="person_changed_themselves"),
        sync_to_thread=True,
    )
    def change_myself(self, data: OwnChange, request: AnyRequest, people: People, limits: Limits) -> Person:
        """Change what is given; a new password ends the person's other sessions."""
        found: Pass = request.auth
        if found.session is None:
            raise ForbiddenError("A secret key is nobody in person. Sign in to change yourself.")
        person = found.session.person
        if data.password is not None:
            limits.try_sign_in(client_of(request.scope), email_key(person.email))
            people.check_password(person.person_id, data.current_password or "")
            limits.forgive_sign_in(client_of(request.scope), email_key(person.email))
        return people.change(
            person.person_id,
            name=data.name,
            language=data.language,
            password=data.password,
            keeping=found.token,
        )

    @delete(operation_id="signOut", summary="Sign out", opt=needs(Role.VIEWER), status_code=204, sync_to_thread=True)
    def sign_out(self, request: AnyRequest, people: People, gate: Gate) -> Response[None]:
        """End the session."""
        found: Pass = request.auth
        if found.token:
            people.sign_out(found.token)
        gate.forget()
        return without_cookies(Response(None, status_code=204), request)
