"""What can be done with dead letters: found, read, mended and sent again, discarded, taken back, forgotten."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection

from regulars.events import store as events_store
from regulars.events.burying import DECODE
from regulars.events.core import Event
from regulars.events.letters import store
from regulars.events.letters.core import (
    Letter,
    LetterChange,
    LetterGroup,
    LetterInFull,
    LetterPreview,
    LetterState,
    Operation,
    PreviewOfMany,
    Wanted,
    look_at,
)
from regulars.events.letters.mending import Mending, covered_text
from regulars.events.letters.reading import for_keeping, held
from regulars.events.letters.store import LetterRow, Query
from regulars.events.live import Live
from regulars.events.record import HookStamp
from regulars.events.redact import Covers, redacted
from regulars.events.shown import EventInFull
from regulars.events.worker_store import erase_dead_letters
from regulars.kernel.clock import Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import NotFoundError
from regulars.kernel.eventlog import EventLog, Record
from regulars.kernel.http import Page, decode_cursor, page_of
from regulars.kernel.ids import new_id
from regulars.kernel.sayings import read, said
from regulars.kernel.settings import EventsSettings

if TYPE_CHECKING:
    from regulars.kernel.jobs import JobRun

NEWEST = (1 << 62) - 1
KEPT_A_TIME = 500
LOOKED_A_TIME = 1_000

TakeOut = Callable[[str, str, bytes, str], tuple[bytes, str]]
IdentifiersOf = Callable[[str], Sequence[tuple[str, str]]]
FirstOf = Callable[[str, str], str | None]


def _as_said(customer: str) -> Sequence[tuple[str, str]]:
    return [("user_id", customer), ("anonymous_id", customer)]


class Letters:
    """The dead letters of a shop.

    `identifiers_of` turns what somebody calls a customer into identifiers; `first_of` tells the event that came first
    with a source's message id. Both belong to capabilities that know more, and are set by the shop. Where `covered` is
    asked for, what a tracking plan marks as personal cannot be read, and a text of one's own is not taken.
    """

    def __init__(
        self, *, database: Database, clock: Clock, log: EventLog, live: Live, settings: EventsSettings | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._log = log
        self._live = live
        self._settings = settings or EventsSettings()
        self._mending = Mending(database=database, clock=clock, log=log, live=live, settings=self._settings)
        self.identifiers_of: IdentifiersOf = _as_said
        self.first_of: FirstOf = lambda _source_id, _message_id: None

    def search(self, wanted: Wanted, *, cursor: str | None = None, limit: int = 50) -> Page[Letter]:
        """Return letters, the newest first."""
        before = decode_cursor(cursor, int) or NEWEST
        with self._database.read() as connection:
            rows = store.letters(connection, self._query(wanted), before=before, rows_max=limit + 1)
            names = _source_names(connection)
        return page_of(
            rows, limit=limit, place_of=lambda row: row.letter.letter_id, item_of=lambda row: _letter(row, names)
        )

    def groups(self, state: LetterState = LetterState.OPEN) -> list[LetterGroup]:
        """Return how many letters there are of each kind, most first."""
        with self._database.read() as connection:
            rows = store.groups(connection, state)
            names = _source_names(connection)
        return [
            LetterGroup(
                stopped_by=row.projection,
                source_id=row.source_id,
                source_name=names.get(row.source_id, ""),
                code=row.code,
                letters=int(row.letters),
                first_at=moment(row.first_us),
                last_at=moment(row.last_us),
            )
            for row in rows
        ]

    @property
    def take_out(self) -> TakeOut:
        """What hashes or drops personal fields of a request before it is kept, as the door does."""
        return self._mending.take_out

    @take_out.setter
    def take_out(self, take_out: TakeOut) -> None:
        self._mending.take_out = take_out

    @property
    def stamped_now(self) -> Callable[[HookStamp], HookStamp]:
        """What gives a delivery of an inbound webhook the mapping that holds now."""
        return self._mending.stamped_now

    @stamped_now.setter
    def stamped_now(self, stamped_now: Callable[[HookStamp], HookStamp]) -> None:
        self._mending.stamped_now = stamped_now

    def find(self, letter_id: int, *, covered: bool = False) -> LetterInFull:
        """Return one letter with what was sent, and what the rules of today say of it.

        Raises
        ------
        NotFoundError
            When there is none.

        """
        row, names = self._row(letter_id)
        what = self._mending.held(row.letter)
        text, is_text = what.text
        cover = self._mending.cover(what, covered=covered)
        return LetterInFull(
            letter=_letter(row, names),
            text=covered_text(text, what, cover) if cover else text,
            whole=what.whole,
            is_text=is_text,
            is_batch=what.origin.is_batch,
            is_covered=cover is not None,
            faults=[] if what.is_gone else look_at(text, what.origin).faults,
            ip="" if cover is not None and cover.hides_address else what.origin.ip,
            user_agent=what.origin.user_agent,
            path=what.origin.path,
            status=what.status,
        )

    def first_version(self, letter_id: int, *, covered: bool = False) -> EventInFull | None:
        """Return the event that came first under the letter's message id, None when history no longer has it."""
        row, _ = self._row(letter_id)
        letter = row.letter
        if letter.source_id is None or letter.message_id is None:
            return None
        event_id = self.first_of(letter.source_id, letter.message_id)
        if event_id is None:
            return None
        try:
            return self._live.find(event_id, covered=covered)
        except NotFoundError:
            return None

    def preview(
        self, letter_id: int, text: str | None = None, *, source_id: str | None = None, covered: bool = False
    ) -> LetterPreview:
        """Return what a letter would become with another text: events, or what is still wrong."""
        row, _ = self._row(letter_id)
        return self._mending.preview(row.letter, text, source_id, covered=covered)

    def retry(
        self, letter_id: int, text: str | None = None, *, source_id: str | None = None, covered: bool = False
    ) -> Letter:
        """Send a letter again, mended when a text is given; return it closed.

        It goes to the log by the outbox, in the transaction that closes it, under a message id of its own: it takes
        effect once, however often this is asked for and whatever dies in between.

        Raises
        ------
        InvalidError
            When the text is no event yet; `problems` says why, and the letter stays open.
        ConflictError
            When it was sent again or discarded before.
        ForbiddenError
            When a text is given by somebody from whom parts of it are covered.

        """
        row, _ = self._row(letter_id)
        self._mending.retry(row, text, source_id, covered=covered)
        return self.letter(letter_id)

    def letter(self, letter_id: int) -> Letter:
        """Return one letter without what was sent."""
        row, names = self._row(letter_id)
        return _letter(row, names)

    def preview_many(self, wanted: Wanted, patch: Sequence[Operation], *, covered: bool = False) -> PreviewOfMany:
        """Return how many letters a query finds, and what a patch would make of the newest five."""
        query = self._query(_open(wanted))
        with self._database.read() as connection:
            found, _ = store.count(connection, query)
            rows = store.letters(connection, query, before=NEWEST, rows_max=5)
            names = _source_names(connection)
        return PreviewOfMany(
            letters=found,
            samples=[self._mending.sample(row.letter, _letter(row, names), patch, covered=covered) for row in rows],
        )

    def retry_many(self, wanted: Wanted, patch: Sequence[Operation], run: JobRun) -> None:
        """Send all letters of a query again, patched, those that fit; the others stay open and say why."""
        self._mending.retry_many(self._query(_open(wanted)), patch, run)

    def retell(self, source_id: str) -> int:
        """Tell a hook's deliveries again that could not be told before, by the mapping that holds now.

        Return how many deliveries that were. What still cannot be told stays open and says why; what was told of them
        already counts once.
        """
        return self._mending.retell(source_id)

    def untold(self, source_id: str) -> set[tuple[str, int]]:
        """Return where the deliveries stand (partition, offset) that wait to be told again."""
        query = store.query_of(Wanted(state="open", stopped_by=DECODE, source_id=source_id))
        with self._database.read() as connection:
            return store.places(connection, query)

    def discard(self, wanted: Wanted | None = None, *, letter_ids: Collection[int] = ()) -> LetterChange:
        """Close letters without sending them again: those of a query, or some by their numbers."""
        now_us = self._clock.now_us()
        change_id = new_id(now_us)
        if wanted is not None:
            query = self._query(_open(wanted))
        else:
            numbered = {f"letter{number}": letter_id for number, letter_id in enumerate(letter_ids)}
            query = Query(f"letter_id IN ({', '.join(f':{name}' for name in numbered) or 'NULL'})", numbered)
        with self._database.write() as connection:
            gone = store.discard(connection, query, change_id=change_id, now_us=now_us)
        return LetterChange(change_id=change_id, letters=gone)

    def restore(self, change_id: str) -> LetterChange:
        """Open the letters again that were discarded together."""
        with self._database.write() as connection:
            back = store.restore(connection, change_id, self._clock.now_us())
        return LetterChange(change_id=change_id, letters=back)

    def forget_old(self, connection: Connection) -> int:
        """Forget letters older than `events.dead_letter_days`; return how many."""
        days = self._settings.dead_letter_days
        return store.forget_old(connection, self._clock.now_us() - days * 86_400_000_000) if days else 0

    def keep_before_trimming(self, partition: str, *, through: int) -> int:
        """Keep what was sent with the letters of a part of the log that is about to go; return how many."""
        kept = after = 0
        while True:
            with self._database.read() as connection:
                found = store.in_log(connection, partition, through=through, after=after, rows_max=KEPT_A_TIME)
                rows = [store.one(connection, letter_id) for letter_id in found]
            if not found:
                return kept
            raws = [(row.letter.letter_id, for_keeping(self._log, row.letter)) for row in rows if row is not None]
            with self._database.write() as connection:
                store.keep_raw(connection, [(letter_id, raw) for letter_id, raw in raws if raw])
            kept, after = kept + len(raws), found[-1]

    def erase(
        self,
        connection: Connection,
        *,
        covers: Covers,
        identifiers: Mapping[str, Collection[str]],
        words: Collection[str],
        rewritten: Collection[int],
    ) -> int:
        """Remove every letter about somebody; return how many went.

        Parameters
        ----------
        covers
            Whether an event with given identifiers is theirs.
        identifiers
            Their identifiers, by kind.
        words
            All that names them.
        rewritten
            Offsets of the records of the log from which something of theirs was taken.

        """
        named = erase_dead_letters(
            connection, user_ids=identifiers.get("user_id", ()), anonymous_ids=identifiers.get("anonymous_id", ())
        )
        gone = {letter_id for letter_id, raw in _all_raw(connection) if _is_about(raw, covers, words)}
        for letter_id, *_ in store.at_offsets(connection, rewritten):
            row = store.one(connection, letter_id)
            if row is not None and held(self._log, row.letter, self._settings).is_gone:
                gone.add(letter_id)
        return named + store.delete(connection, gone)

    def _row(self, letter_id: int) -> tuple[LetterRow, dict[str, str]]:
        with self._database.read() as connection:
            row = store.one(connection, letter_id)
            names = _source_names(connection)
        if row is None:
            raise NotFoundError(
                said(
                    "letter_gone",
                    "There is no dead letter {letter}, or it was kept long enough and is forgotten.",
                    letter=letter_id,
                )
            )
        return row, names

    def _query(self, wanted: Wanted) -> Query:
        identifiers = self.identifiers_of(wanted.customer) if wanted.customer is not None else ()
        return store.query_of(wanted, identifiers)


