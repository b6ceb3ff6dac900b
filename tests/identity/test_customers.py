"""Identity keeps the contract of every store that keeps customers."""

from __future__ import annotations

from sqlalchemy import Connection

from regulars.events.core import KeepsCustomers
from regulars.identity import Evidence, Identity, store
from regulars.identity.store import KnownIdentifier
from regulars.kernel.bulk import rows_among
from regulars.kernel.clock import SystemClock
from regulars.kernel.database import Database
from regulars.kernel.ids import CustomerId
from regulars.testing.contracts.customers import CustomersContract


class TestIdentityKeepsCustomers(CustomersContract):
    def keeper(self, database: Database) -> KeepsCustomers:
        database.migrate(store.MIGRATIONS)
        return Identity(database=database, clock=SystemClock())

    def remember(self, connection: Connection, customer_id: CustomerId, times: int) -> None:
        first = store.last_number(connection) + 1
        keys = [f"anonymous_id:{customer_id}-{number}" for number in range(first, first + times)]
        store.add_identifiers(
            connection, [KnownIdentifier(first + index, key, customer_id, 1, 2) for index, key in enumerate(keys)]
        )
        store.add_evidence(
            connection,
            [Evidence(from_id=keys[0], to_id=key, kind="together", event_id="e", at_us=1) for key in keys[1:]],
        )

    def memories(self, connection: Connection, customer_id: CustomerId) -> int:
        statement = "SELECT identifier_id FROM identity_identifiers WHERE customer_id {among}"
        return len(rows_among(connection, statement, [customer_id]))
