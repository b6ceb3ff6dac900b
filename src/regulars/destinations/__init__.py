"""The ways out: facts, hours of history and audiences, sent to whoever shall have them."""

from regulars.destinations.core.kinds import (
    Answer,
    Destination,
    Exchange,
    Feed,
    Hour,
    Kind,
    Outcome,
    Outgoing,
    Parcel,
    Row,
    Secret,
    TakesAudience,
    TakesEvents,
    TakesHours,
    Tools,
    Trial,
)
from regulars.destinations.service import Destinations, Plan, Upstream
from regulars.destinations.store import DERIVED_TABLES, MIGRATIONS

__all__ = [
    "DERIVED_TABLES",
    "MIGRATIONS",
    "Answer",
    "Destination",
    "Destinations",
    "Exchange",
    "Feed",
    "Hour",
    "Kind",
    "Outcome",
    "Outgoing",
    "Parcel",
    "Plan",
    "Row",
    "Secret",
    "TakesAudience",
    "TakesEvents",
    "TakesHours",
    "Tools",
    "Trial",
    "Upstream",
]
