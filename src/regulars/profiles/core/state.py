"""What is remembered of one customer, how an event changes it, and how two become one.

Everything here is a sum, a minimum, a maximum, or "whoever said it last": so the state after some events does not
depend on the order they came in, on how they were cut into batches, or on when two customers were found to be one.
Bounds keep one row small; beyond a bound the least recent goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar  # Any: traits are whatever the customer's shop sent

import msgspec

from regulars.events.core import Event
from regulars.kernel.ids import CustomerId
from regulars.profiles.core import consent, devices, taste
from regulars.profiles.core.consent import Said
from regulars.profiles.core.devices import Device
from regulars.profiles.core.taste import Taste

T = TypeVar("T")

TRAITS_MAX = 300
TOLD_MAX = 10  # values of one trait, the present one included
TOLD_BYTES_MAX = 2_000  # a larger value is kept while it is the present one, not in the history
COUNTERS_MAX = 500
NEVER_US = (1 << 62) - 1


class Told(msgspec.Struct, array_like=True, frozen=True):
    """A value and when it was last told: by the device's corrected clock, then arrival, then place in the log."""

    value: Any  # Any: a trait's value, as it was sent
    at_us: int
    received_us: int
    place: int

    def order(self) -> tuple[int, int, int]:
        """Return what decides who spoke last."""
        return (self.at_us, self.received_us, self.place)


class Counter(msgspec.Struct, array_like=True):
    """How often something happened, first and last."""

    count: int
    first_us: int
    last_us: int


class State(msgspec.Struct, array_like=True):
    """One customer. The order of the fields is the format on disk: only add at the end."""

    events_total: int = 0
    first_us: int = NEVER_US
    last_us: int = 0
    traits: dict[str, list[Told]] = {}
    counters: dict[str, Counter] = {}
    devices: dict[str, Device] = {}
    affinities: dict[str, Taste] = {}
    consent: dict[str, dict[str, Said]] = {}
    merged: dict[CustomerId, int] = {}
    country_told: Told | None = None
    country_guessed: Told | None = None


class Occasion(NamedTuple):
    """An event with what the projection knows about it: the identifier it is filed under, what it says about tags."""

    event: Event
    anchor: int
    tastes: Sequence[tuple[Sequence[tuple[str, float]], float]]  # of each item touched: tags with weights, strength


def take(state: State, occasion: Occasion, half_life_us: float) -> None:
    """Let one event change what is remembered."""
    event, anchor, tastes = occasion
    at_us = event.occurred_us
    state.events_total += 1
    state.first_us = min(state.first_us, at_us)
    state.last_us = max(state.last_us, at_us)
    counter = state.counters.get(event.name)
    if counter is None:
        state.counters[event.name] = Counter(1, at_us, at_us)
    else:
        counter.count += 1
        counter.first_us = min(counter.first_us, at_us)
        counter.last_us = max(counter.last_us, at_us)
    if event.call == "identify":
        _take_traits(state, event)
    seen = devices.device_of(event)
    if seen is not None:
        devices.see(state.devices, *seen)
    where = devices.country_of(event)
    if where is not None:
        _take_country(state, event, *where)
    for channel, granted in consent.statements_of(event):
        consent.say(state.consent, channel, str(anchor), Said(at_us, place_of(event), not granted))
    for weights, strength in tastes:
        _take_taste(state.affinities, weights, strength, at_us, half_life_us)


def place_of(event: Event) -> int:
    """Return an event's place within its partition as one number."""
    return event.position.offset << 16 | event.position.index


