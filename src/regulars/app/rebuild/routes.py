"""Rebuilds over HTTP: begin, pause, go on, throw away, and see how far one is."""

from __future__ import annotations

import msgspec
from litestar import Controller, get, post

from regulars.app.rebuild.core import UNFINISHED, Rebuild
from regulars.app.rebuild.service import JOB
from regulars.app.shop import Shop
from regulars.kernel.errors import ConflictError
from regulars.kernel.http import Page, Role, needs, page_limit
from regulars.kernel.sayings import said


class NewRebuild(msgspec.Struct, frozen=True, kw_only=True):
    """What to make anew: some parts, or everything when left out. `check` only says what would be different."""

    parts: list[str] | None = None
    check: bool = False


class RebuildParts(msgspec.Struct, frozen=True, kw_only=True):
    """What can be made anew, in the order in which the log is read by them."""

    parts: list[str]


class RebuildsController(Controller):
    """`/v1/rebuilds`."""

    path = "/v1/rebuilds"
    tags = ("Log and replay",)

    @get(
        operation_id="listRebuilds",
        summary="What is being made anew, and what was?",
        opt=needs(Role.ADMIN),
        sync_to_thread=True,
    )
    def list_rebuilds(self, shop: Shop, cursor: str | None = None, limit: int | None = None) -> Page[Rebuild]:
        """Return rebuilds, the newest first."""
        return shop.rebuilds.list_rebuilds(cursor=cursor, limit=page_limit(limit))

    @get(
        "/parts",
        operation_id="listRebuildParts",
        summary="What can be made anew?",
        opt=needs(Role.ADMIN),
        sync_to_thread=True,
    )
    def list_parts(self, shop: Shop) -> RebuildParts:
        """Return the parts of the state that are derived from the log."""
        return RebuildParts(parts=shop.rebuilds.parts())

    @get(
        "/{rebuild_id:str}",
        operation_id="getRebuild",
        summary="How far is this rebuild?",
        opt=needs(Role.ADMIN),
        sync_to_thread=True,
    )
    def get_rebuild(self, rebuild_id: str, shop: Shop) -> Rebuild:
        """Return one rebuild."""
        return shop.rebuilds.find(rebuild_id)

    @post(
        operation_id="beginRebuild",
        summary="Make the state anew from the log",
        opt=needs(Role.ADMIN, audited_as="rebuild_started"),
        status_code=202,
        sync_to_thread=True,
    )
    def begin(self, data: NewRebuild, shop: Shop) -> Rebuild:
        """Begin, or go on with the unfinished rebuild of the same parts; the shop goes on meanwhile."""
        rebuild = shop.rebuilds.prepare(data.parts)
        shop.jobs.start(JOB, {"parts": rebuild.parts, "check": data.check})
        return rebuild

    @post(
        "/{rebuild_id:str}/pause",
        operation_id="pauseRebuild",
        summary="Let a rebuild rest",
        opt=needs(Role.ADMIN, audited_as="rebuild_paused"),
        status_code=200,
        sync_to_thread=True,
    )
    def pause(self, rebuild_id: str, shop: Shop) -> Rebuild:
        """Ask it to stop at its next step; what is built stays."""
        _unfinished(shop, rebuild_id)
        for run in shop.jobs.list_runs(job=JOB, limit=20).items:
            if not run.state.is_over:
                shop.jobs.cancel(run.job_run_id)
        return shop.rebuilds.find(rebuild_id)

    @post(
        "/{rebuild_id:str}/resume",
        operation_id="resumeRebuild",
        summary="Go on with a rebuild",
        opt=needs(Role.ADMIN, audited_as="rebuild_resumed"),
        status_code=202,
        sync_to_thread=True,
    )
    def resume(self, rebuild_id: str, shop: Shop) -> Rebuild:
        """Go on from where it rests."""
        rebuild = _unfinished(shop, rebuild_id)
        shop.jobs.start(JOB, {"parts": rebuild.parts, "check": False})
        return shop.rebuilds.find(rebuild_id)

    @post(
        "/{rebuild_id:str}/discard",
        operation_id="discardRebuild",
        summary="Throw an unfinished rebuild away",
        opt=needs(Role.ADMIN, audited_as="rebuild_discarded"),
        status_code=200,
        sync_to_thread=True,
    )
    def discard(self, rebuild_id: str, shop: Shop) -> Rebuild:
        """Remove what was built; what answers stays as it is."""
        return shop.rebuilds.discard(rebuild_id)


def _unfinished(shop: Shop, rebuild_id: str) -> Rebuild:
    found = shop.rebuilds.find(rebuild_id)
    if found.state not in UNFINISHED:
        raise ConflictError(said("rebuild_begin_new", "This rebuild is {state}. Begin a new one.", state=found.state))
    return found


ROUTES: list[type[Controller]] = [RebuildsController]
