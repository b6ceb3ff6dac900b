"""Tracking plans over HTTP."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, patch, post, put
from litestar.params import Parameter

from regulars.events.plans.core import PlanBody, PlanFile
from regulars.events.plans.core.changes import Change
from regulars.events.plans.core.inference import Inferred
from regulars.events.plans.core.trial import Trial
from regulars.events.plans.ready import ReadyPlan, ready_plan, ready_plans
from regulars.events.plans.report import ProblemLine, Span, Violations, ViolationSample
from regulars.events.plans.service import Plans
from regulars.events.plans.shown import Plan, PlanSummary, Version, VersionInFull
from regulars.kernel.errors import ForbiddenError
from regulars.kernel.http import Caller, Page, Role, needs, page_limit


class NewPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan to begin: empty, or with a body."""

    name: str
    description: str = ""
    body: PlanBody | None = None


class PlanChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different; what is left out stays."""

    name: str | None = None
    description: str | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a draft shall say. `draft_number` is that of the draft which was edited; leave it out to overwrite."""

    body: PlanBody
    draft_number: int | None = None


class Publication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A word about what is new."""

    note: str = ""


class Restoration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which version the draft shall be made from."""

    number: int


class Inference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which traffic to infer a plan from: of these sources (None: all), of the last days."""

    sources: list[str] | None = None
    days: int = 7


class Attempt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to try on the traffic of the last hours: a body, or the plan's draft when left out."""

    body: PlanBody | None = None
    hours: int = 24


class ImportedPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan file as it was exported, and the sources it shall hold for here (None: all)."""

    file: PlanFile
    sources: list[str] | None = None


_SpanOf = Annotated[Span, Parameter(description="How far back to look.")]
_Source = Annotated[str, Parameter(description="Only what came through this source.")]
_Event = Annotated[str, Parameter(description="Only events of this name.")]


class PlansController(Controller):
    """`/v1/plans`."""

    path = "/v1/plans"
    tags = ("Plans",)

    @get(operation_id="listPlans", summary="Every tracking plan", sync_to_thread=True, opt=needs(Role.VIEWER))
    def all(self, plans: Plans) -> list[PlanSummary]:
        """Return every plan, oldest first, with how the last 24 hours kept to it."""
        return plans.all()

    @post(
        operation_id="createPlan",
        summary="Begin a tracking plan",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="plan_created"),
    )
    def create(self, plans: Plans, data: NewPlan) -> Plan:
        """Begin a plan: a draft that judges nothing until it is published."""
        return plans.create(data.name, data.body, description=data.description)

    @get(
        "/ready",
        operation_id="listReadyPlans",
        summary="Plans ready to use",
        opt=needs(Role.VIEWER),
        sync_to_thread=True,
    )
    def ready(self) -> list[ReadyPlan]:
        """Return the plans that come with Regulars."""
        return ready_plans()

    @get(
        "/ready/{key:str}",
        operation_id="getReadyPlan",
        summary="One ready plan",
        opt=needs(Role.VIEWER),
        sync_to_thread=True,
    )
    def ready_one(self, key: str) -> PlanFile:
        """Return one ready plan as a file."""
        return ready_plan(key)

    @post(
        "/import",
        operation_id="importPlan",
        summary="Begin a plan from a file",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="plan_imported"),
    )
    def bring(self, plans: Plans, data: ImportedPlan) -> Plan:
        """Begin a plan from a plan file."""
        return plans.create(data.file.name, data.file.body(data.sources), description=data.file.description)

    @post(
        "/infer",
        operation_id="inferPlan",
        summary="The plan that recent traffic keeps to",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def infer(self, plans: Plans, data: Inference) -> Inferred:
        """Return a plan inferred from the traffic of the last days, with what it was read from. Nothing is kept."""
        return plans.infer(sources=data.sources, days=data.days)

    @get(
        "/{plan_id:str}",
        operation_id="getPlan",
        summary="One tracking plan",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def one(self, plans: Plans, plan_id: str) -> Plan:
        """Return a plan with its draft, its versions, and what publishing the draft would change."""
        return plans.get(plan_id)

    @patch(
        "/{plan_id:str}",
        operation_id="changePlan",
        summary="Rename or describe a plan",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="plan_changed"),
    )
    def change(self, plans: Plans, plan_id: str, data: PlanChange) -> Plan:
        """Give a plan another name or description."""
        return plans.change(plan_id, name=data.name, description=data.description)

    @delete(
        "/{plan_id:str}",
        operation_id="deletePlan",
        summary="Take a plan away",
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="plan_deleted"),
    )
    def remove(self, plans: Plans, plan_id: str) -> None:
        """Take a plan away: it judges nothing from now on. What it judged can still be replayed."""
        plans.remove(plan_id)

    @put(
        "/{plan_id:str}/draft",
        operation_id="putPlanDraft",
        summary="Edit the draft",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="plan_drafted"),
    )
    def edit(self, plans: Plans, plan_id: str, data: Draft) -> Plan:
        """Keep another draft; nothing is judged by it until it is published."""
        return plans.edit(plan_id, data.body, draft_number=data.draft_number)

    @post(
        "/{plan_id:str}/publish",
        operation_id="publishPlan",
        summary="Put the draft in force",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="plan_published"),
    )
    def publish(self, plans: Plans, caller: Caller, plan_id: str, data: Publication) -> Version:
        """Put the draft in force as the next version. What the door hashes or drops is an admin's to change."""
        _refuse_loss(plans.get(plan_id), caller)
        return plans.publish(plan_id, note=data.note, by=caller.name)

    @post(
        "/{plan_id:str}/stop",
        operation_id="stopPlan",
        summary="Put a plan out of force",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="plan_stopped"),
    )
    def stop(self, plans: Plans, plan_id: str) -> Plan:
        """Put a plan out of force; its personal fields are no longer hashed or dropped."""
        return plans.stop(plan_id)

    @post(
        "/{plan_id:str}/restore",
        operation_id="restorePlan",
        summary="Make the draft what a version says",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="plan_restored"),
    )
    def restore(self, plans: Plans, plan_id: str, data: Restoration) -> Plan:
        """Make the draft what a version says; publish it to put it in force again."""
        return plans.restore(plan_id, data.number)

    @post(
        "/{plan_id:str}/try",
        operation_id="tryPlan",
        summary="What it would have made of recent traffic",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def try_out(self, plans: Plans, plan_id: str, data: Attempt) -> Trial:
        """Return what a body, or the draft, would have made of the last hours' traffic. Nothing changes."""
        body = data.body if data.body is not None else plans.get(plan_id).draft
        return plans.try_out(body, plan_id=plan_id, hours=data.hours)

    @get(
        "/{plan_id:str}/versions/{number:int}",
        operation_id="getPlanVersion",
        summary="One version",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def version(self, plans: Plans, plan_id: str, number: int) -> VersionInFull:
        """Return what a version says, in force or not."""
        return plans.version(plan_id, number)

    @get(
        "/{plan_id:str}/changes",
        operation_id="comparePlanVersions",
        summary="What is different between two versions",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def changes(self, plans: Plans, plan_id: str, before: int, after: int | None = None) -> list[Change]:
        """Return what is different between two versions, in words; between one and the draft without `after`."""
        return plans.compare(plan_id, before=before, after=after)

    @get(
        "/{plan_id:str}/export",
        operation_id="exportPlan",
        summary="A plan as a file",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def export(self, plans: Plans, plan_id: str, number: int | None = None) -> PlanFile:
        """Return the draft, or a version, as a plan file."""
        return plans.export(plan_id, number)

    @get(
        "/{plan_id:str}/violations",
        operation_id="getPlanViolations",
        summary="How events kept to a plan",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def violations(
        self, plans: Plans, plan_id: str, span: _SpanOf = "24h", source_id: _Source = "", name: _Event = ""
    ) -> Violations:
        """Return how events kept to a plan over time, and each event in all."""
        return plans.violations(plan_id, span=span, source_id=source_id, name=name)

    @get(
        "/{plan_id:str}/problems",
        operation_id="listPlanProblems",
        summary="Ways in which events go wrong",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def problems(
        self,
        plans: Plans,
        plan_id: str,
        span: _SpanOf = "24h",
        source_id: _Source = "",
        name: _Event = "",
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[ProblemLine]:
        """Return problems by field, the most frequent first."""
        return plans.problems(
            plan_id, span=span, source_id=source_id, name=name, cursor=cursor, limit=page_limit(limit)
        )

    @get(
        "/{plan_id:str}/problems/{problem_id:str}/samples",
        operation_id="listPlanSamples",
        summary="The latest events that show a problem",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def samples(self, plans: Plans, caller: Caller, plan_id: str, problem_id: str) -> list[ViolationSample]:
        """Return the latest events that show a problem, read from the log; personal values are for admins."""
        return plans.samples(plan_id, problem_id, covered=not caller.may(Role.ADMIN))


def _refuse_loss(plan: Plan, caller: Caller) -> None:
    """Refuse a marketer who would change what the door hashes or drops: what is gone from the log is gone."""
    before = plan.in_force_body.personal if plan.in_force_body else []
    lost = [
        {field.pointer: field for field in fields if field.action != "keep"} for fields in (before, plan.draft.personal)
    ]
    if lost[0] != lost[1] and not caller.may(Role.ADMIN):
        raise ForbiddenError(
            "This version changes which personal fields are hashed or dropped at the door, and what is once dropped "
            "cannot be brought back. Ask an admin to publish it."
        )


ROUTES: list[type[Controller]] = [PlansController]
