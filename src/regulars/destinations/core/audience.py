"""Who belongs to an audience, and what is told of each member? Pure.

Until there are segments an audience is a rule over what profiles remember. `Audience` is the seam: whoever can say who
belongs plugs in there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Protocol  # Any: traits are whatever the customer's shop sent

import msgspec
from msgspec import Meta

from regulars.destinations.core.kinds import Row
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, microseconds
from regulars.kernel.errors import InvalidError
from regulars.kernel.ids import CustomerId
from regulars.kernel.sayings import said
from regulars.profiles.core.view import Profile

DAY_US = 86_400 * MICROSECONDS_PER_SECOND
TRAIT = "trait:"
EVERY_CHANNEL = "all"
COLUMNS = (
    "customer_id", "user_id", "email", "email_sha256", "phone", "phone_sha256", "phone_digits_sha256",
    "name", "first_name", "last_name", "country", "first_seen", "last_seen",
)  # fmt: skip
KEYS = ("customer_id", "user_id", "email", "email_sha256", "phone", "phone_sha256", "phone_digits_sha256")

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


class TraitIs(msgspec.Struct, frozen=True, kw_only=True):
    """A trait that must say something; without a value it must be known at all."""

    name: Annotated[str, Meta(min_length=1, max_length=255)]
    value: str | int | float | bool | None = None


class AudienceRule(msgspec.Struct, frozen=True, kw_only=True):
    """Who belongs: everyone with the consent, then whoever fits everything else that was said.

    `consent` is the channel that must have been granted, such as `email` or `advertising`; who never said anything
    does not belong. `likes` are tastes (`genre:Drama`) of which at least one must hold with this share or more.
    """

    consent: Annotated[str, Meta(min_length=1, max_length=40)]
    seen_within_days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    unseen_for_days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    countries: list[Annotated[str, Meta(pattern="^[A-Z]{2}$")]] = []
    traits: list[TraitIs] = []
    likes: list[str] = []
    likes_share_min: Annotated[float, Meta(ge=0, le=1)] = 0.1
    did: list[str] = []


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A customer who is looked at: what is remembered, and the identifiers they go by."""

    profile: Profile
    identifiers: Sequence[tuple[str, str]]


class Audience(Protocol):
    """Whoever can say who belongs: the rule above now, segments later."""

    def candidates(self) -> Iterator[Candidate]:
        """Yield everyone, in the order of their ids."""
        ...

    def holds(self, rule: AudienceRule, candidate: Candidate, now_us: int) -> bool:
        """Return whether somebody belongs."""
        ...


def belongs(rule: AudienceRule, profile: Profile, now_us: int) -> bool:
    """Return whether a customer belongs to an audience now."""
    return consents(profile, rule.consent) and _was_seen(rule, profile, now_us) and _fits(rule, profile)


def consents(profile: Profile, channel: str) -> bool:
    """Return whether a customer has granted a channel, and has not withdrawn everything since."""
    said, everything = profile.consent.get(channel), profile.consent.get(EVERY_CHANNEL)
    if said is None:
        return everything is not None and everything.granted
    if everything is not None and not everything.granted and everything.at >= said.at:
        return False
    return said.granted


def _was_seen(rule: AudienceRule, profile: Profile, now_us: int) -> bool:
    unseen_us = now_us - microseconds(profile.last_seen)
    if rule.seen_within_days is not None and unseen_us > rule.seen_within_days * DAY_US:
        return False
    return rule.unseen_for_days is None or unseen_us >= rule.unseen_for_days * DAY_US


def _fits(rule: AudienceRule, profile: Profile) -> bool:
    if rule.countries and profile.country not in rule.countries:
        return False
    if any(name not in profile.counters for name in rule.did):
        return False
    if not all(_says(profile, wanted) for wanted in rule.traits):
        return False
    liked = {f"{one.kind}:{one.value}" for one in profile.affinities if one.share >= rule.likes_share_min}
    return not rule.likes or not liked.isdisjoint(rule.likes)


def _says(profile: Profile, wanted: TraitIs) -> bool:
    trait = profile.traits.get(wanted.name)
    if trait is None or trait.value is None:
        return False
    return wanted.value is None or trait.value == wanted.value or _text(trait.value) == _text(wanted.value)


