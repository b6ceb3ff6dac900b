"""What a row of history is, where its file lies, and which small files are worth merging. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from regulars.kernel.clock import moment

FOLDER = "lake/events"
FILE_EVENTS_MAX = 1_000_000  # a merge holds its rows in memory: 1 M of 400 bytes are some 400 MB
MERGE_FILES_MIN = 4
OWN_SOURCE = "regulars"  # the source id of facts that the shop itself appends


class LakeRow(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One event of history, with the identifiers it came with.

    `properties` and `context` are JSON texts. Moments are microseconds since 1970. `partition`, `offset` and `index`
    are its place in the log.
    """

    event_id: str
    source_id: str
    message_id: str
    call: str
    name: str
    user_id: str | None
    anonymous_id: str | None
    previous_id: str | None
    group_id: str | None
    properties: bytes
    context: bytes
    occurred_us: int
    received_us: int
    original_us: int | None
    sent_us: int | None
    partition: str
    offset: int
    index: int


class LakeFile(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file of history: the events of a day (UTC) among those staged as `first_seq` … `last_seq`."""

    path: str
    day: str
    first_seq: int
    last_seq: int
    events: int
    size_bytes: int


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """Whose events are to go: those with one of the user ids, and those without a user id but with an anonymous id.

    On a shared device an anonymous id has events of several people; one that carries somebody else's user id stays.
    Facts of our own (merges, slates shown) name customers by our own ids, within their properties: with `customer_ids`
    those go as well.
    """

    user_ids: frozenset[str] = frozenset()
    anonymous_ids: frozenset[str] = frozenset()
    customer_ids: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is anybody to forget."""
        return bool(self.user_ids or self.anonymous_ids or self.customer_ids)

    def covers(self, *, user_id: str | None, anonymous_id: str | None, previous_id: str | None = None) -> bool:
        """Return whether an event with these identifiers must go.

        >>> ann = Forgotten(user_ids=frozenset({"ann"}), anonymous_ids=frozenset({"a1"}))
        >>> ann.covers(user_id=None, anonymous_id="a1"), ann.covers(user_id="bob", anonymous_id="a1")
        (True, False)
        """
        if user_id in self.user_ids or previous_id in self.user_ids:
            return True
        return user_id is None and (anonymous_id in self.anonymous_ids or previous_id in self.anonymous_ids)

    def covers_fact(self, *, source_id: str, properties: bytes) -> bool:
        """Return whether a fact of our own names somebody who must be forgotten."""
        return source_id == OWN_SOURCE and any(one.encode() in properties for one in self.customer_ids)


def day_of(occurred_us: int) -> str:
    """Return the UTC day of a moment, the name of its partition.

    >>> day_of(0), day_of(86_400_000_000 - 1), day_of(-1)
    ('1970-01-01', '1970-01-01', '1969-12-31')
    """
    return moment(occurred_us).date().isoformat()


def path_of(day: str, *, first_seq: int, last_seq: int, token: str) -> str:
    """Return where a new file lies. The token (a UUIDv7) makes it unique and tells when it was begun.

    >>> path_of("2026-10-01", first_seq=1, last_seq=20, token="t")
    'lake/events/date=2026-10-01/1-20-t.parquet'
    """
    return f"{FOLDER}/date={day}/{first_seq}-{last_seq}-{token}.parquet"


def begun_us(path: str) -> int | None:
    """Return when a file was begun, None when the name is not one of ours.

    >>> begun_us("lake/events/date=2026-10-01/1-20-019a0000-0000-7000-8000-000000000000.parquet")
    1760936591360000
    """
    token = path.rsplit("/", 1)[-1].removesuffix(".parquet").split("-", 2)[-1].replace("-", "")
    try:
        return (int(token, 16) >> 80) * 1000 if len(token) == 32 else None
    except ValueError:
        return None


def files_to_merge(files: Sequence[LakeFile]) -> list[LakeFile]:
    """Return which files of one day are worth merging now, none when it is not yet worth it.

    Takes the longest run of smallest files in which none is larger than all before it together, if they are four or
    more. A row is so rewritten about log₂ (rows of the day) times over its life, and a day keeps about as many files.
    """
    small = sorted((file for file in files if file.events < FILE_EVENTS_MAX), key=lambda file: (file.events, file.path))
    best = total = 0
    for number, file in enumerate(small, 1):
        if total + file.events > FILE_EVENTS_MAX:
            break
        if number <= 2 or file.events <= total:
            best = number
        total += file.events
    return small[:best] if best >= MERGE_FILES_MIN else []
