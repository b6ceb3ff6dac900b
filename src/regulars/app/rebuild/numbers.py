"""How does one part come out as it would beside the others? With their numbers, and without what they left out.

When only some parts are rebuilt, identity is worked out beside them, because a profile depends on when two customers
were found to be one. But the numbers it gives to identifiers must be those that the shop uses already.
"""

from __future__ import annotations

from sqlalchemy import Connection

from regulars.events.core import Batch
from regulars.events.worker_store import buried_events
from regulars.identity import store as identity_store
from regulars.kernel.database import Database


class KeptNumbers:
    """Stands behind identity: files each event under the number that its identifier has in the shop.

    An event whose identifier the shop does not know is passed over: its customer was forgotten meanwhile, or the shop
    would know other customers by today's rules, which is found out before anything takes the place of anything.
    """

    name = "kept numbers"

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[int, int] = {}

    def project(self, batch: Batch, connection: Connection) -> None:
        """Renumber a batch."""
        wanted = {anchor for anchor in batch.anchors if anchor is not None} - self._kept.keys()
        if wanted:
            keys = identity_store.keys_of(connection, wanted)
            with self._database.read() as answering:
                known = identity_store.known(answering, keys.values())
            self._kept |= {number: known[key].identifier_id for number, key in keys.items() if key in known}
        batch.anchors = [None if anchor is None else self._kept.get(anchor) for anchor in batch.anchors]
        batch.customer_ids = [
            None if anchor is None else customer
            for customer, anchor in zip(batch.customer_ids, batch.anchors, strict=True)
        ]


class Unburied:
    """Stands before all others: leaves out the events that the shop laid aside as dead letters."""

    name = "unburied"

    def __init__(self, database: Database) -> None:
        with database.read() as connection:
            self._buried = buried_events(connection)

    def project(self, batch: Batch, connection: Connection) -> None:  # noqa: ARG002 (a projection is asked so)
        """Leave them out."""
        if self._buried:
            batch.events = [event for event in batch.events if event.event_id not in self._buried]
