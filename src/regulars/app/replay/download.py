"""A span of history as a file that is made while it is fetched: the shop keeps nothing of it.

Started as `python -m regulars.app.replay.download TASK LIFELINE`.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Generator
from typing import IO, TYPE_CHECKING, Literal

import anyio
import anyio.to_thread
import msgspec

from regulars.app.apart import Told, bytes_from, give_and_exit
from regulars.app.replay.core import Asked
from regulars.app.replay.replays import span_of
from regulars.app.replay.service import Columns, Lines, replay

if TYPE_CHECKING:
    from regulars.app.shop import Shop

Form = Literal["jsonl", "parquet"]
MEDIA_TYPES: dict[Form, str] = {"jsonl": "application/jsonl", "parquet": "application/vnd.apache.parquet"}


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What to give, and in what form."""

    folder: str
    flags: dict[str, str]
    asked: Asked
    form: Form


def download(shop: Shop, asked: Asked, form: Form) -> AsyncIterator[bytes]:
    """Return the file of a span, a part after the other; who ends it early ends the work.

    Raises
    ------
    NotFoundError
        When a source or the customer is not there.
    InvalidError
        When the span can hold nothing.

    """
    span_of(shop, asked)  # said before the first byte; afterwards nothing can be said
    return _fetched(bytes_from(__name__, Task(folder=str(shop.folder), flags=shop.flags, asked=asked, form=form)))


async def _fetched(parts: Generator[bytes]) -> AsyncIterator[bytes]:
    try:
        while (part := await anyio.to_thread.run_sync(next, parts, None)) is not None:
            if part:
                yield part
    finally:
        with anyio.CancelScope(shield=True):  # whoever fetched it is gone, and that is why it ends
            await anyio.to_thread.run_sync(parts.close)


class _Counted:
    """A pipe that knows how much went through it, which whoever writes Parquet must know."""

    closed = False

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._bytes = 0

    def write(self, data: bytes) -> int:
        """Pass it on."""
        self._pipe.write(data)
        self._bytes += len(data)
        return len(data)

    def tell(self) -> int:
        """Return how much was written."""
        return self._bytes

    def flush(self) -> None:
        """Pass on what waits."""
        self._pipe.flush()

    def close(self) -> None:
        """Leave the pipe open: it is the process's own."""


def give(told: Told) -> None:
    """Write the file of the task in the first argument to the output."""
    from regulars.app.shop import open_shop

    task = msgspec.json.decode(sys.argv[1], type=Task)
    with open_shop(task.folder, flags=task.flags, partition=None) as shop:
        span = span_of(shop, task.asked)
        if task.form == "jsonl":
            replay(shop, span, Lines(sys.stdout.buffer), told, name="file")
            return
        columns = Columns(_Counted(sys.stdout.buffer))
        replay(shop, span, columns, told, name="file")
        columns.close()


if __name__ == "__main__":
    give_and_exit(give)
