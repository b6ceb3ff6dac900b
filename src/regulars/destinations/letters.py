"""What could not be delivered: looked at, sent again, or thrown away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any  # Any: an event's data as it was sent

import msgspec

from regulars.destinations.core.views import DeadLetterShown
from regulars.destinations.store import queue
from regulars.destinations.store.definitions import Kept
from regulars.destinations.store.queue import Letter
from regulars.kernel.clock import Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import NotFoundError
from regulars.kernel.http import Page, decode_cursor, page_limit, page_of
from regulars.kernel.sayings import read, said

AT_ONCE = 500
NEWEST = (1 << 62) - 1


class Letters:
    """The dead letters of destinations."""

    def __init__(self, *, database: Database, clock: Clock, kept: Callable[[str], Kept]) -> None:
        self._database = database
        self._clock = clock
        self._kept = kept

    def listed(
        self, destination_id: str, *, cursor: str | None = None, limit: int | None = None
    ) -> Page[DeadLetterShown]:
        """Return what was given up on, the newest first."""
        self._kept(destination_id)
        wanted, before = page_limit(limit), decode_cursor(cursor, int) or NEWEST
        with self._database.read() as connection:
            rows = queue.letters(connection, destination_id, before=before, rows_max=wanted + 1)
        return page_of(rows, limit=wanted, place_of=lambda row: row.letter_id, item_of=_shown)

    def retry(self, destination_id: str, letter_id: int) -> None:
        """Send one letter again, under the id it had.

        Raises
        ------
        NotFoundError
            When there is no such letter.

        """
        self._find(destination_id, letter_id)
        with self._database.write() as connection:
            queue.revive(connection, destination_id, [letter_id], self._clock.now_us())

    def discard(self, destination_id: str, letter_id: int) -> None:
        """Throw one letter away.

        Raises
        ------
        NotFoundError
            When there is no such letter.

        """
        self._find(destination_id, letter_id)
        with self._database.write() as connection:
            queue.drop_letters(connection, destination_id, [letter_id])

    def retry_all(self, destination_id: str) -> int:
        """Send every letter again and return how many there were."""
        self._kept(destination_id)
        return self._each(destination_id, retry=True)

    def discard_all(self, destination_id: str) -> int:
        """Throw every letter away and return how many there were."""
        self._kept(destination_id)
        return self._each(destination_id, retry=False)

    def _each(self, destination_id: str, *, retry: bool) -> int:
        """Take the letters that are there now, the oldest last, some in each transaction; new ones stay."""
        count, before = 0, NEWEST
        while True:
            with self._database.write() as connection:
                rows = queue.letters(connection, destination_id, before=before, rows_max=AT_ONCE)
                ids = sorted(row.letter_id for row in rows)
                if retry:
                    queue.revive(connection, destination_id, ids, self._clock.now_us())
                else:
                    queue.drop_letters(connection, destination_id, ids)
            count += len(ids)
            if len(ids) < AT_ONCE:
                return count
            before = ids[0]

    def _find(self, destination_id: str, letter_id: int) -> Letter:
        self._kept(destination_id)
        with self._database.read() as connection:
            found = queue.letter(connection, destination_id, letter_id)
        if found is None:
            raise NotFoundError(
                said(
                    "no_dead_letter",
                    "There is no dead letter {letter}. It was sent or thrown away already.",
                    letter=letter_id,
                )
            )
        return found


def _shown(row: Letter) -> DeadLetterShown:
    data: dict[str, Any] = msgspec.json.decode(row.data)  # Any: as above
    return DeadLetterShown(
        letter_id=row.letter_id,
        event_id=row.event_id,
        name=row.name,
        occurred_at=moment(row.occurred_us),
        queued_at=moment(row.first_us),
        dead_at=moment(row.dead_us),
        tries=row.attempt,
        status=row.status,
        sentence=row.sentence,
        said=read(row.said),
        answer=row.head,
        event=data,
    )
