"""Tracking plans: what events must look like, and what follows when one does not."""

from regulars.events.plans.core import EventRule, PersonalField, PlanBody, PlanFile
from regulars.events.plans.judge import PlanJudge
from regulars.events.plans.projection import PlanViolations
from regulars.events.plans.service import Plans
from regulars.events.plans.shown import Plan, PlanSummary, Version
from regulars.events.plans.snapshot import Personal

__all__ = [
    "EventRule",
    "Personal",
    "PersonalField",
    "Plan",
    "PlanBody",
    "PlanFile",
    "PlanJudge",
    "PlanSummary",
    "PlanViolations",
    "Plans",
    "Version",
]
