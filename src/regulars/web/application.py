"""The web as one ASGI app. It serves routes and knows no capability: `app` hands in the door, routes and services."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any  # Any: services are whatever `app` hands in, and handlers ask for them by name

from litestar import Litestar, Request
from litestar.di import Provide
from litestar.exceptions.base_exceptions import LitestarDeprecationWarning
from litestar.types import ControllerRouterHandler

from regulars.kernel.clock import Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import RegularsError
from regulars.kernel.http import Caller
from regulars.web.answers import Answers
from regulars.web.audit import Audit
from regulars.web.core import Allowance
from regulars.web.describe import openapi_config
from regulars.web.front import EventsDoor, Front
from regulars.web.gate import Gate
from regulars.web.keys import Keys
from regulars.web.ledger import Ledger
from regulars.web.limits import Limits
from regulars.web.observe import Meters
from regulars.web.people import People
from regulars.web.problems import answer
from regulars.web.routes import ROUTES
from regulars.web.routes.health import Check, Checks
from regulars.web.routes.setup import About
from regulars.web.sse import Stopping
from regulars.web.static_files import STATIC_FOLDER, StaticFiles

BODY_BYTES_MAX = 10_000_000
HANDLERS_AT_ONCE = 32  # as many as there are readers' connections


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What `app` hands to the web.

    Parameters
    ----------
    database, clock
        Where people, keys and the audit log are kept, and what time it is.
    about
        What may be known before signing in.
    door
        Takes events in; answers before the framework sees a request.
    routes
        The capabilities' handlers.
    services
        What handlers may ask for, by name.
    checks
        What `/readyz` asks.
    meters
        The numbers for `/metrics`.

    """

    database: Database
    clock: Clock
    about: About
    door: EventsDoor | None = None
    routes: Sequence[ControllerRouterHandler] = ()
    services: Mapping[str, object] = field(default_factory=dict)
    checks: Sequence[Check] = ()
    meters: Meters | None = None
    on_start: Sequence[Callable[[], None]] = ()
    on_stop: Sequence[Callable[[], None] | Callable[[], Awaitable[None]]] = ()
    static_folder: Path = STATIC_FOLDER
    allowances: dict[str, Allowance] | None = None
    hsts: bool = False


@dataclass(frozen=True)
class Web:
    """The finished app: `asgi` to serve, `framework` to describe, `stopping` to end open streams."""

    asgi: Front
    framework: Litestar
    stopping: Stopping


def create_app(parts: Parts) -> Web:
    """Return the web of one shop."""
    stopping, meters = Stopping(), parts.meters or Meters()
    people, keys = (kind(database=parts.database, clock=parts.clock) for kind in (People, Keys))
    assert isinstance(people, People), "made in this order"
    assert isinstance(keys, Keys), "made in this order"
    audit = Audit(database=parts.database, clock=parts.clock)
    limits = Limits(parts.clock, parts.allowances)
    gate = Gate(people=people, keys=keys, limits=limits, clock=parts.clock)
    own = {
        "people": people,
        "keys": keys,
        "audit": audit,
        "limits": limits,
        "gate": gate,
        "meters": meters,
        "stopping": stopping,
        "about": parts.about,
        "checks": Checks(parts.checks),
        "database": parts.database,
        "clock": parts.clock,
    }
    framework = _quietly(
        route_handlers=[*ROUTES, *parts.routes],
        dependencies={"caller": Provide(_caller, sync_to_thread=False), **_provided({**own, **parts.services})},
        middleware=[gate, Answers(database=parts.database, clock=parts.clock), Ledger(audit, gate)],
        exception_handlers={RegularsError: answer, Exception: answer},
        openapi_config=openapi_config(parts.about.version),
        request_max_body_size=BODY_BYTES_MAX,
        on_startup=[stopping.begin, _make_room, *parts.on_start],
        on_shutdown=list(parts.on_stop),
        logging_config=None,
    )
    front = Front(
        door=parts.door,
        framework=framework,
        static_files=StaticFiles(parts.static_folder),
        meters=meters,
        clock=parts.clock,
        hsts=parts.hsts,
    )
    return Web(front, framework, stopping)


def _quietly(**parts: Any) -> Litestar:  # Any: whatever Litestar takes
    with warnings.catch_warnings():
        # Handlers ask for services and values by name; Litestar 3 will want each one marked, and we stay below 3.
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        return Litestar(**parts)


def _make_room() -> None:
    """Let more handlers wait for the database than there are cores: asyncio's own pool is filled by six of them."""
    pool = ThreadPoolExecutor(HANDLERS_AT_ONCE, thread_name_prefix="handler")
    asyncio.get_running_loop().set_default_executor(pool)


def _provided(services: Mapping[str, object]) -> dict[str, Provide]:
    def give(service: object) -> Provide:
        return Provide(lambda: service, sync_to_thread=False)

    return {name: give(service) for name, service in services.items()}


def _caller(request: Request[Any, Any, Any]) -> Caller:  # Any: as above
    caller: Caller = request.user
    return caller
