"""How far may the log be forgotten? As far as everybody has read it."""

from __future__ import annotations

import pytest

from regulars.events import worker_store as store
from regulars.testing.street import Street


def test_the_floor_of_a_partition_is_where_the_slowest_consumer_stands(street: Street) -> None:
    with street.database.write() as connection:
        store.set_offsets(connection, {"web-0": 90, "web-1": 40})
        store.set_offsets(connection, {"web-0": 70, "web-1": 60}, consumer="parquet")
        assert store.floors(connection) == {"web-0": 70, "web-1": 40}
        assert store.offsets(connection) == {"web-0": 90, "web-1": 40}
        assert store.offsets(connection, "parquet") == {"web-0": 70, "web-1": 60}


def test_a_partition_that_a_consumer_has_not_begun_is_kept_whole(street: Street) -> None:
    with street.database.write() as connection:
        store.set_offsets(connection, {"web-0": 90, "web-1": 40})
        store.set_offsets(connection, {"web-0": 70}, consumer="parquet")
        assert store.floors(connection) == {"web-0": 70, "web-1": 0}


def test_the_street_counts_before_it_has_read_anything(street: Street) -> None:
    with street.database.write() as connection:
        assert store.floors(connection) == {}
        store.set_offsets(connection, {"web-0": 70}, consumer="parquet")
        assert store.floors(connection) == {"web-0": 0}


def test_the_log_no_longer_waits_for_a_consumer_that_is_forgotten(street: Street) -> None:
    with street.database.write() as connection:
        store.set_offsets(connection, {"web-0": 90})
        store.set_offsets(connection, {"web-0": 5}, consumer="replay")
        store.forget_consumer(connection, "replay")
        assert store.floors(connection) == {"web-0": 90}
        with pytest.raises(AssertionError, match="the street"):
            store.forget_consumer(connection, store.CONSUMER)
