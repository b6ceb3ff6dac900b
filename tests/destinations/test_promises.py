"""What must hold: nothing lost to a kill, one id for one event, nothing sent again by a replay, nobody kept."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection
from tests.destinations.conftest import OWN_NETWORK, append, deliver_until_quiet, happen, track, webhook

from regulars.app import Shop, open_shop
from regulars.destinations.core.definition import EventFilter, Pace
from regulars.destinations.store import members, queue
from regulars.destinations.store.members import Member
from regulars.events.core import Batch, KeepsCustomers
from regulars.identity import store as identity_store
from regulars.identity.store import KnownIdentifier
from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.kernel.ids import CustomerId
from regulars.testing.contracts.customers import CustomersContract, traces_of
from regulars.testing.receiver import Receiver, Reply

WORK = """
import sys
from regulars.app import open_shop
from regulars.destinations.lanes import dispatcher
dispatcher.LEASE_S, dispatcher.RENEW_S = 0, -1   # whoever comes next need not wait for the one who was killed
flags = {"destinations.private_networks": "127.0.0.0/8"}
with open_shop(sys.argv[1], flags=flags, partition="worker") as shop:
    print("ready", flush=True)
    worker = shop.worker()
    while worker.run_once() + shop.destinations.deliver():
        pass
    print("done", flush=True)
