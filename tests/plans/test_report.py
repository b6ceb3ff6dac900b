"""The violations page: over time, by event and field, with samples read from the log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.plans.conftest import ORDER, Counter, ordered

from regulars.events.plans import PersonalField, PlanBody
from regulars.events.plans.core.personal import COVERED
from regulars.kernel.errors import NotFoundError
from regulars.kernel.ids import CustomerId


def test_violations_are_told_over_time_and_by_event(counter: Counter) -> None:
    plan_id = counter.published(PlanBody(mode="block", unknown="warn", events=[ORDER]))
    counter.take(ordered("m1", order_id="o1", total=1), ordered("m2"))
    counter.clock.wind(timedelta(hours=2))
    counter.take(ordered("m3"), {**ordered("x"), "event": "Odd"})
    found = counter.plans.violations(plan_id)
    assert (found.judged, found.wrong, found.blocked, found.step_s) == (4, 3, 2, 1_200)
    assert [(step.name, step.events, step.blocked) for step in found.series] == [
        ("Order Completed", 1, 1),
        ("Odd", 1, 0),
        ("Order Completed", 1, 1),
    ]
    assert found.series[1].at - found.series[0].at == timedelta(hours=2)
    assert [(one.name, one.judged, one.wrong, one.blocked) for one in found.events] == [
        ("Order Completed", 3, 2, 2),
        ("Odd", 1, 1, 0),
    ]
    assert counter.plans.violations(plan_id, span="1h").wrong == 2
    assert counter.plans.violations(plan_id, name="Odd").wrong == 1
    assert counter.plans.violations(plan_id, source_id="nobody").wrong == 0
    counter.clock.wind(timedelta(days=3))
    assert counter.plans.violations(plan_id).wrong == 0
    assert counter.plans.violations(plan_id, span="7d").wrong == 3


def test_what_came_before_a_plan_was_in_force_was_not_judged_by_it(counter: Counter) -> None:
    counter.take(ordered("early-1"), ordered("early-2", order_id="o0", total=1))
    counter.clock.wind(timedelta(minutes=5))
    plan_id = counter.published(PlanBody(events=[ORDER]))
    counter.take(ordered("m1", order_id="o1", total=1), ordered("m2"))
    found = counter.plans.violations(plan_id)
    assert (found.judged, found.wrong) == (2, 1)
    counter.clock.wind(timedelta(minutes=5))
    counter.plans.stop(plan_id)
    counter.clock.wind(timedelta(minutes=5))
    counter.take(ordered("between", order_id="o2", total=1))
    counter.clock.wind(timedelta(minutes=5))
    counter.plans.publish(plan_id)
    counter.take(ordered("m3", order_id="o3", total=3))
    assert counter.plans.violations(plan_id).judged == 3
    assert [plan.judged for plan in counter.plans.all()] == [3]


def test_problems_come_by_field_the_most_frequent_first_a_page_at_a_time(counter: Counter) -> None:
    plan_id = counter.published(PlanBody(events=[ORDER]))
    counter.take(ordered("m1", order_id="o1", total="x"), ordered("m2", total=2), ordered("m3", total=3))
    first = counter.plans.problems(plan_id, limit=1)
    (line,) = first.items
    assert (line.pointer, line.kind, line.count, sum(line.series), len(line.series)) == (
        "/properties/order_id", "missing", 2, 2, 72,
    )  # fmt: skip
    assert line.series[-1] == 2, "the last step is the present one"
    (second,) = counter.plans.problems(plan_id, limit=1, cursor=first.next_cursor).items
    assert (second.sentence, second.count) == ("/properties/total must be a number, was a text.", 1)
    assert counter.plans.problems(plan_id, name="Nothing").items == []
    assert counter.plans.problems(plan_id, source_id=counter.source_id).items == [line, second]


def test_samples_are_read_from_the_log_and_gone_when_their_customer_is_erased(counter: Counter) -> None:
    plan_id = counter.published(PlanBody(events=[ORDER]))
    lines = [{"price": "nine"}, {"product_id": 1, "price": "ten"}]
    counter.take(ordered("m1", order_id="o1", total=1, products=lines))
    problems = {line.pointer: line.problem_id for line in counter.plans.problems(plan_id).items}
    (sample,) = counter.plans.samples(plan_id, problems["/properties/products/*/price"])
    assert sample.values == ['"nine"', '"ten"']
    assert (sample.source_name, sample.version, sample.is_gone) == ("Shop front", 1, False)
    assert counter.shop.events.live.find(sample.event_id).live.name == "Order Completed"
    (missing,) = counter.plans.samples(plan_id, problems["/properties/products/*/product_id"])
    assert missing.values == ["1"], "what stands at the places where it is not missing"
    counter.shop.erase(CustomerId(str(counter.shop.identity.find("user_id", "ann"))))
    (gone,) = counter.plans.samples(plan_id, problems["/properties/products/*/price"])
    assert (gone.values, gone.is_gone) == ([], True)
    with pytest.raises(NotFoundError, match="no problem"):
        counter.plans.samples(plan_id, "nothing")


def test_personal_values_are_covered_for_those_who_may_not_see_them(counter: Counter) -> None:
    marked = PersonalField(pointer="/properties/nickname")
    rule = {"properties": {"nickname": {"type": "number"}, "email": {"type": "number"}, "total": {"type": "number"}}}
    order = ORDER.__class__(name="Order Completed", schema=rule)
    plan_id = counter.published(PlanBody(events=[order], personal=[marked]))
    counter.take(ordered("m1", nickname="Annie", email="ann@example.org", total="much"))
    seen = {}
    for line in counter.plans.problems(plan_id).items:
        for covered in (False, True):
            (sample,) = counter.plans.samples(plan_id, line.problem_id, covered=covered)
            seen[line.pointer, covered] = (sample.values, sample.is_covered)
    assert seen["/properties/nickname", True] == ([COVERED], True)
    assert seen["/properties/email", True] == ([COVERED], True), "it looks personal, though nobody has marked it"
    assert seen["/properties/total", True] == (['"much"'], False)
    assert seen["/properties/nickname", False] == (['"Annie"'], False)
