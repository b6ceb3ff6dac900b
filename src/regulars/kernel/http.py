"""What a capability's routes share: who may come in, who is asking, and how a long list is handed over.

A handler declares `opt=needs(Role.MARKETER)`; one that declares nothing is for admins alone. `regulars.web`
enforces it.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar  # Any: Litestar's `opt` is a dict of Any

import msgspec

from regulars.kernel.errors import InvalidError

T = TypeVar("T")
Row = TypeVar("Row")

PAGE_ITEMS = 50
PAGE_ITEMS_MAX = 200


class Role(StrEnum):
    """Who somebody is at the counter; each may do all that the one before may."""

    ANYONE = "anyone"
    VIEWER = "viewer"
    MARKETER = "marketer"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        """Return whether this role may do what `needed` may.

        >>> Role.MARKETER.covers(Role.VIEWER), Role.VIEWER.covers(Role.MARKETER)
        (True, False)
        """
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking: a person signed in to the console, a secret key, or anyone at all.

    `id` is the person's or the key's own id and empty for anyone; `name` is for the audit log.
    """

    kind: Literal["person", "key", "anyone"]
    id: str = ""
    name: str = ""
    role: Role = Role.ANYONE

    def may(self, needed: Role) -> bool:
        """Return whether the caller may do what `needed` may.

        >>> Caller(kind="person", id="p1", name="Ann", role=Role.ADMIN).may(Role.MARKETER)
        True
        """
        return self.role.covers(needed)


NEEDS = "regulars_needs"
AUDITED_AS = "regulars_audited_as"
EXAMPLE = "regulars_example"
FILES = "regulars_files"


def needs(
    role: Role,
    *,
    audited_as: str | None = None,
    example: Mapping[str, object] | None = None,
    files: Sequence[str] = (),
) -> dict[str, Any]:  # Any: as Litestar has it
    """Return the `opt` of a handler: the least role let in, and the audit log's name for a change.

    `example` is a request as one would send it, where one made from the schema would not do; `files` are the media
    types of what comes back, where that is no JSON.

    >>> needs(Role.MARKETER, audited_as="slot_defined")[NEEDS]
    <Role.MARKETER: 'marketer'>
    """
    return {NEEDS: role, AUDITED_AS: audited_as, EXAMPLE: example, FILES: tuple(files)}


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some items of a list, in its order. `next_cursor` asks for what follows; None when nothing does."""

    items: list[T]
    next_cursor: str | None = None


def encode_cursor(place: object) -> str:
    """Return a place in a list as text for a URL: the sort values of the last item given out.

    >>> decode_cursor(encode_cursor((1_700, "ann")), tuple[int, str])
    (1700, 'ann')
    """
    return urlsafe_b64encode(msgspec.msgpack.encode(place)).rstrip(b"=").decode()


def decode_cursor(cursor: str | None, shape: type[T]) -> T | None:
    """Return the place that a cursor names, None when there is no cursor.

    Raises
    ------
    InvalidError
        When the text is no cursor, or is one of another list.

    """
    if cursor is None:
        return None
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.msgpack.decode(raw, type=shape)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise InvalidError(
            "The cursor does not belong to this list. Take `next_cursor` of the page before as it is, "
            "or leave it out to begin at the start."
        ) from None


def page_of(
    rows: Sequence[Row], *, limit: int, place_of: Callable[[Row], object], item_of: Callable[[Row], T]
) -> Page[T]:
    """Return a page of at most `limit` items from `limit + 1` rows; the extra row only tells of more.

    >>> page_of([1, 2, 3], limit=2, place_of=lambda n: n, item_of=str).items
    ['1', '2']
    """
    shown = rows[:limit]
    more = len(rows) > limit
    return Page([item_of(row) for row in shown], encode_cursor(place_of(shown[-1])) if more else None)


def page_limit(limit: int | None) -> int:
    """Return how many items a page shall hold, 50 when nobody says.

    Raises
    ------
    InvalidError
        When it is not between 1 and 200.

    """
    if limit is None:
        return PAGE_ITEMS
    if not 1 <= limit <= PAGE_ITEMS_MAX:
        raise InvalidError(f"A page holds between 1 and {PAGE_ITEMS_MAX} items, `limit` was {limit}.")
    return limit
