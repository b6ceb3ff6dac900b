"""The shop over HTTP: hands the door, the routes and the services to `web`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any  # Any: as said where it stands

from regulars.app import capabilities
from regulars.app.doors import Doors
from regulars.app.health import MB, worker_troubles
from regulars.app.lateness import lateness
from regulars.app.retention import held
from regulars.app.shop import Shop
from regulars.app.today import TodayDesk
from regulars.events.answers import Receive, Scope, Send
from regulars.events.door import Door
from regulars.events.hooks.door import HookDoor
from regulars.events.hooks.snapshot import HookKeys
from regulars.events.keys import Keys
from regulars.events.plans import Personal
from regulars.kernel.errors import DiskFullError, UnavailableError
from regulars.kernel.eventlog import LogBusyError
from regulars.web.application import Parts, Web, create_app
from regulars.web.describe import finished
from regulars.web.observe import Measure, Meters
from regulars.web.routes.health import Check
from regulars.web.routes.setup import About
from regulars.web.store import PING, first


class Entrance:
    """The doors that facts come in by, as one app: for SDKs, and for other services' deliveries."""

    def __init__(self, door: Door, hooks: HookDoor) -> None:
        self._door = door
        self._hooks = hooks

    def handles(self, scope: Scope) -> bool:
        """Return whether a request is for one of them."""
        return self._door.handles(scope) or self._hooks.handles(scope)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._hooks.handles(scope):
            await self._hooks(scope, receive, send)
        else:
            await self._door(scope, receive, send)


def build_web(shop: Shop) -> Web:
    """Return the web of a shop."""
    serve = shop.settings.serve
    if shop.is_ready:
        shop.plans.write_snapshot()
    meters = Meters(lambda: measures(shop))
    personal = Personal(shop.folder, shop.clock)
    hooks = HookDoor(
        shop.log,
        HookKeys(shop.folder, shop.clock, shop.seal),
        shop.clock,
        shop.settings.events,
        headroom=shop.headroom,
        personal=personal,
    )
    door = Door(
        shop.log,
        Keys(shop.folder, shop.clock),
        shop.clock,
        shop.settings.events,
        base_url=serve.base_url,
        headroom=shop.headroom,
        personal=personal,
    )
    door.on_refused = hooks.on_refused = lambda code: meters.refused.labels(code).inc()
    doors = Doors(shop, door.stats)
    return create_app(
        Parts(
            database=shop.database,
            clock=shop.clock,
            about=About(version=shop.version, demo=serve.demo or None, simulated=serve.simulated),
            door=Entrance(door, hooks),
            routes=capabilities.routes(),
            services={**capabilities.services(shop), "today": TodayDesk(shop, doors.now)},
            on_start=[shop.recommend.start, doors.start],
            on_stop=[door.close, hooks.close],
            checks=checks(shop),
            meters=meters,
            hsts=serve.base_url.startswith("https://"),
        )
    )


def describe_api(shop: Shop, *, examples: bool = True) -> dict[str, Any]:  # Any: JSON
    """Return the API's description (OpenAPI 3.1) of a shop that need not be served."""
    return finished(build_web(shop).framework, examples=examples)


def checks(shop: Shop) -> Sequence[Check]:
    """Return what must work before we say that we are ready; the door needs no database and no worker."""

    def log() -> str:
        pressure = shop.log.pressure()
        if pressure.trouble:
            raise UnavailableError(pressure.trouble)
        if pressure.is_busy:
            raise LogBusyError(f"More arrives than the disk can take: {pressure.bytes // MB:,} MB wait.")
        return f"{pressure.bytes:,} bytes wait to become durable."

    def disk() -> str:
        room = shop.headroom.room()
        told = f"{room.free_bytes // MB:,} MB are free, {room.needed_bytes // MB:,} MB are kept free"
        if not room.is_open:
            raise DiskFullError(f"{told}: nothing more is taken in until there is more.")
        return f"{told}."

    def database() -> str:
        with shop.database.read() as connection:
            first(connection, PING)
        return f"{shop.database.dialect} answers."

    def worker() -> str:
        late = lateness(shop)
        for trouble in worker_troubles(late):
            raise UnavailableError(trouble.sentence)
        return f"{late.records:,} records wait, the oldest for {late.seconds:.1f} s."

    return (
        Check("log", "door", log),
        Check("disk", "door", disk),
        Check("database", "shop", database),
        Check("worker", "shop", worker),
    )


def measures(shop: Shop) -> Iterator[Measure]:
    """Yield numbers that are true when they are asked for; those in the database only while it answers."""
    room = shop.headroom.room()
    yield Measure("regulars_disk_free_bytes", "Room left for the shop.", room.free_bytes)
    yield Measure("regulars_disk_needed_bytes", "With less room nothing more is taken in.", room.needed_bytes)
    for partition in shop.log.partitions():
        size = shop.log.size_of(partition)
        for kind in ("fresh", "packed", "journal", "free"):
            labels = {"partition": partition, "kind": kind}
            yield Measure("regulars_log_bytes", "Size of the log on the disk.", getattr(size, kind), labels)
    try:
        yield from [*_lags(shop), *_deliveries(shop), *_outcomes(shop)]
    except UnavailableError:
        return


def _lags(shop: Shop) -> Iterator[Measure]:
    late = lateness(shop)
    for partition, records in late.by_partition.items():
        labels = {"partition": partition}
        yield Measure("regulars_worker_waiting_records", "Accepted requests not yet in effect.", records, labels)
    yield Measure("regulars_worker_lag_seconds", "Age of the oldest record that waits.", late.seconds)
    for one in held(shop):
        labels = {"partition": one.partition, "consumer": one.consumer}
        yield Measure("regulars_log_held_records", "Kept beyond a limit because unread.", one.records, labels)


def _deliveries(shop: Shop) -> Iterator[Measure]:
    names = ("destination", "outcome")
    for key, count in shop.destinations.reports.totals().items():
        labels = dict(zip(names, key, strict=True))
        yield Measure("regulars_deliveries", "Events by what became of them.", count, labels, counts=True)
    for destination_id, backlog in shop.destinations.reports.waiting().items():
        labels = {"destination": destination_id}
        yield Measure("regulars_deliveries_waiting", "Events that wait for a destination.", backlog.waiting, labels)


def _outcomes(shop: Shop) -> Iterator[Measure]:
    for (source, outcome, reason), events in sorted(shop.events.counts.totals().items()):
        labels = {"source": source, "outcome": outcome, "reason": reason}
        yield Measure("regulars_events", "Events that came, and what became of them.", events, labels, counts=True)
    raised = len(shop.alerts.alerts(only_raised=True, limit=200).items)
    yield Measure("regulars_alerts_raised", "Alerts that last.", raised)
