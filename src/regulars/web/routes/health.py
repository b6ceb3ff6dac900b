"""Is this process alive, can it serve, and what are its numbers?

A load balancer asks whether events can be taken in, because taking a process away that could would lose nothing but
the events. Whoever watches over the shop asks whether all of it works.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import msgspec
from litestar import Controller, Response, get
from litestar.params import QueryParameter

from regulars.kernel.errors import InvalidError, RegularsError
from regulars.kernel.http import Role, needs
from regulars.web.observe import METRICS_MEDIA_TYPE, Meters

Purpose = Literal["door", "shop"]


class Check(NamedTuple):
    """Something to look at: its name, who cannot do without it, and a function that returns a word on it or raises."""

    name: str
    needed_by: Purpose
    ask: Callable[[], str]


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One part that must work, who cannot do without it, whether it works, and what it says."""

    name: str
    needed_by: Purpose
    ok: bool
    detail: str


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether this process can serve, and each part's own word on it.

    `closed` takes no events in, `degraded` takes them in and lacks something else.
    """

    ready: bool
    status: Literal["ready", "degraded", "closed"]
    checks: list[CheckResult]


class Alive(msgspec.Struct, frozen=True, kw_only=True):
    """This process answers."""

    alive: bool = True


@dataclass(frozen=True, slots=True)
class Checks:
    """What to look at before saying that we are ready."""

    parts: Sequence[Check] = ()

    def run(self, purpose: Purpose) -> Readiness:
        """Ask every part; what the door cannot do without, the shop cannot either."""
        results = [_asked(check) for check in self.parts]
        is_open = all(result.ok for result in results if result.needed_by == "door")
        is_whole = all(result.ok for result in results)
        return Readiness(
            ready=is_whole if purpose == "shop" else is_open,
            status="ready" if is_whole else "degraded" if is_open else "closed",
            checks=results,
        )


def _asked(check: Check) -> CheckResult:
    try:
        return CheckResult(name=check.name, needed_by=check.needed_by, ok=True, detail=check.ask())
    except RegularsError as error:
        return CheckResult(name=check.name, needed_by=check.needed_by, ok=False, detail=str(error))


class HealthController(Controller):
    """For those who watch over the shop."""

    path = "/"
    tags = ("Health",)

    @get("/healthz", operation_id="getHealth", summary="Is this process alive?", opt=needs(Role.ANYONE))
    async def get_health(self) -> Alive:
        """Answer at once, whatever else is away."""
        return Alive()

    @get("/readyz", operation_id="getReadiness", summary="Can it serve?", opt=needs(Role.ANYONE), sync_to_thread=True)
    def get_readiness(
        self,
        checks: Checks,
        purpose: Annotated[
            str,
            QueryParameter(name="for", description="`door`: can events be taken in? `shop`: does everything work?"),
        ] = "door",
    ) -> Response[Readiness]:
        """Ask the log, the disk, the database and the worker, and say how each is.

        503 when events cannot be taken in; with `for=shop` also when the database is away or the worker is behind.
        """
        if purpose not in {"door", "shop"}:
            raise InvalidError(f"`for` is 'door' (events can be taken in) or 'shop' (all works), not {purpose!r}.")
        readiness = checks.run("shop" if purpose == "shop" else "door")
        return Response(readiness, status_code=200 if readiness.ready else 503)

    @get(
        "/metrics",
        operation_id="getMetrics",
        summary="Numbers for Prometheus",
        opt=needs(Role.VIEWER),
        media_type="text/plain",
        sync_to_thread=True,
    )
    def get_metrics(self, meters: Meters) -> Response[bytes]:
        """Return every number in Prometheus' text form; scrape with a secret key of role viewer."""
        return Response(meters.page(), media_type=METRICS_MEDIA_TYPE)
