"""May we write to this customer? What was said last holds; after a merge the stricter answer holds.

Every statement is kept by channel and by the identifier it was made under. A withdrawal made under one identifier is
lifted only by a later grant under the same one, or by a later grant after the last merge: then the whole customer
spoke.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any  # Any: traits and contexts are whatever the customer's shop sent

import msgspec

from regulars.events.core import Event

CHANNELS_MAX = 40
_TRAIT = re.compile(r"([a-z0-9_]{1,40}?)_(?:opt_in|consent|subscribed)")
_YES = frozenset({"true", "yes", "granted", "given", "opted_in", "subscribed", "1"})
_NO = frozenset({"false", "no", "denied", "withdrawn", "opted_out", "unsubscribed", "0"})

# Segment's e-mail specification; the channel is in the name.
_WITHDRAWN_BY: Mapping[str, str] = {
    "Unsubscribed": "email",
    "Email Unsubscribed": "email",
    "Email Marked as Spam": "email",
    "SMS Unsubscribed": "sms",
    "Push Unsubscribed": "push",
}
_SAID_BY: Mapping[str, bool] = {"Consent Granted": True, "Consent Withdrawn": False}


class Said(msgspec.Struct, array_like=True, frozen=True, order=True):
    """One statement, ordered by when it was made; of two made at once the stricter counts as the later."""

    at_us: int
    place: int
    withdrawn: bool


class Answer(msgspec.Struct, frozen=True):
    """Whether a channel is granted, and since which statement."""

    granted: bool
    at_us: int


def statements_of(event: Event) -> list[tuple[str, bool]]:
    """Return (channel, granted) for everything an event says about consent.

    Read are: `context.consent.categoryPreferences` (Segment), the trait `consent` (an object of channels), traits such
    as `email_opt_in`, and the facts `Consent Granted`, `Consent Withdrawn` and `Unsubscribed`.
    """
    said: list[tuple[str, bool]] = []
    consent = event.context.get("consent")
    if isinstance(consent, dict):
        said.extend(_answers(consent.get("categoryPreferences")))
    if event.call == "identify":
        said.extend(_answers(event.properties.get("consent")))
        for name, value in event.properties.items():
            found = _TRAIT.fullmatch(name)
            answer = _answer(value) if found else None
            if found and answer is not None:
                said.append((found[1], answer))
    elif event.name in _WITHDRAWN_BY:
        said.append((_WITHDRAWN_BY[event.name], False))
    elif event.name in _SAID_BY:
        channel = event.properties.get("channel")
        said.append((channel.lower() if isinstance(channel, str) else "all", _SAID_BY[event.name]))
    return said[:CHANNELS_MAX]


def say(consent: dict[str, dict[str, Said]], channel: str, under: str, said: Said) -> None:
    """Take one statement in; the latest under each identifier is kept."""
    if channel not in consent and len(consent) >= CHANNELS_MAX:
        return
    statements = consent.setdefault(channel, {})
    known = statements.get(under)
    if known is None or said > known:
        statements[under] = said


def merge(one: dict[str, dict[str, Said]], other: Mapping[str, Mapping[str, Said]]) -> None:
    """Take the statements of another customer in."""
    for channel, statements in other.items():
        for under, said in statements.items():
            say(one, channel, under, said)


def answer(statements: Mapping[str, Said], last_merge_us: int) -> Answer:
    """Return what holds for one channel, given who said what and when the customer was last merged."""
    latest = max(statements.values())
    grants = [(under, said) for under, said in statements.items() if not said.withdrawn]
    standing = [
        said
        for under, said in statements.items()
        if said.withdrawn and not any(_lifts(grant, said, last_merge_us) for _, grant in grants)
    ]
    return Answer(False, max(standing).at_us) if standing else Answer(not latest.withdrawn, latest.at_us)


def _lifts(grant: Said, withdrawal: Said, last_merge_us: int) -> bool:
    return grant > withdrawal and grant.at_us > last_merge_us


def _answers(values: Any) -> Iterable[tuple[str, bool]]:  # Any: as it was sent
    if not isinstance(values, dict):
        return
    for channel, value in values.items():
        said = _answer(value)
        if said is not None:
            yield channel.lower()[:40], said


def _answer(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    return True if word in _YES else False if word in _NO else None
