"""Sends letters again: checked by the door's own rules and by today's tracking plan, each once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any  # Any: JSON

import msgspec

from regulars.events import worker_store
from regulars.events.burying import DECODE
from regulars.events.core import Event, Verdict
from regulars.events.letters import store
from regulars.events.letters.core import (
    Fault,
    Letter,
    LetterPreview,
    Looked,
    Operation,
    Origin,
    PatchError,
    Sample,
    Wanted,
    faults_of,
    look_at,
    patched,
    plain,
    repaired,
    told_anew,
)
from regulars.events.letters.reading import Held, held
from regulars.events.letters.store import LetterRow, Query
from regulars.events.live import Live
from regulars.events.plans.core import reason_of
from regulars.events.plans.covering import Cover
from regulars.events.record import HOOK, HookStamp, encode_entry
from regulars.events.shown import ShownEvent, in_full, shown_verdict
from regulars.events.worker_store import DeadLetter
from regulars.kernel.clock import Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import ConflictError, ForbiddenError, InvalidError
from regulars.kernel.eventlog import EventLog
from regulars.kernel.ids import new_id
from regulars.kernel.sayings import Sentence, said, saying_of, text_of
from regulars.kernel.settings import EventsSettings

if TYPE_CHECKING:
    from regulars.kernel.jobs import JobRun

SHOWN_EVENTS = 5
RETRIED_A_TIME = 200


class Mending:
    """Mends letters. `live` knows the tracking plans."""

    def __init__(
        self, *, database: Database, clock: Clock, log: EventLog, live: Live, settings: EventsSettings
    ) -> None:
        self._database = database
        self._clock = clock
        self._log = log
        self._live = live
        self._settings = settings
        self.stamped_now: Callable[[HookStamp], HookStamp] = lambda stamp: stamp
        self.take_out: Callable[[str, str, bytes, str], tuple[bytes, str]] = lambda _source, _path, body, ip: (body, ip)

    def held(self, letter: DeadLetter) -> Held:
        """Return what is held of a letter; a delivery comes with the mapping that holds now."""
        what = held(self._log, letter, self._settings)
        hook = what.origin.hook
        if hook is None:
            return what
        return what._replace(origin=what.origin._replace(hook=self.stamped_now(hook)))

    def cover(self, what: Held, *, covered: bool) -> Cover | None:
        """Return what covers a letter from somebody who may not see personal values, None when nothing need be."""
        if not covered:
            return None
        with self._live.plans_read() as plans:
            return plans.cover(what.origin.source_id)

    def preview(self, letter: DeadLetter, text: str | None, source_id: str | None, *, covered: bool) -> LetterPreview:
        """Return what would come of a letter with this text."""
        what = self.held(letter)
        said = what.text[0] if text is None else text
        looked = self._looked(what, said, source_id)
        return self._previewed(looked, source_id or what.origin.source_id, self.cover(what, covered=covered))

    def retry(self, row: LetterRow, text: str | None, source_id: str | None, *, covered: bool) -> None:
        """Close a letter and send it again.

        Raises
        ------
        InvalidError, ConflictError, ForbiddenError
            See `Letters.retry`.

        """
        letter = row.letter
        if row.state != "open":
            word = "sent again" if row.state == "retried" else "discarded"
            raise ConflictError(f"The letter {letter.letter_id} was {word} before. Open it again, or leave it.")
        what = self.held(letter)
        if text is not None and self.cover(what, covered=covered) is not None:
            raise ForbiddenError(
                "Parts of this text are personal and hidden from you, so that it cannot be edited by you. Send it as "
                "it is, mend it by a patch, or ask an admin."
            )
        looked = self._looked(what, what.text[0] if text is None else text, source_id)
        faults = self._faults(looked, source_id or what.origin.source_id)
        if faults:
            raise InvalidError(
                f"It cannot be sent yet: {faults[0].sentence}", problems=[one.sentence for one in faults]
            )
        now_us = self._clock.now_us()
        payload = self._payload(letter, looked, what.origin, source_id, now_us)
        with self._database.write() as connection:
            if not store.mark_retried(connection, letter.letter_id, change_id=new_id(now_us), now_us=now_us):
                raise ConflictError(f"Somebody else has just dealt with the letter {letter.letter_id}.")
            worker_store.leave_by_outbox(connection, payload)

    def sample(self, letter: DeadLetter, shown: Letter, patch: Sequence[Operation], *, covered: bool) -> Sample:
        """Return a letter before and after a patch."""
        what = self.held(letter)
        cover = self.cover(what, covered=covered)

        def seen(text: str) -> str:
            return covered_text(text, what, cover) if cover else text

        before = what.text[0]
        try:
            after = _patched(before, what.origin, patch)
        except PatchError as error:
            fault = _fault(error.sentence)
            return Sample(letter=shown, before=seen(before), after=seen(before), preview=_faulty([fault]))
        preview = self._previewed(self._looked(what, after, None), what.origin.source_id, cover)
        return Sample(letter=shown, before=seen(before), after=seen(after), preview=preview)

    def retry_many(self, query: Query, patch: Sequence[Operation], run: JobRun) -> None:
        """Send the letters of a query again; may be stopped and taken up at any letter."""
        if run.state is None:
            with self._database.read() as connection:
                total, newest = store.count(connection, query)
            run.checkpoint({"after": 0, "through": newest, "total": total, "done": 0, "sent": 0})
        state: dict[str, int] = dict(run.state)
        while True:
            with self._database.read() as connection:
                rows = store.letters_after(
                    connection, query, after=state["after"], through=state["through"], rows_max=RETRIED_A_TIME
                )
            if not rows:
                break
            state = self._retry_some(rows, patch, run, state)
            run.progress(state["done"], max(state["total"], state["done"]), _note(state))
        run.progress(state["done"], state["done"], _note(state))

    def retell(self, source_id: str) -> int:
        """Tell a hook's deliveries again that could not be told; return how many."""
        query = store.query_of(Wanted(state="open", stopped_by=DECODE, source_id=source_id))
        with self._database.read() as connection:
            _, newest = store.count(connection, query)
        after, told = 0, set[tuple[str, int]]()
        while True:
            with self._database.read() as connection:
                rows = store.letters_after(connection, query, after=after, through=newest, rows_max=RETRIED_A_TIME)
            if not rows:
                return len(told)
            after = rows[-1].letter.letter_id
            told |= self._retell_some(rows, told)

    def _retell_some(self, rows: Sequence[LetterRow], told: set[tuple[str, int]]) -> set[tuple[str, int]]:
        """Send each delivery once, however many letters it has left, and close those; return where they stand."""
        now_us = self._clock.now_us()
        change_id = new_id(now_us)
        found, problems = set[tuple[str, int]](), list[tuple[int, Fault]]()
        with self._database.write() as connection:
            for row in rows:
                letter = row.letter
                place = (letter.partition, letter.record_offset)
                payload, problem = self._mended(letter, (), now_us)
                if problem is not None:
                    problems.append((letter.letter_id, problem))
                elif store.mark_retried(connection, letter.letter_id, change_id=change_id, now_us=now_us):
                    if place not in told | found:
                        worker_store.leave_by_outbox(connection, payload)
                    found.add(place)
            store.note_problems(connection, problems)
        return found

    def _retry_some(
        self, rows: Sequence[LetterRow], patch: Sequence[Operation], run: JobRun, state: dict[str, int]
    ) -> dict[str, int]:
        """Send some letters again, and keep in the same transaction how far the run has come."""
        now_us = self._clock.now_us()
        change_id = new_id(now_us)
        ready: list[tuple[int, bytes]] = []
        problems: list[tuple[int, Fault]] = []
        for row in rows:
            payload, problem = self._mended(row.letter, patch, now_us)
            if problem is not None:
                problems.append((row.letter.letter_id, problem))
            else:
                ready.append((row.letter.letter_id, payload))
        after = {**state, "after": rows[-1].letter.letter_id, "done": state["done"] + len(rows)}
        with self._database.write() as connection:
            for letter_id, payload in ready:
                if store.mark_retried(connection, letter_id, change_id=change_id, now_us=now_us):
                    worker_store.leave_by_outbox(connection, payload)
                    after["sent"] += 1
            store.note_problems(connection, problems)
            run.checkpoint(after, connection)
        return after

    def _mended(self, letter: DeadLetter, patch: Sequence[Operation], now_us: int) -> tuple[bytes, Fault | None]:
        """Return the request a letter becomes, or why it cannot be sent."""
        what = self.held(letter)
        try:
            text = _patched(what.text[0], what.origin, patch)
        except PatchError as error:
            return b"", _fault(error.sentence)
        looked = self._looked(what, text, None)
        faults = self._faults(looked, what.origin.source_id)
        if faults:
            return b"", faults[0]
        return self._payload(letter, looked, what.origin, None, now_us), None

    def _payload(self, letter: DeadLetter, looked: Looked, origin: Origin, source_id: str | None, now_us: int) -> bytes:
        """Return the record that a mended letter becomes, without what the door would have taken out of it."""
        of = source_id or origin.source_id
        request = repaired(letter.letter_id, looked, origin, source_id=of, now_us=now_us)
        body, ip = self.take_out(of, request.path, request.body, request.ip)
        if origin.hook is not None and (body, ip) == (request.body, request.ip):
            request = told_anew(looked, origin, origin.hook, source_id=of)
            body, ip = request.body, request.ip
        return encode_entry(msgspec.structs.replace(request, body=body, ip=ip))

    def _looked(self, what: Held, text: str, source_id: str | None) -> Looked:
        if what.is_gone and not text:
            sentence = said(
                "letter_not_kept", "What was sent is no longer kept: its customer was forgotten, or the log let it go."
            )
            return Looked([], [], [_fault(sentence)])
        return look_at(text, what.origin._replace(source_id=source_id or what.origin.source_id))

    def _faults(self, looked: Looked, source_id: str) -> list[Fault]:
        if looked.faults:
            return looked.faults
        if not source_id:
            sentence = said("letter_whose", "Nobody knows which source it comes from. Choose one.")
            return [_fault(sentence, code="wrong_key")]
        verdict = self._verdict(looked)
        if verdict is not None and verdict.blocks:
            return [Fault(code="plan_blocked", sentence=reason_of(verdict, looked.events[0].name))]
        return []

    def _previewed(self, looked: Looked, source_id: str, cover: Cover | None) -> LetterPreview:
        faults = self._faults(looked, source_id)
        verdict = self._verdict(looked)
        return LetterPreview(
            faults=faults,
            events=[_shown(event, cover) for event in looked.events[:SHOWN_EVENTS]],
            events_total=len(looked.events),
            verdict=shown_verdict(verdict) if verdict is not None else None,
        )

    def _verdict(self, looked: Looked) -> Verdict | None:
        """Return what the plan of today says of these events: of the first that it blocks, or that it minds."""
        now_us = self._clock.now_us()
        with self._live.plans_read() as plans:
            verdicts = plans.verdicts([plain(event, now_us) for event in looked.events])
        said = [one for one in verdicts if one is not None]
        return next((one for one in said if one.blocks), said[0] if said else None)


