"""Alerts: looked at each minute, told as facts, seen by people."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any  # Any: JSON, and what a client takes

import pytest
from tests.letters.conftest import NOW, Desk, opened, played

from regulars.events.alerts import Alert, AlertRule, Rule
from regulars.events.live import Wanted
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import InvalidError, NotFoundError

BAD = {"type": "sing"}


@pytest.fixture
def desk(tmp_path: Path) -> Any:  # Any: a generator of a Desk; the shared fixture is in another folder
    with opened(tmp_path / "shop", WoundClock(NOW)) as desk:
        yield desk


def look(desk: Desk, *, minutes: int = 1) -> list[Alert]:
    """Let a minute go by, and look."""
    desk.clock.wind(timedelta(minutes=minutes))
    desk.shop.catch_up()
    return desk.shop.alerts.look()


def facts(desk: Desk) -> list[tuple[str, dict[str, Any]]]:  # Any: JSON
    desk.shop.catch_up()
    page = desk.shop.events.live.recent(Wanted(source_id="regulars"), cursor=None, limit=50)
    events = [desk.shop.events.live.find(line.event_id).event for line in page.items]
    return [(event.name, event.properties) for event in events if event is not None]


def rule_of(desk: Desk, kind: str) -> AlertRule:
    return next(one for one in desk.shop.alerts.rules() if one.rule.kind == kind)


def test_a_new_source_begins_with_rules_and_whoever_takes_them_away_keeps_them_away(desk: Desk) -> None:
    assert [(one.rule.kind, one.source_name, one.rule.is_on) for one in desk.shop.alerts.rules()] == [
        ("share", "Shop front", True), ("count", "Shop front", True), ("silence", "Shop front", False),
    ]  # fmt: skip
    for one in desk.shop.alerts.rules():
        desk.shop.alerts.remove(one.rule_id)
    assert desk.shop.alerts.rules() == []
    desk.shop.events.create_source("App", "ios")
    assert {one.source_name for one in desk.shop.alerts.rules()} == {"App"}


def test_a_share_that_is_passed_is_raised_once_worsens_and_is_cleared_with_facts(desk: Desk) -> None:
    desk.send(*[played(f"m{number}") for number in range(90)], *[BAD] * 10)
    (alert,) = look(desk)
    assert (alert.value, alert.rule.kind, alert.cleared_at) == (10, "share", None)
    assert alert.sentence == "Shop front: 10.0 % of all events were rejected in 15 minutes, more than 5 %."
    desk.send(*[BAD] * 20)
    assert look(desk) == []
    (listed,) = desk.shop.alerts.alerts(only_raised=True).items
    assert (listed.value, listed.worst) == (25, 25)
    desk.clock.wind(timedelta(minutes=20))
    assert [look(desk) for _ in range(2)] == [[], []]
    (cleared,) = look(desk)
    assert (cleared.alert_id, cleared.value, cleared.worst) == (alert.alert_id, 0, 25)
    assert cleared.cleared_at is not None
    assert desk.shop.alerts.alerts(only_raised=True).items == []
    assert [one.alert_id for one in desk.shop.alerts.alerts().items] == [alert.alert_id]
    told = facts(desk)
    assert [name for name, _ in told] == ["Alert Cleared", "Alert Raised"]
    assert told[1][1]["sentence"] == alert.sentence
    assert (told[0][1]["worst"], told[0][1]["source_name"]) == (25, "Shop front")


def test_our_own_facts_and_other_sources_do_not_weigh_in(desk: Desk) -> None:
    other = desk.shop.events.create_source("App", "ios").source_id
    desk.send(*[played(f"m{number}") for number in range(900)], source_id=other)
    desk.send(*[played(f"m{number}") for number in range(30)], *[BAD] * 3)
    (alert,) = look(desk)
    assert (alert.source_name, round(alert.value, 2)) == ("Shop front", 9.09)
    together = desk.shop.alerts.add(Rule(kind="share", limit=0.3))
    (second,) = look(desk)
    assert (second.rule_id, second.source_name, round(second.value, 2)) == (together.rule_id, "", 0.32)


def test_a_reason_is_counted_wherever_it_stands_among_others(desk: Desk) -> None:
    rule = Rule(kind="count", outcome="corrected", reason="message_id_missing", limit=2, source_id=desk.source_id)
    made = desk.shop.alerts.add(rule)
    desk.send(*[played("", timestamp="never") for _ in range(3)])
    (alert,) = look(desk)
    assert (alert.rule_id, alert.value) == (made.rule_id, 3)


def test_refused_requests_raise_alerts_by_the_events_that_stood_in_them(desk: Desk) -> None:
    desk.send(*[played(f"m{number}") for number in range(20)])
    desk.refuse(b"", "too_many_events", events=2_600, whole=False)
    (alert,) = look(desk)
    assert round(alert.value) == 99


def test_silence_is_told_of_who_has_spoken_before_and_not_while_the_worker_is_behind(desk: Desk) -> None:
    silence = rule_of(desk, "silence")
    desk.shop.alerts.change(silence.rule_id, Rule(kind="silence", source_id=desk.source_id, window_minutes=60))
    assert look(desk, minutes=200) == [], "who never sent anything is not silent"
    desk.send(played("m1"))
    assert look(desk, minutes=59) == []
    desk.shop.alerts.late_s = lambda: 61.0
    assert look(desk, minutes=5) == [], "what came may not be counted yet"
    desk.shop.alerts.late_s = lambda: 0.0
    (alert,) = look(desk)
    assert alert.sentence == "Shop front: nothing has come for 65 minutes, 60 were allowed."
    desk.send(played("m2"))
    (cleared,) = look(desk)
    assert cleared.cleared_at is not None


def test_a_rule_that_is_changed_switched_off_or_removed_has_nothing_raised(desk: Desk) -> None:
    for change in ("change", "off", "remove"):
        made = desk.shop.alerts.add(Rule(kind="count", limit=0))
        desk.send(BAD)
        raised = [one for one in look(desk) if one.rule_id == made.rule_id]
        assert len(raised) == 1
        if change == "change":
            desk.shop.alerts.change(made.rule_id, Rule(kind="count", limit=1_000))
        elif change == "off":
            desk.shop.alerts.change(made.rule_id, Rule(kind="count", limit=0, is_on=False))
        else:
            desk.shop.alerts.remove(made.rule_id)
        assert [
            one.rule_id for one in desk.shop.alerts.alerts(only_raised=True).items if one.rule_id == made.rule_id
        ] == []
        assert look(desk) == []
    assert [name for name, _ in facts(desk)].count("Alert Cleared") == 3


def test_what_cannot_be_a_rule_is_refused_with_every_fault(desk: Desk) -> None:
    with pytest.raises(InvalidError, match="at most 100") as caught:
        desk.shop.alerts.add(Rule(kind="share", limit=101, reason="because", source_id="nowhere"))
    assert len(caught.value.problems) == 3
    with pytest.raises(NotFoundError, match="no rule 'r9'"):
        desk.shop.alerts.change("r9", Rule(kind="count"))
    with pytest.raises(NotFoundError, match="no alert 'a9'"):
        desk.shop.alerts.acknowledge("a9", who="Ann")


def test_an_alert_is_acknowledged_by_the_first_who_says_so(desk: Desk) -> None:
    desk.shop.alerts.add(Rule(kind="count", limit=0))
    desk.send(BAD)
    (alert,) = look(desk)
    address = f"/v1/alerts/{alert.alert_id}/acknowledge"
    assert desk.ask("POST", address, "viewer").status_code == 403
    seen = desk.ask("POST", address, "marketer").json()
    assert (seen["acknowledged_by"], seen["acknowledged_at"]) == ("marketer", "2026-11-22T10:01:30Z")
    assert desk.ask("POST", address, "admin").json()["acknowledged_by"] == "marketer"
    audited = desk.ask("GET", "/v1/audit", "admin").json()["items"]
    assert ("alert_acknowledged", alert.alert_id) in {(one["action"], one["subject"]) for one in audited}


def test_rules_and_alerts_over_http(desk: Desk) -> None:
    made = desk.ask("POST", "/v1/alerts/rules", json={"kind": "count", "limit": 0}).json()
    assert (made["rule"]["window_minutes"], made["is_raised"], made["value"]) == (15, False, None)
    desk.send(BAD)
    desk.shop.catch_up()
    desk.run_jobs()
    listed = desk.ask("GET", "/v1/alerts", "viewer", params={"raised": "true"}).json()["items"]
    assert [one["rule_id"] for one in listed] == [made["rule_id"]]
    address = f"/v1/alerts/rules/{made['rule_id']}"
    changed = desk.ask("PUT", address, json={"kind": "count", "limit": 5, "is_on": False}).json()
    assert (changed["rule"]["limit"], changed["rule"]["is_on"]) == (5, False)
    assert desk.ask("DELETE", address).status_code == 204
    assert desk.ask("DELETE", address).status_code == 404
    assert desk.ask("POST", "/v1/alerts/rules", "viewer", json={"kind": "count"}).status_code == 403
    wrong = desk.ask("POST", "/v1/alerts/rules", json={"kind": "count", "window_minutes": 0})
    assert (wrong.status_code, "window_minutes" in wrong.text) == (400, True)
    assert len(desk.ask("GET", "/v1/alerts/rules", "viewer").json()) == 3


def test_alerts_come_newest_first_page_by_page_and_old_ones_are_forgotten(desk: Desk) -> None:
    rules = [desk.shop.alerts.add(Rule(kind="count", limit=0)) for _ in range(5)]
    desk.send(BAD)
    assert len(look(desk)) == 5
    for one in rules[:4]:
        desk.shop.alerts.remove(one.rule_id)
    first = desk.shop.alerts.alerts(limit=3)
    rest = desk.shop.alerts.alerts(limit=3, cursor=first.next_cursor)
    assert len({one.alert_id for one in [*first.items, *rest.items]}) == 5
    assert rest.next_cursor is None
    desk.clock.wind(timedelta(days=401))
    with desk.shop.database.write() as connection:
        assert desk.shop.alerts.forget_old(connection) == 4


def test_raised_alerts_are_measured(desk: Desk) -> None:
    desk.shop.alerts.add(Rule(kind="count", limit=0))
    desk.send(BAD)
    look(desk)
    assert "regulars_alerts_raised 1.0" in desk.ask("GET", "/metrics", "admin").text
