"""Which device was that, and where in the world? Read from an event's context."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from regulars.events.core import Event

DEVICE_WORD_CHARACTERS_MAX = 80
DEVICES_MAX = 20  # of one customer; those not seen for longest go first
_REGION = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z]{4})?[-_]([A-Za-z]{2})\b")
_COUNTRY = re.compile(r"[A-Za-z]{2}")

# What a user agent says, the more telling word first (a tablet also says "Mobile", a television also "Android").
_DEVICE_KINDS = (
    (
        "tv",
        ("smart-tv", "smarttv", "appletv", "googletv", "bravia", "tizen", "web0s", "roku", "crkey", "aftb", "hbbtv"),
    ),
    ("tablet", ("ipad", "tablet", "kindle", "silk/")),
    ("phone", ("iphone", "ipod", "mobile", "windows phone")),
    ("computer", ("windows nt", "macintosh", "x11", "cros")),
)
_SYSTEMS = (
    ("iOS", ("iphone", "ipad", "ipod")),
    ("Android", ("android",)),
    ("Windows", ("windows",)),
    ("macOS", ("macintosh", "mac os x")),
    ("ChromeOS", ("cros",)),
    ("Linux", ("linux", "x11")),
)


class Device(msgspec.Struct, array_like=True):
    """A device a customer was seen on; `kind`, `system` and `model` are what was told last."""

    kind: str
    system: str
    model: str
    first_us: int
    last_us: int


def device_of(event: Event) -> tuple[str, Device] | None:
    """Return the device of an event and the key it is known by, None for an event of a server."""
    context = event.context
    device, system, agent = context.get("device"), context.get("os"), context.get("userAgent")
    if not (device or system or agent):
        return None
    kind, system_name = _read_agent(agent) if isinstance(agent, str) else ("other", "")
    key, model = event.anonymous_id, ""
    if isinstance(system, dict):
        system_name = _short(system.get("name")) or system_name
    if isinstance(device, dict):
        kind = _kind_of_type(device.get("type")) or kind
        key = _short(device.get("id")) or _short(device.get("advertisingId")) or key
        model = _short(device.get("model")) or _short(device.get("name"))
    at_us = event.occurred_us
    return key or "unnamed", Device(kind, system_name, model, at_us, at_us)


def see(devices: dict[str, Device], key: str, seen: Device) -> None:
    """Take one sighting in; the later one's description holds."""
    known = devices.get(key)
    if known is None:
        devices[key] = seen
        return
    if seen.last_us > known.last_us or (seen.last_us == known.last_us and _told(seen) > _told(known)):
        known.kind, known.system, known.model, known.last_us = seen.kind, seen.system, seen.model, seen.last_us
    known.first_us = min(known.first_us, seen.first_us)


def latest(devices: dict[str, Device]) -> dict[str, Device]:
    """Return the devices worth keeping: all, or the `DEVICES_MAX` seen last."""
    if len(devices) <= DEVICES_MAX:
        return devices
    ranked = sorted(devices.items(), key=lambda pair: (-pair[1].last_us, pair[0]))
    return dict(ranked[:DEVICES_MAX])


def _told(device: Device) -> tuple[str, str, str]:
    return (device.kind, device.system, device.model)


def country_of(event: Event) -> tuple[str, bool] | None:
    """Return an event's country as two letters, and whether it was told (True) or guessed from the locale."""
    context = event.context
    location = context.get("location")
    if isinstance(location, dict) and (found := _country(location.get("country"))):
        return found, True
    if event.call == "identify":
        address = event.properties.get("address")
        told = address.get("country") if isinstance(address, dict) else event.properties.get("country")
        if found := _country(told):
            return found, True
    locale = context.get("locale")
    region = _region_of(locale) if isinstance(locale, str) else None
    return (region, False) if region else None


@lru_cache(maxsize=4096)
def _region_of(locale: str) -> str | None:
    found = _REGION.match(locale)
    return found[1].upper() if found else None


def _country(value: object) -> str | None:
    return value.upper() if isinstance(value, str) and _COUNTRY.fullmatch(value) else None


def _short(value: object) -> str:
    return value[:DEVICE_WORD_CHARACTERS_MAX] if isinstance(value, str) else ""


def _kind_of_type(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    word = value.lower()
    if word in ("ios", "android", "mobile", "phone"):
        return "phone"
    return word if word in ("tablet", "computer", "tv", "watch", "speaker", "console") else None


@lru_cache(maxsize=4096)
def _read_agent(agent: str) -> tuple[str, str]:
    """Return (kind, system) of a user agent.

    >>> _read_agent("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Mobile/15E148")
    ('phone', 'iOS')
    """
    words = agent.lower()
    kind = next((kind for kind, signs in _DEVICE_KINDS if any(sign in words for sign in signs)), "other")
    if kind == "other" and "android" in words:
        kind = "tablet"  # an Android that does not say "Mobile" (Google, "Chrome for Android User Agent")
    return kind, next((name for name, signs in _SYSTEMS if any(sign in words for sign in signs)), "")
