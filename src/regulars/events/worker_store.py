"""Questions to the worker's own tables: how far it has read, what it has seen, what must leave, what it gave up on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple  # Any: rows as the driver gives them

from sqlalchemy import Connection, Row, text

from regulars.events.core import Position
from regulars.kernel import generations
from regulars.kernel.bulk import rows_among, write_rows
from regulars.kernel.database import Migration

CONSUMER = "street"
PAGE_BITS = 20  # of a place; a run has at most this many bits' worth of pages

MIGRATIONS: tuple[Migration, ...] = (
    *generations.MIGRATIONS,
    Migration(
        capability="worker",
        number=1,
        statements=(
            # `reached` is the offset of the last record that has taken effect.
            """
            CREATE TABLE events_offsets (
                consumer TEXT NOT NULL, partition TEXT NOT NULL, reached BIGINT NOT NULL,
                PRIMARY KEY (consumer, partition))""",
            # One row: whoever raises `batches` holds the street until the commit.
            "CREATE TABLE events_street (consumer TEXT NOT NULL PRIMARY KEY, batches BIGINT NOT NULL)",
            f"INSERT INTO events_street (consumer, batches) VALUES ('{CONSUMER}', 0)",
            "CREATE TABLE events_outbox (outbox_id {serial}, payload {blob} NOT NULL)",
            """
            CREATE TABLE events_dead_letters (
                letter_id {serial},
                event_id TEXT, source_id TEXT, message_id TEXT, user_id TEXT, anonymous_id TEXT,
                partition TEXT NOT NULL, record_offset BIGINT NOT NULL, item_index INTEGER,
                at_us BIGINT NOT NULL, projection TEXT NOT NULL, reason TEXT NOT NULL, raw {blob} NOT NULL)""",
            "CREATE INDEX events_dead_letters_by_user ON events_dead_letters (user_id)",
            "CREATE INDEX events_dead_letters_by_anonymous ON events_dead_letters (anonymous_id)",
            # Keys of the newest events, a row per batch, 16 bytes each, in the order they were seen.
            """
            CREATE TABLE events_seen_young (
                young_id BIGINT NOT NULL PRIMARY KEY, newest_us BIGINT NOT NULL, keys {blob} NOT NULL)""",
            # Sealed runs of older keys: a filter to say "surely new", and the keys by their first bits to be exact.
            """
            CREATE TABLE events_seen_runs (
                run_id BIGINT NOT NULL PRIMARY KEY, newest_us BIGINT NOT NULL, filter {blob} NOT NULL)""",
            # `place` is the run's number and the page within it (`place_of`).
            "CREATE TABLE events_seen_pages (place BIGINT NOT NULL PRIMARY KEY, keys {blob} NOT NULL)",
        ),
    ),
    Migration(
        capability="worker",
        number=2,
        statements=(
            # `raw` is empty where the log still holds what was sent, at this place. A letter is kept by its place, so
            # that reading the log again buries nothing twice and opens nothing that was closed.
            "ALTER TABLE events_dead_letters ADD COLUMN code TEXT NOT NULL DEFAULT 'projection_failed'",
            "ALTER TABLE events_dead_letters ADD COLUMN name TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE events_dead_letters ADD COLUMN received_us BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE events_dead_letters ADD COLUMN state TEXT NOT NULL DEFAULT 'open'",
            "ALTER TABLE events_dead_letters ADD COLUMN changed_us BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE events_dead_letters ADD COLUMN change_id TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE events_dead_letters ADD COLUMN problem TEXT NOT NULL DEFAULT ''",
            "UPDATE events_dead_letters SET received_us = at_us",
            "UPDATE events_dead_letters SET code = 'plan_blocked' WHERE projection = 'plan'",
            "UPDATE events_dead_letters SET code = 'unreadable_record' WHERE projection = 'decode'",
            """
            DELETE FROM events_dead_letters WHERE letter_id NOT IN (
                SELECT MIN(letter_id) FROM events_dead_letters
                GROUP BY partition, record_offset, COALESCE(item_index, -1), projection)""",
            """
            CREATE UNIQUE INDEX events_dead_letters_by_place
            ON events_dead_letters (partition, record_offset, (COALESCE(item_index, -1)), projection)""",
            "CREATE INDEX events_dead_letters_by_state ON events_dead_letters (state, letter_id)",
            "CREATE INDEX events_dead_letters_by_code ON events_dead_letters (state, code, letter_id)",
            "CREATE INDEX events_dead_letters_by_source ON events_dead_letters (state, source_id, letter_id)",
            "CREATE INDEX events_dead_letters_by_name ON events_dead_letters (state, name, letter_id)",
            "CREATE INDEX events_dead_letters_by_change ON events_dead_letters (change_id)",
            "CREATE INDEX events_dead_letters_by_age ON events_dead_letters (at_us)",
        ),
    ),
    Migration(
        capability="worker",
        number=3,
        statements=(
            # Holds all that the sums by kind ask for; see decisions/dead-letters.
            """
            CREATE INDEX events_dead_letters_by_kind
            ON events_dead_letters (state, projection, source_id, code, received_us)""",
        ),
    ),
    Migration(
        capability="worker",
        number=4,
        statements=(
            # Which reason `problem` has and which sentence it is, for whoever says it in another language.
            "ALTER TABLE events_dead_letters ADD COLUMN problem_code TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE events_dead_letters ADD COLUMN problem_said TEXT NOT NULL DEFAULT ''",
        ),
    ),
)
DERIVED_TABLES: tuple[str, ...] = (
    "events_dead_letters",
    "events_seen_young",
    "events_seen_runs",
    "events_seen_pages",
)

# Whose turn is it? The row's lock is held until the commit, so that two workers never take the same records.
_TAKE_THE_STREET = text("UPDATE events_street SET batches = batches + 1 WHERE consumer = :consumer")
# How far has this consumer read?
_OFFSETS = text("SELECT partition, reached FROM events_offsets WHERE consumer = :consumer")
# Who reads the log, and how far is each?
_CONSUMERS = text("SELECT consumer, partition, reached FROM events_offsets ORDER BY consumer, partition")
_FORGET_CONSUMER = text("DELETE FROM events_offsets WHERE consumer = :consumer")
_SET_OFFSET = """
INSERT INTO events_offsets (consumer, partition, reached) VALUES (?, ?, ?)
ON CONFLICT (consumer, partition) DO UPDATE SET reached = excluded.reached"""
# What has not left yet, oldest first?
_WAITING = text("SELECT outbox_id, payload FROM events_outbox ORDER BY outbox_id LIMIT :rows")
_LEAVE = text("INSERT INTO events_outbox (payload) VALUES (:payload)")
_HAS_LEFT = text("DELETE FROM events_outbox WHERE outbox_id <= :outbox_id")
_BURY = """
INSERT INTO events_dead_letters (event_id, source_id, message_id, user_id, anonymous_id, partition, record_offset,
    item_index, at_us, projection, reason, raw, code, name, received_us)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (partition, record_offset, (COALESCE(item_index, -1)), projection) DO NOTHING"""
LETTER_STANDING = "state, changed_us, change_id, problem"
LETTER_COLUMNS = """letter_id, event_id, source_id, message_id, user_id, anonymous_id, partition, record_offset,
    item_index, at_us, projection, reason, raw, code, name, received_us"""
# Which open letters that a projection could not take in came after this one, oldest first?
_LETTERS = text(f"""
SELECT {LETTER_COLUMNS} FROM events_dead_letters
WHERE state = 'open' AND letter_id > :after AND code = 'projection_failed' ORDER BY letter_id LIMIT :rows""")
_COUNT_LETTERS = text("SELECT COUNT(*) FROM events_dead_letters WHERE state = 'open'")
# Which letters were dealt with, and so must not take effect when the log is read again?
_CLOSED = text("""
SELECT partition, record_offset, item_index FROM events_dead_letters
WHERE state <> 'open' AND item_index IS NOT NULL""")
_COUNT_FAILED = text("SELECT COUNT(*) FROM events_dead_letters WHERE code = 'projection_failed'")
_BURIED = text("SELECT event_id FROM events_dead_letters WHERE event_id IS NOT NULL")
_ALL_LETTERS = text(f"SELECT {LETTER_COLUMNS}, {LETTER_STANDING} FROM events_dead_letters ORDER BY letter_id")
_NO_LETTERS = text("DELETE FROM events_dead_letters")
_PUT_LETTER = f"""
INSERT INTO events_dead_letters ({LETTER_COLUMNS}, {LETTER_STANDING})
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
# Numbers that were given by hand must not be given again (PostgreSQL; SQLite sees to it itself).
_NEXT_LETTER = text("""
SELECT setval(pg_get_serial_sequence('events_dead_letters', 'letter_id'),
    (SELECT COALESCE(MAX(letter_id), 0) + 1 FROM events_dead_letters), false)""")
