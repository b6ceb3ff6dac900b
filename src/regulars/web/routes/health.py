"""Is this process alive, can it serve, and what are its numbers?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
from litestar import Controller, Response, get

from regulars.kernel.errors import RegularsError
from regulars.kernel.http import Role, needs
from regulars.web.observe import METRICS_MEDIA_TYPE, Meters


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One part that must work, whether it does, and what it says."""

    name: str
    ok: bool
    detail: str


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether this process can serve, and each part's own word on it."""

    ready: bool
    checks: list[CheckResult]


class Alive(msgspec.Struct, frozen=True, kw_only=True):
    """This process answers."""

    alive: bool = True


@dataclass(frozen=True, slots=True)
class Checks:
    """What to look at before saying that we are ready; each returns a word on how it is, or raises."""

    parts: Sequence[tuple[str, Callable[[], str]]] = ()

    def run(self) -> Readiness:
        """Ask every part."""
        results = [_asked(name, ask) for name, ask in self.parts]
        return Readiness(ready=all(result.ok for result in results), checks=results)


def _asked(name: str, ask: Callable[[], str]) -> CheckResult:
    try:
        return CheckResult(name=name, ok=True, detail=ask())
    except RegularsError as error:
        return CheckResult(name=name, ok=False, detail=str(error))


class HealthController(Controller):
    """For those who watch over the shop."""

    path = "/"
    tags = ("Health",)

    @get("/healthz", operation_id="getHealth", summary="Is this process alive?", opt=needs(Role.ANYONE))
    async def get_health(self) -> Alive:
        """Answer at once, whatever else is away."""
        return Alive()

    @get("/readyz", operation_id="getReadiness", summary="Can it serve?", opt=needs(Role.ANYONE), sync_to_thread=True)
    def get_readiness(self, checks: Checks) -> Response[Readiness]:
        """Ask the database, the log, the disk and the worker; 503 when one of them cannot go on."""
        readiness = checks.run()
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