def absorb(kept: State, absorbed: State, half_life_us: float) -> None:
    """Let one customer's memories become part of another's; `absorbed` must not be used any more."""
    kept.events_total += absorbed.events_total
    kept.first_us = min(kept.first_us, absorbed.first_us)
    kept.last_us = max(kept.last_us, absorbed.last_us)
    for name, told in absorbed.traits.items():
        kept.traits[name] = _told([*kept.traits.get(name, ()), *told])
    for name, counter in absorbed.counters.items():
        _count(kept.counters, name, counter)
    for key, device in absorbed.devices.items():
        devices.see(kept.devices, key, device)
    taste.merge(kept.affinities, absorbed.affinities, half_life_us)
    consent.merge(kept.consent, absorbed.consent)
    kept.merged |= absorbed.merged
    kept.country_told = _later(kept.country_told, absorbed.country_told)
    kept.country_guessed = _later(kept.country_guessed, absorbed.country_guessed)


def bounded(state: State, half_life_us: float) -> State:
    """Let go of the least recent where there is too much of something."""
    if len(state.traits) > TRAITS_MAX:
        state.traits = _first(state.traits, TRAITS_MAX, lambda told: told[0].at_us)
    if len(state.counters) > COUNTERS_MAX:
        state.counters = _first(state.counters, COUNTERS_MAX, lambda counter: counter.last_us)
    state.devices = devices.latest(state.devices)
    state.affinities = taste.strongest(state.affinities, half_life_us)
    return state


def present_traits(state: State) -> dict[str, Any]:  # Any: values of traits
    """Return each trait's present value; a trait that was told to be null is gone."""
    return {name: told[0].value for name, told in state.traits.items() if told[0].value is not None}


def _count(counters: dict[str, Counter], name: str, more: Counter) -> None:
    known = counters.get(name)
    if known is None:
        counters[name] = more
        return
    known.count += more.count
    known.first_us = min(known.first_us, more.first_us)
    known.last_us = max(known.last_us, more.last_us)


def _take_traits(state: State, event: Event) -> None:
    place = place_of(event)
    for name, value in event.properties.items():
        if name == "consent":
            continue  # kept as statements
        new = Told(value, event.occurred_us, event.received_us, place)
        known = state.traits.get(name)
        state.traits[name] = [new] if known is None else _told([*known, new])


def _told(values: Iterable[Told]) -> list[Told]:
    """Return the values of one trait, the last told first, each value once."""
    kept: list[Told] = []
    for told in sorted(values, key=_by_order, reverse=True):
        if any(told.value == one.value and type(told.value) is type(one.value) for one in kept):
            continue
        if not kept or not _is_large(told.value):
            kept.append(told)
        if len(kept) == TOLD_MAX:
            break
    return kept


def _by_order(told: Told) -> tuple[tuple[int, int, int], str]:
    return told.order(), str(told.value)  # two partitions may have equal places: any fixed order will do


def _is_large(value: object) -> bool:
    if isinstance(value, str):
        return len(value) > TOLD_BYTES_MAX
    return isinstance(value, dict | list) and len(msgspec.msgpack.encode(value)) > TOLD_BYTES_MAX


def _take_taste(
    affinities: dict[str, Taste],
    weights: Sequence[tuple[str, float]],
    strength: float,
    at_us: int,
    half_life_us: float,
) -> None:
    for tag, weight in weights:
        known = affinities.get(tag)
        if known is None:
            affinities[tag] = Taste(strength * weight, at_us)
        else:
            taste.add(known, strength * weight, at_us, half_life_us)


def _take_country(state: State, event: Event, country: str, is_told: bool) -> None:
    told = Told(country, event.occurred_us, event.received_us, place_of(event))
    if is_told:
        state.country_told = _later(state.country_told, told)
    else:
        state.country_guessed = _later(state.country_guessed, told)


def _later(one: Told | None, two: Told | None) -> Told | None:
    if one is None or two is None:
        return one or two
    if one.at_us != two.at_us:
        return one if one.at_us > two.at_us else two
    return max(one, two, key=_by_order)


def _first(values: dict[str, T], count: int, at_us: Any) -> dict[str, T]:  # Any: a function of T to a moment
    ranked = sorted(values.items(), key=lambda pair: (-at_us(pair[1]), pair[0]))
    return dict(ranked[:count])
