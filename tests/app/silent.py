"""A process with nothing to say, until it is told to end."""

from __future__ import annotations

import time

from regulars.app.apart import Told, give_and_exit


def wait(told: Told) -> None:
    """Look now and then whether it is over."""
    while True:
        told(0, 1, "")
        time.sleep(0.01)


if __name__ == "__main__":
    give_and_exit(wait)
