"""What a plan makes of events as they take effect: counted, marked or kept out, the same at every replay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any  # Any: JSON, and rows of any table

import msgspec
import pytest
from tests.plans.conftest import ORDER, Counter, ordered

from regulars.events.core import Batch, Event
from regulars.events.live import Wanted
from regulars.events.plans import EventRule, PlanBody, PlanJudge, PlanViolations
from regulars.events.plans.store import DERIVED_TABLES
from regulars.events.plans.violations_store import PROBLEMS_MAX, SAMPLES_MAX
from regulars.events.projections import EventCounts
from regulars.events.worker import Worker

GOOD = {"order_id": "o1", "total": 1}


def blocking(*rules: EventRule, **more: Any) -> PlanBody:  # Any: parts of a plan
    return PlanBody(mode="block", events=list(rules or [ORDER]), **more)


def test_a_blocked_event_does_not_take_effect_and_becomes_a_dead_letter_with_its_reason(counter: Counter) -> None:
    counter.published(blocking())
    counter.take(ordered("m1", **GOOD), ordered("m2", order_id="o2"))
    assert counter.outcomes() == {"accepted": 1, "rejected": 1}
    ((message_id, projection, reason),) = counter.letters()
    assert (message_id, projection) == ("m2", "plan")
    assert reason == (
        "'Order Completed' does not keep to the tracking plan 'Web shop', version 1: /properties/total must be there."
    )
    profile = counter.shop.profiles.by("user_id", "ann")
    assert profile.events_total == 1
    (row,) = counter.shop.lake.query(counter.shop.lake.events()).filter(_named_order()).to_pylist()
    assert row["message_id"] == "m1"


def _named_order() -> Any:  # Any: pyarrow is looked at without types
    import pyarrow.compute as pc

    return pc.field("name") == "Order Completed"


def test_a_blocked_message_counts_as_seen(counter: Counter) -> None:
    counter.published(blocking())
    counter.take(ordered("m1"))
    counter.take(ordered("m1", **GOOD))
    assert counter.outcomes() == {"rejected": 1, "duplicate": 1}


@pytest.mark.parametrize("mode", ["observe", "warn"])
def test_what_is_only_observed_or_warned_of_takes_effect_and_is_counted(
    counter: Counter, mode: Any
) -> None:  # Any: a Literal
    counter.published(PlanBody(mode=mode, events=[ORDER]))
    counter.take(ordered("m1", order_id="o1"), ordered("m2", **GOOD))
    assert counter.outcomes() == {"accepted": 2}
    assert counter.letters() == []
    assert counter.rows("SELECT mode, count FROM plans_verdicts") == [(mode, 1)]
    lines = counter.shop.events.live.recent(Wanted(name="Order Completed"), cursor=None, limit=10).items
    assert ["total" in line.warning for line in lines] == [False, mode == "warn"]


def test_an_event_is_shown_as_the_worker_judged_it(counter: Counter) -> None:
    counter.published(blocking())
    counter.take(ordered("m1", **GOOD), ordered("m2", total="much"))
    lines = counter.shop.events.live.recent(Wanted(outcome="rejected"), cursor=None, limit=10).items
    assert [line.reason for line in lines] == [counter.letters()[0][2]]
    found = counter.shop.events.live.find(lines[0].event_id)
    assert found.event is not None, "it is an event, though it did not take effect"
    assert found.verdict is not None
    assert [(one.pointer, one.kind) for one in found.verdict.violations] == [
        ("/properties/order_id", "missing"),
        ("/properties/total", "wrong_type"),
    ]


def test_an_event_is_judged_by_the_version_in_force_when_it_was_received(counter: Counter) -> None:
    plan_id = counter.published(blocking())
    counter.send(ordered("m1"))
    counter.clock.wind(timedelta(seconds=1))
    counter.plans.edit(plan_id, PlanBody(events=[EventRule(name="Order Completed")]))
    counter.plans.publish(plan_id)
    counter.send(ordered("m2"))
    counter.clock.wind(timedelta(seconds=1))
    counter.plans.stop(plan_id)
    counter.send(ordered("m3"))
    counter.shop.catch_up()
    assert [letter[0] for letter in counter.letters()] == ["m1"], "it came under version 1, however late it is read"
    assert counter.outcomes() == {"accepted": 2, "rejected": 1}


def test_a_version_begins_after_everything_that_was_judged_before_it(counter: Counter) -> None:
    counter.clock.wind(timedelta(seconds=5))
    counter.take(ordered("m1"))  # received by a machine whose clock is five seconds ahead of ours
    counter.clock.wind(timedelta(seconds=-5))
    plan_id = counter.published(blocking())
    (version,) = counter.plans.get(plan_id).versions
    counter.clock.wind(timedelta(seconds=5))
    counter.take(ordered("m2"))
    assert [letter[0] for letter in counter.letters()] == [], "m2 came at the very moment that m1 came"
    counter.clock.wind(timedelta(microseconds=1))
    counter.take(ordered("m3"))
    assert [letter[0] for letter in counter.letters()] == ["m3"]
    assert version.until_at is None


def test_a_plan_holds_for_its_sources_and_never_for_our_own_facts(counter: Counter) -> None:
    other = counter.shop.events.create_source("App", "ios")
    counter.published(blocking(sources=[other.source_id]), "App")
    counter.published(PlanBody(unknown="block"), "All others")
    counter.take(ordered("m1", **GOOD), source_id=other.source_id)
    counter.take(ordered("m2", **GOOD))
    counter.shop.events.append([ordered("m3")])
    counter.shop.catch_up()
    assert [letter[0] for letter in counter.letters()] == ["m2"]


def test_who_is_warned_hears_of_each_event_once_an_hour(counter: Counter) -> None:
    counter.published(PlanBody(mode="warn", events=[ORDER]))
    for number in range(3):
        counter.take(ordered(f"m{number}"), ordered(f"n{number}"))
    counter.clock.wind(timedelta(hours=1))
    counter.take(ordered("later"))
    told = counter.shop.events.live.recent(Wanted(name="Tracking Plan Violated"), cursor=None, limit=10).items
    assert len(told) == 2
    (said,) = {counter.shop.events.live.find(line.event_id).event.properties["sentence"] for line in told}  # type: ignore[union-attr]  # an own fact always is an event
    assert said == "/properties/order_id must be there."


def test_only_the_latest_samples_of_a_problem_stay_and_hold_nothing_of_the_event(counter: Counter) -> None:
    counter.published(PlanBody(events=[ORDER]))
    for number in range(4):
        counter.clock.wind(timedelta(seconds=1))
        counter.take(*(ordered(f"m{number}-{place}", order_id=f"o{place}", total="secret") for place in range(3)))
    kept = counter.rows("SELECT event_id FROM plans_samples ORDER BY received_us DESC, event_id DESC")
    assert len(kept) == SAMPLES_MAX
    assert kept[0] == max(kept)
    everything = [row for table in DERIVED_TABLES for row in counter.rows(f"SELECT * FROM {table}")]
    assert "secret" not in repr(everything)
    assert "ann" not in {str(value) for row in everything for value in row}


def test_strangers_cannot_fill_the_tables_with_names(counter: Counter) -> None:
    counter.published(PlanBody(unknown="warn"))
    names = [f"Event {number}" for number in range(PROBLEMS_MAX + 50)]
    for start in range(0, len(names), 150):
        counter.take(*({**ordered(name), "event": name} for name in names[start : start + 150]))
    assert counter.rows("SELECT COUNT(*) FROM plans_problems") == [(PROBLEMS_MAX + 1,)]
    others = counter.rows(
        "SELECT SUM(count) FROM plans_counts WHERE problem_id IN "
        "(SELECT problem_id FROM plans_problems WHERE kind = 'other')"
    )
    assert others == [(50,)]


def replayed(counter: Counter, events_a_batch: int) -> dict[str, list[tuple[Any, ...]]]:  # Any: rows
    """Read the log again from its beginning into emptied tables, and return what came of it."""
    derived = [*DERIVED_TABLES, "events_counts", "events_dead_letters"]
    with counter.shop.database.write() as connection:
        for table in [*derived, "events_offsets", "events_seen_young", "events_duplicates", "events_outbox"]:
            connection.exec_driver_sql(f"DELETE FROM {table}")
    worker = Worker(
        database=counter.shop.database,
        log=counter.shop.log,
        clock=counter.clock,
        projections=[EventCounts(), PlanViolations()],
        events_a_batch=events_a_batch,
        judge=PlanJudge(),
    )
    while worker.run_once():
        pass
    tables = {table: counter.rows(f"SELECT * FROM {table}") for table in DERIVED_TABLES}
    tables["counts"] = counter.rows("SELECT * FROM events_counts WHERE source_id <> 'regulars'")
    tables["letters"] = counter.rows("SELECT event_id, message_id, projection, reason FROM events_dead_letters")
    return {table: sorted(rows) for table, rows in tables.items()}


def test_a_replay_gives_the_same_verdicts_however_it_is_cut(counter: Counter) -> None:
    plan_id = counter.published(blocking())
    for number in range(12):
        counter.clock.wind(timedelta(minutes=7))
        if number == 4:
            counter.plans.edit(plan_id, PlanBody(mode="warn", unknown="warn", events=[ORDER]))
            counter.plans.publish(plan_id)
        if number == 8:
            counter.plans.restore(plan_id, 1)
            counter.plans.publish(plan_id)
        good = ordered(f"g{number}", **GOOD)
        counter.take(good, ordered(f"b{number}", total=-1), {**ordered(f"u{number}"), "event": "Odd"}, good)
    first = replayed(counter, 2_000)
    assert len(first["letters"]) == 8
    assert first == replayed(counter, 1) == replayed(counter, 3)


def test_a_poisoned_batch_is_judged_once_all_the_same(counter: Counter) -> None:
    class Poisoned:
        name = "poisoned"

        def project(self, batch: Batch, _connection: Any) -> None:  # Any: as in the protocol
            if any(event.message_id == "poison" for event in batch.events):
                raise ValueError("no")

    counter.published(blocking())
    counter.send(ordered("m1", **GOOD), ordered("poison", **GOOD), ordered("m2"))
    worker = Worker(
        database=counter.shop.database,
        log=counter.shop.log,
        clock=counter.clock,
        projections=[EventCounts(), PlanViolations(), Poisoned()],
        judge=PlanJudge(),
    )
    while worker.run_once():
        pass
    assert sorted((letter[0], letter[1]) for letter in counter.letters()) == [("m2", "plan"), ("poison", "poisoned")]
    assert counter.rows("SELECT SUM(count) FROM plans_verdicts") == [(1,)]
    assert worker.retry_dead_letters() == 0, "what a plan has blocked is mended and sent again, never just let in"


def test_an_event_that_has_no_plan_costs_no_compiling(counter: Counter) -> None:
    judge = PlanJudge()
    with counter.shop.database.read() as connection:
        assert judge.verdicts([], connection) == ()
    event = msgspec.convert(
        {
            "event_id": "e", "source_id": "s", "message_id": "m", "call": "track", "name": "Order Completed",
            "user_id": "ann", "anonymous_id": None, "properties": {}, "context": {}, "occurred_us": 0,
            "received_us": counter.clock.now_us() - 1, "position": ["web-0", 1, 0],
        },
        Event,
    )  # fmt: skip
    counter.published(blocking())
    with counter.shop.database.read() as connection:
        assert judge.verdicts([event], connection) == [None], "it came before the first version"
