"""Destinations over HTTP: make them, see how they fare, mend what did not go."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal  # Any: settings are each kind's own

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.params import Parameter
from msgspec import Meta

from regulars.destinations.core.audience import AudienceRule
from regulars.destinations.core.definition import EventFilter, Pace, Schedule
from regulars.destinations.core.views import (
    AudiencePreview,
    Changed,
    DeadLetterShown,
    DeliveryShown,
    DestinationMade,
    DestinationShown,
    Figures,
    HourShown,
    KindShown,
    SyncShown,
    TrialShown,
)
from regulars.destinations.service import OVERLAP_H, Destinations, Plan
from regulars.kernel.http import Page, Role, needs

Name = Annotated[str, Meta(min_length=1, max_length=120)]


class DestinationBody(msgspec.Struct, frozen=True, kw_only=True):
    """A new destination. `settings` are those of its kind; see `GET /v1/destinations/kinds`."""

    kind: str
    name: Name
    settings: dict[str, Any]  # Any: as above
    events: EventFilter = msgspec.field(default_factory=EventFilter)
    pace: Pace = msgspec.field(default_factory=Pace)
    audience: AudienceRule | None = None
    schedule: Schedule = msgspec.field(default_factory=Schedule)


class DestinationChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different. Settings are put whole; a secret sent back as `(set)` stays."""

    name: Name | None = None
    settings: dict[str, Any] | None = None  # Any: as above
    events: EventFilter | None = None
    pace: Pace | None = None
    audience: AudienceRule | None = None
    schedule: Schedule | None = None


class RotateBody(msgspec.Struct, frozen=True, kw_only=True):
    """For how long the old secret goes on signing beside the new one."""

    overlap_h: Annotated[int, Meta(ge=0, le=24 * 30)] = OVERLAP_H


class BackfillBody(msgspec.Struct, frozen=True, kw_only=True):
    """The span whose hours shall be written, in UTC or with an offset."""

    from_at: Annotated[datetime, Meta(tz=True)]
    to_at: Annotated[datetime, Meta(tz=True)]


