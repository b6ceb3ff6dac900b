"""Plans are written, published, compared, restored and stopped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.plans.conftest import ORDER, Counter, ordered

from regulars.events.plans import EventRule, PersonalField, PlanBody
from regulars.events.plans.snapshot import FILE_NAME, read_snapshot
from regulars.kernel.errors import ConflictError, InvalidError, NotFoundError


def test_a_plan_is_a_draft_until_it_is_published(counter: Counter) -> None:
    plan = counter.plans.create("Web shop", PlanBody(mode="block", events=[ORDER]), description="What the shop sends")
    counter.take(ordered("m1"))
    assert counter.outcomes() == {"accepted": 1}
    assert (plan.in_force, plan.versions, plan.draft_number) == (None, [], 1)
    assert "event_added" in [change.kind for change in plan.changes]
    version = counter.plans.publish(plan.plan_id, note="First", by="Ann")
    assert (version.number, version.note, version.published_by, version.until_at) == (1, "First", "Ann", None)
    plan = counter.plans.get(plan.plan_id)
    assert (plan.in_force, plan.changes) == (1, [])


def test_versions_are_kept_compared_and_restored(counter: Counter) -> None:
    plan_id = counter.published(PlanBody(events=[ORDER]))
    counter.clock.wind(timedelta(hours=1))
    counter.plans.edit(plan_id, PlanBody(mode="block", events=[ORDER]))
    counter.plans.publish(plan_id)
    newest, oldest = counter.plans.get(plan_id).versions
    assert oldest.until_at == newest.from_at
    (change,) = counter.plans.compare(plan_id, before=1, after=2)
    assert change.sentence == "The plan goes from observe to block."
    restored = counter.plans.restore(plan_id, 1)
    assert restored.draft.mode == "observe"
    assert restored.in_force == 2, "restoring changes the draft; publishing puts it in force"
    (back,) = counter.plans.compare(plan_id, before=2)
    assert back.after == "observe"
    assert counter.plans.publish(plan_id).number == 3
    assert counter.plans.version(plan_id, 2).body.mode == "block"


def test_two_people_do_not_overwrite_each_others_draft(counter: Counter) -> None:
    plan = counter.plans.create("Web shop", PlanBody(events=[ORDER]))
    counter.plans.edit(plan.plan_id, PlanBody(), draft_number=plan.draft_number)
    with pytest.raises(ConflictError, match="was changed meanwhile"):
        counter.plans.edit(plan.plan_id, PlanBody(unknown="block"), draft_number=plan.draft_number)
    assert counter.plans.edit(plan.plan_id, PlanBody(unknown="warn")).draft.unknown == "warn"


def test_what_cannot_be_used_is_refused_before_anything_changes(counter: Counter) -> None:
    broken = PlanBody(events=[EventRule(name="A", schema={"type": "strin"}), EventRule(name="A")])
    with pytest.raises(InvalidError, match=r"/events/0/schema/type: .* And 1 more\.") as refused:
        counter.plans.create("Web shop", broken)
    assert len(refused.value.problems) == 2
    plan = counter.plans.create("Web shop", PlanBody(events=[ORDER]))
    with pytest.raises(InvalidError):
        counter.plans.edit(plan.plan_id, broken)
    assert counter.plans.get(plan.plan_id).draft == PlanBody(events=[ORDER])


@pytest.mark.parametrize("name", ["", " ", "x" * 121])
def test_a_plan_needs_a_name(counter: Counter, name: str) -> None:
    with pytest.raises(InvalidError, match="1 to 120 characters"):
        counter.plans.create(name)


def test_names_are_taken_once(counter: Counter) -> None:
    plan = counter.plans.create("Web shop")
    with pytest.raises(ConflictError, match="already"):
        counter.plans.create("web SHOP")
    assert counter.plans.change(plan.plan_id, name="WEB SHOP", description="x").name == "WEB SHOP"


def test_nothing_is_published_twice(counter: Counter) -> None:
    plan_id = counter.published(PlanBody(events=[ORDER]))
    with pytest.raises(ConflictError, match="Nothing has changed since version 1"):
        counter.plans.publish(plan_id)
    counter.plans.stop(plan_id)
    assert counter.plans.publish(plan_id).number == 2, "what was stopped may begin again as it was"


def test_a_source_has_one_plan(counter: Counter) -> None:
    counter.published(PlanBody(events=[ORDER]), "For all")
    counter.published(PlanBody(sources=["s1", "s2"]), "Chosen")
    for_all = counter.plans.create("For all too")
    with pytest.raises(ConflictError, match="'For all' holds for all sources already"):
        counter.plans.publish(for_all.plan_id)
    both = counter.plans.create("Both", PlanBody(sources=["s2", "s3"]))
    with pytest.raises(ConflictError, match="'Chosen' holds for s2 already"):
        counter.plans.publish(both.plan_id)


def test_a_plan_that_judged_is_put_aside_and_its_versions_stay(counter: Counter) -> None:
    plan_id = counter.published(PlanBody(mode="block", events=[ORDER]))
    draft = counter.plans.create("Never used")
    counter.plans.remove(draft.plan_id)
    counter.clock.wind(timedelta(seconds=1))
    counter.plans.remove(plan_id)
    counter.take(ordered("m1"))
    assert counter.outcomes() == {"accepted": 1}
    assert counter.plans.all() == []
    assert counter.rows("SELECT plan_id FROM plans_versions") == [(plan_id,)]
    for gone in (plan_id, draft.plan_id):
        with pytest.raises(NotFoundError, match="no tracking plan"):
            counter.plans.get(gone)
        with pytest.raises(NotFoundError):
            counter.plans.publish(gone)


def test_the_list_says_how_the_last_day_kept_to_each_plan(counter: Counter) -> None:
    counter.published(PlanBody(mode="block", events=[ORDER]))
    counter.take(ordered("m1", order_id="o1", total=1), ordered("m2"), ordered("m3", order_id="o3", total=3))
    (plan,) = counter.plans.all()
    assert (plan.judged, plan.wrong, plan.blocked) == (3, 1, 1)
    assert (plan.in_force, plan.mode, plan.events, plan.draft_differs) == (1, "block", 1, False)
    counter.plans.edit(plan.plan_id, PlanBody())
    counter.clock.wind(timedelta(days=2))
    (plan,) = counter.plans.all()
    assert (plan.judged, plan.wrong, plan.draft_differs, plan.events) == (0, 0, True, 1)


def test_a_plan_goes_to_another_shop_as_a_file(counter: Counter) -> None:
    body = PlanBody(
        mode="warn", unknown="block", sources=["s1"], events=[ORDER], personal=[PersonalField(pointer="/traits/email")]
    )
    plan = counter.plans.create("Web shop", body)
    file = counter.plans.export(plan.plan_id)
    assert file.body(["s1"]) == body
    assert not hasattr(file, "sources")


def test_the_doors_snapshot_follows_what_is_in_force(counter: Counter) -> None:
    folder = counter.shop.folder
    assert counter.plans.write_snapshot(), "there was none"
    assert not counter.plans.write_snapshot(), "it is as it should be"
    marked = PersonalField(pointer="/traits/email", action="hash", kind="email")
    plan_id = counter.published(PlanBody(personal=[marked, PersonalField(pointer="/traits/name")]))
    snapshot = read_snapshot(folder)
    assert snapshot is not None
    assert [plan.fields for plan in snapshot.plans] == [[marked]], "the door knows what it must hash or drop"
    assert (folder / FILE_NAME).stat().st_mode & 0o077 == 0, "it holds a secret"
    (folder / FILE_NAME).write_bytes(b"{")
    assert read_snapshot(folder) is None
    assert counter.plans.write_snapshot()
    assert read_snapshot(folder) == snapshot, "the secret is the same"
    counter.plans.stop(plan_id)
    after = read_snapshot(folder)
    assert after is not None
    assert after.plans == []
    assert after.secret == snapshot.secret
