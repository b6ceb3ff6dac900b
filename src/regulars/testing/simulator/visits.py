"""One visit of one person on one device: which calls the app makes, and under whose name."""

from __future__ import annotations

from typing import Any  # Any: properties are whatever an app sends

from regulars.testing.simulator.calls import Call
from regulars.testing.simulator.chance import Chance, Weights
from regulars.testing.simulator.parameters import People
from regulars.testing.simulator.people import Device, Person

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US


class Visit:
    """A visit under way; `calls` grows as things happen."""

    def __init__(self, person: Person, device: Device, start_us: int, people: People) -> None:
        self.person = person
        self.device = device
        self.at_us = max(start_us, device.busy_until_us)
        self.session_id = f"{person.user_id}-{self.at_us}"
        self.calls: list[Call] = []
        self._people = people
        self._sign_in_at = _sign_in_at(person, device, people)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.at_us += max(int(seconds * 1_000), 1) * 1_000  # apps send milliseconds

    def come_to(self, share: float) -> None:
        """Sign in if this share of the visit is where the person does."""
        if self._sign_in_at is not None and share >= self._sign_in_at:
            self.sign_in()

    def may_sign_in(self) -> bool:
        """Return whether the person has an account to sign in with."""
        return self.person.signs_in

    def sign_in(self) -> None:
        """Make the person known, unless they are."""
        self._sign_in_at = None
        if self.device.signed_in != self.person.user_id:
            self.device.signed_in = self.person.user_id
            self.person.anonymous_left[self.device.name] = 0
            self._call("identify", "", self.person.traits)
            self.wait(1)

    def page(self, name: str, path: str) -> None:
        """Look at a page."""
        self._call("page", name, {"name": name, "path": path, "session_id": self.session_id})

    def track(self, event: str, properties: dict[str, Any]) -> None:  # Any: as above
        """Let something happen."""
        self._call("track", event, {**properties, "session_id": self.session_id})

    def _call(self, kind: Any, name: str, properties: dict[str, Any]) -> None:  # Any: one of CallKind; as above
        self.calls.append(
            Call(
                at_us=self.at_us,
                message_id=self.person.message_id(),
                kind=kind,
                name=name,
                user_id=self.device.signed_in,
                anonymous_id=self.device.anonymous_id,
                properties=properties,
                context=self.device.context,
            )
        )

    def end(self) -> list[Call]:
        """Leave: on a shared device the person signs out."""
        device = self.device
        device.busy_until_us = self.at_us + SECOND_US
        if device.is_shared and device.signed_in is not None:
            if self.person.chance.happens(self._people.shared_device_reset_share):
                device.forget()
            device.signed_in = None
        return self.calls


def choose_device(person: Person, people: People) -> Device:
    """Return the device a person takes up this time."""
    chance = person.chance
    shared = [device for device in person.devices if device.is_shared]
    own = [device for device in person.devices if not device.is_shared]
    if shared and chance.happens(people.shared_device_use):
        return shared[0]
    return own[0] if len(own) == 1 or chance.happens(0.7) else own[1]


def _sign_in_at(person: Person, device: Device, people: People) -> float | None:
    if not person.signs_in or device.signed_in == person.user_id:
        return None
    if device.is_shared:
        return 0.0 if person.chance.happens(people.signs_in_on_shared_device) else None
    if person.anonymous_left[device.name] > 0:
        person.anonymous_left[device.name] -= 1
        return None
    return person.chance.share()


def next_start_us(person: Person, after_us: int, gap_days: float, hours: Weights[int]) -> int:
    """Return when the person comes again: about this many days later, at an hour of their day that people keep."""
    chance = person.chance
    earliest_us = after_us + int(gap_days * DAY_US)
    ahead_us = person.hours_ahead * HOUR_US
    midnight_us = (earliest_us + ahead_us) // DAY_US * DAY_US - ahead_us
    at_us = midnight_us + hours.pick(chance) * HOUR_US + int(chance.share() * HOUR_US) // 1_000 * 1_000
    return at_us if at_us > after_us else at_us + DAY_US


def hour_weights(weights: tuple[float, ...]) -> Weights[int]:
    """Return the hours of a day with how often people come."""
    return Weights(range(24), weights)


def taste_chance(seed: int, person: Person) -> Chance:
    """Return the stream that decides a person's tastes, apart from what they do."""
    return Chance(seed, person.user_id, "taste")