_REVIVE = text("DELETE FROM events_dead_letters WHERE letter_id = :letter_id")
# Which letters name one of these people? On a shared device only those that name nobody else.
_LETTERS_OF_USERS = "SELECT letter_id FROM events_dead_letters WHERE user_id {among}"
_LETTERS_OF_ANONYMOUS = "SELECT letter_id FROM events_dead_letters WHERE user_id IS NULL AND anonymous_id {among}"
_FORGET_LETTER = "DELETE FROM events_dead_letters WHERE letter_id = ?"

# Which items of these records repeated a message id with other content?
_DIFFERING = text("""
SELECT record_offset, item_index FROM events_dead_letters
WHERE partition = :partition AND record_offset BETWEEN :first AND :last AND projection = 'dedupe'""")


class DeadLetter(NamedTuple):
    """Something that was sent and has not taken effect: an item, or a whole record when `item_index` is None.

    `raw` is empty where the log holds what was sent; it is the event, packed, when a projection could not take it in.
    """

    letter_id: int
    event_id: str | None
    source_id: str | None
    message_id: str | None
    user_id: str | None
    anonymous_id: str | None
    partition: str
    record_offset: int
    item_index: int | None
    at_us: int
    projection: str
    reason: str
    raw: bytes
    code: str = "projection_failed"
    name: str = ""
    received_us: int = 0


