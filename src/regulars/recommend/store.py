"""Questions to the recommendation tables.

Interactions are filed by anchor: the number of the identifier an event came with, which never changes. Whose anchor it
is stands in `recommend_customers` alone, so a merge rewrites a handful of rows and no history. `recommend_interactions`
has no index but its own order: an append costs the same after ten million rows, and erasing walks the table once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, text

from regulars.events.core import Merge
from regulars.kernel.bulk import delete_among, rows_among, write_rows
from regulars.kernel.clock import moment
from regulars.kernel.database import Migration
from regulars.kernel.ids import CustomerId, ItemId
from regulars.recommend.core.slots import Filters, Policy, Slot

PART = "recommend"  # the numbers in these tables are those of one generation of it; see kernel.generations

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        capability="recommend",
        number=1,
        statements=(
            # `crowd` is `country/device`; `slate_id` is what the fact itself named.
            """
            CREATE TABLE recommend_interactions (
                seq BIGINT NOT NULL PRIMARY KEY,
                anchor BIGINT NOT NULL, item_no BIGINT NOT NULL, at_us BIGINT NOT NULL,
                kind SMALLINT NOT NULL, strength REAL NOT NULL, crowd TEXT NOT NULL, slate_id TEXT)""",
            "CREATE TABLE recommend_items (item_no {serial}, item_id TEXT NOT NULL UNIQUE)",
            # `version` grows with each change of an owner: readers ask for what is newer than what they know.
            """
            CREATE TABLE recommend_customers (
                anchor BIGINT NOT NULL PRIMARY KEY, customer_id TEXT NOT NULL, version BIGINT NOT NULL)""",
            "CREATE INDEX recommend_customers_by_customer ON recommend_customers (customer_id)",
            "CREATE INDEX recommend_customers_by_version ON recommend_customers (version)",
            """
            CREATE TABLE recommend_slates (
                slate_seq BIGINT NOT NULL PRIMARY KEY,
                slate_id TEXT NOT NULL, anchor BIGINT, slot TEXT NOT NULL, policy TEXT NOT NULL,
                shown_us BIGINT NOT NULL, after_seq BIGINT NOT NULL, item_nos {blob} NOT NULL)""",
            "CREATE INDEX recommend_slates_by_time ON recommend_slates (shown_us)",
            """
            CREATE TABLE recommend_performance (
                day BIGINT NOT NULL, slot TEXT NOT NULL, policy TEXT NOT NULL,
                shown BIGINT NOT NULL, clicked BIGINT NOT NULL, PRIMARY KEY (day, slot, policy))""",
            "CREATE TABLE recommend_slots (name TEXT NOT NULL PRIMARY KEY, slot {json} NOT NULL)",
            # One row: the next free numbers, and until when an erasure asks for the models to be learned anew.
            """
            CREATE TABLE recommend_state (
                "only" SMALLINT NOT NULL PRIMARY KEY, next_seq BIGINT NOT NULL, next_slate_seq BIGINT NOT NULL,
                next_version BIGINT NOT NULL, erased_version BIGINT NOT NULL)""",
            """
            INSERT INTO recommend_state ("only", next_seq, next_slate_seq, next_version, erased_version)
            VALUES (1, 1, 1, 1, 0)""",
            """
            CREATE TABLE recommend_erasures (version BIGINT NOT NULL PRIMARY KEY, anchors {json} NOT NULL)""",
        ),
    ),
)
DERIVED_TABLES: tuple[str, ...] = (
    "recommend_interactions",
    "recommend_items",
    "recommend_customers",
    "recommend_slates",
    "recommend_performance",
    "recommend_state",
    "recommend_erasures",
)


class InteractionRow(NamedTuple):
    """One item touched by one fact; `at_us` is when it happened, `seq` its place in the order of arrival."""

    seq: int
    anchor: int
    item_no: int
    at_us: int
    kind: int
    strength: float
    crowd: str
    slate_id: str | None = None


class OwnerRow(NamedTuple):
    """Whose anchor it is, since a version."""

    anchor: int
    customer_id: CustomerId
    version: int


class ShownRow(NamedTuple):
    """A slate that was shown. `after_seq` is the interaction that stood last when it was filed."""

    slate_seq: int
    slate_id: str
    anchor: int | None
    slot: str
    policy: str
    shown_us: int
    after_seq: int
    item_nos: bytes


class State(NamedTuple):
    """The next free numbers. `erased_version` is that of the last erasure, 0 when there was none."""

    next_seq: int
    next_slate_seq: int
    next_version: int
    erased_version: int


class PerformanceRow(NamedTuple):
    """A day of one policy in one slot; days count from 1970."""

    day: int
    slot: str
    policy: str
    shown: int
    clicked: int


_STATE = text('SELECT next_seq, next_slate_seq, next_version, erased_version FROM recommend_state WHERE "only" = 1')
_SET_STATE = text(
    "UPDATE recommend_state SET next_seq = :next_seq, next_slate_seq = :next_slate_seq, "
    'next_version = :next_version, erased_version = :erased_version WHERE "only" = 1'
)
_ITEM_NOS = "SELECT item_id, item_no FROM recommend_items WHERE item_id {among}"
_ADD_ITEM = "INSERT INTO recommend_items (item_id) VALUES (?) ON CONFLICT (item_id) DO NOTHING"
_ITEMS_AFTER = text("SELECT item_no, item_id FROM recommend_items WHERE item_no > :after ORDER BY item_no")
_ADD_INTERACTION = (
    "INSERT INTO recommend_interactions (seq, anchor, item_no, at_us, kind, strength, crowd, slate_id) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
# What arrived after :after?
_INTERACTIONS_AFTER = text(
    "SELECT seq, anchor, item_no, at_us, kind, strength, crowd, slate_id FROM recommend_interactions "
    "WHERE seq > :after ORDER BY seq LIMIT :rows"
)
_COUNT_AFTER = text("SELECT COUNT(*) FROM recommend_interactions WHERE seq > :after")
_OWNERS = "SELECT anchor, customer_id, version FROM recommend_customers WHERE anchor {among}"
_ANCHORS_OF = "SELECT anchor, customer_id FROM recommend_customers WHERE customer_id {among}"
_ADD_OWNER = (
    "INSERT INTO recommend_customers (anchor, customer_id, version) VALUES (?, ?, ?) "
    "ON CONFLICT (anchor) DO UPDATE SET customer_id = excluded.customer_id, version = excluded.version"
)
_MOVE = text("UPDATE recommend_customers SET customer_id = :kept, version = :version WHERE customer_id = :absorbed")
_OWNERS_SINCE = text(
    "SELECT anchor, customer_id, version FROM recommend_customers WHERE version > :after ORDER BY version, anchor"
)
_ADD_SLATE = (
    "INSERT INTO recommend_slates (slate_seq, slate_id, anchor, slot, policy, shown_us, after_seq, item_nos) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_SLATES_SINCE = text(
    "SELECT slate_seq, slate_id, anchor, slot, policy, shown_us, after_seq, item_nos "
    "FROM recommend_slates WHERE shown_us >= :since_us AND shown_us < :until_us ORDER BY slate_seq"
)
_FORGET_SLATES = text("DELETE FROM recommend_slates WHERE shown_us < :before_us")
_SET_PERFORMANCE = (
    "INSERT INTO recommend_performance (day, slot, policy, shown, clicked) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (day, slot, policy) DO UPDATE SET shown = excluded.shown, clicked = excluded.clicked"
)
_PERFORMANCE = text(
    "SELECT day, slot, policy, shown, clicked FROM recommend_performance WHERE day >= :first AND day < :end"
)
_OLDEST_SLATE = text("SELECT MIN(shown_us) FROM recommend_slates")
_SLOTS = text("SELECT slot FROM recommend_slots ORDER BY name")
_PUT_SLOT = text(
    "INSERT INTO recommend_slots (name, slot) VALUES (:name, :slot) "
    "ON CONFLICT (name) DO UPDATE SET slot = excluded.slot"
)
_REMOVE_SLOT = text("DELETE FROM recommend_slots WHERE name = :name")
_ERASE_INTERACTIONS = "DELETE FROM recommend_interactions WHERE anchor {among}"
_ERASE_SLATES = "DELETE FROM recommend_slates WHERE anchor {among}"
_ERASE_CUSTOMERS = "DELETE FROM recommend_customers WHERE customer_id {among}"
_ADD_ERASURE = text("INSERT INTO recommend_erasures (version, anchors) VALUES (:version, :anchors)")
_ERASURES = text("SELECT version, anchors FROM recommend_erasures WHERE version > :after ORDER BY version")
_FORGET_ERASURES = text("DELETE FROM recommend_erasures WHERE version <= :through")


def state(connection: Connection) -> State:
    """Return the next free numbers."""
    row = connection.execute(_STATE).one()
    return State(*row)


def set_state(connection: Connection, new: State) -> None:
    """Write the next free numbers."""
    connection.execute(_SET_STATE, new._asdict())


def item_numbers(connection: Connection, item_ids: Sequence[str]) -> dict[str, int]:
    """Return the number of each item, giving new ones to those that have none."""
    wanted = list(dict.fromkeys(item_ids))
    known = {row[0]: int(row[1]) for row in rows_among(connection, _ITEM_NOS, wanted)}
    missing = [(item_id,) for item_id in wanted if item_id not in known]
    if missing:
        write_rows(connection, _ADD_ITEM, missing, "text")
        known |= {row[0]: int(row[1]) for row in rows_among(connection, _ITEM_NOS, [one for (one,) in missing])}
    return known


def items_after(connection: Connection, after: int) -> list[tuple[int, ItemId]]:
    """Return the items whose number is above `after`, in order."""
    return [(int(row[0]), ItemId(row[1])) for row in connection.execute(_ITEMS_AFTER, {"after": after})]


def add_interactions(connection: Connection, rows: Sequence[InteractionRow]) -> None:
    """Append interactions."""
    write_rows(connection, _ADD_INTERACTION, rows, "bigint bigint bigint bigint smallint real text text")


def interactions_after(connection: Connection, after: int, rows_max: int) -> list[InteractionRow]:
    """Return interactions in order of arrival."""
    found = connection.execute(_INTERACTIONS_AFTER, {"after": after, "rows": rows_max})
    return [InteractionRow(*row) for row in found]


def count_interactions_after(connection: Connection, after: int) -> int:
    """Return how many interactions arrived after one."""
    return int(connection.execute(_COUNT_AFTER, {"after": after}).scalar_one())


def owners(connection: Connection, anchors: Sequence[int]) -> dict[int, CustomerId]:
    """Return whose each anchor is, as far as we know it."""
    return {int(row[0]): CustomerId(row[1]) for row in rows_among(connection, _OWNERS, anchors)}


def anchors_of(connection: Connection, customer_ids: Sequence[CustomerId]) -> dict[int, CustomerId]:
    """Return every anchor of these customers."""
    return {int(row[0]): CustomerId(row[1]) for row in rows_among(connection, _ANCHORS_OF, customer_ids)}


def set_owners(connection: Connection, owned: Sequence[OwnerRow]) -> None:
    """Write whose some anchors are, each anchor once."""
    write_rows(connection, _ADD_OWNER, owned, "bigint text bigint")


def move(connection: Connection, merges: Sequence[Merge], version: int) -> int:
    """Give all anchors of each absorbed customer to the one kept; return how many moved."""
    return sum(
        connection.execute(_MOVE, {"kept": merge.kept, "absorbed": merge.absorbed, "version": version}).rowcount
        for merge in merges
    )


def owners_since(connection: Connection, version: int) -> list[OwnerRow]:
    """Return the anchors whose owner is newer than a version."""
    return [OwnerRow(*row) for row in connection.execute(_OWNERS_SINCE, {"after": version})]


def add_slates(connection: Connection, rows: Sequence[ShownRow]) -> None:
    """Append slates that were shown."""
    write_rows(connection, _ADD_SLATE, rows, "bigint text bigint text text bigint bigint bytea")


def slates_between(connection: Connection, since_us: int, until_us: int) -> list[ShownRow]:
    """Return the slates shown in a span of time, in order of arrival."""
    return [ShownRow(*row) for row in connection.execute(_SLATES_SINCE, {"since_us": since_us, "until_us": until_us})]


def oldest_slate_us(connection: Connection) -> int | None:
    """Return when the oldest slate kept was shown."""
    found = connection.execute(_OLDEST_SLATE).scalar()
    return None if found is None else int(found)


def forget_slates(connection: Connection, before_us: int) -> int:
    """Drop slates shown before a moment and return how many went."""
    return connection.execute(_FORGET_SLATES, {"before_us": before_us}).rowcount


def set_performance(connection: Connection, rows: Sequence[PerformanceRow]) -> None:
    """Keep the figures of days that are over."""
    write_rows(connection, _SET_PERFORMANCE, rows)


def performance(connection: Connection, first_day: int, end_day: int) -> list[PerformanceRow]:
    """Return the figures kept of days from `first_day` up to but not including `end_day`."""
    found = connection.execute(_PERFORMANCE, {"first": first_day, "end": end_day})
    return [PerformanceRow(*row) for row in found]


class _SlotRow(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    title: str
    policy: Policy
    count: int
    filters: Filters
    diversity: float
    novelty: float
    experiment_key: str | None
    updated_us: int


def slots(connection: Connection) -> list[Slot]:
    """Return every slot, in order of name."""
    rows = (msgspec.json.decode(row[0], type=_SlotRow) for row in connection.execute(_SLOTS))
    return [
        Slot(
            name=row.name, title=row.title, policy=row.policy, count=row.count, filters=row.filters,
            diversity=row.diversity, novelty=row.novelty, experiment_key=row.experiment_key,
            updated_at=moment(row.updated_us),
        )
        for row in rows
    ]  # fmt: skip


def put_slot(connection: Connection, slot: Slot, updated_us: int) -> None:
    """Keep a slot, in place of the one of its name."""
    row = _SlotRow(
        name=slot.name, title=slot.title, policy=slot.policy, count=slot.count, filters=slot.filters,
        diversity=slot.diversity, novelty=slot.novelty, experiment_key=slot.experiment_key, updated_us=updated_us,
    )  # fmt: skip
    connection.execute(_PUT_SLOT, {"name": slot.name, "slot": msgspec.json.encode(row).decode()})


def remove_slot(connection: Connection, name: str) -> int:
    """Drop a slot and return how many there were."""
    return connection.execute(_REMOVE_SLOT, {"name": name}).rowcount


def erase(connection: Connection, customer_ids: Sequence[CustomerId]) -> int:
    """Remove every row of these customers, tell readers by anchor, and return how many rows went."""
    anchors = sorted(anchors_of(connection, customer_ids))
    gone = 0
    if anchors:
        gone += delete_among(connection, _ERASE_INTERACTIONS, anchors)
        gone += delete_among(connection, _ERASE_SLATES, anchors)
        gone += delete_among(connection, _ERASE_CUSTOMERS, customer_ids)
        now = state(connection)
        connection.execute(
            _ADD_ERASURE, {"version": now.next_version, "anchors": msgspec.json.encode(anchors).decode()}
        )
        set_state(connection, now._replace(next_version=now.next_version + 1, erased_version=now.next_version))
    return gone


def erasures_since(connection: Connection, version: int) -> Iterator[tuple[int, list[int]]]:
    """Return (version, anchors) of every erasure newer than a version."""
    for row in connection.execute(_ERASURES, {"after": version}):
        yield int(row[0]), msgspec.json.decode(row[1], type=list[int])


def forget_erasures(connection: Connection, through: int) -> None:
    """Drop the news of erasures that no kept model remembers."""
    connection.execute(_FORGET_ERASURES, {"through": through})
