"""When may the garbage collector stop the whole process? Seldom, and never because something was learned.

A process that answers holds millions of objects that stay: items, customers, what follows what. Python walks all of
them whenever their number has grown by a quarter, and nobody is answered meanwhile: 60 to 130 ms each few seconds while
events come in (docs/decisions/answers-while-writing.md). What requests leave behind dies young and is collected as
ever; what grows old in a circle (a closed connection) is few, and waits for a full collection every ten minutes.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

COLLECT_EVERY_S = 600.0
NEVER = 2**31 - 1


@contextmanager
def seldom(every_s: float = COLLECT_EVERY_S) -> Iterator[None]:
    """Within the block, let full collections begin on our own schedule alone."""
    young, middle, old = gc.get_threshold()
    over = threading.Event()

    def collect() -> None:
        while not over.wait(every_s):
            gc.collect()

    gc.set_threshold(young, middle, NEVER)
    thread = threading.Thread(target=collect, name="collector", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        gc.set_threshold(young, middle, old)
