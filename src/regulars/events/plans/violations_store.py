"""What the plans room asks about violations: how many, of which kind, and which events show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, text

from regulars.kernel.bulk import rows_among, write_rows

SAMPLES_MAX = 5  # of each problem
PROBLEMS_MAX = 1_000  # of each plan: strangers choose the names of fields and events


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which an event of a plan goes wrong."""

    problem_id: str
    plan_id: str
    call: str
    name: str
    pointer: str
    kind: str
    expected: str
    got: str
    first_us: int
    last_us: int


class Counted(NamedTuple):
    """So many violations of a problem, in a minute and through a source."""

    minute: int
    problem_id: str
    source_id: str
    times: int


class Verdicts(NamedTuple):
    """So many events that did not keep to a plan, in a minute and through a source."""

    minute: int
    plan_id: str
    version: int
    source_id: str
    call: str
    name: str
    mode: str
    events: int


class Sample(NamedTuple):
    """An event that shows a problem: where it stands in the log."""

    problem_id: str
    event_id: str
    source_id: str
    version: int
    received_us: int


_PROBLEM = "problem_id, plan_id, call, name, pointer, kind, expected, got, first_us, last_us"
_KNOWN = "SELECT problem_id FROM plans_problems WHERE problem_id {among}"
_COUNT_PROBLEMS = text("SELECT COUNT(*) FROM plans_problems WHERE plan_id = :plan_id")
_PUT_PROBLEM = f"""
INSERT INTO plans_problems ({_PROBLEM}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (problem_id) DO UPDATE SET expected = excluded.expected, got = excluded.got,
    first_us = CASE WHEN excluded.first_us < plans_problems.first_us THEN excluded.first_us
        ELSE plans_problems.first_us END,
    last_us = CASE WHEN excluded.last_us > plans_problems.last_us THEN excluded.last_us
        ELSE plans_problems.last_us END"""
_ADD_COUNT = """
INSERT INTO plans_counts (minute, problem_id, source_id, count) VALUES (?, ?, ?, ?)
ON CONFLICT (minute, problem_id, source_id) DO UPDATE SET count = plans_counts.count + excluded.count"""
_ADD_VERDICTS = """
INSERT INTO plans_verdicts (minute, plan_id, version, source_id, call, name, mode, count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (minute, plan_id, version, source_id, call, name, mode)
DO UPDATE SET count = plans_verdicts.count + excluded.count"""
# Was anything of this kind counted in the hour that begins with :since?
_WAS_COUNTED = text("""
SELECT 1 FROM plans_verdicts WHERE plan_id = :plan_id AND minute >= :since AND minute < :since + 60
    AND call = :call AND name = :name AND mode = :mode LIMIT 1""")
_ADD_SAMPLE = """
INSERT INTO plans_samples (problem_id, event_id, source_id, version, received_us) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (problem_id, event_id) DO NOTHING"""
# Only the latest samples of a problem stay.
_TRIM_SAMPLES = f"""
DELETE FROM plans_samples WHERE problem_id = ? AND event_id NOT IN (
    SELECT event_id FROM plans_samples WHERE problem_id = ? ORDER BY received_us DESC, event_id DESC
    LIMIT {SAMPLES_MAX})"""
_SPAN = "minute >= :since AND minute < :until AND (:source_id = '' OR source_id = :source_id)"
# How many events went wrong in each step of time, by event?
_TREND = text(f"""
SELECT minute / :step AS step, call, name, SUM(count) AS events,
    SUM(CASE WHEN mode = 'block' THEN count ELSE 0 END) AS blocked
FROM plans_verdicts WHERE plan_id = :plan_id AND {_SPAN}
GROUP BY minute / :step, call, name ORDER BY minute / :step, call, name""")
# Which problems were there, the most frequent first, and how often?
_PROBLEMS = text(f"""
SELECT {", ".join("p." + column for column in _PROBLEM.split(", "))}, SUM(c.count) AS count
FROM plans_counts c JOIN plans_problems p ON p.problem_id = c.problem_id
WHERE p.plan_id = :plan_id AND c.minute >= :since AND c.minute < :until
    AND (:source_id = '' OR c.source_id = :source_id) AND (:name = '' OR p.name = :name)
GROUP BY {", ".join("p." + column for column in _PROBLEM.split(", "))}
ORDER BY SUM(c.count) DESC, p.problem_id LIMIT :rows OFFSET :skipped""")
# How often did a problem occur in each step of time?
_PROBLEM_TREND = text("""
SELECT minute / :step AS step, SUM(count) AS times FROM plans_counts
WHERE problem_id = :problem_id AND minute >= :since AND minute < :until
    AND (:source_id = '' OR source_id = :source_id) GROUP BY minute / :step""")
