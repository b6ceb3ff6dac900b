"""Which destinations are there, how do they answer, and who is sending to them just now?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, text

from regulars.destinations.core.definition import Definition
from regulars.destinations.core.retrying import Health
from regulars.destinations.store.tables import OF_ONE
from regulars.kernel.sayings import Sentence, text_of, written


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A signing key. After `until_us` it no longer signs; None for the present one. Where it is kept it is sealed."""

    secret: str
    until_us: int | None = None


class Kept(NamedTuple):
    """A destination as it is kept: its settings are one sealed text, and so is each key (see `sealing`)."""

    definition: Definition
    keys: list[Key]


class HealthRow(NamedTuple):
    """How a destination answers, and how much it got since it was made."""

    destination_id: str
    health: Health
    last_error: str
    last_error_said: str
    last_error_us: int | None
    last_good_us: int | None
    delivered: int
    retried: int
    dead: int
    skipped: int


# Which destinations are there, the oldest first?
_ALL = text("SELECT body, keys FROM destinations_definitions ORDER BY destination_id")
_ONE = text("SELECT body, keys FROM destinations_definitions WHERE destination_id = :destination_id")
_PUT = text(
    "INSERT INTO destinations_definitions (destination_id, body, keys) VALUES (:destination_id, :body, :keys) "
    "ON CONFLICT (destination_id) DO UPDATE SET body = excluded.body, keys = excluded.keys"
)
_BEGIN_HEALTH = text(
    "INSERT INTO destinations_health (destination_id) VALUES (:destination_id) ON CONFLICT (destination_id) DO NOTHING"
)
# Has anything changed since?
_VERSION = text("SELECT version FROM destinations_marks WHERE place = 1")
_RAISE_VERSION = text("UPDATE destinations_marks SET version = version + 1 WHERE place = 1")
_HEALTH_COLUMNS = (
    "destination_id, failures, failing_since_us, wait_until_us, last_error, last_error_said, last_error_us, "
    "last_good_us, delivered, retried, dead, skipped"
)
# How do they answer?
_HEALTH = text(f"SELECT {_HEALTH_COLUMNS} FROM destinations_health")
_HEALTH_ONE = text(
    "SELECT failures, failing_since_us, wait_until_us FROM destinations_health WHERE destination_id = :destination_id"
)
_SET_HEALTH = text(
    "UPDATE destinations_health SET failures = :failures, failing_since_us = :failing_since_us, "
    "wait_until_us = :wait_until_us WHERE destination_id = :destination_id"
)
_NOTE_ERROR = text(
    "UPDATE destinations_health SET last_error = :sentence, last_error_said = :said, last_error_us = :now_us "
    "WHERE destination_id = :destination_id"
)
_NOTE_GOOD = text("UPDATE destinations_health SET last_good_us = :now_us WHERE destination_id = :destination_id")
_COUNT = text(
    "UPDATE destinations_health SET delivered = delivered + :delivered, retried = retried + :retried, "
    "dead = dead + :dead, skipped = skipped + :skipped WHERE destination_id = :destination_id"
)
# Take the right to send to a destination, or keep it; nothing when another process has it.
_HOLD = text(
    "UPDATE destinations_health SET holder = :holder, lease_until_us = :until_us "
    "WHERE destination_id = :destination_id AND (holder = :holder OR lease_until_us < :now_us)"
)
_LET_GO = text(
    "UPDATE destinations_health SET holder = '', lease_until_us = 0 "
    "WHERE destination_id = :destination_id AND holder = :holder"
)


def all_kept(connection: Connection) -> list[Kept]:
    """Return every destination, the oldest first."""
    return [_kept(row.body, row.keys) for row in connection.execute(_ALL)]


def one(connection: Connection, destination_id: str) -> Kept | None:
    """Return one destination."""
    row = connection.execute(_ONE, {"destination_id": destination_id}).first()
    return None if row is None else _kept(row[0], row[1])


def put(connection: Connection, definition: Definition, keys: Sequence[Key]) -> None:
    """Keep a destination, in place of the one with its id, and let every process know."""
    given = {"destination_id": definition.destination_id}
    body, told_keys = msgspec.json.encode(definition).decode(), msgspec.json.encode(list(keys)).decode()
    connection.execute(_PUT, {**given, "body": body, "keys": told_keys})
    connection.execute(_BEGIN_HEALTH, given)
    connection.execute(_RAISE_VERSION)


def remove(connection: Connection, destination_id: str) -> bool:
    """Drop a destination with everything that waits for it; False when there was none."""
    found = one(connection, destination_id) is not None
    for table in OF_ONE:
        connection.execute(
            text(f"DELETE FROM {table} WHERE destination_id = :destination_id"), {"destination_id": destination_id}
        )
    connection.execute(_RAISE_VERSION)
    return found


def version(connection: Connection) -> int:
    """Return a number that is raised by every change."""
    return int(connection.execute(_VERSION).scalar_one())


def health(connection: Connection) -> dict[str, HealthRow]:
    """Return how each destination answers."""
    return {
        row.destination_id: HealthRow(
            destination_id=row.destination_id,
            health=Health(
                failures=row.failures, failing_since_us=row.failing_since_us, wait_until_us=row.wait_until_us
            ),
            last_error=row.last_error,
            last_error_said=row.last_error_said,
            last_error_us=row.last_error_us,
            last_good_us=row.last_good_us,
            delivered=row.delivered,
            retried=row.retried,
            dead=row.dead,
            skipped=row.skipped,
        )
        for row in connection.execute(_HEALTH)
    }


def health_of(connection: Connection, destination_id: str) -> Health:
    """Return how one destination answers."""
    row = connection.execute(_HEALTH_ONE, {"destination_id": destination_id}).first()
    return Health() if row is None else Health(**row._mapping)


def set_health(connection: Connection, destination_id: str, now: Health) -> None:
    """Remember how a destination answers."""
    connection.execute(_SET_HEALTH, {"destination_id": destination_id, **msgspec.structs.asdict(now)})


def note_error(connection: Connection, destination_id: str, sentence: Sentence, now_us: int) -> None:
    """Remember what went wrong last."""
    told = {"sentence": text_of(sentence), "said": written(sentence)}
    connection.execute(_NOTE_ERROR, {"destination_id": destination_id, **told, "now_us": now_us})


def note_good(connection: Connection, destination_id: str, now_us: int) -> None:
    """Remember when something was delivered last."""
    connection.execute(_NOTE_GOOD, {"destination_id": destination_id, "now_us": now_us})


class Got(NamedTuple):
    """How many events came to which end."""

    delivered: int = 0
    retried: int = 0
    dead: int = 0
    skipped: int = 0


def count(connection: Connection, destination_id: str, got: Got) -> None:
    """Add to what a destination got since it was made."""
    connection.execute(_COUNT, {"destination_id": destination_id, **got._asdict()})


def hold(connection: Connection, destination_id: str, *, holder: str, now_us: int, until_us: int) -> bool:
    """Take or keep the right to send to a destination; False while another process has it."""
    given = {"destination_id": destination_id, "holder": holder, "now_us": now_us, "until_us": until_us}
    return connection.execute(_HOLD, given).rowcount == 1


def let_go(connection: Connection, destination_id: str, *, holder: str) -> None:
    """Give the right to send back."""
    connection.execute(_LET_GO, {"destination_id": destination_id, "holder": holder})


def _kept(body: str, keys: str) -> Kept:
    return Kept(msgspec.json.decode(body, type=Definition), msgspec.json.decode(keys, type=list[Key]))
