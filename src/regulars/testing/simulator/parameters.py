"""What the simulated shops are like, read from `parameters.toml`, where every number names its source."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any  # Any: TOML before it is checked

import msgspec

from regulars.kernel.errors import InvalidError
from regulars.testing.simulator.chance import Quantiles

Table = tuple[tuple[float, float], ...]


class People(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Households, devices, and how people make themselves known."""

    household_sizes: tuple[float, ...]
    languages: dict[str, float]
    shared_device_share: float
    shared_device_use: float
    second_device_share: float
    never_sign_in_share: float
    anonymous_sessions: Table
    signs_in_on_shared_device: float
    shared_device_reset_share: float


class Music(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How people listen."""

    listeners: int
    songs: int
    artists: int
    popularity_slope: float
    track_seconds: Table
    session_songs: Table
    repeat_share: float
    session_gap_days: Table
    hour_weights: tuple[float, ...]
    skip_share: float
    skip_seconds: Table
    skip_ratio_disliked: float
    lean_forward_share: float
    like_share: float
    same_genre_share: float
    favourite_artist_share: float


class Store(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How people look around and buy."""

    visitors: int
    products: int
    brands: int
    popularity_slope: float
    session_clicks: Table
    added_share: float
    ordered_share: float
    converting_sessions_share: float
    order_gap_days: Table
    hour_weights: tuple[float, ...]
    same_category_share: float
    favourite_brand_share: float


class Slates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How people react to what they are shown."""

    examined: tuple[float, ...]
    click_probability_mean: float
    click_probability_max: float


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything about the simulated shops, by section."""

    people: People
    music: Music
    store: Store
    slates: Slates


def load_parameters(path: Path | None = None) -> Parameters:
    """Return the parameters of a file, or the ones that come with Regulars.

    >>> load_parameters().music.popularity_slope
    -0.92

    Raises
    ------
    InvalidError
        When the file is no TOML, or a number is missing, unknown or of the wrong shape.

    """
    values = {
        section: {name: entry["value"] for name, entry in entries.items()}
        for section, entries in _document(path).items()
    }
    try:
        return msgspec.convert(values, Parameters)
    except msgspec.ValidationError as error:
        raise InvalidError(f"The simulator's parameters cannot be used: {error}.") from None


def sources(path: Path | None = None) -> dict[str, str]:
    """Return the source of each parameter by its dotted name."""
    return {
        f"{section}.{name}": entry["source"]
        for section, entries in _document(path).items()
        for name, entry in entries.items()
    }


def _document(path: Path | None) -> dict[str, dict[str, dict[str, Any]]]:  # Any: values are checked by the caller
    text = (path or files("regulars.testing.simulator") / "parameters.toml").read_text(encoding="utf-8")
    try:
        document: dict[str, Any] = tomllib.loads(text)  # Any: as above
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(f"The simulator's parameters are no TOML: {error}.") from None
    for section, entries in document.items():
        for name, entry in entries.items():
            if not isinstance(entry, dict) or {"value", "source"} - entry.keys():
                raise InvalidError(f"The simulator's parameter {section}.{name} needs a value and a source.")
    return document


__all__ = ["Music", "Parameters", "People", "Quantiles", "Slates", "Store", "load_parameters", "sources"]
