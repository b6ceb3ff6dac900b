"""What rebuilds do: begin one or go on with it, pause it, throw it away, and tell how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any  # Any: rows as the driver gives them

import msgspec
from sqlalchemy import Row

from regulars.app import capabilities
from regulars.app.rebuild import store
from regulars.app.rebuild.building import Building, Told
from regulars.app.rebuild.comparing import SAMPLED, compare
from regulars.app.rebuild.core import (
    UNFINISHED,
    Rebuild,
    RebuildComparison,
    RebuildReport,
    State,
    plan_of,
    seconds_left,
    tables_of,
)
from regulars.app.rebuild.swapping import swap, tidy
from regulars.events.worker_store import count_failed, offsets
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, moment
from regulars.kernel.database.beside import open_beside, sweep
from regulars.kernel.database.claim import claimed
from regulars.kernel.errors import ConflictError, NotFoundError, RegularsError
from regulars.kernel.http import Page, decode_cursor, page_of
from regulars.kernel.ids import new_id
from regulars.kernel.sayings import Sentence, read, said
from regulars.recommend.engine import artifact as artifacts
from regulars.recommend.models import Models

if TYPE_CHECKING:
    from regulars.app.shop import Shop

JOB = "rebuild"
CLAIM = "rebuild"
SILENT_US = 30 * MICROSECONDS_PER_SECOND  # who has said nothing for so long was killed
FAR_FUTURE_US = 2**62
MINUTE_US = 60 * MICROSECONDS_PER_SECOND
_TAKEN = "Another process is rebuilding this shop. Wait for it, or pause it first."


def silent(done: int, total: int, note: str) -> None:
    """Tell nobody how far the work is."""


class Rebuilds:
    """The state of a shop, made anew from the log."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def parts(self) -> list[str]:
        """Return what can be rebuilt, in street order."""
        return list(capabilities.derived_tables())

    def current(self) -> Rebuild | None:
        """Return the rebuild that is under way or rests, None when there is none."""
        with self._shop.database.read() as connection:
            row = store.unfinished(connection)
        return self._shown(row) if row is not None else None

    def find(self, rebuild_id: str) -> Rebuild:
        """Return one rebuild.

        Raises
        ------
        NotFoundError
            When there is none with this id.

        """
        with self._shop.database.read() as connection:
            row = store.one(connection, rebuild_id)
        if row is None:
            raise NotFoundError(f"No rebuild has the id {rebuild_id!r}.")
        return self._shown(row)

    def list_rebuilds(self, *, cursor: str | None = None, limit: int = 50) -> Page[Rebuild]:
        """Return rebuilds, the newest first."""
        before = decode_cursor(cursor, tuple[int, str]) or (FAR_FUTURE_US, "")
        with self._shop.database.read() as connection:
            rows = store.newest(connection, before=before, limit=limit + 1)
        return page_of(rows, limit=limit, place_of=lambda row: (row.started_us, row.rebuild_id), item_of=self._shown)

    def prepare(self, parts: Iterable[str] | None = None) -> Rebuild:
        """Note a new rebuild, or return the unfinished one if it is of the same parts; nothing is read yet.

        Raises
        ------
        ConflictError
            When another rebuild is unfinished.

        """
        plan = plan_of(parts, self.parts())
        now_us = self._shop.clock.now_us()
        with self._shop.database.write(lock=CLAIM) as connection:
            row = store.unfinished(connection)
            if row is None:
                rebuild_id = new_id(now_us)
                token = rebuild_id.replace("-", "")[-12:]
                store.add(connection, rebuild_id=rebuild_id, token=token, program="", parts=plan.parts, now_us=now_us)
                row = store.one(connection, rebuild_id)
            assert row is not None, "it was just written"
            if _parts_of(row) != plan.parts:
                raise ConflictError(
                    said(
                        "rebuild_unfinished",
                        "A rebuild of {parts} is unfinished. Go on with it, or discard it first.",
                        parts=", ".join(_parts_of(row)),
                    )
                )
            return self._shown(row)

    def run(self, parts: Iterable[str] | None = None, *, check: bool = False, told: Told = silent) -> RebuildReport:
        """Rebuild, here and now, going on with a rebuild of the same parts that rests; return what it did.

        Parameters
        ----------
        parts
            Names of projections; everything when left out.
        check
            Only say what would be different: nothing takes the place of anything.
        told
            Hears how far it is. What it raises pauses the rebuild.

        Raises
        ------
        ConflictError
            When another process rebuilds, another rebuild is unfinished, or these parts cannot stand beside the rest.

        """
        rebuild_id = self.prepare(parts).rebuild_id
        with claimed(self._shop.database, CLAIM, taken=_TAKEN):
            return _Sitting(self._shop, rebuild_id, told).sit(check=check)

    def discard(self, rebuild_id: str) -> Rebuild:
        """Throw an unfinished rebuild away; what answers stays as it is.

        Raises
        ------
        ConflictError
            When it is under way or over.

        """
        shop = self._shop
        found = self.find(rebuild_id)
        if found.state not in UNFINISHED:
            raise ConflictError(
                said("rebuild_over", "This rebuild is {state}; there is nothing to throw away.", state=found.state)
            )
        with claimed(
            shop.database, CLAIM, taken=said("rebuild_under_way", "This rebuild is under way. Pause it first.")
        ):
            with shop.database.write() as connection:
                row = store.one(connection, rebuild_id)
                store.end(connection, rebuild_id, state="discarded", now_us=shop.clock.now_us())
            assert row is not None, "it was found before"
            open_beside(shop.database, row.token).discard()
            sweep(shop.database)
        return self.find(rebuild_id)

    def _is_live(self) -> bool:
        """Return whether a run of the job has the rebuild in hand, or will."""
        return any(not run.state.is_over for run in self._shop.jobs.list_runs(job=JOB, limit=20).items)

    def _shown(self, row: Row[Any]) -> Rebuild:
        state: State = row.state
        if state == "running" and self._shop.clock.now_us() - row.changed_us > SILENT_US:
            state = "paused"
        if state == "paused" and self._is_live():
            state = "waiting"  # it rests only until a process takes it up again
        return Rebuild(
            rebuild_id=row.rebuild_id,
            parts=_parts_of(row),
            whole=_parts_of(row) == self.parts(),
            state=state,
            started_at=moment(row.started_us),
            changed_at=moment(row.changed_us),
            finished_at=None if row.finished_us is None else moment(row.finished_us),
            done=row.done,
            total=row.total,
            events=row.events,
            events_per_s=row.events / row.seconds if row.seconds else 0.0,
            seconds_left=seconds_left(row.done, row.total, row.seconds) if state == "running" else None,
            step=row.step,
            error=row.error,
            error_said=None if row.error is None else read(row.error_said),
            report=msgspec.json.decode(row.report, type=RebuildReport) if row.report else None,
        )


