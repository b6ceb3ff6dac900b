"""How plans are shown: what the service answers and the API hands out."""

from __future__ import annotations

from datetime import datetime

import msgspec

from regulars.events.plans.core import Mode, PlanBody
from regulars.events.plans.core.changes import Change
from regulars.events.plans.store import PlanRow, VersionRow
from regulars.kernel.clock import moment


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version that was published; it judges what was received from `from_at` until before `until_at`."""

    number: int
    name: str
    note: str
    published_by: str
    from_at: datetime
    until_at: datetime | None


class VersionInFull(Version, frozen=True, kw_only=True):
    """A version with what it says."""

    body: PlanBody


class PlanSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A plan in the list.

    `mode`, `sources`, `events` and `personal` are those of the version in force, of the draft where none is. `judged`
    counts the events of its sources in the last 24 hours, `wrong` those of them that do not keep to it, `blocked` those
    that were kept from taking effect.
    """

    plan_id: str
    name: str
    description: str
    mode: Mode
    sources: list[str] | None
    events: int
    personal: int
    in_force: int | None
    in_force_since: datetime | None
    draft_differs: bool
    judged: int
    wrong: int
    blocked: int
    updated_at: datetime


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan with its draft, its versions (the newest first) and what publishing the draft would change."""

    plan_id: str
    name: str
    description: str
    draft: PlanBody
    draft_number: int
    in_force: int | None
    in_force_body: PlanBody | None
    versions: list[Version]
    changes: list[Change]
    faults: list[str]
    created_at: datetime
    updated_at: datetime


def shown_version(row: VersionRow) -> Version:
    """Return a version with its moments as people write them."""
    return msgspec.convert(_version(row), Version)


def version_in_full(row: VersionRow, body: PlanBody) -> VersionInFull:
    """Return a version with what it says."""
    return msgspec.convert({**_version(row), "body": body}, VersionInFull)


def in_force_of(versions: list[VersionRow]) -> VersionRow | None:
    """Return the version in force among those of a plan."""
    return next((row for row in versions if row.until_us is None), None)


def summary(
    row: PlanRow, in_force: VersionRow | None, body: PlanBody | None, counts: tuple[int, int, int]
) -> PlanSummary:
    """Return a plan as a line of the list; `counts` are judged, wrong and blocked."""
    says = body or row.draft
    return PlanSummary(
        plan_id=row.plan_id,
        name=row.name,
        description=row.description,
        mode=says.mode,
        sources=says.sources,
        events=len(says.events),
        personal=len(says.personal),
        in_force=in_force.number if in_force else None,
        in_force_since=moment(in_force.from_us) if in_force else None,
        draft_differs=row.draft != body,
        judged=counts[0],
        wrong=counts[1],
        blocked=counts[2],
        updated_at=moment(row.updated_us),
    )


def _version(row: VersionRow) -> dict[str, object]:
    return {
        "number": row.number,
        "name": row.name,
        "note": row.note,
        "published_by": row.published_by,
        "from_at": moment(row.from_us),
        "until_at": None if row.until_us is None else moment(row.until_us),
    }
