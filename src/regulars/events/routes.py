"""Sources and events over HTTP, for the console; the door for events themselves is `regulars.events.door`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Protocol  # Any: Litestar cannot check a Protocol

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.di import Provide
from litestar.params import Dependency, Parameter
from litestar.response import Stream

from regulars.events.core import Outcome, SourceKind
from regulars.events.counts import Reasons, Span
from regulars.events.live import Wanted
from regulars.events.service import Events, Source
from regulars.events.shown import EventInFull, LiveEvent
from regulars.kernel.http import Caller, Page, Role, needs, page_limit
from regulars.kernel.ids import SourceId

LOOK_EVERY_S = 0.25
HEARTBEAT_S = 15.0


class Stopping(Protocol):
    """Tells streams that the server wants to go."""

    @property
    def is_set(self) -> bool:
        """Whether it does."""
        ...

    async def wait(self, seconds: float) -> bool:
        """Wait that long, or less when it does."""
        ...


class NewSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source to open."""

    name: str
    kind: SourceKind


class SourceChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different; what is left out stays."""

    name: str | None = None
    enabled: bool | None = None
    cookie: bool | None = None


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """For how many days the key that is replaced goes on opening; 0 to 30."""

    grace_days: int = 0


class SourcesController(Controller):
    """`/v1/sources`."""

    path = "/v1/sources"
    tags = ("Sources",)

    @get(operation_id="listSources", summary="Every source", sync_to_thread=True, opt=needs(Role.VIEWER))
    def all(self, events: Events) -> list[Source]:
        """Return every source, oldest first."""
        return events.list_sources()

    @post(
        operation_id="createSource",
        summary="Open a source",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="source_created"),
    )
    def create(self, events: Events, data: NewSource) -> Source:
        """Open a source and return it with its write key."""
        return events.create_source(data.name, data.kind)

    @patch(
        "/{source_id:str}",
        operation_id="changeSource",
        summary="Rename, close or open a source",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="source_changed"),
    )
    def change(self, events: Events, source_id: str, data: SourceChange) -> Source:
        """Change a source and return it."""
        return events.change_source(SourceId(source_id), name=data.name, enabled=data.enabled, cookie=data.cookie)

    @post(
        "/{source_id:str}/rotate",
        operation_id="rotateSourceKey",
        summary="Give a source a new write key",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="source_key_rotated"),
    )
    def rotate(self, events: Events, source_id: str, data: Rotation | None = None) -> Source:
        """Replace the write key; the old one opens for `grace_days` more, none when nothing is said."""
        return events.rotate_key(SourceId(source_id), grace_days=data.grace_days if data else 0)

    @delete(
        "/{source_id:str}/old-keys",
        operation_id="endOldSourceKeys",
        summary="Let the replaced keys of a source open nothing any more",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="source_old_keys_ended"),
    )
    def end_old_keys(self, events: Events, source_id: str) -> Source:
        """End the grace of every replaced key now."""
        return events.end_old_keys(SourceId(source_id))


def wanted(
    name: Annotated[str | None, Parameter(description="Only events of this name.")] = None,
    source_id: str | None = None,
    outcome: Outcome | None = None,
    reason: Annotated[str | None, Parameter(description="Only events with this reason, by its code.")] = None,
    customer: Annotated[
        str | None, Parameter(description="Only events of this customer id, user id or anonymous id.")
    ] = None,
) -> Wanted:
    """Return which events the query of a request asks for."""
    return Wanted(name=name, source_id=source_id, outcome=outcome, reason=reason, customer=customer)


class EventsController(Controller):
    """`/v1/events`."""

    path = "/v1/events"
    tags = ("Events",)
    dependencies: Mapping[str, Provide] = {"wanted": Provide(wanted, sync_to_thread=False)}

    @get(
        "/recent", operation_id="recentEvents", summary="What came lately", sync_to_thread=True, opt=needs(Role.VIEWER)
    )
    def recent(
        self,
        events: Events,
        wanted: Wanted,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[LiveEvent]:
        """Return events, the newest first. A page may be short of `limit` and still have a cursor: search on."""
        return events.live.recent(wanted, cursor=cursor, limit=page_limit(limit))

    @get(
        "/live",
        operation_id="liveEvents",
        summary="What comes now, as server-sent events",
        media_type="text/event-stream",
        opt=needs(Role.VIEWER),
    )
    async def live(
        self,
        events: Events,
        wanted: Wanted,
        stopping: Annotated[Any, Dependency(skip_validation=True)],  # Any: a `Stopping`; Litestar cannot check it
    ) -> Stream:
        """Send each event as `event: event`, and `event: skipped` with a count when more came than can be shown."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return Stream(frames(events, wanted, stopping), media_type="text/event-stream", headers=headers)

    @get(
        "/reasons",
        operation_id="eventReasons",
        summary="What became of what was sent, and why?",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def reasons(
        self,
        events: Events,
        span: Annotated[Span, Parameter(description="How far back.")] = "24h",
        outcome: Annotated[Outcome, Parameter(description="Which outcome's course over time is told.")] = "rejected",
        source_id: Annotated[str | None, Parameter(description="Of one source; empty for unknown keys.")] = None,
    ) -> Reasons:
        """Return every reason with its count by source, most first, and how one outcome went over time."""
        return events.counts.reasons(span=span, outcome=outcome, source_id=source_id)

    @get("/{event_id:str}", operation_id="getEvent", summary="One event", sync_to_thread=True, opt=needs(Role.VIEWER))
    def one(self, events: Events, caller: Caller, event_id: str) -> EventInFull:
        """Return one event: corrected, as it was sent, and its request; what a plan marks as personal is for admins."""
        return events.live.find(event_id, covered=not caller.may(Role.ADMIN))


async def frames(events: Events, wanted: Wanted, stopping: Stopping) -> AsyncIterator[bytes]:
    """Yield the frames of a live stream until the server wants to go."""
    tail = await asyncio.to_thread(events.live.tail)
    yield b"retry: 2000\n\n"
    silent_s = 0.0
    while not stopping.is_set:
        lines, skipped = await asyncio.to_thread(tail.look, wanted)
        sent = [_frame(b"event", line) for line in lines]
        if skipped:
            sent.append(_frame(b"skipped", {"records": skipped}))
        if sent:
            silent_s = 0.0
            yield b"".join(sent)
        elif silent_s >= HEARTBEAT_S:
            silent_s = 0.0
            yield b": still here\n\n"
        silent_s += LOOK_EVERY_S
        await stopping.wait(LOOK_EVERY_S)


def _frame(name: bytes, value: object) -> bytes:
    return b"event: " + name + b"\ndata: " + msgspec.json.encode(value) + b"\n\n"


ROUTES: list[type[Controller]] = [SourcesController, EventsController]
