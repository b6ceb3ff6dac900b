"""Questions to the alerts' tables: which rules there are, where each stands, what was raised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # Any: SQLAlchemy's Row, generic over the columns

from sqlalchemy import Connection, Row, text

from regulars.kernel.bulk import write_rows
from regulars.kernel.database import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "alerts",
        1,
        (
            """
            CREATE TABLE alerts_rules (
                rule_id TEXT PRIMARY KEY, source_id TEXT, rule {json} NOT NULL, created_us BIGINT NOT NULL,
                is_raised INTEGER NOT NULL DEFAULT 0, calm_looks INTEGER NOT NULL DEFAULT 0,
                value DOUBLE PRECISION, looked_us BIGINT)""",
            # Which sources were given the rules that a source begins with? Those who take them away keep them away.
            "CREATE TABLE alerts_sources (source_id TEXT PRIMARY KEY)",
            """
            CREATE TABLE alerts_alerts (
                alert_id TEXT PRIMARY KEY, rule_id TEXT NOT NULL, rule {json} NOT NULL, source_id TEXT,
                raised_us BIGINT NOT NULL, cleared_us BIGINT, value DOUBLE PRECISION NOT NULL,
                worst DOUBLE PRECISION NOT NULL, acknowledged_by TEXT, acknowledged_us BIGINT)""",
            "CREATE INDEX alerts_alerts_by_time ON alerts_alerts (raised_us, alert_id)",
            "CREATE INDEX alerts_alerts_by_rule ON alerts_alerts (rule_id, cleared_us)",
        ),
    ),
)
DERIVED_TABLES: tuple[str, ...] = ()  # what was raised when, and who saw it, is told by nothing else

# Which rules are there, oldest first?
_RULES = text("SELECT * FROM alerts_rules ORDER BY created_us, rule_id")
_RULE = text("SELECT * FROM alerts_rules WHERE rule_id = :rule_id")
_ADD_RULE = "INSERT INTO alerts_rules (rule_id, source_id, rule, created_us) VALUES (?, ?, ?, ?)"
_CHANGE_RULE = text("""
UPDATE alerts_rules SET rule = :rule, source_id = :source_id, is_raised = 0, calm_looks = 0, value = NULL
WHERE rule_id = :rule_id""")
_REMOVE_RULE = text("DELETE FROM alerts_rules WHERE rule_id = :rule_id")
_SET_STANDING = text("""
UPDATE alerts_rules SET is_raised = :is_raised, calm_looks = :calm_looks, value = :value, looked_us = :looked_us
WHERE rule_id = :rule_id""")
# Which sources have not been given any rules yet?
_WITHOUT_RULES = text("""
SELECT source_id FROM events_sources WHERE source_id NOT IN (SELECT source_id FROM alerts_sources)
ORDER BY source_id""")
_NOTE_SOURCE = text("INSERT INTO alerts_sources (source_id) VALUES (:source_id) ON CONFLICT (source_id) DO NOTHING")
_RAISE = text("""
INSERT INTO alerts_alerts (alert_id, rule_id, rule, source_id, raised_us, value, worst)
VALUES (:alert_id, :rule_id, :rule, :source_id, :now_us, :value, :value)""")
_WORSEN = text("""
UPDATE alerts_alerts SET value = :value, worst = CASE WHEN :value > worst THEN :value ELSE worst END
WHERE rule_id = :rule_id AND cleared_us IS NULL""")
_CLEAR = text("""
UPDATE alerts_alerts SET cleared_us = :now_us, value = :value WHERE rule_id = :rule_id AND cleared_us IS NULL""")
# What does this rule have raised?
_RAISED_BY = text("SELECT * FROM alerts_alerts WHERE rule_id = :rule_id AND cleared_us IS NULL")
_ONE = text("SELECT * FROM alerts_alerts WHERE alert_id = :alert_id")
_ACKNOWLEDGE = text("""
UPDATE alerts_alerts SET acknowledged_by = :who, acknowledged_us = :now_us
WHERE alert_id = :alert_id AND acknowledged_us IS NULL""")
# What was raised, the newest first?
_ALERTS = text("""
SELECT * FROM alerts_alerts
WHERE (raised_us < :raised_us OR (raised_us = :raised_us AND alert_id < :alert_id))
    AND (:only_raised = 0 OR cleared_us IS NULL)
