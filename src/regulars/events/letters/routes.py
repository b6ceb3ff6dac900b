"""`/v1/letters`: dead letters over HTTP, for the console and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar import Controller, get, post
from litestar.di import Provide
from litestar.params import Parameter, QueryParameter
from msgspec import Meta

from regulars.events.letters.core import (
    FirstVersion,
    Letter,
    LetterChange,
    LetterGroup,
    LetterInFull,
    LetterPreview,
    LetterState,
    Operation,
    PreviewOfMany,
    Wanted,
)
from regulars.events.letters.jobs import RETRY_JOB, arguments
from regulars.events.letters.mending import checked
from regulars.events.letters.service import Letters
from regulars.kernel.errors import InvalidError, NotFoundError
from regulars.kernel.http import Caller, Page, Role, needs, page_limit
from regulars.kernel.jobs import JobRunStatus, Jobs

TEXT_CHARACTERS_MAX = 1_000_000
LETTERS_AT_ONCE_MAX = 1_000
LETTER_DIGITS_MAX = 18  # of a 64-bit number

_Text = Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX)]


class Mended(msgspec.Struct, frozen=True, kw_only=True):
    """A letter's new text (None leaves it as it was sent), and the source it is from, where nobody knows."""

    text: _Text | None = None
    source_id: str | None = None


class Many(msgspec.Struct, frozen=True, kw_only=True):
    """All letters of a query, and what to do with the items they hold: JSON Patch (RFC 6902), or nothing."""

    wanted: Wanted
    patch: list[Operation] = []


class ToDiscard(msgspec.Struct, frozen=True, kw_only=True):
    """Which letters to discard: some by their numbers, or all of a query."""

    letter_ids: Annotated[list[int], Meta(max_length=LETTERS_AT_ONCE_MAX)] = []
    wanted: Wanted | None = None


class ToRestore(msgspec.Struct, frozen=True, kw_only=True):
    """Which discarding to undo."""

    change_id: str


def _number(letter_id: str) -> int:
    if letter_id.isascii() and letter_id.isdigit() and len(letter_id) <= LETTER_DIGITS_MAX:
        return int(letter_id)
    raise NotFoundError(f"There is no dead letter {letter_id!r}. Its number stands in the list.")


def letters_wanted(
    standing: Annotated[
        Literal["open", "retried", "discarded"] | None, QueryParameter(name="state", description="Where they stand.")
    ] = "open",
    stopped_by: Annotated[str | None, Parameter(description="What stopped them: `door`, `decode`, `plan` …")] = None,
    source_id: str | None = None,
    code: Annotated[str | None, Parameter(description="Why, by the reason's code.")] = None,
    name: Annotated[str | None, Parameter(description="Of events of this name.")] = None,
) -> Wanted:
    """Return which letters the query of a request asks for, but for when and whose."""
    return Wanted(state=standing, stopped_by=stopped_by, source_id=source_id, code=code, name=name)


class LettersController(Controller):
    """Dead letters."""

    path = "/v1/letters"
    tags = ("Letters",)
    dependencies: Mapping[str, Provide] = {"letters_wanted": Provide(letters_wanted, sync_to_thread=False)}

    @get(operation_id="listLetters", summary="Dead letters", sync_to_thread=True, opt=needs(Role.VIEWER))
    def search(
        self,
        letters: Letters,
        letters_wanted: Wanted,
        customer: Annotated[str | None, Parameter(description="Of this customer id or identifier.")] = None,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[Letter]:
        """Return what was sent and has not taken effect, the newest first."""
        wanted = msgspec.structs.replace(letters_wanted, customer=customer, since=since, until=until)
        return letters.search(wanted, cursor=cursor, limit=page_limit(limit))

    @get(
        "/groups",
        operation_id="letterGroups",
        summary="How many dead letters are there of each kind?",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def groups(
        self, letters: Letters, standing: Annotated[LetterState, QueryParameter(name="state")] = LetterState.OPEN
    ) -> list[LetterGroup]:
        """Return how many letters there are by what stopped them, source and reason, most first."""
        return letters.groups(standing)

    @get(
        "/{letter_id:str}",
        operation_id="getLetter",
        summary="One dead letter",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def one(self, letters: Letters, caller: Caller, letter_id: str) -> LetterInFull:
        """Return a letter with what was sent, as it came, and what the rules of today say of it."""
        return letters.find(_number(letter_id), covered=not caller.may(Role.ADMIN))

    @get(
        "/{letter_id:str}/first",
        operation_id="firstVersion",
        summary="What came first under this message id?",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def first(self, letters: Letters, caller: Caller, letter_id: str) -> FirstVersion:
        """Return the event that came first under the letter's message id, as far back as history goes."""
        return FirstVersion(first=letters.first_version(_number(letter_id), covered=not caller.may(Role.ADMIN)))

    @post(
        "/{letter_id:str}/preview",
        operation_id="previewLetter",
        summary="What would come of it?",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def preview(self, letters: Letters, caller: Caller, letter_id: str, data: Mended) -> LetterPreview:
        """Return the events that a text would become, or what is still wrong with it and where. Nothing is changed."""
        covered = not caller.may(Role.ADMIN)
        return letters.preview(_number(letter_id), data.text, source_id=data.source_id, covered=covered)

    @post(
        "/{letter_id:str}/retry",
        operation_id="retryLetter",
        summary="Send a letter again",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="letter_retried"),
    )
    def retry(self, letters: Letters, caller: Caller, letter_id: str, data: Mended) -> Letter:
        """Close a letter and send it again, mended: it takes effect once, however often this is asked for."""
        covered = not caller.may(Role.ADMIN)
        return letters.retry(_number(letter_id), data.text, source_id=data.source_id, covered=covered)

    @post(
        "/preview",
        operation_id="previewLetters",
        summary="What would come of all of these?",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def preview_many(self, letters: Letters, caller: Caller, data: Many) -> PreviewOfMany:
        """Return how many open letters a query finds, and what a patch would make of the newest five."""
        return letters.preview_many(data.wanted, checked(data.patch), covered=not caller.may(Role.ADMIN))

    @post(
        "/retry",
        operation_id="retryLetters",
        summary="Send all of these again",
        status_code=202,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="letters_retried"),
    )
    def retry_many(self, jobs: Jobs, data: Many) -> JobRunStatus:
        """Start a run that sends the open letters of a query again, patched; those that do not fit stay and say why."""
        return jobs.find(jobs.start(RETRY_JOB, arguments(data.wanted, checked(data.patch))))

    @post(
        "/discard",
        operation_id="discardLetters",
        summary="Discard letters",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="letters_discarded"),
    )
    def discard(self, letters: Letters, data: ToDiscard) -> LetterChange:
        """Close open letters without sending them; `change_id` takes it back."""
        if data.wanted is None and not data.letter_ids:
            raise InvalidError("Say which letters to discard: 'letter_ids', or 'wanted' for all of a query.")
        return letters.discard(data.wanted, letter_ids=data.letter_ids)

    @post(
        "/restore",
        operation_id="restoreLetters",
        summary="Take a discarding back",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="letters_restored"),
    )
    def restore(self, letters: Letters, data: ToRestore) -> LetterChange:
        """Open the letters again that were discarded together."""
        return letters.restore(data.change_id)


ROUTES: list[type[Controller]] = [LettersController]
