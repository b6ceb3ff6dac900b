"""When a rule is raised and when it is over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.events.alerts.core import CALM_LOOKS, Reading, Rule, Standing, defaults_for, faults_of, sentence_of, step
from regulars.kernel.sayings import text_of

SHARE = Rule(kind="share", limit=5)
COUNT = Rule(kind="count", limit=10)
SILENCE = Rule(kind="silence", source_id="s1", window_minutes=60)
RAISED = Standing(is_raised=True)


@pytest.mark.parametrize(
    ("rule", "value", "events", "raises"),
    [
        (SHARE, 5.0, 100, False),
        (SHARE, 5.1, 100, True),
        (SHARE, 100.0, 19, False),
        (SHARE, 100.0, 20, True),
        (COUNT, 10, 10, False),
        (COUNT, 11, 11, True),
        (Rule(kind="count", limit=0), 1, 1, True),
        (SILENCE, 59.9, 0, False),
        (SILENCE, 60.0, 0, True),
    ],
)
def test_a_rule_is_raised_only_beyond_its_limit_and_a_share_of_few_tells_nothing(
    rule: Rule, value: float, events: int, raises: bool
) -> None:
    assert step(rule, Standing(), Reading(value=value, events=events)).raises == raises


def test_what_hovers_at_its_limit_makes_one_alert() -> None:
    standing, raised, cleared = Standing(), 0, 0
    for value in [6, 4.9, 5.2, 4.5, 5.1, 4.2, 5.5, 4.9] * 20:
        found = step(SHARE, standing, Reading(value=value, events=100))
        standing, raised, cleared = found.standing, raised + found.raises, cleared + found.clears
    assert (raised, cleared) == (1, 0)


def test_it_is_over_after_some_looks_in_a_row_well_below() -> None:
    standing = RAISED
    for value, calm in ((3, 1), (3, 2), (4.5, 0), (4, 1), (0, 2)):
        found = step(SHARE, standing, Reading(value=value, events=100))
        standing = found.standing
        assert (standing.is_raised, standing.calm_looks, found.clears) == (True, calm, False)
    assert step(SHARE, standing, Reading(value=1, events=100)).clears


def test_whoever_speaks_again_is_silent_no_longer() -> None:
    assert step(SILENCE, RAISED, Reading(value=0.5)).clears


def test_where_nothing_can_be_said_nothing_changes() -> None:
    assert step(SILENCE, RAISED, Reading(value=None)).standing == RAISED
    assert not step(SILENCE, Standing(), Reading(value=None)).raises


readings = st.lists(st.floats(0, 100) | st.none(), max_size=60)


@given(values=readings, rule=st.sampled_from([SHARE, COUNT, SILENCE]))
def test_raised_and_cleared_take_turns_and_a_clear_has_enough_calm_before_it(
    values: list[float | None], rule: Rule
) -> None:
    standing, open_alerts = Standing(), 0
    for value in values:
        found = step(rule, standing, Reading(value=value, events=100))
        assert not (found.raises and found.clears)
        open_alerts += found.raises - found.clears
        assert open_alerts in {0, 1}
        assert found.standing.is_raised == bool(open_alerts)
        assert found.standing.calm_looks < CALM_LOOKS
        standing = found.standing


def test_a_rule_that_makes_no_sense_is_told_why() -> None:
    assert faults_of(Rule(kind="count", reason="because")) != []
    assert "which" in text_of(faults_of(Rule(kind="silence"))[0])
    assert all(faults_of(rule) == [] for rule in defaults_for("s1"))
    assert [rule.is_on for rule in defaults_for("s1")] == [True, True, False]


def test_a_sentence_says_where_what_and_how_much() -> None:
    assert sentence_of(SILENCE, "Shop front", 75) == ("Shop front: nothing has come for 75 minutes, 60 were allowed.")
    rule = Rule(kind="count", outcome="duplicate", reason="content_differs", limit=1_000)
    assert sentence_of(rule, "", 12_345).startswith("All sources: 12,345 events were duplicate (content_differs)")
