"""The worker: each fact takes effect once, poison is set apart, news leaves."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from regulars.events import worker_store
from regulars.events.core import Batch, Fact
from regulars.events.record import OwnFacts, decode_entry, encode_entry
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import DatabaseError, UnavailableError
from regulars.testing.street import Street, drain, state_of


def song(message_id: str, **ids: str) -> dict[str, Any]:
    return {"type": "track", "event": "Song Played", "messageId": message_id, "properties": {"asset_id": "s1"}, **ids}


class Counting:
    """Remembers the names of what it was shown; fails where told to."""

    name = "counting"

    def __init__(self, *, fails_on: str = "") -> None:
        self.fails_on = fails_on
        self.seen: list[str] = []
        self.duplicates = 0

    def project(self, batch: Batch, connection: Any) -> None:  # noqa: ARG002 (the street asks so)
        for event in batch.events:
            if event.message_id == self.fails_on:
                raise ValueError("cannot read this one")
        self.seen.extend(event.message_id for event in batch.events)
        self.duplicates += len(batch.duplicates)


class Telling:
    """Says something of its own about every event of a customer."""

    name = "telling"

    def project(self, batch: Batch, connection: Any) -> None:  # noqa: ARG002 (the street asks so)
        for event in batch.events:
            if event.source_id != "regulars":
                batch.facts.append(
                    Fact(name="Noticed", message_id=f"n:{event.event_id}", properties={}, occurred_us=event.occurred_us)
                )


def test_a_fact_takes_effect_in_the_profile(street: Street) -> None:
    street.send(song("m1", userId="ann"))
    street.work()
    assert street.profiles.by("user_id", "ann").counters["Song Played"].count == 1


def test_a_message_delivered_twice_counts_once(street: Street) -> None:
    street.send(song("m1", userId="ann"), song("m1", userId="ann"))
    street.send(song("m1", userId="ann"))
    street.work(events_a_batch=1)
    street.send(song("m1", userId="ann"))
    street.work()
    assert street.profiles.by("user_id", "ann").events_total == 1


def test_two_sources_may_use_one_message_id(street: Street) -> None:
    street.send(song("m1", userId="ann"), source_id="web")
    street.send(song("m1", userId="ann"), source_id="app")
    street.work()
    assert street.profiles.by("user_id", "ann").events_total == 2


def test_duplicates_are_shown_to_be_counted_and_not_projected(street: Street) -> None:
    street.send(song("m1", userId="ann"), song("m1", userId="ann"), song("m2", userId="ann"))
    counting = Counting()
    street.work(projections=[counting])
    assert counting.seen == ["m1", "m2"]
    assert counting.duplicates == 1


def test_a_message_id_used_for_something_else_is_told_and_the_first_one_counts(street: Street) -> None:
    other = {**song("m1", userId="ann"), "event": "Song Liked"}
    street.send(song("m1", userId="ann"), other)
    street.send({**song("m1", userId="ann"), "sentAt": "2026-10-01T12:00:00Z", "context": {"retry": 1}}, other)
    differing: list[str] = []

    class Watching:
        name = "watching"

        def project(self, batch: Batch, connection: Any) -> None:  # noqa: ARG002 (the street asks so)
            differing.extend(sorted(batch.differing))

    street.work(projections=[Watching(), street.identity, street.profiles])
    assert differing == ["web-0.1.1", "web-0.2.1"]
    assert street.profiles.by("user_id", "ann").counters.keys() == {"Song Played"}


def test_news_of_our_own_said_again_in_other_words_is_no_other_content(street: Street) -> None:
    for at_us in (5, 6):
        fact = Fact(name="Noticed", message_id="n1", user_id="ann", properties={"at": at_us}, occurred_us=at_us)
        street.log.append_many([encode_entry(OwnFacts([fact], street.clock.now_us()))])
    batches: list[Batch] = []

    class Watching:
        name = "watching"

        def project(self, batch: Batch, connection: Any) -> None:  # noqa: ARG002 (the street asks so)
            batches.append(batch)

    street.work(projections=[Watching()])
    assert [(len(batch.duplicates), list(batch.differing)) for batch in batches] == [(1, [])]


def test_partitions_are_read_in_the_order_of_acceptance(street: Street, clock: WoundClock) -> None:
    for number, partition in enumerate(["web-1", "web-0", "web-1", "web-0"]):
        street.send(song(f"m{number}", userId="ann"), partition=partition)
        clock.wind(timedelta(seconds=1))
    counting = Counting()
    street.work(projections=[counting])
    assert counting.seen == ["m0", "m1", "m2", "m3"]


def test_a_poisonous_event_is_set_apart_and_the_others_take_effect(street: Street) -> None:
    for request in range(4):
        street.send(*(song(f"m{request}-{item}", userId="ann") for item in range(3)))
    counting = Counting(fails_on="m2-1")
    street.work(projections=[street.identity, counting, street.profiles])
    assert street.profiles.by("user_id", "ann").events_total == 11
    with street.database.read() as connection:
        [letter] = worker_store.dead_letters(connection, after=0, rows_max=10)
    assert (letter.message_id, letter.projection, letter.user_id) == ("m2-1", "counting", "ann")
    assert "cannot read this one" in letter.reason


def test_a_poisonous_event_leaves_nothing_of_itself(street: Street) -> None:
    street.send(song("m1", userId="ann"), song("m2", userId="bob"))
    street.work(projections=[street.identity, street.profiles, Counting(fails_on="m2")])
    assert street.identity.find("user_id", "bob") is None
    assert street.profiles.count() == 1


def test_a_dead_letter_takes_effect_once_the_fault_is_mended(street: Street) -> None:
    street.send(song("m1", userId="ann"), song("m2", userId="ann"))
    street.work(projections=[street.identity, Counting(fails_on="m2"), street.profiles])
    still_broken = street.worker(projections=[street.identity, Counting(fails_on="m2"), street.profiles])
    assert still_broken.retry_dead_letters() == 0
    assert street.worker().retry_dead_letters() == 1
    assert street.worker().retry_dead_letters() == 0
    assert street.profiles.by("user_id", "ann").events_total == 2


class Away:
    """A projection whose table's database does not answer the first time."""

    name = "away"

    def __init__(self) -> None:
        self.calls = 0

    def project(self, batch: Batch, connection: Any) -> None:  # noqa: ARG002 (the street asks so)
        self.calls += 1
        if self.calls == 1:
            raise DatabaseError("The state database does not answer.")


