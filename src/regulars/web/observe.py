"""What is the counter doing? Numbers for Prometheus, and one line of JSON in the log for every request.

No line holds personal data: it names the route's template (`/v1/profiles/{customer_id}`), never the path as it came.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import msgspec
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
METRICS_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Measure(msgspec.Struct, frozen=True):
    """One number that is true when it is asked for, e.g. how far the worker lags; `counts` says that it only grows."""

    name: str
    help: str
    value: float
    labels: dict[str, str] = {}
    counts: bool = False


class Meters:
    """The numbers. With several processes of one shop, each scrape shows the sum of all."""

    def __init__(self, measure: Callable[[], Iterable[Measure]] | None = None) -> None:
        own = CollectorRegistry()
        self.requests = Counter("regulars_requests", "Requests answered.", ("method", "route", "status"), registry=own)
        self.seconds = Histogram(
            "regulars_request_seconds", "Seconds until the answer.", ("route",), buckets=_SECONDS, registry=own
        )
        self.door = Counter("regulars_door_requests", "Requests at the events door.", ("status",), registry=own)
        self.refused = Counter("regulars_door_refused", "Requests the door did not take.", ("reason",), registry=own)
        self._registry = own
        if os.environ.get(MULTIPROCESS_FOLDER):
            self._registry = CollectorRegistry()
            MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call] # the library leaves it untyped
        if measure is not None:
            self._registry.register(_Asked(measure))

    def page(self) -> bytes:
        """Return everything in Prometheus' text form."""
        return generate_latest(self._registry)


class _Asked:
    """Numbers asked for at the moment of the scrape."""

    def __init__(self, measure: Callable[[], Iterable[Measure]]) -> None:
        self._measure = measure

    def describe(self) -> list[Metric]:
        """Return nothing: what will be measured is known only when it is asked for."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield one family for each name."""
        families: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}
        for found in self._measure():
            names = sorted(found.labels)
            kind = CounterMetricFamily if found.counts else GaugeMetricFamily
            family = families.setdefault(found.name, kind(found.name, found.help, labels=names))
            family.add_metric([found.labels[name] for name in names], found.value)
        yield from families.values()


_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonLines(logging.Formatter):
    """One line of JSON for every record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
        }
        line.update((name, value) for name, value in vars(record).items() if name not in _STANDARD)
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def write_logs_to_stderr(process: str, level: str = "INFO") -> None:
    """Send this process's log to stderr as JSON lines that name the process."""

    class Named(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            record.process_name = process
            return True

    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    handler.addFilter(Named())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for quiet in ("uvicorn.access", "uvicorn.error"):
        logging.getLogger(quiet).setLevel("WARNING")
