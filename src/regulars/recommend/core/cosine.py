"""Which items are touched by the same people? Item cosine with popularity held down; the classical neighbour list.

C_ij / (n_i^0.7 · n_j^0.7 + 50), C the customers of both and n of each; the 200 strongest are kept.
"""

from __future__ import annotations

import numpy as np

from regulars.recommend.core.ease import co_occurrence
from regulars.recommend.core.histories import Histories
from regulars.recommend.core.rows import Rows, strongest

EXPONENT = 0.7  # best of .3, .5, .7 on MovieLens-1M's validation customers
SHRINK = 50.0
KEPT = 200


def item_cosine(histories: Histories, items_total: int, *, shrink: float = SHRINK, kept: int = KEPT) -> Rows:
    """Return each item's most alike items."""
    together = co_occurrence(histories, items_total)
    counts = together.diagonal() ** EXPONENT
    owners = np.repeat(np.arange(items_total), np.diff(together.indptr))
    likeness = together.data / (counts[owners] * counts[together.indices] + shrink)
    likeness[owners == together.indices] = 0.0
    rows = Rows(together.indptr.astype(np.int64), together.indices.astype(np.int32), likeness.astype(np.float32))
    return strongest(rows, kept)
