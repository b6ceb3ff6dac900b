"""A customer as the shop sees them: the remembered state, put into words and moments."""

from __future__ import annotations

from datetime import datetime
from typing import Any  # Any: traits and properties are whatever the customer's shop sent

import msgspec

from regulars.kernel.clock import moment
from regulars.kernel.ids import CustomerId
from regulars.profiles.core import consent, names, taste
from regulars.profiles.core.state import Counter, State, Told, present_traits


class PastValue(msgspec.Struct, frozen=True):
    """What a trait said before, and when it was last told so."""

    value: Any  # Any: as it was sent
    at: datetime


class Trait(msgspec.Struct, frozen=True, kw_only=True):
    """One trait: its present value, when it was last told, and what it said before, the latest first."""

    value: Any  # Any: as it was sent
    updated_at: datetime
    history: list[PastValue] = []


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How often a customer did something."""

    count: int
    first: datetime
    last: datetime


class SeenDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device a customer was seen on. `kind`: phone, tablet, computer, tv, watch, speaker, console or other."""

    device_id: str
    kind: str
    system: str
    model: str
    first_seen: datetime
    last_seen: datetime


class Affinity(msgspec.Struct, frozen=True, kw_only=True):
    """How strongly a customer is drawn to a tag now.

    `share` is its part of the customer's liking for all tags of that kind, in [0, 1].
    """

    kind: str
    value: str
    strength: float
    share: float
    last_at: datetime


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a channel is granted, and since when."""

    granted: bool
    at: datetime


class Absorbed(msgspec.Struct, frozen=True, kw_only=True):
    """A customer who turned out to be this one."""

    customer_id: CustomerId
    at: datetime


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """All that is remembered of one customer. `name` is their own where `is_named`, else a pseudonym."""

    customer_id: CustomerId
    name: str
    is_named: bool
    first_seen: datetime
    last_seen: datetime
    events_total: int
    traits: dict[str, Trait]
    counters: dict[str, Count]
    devices: list[SeenDevice]
    affinities: list[Affinity]
    consent: dict[str, Consent]
    merged_from: list[Absorbed]
    country: str | None
    device_kind: str | None


class TopAffinity(msgspec.Struct, frozen=True):
    """The one tag a customer is drawn to most."""

    kind: str
    value: str


class ShownIdentifier(msgspec.Struct, frozen=True):
    """An identifier in a list."""

    kind: str
    value: str


class ProfileSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A customer in a list."""

    customer_id: CustomerId
    name: str
    is_named: bool
    first_seen: datetime
    last_seen: datetime
    events_total: int
    identifiers: list[ShownIdentifier]
    top_affinity: TopAffinity | None
    country: str | None
    device_kind: str | None


def profile_of(customer_id: CustomerId, state: State, now_us: int, half_life_us: float) -> Profile:
    """Return a customer's profile as of a moment."""
    own_name = names.name_in(present_traits(state))
    return Profile(
        customer_id=customer_id,
        name=own_name or names.pseudonym(customer_id),
        is_named=own_name is not None,
        first_seen=moment(state.first_us),
        last_seen=moment(state.last_us),
        events_total=state.events_total,
        traits={name: _trait(told) for name, told in sorted(state.traits.items())},
        counters={name: _count(counter) for name, counter in _commonest(state)},
        devices=_devices(state),
        affinities=affinities_of(state, now_us, half_life_us),
        consent=_consent(state),
        merged_from=[Absorbed(customer_id=one, at=moment(at)) for one, at in sorted(state.merged.items())],
        country=country_of(state),
        device_kind=device_kind_of(state),
    )


def affinities_of(state: State, now_us: int, half_life_us: float) -> list[Affinity]:
    """Return the tags a customer is drawn to, the strongest first; what they dislike is not a pull and left out."""
    pulls = [
        (tag, taste.strength_at(kept, max(now_us, kept.at_us), half_life_us), kept.at_us)
        for tag, kept in state.affinities.items()
    ]
    liked = sorted(((tag, pull, at) for tag, pull, at in pulls if pull > 0), key=lambda one: (-one[1], one[0]))
    totals: dict[str, float] = {}
    for tag, pull, _ in liked:
        kind = tag.partition(":")[0]
        totals[kind] = totals.get(kind, 0.0) + pull
    return [
        Affinity(
            kind=tag.partition(":")[0],
            value=tag.partition(":")[2],
            strength=pull,
            share=pull / totals[tag.partition(":")[0]],
            last_at=moment(at_us),
        )
        for tag, pull, at_us in liked
    ]


def country_of(state: State) -> str | None:
    """Return a customer's country as two letters: told if ever told, else guessed from the locale."""
    told = state.country_told or state.country_guessed
    return None if told is None else str(told.value)


def device_kind_of(state: State) -> str | None:
    """Return the kind of the device used last."""
    if not state.devices:
        return None
    return max(state.devices.items(), key=lambda pair: (pair[1].last_us, pair[0]))[1].kind


def top_affinity_of(state: State, now_us: int, half_life_us: float) -> TopAffinity | None:
    """Return the tag a customer is drawn to most."""
    strongest = affinities_of(state, now_us, half_life_us)[:1]
    return TopAffinity(strongest[0].kind, strongest[0].value) if strongest else None


def _trait(told: list[Told]) -> Trait:
    past = [PastValue(one.value, moment(one.at_us)) for one in told[1:]]
    return Trait(value=told[0].value, updated_at=moment(told[0].at_us), history=past)


def _commonest(state: State) -> list[tuple[str, Counter]]:
    return sorted(state.counters.items(), key=lambda pair: (-pair[1].count, pair[0]))


def _count(counter: Counter) -> Count:
    return Count(count=counter.count, first=moment(counter.first_us), last=moment(counter.last_us))


def _devices(state: State) -> list[SeenDevice]:
    ranked = sorted(state.devices.items(), key=lambda pair: (-pair[1].last_us, pair[0]))
    return [
        SeenDevice(
            device_id=key,
            kind=device.kind,
            system=device.system,
            model=device.model,
            first_seen=moment(device.first_us),
            last_seen=moment(device.last_us),
        )
        for key, device in ranked
    ]


def _consent(state: State) -> dict[str, Consent]:
    last_merge_us = max(state.merged.values(), default=0)
    answers = {channel: consent.answer(said, last_merge_us) for channel, said in sorted(state.consent.items())}
    return {channel: Consent(granted=one.granted, at=moment(one.at_us)) for channel, one in answers.items()}