ORDER BY raised_us DESC, alert_id DESC LIMIT :rows""")
_FORGET = text("DELETE FROM alerts_alerts WHERE cleared_us < :before_us")
# What came since :minute, of how much?
_TOTAL = text("""
SELECT COALESCE(SUM(count), 0) AS events FROM events_counts
WHERE minute > :minute AND source_id <> :own AND (:source_id = '*' OR source_id = :source_id)""")
_OF_OUTCOME = text("""
SELECT COALESCE(SUM(count), 0) AS events FROM events_counts
WHERE minute > :minute AND source_id <> :own AND (:source_id = '*' OR source_id = :source_id)
    AND outcome = :outcome""")
_OF_REASON = text("""
SELECT COALESCE(SUM(events + also), 0) AS events FROM events_reasons
WHERE minute > :minute AND source_id <> :own AND (:source_id = '*' OR source_id = :source_id)
    AND outcome = :outcome AND reason = :reason""")
# When did this source last send something?
_LAST = text("SELECT last_event_us FROM events_activity WHERE source_id = :source_id")


def rules(connection: Connection) -> Sequence[Row[Any]]:
    """Return every rule with where it stands, oldest first."""
    return connection.execute(_RULES).all()


def rule(connection: Connection, rule_id: str) -> Row[Any] | None:
    """Return one rule."""
    return connection.execute(_RULE, {"rule_id": rule_id}).first()


def add_rules(connection: Connection, rows: Sequence[tuple[str, str | None, str, int]]) -> None:
    """Keep new rules: id, source, rule, created."""
    write_rows(connection, _ADD_RULE, rows)


def change_rule(connection: Connection, rule_id: str, *, source_id: str | None, rule: str) -> None:
    """Keep a rule's new words; it begins calm."""
    connection.execute(_CHANGE_RULE, {"rule_id": rule_id, "source_id": source_id, "rule": rule})


def remove_rule(connection: Connection, rule_id: str) -> None:
    """Remove a rule."""
    connection.execute(_REMOVE_RULE, {"rule_id": rule_id})


def set_standing(
    connection: Connection, rule_id: str, *, is_raised: bool, calm_looks: int, value: float | None, looked_us: int
) -> None:
    """Keep where a rule stands."""
    values = {"rule_id": rule_id, "is_raised": int(is_raised), "calm_looks": calm_looks, "value": value}
    connection.execute(_SET_STANDING, {**values, "looked_us": looked_us})


def sources_without_rules(connection: Connection) -> list[str]:
    """Return the sources that have not been given any rules yet."""
    return list(connection.execute(_WITHOUT_RULES).scalars())


def note_source(connection: Connection, source_id: str) -> None:
    """Remember that a source was given rules."""
    connection.execute(_NOTE_SOURCE, {"source_id": source_id})


def raise_alert(connection: Connection, row: dict[str, object]) -> None:
    """Keep that a rule was raised."""
    connection.execute(_RAISE, row)


def worsen(connection: Connection, rule_id: str, value: float) -> None:
    """Keep the latest reading of what a rule has raised."""
    connection.execute(_WORSEN, {"rule_id": rule_id, "value": value})


def clear(connection: Connection, rule_id: str, value: float, now_us: int) -> None:
    """Keep that what a rule has raised is over."""
    connection.execute(_CLEAR, {"rule_id": rule_id, "value": value, "now_us": now_us})


def raised_by(connection: Connection, rule_id: str) -> Row[Any] | None:
    """Return what a rule has raised, None when nothing."""
    return connection.execute(_RAISED_BY, {"rule_id": rule_id}).first()


def alert(connection: Connection, alert_id: str) -> Row[Any] | None:
    """Return one alert."""
    return connection.execute(_ONE, {"alert_id": alert_id}).first()


def acknowledge(connection: Connection, alert_id: str, *, who: str, now_us: int) -> None:
    """Keep who has seen an alert first."""
    connection.execute(_ACKNOWLEDGE, {"alert_id": alert_id, "who": who, "now_us": now_us})


def alerts(connection: Connection, *, before: tuple[int, str], only_raised: bool, rows_max: int) -> Sequence[Row[Any]]:
    """Return what was raised, the newest first."""
    values = {"raised_us": before[0], "alert_id": before[1], "only_raised": int(only_raised), "rows": rows_max}
    return connection.execute(_ALERTS, values).all()


def forget(connection: Connection, before_us: int) -> int:
    """Forget alerts that were over before a moment; return how many."""
    return connection.execute(_FORGET, {"before_us": before_us}).rowcount


def total(connection: Connection, *, after_minute: int, source_id: str, own: str) -> int:
    """Return how many events came after a minute."""
    values = {"minute": after_minute, "source_id": source_id, "own": own}
    return int(connection.execute(_TOTAL, values).scalar_one())


def counted(
    connection: Connection, *, after_minute: int, source_id: str, own: str, outcome: str, reason: str | None
) -> int:
    """Return how many of them met an outcome, or did so for a reason."""
    values = {"minute": after_minute, "source_id": source_id, "own": own, "outcome": outcome}
    if reason is None:
        return int(connection.execute(_OF_OUTCOME, values).scalar_one())
    return int(connection.execute(_OF_REASON, {**values, "reason": reason}).scalar_one())


def last_event_us(connection: Connection, source_id: str) -> int | None:
    """Return when a source last sent something."""
    found = connection.execute(_LAST, {"source_id": source_id}).scalar()
    return int(found) if found is not None else None
