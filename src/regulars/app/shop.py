"""A shop, opened: every capability over one folder, one database, one log, one clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import regulars
from regulars.app import capabilities
from regulars.app.backup import Backups
from regulars.app.erasures import Erasures
from regulars.app.folder import prepare_folder
from regulars.app.jobs import define_jobs
from regulars.app.rebuild import RebuildReport, Rebuilds
from regulars.app.replay import RecomputeReport, ReplayReport, Replays, Span
from regulars.catalog import Catalog
from regulars.destinations import Destinations, Upstream
from regulars.events import Events
from regulars.events.alerts import Alerts
from regulars.events.hooks.service import Hooks
from regulars.events.imports import Imports
from regulars.events.imports.elsewhere import orders_of
from regulars.events.keys import FILE_NAME as KEYS_FILE
from regulars.events.letters import Letters
from regulars.events.plans import Personal, PlanJudge, Plans
from regulars.events.worker_store import offsets
from regulars.experiments import Experiments
from regulars.identity import Identity
from regulars.kernel.clock import Clock, SystemClock
from regulars.kernel.database import Database
from regulars.kernel.errors import ConflictError, NotFoundError, UnavailableError
from regulars.kernel.eventlog import EventLog, open_log
from regulars.kernel.files import Files
from regulars.kernel.headroom import Headroom
from regulars.kernel.ids import CustomerId
from regulars.kernel.jobs import Jobs
from regulars.kernel.seal import FILE_NAME as SEAL_FILE
from regulars.kernel.seal import Seal
from regulars.kernel.settings import Settings, load_settings
from regulars.lake import Lake
from regulars.profiles import Profiles
from regulars.recommend import Recommend

if TYPE_CHECKING:
    from regulars.app.erase import ErasureReport
    from regulars.app.export import ExportReport
    from regulars.app.retention import Kept
    from regulars.events.core import Judge
    from regulars.events.worker import Worker

STATE_FILE = "state.db"

LOG_FOLDER = "log"
LIBRARIES_MAX = 32

Progress = Callable[[int, int, str], None]


def silent(done: int, total: int, note: str) -> None:
    """Tell nobody how far the work is."""


class Shop:
    """Every capability of one shop as an attribute. Open one with `open_shop`; close it, or use it as a context."""

    def __init__(
        self,
        *,
        folder: Path,
        settings: Settings,
        clock: Clock,
        database: Database,
        log: EventLog,
        flags: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.flags = dict(flags or {})
        self.clock = clock
        self.database = database
        self.log = log
        self.version = regulars.__version__
        self.is_ready = False  # whether the tables are known to be up to date
        self.files = Files(folder)
        self.seal = Seal(Path(settings.state.key_file or folder / SEAL_FILE).expanduser())
        self.headroom = Headroom(folder, clock, bytes_min=settings.events.disk_free_bytes_min)
        self.jobs = Jobs(database, clock)
        self.erasures = Erasures(database, clock)
        self.events = Events(database=database, clock=clock, log=log, folder=folder)
        self.alerts = Alerts(database=database, clock=clock)
        self.alerts.late_s = self._late_s
        self.letters = Letters(database=database, clock=clock, log=log, live=self.events.live, settings=settings.events)
        self.letters.identifiers_of = self._identifiers_of
        self.letters.first_of = self._first_of
        self.letters.take_out = Personal(folder, clock).taken_out  # what was mended meets the door's rules as well
        self.hooks = _hooks_of(self)
        self.lake = Lake(database, clock, self.files, settings.lake)
        self.plans = Plans(database=database, clock=clock, folder=folder, lake=self.lake, find=self.events.live.find)
        self.events.live.plans_read = self.plans.reading  # the stream shows what the worker made of each event
        self.catalog = Catalog(database=database, clock=clock, files=self.files)
        self.identity = Identity(database=database, clock=clock)
        self.events.live.customer_of = self.identity.find  # the stream shows whose each event is
        self.imports = _imports_of(self)
        self.profiles = Profiles(
            database=database,
            clock=clock,
            identity=self.identity,
            catalog=self.catalog,
            settings=settings.profiles,
        )
        self.experiments = Experiments(database, clock, self.events)
        self.recommend = Recommend(
            database=database,
            clock=clock,
            files=self.files,
            events=self.events,
            identity=self.identity,
            catalog=self.catalog,
            settings=settings.recommend,
            experiments=self.experiments,
        )
        self.destinations = _destinations(self)
        define_jobs(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def rebuilds(self) -> Rebuilds:
        """The state, made anew from the log."""
        return Rebuilds(self)

    @cached_property
    def replays(self) -> Replays:
        """Spans of history, read once more when somebody asks."""
        return Replays(self)

    @cached_property
    def backups(self) -> Backups:
        """Copies of the shop, taken while it goes on."""
        return Backups(self)

    def make_ready(self) -> None:
        """Bring the tables up to date.

        Raises
        ------
        UnavailableError
            When the state database does not answer.
        NewerShopError
            When a newer version of Regulars has written it.

        """
        self.database.migrate(capabilities.migrations(), complete=True)
        self.destinations.seal_old()
        self.hooks.seal_old()
        self.is_ready = True

    def close(self) -> None:
        """Finish what is being written and let go of every file and connection."""
        self.recommend.close()
        self.destinations.close()
        self.log.close()
        self.files.close()
        self.database.close()

    def worker(self) -> Worker:
        """Return the worker of this shop, with every projection in street order."""
        from regulars.events.worker import Worker

        return Worker(
            database=self.database,
            log=self.log,
            clock=self.clock,
            projections=capabilities.projections(self),
            settings=self.settings.events,
            judge=self.judge(),
        )

    def judge(self) -> Judge:
        """Return what holds events against the tracking plans; for one worker."""
        return PlanJudge()

    def _late_s(self) -> float:
        """Return how far the worker is behind, in s."""
        from regulars.app.lateness import lateness

        return lateness(self).seconds

    def _identifiers_of(self, words: str) -> list[tuple[str, str]]:
        """Return the identifiers that events of a customer may carry; words are the customer's id or one of them."""
        customer_id = self.identity.find("user_id", words) or self.identity.find("anonymous_id", words)
        known = self.identity.identifiers_of(customer_id or CustomerId(words))
        carried = [(one.kind, one.value) for one in known if one.kind in {"user_id", "anonymous_id"}]
        return list(dict.fromkeys([*carried, ("user_id", words), ("anonymous_id", words)]))

    def _first_of(self, source_id: str, message_id: str) -> str | None:
        """Return the event that came first with a message id, as far back as history goes."""
        events = self.lake.events()
        first = events.filter(events.source_id == source_id, events.message_id == message_id)
        found = self.lake.query(first.order_by("received_us").limit(1).select("event_id")).column("event_id")
        return str(found[0]) if len(found) else None

    def customer_named(self, words: str) -> CustomerId:
        """Return the customer meant by a customer id, or by an identifier such as `user_id:ann`.

        Raises
        ------
        NotFoundError
            When nobody goes by it.

        """
        kind, colon, value = words.partition(":")
        if colon:
            return self.profiles.by(kind, value).customer_id
        try:
            return self.profiles.of(CustomerId(words)).customer_id
        except NotFoundError:
            hint = "An id of yours is given with its kind, such as user_id:… or email:…"
            raise NotFoundError(f"No customer has the id {words!r}. {hint}") from None

    def erase(self, customer_id: CustomerId) -> ErasureReport:
        """Forget a customer everywhere: log, history, tables; return how much went. It cannot be undone."""
        from regulars.app.erase import erase

        return erase(self, customer_id)

    def export_customer(self, customer_id: CustomerId, target: Path) -> ExportReport:
        """Write all that is known of a customer to a zip file."""
        from regulars.app.export import export_customer

        return export_customer(self, customer_id, target)

    def export_events(
        self, target: Path, *, on_progress: Callable[[int, int, str], None] | None = None
    ) -> ExportReport:
        """Write all of history to a folder, as Parquet by day."""
        from regulars.app.export import export_events

        return export_events(self, target, on_progress)

    def keep_log(self) -> Kept:
        """Pack the log's older records and let go what is too old or too large, here and now.

        A running `regulars serve` does this by itself; a program that opens the shop as a library calls it.
        """
        from regulars.app.retention import keep_log

        return keep_log(self)

    def rebuild(
        self,
        parts: Iterable[str] | None = None,
        *,
        check: bool = False,
        on_progress: Progress = silent,
    ) -> RebuildReport:
        """Make the state anew from the log, by today's rules, while the shop goes on; return what was done.

        Everything, or some parts of it, such as `["profiles"]`; with `check` it is only said what would be different.
        Nothing is sent again. What `on_progress` raises pauses the rebuild; the next call goes on with it.
        """
        return self.rebuilds.run(parts, check=check, told=on_progress)

    def count(self, span: Span | None = None, *, on_progress: Progress = silent) -> ReplayReport:
        """Count a span of history by name and source, read once more from the log; all of it when none is named."""
        from regulars.app.replay.service import count

        return count(self, span or Span(), on_progress)

    def write_span(self, span: Span, target: Path, *, on_progress: Progress = silent) -> ReplayReport:
        """Write a span of history to a new `.jsonl` or `.parquet` file, read once more by today's rules."""
        from regulars.app.replay.service import write

        return write(self, span, target, on_progress)

    def mend_history(self, span: Span | None = None, *, on_progress: Progress = silent) -> ReplayReport:
        """Put back into history (the lake) what it lacks of a span that the log still holds."""
        from regulars.app.replay.service import mend

        return mend(self, span or Span(), on_progress)

    def people_of(self, customer_id: CustomerId) -> dict[str, frozenset[str]]:
        """Return a customer's identifiers by kind, as a span is chosen by."""
        found: dict[str, set[str]] = {}
        for one in self.identity.identifiers_of(self.identity.resolve([customer_id])[customer_id]):
            found.setdefault(one.kind, set()).add(one.value)
        return {kind: frozenset(values) for kind, values in found.items()}

    def recompute(self, customer_id: CustomerId) -> RecomputeReport:
        """Work one customer's profile out anew, as a rebuild of everything would; return what changed."""
        from regulars.app.replay.customer import recompute

        return recompute(self, customer_id)

    def catch_up(self) -> int:
        """Take in everything the log holds, here and now; return how many records that were.

        A running `regulars serve` does this by itself; a program that opens the shop as a library calls it.
        """
        worker, taken = self.worker(), 0
        while step := worker.run_once():
            taken += step
        return taken


