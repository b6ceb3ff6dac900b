"""Regulars: the memory and the judgement of a good shopkeeper.

`regulars.open(folder)` opens a shop as a library; `regulars serve FOLDER` is the same shop over HTTP.
Nothing heavy is imported here: a command that only prints its help must not wait for numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regulars.app import Shop

__version__ = "0.1.0"

__all__ = ["__version__", "open"]


def open(location: str) -> Shop:  # noqa: A001 (`regulars.open("./shop")` is what a shopkeeper would say)
    """Open the shop in a folder (made if missing), or one whose state lives at a `postgresql://` URL.

    Raises
    ------
    regulars.kernel.errors.RegularsError
        When the folder cannot be used, or was written by a newer version.

    """
    from regulars.app import open_shop

    return open_shop(location)
