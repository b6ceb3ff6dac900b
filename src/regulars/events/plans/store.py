"""What the plans room asks the database: which plans there are, and which version was in force when."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, Row, text

from regulars.events.plans.core import PlanBody, Reign
from regulars.kernel.database import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "plans",
        1,
        (
            # `draft_number` counts the changes of the draft, so that two people do not overwrite each other.
            """
            CREATE TABLE plans_plans (
                plan_id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, draft {json} NOT NULL,
                draft_number BIGINT NOT NULL, created_us BIGINT NOT NULL, updated_us BIGINT NOT NULL,
                archived_us BIGINT)""",
            # A version judges what was received from `from_us` until before `until_us`; it is never changed otherwise.
            """
            CREATE TABLE plans_versions (
                plan_id TEXT NOT NULL, number BIGINT NOT NULL, name TEXT NOT NULL, body {json} NOT NULL,
                note TEXT NOT NULL, published_by TEXT NOT NULL, from_us BIGINT NOT NULL, until_us BIGINT,
                PRIMARY KEY (plan_id, number))""",
            # One row: `revision` rises with every change of what is in force; `secret` hashes personal fields.
            "CREATE TABLE plans_state (place BIGINT PRIMARY KEY, revision BIGINT NOT NULL, secret TEXT NOT NULL)",
            "INSERT INTO plans_state (place, revision, secret) VALUES (1, 0, '')",
            # One row for each way in which events of a plan go wrong.
            """
            CREATE TABLE plans_problems (
                problem_id TEXT PRIMARY KEY, plan_id TEXT NOT NULL, call TEXT NOT NULL, name TEXT NOT NULL,
                pointer TEXT NOT NULL, kind TEXT NOT NULL, expected TEXT NOT NULL, got TEXT NOT NULL,
                first_us BIGINT NOT NULL, last_us BIGINT NOT NULL)""",
            "CREATE INDEX plans_problems_by_plan ON plans_problems (plan_id, last_us)",
            """
            CREATE TABLE plans_counts (
                minute BIGINT NOT NULL, problem_id TEXT NOT NULL, source_id TEXT NOT NULL, count BIGINT NOT NULL,
                PRIMARY KEY (minute, problem_id, source_id))""",
            "CREATE INDEX plans_counts_by_problem ON plans_counts (problem_id, minute)",
            # How many events did not keep to a plan, each once however many rules it breaks?
            """
            CREATE TABLE plans_verdicts (
                minute BIGINT NOT NULL, plan_id TEXT NOT NULL, version BIGINT NOT NULL, source_id TEXT NOT NULL,
                call TEXT NOT NULL, name TEXT NOT NULL, mode TEXT NOT NULL, count BIGINT NOT NULL,
                PRIMARY KEY (minute, plan_id, version, source_id, call, name, mode))""",
            "CREATE INDEX plans_verdicts_by_plan ON plans_verdicts (plan_id, minute)",
            # The latest events of each problem: where they stand in the log, nothing of what they say.
            """
            CREATE TABLE plans_samples (
                problem_id TEXT NOT NULL, event_id TEXT NOT NULL, source_id TEXT NOT NULL, version BIGINT NOT NULL,
                received_us BIGINT NOT NULL, PRIMARY KEY (problem_id, event_id))""",
        ),
    ),
)
DERIVED_TABLES: tuple[str, ...] = ("plans_problems", "plans_counts", "plans_verdicts", "plans_samples")

_PLAN_COLUMNS = "plan_id, name, description, draft, draft_number, created_us, updated_us"
# Which plans are there?
_PLANS = text(f"SELECT {_PLAN_COLUMNS} FROM plans_plans WHERE archived_us IS NULL ORDER BY created_us, plan_id")
_PLAN = text(f"SELECT {_PLAN_COLUMNS} FROM plans_plans WHERE plan_id = :plan_id AND archived_us IS NULL")
_ADD_PLAN = text("""
INSERT INTO plans_plans (plan_id, name, description, draft, draft_number, created_us, updated_us)
VALUES (:plan_id, :name, :description, :draft, :draft_number, :created_us, :updated_us)""")
_CHANGE_PLAN = text("""
UPDATE plans_plans SET name = :name, description = :description, draft = :draft, draft_number = :draft_number,
    updated_us = :updated_us WHERE plan_id = :plan_id""")
_DROP_PLAN = text("DELETE FROM plans_plans WHERE plan_id = :plan_id")
_ARCHIVE_PLAN = text("UPDATE plans_plans SET archived_us = :archived_us WHERE plan_id = :plan_id")
_VERSION_COLUMNS = "plan_id, number, name, note, published_by, from_us, until_us"
# Which versions did a plan have, the newest first?
_VERSIONS = text(f"SELECT {_VERSION_COLUMNS} FROM plans_versions WHERE plan_id = :plan_id ORDER BY number DESC")
# What did a version say?
_BODY = text("SELECT body FROM plans_versions WHERE plan_id = :plan_id AND number = :number")
_ADD_VERSION = text("""
INSERT INTO plans_versions (plan_id, number, name, body, note, published_by, from_us, until_us)
VALUES (:plan_id, :number, :name, :body, :note, :published_by, :from_us, NULL)""")
_END_VERSION = text("UPDATE plans_versions SET until_us = :until_us WHERE plan_id = :plan_id AND until_us IS NULL")
# Which version was in force when, whatever became of its plan?
_REIGNS = text("SELECT plan_id, number, name, from_us, until_us, body FROM plans_versions ORDER BY from_us, plan_id")
# Which versions are in force now?
_IN_FORCE = text("""
SELECT plan_id, number, name, from_us, until_us, body FROM plans_versions WHERE until_us IS NULL
ORDER BY from_us, plan_id""")
_REVISION = text("SELECT revision FROM plans_state WHERE place = 1")
_RAISE_REVISION = text("UPDATE plans_state SET revision = revision + 1 WHERE place = 1")
_SECRET = text("SELECT secret FROM plans_state WHERE place = 1")
_SET_SECRET = text("UPDATE plans_state SET secret = :secret WHERE place = 1 AND secret = ''")
# When was the last event received that has taken effect?
_LAST_RECEIVED = text("SELECT MAX(last_event_us) FROM events_activity")


class PlanRow(msgspec.Struct, frozen=True, kw_only=True):
    """A plan with its draft."""

    plan_id: str
    name: str
    description: str
    draft: PlanBody
    draft_number: int
    created_us: int
    updated_us: int


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version without what it says."""

    plan_id: str
    number: int
    name: str
    note: str
    published_by: str
    from_us: int
    until_us: int | None


