"""The shop over HTTP: hands the door, the routes and the services to `web`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any  # Any: as said where it stands

from regulars.app import capabilities
from regulars.app.lateness import lateness
from regulars.app.shop import Shop
from regulars.app.today import TodayDesk
from regulars.events.door import Door
from regulars.events.keys import Keys
from regulars.events.plans import Personal
from regulars.kernel.errors import DiskFullError, UnavailableError
from regulars.web.application import Parts, Web, create_app
from regulars.web.describe import finished
from regulars.web.observe import Measure
from regulars.web.routes.setup import About
from regulars.web.store import PING, first

DISK_BYTES_MIN = 200_000_000
LAG_S_MAX = 60


def build_web(shop: Shop) -> Web:
    """Return the web of a shop."""
    serve = shop.settings.serve
    if shop.is_ready:
        shop.plans.write_snapshot()
    door = Door(
        shop.log,
        Keys(shop.folder, shop.clock),
        shop.clock,
        shop.settings.events,
        base_url=serve.base_url,
        headroom=shop.headroom,
        personal=Personal(shop.folder, shop.clock),
    )
    return create_app(
        Parts(
            database=shop.database,
            clock=shop.clock,
            about=About(version=shop.version, demo=serve.demo or None, simulated=serve.simulated),
            door=door,
            routes=capabilities.routes(),
            services={**capabilities.services(shop), "today": TodayDesk(shop, door.stats)},
            on_start=[shop.recommend.start],
            on_stop=[door.close],
            checks=checks(shop),
            measure=lambda: measures(shop),
            hsts=serve.base_url.startswith("https://"),
        )
    )


def describe_api(shop: Shop) -> dict[str, Any]:  # Any: JSON
    """Return the API's description (OpenAPI 3.1) of a shop that need not be served."""
    return finished(build_web(shop).framework)


def checks(shop: Shop) -> Sequence[tuple[str, Callable[[], str]]]:
    """Return what must work before we say that we are ready."""

    def database() -> str:
        with shop.database.read() as connection:
            first(connection, PING)
        return f"{shop.database.dialect} answers."

    def log() -> str:
        return f"{len(shop.log.partitions())} partitions can be read."

    def disk() -> str:
        free = shutil.disk_usage(shop.folder).free
        if free < DISK_BYTES_MIN:
            raise DiskFullError(
                f"{free // 1_000_000} MB are left on the disk; {DISK_BYTES_MIN // 1_000_000} are needed."
            )
        return f"{free // 1_000_000} MB are left."

    def worker() -> str:
        late = lateness(shop)
        if late.seconds > LAG_S_MAX:
            raise UnavailableError(f"The worker is {late.seconds:.0f} s behind; {late.records} records wait.")
        return f"{late.records} records wait."

    return (("database", database), ("log", log), ("disk", disk), ("worker", worker))


def measures(shop: Shop) -> Iterator[Measure]:
    """Yield numbers that are true when they are asked for."""
    late = lateness(shop)
    for partition, records in late.by_partition.items():
        yield Measure(
            "regulars_worker_waiting_records", "Accepted requests not yet in effect.", records, {"partition": partition}
        )
    yield Measure("regulars_worker_lag_seconds", "Age of the oldest record that waits.", late.seconds)
    yield Measure("regulars_disk_free_bytes", "Room left for the shop.", shutil.disk_usage(shop.folder).free)
    names = ("destination", "outcome")
    for key, count in shop.destinations.reports.totals().items():
        labels = dict(zip(names, key, strict=True))
        yield Measure("regulars_deliveries", "Events by what became of them.", count, labels, counts=True)
    for destination_id, backlog in shop.destinations.reports.waiting().items():
        labels = {"destination": destination_id}
        yield Measure("regulars_deliveries_waiting", "Events that wait for a destination.", backlog.waiting, labels)
    bytes_of = {partition: shop.log.bytes_of(partition) for partition in shop.log.partitions()}
    for partition, size in bytes_of.items():
        yield Measure("regulars_log_bytes", "Size of the log on the disk.", size, {"partition": partition})
    for (source, outcome, reason), events in sorted(shop.events.counts.totals().items()):
        labels = {"source": source, "outcome": outcome, "reason": reason}
        yield Measure("regulars_events", "Events that came, and what became of them.", events, labels, counts=True)
