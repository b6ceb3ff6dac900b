"""What a tracking plan says, and whether an event keeps to it. Pure: the same event and version, the same verdict."""

from regulars.events.plans.core.judging import Ready, judged, reason_of
from regulars.events.plans.core.personal import Rules, Unreadable
from regulars.events.plans.core.plan import (
    Action,
    EventRule,
    Mode,
    Normal,
    PersonalField,
    PlanBody,
    PlanFile,
    Unknown,
    faults_in,
    key_of,
)
from regulars.events.plans.core.reigns import Reign, Standing, standing
from regulars.events.plans.core.violations import sentence

__all__ = [
    "Action",
    "EventRule",
    "Mode",
    "Normal",
    "PersonalField",
    "PlanBody",
    "PlanFile",
    "Ready",
    "Reign",
    "Rules",
    "Standing",
    "Unknown",
    "Unreadable",
    "faults_in",
    "judged",
    "key_of",
    "reason_of",
    "sentence",
    "standing",
]
