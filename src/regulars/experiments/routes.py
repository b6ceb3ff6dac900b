"""Experiments over HTTP: define them, ask who gets what, note who has seen it."""

from __future__ import annotations

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from regulars.experiments.core import Assignment, AssignmentReason, Experiment, Holdout, Share, Variant
from regulars.experiments.service import Experiments
from regulars.kernel.errors import InvalidError, NotFoundError
from regulars.kernel.http import Role, needs


class ExperimentBody(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment as it is put; its key stands in the path."""

    variants: list[Variant]
    title: str = ""
    unit_kind: str = "customer"
    layer: str = ""
    layer_from: Share = 0.0
    layer_to: Share = 1.0
    traffic: Share = 1.0
    running: bool = True
    version: int = 1
    honours_holdout: bool = True


class AssignBody(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for a variant. `expose` notes at once that it was seen; leave it out when only asking."""

    experiment: str
    unit_id: str
    unit_kind: str = "customer"
    expose: bool = False
    user_id: str | None = None
    anonymous_id: str | None = None


class ExperimentsController(Controller):
    """`/v1/experiments`."""

    path = "/v1/experiments"
    tags = ("Experiments",)

    @get(operation_id="listExperiments", summary="All experiments", sync_to_thread=True, opt=needs(Role.VIEWER))
    def all(self, experiments: NamedDependency[Experiments]) -> list[Experiment]:
        """Return every experiment, by key."""
        return experiments.all()

    @get("/holdout", operation_id="getHoldout", summary="Who is held out", sync_to_thread=True, opt=needs(Role.VIEWER))
    def holdout(self, experiments: NamedDependency[Experiments]) -> Holdout:
        """Return the share that takes part in nothing."""
        return experiments.holdout()

    @put(
        "/holdout",
        operation_id="putHoldout",
        summary="Change who is held out",
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="holdout_changed"),
    )
    def put_holdout(self, experiments: NamedDependency[Experiments], data: JSONBody[Holdout]) -> Holdout:
        """Keep the share that takes part in nothing; another version draws anew."""
        return experiments.hold_out(data)

    @get(
        "/{key:str}",
        operation_id="getExperiment",
        summary="One experiment",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def one(self, experiments: NamedDependency[Experiments], key: FromPath[str]) -> Experiment:
        """Return one experiment."""
        return experiments.get(key)

    @put(
        "/{key:str}",
        operation_id="putExperiment",
        summary="Define an experiment",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="experiment_defined"),
    )
    def define(
        self, experiments: NamedDependency[Experiments], key: FromPath[str], data: JSONBody[ExperimentBody]
    ) -> Experiment:
        """Keep an experiment. Traffic may change freely; what would move people needs a higher version."""
        try:
            experiment = Experiment(key=key, **{name: getattr(data, name) for name in ExperimentBody.__struct_fields__})
        except ValueError as error:
            raise InvalidError(str(error)) from None
        return experiments.define(experiment)

    @delete(
        "/{key:str}",
        operation_id="deleteExperiment",
        summary="Drop an experiment",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="experiment_deleted"),
    )
    def remove(self, experiments: NamedDependency[Experiments], key: FromPath[str]) -> None:
        """Drop an experiment; what it logged stays."""
        experiments.remove(key)

    @post(
        "/assign",
        operation_id="assignVariant",
        summary="Which variant falls to a unit",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def assign(self, experiments: NamedDependency[Experiments], data: JSONBody[AssignBody]) -> Assignment:
        """Return what falls to a unit; the same answer at every call."""
        found = experiments.assign(data.experiment, data.unit_kind, data.unit_id)
        if found.reason is AssignmentReason.UNKNOWN_EXPERIMENT:
            raise NotFoundError(f"No experiment has the key {data.experiment!r}.")
        if data.expose:
            experiments.expose(found, user_id=data.user_id, anonymous_id=data.anonymous_id)
        return found


ROUTES: list[type[Controller]] = [ExperimentsController]
