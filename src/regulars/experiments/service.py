"""Define experiments, tell who gets which variant, and note who has seen it.

Answers come from memory; definitions are looked up at most once a second. While the database is away the last ones
known go on answering, and say that they are stale.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import msgspec

from regulars.events import Events
from regulars.events.core import Fact
from regulars.experiments import core, store
from regulars.experiments.core import Assignment, AssignmentReason, Experiment, Holdout
from regulars.kernel.clock import Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import ConflictError, DatabaseError, InvalidError, NotFoundError, nearest
from regulars.kernel.ids import derived_id

REFRESH_US = 1_000_000
SEEN_MAX = 100_000  # exposures remembered so as not to log them again: some 20 MB
EXPERIMENT_VIEWED = "Experiment Viewed"


class _Known(msgspec.Struct, frozen=True):
    experiments: dict[str, Experiment]
    holdout: Holdout
    read_us: int


class Experiments:
    """The experiments of a shop."""

    def __init__(self, database: Database, clock: Clock, events: Events) -> None:
        self._database = database
        self._clock = clock
        self._events = events
        self._known: _Known | None = None
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._seen_lock = threading.Lock()

    def all(self) -> list[Experiment]:
        """Return every experiment, by key."""
        with self._database.read() as connection:
            return list(store.all_experiments(connection).values())

    def get(self, key: str) -> Experiment:
        """Return one experiment.

        Raises
        ------
        NotFoundError
            When there is none with this key.

        """
        with self._database.read() as connection:
            known = store.all_experiments(connection)
        if key not in known:
            raise NotFoundError(f"No experiment has the key {key!r}.{nearest(key, list(known))}")
        return known[key]

    def define(self, experiment: Experiment) -> Experiment:
        """Keep an experiment, in place of the one with its key, and return it.

        Raises
        ------
        InvalidError
            When customers are called by the name of a field instead of their unit kind.
        ConflictError
            When the change would move people from one variant to another without a new version, or when two
            experiments claim the same part of a layer.

        """
        if experiment.unit_kind == "customer_id":  # it would draw for nobody: every caller says `customer`
            raise InvalidError("Customers are of the unit kind 'customer', not 'customer_id'.")
        with self._database.write(lock="experiments") as connection:
            known = store.all_experiments(connection)
            _refuse_moving(known.get(experiment.key), experiment)
            _refuse_overlap(experiment, known)
            store.put(connection, experiment, self._clock.now_us())
        self._known = None
        return experiment

    def remove(self, key: str) -> None:
        """Drop an experiment; what it logged stays in the history.

        Raises
        ------
        NotFoundError
            When there is none with this key.

        """
        with self._database.write(lock="experiments") as connection:
            removed = store.remove(connection, key)
        self._known = None
        if not removed:
            raise NotFoundError(f"No experiment has the key {key!r}.")

    def holdout(self) -> Holdout:
        """Return who is held out of all experiments."""
        with self._database.read() as connection:
            return store.holdout(connection)

    def hold_out(self, holdout: Holdout) -> Holdout:
        """Change who is held out of all experiments, and return it."""
        if not 0 <= holdout.share <= 1 or holdout.version < 1:
            raise InvalidError(f"The held-out share lies between 0 and 1, got {holdout.share}.")
        with self._database.write(lock="experiments") as connection:
            store.put_holdout(connection, holdout, self._clock.now_us())
        self._known = None
        return holdout

    def assign(self, experiment: str, unit_kind: str, unit_id: str) -> Assignment:
        """Return what falls to a unit, from memory. An unknown experiment is an ordinary answer: no variant.

        This logs nothing: an assignment is no exposure. Call `expose` when the unit has seen the difference.
        """
        known, stale = self._current()
        if experiment not in known.experiments:
            return Assignment(
                experiment=experiment,
                version=0,
                unit_kind=unit_kind,
                unit_id=unit_id,
                reason=AssignmentReason.UNKNOWN_EXPERIMENT,
                stale=stale,
            )
        found = core.assign(known.experiments[experiment], unit_kind, unit_id, known.holdout)
        return msgspec.structs.replace(found, stale=True) if stale else found

    def expose(self, assignment: Assignment, *, user_id: str | None = None, anonymous_id: str | None = None) -> bool:
        """Note that a unit has seen its variant; once a day is enough, and who takes no part has seen nothing.

        Returns whether a fact was logged. The fact, `Experiment Viewed`, carries the names of Segment's
        specification beside our own.
        """
        if assignment.variant is None:
            return False
        now_us = self._clock.now_us()
        fact = _viewed(assignment, now_us, user_id=user_id, anonymous_id=anonymous_id)
        with self._seen_lock:
            if fact.message_id in self._seen:
                return False
        self._events.append([fact])  # the log drops it when another process has noted it today
        with self._seen_lock:
            self._seen[fact.message_id] = None
            while len(self._seen) > SEEN_MAX:
                self._seen.popitem(last=False)
        return True

    def _current(self) -> tuple[_Known, bool]:
        known, now_us = self._known, self._clock.now_us()
        if known is not None and now_us - known.read_us < REFRESH_US:
            return known, False
        try:
            with self._database.read() as connection:
                fresh = _Known(store.all_experiments(connection), store.holdout(connection), now_us)
        except DatabaseError:
            if known is None:
                raise
            return known, True
        self._known = fresh
        return fresh, False


def _refuse_moving(old: Experiment | None, new: Experiment) -> None:
    if old is None:
        return
    if new.version < old.version:
        raise ConflictError(f"The version of {new.key!r} is {old.version} already; it can only be raised.")
    if new.version == old.version and new.draw != old.draw:
        raise ConflictError(
            f"Other variants, weights, unit kind or layer would move people of {new.key!r} from one variant to "
            f"another. Raise version to {old.version + 1} to draw anew; traffic may change freely."
        )


def _refuse_overlap(experiment: Experiment, known: dict[str, Experiment]) -> None:
    if not experiment.running:
        return
    for other in known.values():
        if other.running and core.overlap(experiment, other):
            raise ConflictError(
                f"{other.key!r} has layer {other.layer!r} from {other.layer_from} to {other.layer_to}, which overlaps "
                f"with {experiment.layer_from} to {experiment.layer_to}. Take another part, or another layer."
            )


def _viewed(assignment: Assignment, now_us: int, *, user_id: str | None, anonymous_id: str | None) -> Fact:
    unit = (assignment.experiment, str(assignment.version), assignment.unit_kind, assignment.unit_id)
    day = moment(now_us).date().isoformat()
    return Fact(
        name=EXPERIMENT_VIEWED,
        message_id=derived_id(0, "exposure", *unit, str(assignment.variant), day),
        user_id=assignment.unit_id if assignment.unit_kind == "user_id" else user_id,
        anonymous_id=assignment.unit_id if assignment.unit_kind == "anonymous_id" else anonymous_id,
        properties={
            "experiment_id": assignment.experiment,
            "experiment_name": assignment.experiment,
            "variation_id": assignment.variant,
            "variation_name": assignment.variant,
            "version": assignment.version,
            "unit_kind": assignment.unit_kind,
            "unit_id": assignment.unit_id,
            "layer": assignment.layer,
            "bucket": assignment.bucket,
            "propensity": assignment.propensity,
        },
        occurred_us=now_us,
    )
