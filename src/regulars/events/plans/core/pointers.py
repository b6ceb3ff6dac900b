"""JSON pointers (RFC 6901), with `*` for every place of a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any  # Any: values are whatever was sent

ANY = "*"


def parts_of(pointer: str) -> list[str] | None:
    """Return the parts of a pointer, None when it is none.

    >>> parts_of("/traits/home~1office"), parts_of("traits"), parts_of("")
    (['traits', 'home/office'], None, [])
    """
    if not pointer:
        return []
    if not pointer.startswith("/"):
        return None
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def pointer_of(parts: Iterable[str | int]) -> str:
    """Return a pointer.

    >>> pointer_of(["products", 0, "a/b"])
    '/products/0/a~1b'
    """
    return "".join(f"/{_escaped(str(part))}" for part in parts)


def place_of(parts: Sequence[str | int]) -> str:
    """Return a pointer in which every place of a list is `*`.

    >>> place_of(["products", 0, "price"])
    '/products/*/price'
    """
    return "".join(f"/{ANY if isinstance(part, int) else _escaped(part)}" for part in parts)


def covers(pointer: str, place: str) -> bool:
    """Return whether a pointer names a place or something above it.

    >>> covers("/traits/email", "/traits/email"), covers("/traits/address", "/traits/address/city")
    (True, True)
    >>> covers("/traits/mail", "/traits/mailing")
    False
    """
    return place == pointer or place.startswith(pointer + "/")


def found_at(value: Any, parts: Iterable[str]) -> list[Any]:  # Any: as above
    """Return what stands at a place of a value; several things where a part is `*`.

    >>> found_at({"guests": [{"phone": "1"}, {}, {"phone": "2"}]}, ["guests", "*", "phone"])
    ['1', '2']
    """
    found = [value]
    for part in parts:
        found = [inner for one in found for inner in _under(one, part)]
    return found


def _under(value: Any, part: str) -> list[Any]:  # Any: as above
    if isinstance(value, list):
        return value if part == ANY else []
    return [value[part]] if isinstance(value, dict) and part in value else []


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
