"""Replays over HTTP: begin, pause, go on, give up, and see how far one is."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import Controller, get, post
from litestar.response import Stream

from regulars.app.replay.core import Asked, Into, Replay
from regulars.app.replay.download import MEDIA_TYPES, Form, download
from regulars.app.shop import Shop
from regulars.kernel.errors import InvalidError
from regulars.kernel.http import Page, Role, needs, page_limit
from regulars.kernel.sayings import said


class NewReplay(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of history to read once more, and into what; everything that is left out means all.

    `since` and `until` are moments at which things came in. `customer` is a customer's id, or one of their identifiers
    such as `user_id:ann`. Into `counts` only counts, `lake` puts back into history what it lacks, `profile` works the
    customer out anew.
    """

    into: Into = "counts"
    since: datetime | None = None
    until: datetime | None = None
    sources: list[str] = []
    names: list[str] = []
    customer: str | None = None


class ReplaysController(Controller):
    """`/v1/replays`."""

    path = "/v1/replays"
    tags = ("Log and replay",)

    @get(
        operation_id="listReplays",
        summary="What is being read once more, and what was?",
        opt=needs(Role.ADMIN),
        sync_to_thread=True,
    )
    def list_replays(self, shop: Shop, cursor: str | None = None, limit: int | None = None) -> Page[Replay]:
        """Return replays, the newest first."""
        return shop.replays.list_replays(cursor=cursor, limit=page_limit(limit))

    @get(
        "/file",
        operation_id="downloadSpan",
        summary="A span of history as a file",
        opt=needs(Role.ADMIN, audited_as="span_downloaded", files=tuple(MEDIA_TYPES.values())),
        sync_to_thread=True,
    )
    def file(
        self,
        shop: Shop,
        form: Form = "jsonl",
        since: datetime | None = None,
        until: datetime | None = None,
        source: list[str] | None = None,
        name: list[str] | None = None,
        customer: str | None = None,
    ) -> Stream:
        """Give every event of the span as today's rules read it, a line or a row each; the shop keeps no file of it.

        `source` and `name` may be repeated. A download that breaks off is not the whole: ask for it again.
        """
        wanted = NewReplay(since=since, until=until, sources=source or [], names=name or [], customer=customer)
        return Stream(
            download(shop, _asked(shop, wanted), form),
            media_type=MEDIA_TYPES[form],
            headers={"Content-Disposition": f'attachment; filename="events.{form}"'},
        )

    @get(
        "/{replay_id:str}",
        operation_id="getReplay",
        summary="How far is this replay?",
        opt=needs(Role.ADMIN),
        sync_to_thread=True,
    )
    def get_replay(self, replay_id: str, shop: Shop) -> Replay:
        """Return one replay."""
        return shop.replays.find(replay_id)

    @post(
        operation_id="beginReplay",
        summary="Read a span of history once more",
        opt=needs(Role.ADMIN, audited_as="replay_started"),
        status_code=202,
        sync_to_thread=True,
    )
    def begin(self, data: NewReplay, shop: Shop) -> Replay:
        """Begin it as a job; the shop goes on meanwhile, and nothing is sent to anybody again."""
        return shop.replays.begin(_asked(shop, data))

    @post(
        "/{replay_id:str}/pause",
        operation_id="pauseReplay",
        summary="Let a replay rest",
        opt=needs(Role.ADMIN, audited_as="replay_paused"),
        status_code=200,
        sync_to_thread=True,
    )
    def pause(self, replay_id: str, shop: Shop) -> Replay:
        """Ask it to stop after the part at hand; what was read stays read."""
        return shop.replays.pause(replay_id)

    @post(
        "/{replay_id:str}/resume",
        operation_id="resumeReplay",
        summary="Go on with a replay",
        opt=needs(Role.ADMIN, audited_as="replay_resumed"),
        status_code=202,
        sync_to_thread=True,
    )
    def resume(self, replay_id: str, shop: Shop) -> Replay:
        """Go on from where it rests."""
        return shop.replays.resume(replay_id)

    @post(
        "/{replay_id:str}/discard",
        operation_id="discardReplay",
        summary="Give a replay up that rests",
        opt=needs(Role.ADMIN, audited_as="replay_discarded"),
        status_code=200,
        sync_to_thread=True,
    )
    def discard(self, replay_id: str, shop: Shop) -> Replay:
        """Give it up; what it put back into history stays there."""
        return shop.replays.discard(replay_id)


def _asked(shop: Shop, data: NewReplay) -> Asked:
    for when in (data.since, data.until):
        if when is not None and when.tzinfo is None:
            raise InvalidError(said("moment_zone", "A moment needs its time zone, such as 2026-11-25T18:30:00Z."))
    return Asked(
        into=data.into,
        since=data.since,
        until=data.until,
        sources=data.sources,
        names=data.names,
        customer_id=shop.customer_named(data.customer) if data.customer else None,
    )


ROUTES: list[type[Controller]] = [ReplaysController]