def covered_text(text: str, what: Held, cover: Cover) -> str:
    """Return a letter's text without what is personal: nothing of one whose fields nobody here knows."""
    return "" if what.covered_path == HOOK else cover.text(text, path=what.covered_path)


def checked(patch: Sequence[Operation]) -> Sequence[Operation]:
    """Return a patch that can be applied.

    Raises
    ------
    InvalidError
        When something is wrong with it whatever it is applied to; `problems` lists every fault.

    """
    faults = faults_of(patch) if patch else []
    if faults:
        raise InvalidError(faults[0], problems=faults)
    return patch


def _patched(text: str, origin: Origin, patch: Sequence[Operation]) -> str:
    """Return a text with a patch done: on the item, or on each item of a request.

    Raises
    ------
    PatchError
        When it does not fit, or there is no JSON that it could be done on.

    """
    if not patch:
        return text
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise PatchError(said("patch_no_json", "The text is no JSON: mend it by hand.")) from None
    if not origin.is_batch:
        return _written(patched(found, patch))
    if not isinstance(found, dict) or not isinstance(found.get("batch"), list):
        raise PatchError(said("patch_no_batch", "The request has no list of events: mend it by hand."))
    return _written({**found, "batch": [patched(item, patch) for item in found["batch"]]})


def _fault(sentence: Sentence, code: str = "invalid") -> Fault:
    return Fault(code=code, sentence=text_of(sentence), said=saying_of(sentence))


def _written(value: Any) -> str:  # Any: JSON
    return json.dumps(value, ensure_ascii=False, indent=2)


def _shown(event: Event, cover: Cover | None) -> ShownEvent:
    shown = in_full(event)
    if cover is None:
        return shown
    properties, context = cover.properties(event.call, event.properties), cover.context(event.context)
    return msgspec.structs.replace(shown, properties=properties, context=context)


def _faulty(faults: list[Fault]) -> LetterPreview:
    return LetterPreview(faults=faults, events=[], events_total=0)


def _note(state: dict[str, int]) -> str:
    stayed = state["done"] - state["sent"]
    return f"{state['sent']} sent again" + (f", {stayed} stay and say why" if stayed else "")