def take_the_street(connection: Connection) -> None:
    """Wait until this is the only worker between here and the commit."""
    connection.execute(_TAKE_THE_STREET, {"consumer": CONSUMER})


def offsets(connection: Connection, consumer: str = CONSUMER) -> dict[str, int]:
    """Return the offset of the last record of each partition that has taken effect for a consumer of the log."""
    return {row.partition: row.reached for row in connection.execute(_OFFSETS, {"consumer": consumer})}


def set_offsets(connection: Connection, reached: Mapping[str, int], consumer: str = CONSUMER) -> None:
    """Remember how far a consumer has read; its first offsets make it known, and the log waits for it from then on."""
    write_rows(connection, _SET_OFFSET, [(consumer, partition, at) for partition, at in reached.items()])


def forget_consumer(connection: Connection, consumer: str) -> None:
    """Let the log wait for a consumer no longer."""
    assert consumer != CONSUMER, "the log always waits for the street"
    connection.execute(_FORGET_CONSUMER, {"consumer": consumer})


def consumers(connection: Connection) -> dict[str, dict[str, int]]:
    """Return how far everybody who reads the log on their own has come, the street first."""
    found: dict[str, dict[str, int]] = {CONSUMER: {}}
    for row in connection.execute(_CONSUMERS):
        found.setdefault(row.consumer, {})[row.partition] = row.reached
    return found


def floors(connection: Connection) -> dict[str, int]:
    """Return the offset through which every consumer has read each partition; nothing above may be forgotten.

    A partition that is left out, like one that some consumer has not begun, has a floor of 0.
    """
    return {partition: reached for partition, (reached, _) in floors_of(consumers(connection)).items()}


def floors_of(reached: Mapping[str, Mapping[str, int]]) -> dict[str, tuple[int, str]]:
    """Return the floor of each partition and the consumer that is furthest behind there.

    >>> floors_of({"street": {"web-0": 9, "web-1": 4}, "parquet": {"web-0": 7}})
    {'web-0': (7, 'parquet'), 'web-1': (0, 'parquet')}
    """
    partitions = sorted({partition for offsets_of in reached.values() for partition in offsets_of})
    return {
        partition: min((offsets_of.get(partition, 0), consumer) for consumer, offsets_of in reached.items())
        for partition in partitions
    }


def leave_by_outbox(connection: Connection, payload: bytes) -> None:
    """Put a log record into the outbox."""
    connection.execute(_LEAVE, {"payload": payload})


