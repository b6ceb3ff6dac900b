"""The people who may sign in to the console."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, patch, post
from msgspec import Meta

from regulars.kernel.http import Role, needs
from regulars.web.core import Language, NewPerson, Person, Seat
from regulars.web.ledger import remark
from regulars.web.people import People
from regulars.web.routes.cookies import AnyRequest


class PersonRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to let in."""

    name: Annotated[str, Meta(min_length=1, max_length=120, examples=["Ben"])]
    email: Annotated[str, Meta(min_length=3, max_length=254, examples=["ben@shop.example"])]
    password: Annotated[str, Meta(max_length=256, examples=["four other words here"])]
    role: Seat = "viewer"
    language: Language = "en"


class PersonChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change about somebody; what is left out stays."""

    name: Annotated[str, Meta(min_length=1, max_length=120)] | None = None
    role: Seat | None = None
    language: Language | None = None
    password: Annotated[str, Meta(max_length=256)] | None = None


class PeopleController(Controller):
    """People and their roles."""

    path = "/v1/people"
    tags = ("People",)

    @get(operation_id="listPeople", summary="Who may sign in?", opt=needs(Role.ADMIN), sync_to_thread=True)
    def list_people(self, people: People) -> list[Person]:
        """Return everybody, in the order they came."""
        return people.list_people()

    @post(
        operation_id="addPerson",
        summary="Let somebody in",
        opt=needs(Role.ADMIN, audited_as="person_added"),
        status_code=201,
        sync_to_thread=True,
    )
    def add_person(self, data: PersonRequest, request: AnyRequest, people: People) -> Person:
        """Let somebody in with a role and a first password."""
        remark(request, f"role: {data.role}")
        return people.add(
            NewPerson(name=data.name, email=data.email, password=data.password, role=data.role, language=data.language)
        )

    @patch(
        "/{person_id:str}",
        operation_id="changePerson",
        summary="Change somebody's name, role, language or password",
        opt=needs(Role.ADMIN, audited_as="person_changed"),
        sync_to_thread=True,
    )
    def change_person(self, person_id: str, data: PersonChange, request: AnyRequest, people: People) -> Person:
        """Change what is given; a new role or password ends the person's sessions."""
        if data.role:
            remark(request, f"role: {data.role}")
        return people.change(person_id, name=data.name, role=data.role, language=data.language, password=data.password)

    @delete(
        "/{person_id:str}",
        operation_id="removePerson",
        summary="Let somebody go",
        opt=needs(Role.ADMIN, audited_as="person_removed"),
        status_code=204,
        sync_to_thread=True,
    )
    def remove_person(self, person_id: str, request: AnyRequest, people: People) -> None:
        """Take somebody's access away at once."""
        remark(request, f"role: {people.remove(person_id).role}")
