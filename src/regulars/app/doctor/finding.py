"""What an examination finds: a part, how it is, and what to do about it."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["good", "watch", "bad"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. `bad` keeps a shop from working, `watch` will one day; `remedy` says what to do."""

    part: str
    state: State
    found: str
    remedy: str = ""


def good(part: str, found: str) -> Finding:
    """Return that all is well."""
    return Finding(part=part, state="good", found=found)


def watch(part: str, found: str, remedy: str) -> Finding:
    """Return that something will hurt one day."""
    return Finding(part=part, state="watch", found=found, remedy=remedy)


def bad(part: str, found: str, remedy: str) -> Finding:
    """Return that something keeps the shop from working."""
    return Finding(part=part, state="bad", found=found, remedy=remedy)