def waiting(connection: Connection, rows_max: int) -> list[tuple[int, bytes]]:
    """Return the oldest records of the outbox with their numbers."""
    return [(row.outbox_id, bytes(row.payload)) for row in connection.execute(_WAITING, {"rows": rows_max})]


def has_left(connection: Connection, through: int) -> None:
    """Forget what has been relayed."""
    connection.execute(_HAS_LEFT, {"outbox_id": through})


def bury(connection: Connection, *letters: DeadLetter) -> None:
    """Keep what could not be taken in, each once; its own `letter_id` is given by the table."""
    write_rows(connection, _BURY, [tuple(letter)[1:] for letter in letters])


def closed_letters(connection: Connection) -> set[Position]:
    """Return the places of the letters that were sent again or discarded."""
    return {Position(row.partition, row.record_offset, row.item_index) for row in connection.execute(_CLOSED)}


def dead_letters(connection: Connection, *, after: int, rows_max: int) -> list[DeadLetter]:
    """Return the open letters that a projection could not take in, oldest first."""
    rows = connection.execute(_LETTERS, {"after": after, "rows": rows_max})
    return [DeadLetter(**{**row, "raw": bytes(row["raw"])}) for row in rows.mappings()]


def count_dead_letters(connection: Connection) -> int:
    """Return how many dead letters are open."""
    return int(connection.execute(_COUNT_LETTERS).scalar_one())


def buried_events(connection: Connection) -> set[str]:
    """Return the ids of all events that were laid aside."""
    return {str(row[0]) for row in connection.execute(_BURIED)}


def carry_letters(old: Connection, new: Connection, started: Mapping[str, int]) -> list[int]:
    """Let the letters of a new state stand as people left those of the old, under the same numbers.

    Those whose records the log has let go through these offsets are carried over; those whose events have taken effect
    in the new state go. Return the letters that were sent again although their event has taken effect there: it would
    count twice.
    """
    before = {_place_of_letter(row): row for row in old.execute(_ALL_LETTERS)}
    after = {_place_of_letter(row): tuple(row) for row in new.execute(_ALL_LETTERS)}
    gone = {place: row for place, row in before.items() if place not in after}
    kept = [row for row in gone.values() if row.record_offset <= started.get(row.partition, 0)]
    twice = [row.letter_id for row in gone.values() if row not in kept and row.state == "retried"]
    number = max((row.letter_id for row in before.values()), default=0)
    merged = [tuple(row) for row in kept]
    for place, row in after.items():
        if place in before:
            merged.append(tuple(before[place]))
        else:
            number += 1
            merged.append((number, *row[1:]))
    new.execute(_NO_LETTERS)
    write_rows(new, _PUT_LETTER, sorted(merged))
    if new.dialect.name == "postgresql":
        new.execute(_NEXT_LETTER)
    return twice


def _place_of_letter(row: Row[Any]) -> tuple[str, int, int]:
    return row.partition, row.record_offset, -1 if row.item_index is None else row.item_index


def erase_dead_letters(
    connection: Connection, *, user_ids: Iterable[str] = (), anonymous_ids: Iterable[str] = ()
) -> int:
    """Remove the dead letters that name one of these people and return how many went."""
    found: set[int] = set()
    for statement, keys in ((_LETTERS_OF_USERS, user_ids), (_LETTERS_OF_ANONYMOUS, anonymous_ids)):
        found |= {row[0] for row in rows_among(connection, statement, keys)}
    write_rows(connection, _FORGET_LETTER, [(letter_id,) for letter_id in sorted(found)])
    return len(found)


def count_failed(connection: Connection) -> int:
    """Return how many events a projection could not take in."""
    return int(connection.execute(_COUNT_FAILED).scalar_one())


def revive(connection: Connection, letter_id: int) -> None:
    """Take a letter out, because its event has taken effect after all."""
    connection.execute(_REVIVE, {"letter_id": letter_id})


def differing(connection: Connection, partition: str, first: int, last: int) -> dict[int, set[int]]:
    """Return the items that repeated a message id with other content, by the offset of their record."""
    found: dict[int, set[int]] = {}
    for row in connection.execute(_DIFFERING, {"partition": partition, "first": first, "last": last}):
        found.setdefault(row.record_offset, set()).add(row.item_index)
    return found


