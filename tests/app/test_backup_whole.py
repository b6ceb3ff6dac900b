"""What was defined in a shop, given to it or waits in it comes back from a backup: the same to the row, and at work."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.app.conftest import Counter
from tests.app.test_backup import back
from tests.destinations.conftest import append, happen, track
from tests.imports.conftest import POS, pos, upload

from regulars.app import Shop, open_shop
from regulars.app.http import build_web
from regulars.destinations import Plan
from regulars.destinations.core.audience import AudienceRule
from regulars.events.alerts.core import Rule
from regulars.events.hooks.core.mapping import HookMapping, HookRule
from regulars.events.hooks.core.schemes import sign
from regulars.events.hooks.service import NewHook
from regulars.events.imports import HistoryReport
from regulars.events.letters.core import Wanted
from regulars.events.plans.core import EventRule as PlannedEvent
from regulars.events.plans.core import PlanBody
from regulars.kernel.clock import WoundClock
from regulars.testing.postgresql import Postgresql
from regulars.testing.receiver import Receiver, Reply

HOUR = timedelta(hours=1)
TOTAL = {"type": "object", "required": ["total"]}
ORDER = PlannedEvent(name="Order Completed", schema=TOTAL)
# What says where and when a shop runs, not what it knows.
OF_THE_PROCESS = ("kernel_job_runs", "backups_done", "web_")
# What is made anew from the rest when a shop is restored or opened.
MADE_ANEW = ("log/", "lake/", "state.", "models/", ".regulars", ".state", "keys.json.", "hooks.json.")


@dataclass
class Left:
    """A shop as it was when its disk died, and what is needed to see that another one is it."""

    hook: NewHook
    webhook_id: str
    parquet_id: str
    audience_id: str
    import_id: str


@pytest.fixture
def flags(database_url: str) -> dict[str, str]:
    """Return where the state lies, once per engine."""
    flags = {"destinations.private_networks": "127.0.0.0/8"}
    return {**flags, "state.url": database_url} if database_url.startswith("postgres") else flags


@pytest.fixture
def elsewhere(flags: dict[str, str], request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Return where the state of another shop may lie."""
    if "state.url" not in flags:
        yield flags
        return
    server: Postgresql = request.getfixturevalue("postgresql")
    url = server.create()
    yield {**flags, "state.url": url}
    server.drop(url)


@pytest.fixture
def shop(tmp_path: Path, flags: dict[str, str], clock: WoundClock) -> Iterator[Shop]:
    with open_shop(tmp_path / "shop", flags=flags, clock=clock) as shop:
        yield shop


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def furnished(shop: Shop, receiver: Receiver, clock: WoundClock) -> Left:
    """Let a shop have one of everything, each in the middle of its life."""
    hook = shop.hooks.create("Orders in", mapping=HookMapping(rules=[HookRule(event="'Called'", user_id="id")]))
    told = HookMapping(rules=[HookRule(event="'Order Completed'", user_id="id", message_id="order")])
    shop.hooks.change(hook.hook.hook_id, mapping=told)
    plan = shop.plans.create("Web shop", PlanBody(sources=["web"], mode="block", events=[ORDER]))
    shop.plans.publish(plan.plan_id)
    shop.plans.edit(plan.plan_id, PlanBody(sources=["web"], mode="warn", events=[ORDER]))
    shop.alerts.add(Rule(kind="count", limit=3))
    settings = {"url": receiver.url + "/in", "headers": {"Authorization": "Bearer t"}, "timeout_s": 2}
    webhook_id = shop.destinations.create("webhook", Plan(name="Orders", settings=settings)).destination.destination_id
    warehouse = Plan(name="Warehouse", settings={"url": "warehouse"})
    parquet_id = shop.destinations.create("parquet", warehouse).destination.destination_id
    audience = Plan(name="Mail", settings={"url": "drop"}, audience=AudienceRule(consent="email"))
    audience_id = shop.destinations.create("csv_drop", audience).destination.destination_id
    traits = {"email": "ann@x.example", "email_opt_in": True}
    happen(shop, {"type": "identify", "userId": "ann", "traits": traits}, track("Order Completed", total=1))
    shop.destinations.deliver()
    clock.wind(HOUR + timedelta(minutes=3))
    while shop.destinations.deliver():
        pass
    shop.imports.save_mapping("Our till", POS)
    content = pos("A1,9001,,,2026/09/30 18:05,Daan,tea,2,120", "A2,9002,,,soon,Daan,tea,1,120")
    import_id = upload(shop, "till.csv", content).import_id
    shop.imports.run(import_id, POS, mapping_name="Our till")
    while shop.jobs.run_due():
        pass
    happen(shop, *(track("Order Completed", number=number) for number in range(4)))  # blocked: no total
    open_ones = shop.letters.search(Wanted()).items
    shop.letters.discard(letter_ids=[open_ones[0].letter_id])
    edited = shop.letters.find(open_ones[1].letter_id).text.replace('"number"', '"total"')
    shop.letters.retry(open_ones[1].letter_id, edited)
    shop.catch_up()
    receiver.answer_with(Reply(400))
    for _ in range(12):  # until it is given up
        shop.destinations.deliver()
        clock.wind(timedelta(hours=7))
    receiver.answer_with(Reply(503))
    happen(shop, track("Order Completed", "bea", total=7))
    shop.destinations.deliver()  # waits for another try
    shop.catch_up()
    return Left(hook, webhook_id, parquet_id, audience_id, import_id)