_PROBLEM_ROW = text(f"SELECT {_PROBLEM} FROM plans_problems WHERE problem_id = :problem_id AND plan_id = :plan_id")
# Which events show a problem, the latest first?
_SAMPLES = text("""
SELECT problem_id, event_id, source_id, version, received_us FROM plans_samples WHERE problem_id = :problem_id
ORDER BY received_us DESC, event_id DESC""")
# How many events went wrong under each plan?
_BY_PLAN = text("""
SELECT plan_id, SUM(count) AS events, SUM(CASE WHEN mode = 'block' THEN count ELSE 0 END) AS blocked
FROM plans_verdicts WHERE minute >= :since GROUP BY plan_id""")
# How many events of each name did take effect, of all sources or some?
_TAKEN = text("""
SELECT source_id, name, SUM(count) AS events FROM events_counts
WHERE minute >= :since AND minute < :until AND outcome IN ('accepted', 'corrected') AND EXISTS (
    SELECT 1 FROM plans_versions WHERE plan_id = :plan_id AND from_us < (minute + 1) * 60000000
    AND (until_us IS NULL OR until_us > minute * 60000000))
GROUP BY source_id, name""")
_FORGET_COUNTS = text("DELETE FROM plans_counts WHERE minute < :minute")
_FORGET_VERDICTS = text("DELETE FROM plans_verdicts WHERE minute < :minute")
_FORGET_SAMPLES = text("""
DELETE FROM plans_samples WHERE problem_id IN (SELECT problem_id FROM plans_problems WHERE last_us < :before_us)""")
_FORGET_PROBLEMS = text("DELETE FROM plans_problems WHERE last_us < :before_us")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which violations: of a plan, in minutes `since` to before `until`, of one source or event when named."""

    plan_id: str
    since: int
    until: int
    source_id: str = ""
    name: str = ""

    def bound(self) -> dict[str, object]:
        """Return the values to bind."""
        return msgspec.structs.asdict(self)


def known(connection: Connection, problem_ids: Iterable[str]) -> set[str]:
    """Return which of these problems are there already."""
    return {row[0] for row in rows_among(connection, _KNOWN, problem_ids)}


def count_problems(connection: Connection, plan_id: str) -> int:
    """Return how many problems a plan has."""
    return int(connection.execute(_COUNT_PROBLEMS, {"plan_id": plan_id}).scalar_one())


def put_problems(connection: Connection, problems: Sequence[Problem]) -> None:
    """Keep problems; of those known before, the latest moment and words."""
    write_rows(connection, _PUT_PROBLEM, [msgspec.structs.astuple(problem) for problem in problems])


def add_counts(connection: Connection, counts: Sequence[Counted]) -> None:
    """Add to the counts of violations."""
    write_rows(connection, _ADD_COUNT, counts)


def add_verdicts(connection: Connection, verdicts: Sequence[Verdicts]) -> None:
    """Add to the counts of events that did not keep to their plan."""
    write_rows(connection, _ADD_VERDICTS, verdicts)


def was_counted(connection: Connection, plan_id: str, call: str, name: str, mode: str, *, since: int) -> bool:
    """Return whether such an event was counted in the hour that begins with a minute."""
    values = {"plan_id": plan_id, "call": call, "name": name, "mode": mode, "since": since}
    return connection.execute(_WAS_COUNTED, values).first() is not None


def add_samples(connection: Connection, samples: Sequence[Sample]) -> None:
    """Keep the latest events of each problem."""
    write_rows(connection, _ADD_SAMPLE, samples)
    touched = sorted({sample.problem_id for sample in samples})
    write_rows(connection, _TRIM_SAMPLES, [(problem_id, problem_id) for problem_id in touched])


def trend(connection: Connection, wanted: Wanted, *, step_minutes: int) -> list[tuple[int, str, str, int, int]]:
    """Return step, call, name, events and blocked events; a step's minute is its number times its length."""
    rows = connection.execute(_TREND, {**wanted.bound(), "step": step_minutes})
    return [(row.step, row.call, row.name, int(row.events), int(row.blocked)) for row in rows]


def problems(connection: Connection, wanted: Wanted, *, rows: int, skipped: int) -> list[tuple[Problem, int]]:
    """Return problems with how often they occurred, the most frequent first."""
    found = connection.execute(_PROBLEMS, {**wanted.bound(), "rows": rows, "skipped": skipped}).mappings()
    return [(Problem(**{name: row[name] for name in Problem.__struct_fields__}), int(row["count"])) for row in found]


def steps_of(connection: Connection, problem_id: str, wanted: Wanted, *, step_minutes: int) -> list[tuple[int, int]]:
    """Return step and how often a problem occurred in it, in no promised order."""
    values = {**wanted.bound(), "problem_id": problem_id, "step": step_minutes}
    return [(row.step, int(row.times)) for row in connection.execute(_PROBLEM_TREND, values)]


def problem(connection: Connection, plan_id: str, problem_id: str) -> Problem | None:
    """Return one problem of a plan, None when there is no such."""
    row = connection.execute(_PROBLEM_ROW, {"plan_id": plan_id, "problem_id": problem_id}).mappings().first()
    return Problem(**row) if row else None


def samples(connection: Connection, problem_id: str) -> list[Sample]:
    """Return the events that show a problem, the latest first."""
    return [Sample(*row) for row in connection.execute(_SAMPLES, {"problem_id": problem_id})]


def by_plan(connection: Connection, since: int) -> Mapping[str, tuple[int, int]]:
    """Return how many events went wrong under each plan since a minute, and how many of them were blocked."""
    return {row.plan_id: (int(row.events), int(row.blocked)) for row in connection.execute(_BY_PLAN, {"since": since})}


def taken(connection: Connection, plan_id: str, since: int, until: int) -> list[tuple[str, str, int]]:
    """Return source, name and how many events took effect in those of these minutes in which the plan was in force."""
    rows = connection.execute(_TAKEN, {"plan_id": plan_id, "since": since, "until": until})
    return [(row.source_id, row.name, int(row.events)) for row in rows]


def forget(connection: Connection, *, before_us: int, minute: int) -> int:
    """Forget what is older; return how many rows went."""
    statements = (
        (_FORGET_COUNTS, {"minute": minute}),
        (_FORGET_VERDICTS, {"minute": minute}),
        (_FORGET_SAMPLES, {"before_us": before_us}),
        (_FORGET_PROBLEMS, {"before_us": before_us}),
    )
    return sum(connection.execute(statement, values).rowcount for statement, values in statements)