def _destinations(shop: Shop) -> Destinations:
    return Destinations(
        database=shop.database,
        clock=shop.clock,
        folder=shop.folder,
        seal=shop.seal,
        upstream=Upstream(
            events=shop.events,
            identity=shop.identity,
            profiles=shop.profiles,
            lake=shop.lake,
            log=shop.log,
            reached=offsets,
        ),
        settings=shop.settings.destinations,
    )


def _hooks_of(shop: Shop) -> Hooks:
    return Hooks(
        database=shop.database,
        clock=shop.clock,
        log=shop.log,
        folder=shop.folder,
        seal=shop.seal,
        events=shop.events,
        letters=shop.letters,
    )


def _imports_of(shop: Shop) -> Imports:
    imports = Imports(
        database=shop.database,
        clock=shop.clock,
        log=shop.log,
        files=shop.files,
        events=shop.events,
        jobs=shop.jobs,
        settings=shop.settings.imports,
    )
    imports.personal = Personal(shop.folder, shop.clock)  # a file is a door too
    imports.before_taking = shop.plans.write_snapshot
    imports.known_orders = orders_of(shop.lake)  # a try says which orders came another way too
    imports.known_customers = shop.identity.known_among  # a try says whose rows these are
    return imports


def open_shop(
    location: str | Path,
    *,
    flags: Mapping[str, str] | None = None,
    partition: str | None = "library",
    clock: Clock | None = None,
    waits: bool = False,
) -> Shop:
    """Open the shop in a folder, made if missing, with its tables brought up to date.

    Parameters
    ----------
    location
        The shop's folder.
    flags
        Settings that go before the file's and the environment's: `{"state.url": "postgresql://…"}`.
    partition
        Which part of the log this process appends to; None opens the log to read. `library` takes the first free of
        `library-0`, `library-1` …, so that several programs may have one shop open.
    clock
        The machine's own when left out.
    waits
        Open the shop even while its state database is away, provided it was open before: `is_ready` is then False
        until `make_ready` has succeeded. The door takes facts in all the while.

    Raises
    ------
    InvalidError
        When the location is no folder.
    UnavailableError
        When the folder may not be read or written, or the state database does not answer.
    NewerShopError
        When a newer version of Regulars has written it.

    """
    folder = prepare_folder(location)
    settings = load_settings(folder, flags or {})
    clock = clock or SystemClock()
    waits = waits and (folder / KEYS_FILE).exists()
    database = Database.open(settings.state.url or str(folder / STATE_FILE), must_answer=not waits)
    try:
        log = _log(folder / LOG_FOLDER, partition, clock)
    except BaseException:
        database.close()
        raise
    shop = Shop(folder=folder, settings=settings, clock=clock, database=database, log=log, flags=flags)
    try:
        shop.make_ready()
    except BaseException as error:
        if not (waits and isinstance(error, UnavailableError)):
            shop.close()
            raise
    return shop


def _log(folder: Path, partition: str | None, clock: Clock) -> EventLog:
    if partition != "library":
        return open_log(folder, partition, clock=clock)
    for number in range(LIBRARIES_MAX):
        try:
            return open_log(folder, f"library-{number}", clock=clock)
        except ConflictError:
            continue  # another program has this one
    raise ConflictError(f"{LIBRARIES_MAX} programs have this shop open already. Close one of them.")
