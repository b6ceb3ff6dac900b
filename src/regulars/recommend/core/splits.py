"""Which part may be learned from, and which part asks? Always by order or time, or by whole customers; never at random.

A validation part is cut from the training part by the same rule, so settings are chosen without a look at the test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regulars.recommend.core.histories import Histories
from regulars.recommend.core.rows import Ints, Longs

HELD_OUT_CUSTOMERS = 600  # of 6,040 in MovieLens-1M: a tenth, as for validation
FOLD_IN_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class LastItem:
    """Everybody's last step is the question; what came before is known."""

    known: Histories
    customers: Longs
    targets: Ints


def leave_last_out(histories: Histories) -> LastItem:
    """Hold out the last step of every customer who has at least two.

    >>> steps = np.array([4, 5, 6, 7], np.int32)
    >>> split = leave_last_out(Histories(np.array([0, 3, 4]), steps, steps, steps))
    >>> split.targets.tolist(), split.known.items.tolist()
    ([6], [4, 5, 7])
    """
    lengths = np.diff(histories.starts)
    asked = np.flatnonzero(lengths >= 2)
    targets = histories.items[histories.starts[asked + 1] - 1]
    return LastItem(histories.cut(np.where(lengths >= 2, lengths - 1, lengths)), asked, targets)


@dataclass(frozen=True, slots=True)
class Strong:
    """Some customers are never learned from; 80 % of each history is shown, the rest is the question."""

    train: Histories
    known: Histories
    targets: list[Ints]


def hold_out_customers(histories: Histories, *, count: int, seed: int) -> Strong:
    """Hold out customers at random, and a fifth of each one's items (strong generalisation, Liang et al. 2018)."""
    chance = np.random.default_rng(seed)
    lengths = np.diff(histories.starts)
    able = np.flatnonzero(lengths >= 5)
    chosen = np.sort(chance.choice(able, size=min(count, max(len(able) - 1, 1)), replace=False))
    rest = np.setdiff1d(np.arange(histories.customers), chosen)
    asked = histories.chosen(chosen)
    shown = np.ones(len(asked.items), np.bool_)
    targets: list[Ints] = []
    for customer in range(asked.customers):
        start, end = int(asked.starts[customer]), int(asked.starts[customer + 1])
        hidden = chance.choice(end - start, size=max(1, round((end - start) * (1 - FOLD_IN_SHARE))), replace=False)
        shown[start + hidden] = False
        targets.append(np.unique(asked.items[start + hidden]))
    lengths = np.add.reduceat(shown.astype(np.int64), asked.starts[:-1])
    known = Histories(
        np.concatenate(([0], np.cumsum(lengths))), asked.items[shown], asked.first_us[shown], asked.last_us[shown]
    )
    return Strong(histories.chosen(rest), known, targets)