class _Sources(msgspec.Struct, frozen=True):
    sources: list[str] | None = None


def plans(connection: Connection) -> list[PlanRow]:
    """Return every plan, oldest first."""
    return [_plan(row) for row in connection.execute(_PLANS)]


def plan(connection: Connection, plan_id: str) -> PlanRow | None:
    """Return one plan, None when there is no such."""
    row = connection.execute(_PLAN, {"plan_id": plan_id}).first()
    return _plan(row) if row else None


def add_plan(connection: Connection, row: PlanRow) -> None:
    """Keep a new plan."""
    connection.execute(_ADD_PLAN, _values(row))


def change_plan(connection: Connection, row: PlanRow) -> None:
    """Keep a plan's new name, description and draft."""
    connection.execute(_CHANGE_PLAN, _values(row))


def remove_plan(connection: Connection, plan_id: str, now_us: int) -> None:
    """Take a plan away. One that judged events once is only put aside: a replay asks for its versions."""
    if versions(connection, plan_id):
        connection.execute(_ARCHIVE_PLAN, {"plan_id": plan_id, "archived_us": now_us})
    else:
        connection.execute(_DROP_PLAN, {"plan_id": plan_id})


def versions(connection: Connection, plan_id: str) -> list[VersionRow]:
    """Return the versions of a plan, the newest first."""
    return [VersionRow(**row) for row in connection.execute(_VERSIONS, {"plan_id": plan_id}).mappings()]


def body(connection: Connection, plan_id: str, number: int) -> PlanBody | None:
    """Return what a version says, None when there is no such."""
    found = connection.execute(_BODY, {"plan_id": plan_id, "number": number}).scalar()
    return None if found is None else msgspec.json.decode(found, type=PlanBody)


def add_version(connection: Connection, row: VersionRow, says: PlanBody) -> None:
    """Put a version in force, in place of the one before."""
    end_version(connection, row.plan_id, row.from_us)
    values = {**msgspec.structs.asdict(row), "body": msgspec.json.encode(says).decode()}
    connection.execute(_ADD_VERSION, values)
    connection.execute(_RAISE_REVISION)


def end_version(connection: Connection, plan_id: str, until_us: int) -> bool:
    """Put the version in force out of force; return whether there was one."""
    ended = connection.execute(_END_VERSION, {"plan_id": plan_id, "until_us": until_us}).rowcount
    connection.execute(_RAISE_REVISION)
    return ended > 0


def reigns(connection: Connection) -> list[Reign]:
    """Return which versions were in force when."""
    return [_reign(row) for row in connection.execute(_REIGNS)]


def in_force(connection: Connection) -> list[tuple[Reign, PlanBody]]:
    """Return the versions that are in force now, with what they say."""
    return [(_reign(row), msgspec.json.decode(row.body, type=PlanBody)) for row in connection.execute(_IN_FORCE)]


def revision(connection: Connection) -> int:
    """Return a number that rises whenever something else is in force."""
    return int(connection.execute(_REVISION).scalar_one())


def secret(connection: Connection) -> str:
    """Return the shop's secret for personal fields, empty when it has none yet."""
    return str(connection.execute(_SECRET).scalar_one())


def set_secret(connection: Connection, new: str) -> str:
    """Keep the first secret and return the one that holds."""
    connection.execute(_SET_SECRET, {"secret": new})
    return secret(connection)


def last_received_us(connection: Connection) -> int:
    """Return when the last event was received that has taken effect, 0 when none has."""
    return int(connection.execute(_LAST_RECEIVED).scalar() or 0)


def _plan(row: Row[tuple[object, ...]]) -> PlanRow:
    values = dict(row._mapping)
    return PlanRow(**{**values, "draft": msgspec.json.decode(values["draft"], type=PlanBody)})


def _values(row: PlanRow) -> dict[str, object]:
    return {**msgspec.structs.asdict(row), "draft": msgspec.json.encode(row.draft).decode()}


def _reign(row: Row[tuple[object, ...]]) -> Reign:
    values = row._mapping
    named = msgspec.json.decode(values["body"], type=_Sources).sources
    return Reign(
        plan_id=values["plan_id"],
        number=values["number"],
        name=values["name"],
        from_us=values["from_us"],
        until_us=values["until_us"],
        sources=None if named is None else frozenset(named),
    )
