"""The alerts' tables, on each engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from regulars.events import store, worker_store
from regulars.events.alerts import Alerts, Rule
from regulars.events.alerts.store import MIGRATIONS
from regulars.events.counts_store import ReasonRow, add_reasons
from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database

NOW = datetime(2026, 11, 22, 10, 0, 30, tzinfo=UTC)


def test_a_rule_is_raised_acknowledged_and_cleared(database: Database) -> None:
    clock = WoundClock(NOW)
    database.migrate([*store.MIGRATIONS, *worker_store.MIGRATIONS, *MIGRATIONS])
    alerts = Alerts(database=database, clock=clock)
    made = alerts.add(Rule(kind="count", reason="type_missing", limit=3, window_minutes=5))
    plain = alerts.add(Rule(kind="share", limit=50, window_minutes=5))
    minute = clock.now_us() // 60_000_000
    with database.write() as connection:
        store.add_counts(connection, [(minute, "s1", "", "rejected", 40), (minute, "s1", "x", "accepted", 20)])
        add_reasons(connection, [ReasonRow(minute, "s1", "", "rejected", "type_missing", 3, 1)])
    raised = alerts.look()
    assert {one.rule_id: round(one.value, 1) for one in raised} == {made.rule_id: 4, plain.rule_id: 66.7}
    assert alerts.acknowledge(raised[0].alert_id, who="Ann").acknowledged_by == "Ann"
    clock.wind(timedelta(minutes=10))
    assert [len(alerts.look()) for _ in range(3)] == [0, 0, 2]
    assert alerts.alerts(only_raised=True).items == []
    assert [one.is_raised for one in alerts.rules()] == [False, False]
    with database.read() as connection:
        assert len(worker_store.waiting(connection, 10)) == 4
