"""What every store that keeps customer ids promises: it obeys a merge, and forgetting leaves no trace.

Subclass `CustomersContract` in the store's tests, and say how something is remembered and looked up. For a whole shop,
`traces_of` looks through every column of every table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any  # Any: rows of any table

from sqlalchemy import Connection, inspect

from regulars.events.core import KeepsCustomers, Merge
from regulars.kernel.database import Database
from regulars.kernel.ids import CustomerId, new_id

ANN, BOB, CAT = (CustomerId(new_id(at_us)) for at_us in (1_000_000, 2_000_000, 3_000_000))


class CustomersContract:
    """Override the three methods; the tests come with the class."""

    def keeper(self, database: Database) -> KeepsCustomers:
        """Return the store, its tables made."""
        raise NotImplementedError

    def remember(self, connection: Connection, customer_id: CustomerId, times: int) -> None:
        """Keep something of a customer, so many times."""
        raise NotImplementedError

    def memories(self, connection: Connection, customer_id: CustomerId) -> int:
        """Return how many times something was remembered of a customer, as far as the store knows now."""
        raise NotImplementedError

    def test_a_merge_gives_everything_to_the_one_kept(self, database: Database) -> None:
        """Nothing is lost, nothing stays behind."""
        keeper = self.keeper(database)
        with database.write() as connection:
            self.remember(connection, ANN, 2)
            self.remember(connection, BOB, 3)
            keeper.merge_customers(connection, [Merge(kept=ANN, absorbed=BOB, at_us=5)])
            assert self.memories(connection, ANN) == 5
            assert self.memories(connection, BOB) == 0

    def test_merges_are_obeyed_in_the_order_given(self, database: Database) -> None:
        """Whoever absorbed somebody may be absorbed in the same breath."""
        keeper = self.keeper(database)
        with database.write() as connection:
            for customer, times in ((ANN, 1), (BOB, 2), (CAT, 4)):
                self.remember(connection, customer, times)
            merges = [Merge(kept=BOB, absorbed=CAT, at_us=5), Merge(kept=ANN, absorbed=BOB, at_us=6)]
            keeper.merge_customers(connection, merges)
            assert [self.memories(connection, one) for one in (ANN, BOB, CAT)] == [7, 0, 0]

    def test_a_merge_moves_a_customer_to_one_of_whom_nothing_is_kept(self, database: Database) -> None:
        """The one kept may be new to this store."""
        keeper = self.keeper(database)
        with database.write() as connection:
            self.remember(connection, BOB, 2)
            keeper.merge_customers(connection, [Merge(kept=ANN, absorbed=BOB, at_us=5)])
            assert [self.memories(connection, one) for one in (ANN, BOB)] == [2, 0]

    def test_a_merge_of_somebody_unknown_changes_nothing(self, database: Database) -> None:
        """The one absorbed may be new to this store."""
        keeper = self.keeper(database)
        with database.write() as connection:
            self.remember(connection, ANN, 2)
            keeper.merge_customers(connection, [Merge(kept=ANN, absorbed=BOB, at_us=5)])
            assert [self.memories(connection, one) for one in (ANN, BOB)] == [2, 0]

    def test_erasing_leaves_no_row_of_the_erased_and_every_row_of_others(self, database: Database) -> None:
        """And says how many rows went."""
        keeper = self.keeper(database)
        with database.write() as connection:
            self.remember(connection, ANN, 2)
            self.remember(connection, BOB, 3)
            assert keeper.erase_customers(connection, [ANN]) > 0
            assert self.memories(connection, ANN) == 0
            assert self.memories(connection, BOB) == 3
            assert keeper.erase_customers(connection, [ANN]) == 0
        with database.read() as connection:
            assert traces_of(connection, [ANN]) == []

    def test_erasing_forgets_what_came_by_a_merge(self, database: Database) -> None:
        """Nothing of the absorbed customer outlives the one who absorbed them."""
        keeper = self.keeper(database)
        with database.write() as connection:
            self.remember(connection, ANN, 1)
            self.remember(connection, BOB, 1)
            keeper.merge_customers(connection, [Merge(kept=ANN, absorbed=BOB, at_us=5)])
            keeper.erase_customers(connection, [ANN])
        with database.read() as connection:
            assert traces_of(connection, [ANN, BOB]) == []


def traces_of(connection: Connection, words: Iterable[str], *, besides: Iterable[str] = ()) -> list[str]:
    """Return `table.column` for every column that holds one of these words, as text or inside a blob.

    Tables named in `besides` are not looked at.
    """
    wanted = [word.encode() for word in words]
    found: list[str] = []
    schema = inspect(connection)
    for table in sorted(set(schema.get_table_names()) - set(besides)):
        columns = [column["name"] for column in schema.get_columns(table)]
        for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"'):
            held = [name for name, value in zip(columns, row, strict=True) if _holds(value, wanted)]
            found.extend(f"{table}.{name}" for name in held if f"{table}.{name}" not in found)
    return found


def _holds(value: Any, wanted: Iterable[bytes]) -> bool:  # Any: a value of any column
    octets = (
        value.encode() if isinstance(value, str) else bytes(value) if isinstance(value, bytes | memoryview) else b""
    )
    return any(word in octets for word in wanted)
