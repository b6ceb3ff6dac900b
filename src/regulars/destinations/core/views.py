"""A destination as a person sees it: what was said about it, how it answers, what waits and what was given up on.

`said` beside a sentence is its code and values, for whoever says it in another language; None where it has no code.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal  # Any: settings are each kind's own, schemas are JSON

import msgspec

from regulars.destinations.core.audience import AudienceRule
from regulars.destinations.core.definition import EventFilter, Pace, Schedule, Status
from regulars.destinations.core.kinds import Exchange, Feed
from regulars.kernel.sayings import Saying

State = Literal["good", "failing", "waiting", "paused", "closed"]


class HealthShown(msgspec.Struct, frozen=True, kw_only=True):
    """How a destination answers.

    `waiting`: nothing has been sent yet. `failing`: the last tries came to nothing. Counts of the last hour are
    events for the feed `events`, members for `audience`, events within hours for `hours`.
    """

    state: State
    delivered_1h: int
    retried_1h: int
    dead_1h: int
    waiting: int
    retrying: int
    oldest_waiting_s: float
    dead_letters: int
    skipped: int
    last_error: str
    last_error_said: Saying | None
    last_error_at: datetime | None
    last_delivered_at: datetime | None
    next_try_at: datetime | None
    members: int | None = None
    removals_waiting: int | None = None
    hours_due: int | None = None
    hours_done: int | None = None


class DestinationShown(msgspec.Struct, frozen=True, kw_only=True):
    """A destination. Secrets among its settings are shown as `(set)`; its signing secret is not shown at all."""

    destination_id: str
    name: str
    kind: str
    feed: Feed
    status: Status
    reason: str
    said: Saying | None
    settings: dict[str, Any]  # Any: as above
    events: EventFilter
    pace: Pace
    audience: AudienceRule | None
    schedule: Schedule
    signed: bool
    old_secret_until: datetime | None
    created_at: datetime
    changed_at: datetime
    health: HealthShown


class DestinationMade(msgspec.Struct, frozen=True, kw_only=True):
    """A new destination, with its signing secret: shown this once."""

    destination: DestinationShown
    signing_secret: str | None


class KindShown(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of destination, and what it wants to be told as JSON Schema."""

    name: str
    feed: Feed
    signed: bool
    settings_schema: dict[str, Any]  # Any: as above


class DeliveryShown(msgspec.Struct, frozen=True, kw_only=True):
    """One request, file or hour: what came of it. `about` is the first event's id, the hour, or the run."""

    delivery_id: int
    at: datetime
    outcome: Literal["delivered", "retried", "dead"]
    items: int
    status: int | None
    duration_ms: int
    sentence: str
    said: Saying | None
    about: str


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """What was delivered within a span of time that begins then. Times are of requests, in ms."""

    at: datetime
    delivered: int
    retried: int
    dead: int
    skipped: int
    requests: int
    mean_ms: float | None
    slowest_ms: int | None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries over time, the oldest span first; spans without any are left out."""

    span_minutes: int
    from_at: datetime
    to_at: datetime
    spans: list[Span]


class DeadLetterShown(msgspec.Struct, frozen=True, kw_only=True):
    """An event that was given up on: why, what was answered, and the event as it would be sent."""

    letter_id: int
    event_id: str
    name: str
    occurred_at: datetime
    queued_at: datetime
    dead_at: datetime
    tries: int
    status: int | None
    sentence: str
    said: Saying | None
    answer: str
    event: dict[str, Any]  # Any: as it was sent


class HourShown(msgspec.Struct, frozen=True, kw_only=True):
    """One hour of arrival: whether it was written, and how many events it holds."""

    hour: datetime
    state: Literal["due", "marked", "done"]
    events: int
    files: int
    written_at: datetime | None
    written_again: bool


class SyncShown(msgspec.Struct, frozen=True, kw_only=True):
    """One run of an audience. `left_out` belong, but have no value in the column they would be known by."""

    run: int
    begun_at: datetime
    finished_at: datetime | None
    members: int
    added: int
    changed: int
    removed: int
    left_out: int
    asked: bool


class AudiencePreview(msgspec.Struct, frozen=True, kw_only=True):
    """How many belong to an audience now, of how many customers; counted to the end only when that was quick."""

    customers: int
    looked_at: int
    members: int


class TrialShown(msgspec.Struct, frozen=True, kw_only=True):
    """What a test showed."""

    works: bool
    sentence: str
    said: Saying | None
    exchanges: list[Exchange]
    duration_ms: int


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """How many were changed."""

    count: int
