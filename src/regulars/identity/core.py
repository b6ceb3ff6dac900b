"""Who is the same customer? Rules over identifiers; values in, values out.

Two identifiers seen together are evidence that they are one person's. Following the evidence in the order it came, and
refusing what would break a limit, gives the customers: `derive` does it from nothing but the evidence, and the live
graph must always agree with it. So a merge loses nothing, and taking evidence back can undo it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal  # Any: external ids are whatever the customer's shop sent

import msgspec

from regulars.events.core import Event, Merge
from regulars.kernel.ids import CustomerId, derived_id

EvidenceKind = Literal["together", "alias", "email", "external"]

USER_ID = "user_id"
ANONYMOUS_ID = "anonymous_id"
EMAIL = "email"

# How many of a kind one customer may have. Two user ids are two people, whatever they share: a tablet, a mailbox.
LIMITS: Mapping[str, int] = {USER_ID: 1, EMAIL: 5}
VALUE_CHARACTERS_MAX = 256
EXTERNAL_IDS_MAX = 10

# What SDKs and forms send when they know nobody. Segment's list first (`^[0-]*$`, -1, null, anonymous), then what
# other shops had to learn: a customer who collects half of the traffic.
_NOBODY = frozenset(
    {"-1", "null", "anonymous", "undefined", "none", "nil", "nan", "n/a", "na"}
    | {"unknown", "guest", "test", "true", "false", "@", "[object object]"}
)
_NOBODY_CHARACTERS_MAX = max(map(len, _NOBODY))
_ZEROS_AND_DASHES = re.compile(r"[0-]*")
_SAME_DIGIT = re.compile(r"(\d)\1{4,}")  # 11111; four equal digits may well be somebody
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_KIND = re.compile(r"[a-z0-9][a-z0-9_.]{0,39}")


class Identifier(msgspec.Struct, frozen=True, order=True):
    """One name that a customer goes by.

    >>> Identifier("user_id", "ann").key
    'user_id:ann'
    """

    kind: str
    value: str

    @property
    def key(self) -> str:
        """Return the identifier as one text; `identifier_of` goes back."""
        return f"{self.kind}:{self.value}"


def identifier_of(key: str) -> Identifier:
    """Return the identifier that a key stands for.

    >>> identifier_of("email:ann@example.org")
    Identifier(kind='email', value='ann@example.org')
    """
    kind, _, value = key.partition(":")
    return Identifier(kind, value)


def cleaned(kind: str, value: object) -> str | None:
    """Return a value as it identifies somebody, None when it identifies nobody.

    >>> cleaned("email", " Ann@Example.org "), cleaned("user_id", "0000-0000"), cleaned("user_id", 7)
    ('ann@example.org', None, '7')
    """
    if type(value) is not str:
        if type(value) is not int:
            return None
        value = str(value)
    value = value.strip()
    if kind == EMAIL:
        value = value.lower()
        return value if len(value) <= VALUE_CHARACTERS_MAX and _EMAIL.fullmatch(value) else None
    return None if _names_nobody(value) else value


def _names_nobody(value: str) -> bool:
    length = len(value)
    if not 0 < length <= VALUE_CHARACTERS_MAX or not value.isprintable():
        return True
    if value[0] in "-0123456789":
        return bool(_ZEROS_AND_DASHES.fullmatch(value) or _SAME_DIGIT.fullmatch(value)) or value == "-1"
    return length <= _NOBODY_CHARACTERS_MAX and value.lower() in _NOBODY


class Claim(msgspec.Struct, frozen=True):
    """What one event says: the identifier it is filed under, and those seen with it, each with its kind of evidence."""

    anchor: str
    others: tuple[tuple[str, EvidenceKind], ...]


def claim_of(event: Event, blocked: frozenset[str] = frozenset()) -> Claim | None:
    """Return what an event says about identity, None when it names nobody.

    The anchor is the surest identifier: user id, then external ids, e-mail address, anonymous id. An alias's previous
    id counts as an anonymous id here; the graph prefers a user id of that name when it knows one.
    """
    user, anonymous = event.user_id, event.anonymous_id
    found: list[tuple[str, EvidenceKind]] = []
    if user is not None and (value := cleaned(USER_ID, user)):
        found.append((f"{USER_ID}:{value}", "together"))
    external = event.context.get("externalIds")
    if external:
        found.extend((key, "external") for key in _external(external))
    if event.call == "identify" and (value := cleaned(EMAIL, event.properties.get(EMAIL))):
        found.append((f"{EMAIL}:{value}", "email"))
    if anonymous is not None and (value := cleaned(ANONYMOUS_ID, anonymous)):
        found.append((f"{ANONYMOUS_ID}:{value}", "together"))
    if event.previous_id is not None and (value := cleaned(ANONYMOUS_ID, event.previous_id)):
        found.append((f"{ANONYMOUS_ID}:{value}", "alias"))
    if blocked:
        found = [pair for pair in found if pair[0] not in blocked]
    if not found:
        return None
    anchor = found[0][0]
    if len(found) == 1:
        return Claim(anchor, ())
    return Claim(anchor, tuple(pair for pair in found[1:] if pair[0] != anchor))


def _external(values: Any) -> Iterable[str]:  # Any: context.externalIds as it was sent
    if not isinstance(values, list):
        return
    for one in values[:EXTERNAL_IDS_MAX]:
        if not isinstance(one, dict) or one.get("collection", "users") != "users":
            continue
        kind = str(one.get("type", "")).strip().lower()
        if kind in (USER_ID, ANONYMOUS_ID, EMAIL) or not _KIND.fullmatch(kind):
            continue
        value = cleaned(kind, one.get("id"))
        if value is not None:
            yield f"{kind}:{value}"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Why two identifiers are one customer's, or why they are not. The first event that said so is named."""

    from_id: str
    to_id: str
    kind: EvidenceKind
    event_id: str
    at_us: int
    refused_reason: str | None = None


