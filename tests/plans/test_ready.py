"""The plans that come with Regulars, and files checked against a plan."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from regulars.catalog.core.interactions import KINDS_BY_EVENT
from regulars.events.plans.checking import check
from regulars.events.plans.core import PlanFile, faults_in
from regulars.events.plans.core.changes import fields_of
from regulars.events.plans.ready import READY, ready_plan, ready_plans
from regulars.kernel.errors import InvalidError, NotFoundError
from regulars.testing.simulator import World

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("key", READY)
def test_a_ready_plan_can_be_used(key: str) -> None:
    plan = ready_plan(key)
    assert faults_in(plan.body()) == []
    assert all(rule.description for rule in plan.events)
    assert plan.mode == "observe", "nobody is refused by a plan that was not looked at"


def test_the_ready_plans_name_what_the_shop_understands() -> None:
    named = {rule.name.casefold() for key in READY for rule in ready_plan(key).events}
    ours = {"item viewed", "item clicked", "title viewed", "title rated", "title liked"}
    assert set(KINDS_BY_EVENT) - ours <= named
    assert [plan.events for plan in ready_plans()] == [28, 17, 23]
    with pytest.raises(NotFoundError, match="Nearest: 'music'"):
        ready_plan("musik")


def test_the_music_specification_is_published_as_it_is() -> None:
    page = (ROOT / "docs" / "reference" / "music-spec.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### (.+?)\n(.*?)(?=^### |^## |\Z)", page, re.MULTILINE | re.DOTALL))
    plan = ready_plan("music")
    assert list(sections) == [rule.name for rule in plan.events]
    for rule in plan.events:
        said = sections[rule.name]
        required = {f"/{name}" for name in rule.schema.get("required", [])}
        fields = {pointer for pointer in fields_of(rule.schema) if pointer.count("/") == 1}
        assert {f"/{name}" for name in re.findall(r"\*\*`(\w+)`\*\*", said)} == required, rule.name
        assert {f"/{name}" for name in re.findall(r"`(\w+)`", said)} == fields, rule.name


@pytest.mark.parametrize(("demo", "key"), [("music", "music"), ("store", "segment-ecommerce")])
def test_the_simulated_shops_keep_to_the_ready_plan_of_their_trade(demo: str, key: str) -> None:
    lines = []
    for number, call in enumerate(World(demo, seed=3).calls(0)):
        if number == 2_000:
            break
        body = {
            "type": call.kind,
            "userId": "ann",
            "traits" if call.kind == "identify" else "properties": call.properties,
        }
        lines.append(json.dumps(body | ({"event": call.name} if call.kind == "track" else {})).encode())
    found = check(lines, ready_plan(key))
    assert found.findings == []
    assert (found.events, found.wrong, found.unknown) == (2_000, 0, 0)


def test_a_file_of_calls_is_checked_line_by_line() -> None:
    plan = ready_plan("music")
    good = b'{"type": "track", "event": "Song Played", "userId": "ann", "properties": {"asset_id": "s1"}}'
    lines = [
        good,
        b"",
        good.replace(b'"s1"', b"1"),
        b'{"batch": [' + good + b", " + good.replace(b"asset_id", b"song") + b"]}",
        b'{"type": "track", "userId": "ann"}',
        b"no json",
        good.replace(b"Song Played", b"Song Palyed"),
    ]
    found = check(lines, plan)
    assert (found.events, found.wrong, found.unknown) == (7, 4, 1)
    assert [(one.line, one.event, one.sentence[:40]) for one in found.findings] == [
        (3, "Song Played", "/properties/asset_id must be a text, was"),
        (4, "Song Played", "/properties/asset_id must be there."),
        (5, "", "A track call needs 'event': what happene"),
        (6, "", "The body is not JSON: invalid character "),
    ]
    with pytest.raises(InvalidError, match="cannot be used"):
        check([], PlanFile(name="x", events=[plan.events[0], plan.events[0]]))