class DestinationsController(Controller):
    """`/v1/destinations`."""

    path = "/v1/destinations"
    tags = ("Destinations",)

    @get(operation_id="listDestinations", summary="All destinations", sync_to_thread=True, opt=needs(Role.VIEWER))
    def all(self, destinations: Destinations) -> list[DestinationShown]:
        """Return every destination with how it answers, the oldest first."""
        return destinations.all()

    @get(
        "/kinds",
        operation_id="listDestinationKinds",
        summary="What kinds are there?",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def kinds(self, destinations: Destinations) -> list[KindShown]:
        """Return the kinds with what each wants to be told, those of installed packages too."""
        return destinations.kinds()

    @post(
        operation_id="createDestination",
        summary="Make a destination",
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="destination_created"),
    )
    def create(self, destinations: Destinations, data: DestinationBody) -> DestinationMade:
        """Keep it and return it, with its signing secret: that is shown this once."""
        given = {name: getattr(data, name) for name in Plan.__struct_fields__}
        return destinations.create(data.kind, Plan(**given))

    @post(
        "/audience-preview",
        operation_id="previewAudience",
        summary="How many belong to an audience?",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def preview(self, destinations: Destinations, data: AudienceRule) -> AudiencePreview:
        """Return how many belong now; after three seconds, of those looked at so far."""
        return destinations.runs.preview(data)

    @get(
        "/{destination_id:str}",
        operation_id="getDestination",
        summary="One destination",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def one(self, destinations: Destinations, destination_id: str) -> DestinationShown:
        """Return one destination with how it answers."""
        return destinations.get(destination_id)

    @patch(
        "/{destination_id:str}",
        operation_id="changeDestination",
        summary="Change a destination",
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="destination_changed"),
    )
    def change(self, destinations: Destinations, destination_id: str, data: DestinationChange) -> DestinationShown:
        """Change what was said; what waits is sent by the new word."""
        return destinations.change(
            destination_id, Plan(**{name: getattr(data, name) for name in Plan.__struct_fields__})
        )

    @delete(
        "/{destination_id:str}",
        operation_id="deleteDestination",
        summary="Drop a destination",
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="destination_deleted"),
    )
    def remove(self, destinations: Destinations, destination_id: str) -> None:
        """Drop it with everything that waits for it."""
        destinations.remove(destination_id)

    @post(
        "/{destination_id:str}/pause",
        operation_id="pauseDestination",
        summary="Send nothing for now",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="destination_paused"),
    )
    def pause(self, destinations: Destinations, destination_id: str) -> DestinationShown:
        """Send nothing until somebody resumes it; what comes meanwhile waits."""
        return destinations.pause(destination_id)

    @post(
        "/{destination_id:str}/resume",
        operation_id="resumeDestination",
        summary="Send again",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="destination_resumed"),
    )
    def resume(self, destinations: Destinations, destination_id: str) -> DestinationShown:
        """Send again, at once; a closed destination opens."""
        return destinations.resume(destination_id)

    @post(
        "/{destination_id:str}/secret",
        operation_id="rotateDestinationSecret",
        summary="Make a new signing secret",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="destination_secret_rotated"),
    )
    def rotate(self, destinations: Destinations, destination_id: str, data: RotateBody) -> DestinationMade:
        """Return the new secret, this once; until the overlap is over both sign."""
        return destinations.rotate_secret(destination_id, overlap_h=data.overlap_h)

    @post(
        "/{destination_id:str}/test",
        operation_id="testDestination",
        summary="Try a destination out",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="destination_tested"),
    )
    def test(self, destinations: Destinations, destination_id: str) -> TrialShown:
        """Send something invented and return exactly what was said on both sides, secrets hidden."""
        return destinations.test(destination_id)

    @get(
        "/{destination_id:str}/figures",
        operation_id="getDestinationFigures",
        summary="Deliveries over time",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def figures(
        self,
        destinations: Destinations,
        destination_id: str,
        hours: Annotated[int, Parameter(ge=1, le=24 * 90, description="How far back, in hours.")] = 24,
    ) -> Figures:
        """Return what was delivered, tried again and given up, and how long requests took, in at most sixty spans."""
        destinations.get(destination_id)
        return destinations.reports.over_time(destination_id, hours_back=hours)

    @get(
        "/{destination_id:str}/deliveries",
        operation_id="listDeliveries",
        summary="Single deliveries",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def deliveries(
        self,
        destinations: Destinations,
        destination_id: str,
        outcome: Literal["delivered", "retried", "dead"] | None = None,
        from_at: datetime | None = None,
        to_at: datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[DeliveryShown]:
        """Return requests, files or hours, the newest first; the newest thousand are kept."""
        destinations.get(destination_id)
        return destinations.reports.deliveries(
            destination_id, outcome=outcome or "", from_at=from_at, to_at=to_at, cursor=cursor, limit=limit
        )


class DeadLettersController(Controller):
    """`/v1/destinations/{destination_id}/dead-letters`."""

    path = "/v1/destinations/{destination_id:str}/dead-letters"
    tags = ("Destinations",)

    @get(
        operation_id="listUndelivered",
        summary="What was given up on",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def letters(
        self, destinations: Destinations, destination_id: str, cursor: str | None = None, limit: int | None = None
    ) -> Page[DeadLetterShown]:
        """Return events that could not be delivered with the answers they got, the newest first."""
        return destinations.letters.listed(destination_id, cursor=cursor, limit=limit)

    @post(
        "/retry",
        operation_id="retryAllUndelivered",
        summary="Send all of it again",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="dead_letters_retried"),
    )
    def retry_all(self, destinations: Destinations, destination_id: str) -> Changed:
        """Let every dead letter wait again, under the id it had."""
        return Changed(count=destinations.letters.retry_all(destination_id))

    @post(
        "/discard",
        operation_id="discardAllUndelivered",
        summary="Throw all of it away",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="dead_letters_discarded"),
    )
    def discard_all(self, destinations: Destinations, destination_id: str) -> Changed:
        """Throw every dead letter away; it cannot be undone."""
        return Changed(count=destinations.letters.discard_all(destination_id))

    @post(
        "/{letter_id:str}/retry",
        operation_id="retryUndelivered",
        summary="Send one again",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="dead_letter_retried"),
    )
    def retry(self, destinations: Destinations, destination_id: str, letter_id: str) -> Changed:
        """Let one dead letter wait again, under the id it had."""
        destinations.letters.retry(destination_id, _number(letter_id))
        return Changed(count=1)

    @delete(
        "/{letter_id:str}",
        operation_id="discardUndelivered",
        summary="Throw one away",
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="dead_letter_discarded"),
    )
    def discard(self, destinations: Destinations, destination_id: str, letter_id: str) -> None:
        """Throw one dead letter away."""
        destinations.letters.discard(destination_id, _number(letter_id))


class RunsController(Controller):
    """The hours and runs of a destination."""

    path = "/v1/destinations/{destination_id:str}"
    tags = ("Destinations",)

    @get(
        "/hours",
        operation_id="listHours",
        summary="Which hours were written?",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def hours(
        self, destinations: Destinations, destination_id: str, cursor: str | None = None, limit: int | None = None
    ) -> Page[HourShown]:
        """Return the hours of a destination that takes hours, the newest first."""
        return destinations.runs.hours(destination_id, cursor=cursor, limit=limit)

    @post(
        "/backfill",
        operation_id="backfillHours",
        summary="Write hours from before",
        status_code=202,
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="destination_backfilled"),
    )
    def backfill(self, destinations: Destinations, destination_id: str, data: BackfillBody) -> Changed:
        """Have the hours of a span written from history, the newest first; return how many were asked for."""
        return Changed(count=destinations.runs.backfill(destination_id, from_at=data.from_at, to_at=data.to_at))

    @get("/syncs", operation_id="listSyncs", summary="Who came and went?", sync_to_thread=True, opt=needs(Role.VIEWER))
    def syncs(
        self, destinations: Destinations, destination_id: str, cursor: str | None = None, limit: int | None = None
    ) -> Page[SyncShown]:
        """Return the runs of a destination that takes an audience, the newest first."""
        return destinations.runs.syncs(destination_id, cursor=cursor, limit=limit)

    @post(
        "/sync",
        operation_id="syncNow",
        summary="Send the audience now",
        status_code=202,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="audience_synced"),
    )
    def sync(self, destinations: Destinations, destination_id: str) -> SyncShown:
        """Have the audience sent as soon as may be, and return the run."""
        return destinations.runs.sync_now(destination_id)


def _number(letter_id: str) -> int:
    return int(letter_id) if letter_id.isascii() and letter_id.isdigit() and len(letter_id) < 19 else 0  # 0 is nobody's


ROUTES: list[type[Controller]] = [DestinationsController, DeadLettersController, RunsController]