def checked_columns(columns: Sequence[str], key: str) -> list[str]:
    """Return the columns to tell, the key among them, each once.

    Raises
    ------
    InvalidError
        When a column is unknown, or the key cannot be one.

    """
    unknown = [one for one in columns if one not in COLUMNS and not (one.startswith(TRAIT) and len(one) > len(TRAIT))]
    if unknown:
        raise InvalidError(
            said(
                "audience_no_column",
                "There is no column {column!r}. Take any of {known}, or {trait}NAME for a trait.",
                column=unknown[0],
                known=", ".join(COLUMNS),
                trait=TRAIT,
            )
        )
    if key not in KEYS:
        raise InvalidError(
            said(
                "audience_key",
                "Members cannot be known by {column!r}. Take one of {known}.",
                column=key,
                known=", ".join(KEYS),
            )
        )
    return list(dict.fromkeys([key, *columns]))


def values_of(candidate: Candidate, columns: Sequence[str], *, phone_country: str = "") -> dict[str, str]:
    """Return what is told of a customer; an unknown value is an empty text.

    `phone_country` is the calling code put before a number that has none (`886`).
    """
    return {column: _value(candidate, column, phone_country) for column in columns}


def removed(values: dict[str, str], key: str) -> Row:
    """Return the row that takes a member out: the key alone, all else empty."""
    return Row(change="removed", values={name: value if name == key else "" for name, value in values.items()})


def _value(candidate: Candidate, column: str, phone_country: str) -> str:
    profile = candidate.profile
    if column.startswith(TRAIT):
        return _text(_trait(profile, column.removeprefix(TRAIT)))
    if column.startswith("email"):
        email = email_of(_trait(profile, "email") or _identifier(candidate, "email"))
        return _sha256(email) if column == "email_sha256" else email
    if column.startswith("phone"):
        return _phone(phone_of(_trait(profile, "phone") or _identifier(candidate, "phone"), phone_country), column)
    plain = {
        "customer_id": profile.customer_id,
        "user_id": _identifier(candidate, "user_id"),
        "name": profile.name if profile.is_named else "",
        "first_name": _text(_trait(profile, "firstName") or _trait(profile, "first_name")),
        "last_name": _text(_trait(profile, "lastName") or _trait(profile, "last_name")),
        "country": profile.country or "",
        "first_seen": profile.first_seen.isoformat(timespec="seconds"),
        "last_seen": profile.last_seen.isoformat(timespec="seconds"),
    }
    return plain[column]


def _phone(phone: str, column: str) -> str:
    if column == "phone":
        return phone
    return _sha256(phone if column == "phone_sha256" else phone.removeprefix("+"))


def email_of(value: object) -> str:
    """Return an address as advertising platforms hash it: no blanks around, small letters; empty when it is none.

    >>> email_of(" Ann@Example.org "), email_of("ann")
    ('ann@example.org', '')
    """
    text = value.strip().lower() if isinstance(value, str) else ""
    return text if _EMAIL.fullmatch(text) else ""


def phone_of(value: object, country: str = "") -> str:
    """Return a number in E.164, empty when it cannot be told.

    >>> phone_of("+886 (912) 345-678"), phone_of("0912-345-678", "886"), phone_of("0912-345-678")
    ('+886912345678', '+886912345678', '')
    """
    text = _text(value)
    digits = "".join(one for one in text if one.isascii() and one.isdigit())
    if text.lstrip().startswith("+"):
        whole = digits
    elif digits.startswith("00"):
        whole = digits[2:]
    elif country and digits:
        whole = country + digits.lstrip("0")
    else:
        return ""
    return f"+{whole}" if 7 <= len(whole) <= 15 else ""


def member_key(destination_id: str, value: str) -> str:
    """Return what a member is filed under: a digest of the destination and of what they are known by over there."""
    return hashlib.blake2b(f"{destination_id} {value}".encode(), digest_size=20).hexdigest()


def customer_of(candidate: Candidate) -> CustomerId:
    """Return whose row it is."""
    return candidate.profile.customer_id


def _trait(profile: Profile, name: str) -> Any:  # Any: as above
    found = profile.traits.get(name)
    return None if found is None else found.value


def _identifier(candidate: Candidate, kind: str) -> str:
    return next((value for of_kind, value in candidate.identifiers if of_kind == kind), "")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    return msgspec.json.encode(value).decode()
