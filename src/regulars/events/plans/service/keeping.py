"""Plans are written, published, compared, restored and stopped."""

from __future__ import annotations

import secrets
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from regulars.events.plans import store, violations_store
from regulars.events.plans.core import PlanBody, PlanFile, faults_in
from regulars.events.plans.core.changes import Change, changes
from regulars.events.plans.core.plan import DESCRIPTION_CHARACTERS_MAX, NAME_CHARACTERS_MAX
from regulars.events.plans.report import holds_for
from regulars.events.plans.shown import (
    Plan,
    PlanSummary,
    Version,
    VersionInFull,
    in_force_of,
    shown_version,
    summary,
    version_in_full,
)
from regulars.events.plans.snapshot import read_snapshot, snapshot_of, write_snapshot
from regulars.events.plans.store import PlanRow, VersionRow
from regulars.events.worker_store import take_the_street
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import ConflictError, InvalidError, NotFoundError
from regulars.kernel.ids import new_id
from regulars.kernel.sayings import said

MINUTE_US = 60 * MICROSECONDS_PER_SECOND
DAY_MINUTES = 24 * 60
NOTE_CHARACTERS_MAX = 500
FAULTS_MAX = 50
SECRET_BYTES = 32
_LOCK = "plans"


class Keeping:
    """Keeps plans and their versions, and puts one in force."""

    def __init__(self, *, database: Database, clock: Clock, folder: Path) -> None:
        self._database = database
        self._clock = clock
        self._folder = folder

    def all(self) -> list[PlanSummary]:
        """Return every plan, oldest first, with how the last 24 hours kept to it."""
        now_minute = self._clock.now_us() // MINUTE_US
        since = now_minute - DAY_MINUTES
        with self._database.read() as connection:
            rows = store.plans(connection)
            standing = {reign.plan_id: (reign, body) for reign, body in store.in_force(connection)}
            wrong = violations_store.by_plan(connection, since)
            taken = {one: violations_store.taken(connection, one, since, now_minute + 1) for one in standing}
            versions = {row.plan_id: in_force_of(store.versions(connection, row.plan_id)) for row in rows}
        named = {one for _, body in standing.values() for one in body.sources or ()}
        found = []
        for row in rows:
            body = standing[row.plan_id][1] if row.plan_id in standing else None
            events, blocked = wrong.get(row.plan_id, (0, 0))
            took_effect = taken.get(row.plan_id, [])
            judged = sum(count for source, _, count in took_effect if body and holds_for(body, source, named)) + blocked
            found.append(summary(row, versions[row.plan_id], body, (judged, events, blocked)))
        return found

    def get(self, plan_id: str) -> Plan:
        """Return one plan, with its draft and versions.

        Raises
        ------
        NotFoundError
            When there is no such plan.

        """
        with self._database.read() as connection:
            row = _known(store.plan(connection, plan_id), plan_id)
            versions = store.versions(connection, plan_id)
            standing = in_force_of(versions)
            body = store.body(connection, plan_id, standing.number) if standing else None
        return Plan(
            plan_id=row.plan_id,
            name=row.name,
            description=row.description,
            draft=row.draft,
            draft_number=row.draft_number,
            in_force=standing.number if standing else None,
            in_force_body=body,
            versions=[shown_version(version) for version in versions],
            changes=changes(body or PlanBody(), row.draft),
            faults=faults_in(row.draft)[:FAULTS_MAX],
            created_at=moment(row.created_us),
            updated_at=moment(row.updated_us),
        )

    def create(self, name: str, body: PlanBody | None = None, *, description: str = "") -> Plan:
        """Begin a plan: a draft that judges nothing until it is published.

        Raises
        ------
        InvalidError
            When the plan cannot be used; `problems` says each fault with its JSON pointer.
        ConflictError
            When another plan has this name.

        """
        now_us = self._clock.now_us()
        draft = body or PlanBody()
        refuse_faults(draft)
        row = PlanRow(
            plan_id=new_id(now_us),
            name=_checked_name(name),
            description=_checked(description, "description", DESCRIPTION_CHARACTERS_MAX),
            draft=draft,
            draft_number=1,
            created_us=now_us,
            updated_us=now_us,
        )
        with self._database.write(lock=_LOCK) as connection:
            _refuse_name(connection, row)
            store.add_plan(connection, row)
        return self.get(row.plan_id)

    def change(self, plan_id: str, *, name: str | None = None, description: str | None = None) -> Plan:
        """Give a plan another name or description. Versions keep the name they were published under."""
        with self._database.write(lock=_LOCK) as connection:
            row = _known(store.plan(connection, plan_id), plan_id)
            changed = msgspec.structs.replace(
                row,
                name=row.name if name is None else _checked_name(name),
                description=row.description
                if description is None
                else _checked(description, "description", DESCRIPTION_CHARACTERS_MAX),
                updated_us=self._clock.now_us(),
            )
            _refuse_name(connection, changed)
            store.change_plan(connection, changed)
        return self.get(plan_id)

    def edit(self, plan_id: str, draft: PlanBody, *, draft_number: int | None = None) -> Plan:
        """Keep another draft; nothing is judged by it until it is published.

        Parameters
        ----------
        plan_id
            Whose draft.
        draft
            All that the plan shall say.
        draft_number
            That of the draft which was edited, so that nobody's work is overwritten; None overwrites.

        Raises
        ------
        InvalidError
            When the plan cannot be used; `problems` says each fault with its JSON pointer.
        ConflictError
            When somebody else has changed the draft meanwhile.

        """
        refuse_faults(draft)
        with self._database.write(lock=_LOCK) as connection:
            row = _known(store.plan(connection, plan_id), plan_id)
            if draft_number is not None and draft_number != row.draft_number:
                raise ConflictError(
                    said(
                        "plan_draft_changed",
                        "The draft of {plan!r} was changed meanwhile (it is number {number}, you edited "
                        "{edited}). Look at it again before you save.",
                        plan=row.name,
                        number=row.draft_number,
                        edited=draft_number,
                    )
                )
            store.change_plan(connection, self._with_draft(row, draft))
        return self.get(plan_id)

    def remove(self, plan_id: str) -> None:
        """Take a plan away: it judges nothing from now on. Its versions stay for replays of what they judged."""
        with self._database.write(lock=_LOCK) as connection:
            take_the_street(connection)
            _known(store.plan(connection, plan_id), plan_id)
            store.end_version(connection, plan_id, self._turn_us(connection))
            store.remove_plan(connection, plan_id, self._clock.now_us())
            self._hand_to_door(connection)

    def publish(self, plan_id: str, *, note: str = "", by: str = "") -> Version:
        """Put the draft in force as the next version: from now on events are judged by it.

        Raises
        ------
        InvalidError
            When the draft cannot be used.
        ConflictError
            When nothing has changed, or another plan holds for the same sources.

        """
        with self._database.write(lock=_LOCK) as connection:
            take_the_street(connection)  # the worker commits before us or after us, so that no event has two verdicts
            row = _known(store.plan(connection, plan_id), plan_id)
            refuse_faults(row.draft)
            versions = store.versions(connection, plan_id)
            self._refuse_same(connection, row, in_force_of(versions))
            self._refuse_overlap(connection, row)
            version = VersionRow(
                plan_id=plan_id,
                number=versions[0].number + 1 if versions else 1,
                name=row.name,
                note=_checked(note, "note", NOTE_CHARACTERS_MAX),
                published_by=by[:NAME_CHARACTERS_MAX],
                from_us=self._turn_us(connection),
                until_us=None,
            )
            store.add_version(connection, version, row.draft)
            self._hand_to_door(connection)
        return shown_version(version)

    def stop(self, plan_id: str) -> Plan:
        """Put a plan out of force; its sources are judged by the plan for all sources, if there is one.

        Raises
        ------
        ConflictError
            When no version of it is in force.

        """
        with self._database.write(lock=_LOCK) as connection:
            take_the_street(connection)
            row = _known(store.plan(connection, plan_id), plan_id)
            if not store.end_version(connection, plan_id, self._turn_us(connection)):
                raise ConflictError(said("plan_not_in_force", "No version of {plan!r} is in force.", plan=row.name))
            self._hand_to_door(connection)
        return self.get(plan_id)

    def version(self, plan_id: str, number: int) -> VersionInFull:
        """Return what a version says, in force or not.

        Raises
        ------
        NotFoundError
            When there is no such version.

        """
        with self._database.read() as connection:
            for row in store.versions(connection, plan_id):
                body = store.body(connection, plan_id, number) if row.number == number else None
                if body is not None:
                    return version_in_full(row, body)
        raise NotFoundError(f"There is no version {number} of the plan {plan_id!r}.")

    def restore(self, plan_id: str, number: int) -> Plan:
        """Make the draft what a version says; publish it to put it in force again."""
        says = self.version(plan_id, number).body
        with self._database.write(lock=_LOCK) as connection:
            row = _known(store.plan(connection, plan_id), plan_id)
            store.change_plan(connection, self._with_draft(row, says))
        return self.get(plan_id)

    def compare(self, plan_id: str, *, before: int, after: int | None = None) -> list[Change]:
        """Return what is different between two versions; between one and the draft when `after` is None."""
        old = self.version(plan_id, before).body
        return changes(old, self.get(plan_id).draft if after is None else self.version(plan_id, after).body)

    def export(self, plan_id: str, number: int | None = None) -> PlanFile:
        """Return a plan as a file: the draft, or a version. Sources stay behind, they are this shop's own."""
        plan = self.get(plan_id)
        body = plan.draft if number is None else self.version(plan_id, number).body
        return PlanFile(
            name=plan.name,
            description=plan.description,
            mode=body.mode,
            unknown=body.unknown,
            events=body.events,
            personal=body.personal,
        )

    def write_snapshot(self) -> bool:
        """Write the door's snapshot where it is missing or not of today; return whether it was written."""
        with self._database.write(lock=_LOCK) as connection:
            held = read_snapshot(self._folder)
            secret = store.secret(connection)
            if held is not None and (held.revision, held.secret) == (store.revision(connection), secret) and secret:
                return False
            self._hand_to_door(connection)
        return True

    def _hand_to_door(self, connection: Connection) -> None:
        """Write what is in force for the door, before the commit: a door that knows it a moment early does no harm."""
        secret = store.secret(connection) or store.set_secret(connection, secrets.token_hex(SECRET_BYTES))
        snapshot = snapshot_of(store.revision(connection), secret, store.in_force(connection))
        write_snapshot(self._folder, snapshot)

    def _turn_us(self, connection: Connection) -> int:
        """Return a moment after everything that has been judged; the street is ours until the commit."""
        return max(self._clock.now_us(), store.last_received_us(connection) + 1)

    def _with_draft(self, row: PlanRow, draft: PlanBody) -> PlanRow:
        return msgspec.structs.replace(
            row, draft=draft, draft_number=row.draft_number + 1, updated_us=self._clock.now_us()
        )

    def _refuse_same(self, connection: Connection, row: PlanRow, standing: VersionRow | None) -> None:
        if (
            standing is not None
            and standing.name == row.name
            and store.body(connection, row.plan_id, standing.number) == row.draft
        ):
            raise ConflictError(
                said(
                    "plan_unchanged",
                    "Nothing has changed since version {number} of {plan!r}.",
                    number=standing.number,
                    plan=row.name,
                )
            )

    def _refuse_overlap(self, connection: Connection, row: PlanRow) -> None:
        for reign, body in store.in_force(connection):
            if reign.plan_id == row.plan_id:
                continue
            if body.sources is None and row.draft.sources is None:
                raise ConflictError(
                    said(
                        "plan_holds_all",
                        "{other!r} holds for all sources already. Choose the sources that {plan!r} holds for, or "
                        "stop {other!r}.",
                        other=reign.name,
                        plan=row.name,
                    )
                )
            both = set(body.sources or ()) & set(row.draft.sources or ())
            if both:
                raise ConflictError(
                    said(
                        "plan_holds_some",
                        "{other!r} holds for {sources} already; an event is judged by one plan. Choose other "
                        "sources, or stop it.",
                        other=reign.name,
                        sources=", ".join(sorted(both)),
                    )
                )