def test_a_database_that_is_away_makes_no_dead_letters(street: Street) -> None:
    street.send(song("m1", userId="ann"))
    worker = street.worker(projections=[street.identity, Away(), street.profiles])
    with pytest.raises(UnavailableError):
        worker.run_once()
    drain(worker)
    assert street.profiles.by("user_id", "ann").events_total == 1
    with street.database.read() as connection:
        assert worker_store.count_dead_letters(connection) == 0


def test_news_of_our_own_comes_back_as_an_event_once(street: Street) -> None:
    street.send(song("m1", userId="ann"))
    counting = Counting()
    street.work(projections=[Telling(), counting])
    assert counting.seen == ["m1", "n:web-0.1.0"]
    with street.database.read() as connection:
        assert worker_store.waiting(connection, 10) == []
    entry = decode_entry(street.log.read("worker", after=0, records_max=10)[0].payload)
    assert isinstance(entry, OwnFacts)
    assert entry.facts[0].name == "Noticed"


def test_news_left_behind_by_a_killed_worker_is_taken_in_by_the_next(street: Street) -> None:
    street.send(song("m1", userId="ann"))
    killed = street.worker(projections=[Telling()], log=Unwritable(street.log))  # type: ignore[arg-type]  # only what the worker uses
    with pytest.raises(UnavailableError):
        killed.run_once()
    counting = Counting()
    street.work(projections=[counting])
    assert counting.seen == ["n:web-0.1.0"]


class Unwritable:
    """A log that takes nothing more."""

    def __init__(self, log: Any) -> None:
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def append_many(self, payloads: list[bytes]) -> list[int]:
        raise UnavailableError(f"The disk is full: {len(payloads)} records wait.")


def test_two_workers_on_one_shop_never_take_a_fact_twice(street: Street) -> None:
    for number in range(60):
        street.send(song(f"m{number}", userId="ann"))
    stop = threading.Event()
    workers = [street.worker(events_a_batch=3) for _ in range(2)]
    threads = [threading.Thread(target=worker.run, args=(stop,)) for worker in workers]
    for thread in threads:
        thread.start()
    done = threading.Event()
    for _ in range(400):
        if street.profiles.count() and street.profiles.by("user_id", "ann").events_total == 60:
            break
        done.wait(0.05)
    stop.set()
    for thread in threads:
        thread.join(timeout=10)
    assert street.profiles.by("user_id", "ann").events_total == 60
    state = state_of(street.database)
    timeline = state["timeline"]
    assert isinstance(timeline, list)
    assert len(timeline) == 60


def test_stopping_ends_the_run(street: Street) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=street.worker().run, args=(stop,))
    thread.start()
    stop.set()
    thread.join(timeout=10)
    assert not thread.is_alive()
