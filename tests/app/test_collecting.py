"""Full collections run on our own schedule while a process answers."""

from __future__ import annotations

import gc
import threading
import weakref

from regulars.app.collecting import NEVER, seldom


class Circle:
    """Something that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


def test_growing_old_starts_no_full_collection_until_the_block_is_left() -> None:
    before = gc.get_threshold()
    with seldom():
        assert gc.get_threshold() == (*before[:2], NEVER)
        full = gc.get_stats()[2]["collections"]
        kept = [[number] for number in range(300_000)]
        assert gc.get_stats()[2]["collections"] == full, "300,000 objects that stay are no reason to walk them"
        del kept
    assert gc.get_threshold() == before


def test_what_has_grown_old_in_a_circle_is_freed_on_schedule() -> None:
    circle, freed = Circle(), threading.Event()
    weakref.finalize(circle, freed.set)
    gc.collect()  # it is old now: young collections look at it no more
    with seldom(every_s=0.01):
        del circle
        assert freed.wait(10)