def _known(row: PlanRow | None, plan_id: str) -> PlanRow:
    if row is None:
        raise NotFoundError(said("no_plan", "There is no tracking plan {plan!r}.", plan=plan_id))
    return row


def refuse_faults(body: PlanBody) -> None:
    """Refuse a plan that cannot be used, with every fault."""
    faults = faults_in(body)
    if faults:
        raise InvalidError(
            f"The plan cannot be used: {faults[0]}{f' And {len(faults) - 1} more.' if len(faults) > 1 else ''}",
            problems=faults[:FAULTS_MAX],
        )


def _refuse_name(connection: Connection, row: PlanRow) -> None:
    for other in store.plans(connection):
        if other.name.casefold() == row.name.casefold() and other.plan_id != row.plan_id:
            raise ConflictError(
                said("plan_name_taken", "There is a plan named {plan!r} already. Take another name.", plan=other.name)
            )


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARACTERS_MAX:
        raise InvalidError(
            said(
                "plan_name",
                "A plan's name has 1 to {most} characters, this one {length}.",
                most=NAME_CHARACTERS_MAX,
                length=len(name),
            )
        )
    return name


def _checked(said: str, what: str, characters_max: int) -> str:
    if len(said) > characters_max:
        raise InvalidError(f"The {what} of a plan has at most {characters_max:,} characters, this one {len(said):,}.")
    return said.strip()