class Clusters:
    """Customers as groups of identifiers, growing by evidence.

    `owners` and `limited` are what is known before: the customer of each identifier, and which identifiers of limited
    kinds each customer has.
    """

    def __init__(
        self,
        owners: Mapping[str, CustomerId] | None = None,
        limited: Mapping[CustomerId, Iterable[str]] | None = None,
        *,
        limits: Mapping[str, int] = LIMITS,
    ) -> None:
        self._owners = dict(owners or {})
        self._limits = limits
        self._limited = {customer: set(keys) for customer, keys in (limited or {}).items()}
        self._gone_to: dict[CustomerId, CustomerId] = {}
        self.merges: list[Merge] = []

    def owner(self, key: str) -> CustomerId | None:
        """Return the customer of an identifier, as it stands now."""
        found = self._owners.get(key)
        return self.standing(found) if found is not None and self._gone_to else found

    def standing(self, customer: CustomerId) -> CustomerId:
        """Return the customer that this one has become."""
        path: list[CustomerId] = []
        while (onward := self._gone_to.get(customer)) is not None:
            path.append(customer)
            customer = onward
        for passed in path:
            self._gone_to[passed] = customer
        return customer

    def found(self, key: str, customer: CustomerId) -> None:
        """Let a new customer begin with an identifier."""
        self._own(key, customer)

    def link(self, anchor: str, other: str, at_us: int) -> str | None:
        """Make two identifiers one customer's, unless a limit forbids it; return the reason of a refusal.

        One of the two must have a customer. The other may be new, and joins.
        """
        one, two = self.owner(anchor), self.owner(other)
        if one is None or two is None:
            known, key = (one, other) if one is not None else (two, anchor)
            assert known is not None, "one end of a link has a customer"
            reason = self._over(self._limited.get(known, set()) | self._limited_part([key]))
            if reason is None:
                self._own(key, known)
            return reason
        if one == two:
            return None
        together = self._limited.get(one, set()) | self._limited.get(two, set())
        reason = self._over(together)
        if reason is None:
            self._merge(one, two, together, at_us)
        return reason

    def owners(self) -> dict[str, CustomerId]:
        """Return the customer of every identifier here."""
        return {key: self.standing(customer) for key, customer in self._owners.items()}

    def _own(self, key: str, customer: CustomerId) -> None:
        self._owners[key] = customer
        part = self._limited_part([key])
        if part:
            self._limited.setdefault(customer, set()).update(part)

    def _limited_part(self, keys: Iterable[str]) -> set[str]:
        return {key for key in keys if key.partition(":")[0] in self._limits}

    def _over(self, keys: set[str]) -> str | None:
        if len(keys) < 2:
            return None
        for kind, most in self._limits.items():
            if sum(key.startswith(f"{kind}:") for key in keys) > most:
                return f"A customer has at most {most} {kind}."
        return None

    def _merge(self, one: CustomerId, two: CustomerId, together: set[str], at_us: int) -> None:
        kept, absorbed = survivor(one, two, has_user=self._has_user)
        self._gone_to[absorbed] = kept
        self._limited[kept] = together
        self.merges.append(Merge(kept=kept, absorbed=absorbed, at_us=at_us))

    def _has_user(self, customer: CustomerId) -> bool:
        return any(key.startswith(f"{USER_ID}:") for key in self._limited.get(customer, ()))


def survivor(one: CustomerId, two: CustomerId, *, has_user: Any) -> tuple[CustomerId, CustomerId]:
    """Return (kept, absorbed): the one with a user id is kept, else the older."""
    first, second = sorted((one, two))
    return (second, first) if has_user(second) and not has_user(first) else (first, second)


def derive(evidence: Iterable[Evidence], *, limits: Mapping[str, int] = LIMITS) -> list[frozenset[str]]:
    """Return the customers that follow from evidence alone, each as its identifiers' keys, in no promised order.

    Evidence counts in the order given, whether it was refused before or not: the rules decide anew.

    >>> seen = [Evidence(from_id="user_id:ann", to_id="anonymous_id:x", kind="together", event_id="1", at_us=1),
    ...         Evidence(from_id="user_id:bob", to_id="anonymous_id:x", kind="together", event_id="2", at_us=2)]
    >>> sorted(sorted(one) for one in derive(seen))
    [['anonymous_id:x', 'user_id:ann'], ['user_id:bob']]
    """
    clusters = Clusters(limits=limits)
    for number, one in enumerate(evidence):
        if clusters.owner(one.from_id) is None and clusters.owner(one.to_id) is None:
            clusters.found(one.from_id, CustomerId(f"{number:012}"))
        if clusters.link(one.from_id, one.to_id, one.at_us) and clusters.owner(one.from_id) is None:
            clusters.found(one.from_id, CustomerId(f"{number:012}"))
    groups: dict[CustomerId, set[str]] = {}
    for key, customer in clusters.owners().items():
        groups.setdefault(customer, set()).add(key)
    return [frozenset(keys) for keys in groups.values()]


def new_customer(event: Event, anchor: str) -> CustomerId:
    """Return the id of the customer who begins with this event: the same at every replay."""
    known = identifier_of(anchor)
    return CustomerId(derived_id(event.received_us, known.kind, known.value))
