"""What is popular: with everybody, with people like this one (country and device), and what is rising just now.

Counts decay by looking forward: an interaction at time t weighs 2^((t − landmark) / half-life), so the order of two
sums never changes while nothing happens, and one more interaction is one addition (Cormode, Shkapenyuk, Srivastava and
Xu 2009, "Forward Decay"). Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any  # Any: context is whatever the customer's device sent

import numpy as np

from regulars.recommend.core.rows import Doubles, Longs

DAY_US = 86_400_000_000
POPULAR_HALF_LIFE_US = 14 * DAY_US  # chosen, not measured: two weeks, as for affinities
TRENDING_HALF_LIFE_US = 1 * DAY_US
CROWD_PRIOR = 50.0  # how many interactions of a crowd it takes to believe it as much as everybody
TRENDING_PRIOR = 2.0  # interactions a day that every item is given, so that one click on a silent item is no trend
EXPONENT_MAX = 500.0  # 2^500 is far below the largest double, 2^1023


def forward_weight(at_us: int, *, landmark_us: int, half_life_us: int) -> float:
    """Return how much an interaction weighs; 1 at the landmark, 2 one half-life later.

    >>> forward_weight(20, landmark_us=0, half_life_us=10)
    4.0
    """
    exponent = (at_us - landmark_us) / half_life_us
    return float(2.0 ** max(-EXPONENT_MAX, min(exponent, 2 * EXPONENT_MAX)))


def forward_weights(at_us: Longs, *, landmark_us: int, half_life_us: int) -> Doubles:
    """Return `forward_weight` of many moments."""
    exponents = np.clip((at_us - landmark_us) / half_life_us, -EXPONENT_MAX, 2 * EXPONENT_MAX)
    weights: Doubles = np.exp2(exponents)
    return weights


def crowd_popularity(crowd: Doubles, everybody: Doubles, *, crowd_total: float, everybody_total: float) -> Doubles:
    """Return each item's share of a crowd's interest, leaning on everybody's while the crowd is small.

    >>> own, all_of_us = np.array([3.0, 0.0]), np.array([1.0, 9.0])
    >>> crowd_popularity(own, all_of_us, crowd_total=3, everybody_total=10).round(2).tolist()
    [0.15, 0.85]
    """
    return (crowd + CROWD_PRIOR * everybody / max(everybody_total, 1e-300)) / (crowd_total + CROWD_PRIOR)


def excess(recent: Doubles, usual: Doubles) -> Doubles:
    """Return by how many standard deviations the recent daily rate is above the usual one; 0 where it is not.

    `recent` and `usual` are decayed counts brought to the present; a decayed sum over half-life h at a steady rate of r
    a day is r · h / ln 2.
    """
    recent_rate = recent * np.log(2) / (TRENDING_HALF_LIFE_US / DAY_US)
    usual_rate = usual * np.log(2) / (POPULAR_HALF_LIFE_US / DAY_US)
    above: Doubles = np.maximum((recent_rate - usual_rate) / np.sqrt(usual_rate + TRENDING_PRIOR), 0.0)
    return above


def crowd_of(context: Mapping[str, Any]) -> str:
    """Return `country/device` of an event's context, e.g. `TW/phone`; what is not known stays empty.

    >>> crowd_of({"locale": "zh-TW", "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile"})
    'TW/phone'
    >>> crowd_of({})
    '/'
    """
    return f"{_country(context)}/{_device(context)}"


def _country(context: Mapping[str, Any]) -> str:
    location = context.get("location")
    country = location.get("country") if isinstance(location, Mapping) else None
    if isinstance(country, str) and country.strip():
        return country.strip()[:40]
    locale = context.get("locale")
    if isinstance(locale, str):
        region = locale.replace("_", "-").split("-")[-1]
        if len(region) == 2 and region.isalpha() and region.isupper():
            return region
    return ""


_DEVICE_TYPES = {"ios": "phone", "android": "phone", "mobile": "phone", "phone": "phone", "tablet": "tablet",
                 "desktop": "desktop", "tv": "tv"}  # fmt: skip
_DEVICE_WORDS = (("ipad", "tablet"), ("tablet", "tablet"), ("tv", "tv"), ("iphone", "phone"), ("mobile", "phone"),
                 ("android", "tablet"), ("mozilla", "desktop"))  # fmt: skip


def _device(context: Mapping[str, Any]) -> str:
    device = context.get("device")
    kind = device.get("type") if isinstance(device, Mapping) else None
    if isinstance(kind, str) and kind.casefold() in _DEVICE_TYPES:
        return _DEVICE_TYPES[kind.casefold()]
    agent = context.get("userAgent")
    if isinstance(agent, str):
        folded = agent.casefold()
        return next((kind for word, kind in _DEVICE_WORDS if word in folded), "")
    return ""
