"""Who did it, when somebody else wrote it down: a till, a spreadsheet, another service. Pure.

Such a record names people by what it has: an e-mail address, a loyalty card, a telephone. What is said here in a call's
own words is what identity joins by: `userId`, `context.externalIds`, and the e-mail address of an `identify`.
"""

from __future__ import annotations

import hashlib
from typing import Any  # Any: parts of a call, as JSON

import msgspec

CARD = "card"
PHONE = "phone"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """The identifiers that one record holds of one person. `external` are (type, id), the surest first."""

    user_id: str | None = None
    anonymous_id: str | None = None
    email: str | None = None
    external: tuple[tuple[str, str], ...] = ()

    @property
    def is_somebody(self) -> bool:
        """Whether there is any identifier."""
        return bool(self.user_id or self.anonymous_id or self.email or self.external)

    def identifiers(self) -> list[tuple[str, str]]:
        """Return every identifier as (kind, value), the surest first.

        >>> Person(email="a@b.c", external=(("card", "7"),)).identifiers()
        [('card', '7'), ('email', 'a@b.c')]
        """
        found = [("user_id", self.user_id), *self.external, ("email", self.email), ("anonymous_id", self.anonymous_id)]
        return [(kind, value) for kind, value in found if value]


def address_of(person: Person) -> dict[str, str]:
    """Return the ids that a call of this person carries: their own, or one derived from the surest they have.

    >>> address_of(Person(user_id="ann")), address_of(Person())
    ({'userId': 'ann'}, {})
    >>> address_of(Person(email="ann@example.org")) == address_of(Person(email="ann@example.org"))
    True
    """
    ids: dict[str, str] = {}
    if person.user_id:
        ids["userId"] = person.user_id
    if person.anonymous_id:
        ids["anonymousId"] = person.anonymous_id
    if not ids and person.is_somebody:
        kind, value = person.identifiers()[0]
        ids["anonymousId"] = derived("known", kind, value)
    return ids


def external_ids(person: Person) -> list[dict[str, str]]:
    """Return `context.externalIds` for a person, as Segment writes them."""
    return [{"id": value, "type": kind, "collection": "users", "encoding": "none"} for kind, value in person.external]


def is_introduced(person: Person, traits: dict[str, Any]) -> bool:
    """Return whether an `identify` says more of a person than any other call could."""
    return bool(person.email or traits or (person.external and any(kind == PHONE for kind, _ in person.external)))


def introduction(person: Person, traits: dict[str, Any]) -> dict[str, Any]:
    """Return the `identify` of a person, without message id and time: the call by which an e-mail address joins."""
    said: dict[str, Any] = dict(traits)
    if person.email:
        said["email"] = person.email
    for kind, value in person.external:
        if kind == PHONE:
            said.setdefault("phone", value)
    call: dict[str, Any] = {"type": "identify", **address_of(person), "traits": said}
    if person.external:
        call["context"] = {"externalIds": external_ids(person)}
    return call


def derived(prefix: str, *parts: str) -> str:
    """Return the one id that belongs to these parts.

    >>> derived("import", "a", "bc") != derived("import", "ab", "c")
    True
    """
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    whole = b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
    return f"{prefix}-{hashlib.blake2b(whole, digest_size=16).hexdigest()}"
