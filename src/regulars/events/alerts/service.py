"""Looks at the counts each minute, says when a rule is passed and when it is over, and keeps who has seen it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any  # Any: SQLAlchemy's Row

import msgspec
from sqlalchemy import Connection, Row

from regulars.events import store as events_store
from regulars.events import worker_store
from regulars.events.alerts import store
from regulars.events.alerts.core import (
    Alert,
    AlertRule,
    Reading,
    Rule,
    Standing,
    defaults_for,
    faults_of,
    sentence_of,
    step,
)
from regulars.events.core import Fact
from regulars.events.counts_store import EVERY_SOURCE
from regulars.events.decode import OWN_SOURCE
from regulars.events.record import OwnFacts, encode_entry
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import InvalidError, NotFoundError
from regulars.kernel.http import Page, decode_cursor, page_of
from regulars.kernel.ids import new_id
from regulars.kernel.sayings import said

MINUTE_US = 60 * MICROSECONDS_PER_SECOND
LATE_S_MAX = 60.0  # a worker further behind has not counted yet what came: silence would be ours
KEPT_DAYS = 400
RULES_MAX = 1_000
_FAR_US = 1 << 62
LOCK = "alerts"


class Alerts:
    """The alerts of a shop. `late_s` tells how far the worker is behind, and is set by the shop."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.late_s: Callable[[], float] = lambda: 0.0

    def rules(self) -> list[AlertRule]:
        """Return every rule and where it stands, by source; each new source begins with rules of its own."""
        self._give_rules()
        with self._database.read() as connection:
            rows = store.rules(connection)
            names = _source_names(connection)
        return [_rule(row, names) for row in rows]

    def add(self, rule: Rule) -> AlertRule:
        """Keep a new rule.

        Raises
        ------
        InvalidError
            When it makes no sense; `problems` lists every fault.

        """
        now_us = self._clock.now_us()
        rule_id = new_id(now_us)
        with self._database.write(lock=LOCK) as connection:
            _check(connection, rule)
            if len(store.rules(connection)) >= RULES_MAX:
                raise InvalidError(
                    said(
                        "alert_rules_most",
                        "A shop has at most {most:,} rules. Remove one that nobody needs.",
                        most=RULES_MAX,
                    )
                )
            store.add_rules(connection, [(rule_id, rule.source_id, _words(rule), now_us)])
        return self.rule(rule_id)

    def change(self, rule_id: str, rule: Rule) -> AlertRule:
        """Give a rule other words; what it had raised is over."""
        with self._database.write(lock=LOCK) as connection:
            row = _known(store.rule(connection, rule_id), rule_id)
            _check(connection, rule)
            self._end(connection, row)
            store.change_rule(connection, rule_id, source_id=rule.source_id, rule=_words(rule))
        return self.rule(rule_id)

    def remove(self, rule_id: str) -> None:
        """Remove a rule; what it had raised is over."""
        with self._database.write(lock=LOCK) as connection:
            self._end(connection, _known(store.rule(connection, rule_id), rule_id))
            store.remove_rule(connection, rule_id)

    def rule(self, rule_id: str) -> AlertRule:
        """Return one rule.

        Raises
        ------
        NotFoundError
            When there is none.

        """
        with self._database.read() as connection:
            return _rule(_known(store.rule(connection, rule_id), rule_id), _source_names(connection))

    def alerts(self, *, only_raised: bool = False, cursor: str | None = None, limit: int = 50) -> Page[Alert]:
        """Return what was raised, the newest first: all of it, or only what lasts."""
        before = decode_cursor(cursor, tuple[int, str]) or (_FAR_US, "")
        with self._database.read() as connection:
            rows = store.alerts(connection, before=before, only_raised=only_raised, rows_max=limit + 1)
            names = _source_names(connection)
        return page_of(
            rows,
            limit=limit,
            place_of=lambda row: (row.raised_us, row.alert_id),
            item_of=lambda row: _alert(row, names),
        )

    def acknowledge(self, alert_id: str, *, who: str) -> Alert:
        """Keep that somebody has seen an alert; the first who says so stands there.

        Raises
        ------
        NotFoundError
            When there is no such alert.

        """
        with self._database.write() as connection:
            store.acknowledge(connection, alert_id, who=who, now_us=self._clock.now_us())
            row = store.alert(connection, alert_id)
            if row is None:
                raise NotFoundError(
                    said(
                        "no_alert",
                        "There is no alert {alert!r}, or it was over long ago and is forgotten.",
                        alert=alert_id,
                    )
                )
            return _alert(row, _source_names(connection))

    def look(self) -> list[Alert]:
        """Hold every rule against the counts; return what was raised or cleared just now.

        The facts `Alert Raised` and `Alert Cleared` leave by the outbox, in the same transaction.
        """
        self._give_rules()
        late_s = self.late_s()
        changed: list[Alert] = []
        with self._database.write(lock=LOCK) as connection:
            names = _source_names(connection)
            for row in store.rules(connection):
                rule = msgspec.json.decode(row.rule, type=Rule)
                gone = rule.source_id is not None and rule.source_id not in names
                if rule.is_on and not gone:
                    alert = self._look_at(connection, row, rule, names, late_s)
                    changed += [alert] if alert is not None else []
                elif row.is_raised:
                    self._end(connection, row)
        return changed

    def forget_old(self, connection: Connection) -> int:
        """Forget alerts that were over long ago; return how many."""
        return store.forget(connection, self._clock.now_us() - KEPT_DAYS * 86_400 * MICROSECONDS_PER_SECOND)

    def _look_at(
        self, connection: Connection, row: Row[Any], rule: Rule, names: Mapping[str, str], late_s: float
    ) -> Alert | None:
        now_us = self._clock.now_us()
        reading = self._read(connection, rule, late_s)
        taken = step(rule, Standing(is_raised=bool(row.is_raised), calm_looks=row.calm_looks), reading)
        store.set_standing(
            connection,
            row.rule_id,
            is_raised=taken.standing.is_raised,
            calm_looks=taken.standing.calm_looks,
            value=reading.value,
            looked_us=now_us,
        )
        if reading.value is None:
            return None
        if taken.raises:
            store.raise_alert(
                connection,
                {
                    "alert_id": new_id(now_us),
                    "rule_id": row.rule_id,
                    "rule": row.rule,
                    "source_id": rule.source_id,
                    "now_us": now_us,
                    "value": reading.value,
                },
            )
        elif taken.standing.is_raised:
            store.worsen(connection, row.rule_id, reading.value)
            return None
        elif not taken.clears:
            return None
        found = store.raised_by(connection, row.rule_id)
        assert found is not None, "it was raised before, or just now"
        if taken.clears:
            store.clear(connection, row.rule_id, reading.value, now_us)
            found = store.alert(connection, found.alert_id)
            assert found is not None, "it was there a moment ago"
        alert = _alert(found, names)
        self._tell(connection, alert, now_us)
        return alert

    def _read(self, connection: Connection, rule: Rule, late_s: float) -> Reading:
        now_us = self._clock.now_us()
        if rule.kind == "silence":
            last_us = store.last_event_us(connection, rule.source_id or "")
            if last_us is None or late_s > LATE_S_MAX:
                return Reading(value=None)
            return Reading(value=max(0.0, (now_us - last_us) / MINUTE_US))
        after_minute = now_us // MINUTE_US - rule.window_minutes
        source_id = EVERY_SOURCE if rule.source_id is None else rule.source_id
        found = store.counted(
            connection,
            after_minute=after_minute,
            source_id=source_id,
            own=OWN_SOURCE,
            outcome=rule.outcome,
            reason=rule.reason,
        )
        if rule.kind == "count":
            return Reading(value=float(found), events=found)
        whole = store.total(connection, after_minute=after_minute, source_id=source_id, own=OWN_SOURCE)
        return Reading(value=100 * found / whole if whole else 0.0, events=whole)

    def _end(self, connection: Connection, row: Row[Any]) -> None:
        """Let what a rule has raised be over, because the rule is no longer what it was."""
        found = store.raised_by(connection, row.rule_id)
        if found is None:
            return
        now_us = self._clock.now_us()
        store.clear(connection, row.rule_id, found.value, now_us)
        store.set_standing(connection, row.rule_id, is_raised=False, calm_looks=0, value=None, looked_us=now_us)
        over = store.alert(connection, found.alert_id)
        assert over is not None, "it was there a moment ago"
        self._tell(connection, _alert(over, _source_names(connection)), now_us)

    def _tell(self, connection: Connection, alert: Alert, now_us: int) -> None:
        """Let the fact leave by the outbox."""
        properties = {
            "alert_id": alert.alert_id,
            "rule_id": alert.rule_id,
            "kind": alert.rule.kind,
            "source_id": alert.rule.source_id,
            "source_name": alert.source_name,
            "outcome": alert.rule.outcome,
            "reason": alert.rule.reason,
            "limit": alert.rule.limit,
            "window_minutes": alert.rule.window_minutes,
            "value": alert.value,
            "worst": alert.worst,
            "sentence": alert.sentence,
        }
        if alert.cleared_at is None:
            fact = Fact(
                name="Alert Raised", message_id=f"alert:{alert.alert_id}:raised", properties=properties,
                occurred_us=now_us,
            )  # fmt: skip
        else:
            fact = Fact(
                name="Alert Cleared", message_id=f"alert:{alert.alert_id}:cleared", properties=properties,
                occurred_us=now_us,
            )  # fmt: skip
        worker_store.leave_by_outbox(connection, encode_entry(OwnFacts([fact], now_us)))

    def _give_rules(self) -> None:
        """Give each new source the rules it begins with."""
        with self._database.read() as connection:
            if not store.sources_without_rules(connection):
                return
        now_us = self._clock.now_us()
        with self._database.write(lock=LOCK) as connection:
            for source_id in store.sources_without_rules(connection):
                given = enumerate(defaults_for(source_id), now_us)  # a microsecond each, so that they keep their order
                rows = [(new_id(at_us), source_id, _words(rule), at_us) for at_us, rule in given]
                store.add_rules(connection, rows)
                store.note_source(connection, source_id)


