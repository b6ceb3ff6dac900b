"""Which policy is clicked? Slates shown, joined with what their customers touched within a day. Pure.

A slate counts as clicked when its customer touches an item of it within 24 hours, or when a fact names the slate. The
slate is the unit, because the items of one slate are not independent of each other.
"""

from __future__ import annotations

import math

import numpy as np

from regulars.recommend.core.metrics import Z_95
from regulars.recommend.core.rows import Flags, Ints, Longs

CLICK_WINDOW_US = 86_400_000_000


def wilson_interval(clicked: int, shown: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate after Wilson (1927); (0, 1) when nothing was shown.

    >>> [round(bound, 3) for bound in wilson_interval(10, 100)]
    [0.055, 0.174]
    """
    if shown == 0:
        return 0.0, 1.0
    share, z2 = clicked / shown, Z_95 * Z_95
    centre = (share + z2 / (2 * shown)) / (1 + z2 / shown)
    half = Z_95 * math.sqrt(share * (1 - share) / shown + z2 / (4 * shown * shown)) / (1 + z2 / shown)
    return max(0.0, centre - half), min(1.0, centre + half)


def clicked_slates(
    *,
    slate_customers: Longs,
    slate_shown_us: Longs,
    slate_starts: Longs,
    slate_items: Ints,
    customers: Longs,
    items: Ints,
    at_us: Longs,
) -> Flags:
    """Return which slates were clicked: the latest slate with the item, shown to the customer in the 24 hours before.

    Parameters
    ----------
    slate_starts, slate_items
        Slate `s` showed `slate_items[slate_starts[s]:slate_starts[s+1]]`.
    customers, items, at_us
        What customers touched.

    """
    clicked = np.zeros(len(slate_customers), np.bool_)
    if not len(slate_items) or not len(items):
        return clicked
    owner = np.repeat(np.arange(len(slate_customers)), np.diff(slate_starts))
    total = int(max(slate_items.max(), items.max())) + 1
    shown_key = slate_customers[owner] * total + slate_items
    order = np.lexsort((slate_shown_us[owner], shown_key))
    keys, moments, owner = shown_key[order], slate_shown_us[owner][order], owner[order]
    touched = customers * total + items
    first, last = np.searchsorted(keys, touched, side="left"), np.searchsorted(keys, touched, side="right")
    for place in np.flatnonzero(last > first):  # only interactions with an item that was shown to their customer
        shown = moments[first[place] : last[place]]
        latest = int(np.searchsorted(shown, at_us[place], side="right")) - 1
        if latest >= 0 and at_us[place] - shown[latest] <= CLICK_WINDOW_US:
            clicked[owner[first[place] + latest]] = True
    return clicked