def _open(wanted: Wanted) -> Wanted:
    return msgspec.structs.replace(wanted, state="open")


def _source_names(connection: Connection) -> dict[str, str]:
    return {row.source_id: row.name for row in events_store.sources(connection)}


def _all_raw(connection: Connection) -> Iterator[tuple[int, bytes]]:
    after = 0
    while found := store.with_raw(connection, after=after, rows_max=LOOKED_A_TIME):
        yield from found
        after = found[-1][0]


def _is_about(raw: bytes, covers: Covers, words: Collection[str]) -> bool:
    if redacted(Record("letter", 1, 0, raw), covers, words) is not None:
        return True
    try:
        event = msgspec.msgpack.decode(raw, type=Event)
    except msgspec.MsgspecError:
        return any(word.encode() in raw for word in words)
    return covers(user_id=event.user_id, anonymous_id=event.anonymous_id, previous_id=event.previous_id)


def _letter(row: LetterRow, source_names: Mapping[str, str]) -> Letter:
    letter = row.letter
    event_id = letter.event_id or f"{letter.partition}.{letter.record_offset}.{letter.item_index or 0}"
    return Letter(
        letter_id=letter.letter_id,
        state=LetterState(row.state),
        stopped_by=letter.projection,
        code=letter.code,
        reason=letter.reason,
        name=letter.name,
        source_id=letter.source_id or "",
        source_name=source_names.get(letter.source_id or "", ""),
        user_id=letter.user_id,
        anonymous_id=letter.anonymous_id,
        message_id=letter.message_id,
        event_id=event_id,
        received_at=moment(letter.received_us or letter.at_us),
        changed_at=moment(row.changed_us) if row.changed_us else None,
        problem=row.problem,
        problem_code=row.problem_code,
        problem_said=read(row.problem_said),
    )