def rows_of(shop: Shop) -> dict[str, list[str]]:
    """Return every row of every table."""
    with shop.database.read() as connection:
        statement = (
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            if shop.database.dialect == "sqlite"
            else "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        )
        names = [name for name in connection.execute(text(statement)).scalars() if not name.startswith("sqlite_")]
        return {
            name: sorted(
                str([bytes(value) if isinstance(value, memoryview) else value for value in row])
                for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"')
            )
            for name in sorted(names)
            if not name.startswith(OF_THE_PROCESS)
        }


def files_of(shop: Shop) -> dict[str, bytes]:
    """Return every file of the folder that is not made anew."""
    found = {str(path.relative_to(shop.folder)): path for path in shop.folder.rglob("*") if path.is_file()}
    return {
        name: path.read_bytes()
        for name, path in sorted(found.items())
        if not name.startswith(MADE_ANEW) and not name.endswith((".lock", "-wal", "-shm"))
    }


def test_every_row_and_every_file_comes_back_and_goes_on(
    shop: Shop, receiver: Receiver, tmp_path: Path, elsewhere: dict[str, str], clock: WoundClock
) -> None:
    left = furnished(shop, receiver, clock)
    shop.backups.take(str(tmp_path / "backups"), verified=True)
    rows, files = rows_of(shop), files_of(shop)
    for table in (
        "hooks_versions", "plans_versions", "alerts_rules", "imports_mappings", "imports_taken",
        "events_dead_letters", "destinations_queue", "destinations_dead_letters", "destinations_hours",
        "destinations_members",
    ):  # fmt: skip
        assert rows[table], f"{table} has something to lose"
    for name in ("hooks.json", "seal.key", "plans.json", "keys.json"):
        assert name in files
    kinds = ("imports/", "exports/warehouse/", "exports/drop/")
    assert all(any(name.startswith(kind) for name in files) for kind in kinds)
    shop.close()
    shutil.rmtree(shop.folder)  # the disk is gone
    with back(tmp_path, elsewhere, shop) as again:
        found = rows_of(again)
        assert {name: found.get(name) for name in rows} == rows
        assert files_of(again) == files
        goes_on(again, left, receiver, clock)


def goes_on(shop: Shop, left: Left, receiver: Receiver, clock: WoundClock) -> None:
    with closing(Counter(build_web(shop))) as counter:
        body, now_s = b'{"id": "cyd", "order": 7}', clock.now_us() / 1_000_000
        signed = sign(left.hook.hook.scheme, left.hook.secret or "", body, now_s, message_id="m1")
        assert counter.ask("POST", left.hook.hook.path, content=body, headers=signed).status_code == 200
    with shop.imports.open_file(shop.imports.row(left.import_id)) as file:
        same = upload(shop, "till.csv", file.read())
    assert same.same_as == "till.csv"
    report = again_taken(shop, same.import_id)
    assert report.repeated == 1
    receiver.answer_with(Reply())
    receiver.received.clear()
    assert "Paused after" in shop.destinations.get(left.webhook_id).reason
    shop.destinations.resume(left.webhook_id)
    shop.destinations.letters.retry_all(left.webhook_id)
    append(shop, track("Order Completed", "dee"))  # the plan is still asked: no total
    before = len(shop.letters.search(Wanted()).items)
    shop.catch_up()
    assert len(shop.letters.search(Wanted()).items) == before + 1
    clock.wind(2 * HOUR)
    while shop.destinations.deliver():
        pass
    assert receiver.received
    assert {one.headers["authorization"] for one in receiver.received} == {"Bearer t"}
    assert len({one.headers["webhook-id"] for one in receiver.received}) == len(receiver.received)
    hours = shop.destinations.get(left.parquet_id).health
    assert (hours.hours_due, hours.state) == (0, "good")


def again_taken(shop: Shop, import_id: str) -> HistoryReport:
    shop.imports.run(import_id, shop.imports.mapping("Our till"))
    while shop.jobs.run_due():
        pass
    report = shop.imports.find(import_id).report
    assert report is not None
    return report
