"""Forgetting one customer everywhere: tables, history and log, so that not even a replay knows them again.

It may be stopped at any moment and begun again: what is gone stays gone. What remains is the customer's id in the audit
log and in the run of the job, as the proof that somebody asked; nothing leads from it to a person any longer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

import msgspec

from regulars.app import capabilities
from regulars.app.erasures import Erasure
from regulars.app.replay import store as replays
from regulars.app.shop import Shop
from regulars.events.imports.forgetting import forget_in_files
from regulars.events.redact import redacted
from regulars.events.worker_store import offsets, take_the_street
from regulars.kernel.errors import NotFoundError
from regulars.kernel.ids import CustomerId
from regulars.kernel.jobs import JobRun
from regulars.kernel.sayings import said
from regulars.lake import Forgotten

RECORDS_A_STEP = 500
WORKER_STILL_S = 10.0  # a batch takes well under a second; a worker that stands still this long is not there
LOOK_EVERY_S = 0.2


class Named(msgspec.Struct, frozen=True):
    """Whom to forget: every customer id and every identifier they have."""

    customer_ids: list[CustomerId]
    identifiers: list[tuple[str, str]]

    def forgotten(self) -> Forgotten:
        """Return the identifiers that events are found by."""
        return Forgotten(
            user_ids=frozenset(self.of("user_id")),
            anonymous_ids=frozenset(self.of("anonymous_id")),
            customer_ids=frozenset(self.customer_ids),
        )

    def of(self, kind: str) -> list[str]:
        """Return the identifiers of one kind."""
        return [value for of_kind, value in self.identifiers if of_kind == kind]

    def words(self) -> set[str]:
        """Return everything that names them."""
        return {*self.customer_ids, *(value for _, value in self.identifiers)}


class ErasureReport(msgspec.Struct, frozen=True, kw_only=True):
    """How much went, by place."""

    customer_id: str
    rows: dict[str, int]


Told = Callable[[int, int, str], None]


def erase(shop: Shop, customer_id: CustomerId, told: Told = lambda done, total, note: None) -> ErasureReport:  # noqa: ARG005 (nobody listens)
    """Forget a customer and return how much went from where.

    The files that history came in with go first, so that nothing more of them can come; then the log, so that nobody
    can read them again; then we wait until the worker has laid down what it had read before. The tables go last,
    because they know which identifiers are theirs: a run that was cut short begins again.

    Raises
    ------
    NotFoundError
        When nobody has this id.

    """
    named = named_by(shop, customer_id)
    if not named.identifiers and not _is_remembered(shop, customer_id):
        raise NotFoundError(said("no_customer", "There is no customer {customer!r}.", customer=customer_id))
    told(0, 4, "files and the log")
    erasure = shop.erasures.note(named.customer_ids, named.identifiers)  # no backup or rebuild may bring them back
    rows = {"imported files": forget_in_files(shop.imports, shop.files, shop.database, named.identifiers)}
    rewritten, erasure = redact_log(shop, named, erasure)
    rows["log"] = len(rewritten)
    told(1, 4, "what the worker holds")
    _wait_for_worker(shop)
    told(2, 4, "history")
    rows["hours to write anew"] = shop.destinations.before_erasure(named.forgotten())
    rows["history"] = shop.lake.erase(named.forgotten())
    told(3, 4, "tables")
    rows |= _erase_rows(shop, named, rewritten)
    shop.backups.tell_of(shop.erasures.note_over(erasure))
    told(4, 4, "done")
    return ErasureReport(customer_id=customer_id, rows={place: count for place, count in rows.items() if count})


def named_by(shop: Shop, customer_id: CustomerId) -> Named:
    """Return whom an id stands for: the customer, whoever became part of them, and their identifiers."""
    standing = shop.identity.resolve([customer_id])[customer_id]
    absorbed = [merge.absorbed_id for merge in shop.identity.merged_from(standing)]
    identifiers = [(one.kind, one.value) for one in shop.identity.identifiers_of(standing)]
    return Named(list(dict.fromkeys([standing, *absorbed, customer_id])), identifiers)


def redact_log(shop: Shop, named: Named, erasure: Erasure) -> tuple[list[int], Erasure]:
    """Take them out of every record of the log; return the offsets rewritten, and the erasure that remembers them."""
    covers, words = named.forgotten().covers, named.words()
    rewritten: list[int] = []
    for partition in shop.log.partitions():
        reached = shop.log.start(partition)
        while records := shop.log.read(partition, after=reached, records_max=RECORDS_A_STEP):
            payloads = {
                record.offset: payload for record in records if (payload := redacted(record, covers, words)) is not None
            }
            if payloads:
                erasure = shop.erasures.note_rewritten(erasure, partition, sorted(payloads))
                shop.log.rewrite(partition, payloads)
                rewritten += payloads
            reached = records[-1].offset
        shop.log.scrub(partition)
    return rewritten, erasure


def _erase_rows(shop: Shop, named: Named, rewritten: Collection[int]) -> dict[str, int]:
    with shop.database.write() as connection:
        take_the_street(connection)  # the worker commits before us or after us, never across us
        rows = {
            keeper.name: keeper.erase_customers(connection, named.customer_ids) for keeper in capabilities.keepers(shop)
        }
        rows["dead letters"] = shop.letters.erase(
            connection,
            covers=named.forgotten().covers,
            identifiers={kind: named.of(kind) for kind in ("user_id", "anonymous_id")},
            words=named.words(),
            rewritten=rewritten,
        )
        rows["replays"] = replays.forget(connection, named.customer_ids)
    return rows


def _is_remembered(shop: Shop, customer_id: CustomerId) -> bool:
    try:
        shop.profiles.of(customer_id)
    except NotFoundError:
        return False
    return True


def _wait_for_worker(shop: Shop) -> None:
    goal = {partition: shop.log.end(partition) for partition in shop.log.partitions()}
    pause, still_s = threading.Event(), 0.0
    before: dict[str, int] = {}
    while still_s < WORKER_STILL_S:
        with shop.database.read() as connection:
            reached = offsets(connection)
        if all(reached.get(partition, 0) >= end for partition, end in goal.items()):
            return
        still_s = still_s + LOOK_EVERY_S if reached == before else 0.0
        before = reached
        pause.wait(LOOK_EVERY_S)
    # Nobody reads the log: whoever begins later reads it as it is now, without them.


def run_job(shop: Shop, run: JobRun) -> None:
    """Do what `DELETE /v1/profiles/{customer_id}` asked for."""
    customer_id = CustomerId(str(run.args["customer_id"]))
    try:
        report = erase(shop, customer_id, run.progress)
    except NotFoundError:
        run.progress(4, 4, "nothing was left")
        return
    run.progress(4, 4, ", ".join(f"{place}: {count}" for place, count in report.rows.items()))