class _Sitting:
    """One go at a rebuild: from where it rests to its end, or to where it is stopped."""

    def __init__(self, shop: Shop, rebuild_id: str, told: Told) -> None:
        self._shop = shop
        with shop.database.read() as connection:
            row = store.one(connection, rebuild_id)
        assert row is not None, "the rebuild was prepared"
        self._row = row
        self._plan = plan_of(_parts_of(row), list(capabilities.derived_tables()))
        self._building = Building(shop, rebuild_id=rebuild_id, token=row.token, plan=self._plan, told=told)

    def sit(self, *, check: bool) -> RebuildReport:
        with closing(self._building):
            try:
                report = self._build(check=check)
            except RegularsError as error:
                self._rest("failed", error.sentence)
                raise
            except BaseException:
                self._rest("paused", None)
                raise
            if report.swapped:
                tidy(self._shop, self._building)
            else:
                self._rest("paused", None, report)
            return report

    def _build(self, *, check: bool) -> RebuildReport:
        building = self._building
        if not self._row.begun or self._row.program != _program():
            building.beside.close()
            open_beside(self._shop.database, self._row.token).discard()  # another program's rules filled it
            building.begin()
            with self._shop.database.write() as connection:
                store.set_begun(connection, self._row.rebuild_id, _program())
        building.go_on(_progress_of(self._row) if self._row.begun else store.Progress())
        self._learn()
        comparison = self._compare() if check or not self._plan.whole else None
        notes = self._notes()
        if check:
            return self._report(swapped=False, news=0, notes=notes, comparison=comparison)
        self._refuse_strangers(comparison)
        building.say("taking the place of the old")
        return swap(
            building,
            since_us=self._row.started_us,
            report_of=lambda news: self._report(swapped=True, news=news, notes=notes, comparison=None),
        )

    def _learn(self) -> None:
        """Learn a model from the new tables before they answer, so that recommendations need not begin at nothing."""
        shop, building = self._shop, self._building
        if "recommend" not in self._plan.parts or artifacts.current(shop.files) is None:
            return
        if artifacts.answering(shop.files, building.token) is not None:
            return  # in a sitting before this one
        building.say("learning")
        models = Models(
            database=building.beside.database, clock=shop.clock, files=shop.files, settings=shop.settings.recommend
        )
        models.train()

    def _compare(self) -> RebuildComparison:
        building, plan = self._building, self._plan
        building.say("comparing")
        with self._shop.database.read() as before:
            building.reach(offsets(before), quietly=True)
            with building.beside.database.read() as after:
                return compare(
                    before,
                    after,
                    building.tables,
                    sampled=SAMPLED,
                    identity=bool(plan.feeds) or "identity" in plan.parts,
                    profiles="profiles" in plan.parts,
                )

    def _refuse_strangers(self, comparison: RebuildComparison | None) -> None:
        """Refuse to put some parts beside others that are of other rules."""
        if self._plan.whole:
            return
        assert comparison is not None, "some parts alone are always compared"
        parts = ", ".join(self._plan.parts)
        if self._plan.feeds and comparison.identifiers_moved:
            raise ConflictError(
                said(
                    "rebuild_identifiers_moved",
                    "By today's rules {count:,} identifiers belong to other customers than they do in the "
                    "shop, so {parts} alone would not fit the rest. Rebuild everything.",
                    count=comparison.identifiers_moved,
                    parts=parts,
                )
            )
        with self._building.beside.database.read() as connection:
            letters = count_failed(connection)
        if letters:
            raise ConflictError(
                said(
                    "rebuild_not_taken",
                    "{count:,} events that the shop has taken in cannot be taken in by {parts} any more. "
                    "Rebuild everything, which lays them aside, or update Regulars.",
                    count=letters,
                    parts=parts,
                )
            )

    def _notes(self) -> list[str]:
        """Carry over what the log is too young to tell, and say what that means."""
        log = self._shop.log
        trimmed = [partition for partition in log.partitions() if log.start(partition)]
        if not trimmed:
            return []
        firsts = [log.read(partition, after=log.start(partition), records_max=1) for partition in trimmed]
        begins_us = min((found[0].accepted_us for found in firsts if found), default=self._shop.clock.now_us())
        begins = f"{moment(begins_us):%Y-%m-%d %H:%M} UTC"
        notes = [f"The log begins on {begins}. What happened before came from history, with its identifiers."]
        self._carry(begins_us // MINUTE_US)
        if "events" in self._plan.parts:
            notes.append(
                f"Counts of the minutes before {begins} were kept as they were: history does not tell what was "
                "rejected, corrected or delivered twice."
            )
        return notes

    def _carry(self, through_minute: int) -> None:
        with self._shop.database.read() as old, self._building.beside.database.write() as new:
            for part in self._plan.parts:
                for table in capabilities.CARRIED_BY_MINUTE.get(part, ()):
                    store.carry_minutes(old, new, table, through_minute)
                for table, key in capabilities.CARRIED_IF_MISSING.get(part, ()):
                    store.carry_missing(old, new, table, key)

    def _report(
        self, *, swapped: bool, news: int, notes: Sequence[str], comparison: RebuildComparison | None
    ) -> RebuildReport:
        progress = self._building.progress
        return RebuildReport(
            rebuild_id=self._row.rebuild_id,
            parts=self._plan.parts,
            swapped=swapped,
            events=progress.events,
            from_history=progress.from_history,
            seconds=round(progress.seconds, 3),
            events_per_s=round(progress.events / progress.seconds, 1) if progress.seconds else 0.0,
            news=news,
            notes=list(notes),
            comparison=comparison,
        )

    def _rest(self, state: State, error: Sentence | None, report: RebuildReport | None = None) -> None:
        now_us, rebuild_id = self._shop.clock.now_us(), self._row.rebuild_id
        with self._shop.database.write() as connection:
            store.set_progress(connection, rebuild_id, self._building.progress, now_us)
            store.end(connection, rebuild_id, state=state, now_us=now_us, error=error, report=report)


def _parts_of(row: Row[Any]) -> list[str]:
    return msgspec.json.decode(row.parts, type=list[str])


def _progress_of(row: Row[Any]) -> store.Progress:
    names = store.Progress.__struct_fields__
    return store.Progress(**{name: getattr(row, name) for name in names})


def _program() -> str:
    """Return whose rules fill the tables: a program of another version begins anew."""
    import regulars

    steps = len(capabilities.migrations())
    tables = len(tables_of(capabilities.derived_tables(), capabilities.derived_tables()))
    return f"{regulars.__version__}/{steps}/{tables}"
