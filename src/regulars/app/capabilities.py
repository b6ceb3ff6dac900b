"""The one list of capabilities: their tables, their routes, their place in the street, their jobs.

Each list is made by a function that imports what it needs: a worker never loads the web framework.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from regulars.events.core import KeepsCustomers, Projection
from regulars.kernel.clock import Clock
from regulars.kernel.database import Database, Migration

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

    from regulars.app.shop import Shop


def migrations() -> list[Migration]:
    """Return every capability's steps, in an order in which each finds what it builds on."""
    from regulars.app.backup.store import MIGRATIONS as BACKUPS
    from regulars.app.erasures import MIGRATIONS as ERASURES
    from regulars.app.rebuild.store import MIGRATIONS as REBUILDS
    from regulars.app.replay.store import MIGRATIONS as REPLAYS
    from regulars.catalog.store import MIGRATIONS as CATALOG
    from regulars.destinations.store import MIGRATIONS as DESTINATIONS
    from regulars.events.alerts.store import MIGRATIONS as ALERTS
    from regulars.events.hooks.store import MIGRATIONS as HOOKS
    from regulars.events.imports.store import MIGRATIONS as IMPORTS
    from regulars.events.plans.store import MIGRATIONS as PLANS
    from regulars.events.store import MIGRATIONS as EVENTS
    from regulars.events.worker_store import MIGRATIONS as WORKER
    from regulars.experiments.store import MIGRATIONS as EXPERIMENTS
    from regulars.identity.store import MIGRATIONS as IDENTITY
    from regulars.kernel.jobs import MIGRATIONS as JOBS
    from regulars.lake import MIGRATIONS as LAKE
    from regulars.profiles.store import MIGRATIONS as PROFILES
    from regulars.recommend.store import MIGRATIONS as RECOMMEND
    from regulars.web.store import MIGRATIONS as WEB

    coming_in = [*EVENTS, *WORKER, *IMPORTS, *HOOKS, *ALERTS, *PLANS]
    people = [*IDENTITY, *PROFILES]
    rest = [*CATALOG, *EXPERIMENTS, *people, *RECOMMEND, *DESTINATIONS]
    return [*JOBS, *LAKE, *coming_in, *rest, *WEB, *ERASURES, *REBUILDS, *REPLAYS, *BACKUPS]


def derived_tables() -> dict[str, tuple[str, ...]]:
    """Return the tables that can be made again from the log, by part: each projection's, and the worker's own.

    In street order. A table that stands here nowhere is a definition, or says what was done: a rebuild keeps it.
    """
    from regulars.events.plans.store import DERIVED_TABLES as PLANS
    from regulars.events.store import DERIVED_TABLES as EVENTS
    from regulars.events.worker_store import DERIVED_TABLES as WORKER
    from regulars.identity.store import DERIVED_TABLES as IDENTITY
    from regulars.profiles.store import DERIVED_TABLES as PROFILES
    from regulars.recommend.store import DERIVED_TABLES as RECOMMEND

    return {
        "worker": WORKER,
        "events": EVENTS,
        "plans": PLANS,
        "identity": IDENTITY,
        "profiles": PROFILES,
        "recommend": RECOMMEND,
    }


# What a rebuild takes over from the old state, by part, for the time that the log is too young to tell: rows of those
# minutes, rows that are missing, and tables as they are.
CARRIED_BY_MINUTE = {"events": ("events_counts", "events_reasons"), "plans": ("plans_counts", "plans_verdicts")}
CARRIED_IF_MISSING = {"plans": (("plans_problems", "problem_id"),)}
CARRIED_WHOLE = {"events": ("events_totals",)}


def tending(parts: Sequence[str]) -> list[Callable[[Database, Clock], object]]:
    """Return what sums up and lets go as days go by, for these parts: a rebuild lives through the same days."""
    from regulars.recommend.performance import settle

    return [settle] if "recommend" in parts else []


def projections(shop: Shop) -> list[Projection]:
    """Return who reads the log, in street order: each adds what those after it need."""
    from regulars.events.lake_projection import LakeProjection
    from regulars.events.plans import PlanViolations
    from regulars.events.projections import EventCounts

    return [
        EventCounts(),
        PlanViolations(),
        shop.identity,
        shop.profiles,
        shop.recommend,
        shop.destinations,
        LakeProjection(shop.lake),
    ]


def keepers(shop: Shop) -> list[KeepsCustomers]:
    """Return every store that keeps customer ids: all obey a merge, and all forget whom we are told to forget.

    In the order of erasing: identity last, because the others ask it which identifiers were theirs.
    """
    return [shop.destinations, shop.recommend, shop.profiles, shop.identity]


def routes() -> list[ControllerRouterHandler]:
    """Return every capability's handlers."""
    from regulars.app.backup.routes import ROUTES as BACKUPS
    from regulars.app.demo_routes import ROUTES as DEMO
    from regulars.app.rebuild.routes import ROUTES as REBUILDS
    from regulars.app.replay.routes import ROUTES as REPLAYS
    from regulars.app.routes import ROUTES as APP
    from regulars.catalog.routes import ROUTES as CATALOG
    from regulars.destinations.routes import ROUTES as DESTINATIONS
    from regulars.events.alerts.routes import ROUTES as ALERTS
    from regulars.events.hooks.routes import ROUTES as HOOKS
    from regulars.events.imports.routes import ROUTES as IMPORTS
    from regulars.events.letters.routes import ROUTES as LETTERS
    from regulars.events.plans.routes import ROUTES as PLANS
    from regulars.events.routes import ROUTES as EVENTS
    from regulars.experiments.routes import ROUTES as EXPERIMENTS
    from regulars.identity.routes import ROUTES as IDENTITY
    from regulars.profiles.routes import ROUTES as PROFILES
    from regulars.recommend.routes import ROUTES as RECOMMEND

    coming_in = [*EVENTS, *IMPORTS, *HOOKS, *LETTERS, *ALERTS, *PLANS]
    people = [*IDENTITY, *PROFILES]
    rest = [*EXPERIMENTS, *CATALOG, *RECOMMEND, *DESTINATIONS, *REBUILDS, *REPLAYS, *BACKUPS]
    return [*APP, *coming_in, *people, *rest, *DEMO]


def services(shop: Shop) -> dict[str, object]:
    """Return what handlers may ask for, by its noun."""
    return {
        "events": shop.events,
        "imports": shop.imports,
        "hooks": shop.hooks,
        "identity": shop.identity,
        "profiles": shop.profiles,
        "catalog": shop.catalog,
        "experiments": shop.experiments,
        "plans": shop.plans,
        "letters": shop.letters,
        "alerts": shop.alerts,
        "recommend": shop.recommend,
        "destinations": shop.destinations,
        "lake": shop.lake,
        "jobs": shop.jobs,
        "log": shop.log,
        "settings": shop.settings,
        "shop": shop,
    }