# What do the newest keys and the sealed runs look like now?
_MARKS = text("""
SELECT (SELECT MAX(young_id) FROM events_seen_young) AS young, (SELECT MAX(run_id) FROM events_seen_runs) AS run""")
_YOUNG = text("SELECT young_id, newest_us, keys FROM events_seen_young ORDER BY young_id")
_RUNS = text("SELECT run_id, newest_us, filter FROM events_seen_runs WHERE run_id > :after ORDER BY run_id LIMIT :rows")
_RUN_IDS = text("SELECT run_id FROM events_seen_runs ORDER BY run_id")
_OLD_RUN_IDS = text("SELECT run_id FROM events_seen_runs WHERE newest_us < :before_us")
_ADD_YOUNG = "INSERT INTO events_seen_young (young_id, newest_us, keys) VALUES (?, ?, ?)"
_CLEAR_YOUNG = text("DELETE FROM events_seen_young")
_ADD_RUN = "INSERT INTO events_seen_runs (run_id, newest_us, filter) VALUES (?, ?, ?)"
_ADD_PAGE = "INSERT INTO events_seen_pages (place, keys) VALUES (?, ?)"
# Which keys stand on these pages?
_PAGES = "SELECT place, keys FROM events_seen_pages WHERE place {among}"
_DROP_RUN = text("DELETE FROM events_seen_runs WHERE run_id = :run_id")
_DROP_PAGES = text("DELETE FROM events_seen_pages WHERE place >= :first AND place < :end")


class SeenRow(NamedTuple):
    """A row of young keys, or a sealed run with its filter."""

    number: int
    newest_us: int
    bytes_: bytes


def seen_marks(connection: Connection) -> tuple[int, int]:
    """Return the newest young row and the newest run, 0 where there is none: whoever knows both knows all."""
    row = connection.execute(_MARKS).one()
    return int(row.young or 0), int(row.run or 0)


def young_rows(connection: Connection) -> list[SeenRow]:
    """Return the newest keys, oldest row first."""
    return [SeenRow(row[0], row[1], bytes(row[2])) for row in connection.execute(_YOUNG)]


def runs(connection: Connection, *, after: int, rows_max: int) -> list[SeenRow]:
    """Return the first sealed runs after this one with their filters, oldest first."""
    rows = connection.execute(_RUNS, {"after": after, "rows": rows_max})
    return [SeenRow(row[0], row[1], bytes(row[2])) for row in rows]


def run_ids(connection: Connection) -> list[int]:
    """Return the numbers of the sealed runs, oldest first."""
    return [int(row[0]) for row in connection.execute(_RUN_IDS)]


def add_young(connection: Connection, row: SeenRow) -> None:
    """Remember the keys of one batch."""
    write_rows(connection, _ADD_YOUNG, [tuple(row)])


def clear_young(connection: Connection) -> None:
    """Forget the young rows, which a run has taken over."""
    connection.execute(_CLEAR_YOUNG)


def add_run(connection: Connection, run: SeenRow, pages: Sequence[tuple[int, bytes]]) -> None:
    """Keep a sealed run."""
    write_rows(connection, _ADD_RUN, [tuple(run)])
    write_rows(connection, _ADD_PAGE, [(place_of(run.number, page), keys) for page, keys in pages], "bigint bytea")


def place_of(run_id: int, page: int) -> int:
    """Return the number under which a page of a run is kept."""
    return run_id << PAGE_BITS | page


def pages(connection: Connection, places: Iterable[int]) -> dict[int, bytes]:
    """Return the keys on each of these pages; those without keys are left out."""
    return {row[0]: bytes(row[1]) for row in rows_among(connection, _PAGES, places)}


def drop_runs_older_than(connection: Connection, before_us: int) -> None:
    """Forget the runs whose keys were all received before this moment."""
    for row in connection.execute(_OLD_RUN_IDS, {"before_us": before_us}).all():
        places = {"first": place_of(row.run_id, 0), "end": place_of(row.run_id + 1, 0)}
        connection.execute(_DROP_PAGES, places)
        connection.execute(_DROP_RUN, {"run_id": row.run_id})
