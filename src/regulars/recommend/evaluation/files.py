"""A file of interactions in, a report out: which columns, which order, which protocol; refusals are sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal  # Any: a cell is whatever the file holds

import numpy as np

from regulars.kernel.clock import EPOCH
from regulars.kernel.errors import InvalidError, nearest
from regulars.kernel.settings import RecommendSettings
from regulars.kernel.tables import Row, format_of, open_table
from regulars.recommend.core.histories import Histories, histories
from regulars.recommend.core.rows import Longs
from regulars.recommend.evaluation.last_item import Progress, evaluate_last_item
from regulars.recommend.evaluation.report import EvaluationReport, ModelResult, shown
from regulars.recommend.evaluation.sessions import evaluate_sessions
from regulars.recommend.evaluation.strong import evaluate_strong
from regulars.recommend.models import silent

Protocol = Literal["last-item", "strong", "sessions"]
FAULTY_SHARE_MAX = 0.1  # a file with more rows than this that cannot be read was probably meant differently
PROBLEMS_TOLD = 5
QUESTIONS_MIN = 20  # fewer say nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationOptions:
    """Which file, which columns, which protocol. Without `time`, the order of the file is time."""

    interactions: Path
    user: str
    item: str
    time: str | None = None
    session: str | None = None
    protocol: Protocol | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Log:
    """Interactions in the file's order; people, items and sessions by number in order of first sight."""

    people: Longs
    items: Longs
    moments: Longs
    sessions: Longs
    people_total: int
    items_total: int
    sessions_total: int
    notes: list[str]


def evaluate_file(options: EvaluationOptions, on_progress: Progress = silent) -> EvaluationReport:
    """Return how well the models predict a log of interactions, beside the baselines.

    Raises
    ------
    InvalidError
        When the file, its columns or its rows cannot be used; the message says which and what would do.

    """
    protocol = _protocol(options)
    log = _read(options)
    told = _histories(log, by_session=protocol == "sessions")
    ease_items_max = RecommendSettings().ease_items_max
    if protocol == "sessions":
        questions, results = evaluate_sessions(told, log.items_total, on_progress=on_progress)
    elif protocol == "strong":
        _require(told.customers >= QUESTIONS_MIN, "customers", told.customers)
        questions, results = evaluate_strong(
            told, log.items_total, ease_items_max=ease_items_max, seed=options.seed, on_progress=on_progress
        )
    else:
        questions, results = evaluate_last_item(
            told, log.items_total, ease_items_max=ease_items_max, tags=None, on_progress=on_progress
        )
    return _report(protocol, log, questions, results)


def _report(protocol: str, log: _Log, questions: int, results: list[ModelResult]) -> EvaluationReport:
    return EvaluationReport(
        protocol=protocol,
        interactions=len(log.items),
        customers=log.people_total,
        items=log.items_total,
        questions=questions,
        notes=log.notes,
        models=[shown(result) for result in results],
    )


def _protocol(options: EvaluationOptions) -> Protocol:
    protocol = options.protocol or ("sessions" if options.session else "last-item")
    if protocol == "sessions" and not options.session:
        raise InvalidError("The protocol 'sessions' needs to know each row's session: say --session COLUMN.")
    return protocol


def _histories(log: _Log, *, by_session: bool) -> Histories:
    owners, total = (log.sessions, log.sessions_total) if by_session else (log.people, log.people_total)
    if by_session:  # numbered in order of their beginning, so that the last ones are the latest
        began = np.full(total, np.iinfo(np.int64).max)
        np.minimum.at(began, owners, log.moments)
        order = np.argsort(began, kind="stable")
        rank = np.empty(total, np.int64)
        rank[order] = np.arange(total)
        owners = rank[owners]
    told = histories(
        customers=owners,
        items=log.items.astype(np.int32),
        at_us=log.moments,
        strengths=np.ones(len(log.items), np.float32),
        customers_total=total,
    )
    asked = int((np.diff(told.starts) >= 2).sum())
    what = "sessions" if by_session else "customers"
    _require(asked >= QUESTIONS_MIN, f"{what} with two items or more", asked)
    return told


def _require(enough: bool, what: str, found: int) -> None:
    if not enough:
        raise InvalidError(f"An evaluation needs at least {QUESTIONS_MIN} {what}; the file has {found}.")


