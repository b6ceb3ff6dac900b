"""Secret keys for servers."""

from __future__ import annotations

from typing import Annotated, Any  # Any: Litestar's `opt` is a dict of Any

import msgspec
from litestar import Controller, delete, get, post
from msgspec import Meta

from regulars.kernel.http import Caller, Role, needs
from regulars.web.answers import HOLDS_SECRET
from regulars.web.core import Seat, SecretKey
from regulars.web.keys import Keys
from regulars.web.ledger import remark
from regulars.web.routes.cookies import AnyRequest


class KeyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A key to make: what it is for, and what it may do."""

    name: Annotated[str, Meta(min_length=1, max_length=120, examples=["Web shop backend"])]
    role: Seat = "marketer"


class NewSecretKey(SecretKey, frozen=True, kw_only=True):
    """A key just made. `secret` is shown this once and cannot be shown again."""

    secret: str


_MADE: dict[str, Any] = {**needs(Role.ADMIN, audited_as="key_made"), HOLDS_SECRET: True}  # Any: as above


class KeysController(Controller):
    """Which servers may speak to us."""

    path = "/v1/keys"
    tags = ("Keys",)

    @get(operation_id="listKeys", summary="Which servers hold a key?", opt=needs(Role.ADMIN), sync_to_thread=True)
    def list_keys(self, keys: Keys) -> list[SecretKey]:
        """Return every secret key, without its secret."""
        return keys.list_keys()

    @post(operation_id="makeKey", summary="Make a secret key", opt=_MADE, status_code=201, sync_to_thread=True)
    def make_key(self, data: KeyRequest, caller: Caller, request: AnyRequest, keys: Keys) -> NewSecretKey:
        """Make a key; its secret is in this answer and nowhere else."""
        remark(request, f"role: {data.role}")
        key, secret = keys.make(name=data.name, role=data.role, created_by=caller.name)
        return NewSecretKey(**msgspec.structs.asdict(key), secret=secret)

    @delete(
        "/{key_id:str}",
        operation_id="removeKey",
        summary="Make a key worthless",
        opt=needs(Role.ADMIN, audited_as="key_removed"),
        status_code=204,
        sync_to_thread=True,
    )
    def remove_key(self, key_id: str, keys: Keys) -> None:
        """Revoke a key; within two seconds no process accepts it any longer."""
        keys.remove(key_id)
