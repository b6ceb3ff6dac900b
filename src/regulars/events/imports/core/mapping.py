"""Which column means what: the answer of the person who points. Checked here, so that later code need not. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Literal  # Any: constants are JSON

import msgspec

from regulars.events.evidence import CARD, PHONE
from regulars.events.imports.core.values import DecimalMark, Unit, ValueType
from regulars.events.phones import country_named
from regulars.events.times import time_reader
from regulars.kernel.errors import InvalidError, nearest
from regulars.kernel.tables import Layout

RowKind = Literal["call", "event", "order_line", "customer"]
Nobody = Literal["leave_out", "each_alone", "refuse"]
Where = Literal["event", "line", "customer"]
MAPPING_NAME_CHARACTERS_MAX = 80
COLUMNS_MAX = 500
USER_ID, ANONYMOUS_ID, EMAIL = "user_id", "anonymous_id", "email"
WEAK = (PHONE, EMAIL)  # a household may share these
_KIND = re.compile(r"[a-z0-9][a-z0-9_.]{0,39}")  # as identity has it


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """A column that says who it was.

    `kind` is `user_id`, `anonymous_id`, `email`, `phone`, `card`, or a shop's own type of identifier. A phone is read
    as one of `country` unless it begins with +. What several people of the file share joins nobody, unless
    `joins_shared` says that it shall.
    """

    kind: str
    column: str
    country: str = ""
    joins_shared: bool = False


class When(msgspec.Struct, frozen=True, kw_only=True):
    """The columns that say when (a date and a clock may stand apart), their format, and the zone they are told in."""

    columns: list[str]
    format: str
    zone: str = "UTC"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A column that becomes a property: of the event, of one line of an order, or a trait of the customer."""

    column: str
    name: str
    type: ValueType = "text"
    decimal: DecimalMark = "."
    unit: Unit = "as_it_is"
    where: Where = "event"


class RowMapping(msgspec.Struct, frozen=True, kw_only=True):
    """What a row of a file is, and what its columns mean.

    Parameters
    ----------
    row
        `call`: a call as an SDK would send it. `event`: one event. `order_line`: a line of an order; lines of one order
        become one event. `customer`: what is known of a person.
    event, event_column, event_names
        The event's name: the same for all rows, or what a column holds, put in other words where `event_names` says so.
    order_id
        The columns that together name an order; a till whose numbers begin anew each day needs the day too.
    who, when, properties
        The columns.
    constants
        Properties that every event of the file has.
    message_id
        A column that names each row for ever; without one, a row is named by what it holds.
    nobody
        What becomes of a row that names nobody: left out, a customer of its own each time, or refused.
    leave_out
        Rows to pass over: for a column, the values that say so (`{"status": ["void"]}`).
    layout
        How the file is laid out.

    """

    row: RowKind
    event: str = ""
    event_column: str = ""
    event_names: dict[str, str] = {}
    order_id: list[str] = []
    who: list[Who] = []
    when: When | None = None
    properties: list[Part] = []
    constants: dict[str, Any] = {}
    message_id: str = ""
    nobody: Nobody = "leave_out"
    leave_out: dict[str, list[str]] = {}
    layout: Layout = msgspec.field(default_factory=Layout)

    def columns(self) -> list[str]:
        """Return every column that is pointed at."""
        named = [self.event_column, *self.order_id, *(one.column for one in self.who), self.message_id]
        named += [*(self.when.columns if self.when else ()), *(part.column for part in self.properties)]
        return list(dict.fromkeys(column for column in [*named, *self.leave_out] if column))


def checked(mapping: RowMapping, columns: Collection[str] | None = None) -> RowMapping:
    """Return the mapping as it will be used.

    Parameters
    ----------
    columns
        Those of the file, where the file names them once for all rows.

    Raises
    ------
    InvalidError
        When it cannot be used; `problems` names every fault.

    """
    problems = list(_problems(mapping))
    if columns is not None:
        known = list(columns)
        missing = [column for column in mapping.columns() if column not in known]
        problems += [f"The file has no column {column!r}.{nearest(column, known)}" for column in missing]
    if problems:
        raise InvalidError(f"The mapping cannot be used: {problems[0]}", problems=problems)
    return msgspec.structs.replace(
        mapping,
        who=[
            msgspec.structs.replace(one, country=country_named(one.country) if one.country else "")
            for one in mapping.who
        ],
    )


def _problems(mapping: RowMapping) -> Iterator[str]:
    if len(mapping.columns()) > COLUMNS_MAX:
        yield f"At most {COLUMNS_MAX} columns can be pointed at, this one points at {len(mapping.columns())}."
    if mapping.row == "call":
        return
    yield from _who_problems(mapping)
    yield from _when_problems(mapping)
    if mapping.row == "event" and not mapping.event and not mapping.event_column:
        yield "Say what happened: a name for all rows, or the column that holds it."
    if mapping.row == "order_line" and not mapping.order_id:
        yield "Say which columns name the order that a line belongs to."
    yield from _property_problems(mapping)


def _who_problems(mapping: RowMapping) -> Iterator[str]:
    if not mapping.who and mapping.nobody != "each_alone":
        yield "Say which column tells who it was: a user id, an e-mail address, a phone, a card number."
    kinds = [one.kind for one in mapping.who]
    for kind in sorted({kind for kind in kinds if kinds.count(kind) > 1 and kind in (USER_ID, ANONYMOUS_ID, EMAIL)}):
        yield f"Two columns are said to hold the {kind}; one can."
    for one in mapping.who:
        if not _KIND.fullmatch(one.kind):
            yield f"{one.kind!r} is no type of identifier; small letters, digits, '_' and '.' such as {CARD!r}."
        if one.country:
            try:
                country_named(one.country)
            except InvalidError as error:
                yield str(error)


def _when_problems(mapping: RowMapping) -> Iterator[str]:
    if mapping.when is None or not mapping.when.columns:
        if mapping.row != "customer":
            yield "Say which column tells when it happened."
        return
    if not mapping.when.format:
        yield "Say how the time is written: day before month, or month before day? It cannot be told from the file."
        return
    try:
        time_reader(mapping.when.format, mapping.when.zone)
    except InvalidError as error:
        yield str(error)


def _property_problems(mapping: RowMapping) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for part in mapping.properties:
        if not part.name.strip():
            yield f"The column {part.column!r} needs a name as a property."
        elif (part.where, part.name) in seen:
            yield f"Two columns are said to be {part.name!r}; one can."
        seen.add((part.where, part.name))
        if part.where == "line" and mapping.row != "order_line":
            yield f"{part.name!r} is said to be of a line, but a row here is no line of an order."