def _read(options: EvaluationOptions) -> _Log:
    try:
        file = options.interactions.open("rb")
    except FileNotFoundError:
        raise InvalidError(f"There is no file {str(options.interactions)!r}.") from None
    except OSError as error:
        raise InvalidError(f"The file {str(options.interactions)!r} cannot be read: {error.strerror}.") from None
    with file:
        table = open_table(file, format_of(options.interactions.name))
        if table.columns is not None:
            _check_columns(options, table.columns)
        return _Reading(options).take(table.rows())


def _check_columns(options: EvaluationOptions, columns: list[str]) -> None:
    asked = {"--user": options.user, "--item": options.item, "--time": options.time, "--session": options.session}
    problems = [
        f"{flag}: the file has no column {name!r}.{nearest(name, columns)}"
        for flag, name in asked.items()
        if name is not None and name not in columns
    ]
    if problems:
        raise InvalidError(" ".join(problems) + f" Its columns are {', '.join(columns)}.", problems=problems)


class _Reading:
    """One walk through the file."""

    def __init__(self, options: EvaluationOptions) -> None:
        self._options = options
        self._people: dict[str, int] = {}
        self._items: dict[str, int] = {}
        self._sessions: dict[str, int] = {}
        self._rows: list[tuple[int, int, int, int]] = []
        self._faults: list[str] = []
        self._faulty = 0

    def take(self, rows: Iterator[Row]) -> _Log:
        """Read every row; refuse the file when too many cannot be used."""
        walked = 0
        for row in rows:
            walked += 1
            fault = self._take_one(row, walked)
            if fault:
                self._faulty += 1
                if len(self._faults) < PROBLEMS_TOLD:
                    self._faults.append(f"Row {row.number}: {fault}")
        if not walked:
            raise InvalidError("The file holds no rows.")
        if self._faulty > FAULTY_SHARE_MAX * walked:
            raise InvalidError(
                f"{self._faulty:,} of {walked:,} rows cannot be used. {self._faults[0]}", problems=self._faults
            )
        return self._log()

    def _take_one(self, row: Row, place: int) -> str | None:
        if row.cells is None:
            return row.fault
        options = self._options
        person, item = _name(row.cells.get(options.user)), _name(row.cells.get(options.item))
        if person is None or item is None:
            column = options.user if person is None else options.item
            return f"{column!r} is empty or missing."
        cell = place if options.time is None else row.cells.get(options.time)
        when = _moment(cell)
        if when is None:
            return f"{options.time!r} is no moment: {cell!r}. Use seconds or 2026-01-31T10:00:00Z."
        session = 0
        if options.session is not None:
            name = _name(row.cells.get(options.session))
            if name is None:
                return f"{options.session!r} is empty or missing."
            session = self._sessions.setdefault(name, len(self._sessions))
        self._rows.append(
            (
                self._people.setdefault(person, len(self._people)),
                self._items.setdefault(item, len(self._items)),
                when,
                session,
            )
        )
        return None

    def _log(self) -> _Log:
        columns = np.array(self._rows, np.int64).reshape(-1, 4)
        notes = []
        if self._options.time is None:
            notes.append("No --time was given: the order of the file is taken as the order of time.")
        if self._options.session is not None:
            notes.append("An item repeated at once counts once.")
        if self._faulty:
            notes.append(f"{self._faulty:,} rows were left out. {self._faults[0]}")
        return _Log(
            people=columns[:, 0],
            items=columns[:, 1],
            moments=columns[:, 2],
            sessions=columns[:, 3],
            people_total=len(self._people),
            items_total=len(self._items),
            sessions_total=len(self._sessions),
            notes=notes,
        )


def _name(cell: Any) -> str | None:  # Any: a cell
    if cell is None or isinstance(cell, float | bool | list | dict):
        return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else None
    text = str(cell).strip()
    return text or None


def _moment(cell: Any) -> int | None:  # Any: a cell
    """Return a number whose order is time's: microseconds for dates and moments, a plain number a million times."""
    if isinstance(cell, str):
        return _moment_of_text(cell.strip())
    if isinstance(cell, datetime):
        return round((cell.replace(tzinfo=EPOCH.tzinfo) if cell.tzinfo is None else cell).timestamp() * 1e6)
    if isinstance(cell, date):
        return cell.toordinal() * 86_400_000_000
    is_number = isinstance(cell, int | float) and not isinstance(cell, bool) and np.isfinite(cell)
    return round(cell * 1_000_000) if is_number else None


def _moment_of_text(text: str) -> int | None:
    try:
        return _moment(float(text))
    except ValueError:
        pass
    try:
        return _moment(datetime.fromisoformat(text))
    except ValueError:
        return None