def _check(connection: Connection, rule: Rule) -> None:
    faults = faults_of(rule)
    if rule.source_id is not None and rule.source_id not in _source_names(connection):
        faults.append(said("no_source", "There is no source {source!r}.", source=rule.source_id))
    if faults:
        raise InvalidError(faults[0], problems=faults)


def _known(row: Row[Any] | None, rule_id: str) -> Row[Any]:
    if row is None:
        raise NotFoundError(said("no_rule", "There is no rule {rule!r}.", rule=rule_id))
    return row


def _words(rule: Rule) -> str:
    return msgspec.json.encode(rule).decode()


def _source_names(connection: Connection) -> dict[str, str]:
    return {row.source_id: row.name for row in events_store.sources(connection)}


def _rule(row: Row[Any], names: Mapping[str, str]) -> AlertRule:
    rule = msgspec.json.decode(row.rule, type=Rule)
    return AlertRule(
        rule_id=row.rule_id,
        rule=rule,
        source_name=names.get(rule.source_id or "", ""),
        is_raised=bool(row.is_raised),
        value=row.value,
        looked_at=moment(row.looked_us) if row.looked_us is not None else None,
    )


def _alert(row: Row[Any], names: Mapping[str, str]) -> Alert:
    rule = msgspec.json.decode(row.rule, type=Rule)
    source_name = names.get(rule.source_id or "", "")
    return Alert(
        alert_id=row.alert_id,
        rule_id=row.rule_id,
        rule=rule,
        source_name=source_name,
        sentence=sentence_of(rule, source_name, row.value if row.cleared_us is None else row.worst),
        raised_at=moment(row.raised_us),
        cleared_at=moment(row.cleared_us) if row.cleared_us is not None else None,
        value=row.value,
        worst=row.worst,
        acknowledged_by=row.acknowledged_by,
        acknowledged_at=moment(row.acknowledged_us) if row.acknowledged_us is not None else None,
    )
