"""Invented people: households, devices shared and private, and how they make themselves known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any  # Any: a context is whatever an app sends
from uuid import UUID

from regulars.testing.simulator.chance import Chance, Weights
from regulars.testing.simulator.parameters import People
from regulars.testing.simulator.words.names import FAMILY, GIVEN, HOURS_AHEAD, PLACES

_DEVICES = {
    "phone": (("ios", "iOS", "phone"), ("android", "Android", "phone")),
    "computer": (("web", "macOS", "desktop"), ("web", "Windows", "desktop")),
    "shared": (("ios", "iPadOS", "tablet"), ("web", "Android TV", "tv"), ("web", "Windows", "desktop")),
}


@dataclass(slots=True)
class Device:
    """A phone, a computer or a shared screen. `signed_in` and `anonymous_id` change as people use it."""

    name: str
    is_shared: bool
    context: dict[str, Any]  # Any: as above
    anonymous_id: str = ""
    resets: int = 0
    signed_in: str | None = None
    busy_until_us: int = 0

    def forget(self) -> None:
        """Become nobody's: a fresh anonymous id and nobody signed in."""
        self.anonymous_id = _uuid(self.name, self.resets)
        self.resets += 1
        self.signed_in = None


@dataclass(slots=True)
class Person:
    """One customer-to-be. `chance` is this person's own stream."""

    number: int
    user_id: str
    language: str
    traits: dict[str, Any]  # Any: traits are whatever an app sends
    hours_ahead: int
    household: int
    chance: Chance
    devices: list[Device]
    signs_in: bool
    anonymous_left: dict[str, int] = field(default_factory=dict)
    calls_made: int = 0

    def message_id(self) -> str:
        """Return the next message id of this person: never given twice."""
        self.calls_made += 1
        return f"{self.user_id}-{self.calls_made}"


def population(seed: int, count: int, people: People, prefix: str) -> list[Person]:
    """Return this many people in households of the sizes that occur."""
    found: list[Person] = []
    for household, size in enumerate(_household_sizes(Chance(seed, "households"), people)):
        found.extend(_household(seed, household, size, people, len(found), prefix))
        if len(found) >= count:
            return found[:count]
    raise AssertionError("households never run out")


def _household_sizes(chance: Chance, people: People) -> Iterator[int]:
    # Sizes are drawn per household; members come along, so larger ones hold a larger share of the people.
    sizes = Weights(range(1, len(people.household_sizes) + 1), people.household_sizes)
    while True:
        yield sizes.pick(chance)


def _household(seed: int, number: int, size: int, people: People, first: int, prefix: str) -> list[Person]:
    chance = Chance(seed, "household", number)
    language = Weights(list(people.languages), list(people.languages.values())).pick(chance)
    country, city, zone = chance.pick(PLACES[language])
    family = chance.pick(FAMILY[language])
    address = {"country": country, "city": city}
    shared: list[Device] = []
    if size > 1 and chance.happens(people.shared_device_share):
        shared.append(_device(f"{prefix}{seed}-home-{number}", "shared", language, zone, chance))
    members = []
    for index in range(first, first + size):
        own = Chance(seed, prefix, "person", index)
        given = own.pick(GIVEN[language])
        user_id = f"{prefix}{index + 1:05}"
        devices = [_device(f"{prefix}{seed}-phone-{index}", "phone", language, zone, own)]
        if own.happens(people.second_device_share):
            devices.append(_device(f"{prefix}{seed}-computer-{index}", "computer", language, zone, own))
        members.append(
            Person(
                number=index,
                user_id=user_id,
                language=language,
                traits=_traits(user_id, family, given, language, address, own),
                hours_ahead=HOURS_AHEAD[zone],
                household=number,
                chance=own,
                devices=devices + shared,
                signs_in=not own.happens(people.never_sign_in_share),
                anonymous_left={device.name: round(own.draw(people.anonymous_sessions)) for device in devices},
            )
        )
    return members


def _traits(
    user_id: str,
    family: tuple[str, str],
    given: tuple[str, str],
    language: str,
    address: dict[str, str],
    chance: Chance,
) -> dict[str, Any]:  # Any: traits are whatever an app sends
    joined = f"{given[0]} {family[0]}" if language == "en" else f"{family[0]}{given[0]}"
    return {
        "name": joined,
        "email": f"{given[1]}.{family[1]}.{user_id}@example.com",
        "language": language,
        "address": dict(address),
        "age": 16 + int((chance.share() + chance.share()) * 30),
    }


def _device(name: str, kind: str, language: str, zone: str, chance: Chance) -> Device:
    platform, system, form = chance.pick(_DEVICES[kind])
    device = Device(
        name=name,
        is_shared=kind == "shared",
        context={
            "device": {"id": _uuid(name, "device"), "type": form if platform == "web" else platform},
            "os": {"name": system},
            "locale": language,
            "timezone": zone,
        },
    )
    device.forget()
    return device


def _uuid(*names: object) -> str:
    chance = Chance(*names, "uuid")
    value = 0
    for _ in range(4):
        value = value << 32 | chance.below(1 << 32)
    return str(UUID(int=value, version=4))
