"""What a hook is: where deliveries come from, how they are signed, what they tell. Pure."""

from __future__ import annotations

import re
import secrets
from base64 import b64encode

import msgspec

from regulars.events.hooks.core.mapping import HookMapping
from regulars.events.hooks.core.schemes import Scheme
from regulars.kernel.ids import SourceId

HOOK_ID = re.compile(r"hk_[A-Za-z0-9_-]{16}")
SECRETS_AT_ONCE_MAX = 4


class HookSecret(msgspec.Struct, frozen=True):
    """A secret that verifies deliveries; one that was replaced does so until `until_us`, 0 means for good.

    Where it is kept, in the database and in the door's snapshot, it is sealed for `purpose_of` its hook.
    """

    secret: str
    until_us: int = 0


class KeyedHook(msgspec.Struct, frozen=True):
    """A hook as the door knows it."""

    hook_id: str
    source_id: SourceId
    name: str
    enabled: bool
    scheme: Scheme
    secrets: list[HookSecret]
    version: int
    mapping: HookMapping

    def secrets_at(self, now_us: int) -> list[str]:
        """Return the secrets that verify at a moment, the present one first."""
        return [one.secret for one in self.secrets if one.until_us == 0 or one.until_us > now_us]


def purpose_of(hook_id: str) -> str:
    """Return what a hook's secrets are sealed for."""
    return f"hook:{hook_id}"


def new_hook_id() -> str:
    """Return a new hook's id: it stands in its address and cannot be guessed.

    >>> bool(HOOK_ID.fullmatch(new_hook_id()))
    True
    """
    return "hk_" + secrets.token_urlsafe(12)


def new_secret(scheme: Scheme) -> str:
    """Return a secret of our making, in the form that a sender of this kind takes.

    >>> new_secret(Scheme(kind="standard"))[:6]
    'whsec_'
    """
    if scheme.kind == "standard":
        return "whsec_" + b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(32)


def rotated(known: list[HookSecret], secret: str, *, now_us: int, until_us: int) -> list[HookSecret]:
    """Return the secrets once a new one is there: the one before it verifies until a moment, older ones go.

    >>> rotated([HookSecret("a")], "b", now_us=5, until_us=9)
    [HookSecret(secret='b', until_us=0), HookSecret(secret='a', until_us=9)]
    """
    kept = [msgspec.structs.replace(one, until_us=until_us if one.until_us == 0 else one.until_us) for one in known]
    living = [one for one in kept if one.until_us > now_us]
    return [HookSecret(secret), *living][:SECRETS_AT_ONCE_MAX]
