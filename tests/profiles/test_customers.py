"""Profiles keep the contract of every store that keeps customers; and a whole street forgets without a trace."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from regulars.events.core import Batch, Event, KeepsCustomers, Merge, Position
from regulars.identity import Identity
from regulars.identity import store as identity_store
from regulars.identity.store import KnownIdentifier
from regulars.kernel.clock import SystemClock
from regulars.kernel.database import Database
from regulars.kernel.ids import CustomerId, EventId, SourceId
from regulars.profiles import Profiles, store
from regulars.testing.contracts.customers import CustomersContract, traces_of
from regulars.testing.street import Street


class Both:
    """Profiles with the identity they stand on: a timeline is filed by identifier, so the two obey together."""

    name = "profiles"

    def __init__(self, database: Database) -> None:
        self.identity = Identity(database=database, clock=SystemClock())
        self.profiles = Profiles(database=database, clock=SystemClock(), identity=self.identity)

    def merge_customers(self, connection: Connection, merges: Sequence[Merge]) -> None:
        self.identity.merge_customers(connection, merges)
        self.profiles.merge_customers(connection, merges)

    def erase_customers(self, connection: Connection, customer_ids: Sequence[CustomerId]) -> int:
        gone = self.profiles.erase_customers(connection, customer_ids)
        return gone + self.identity.erase_customers(connection, customer_ids)


class TestProfilesKeepCustomers(CustomersContract):
    def keeper(self, database: Database) -> KeepsCustomers:
        database.migrate([*identity_store.MIGRATIONS, *store.MIGRATIONS])
        self.both = Both(database)
        return self.both

    def remember(self, connection: Connection, customer_id: CustomerId, times: int) -> None:
        number = identity_store.last_number(connection) + 1
        key = f"anonymous_id:{number}"
        identity_store.add_identifiers(connection, [KnownIdentifier(number, key, customer_id, 1, 2)])
        events = [
            Event(
                event_id=EventId(f"web-0.{number}.{index}"),
                source_id=SourceId("web"),
                message_id=f"{number}-{index}",
                call="identify",
                name="Identify",
                user_id=None,
                anonymous_id=str(number),
                properties={"name": f"Somebody {customer_id}"},
                context={},
                occurred_us=index + 1,
                received_us=index + 1,
                position=Position("web-0", number, index),
            )
            for index in range(times)
        ]
        batch = Batch(events=events, now_us=0, customer_ids=[customer_id] * times, anchors=[number] * times)
        self.both.profiles.project(batch, connection)

    def memories(self, connection: Connection, customer_id: CustomerId) -> int:
        kept = store.states(connection, [customer_id]).get(customer_id)
        return kept.state.events_total if kept else 0


def test_erasing_a_customer_leaves_no_trace_in_any_table(street: Street) -> None:
    secret = {"userId": "ann-secret", "anonymousId": "tablet-secret"}
    street.send({"type": "identify", "messageId": "m1", "traits": {"name": "Ann Secret"}, **secret})
    street.send({"type": "track", "event": "Song Played", "messageId": "m2", "anonymousId": "phone-secret"})
    street.send({"type": "track", "event": "Song Played", "messageId": "m3", "userId": "bob", "anonymousId": "x-bob"})
    street.work()
    street.send({"type": "alias", "messageId": "m4", "userId": "ann-secret", "previousId": "phone-secret"})
    street.work()
    customer = street.profiles.by("user_id", "ann-secret").customer_id
    absorbed = [one.absorbed_id for one in street.identity.merged_from(customer)]
    assert absorbed
    with street.database.write() as connection:
        for keeper in (street.profiles, street.identity):
            assert keeper.erase_customers(connection, [customer]) > 0
    with street.database.read() as connection:
        assert traces_of(connection, ["secret", customer, *absorbed]) == []
    assert street.profiles.by("user_id", "bob").events_total == 1
