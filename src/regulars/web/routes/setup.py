"""Is the shop set up, and who sets it up? And links that sign somebody in."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from msgspec import Meta

from regulars.kernel.clock import Clock
from regulars.kernel.http import Role, needs
from regulars.web.core import Language, NewPerson, Person
from regulars.web.gate import client_of
from regulars.web.limits import Limits
from regulars.web.people import People
from regulars.web.routes.cookies import AnyRequest, with_cookies


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What this program is, and whether its shop is a demo."""

    version: str
    demo: Literal["video", "music", "store"] | None = None
    simulated: bool = False


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """Whether somebody still has to set the shop up, and what there is to know before signing in."""

    needed: bool
    version: str
    shop_name: str
    demo: Literal["video", "music", "store"] | None
    simulated: bool


class SetupRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The shop's name and its first admin. `token` comes with the link that `regulars serve` prints."""

    shop_name: Annotated[str, Meta(min_length=1, max_length=120, examples=["Corner Records"])]
    name: Annotated[str, Meta(min_length=1, max_length=120, examples=["Ann"])]
    email: Annotated[str, Meta(min_length=3, max_length=254, examples=["ann@shop.example"])]
    password: Annotated[str, Meta(max_length=256, examples=["four words are plenty"])]
    token: str | None = None
    language: Language = "en"


class SetupController(Controller):
    """The first run."""

    path = "/v1/setup"
    tags = ("Setup",)

    @get(
        operation_id="getSetup",
        summary="Is the shop set up?",
        opt=needs(Role.ANYONE),
        sync_to_thread=True,
    )
    def get_setup(self, people: People, about: About) -> Setup:
        """Say whether setting up is needed."""
        return Setup(
            needed=people.is_empty(),
            version=about.version,
            shop_name=people.shop_name(),
            demo=about.demo,
            simulated=about.simulated,
        )

    @post(
        operation_id="setUp",
        summary="Name the shop and let its first admin in",
        opt=needs(Role.ANYONE, audited_as="shop_set_up"),
        status_code=201,
        sync_to_thread=True,
    )
    def set_up(
        self, data: SetupRequest, request: AnyRequest, people: People, limits: Limits, clock: Clock
    ) -> Response[Person]:
        """Set the shop up; the first admin is signed in at once."""
        limits.try_sign_in(client_of(request.scope), "setup")
        owner = NewPerson(
            name=data.name, email=data.email, password=data.password, role="admin", language=data.language
        )
        signed_in = people.set_up(token=data.token, shop_name=data.shop_name, owner=owner)
        limits.forgive_sign_in(client_of(request.scope), "setup")
        return with_cookies(Response(signed_in.person, status_code=201), request, signed_in, clock)


class EnterController(Controller):
    """Links that sign somebody in."""

    path = "/enter"
    include_in_schema = False

    @get(opt=needs(Role.ANYONE), sync_to_thread=True)
    def enter(
        self,
        request: AnyRequest,
        people: People,
        limits: Limits,
        clock: Clock,
        link: Annotated[str, QueryParameter(name="token", max_length=100)],
    ) -> Redirect:
        """Sign in by a link and go to the first page."""
        limits.try_sign_in(client_of(request.scope), "link")
        signed_in = people.enter(link)
        limits.forgive_sign_in(client_of(request.scope), "link")
        response = Redirect("/", status_code=303)
        with_cookies(response, request, signed_in, clock)
        return response