"""


@pytest.mark.parametrize(
    ("events", "kills"), [(150, 4), pytest.param(3_000, 40, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_a_worker_killed_while_it_delivers_loses_nothing_and_keeps_every_id(
    tmp_path: Path, events: int, kills: int
) -> None:
    chance, killed, restarts = random.Random(events), 0, 0
    with Receiver() as receiver:
        with open_shop(tmp_path / "shop", flags=OWN_NETWORK) as shop:
            webhook(shop, receiver, pace=Pace(batch_max=1, requests_max=4))
            for start in range(0, events, 5):
                append(shop, *(track("Song Played", f"u{n % 9}", n=n) for n in range(start, start + 5)))
        while True:
            command = [sys.executable, "-c", WORK, str(tmp_path / "shop")]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            if killed < kills:
                heard = len(receiver.received)
                until = time.monotonic() + 20
                while len(receiver.received) < heard + chance.randrange(1, 30) and time.monotonic() < until:
                    if process.poll() is not None:
                        break
                    time.sleep(0.001)  # another process's progress: no clock of ours to wind
                os.kill(process.pid, signal.SIGKILL)
            finished = "done" in process.stdout.read()
            process.wait()
            process.stdout.close()
            restarts += 1
            if finished:
                break
            killed += 1
        assert killed >= min(2, kills)
        told = [(one.headers["webhook-id"], msgspec.json.decode(one.body)) for one in receiver.received]
        kept = {message_id: body["data"]["properties"]["n"] for message_id, body in told}
        assert sorted(kept.values()) == list(range(events)), f"after {restarts} starts"  # each once, by its id
        with open_shop(tmp_path / "shop", flags=OWN_NETWORK) as shop:
            (shown,) = shop.destinations.all()
            assert (shown.health.waiting, shown.health.dead_letters) == (0, 0)


def test_a_process_that_dies_between_answer_and_note_sends_again_under_the_same_id(
    shop: Shop, receiver: Receiver, clock: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook(shop, receiver)
    happen(shop, track("Order Completed"))

    class Died(BaseException):
        """Nothing of ours catches it: like a process that is gone."""

    def dying(*_: object) -> None:
        raise Died

    monkeypatch.setattr(queue, "settle", dying)
    with pytest.raises(Died):
        shop.destinations.deliver()
    monkeypatch.undo()
    clock.wind(timedelta(seconds=1))
    shop.destinations.deliver()
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_while_one_process_holds_a_destination_no_other_sends_to_it(
    shop: Shop, tmp_path: Path, receiver: Receiver, clock: WoundClock
) -> None:
    webhook(shop, receiver)
    happen(shop, track("Order Completed"))
    shop.destinations.deliver()
    happen(shop, track("Order Completed"))
    with open_shop(tmp_path / "shop", flags=shop.flags, clock=clock) as other:
        assert other.destinations.deliver() == 0
        clock.wind(timedelta(seconds=61))
        assert other.destinations.deliver() == 1


def test_a_message_delivered_twice_to_the_door_leaves_once(shop: Shop, receiver: Receiver) -> None:
    webhook(shop, receiver)
    for _ in range(3):
        happen(shop, {**track("Order Completed"), "messageId": "m-once"})
    shop.destinations.deliver()
    assert len(receiver.received) == 1


def test_a_rebuild_sends_nothing_again_and_keeps_what_waits(shop: Shop, receiver: Receiver) -> None:
    one = webhook(shop, receiver)
    happen(shop, *(track("Order Completed", f"u{n}") for n in range(4)))
    shop.destinations.deliver()
    shop.destinations.pause(one)
    happen(shop, track("Order Completed"))
    shop.rebuild()
    shop.catch_up()
    assert shop.destinations.get(one).health.waiting == 1
    shop.destinations.resume(one)
    shop.destinations.deliver()
    assert len(receiver.received) == 5
    assert len({came.headers["webhook-id"] for came in receiver.received}) == 5


def test_a_batch_that_another_projection_cannot_take_in_queues_nothing_twice(shop: Shop, receiver: Receiver) -> None:
    webhook(shop, receiver)

    class Poisoned:
        name = "poisoned"

        def project(self, batch: Batch, connection: Connection) -> None:
            del connection
            if any(event.properties.get("n") == 3 for event in batch.events):
                raise ValueError("no threes")

    worker = shop.worker()
    worker._projections = (*worker._projections, Poisoned())
    append(shop, *(track("Song Played", n=n) for n in range(6)))
    while worker.run_once():
        pass
    shop.destinations.deliver()
    sent = sorted(msgspec.json.decode(one.body)["data"]["properties"]["n"] for one in receiver.received)
    assert sent == [0, 1, 2, 4, 5]


def test_erasing_removes_what_waits_and_what_was_given_up_on(shop: Shop, receiver: Receiver, clock: WoundClock) -> None:
    receiver.answer_with(Reply(422, body=b"no such total"))
    one = webhook(shop, receiver, pace=Pace(requests_max=1))
    webhook(shop, receiver, events=EventFilter(names=["Customers Merged"]), settings={"url": receiver.url + "/merges"})
    zebra = {"userId": "ann-zebra", "anonymousId": "tablet-zebra"}
    happen(shop, {"type": "track", "event": "Order Completed", **zebra}, track("Order Completed", "bob"))
    deliver_until_quiet(shop, clock, hours=1)
    happen(shop, {"type": "track", "event": "Song Played", "anonymousId": "phone-zebra"})
    happen(shop, {"type": "alias", "previousId": "phone-zebra", "userId": "ann-zebra"})
    ann = shop.identity.find("user_id", "ann-zebra")
    assert ann is not None
    absorbed = [merge.absorbed_id for merge in shop.identity.merged_from(ann)]
    health = shop.destinations.get(one).health
    assert health.dead_letters == 2
    assert health.waiting == 2
    shop.erase(ann)
    with shop.database.read() as connection:
        assert traces_of(connection, ["zebra", ann, *absorbed], besides=["web_audit", "kernel_job_runs"]) == []
    (letter,) = shop.destinations.letters.listed(one).items
    assert letter.event["user_id"] == "bob"


def test_who_is_erased_while_a_request_is_under_way_leaves_no_dead_letter(shop: Shop, clock: WoundClock) -> None:
    def choose(_: object) -> Reply:
        ann = shop.identity.find("user_id", "ann")
        assert ann is not None
        with shop.database.write() as connection:
            shop.destinations.erase_customers(connection, [ann])
        return Reply(410)

    with Receiver(choose) as receiver:
        one = webhook(shop, receiver, pace=Pace(requests_max=1))
        happen(shop, track("Order Completed", "ann"))
        deliver_until_quiet(shop, clock, hours=0.1)
        assert shop.destinations.letters.listed(one).items == []
        assert shop.destinations.get(one).health.waiting == 0


class TestDestinationsKeepCustomers(CustomersContract):
    """Memberships move with a merge; what waits is filed by identifiers, which never change hands."""

    @pytest.fixture(autouse=True)
    def _shop(self, tmp_path: Path, database_url: str) -> object:
        flags = {"state.url": database_url} if database_url.startswith("postgresql") else {}
        self.shop = open_shop(tmp_path / "shop", flags=flags, clock=WoundClock(datetime(2026, 10, 1, tzinfo=UTC)))
        yield
        self.shop.close()

    @pytest.fixture
    def database(self) -> Database:
        return self.shop.database

    def keeper(self, database: Database) -> KeepsCustomers:
        del database  # the shop's own
        return Both(self.shop)

    def remember(self, connection: Connection, customer_id: CustomerId, times: int) -> None:
        for index in range(times):
            key, number = f"{customer_id}-{index}", identity_store.last_number(connection) + 1
            told = {"customer_id": str(customer_id)}
            members.put(connection, "d1", [Member(key, customer_id, told, 1, members.KNOWN)])
            identity_store.add_identifiers(
                connection, [KnownIdentifier(number, f"user_id:{number}", customer_id, 1, 2)]
            )
            queue.enqueue(connection, [("d1", key, "X", number, 1, 1, 1, customer_id.encode())])

    def memories(self, connection: Connection, customer_id: CustomerId) -> int:
        found = connection.exec_driver_sql("SELECT customer_id FROM destinations_members").scalars().all()
        numbers = self.shop.identity.numbers_of(connection, [customer_id])
        assert queue.anchors_waiting(connection, numbers) == found.count(customer_id)
        return found.count(customer_id)


class Both:
    """Destinations with the identity they stand on: what waits is found by the numbers of identifiers."""

    name = "destinations"

    def __init__(self, shop: Shop) -> None:
        self._keepers = (shop.destinations, shop.identity)

    def merge_customers(self, connection: Connection, merges: object) -> None:
        for keeper in self._keepers:
            keeper.merge_customers(connection, merges)  # type: ignore[arg-type] # handed on as it came

    def erase_customers(self, connection: Connection, customer_ids: object) -> int:
        return sum(keeper.erase_customers(connection, customer_ids) for keeper in self._keepers)  # type: ignore[arg-type, misc] # as above
