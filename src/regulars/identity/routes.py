"""Identity over HTTP: a customer's identifiers and evidence, and the values that say nothing about anybody."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, delete, get, put

from regulars.identity.service import BlockedIdentifier, Identity, OwnedIdentifier
from regulars.kernel.clock import moment
from regulars.kernel.errors import NotFoundError
from regulars.kernel.http import Role, needs
from regulars.kernel.ids import CustomerId
from regulars.kernel.sayings import said


class EvidenceLine(msgspec.Struct, frozen=True, kw_only=True):
    """Why two identifiers are one customer's; with `refused_reason`, why they are not."""

    from_id: str
    to_id: str
    kind: str
    event_id: str
    at: datetime
    refused_reason: str | None


class AbsorbedCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer who turned out to be this one."""

    customer_id: CustomerId
    at: datetime


class CustomerIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a customer goes by, and how we know."""

    customer_id: CustomerId
    identifiers: list[OwnedIdentifier]
    evidence: list[EvidenceLine]
    merged_from: list[AbsorbedCustomer]


class BlockBody(msgspec.Struct, frozen=True, kw_only=True):
    """Why an identifier shall say nothing about anybody."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


def customer_identity(identity: Identity, customer_id: CustomerId) -> CustomerIdentity:
    """Return how we know a customer; an absorbed customer's id gives whoever they are now.

    Raises
    ------
    NotFoundError
        When nobody has this id.

    """
    standing = identity.resolve([customer_id])[customer_id]
    identifiers = identity.identifiers_of(standing)
    if not identifiers:
        raise NotFoundError(said("no_customer", "There is no customer {customer!r}.", customer=customer_id))
    return CustomerIdentity(
        customer_id=standing,
        identifiers=identifiers,
        evidence=[
            EvidenceLine(
                from_id=one.from_id,
                to_id=one.to_id,
                kind=one.kind,
                event_id=one.event_id,
                at=moment(one.at_us),
                refused_reason=one.refused_reason,
            )
            for one in identity.evidence_of(standing)
        ],
        merged_from=[
            AbsorbedCustomer(customer_id=one.absorbed_id, at=moment(one.at_us))
            for one in identity.merged_from(standing)
        ],
    )


class CustomerIdentityController(Controller):
    """`/v1/profiles/{customer_id}/identity`: beside the profile, where one looks for it."""

    path = "/v1/profiles"
    tags = ("Identity",)

    @get(
        "/{customer_id:str}/identity",
        operation_id="getCustomerIdentity",
        summary="How we know a customer",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def one(self, identity: Identity, customer_id: str) -> CustomerIdentity:
        """Return identifiers, evidence (refused evidence too) and merges."""
        return customer_identity(identity, CustomerId(customer_id))


class IdentityController(Controller):
    """`/v1/identity`."""

    path = "/v1/identity"
    tags = ("Identity",)

    @get(
        "/blocked",
        operation_id="listBlockedIdentifiers",
        summary="Identifiers that say nothing about anybody",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def blocked(self, identity: Identity) -> list[BlockedIdentifier]:
        """Return what operators took out of play, in order."""
        return identity.blocked()

    @put(
        "/blocked/{kind:str}/{value:str}",
        operation_id="blockIdentifier",
        summary="Take an identifier out of play",
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="identifier_blocked"),
    )
    def block(self, identity: Identity, kind: str, value: str, data: BlockBody) -> BlockedIdentifier:
        """Let an identifier (a till, a shared tablet, a placeholder) say nothing from the next event on."""
        return identity.block(kind, value, reason=data.reason)

    @delete(
        "/blocked/{kind:str}/{value:str}",
        operation_id="unblockIdentifier",
        summary="Put an identifier back into play",
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="identifier_unblocked"),
    )
    def unblock(self, identity: Identity, kind: str, value: str) -> None:
        """Let the identifier count again; 404 when it was not blocked."""
        identity.unblock(kind, value)


ROUTES: list[type[Controller]] = [CustomerIdentityController, IdentityController]
