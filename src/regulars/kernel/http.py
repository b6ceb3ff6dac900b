"""What a capability's routes may say about who is let in; `regulars.web` enforces it.

A handler declares `opt=needs(Role.MARKETER)`; one that declares nothing is for admins alone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any  # Litestar's `opt` is a dict of Any


class Role(StrEnum):
    """Who somebody is at the counter; each may do all that the one before may."""

    ANYONE = "anyone"
    VIEWER = "viewer"
    MARKETER = "marketer"
    ADMIN = "admin"


NEEDS = "regulars_needs"
AUDITED_AS = "regulars_audited_as"


def needs(role: Role, *, audited_as: str | None = None) -> dict[str, Any]:
    """Return the `opt` of a handler: the least role let in, and the audit log's name for a change.

    >>> needs(Role.MARKETER, audited_as="slot_defined")[NEEDS]
    <Role.MARKETER: 'marketer'>
    """
    return {NEEDS: role, AUDITED_AS: audited_as}
