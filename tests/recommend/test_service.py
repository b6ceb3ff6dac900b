"""Slates with reasons, through the whole loop: facts go in by the log, answers come out of memory."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any  # Any: rows of any table

import pytest

from regulars.events.core import Fact
from regulars.experiments import Experiment, Experiments, Variant
from regulars.experiments.store import MIGRATIONS as EXPERIMENTS
from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.kernel.errors import DatabaseError, DiskFullError, InvalidError, NotFoundError, UnavailableError
from regulars.kernel.ids import CustomerId, ItemId
from regulars.kernel.jobs import MIGRATIONS as JOBS
from regulars.kernel.jobs import Jobs
from regulars.kernel.settings import RecommendSettings
from regulars.recommend import Asked, Filters, Recommend, Slate, SlotWish
from regulars.recommend.engine import artifact as artifacts
from regulars.recommend.jobs import TRAIN, UPKEEP, define_jobs
from regulars.recommend.performance import settle

from .conftest import SmallShop


def ids(slate: Slate) -> list[str]:
    """Return the items of a slate, best first."""
    return [item.item_id for item in slate.items]


def stocked(shop: SmallShop) -> SmallShop:
    """Return a shop where crime and horror have their own watchers."""
    shop.stock(
        heat="Crime", casino="Crime", ronin="Crime", alien=["Horror", "Science"], aliens=["Horror", "Science"],
        up="Animation", coco="Animation",
    )  # fmt: skip
    for number in range(4):
        shop.watch(f"crime{number}", "heat", "casino")
        shop.watch(f"horror{number}", "alien", "aliens")
    return shop


def test_an_item_is_recommendable_after_its_first_co_occurrence_without_training(any_shop: SmallShop) -> None:
    shop = any_shop
    stocked(shop)
    shop.watch("bob", "heat", "ronin")
    shop.watch("ann", "heat")
    shop.work()
    slate = shop.recommend.for_customer("ann", count=2)
    assert set(ids(slate)) == {"casino", "ronin"}
    assert slate.model_version is None
    assert not slate.stale


def test_a_reason_names_what_the_customer_did_and_shares_sum_to_at_most_one(shop: SmallShop) -> None:
    stocked(shop)
    shop.watch("ann", "up", "heat")
    shop.work()
    first = shop.recommend.for_customer("ann", count=1).items[0]
    assert first.item_id == "casino"
    assert first.reasons[0].text == "Because you watched Heat"
    assert (first.reasons[0].kind, first.reasons[0].item_id) == ("because_you", "heat")
    assert 0 < sum(reason.share for reason in first.reasons) <= 1 + 1e-9
    assert "transitions" in first.sources


def test_the_next_answer_knows_the_last_event(shop: SmallShop) -> None:
    stocked(shop)
    shop.watch("ann", "heat")
    shop.work()
    assert ids(shop.recommend.for_customer("ann", count=1)) == ["casino"]
    shop.watch("ann", "alien")
    shop.work()
    assert ids(shop.recommend.for_customer("ann", count=1)) == ["aliens"]


def test_what_was_skipped_speaks_for_nothing(shop: SmallShop) -> None:
    stocked(shop)
    shop.watch("ann", "heat")
    shop.happen("ann", "Song Skipped", "heat")
    shop.work()
    slate = shop.recommend.for_customer("ann", count=1)
    assert slate.items[0].sources == ["popular"]


def test_nothing_seen_comes_back_unless_the_slot_says_so(shop: SmallShop) -> None:
    stocked(shop)
    shop.watch("ann", "heat", "casino", "alien")
    shop.work()
    assert not {"heat", "casino", "alien"} & set(ids(shop.recommend.for_customer("ann", count=20)))
    again = shop.recommend.for_customer("ann", count=20, filters=Filters(exclude_seen="never"))
    assert {"heat", "casino", "alien"} <= set(ids(again))


def test_what_was_only_looked_at_may_come_back_when_bought_things_may_not(shop: SmallShop) -> None:
    stocked(shop)
    shop.happen("ann", "Product Viewed", "heat", product_id="heat")
    shop.happen("ann", "Order Completed", "up", products=[{"product_id": "up", "quantity": 1}])
    shop.work()
    shown = ids(shop.recommend.for_customer("ann", count=20, filters=Filters(exclude_seen="bought")))
    assert "heat" in shown
    assert "up" not in shown


@pytest.mark.parametrize("policy", ["blend", "transitions", "sessions", "taste", "popular", "trending", "rules"])
def test_filters_hold_in_every_policy(shop: SmallShop, policy: Any) -> None:  # Any: one of the policies
    stocked(shop)
    shop.watch("ann", "heat", "alien")
    shop.work()
    shop.recommend.train()
    filters = Filters(tags=["Crime", "genre:Horror"], exclude_tags=["Science"], kinds=["video"])
    shop.recommend.put_slot("home", SlotWish(title="Home", policy=policy, filters=filters))
    shown = ids(shop.recommend.for_customer("ann", slot="home"))
    assert shown
    assert set(shown) <= {"casino", "ronin"}


def test_what_is_not_available_now_is_not_shown(shop: SmallShop) -> None:
    stocked(shop)
    shop.watch("ann", "heat")
    shop.work()
    casino = shop.catalog.get(ItemId("casino"))
    from msgspec.structs import replace

    shop.catalog.put([replace(casino, available=False)])
    assert "casino" not in ids(shop.recommend.for_customer("ann", count=20))
    shop.catalog.put([replace(casino, available=True, available_until=_now(shop) + timedelta(hours=1))])
    assert "casino" in ids(shop.recommend.for_customer("ann", count=20))
    shop.clock.wind(timedelta(hours=1))
    assert "casino" not in ids(shop.recommend.for_customer("ann", count=20))


def _now(shop: SmallShop) -> Any:  # Any: an aware datetime
    from regulars.kernel.clock import moment

    return moment(shop.clock.now_us())


def test_no_tag_stands_on_more_items_than_the_slot_allows(shop: SmallShop) -> None:
    stocked(shop)
    shop.work()
    slate = shop.recommend.for_customer(None, count=20, filters=Filters(max_per_tag=1, max_per_tag_kind="genre"))
    genres = [tag for item in slate.items if item.item for tag in item.item.tags]
    assert len(genres) == len(set(genres))
    assert len(slate.items) >= 3


def test_a_stranger_sees_what_is_popular_where_they_are(shop: SmallShop) -> None:
    stocked(shop)
    phone = {"locale": "ja-JP", "device": {"type": "ios"}}
    for number in range(60):
        shop.happen(f"jp{number}", "Video Content Started", "coco", context=phone)
    for number in range(90):
        shop.happen(f"us{number}", "Video Content Started", "ronin", context={"locale": "en-US"})
    shop.happen("@new", "Video Content Started", "up", context=phone)
    shop.work()
    slate = shop.recommend.answer(Asked(anonymous_id="@new"), count=1, filters=Filters(tags=["Animation", "Crime"]))
    assert ids(slate) == ["coco"]
    assert slate.items[0].reasons[0].text == "Popular in JP on phone"
    assert ids(shop.recommend.for_customer(None, count=1)) == ["ronin"]


def test_an_empty_shop_has_an_empty_slate_and_a_new_one_shows_its_catalogue(shop: SmallShop) -> None:
    assert shop.recommend.for_customer(None).items == []
    shop.stock(heat="Crime")
    slate = shop.recommend.for_customer("nobody")
    assert ids(slate) == ["heat"]
    assert slate.items[0].reasons[0].text == "New here"


def test_two_customers_who_become_one_are_served_as_one(any_shop: SmallShop) -> None:
    shop = any_shop
    stocked(shop)
    shop.watch("@visitor", "heat")
    shop.work()
    visitor = shop.customer("@visitor")
    shop.watch("ann", "alien")
    shop.work()
    shop.send({"type": "identify", "userId": "ann", "anonymousId": "@visitor"})
    shop.work()
    ann = shop.customer("ann")
    slate = shop.recommend.for_customer(ann, count=20)
    assert not {"heat", "alien"} & set(ids(slate))
    assert {"casino", "aliens"} == set(ids(slate)[:2])
    assert ids(shop.recommend.for_customer(visitor, count=2)) == ids(slate)[:2]


def test_a_merge_is_the_same_whether_it_was_learned_or_followed(shop: SmallShop) -> None:
    stocked(shop)
    shop.watch("@visitor", "heat")
    shop.watch("ann", "alien")
    shop.send({"type": "identify", "userId": "ann", "anonymousId": "@visitor"})
    shop.work()
    followed = ids(shop.recommend.for_customer("ann", count=5, filters=Filters()))
    shop.recommend.train()
    learned = shop.another()
    assert set(ids(learned.for_customer("ann", count=5))) == set(followed)


def test_who_is_erased_is_forgotten_by_answers_at_once_and_by_models_with_the_next(any_shop: SmallShop) -> None:
    shop = any_shop
    stocked(shop)
    shop.watch("ann", "heat", "ronin")
    shop.work()
    shop.recommend.train()
    ann = shop.customer("ann")
    assert "ronin" not in ids(shop.recommend.for_customer(ann, count=20))
    with shop.database.write() as connection:
        assert shop.recommend.erase_customers(connection, [ann]) > 0
        assert shop.recommend.erase_customers(connection, [ann]) == 0
        shop.identity.erase_customers(connection, [ann])
    assert shop.recommend.for_customer(ann, count=1).items[0].sources == ["popular"]
    shop.watch("bob", "heat")
    shop.work()
    assert ids(shop.recommend.for_customer("bob", count=1)) == ["casino"]
    assert shop.recommend.is_training_due()
    before = artifacts.versions(shop.files)
    shop.clock.wind(timedelta(seconds=1))
    shop.recommend.train()
    assert not set(before) & set(artifacts.versions(shop.files))
    assert not shop.recommend.is_training_due()
    assert _rows_naming(shop, ann) == []


def _rows_naming(shop: SmallShop, customer: CustomerId) -> list[str]:
    tables = ["recommend_interactions", "recommend_customers", "recommend_slates", "recommend_erasures"]
    with shop.database.read() as connection:
        return [
            table
            for table in tables
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
            if customer in str(tuple(row))
        ]


def _tables(shop: SmallShop) -> dict[str, list[tuple[Any, ...]]]:  # Any: rows of any table
    asked = {
        "interactions": "SELECT i.seq, i.anchor, n.item_id, i.at_us, i.kind, i.strength, i.crowd, i.slate_id FROM "
        "recommend_interactions i JOIN recommend_items n ON n.item_no = i.item_no ORDER BY i.seq",
        "owners": "SELECT anchor, customer_id FROM recommend_customers ORDER BY anchor",
        "slates": "SELECT slate_seq, slate_id, anchor, slot, policy, shown_us, after_seq FROM recommend_slates "
        "ORDER BY slate_seq",
    }  # fmt: skip
    with shop.database.read() as connection:
        return {
            name: [tuple(row) for row in connection.exec_driver_sql(statement)] for name, statement in asked.items()
        }


@pytest.mark.parametrize("events_a_batch", [1, 3, 2_000])
def test_how_events_are_cut_into_batches_makes_no_difference(
    tmp_path: Path, clock: WoundClock, events_a_batch: int
) -> None:
    shops = []
    for name, size in (("whole", 2_000), ("cut", events_a_batch)):
        wound = WoundClock(_start(clock))
        database = Database.open(str(tmp_path / f"{name}.db"))
        shop = SmallShop(tmp_path / name, database, wound)
        stocked(shop)
        shop.watch("@visitor", "heat", "up")
        shop.send({"type": "identify", "userId": "ann", "anonymousId": "@visitor"})
        shop.watch("ann", "alien")
        shop.events.append(
            [Fact(name="Slate Shown", message_id="s1", user_id="ann", occurred_us=wound.now_us(),
                  properties={"slate_id": "s1", "slot": "home", "policy": "blend", "items": [{"item_id": "up"}]})]
        )  # fmt: skip
        shop.watch("ann", "up")
        shop.work(events_a_batch=size)
        shops.append(shop)
    whole, cut = shops
    assert _tables(whole) == _tables(cut)
    assert len(_tables(whole)["slates"]) == 1
    for shop in shops:
        shop.close()
        shop.database.close()


def _start(clock: WoundClock) -> Any:  # Any: an aware datetime
    from regulars.kernel.clock import moment

    return moment(clock.now_us())


def test_every_slate_is_logged_and_its_clicks_are_counted(any_shop: SmallShop) -> None:
    shop = any_shop
    stocked(shop)
    shop.recommend.put_slot("home", SlotWish(title="Home", count=2))
    shop.watch("ann", "heat")
    shop.watch("bob", "alien")
    shop.work()
    first = shop.recommend.for_customer("ann", slot="home")
    shop.recommend.for_customer("bob", slot="home")
    shop.watch("ann", ids(first)[0])
    shop.work()
    figures = shop.recommend.performance(slot="home")
    assert [(one.policy, one.shown, one.clicked) for one in figures] == [("blend", 2, 1)]
    assert figures[0].low < 0.5 < figures[0].high
    assert shop.recommend.performance(slot="elsewhere") == []


def test_a_fact_that_names_its_slate_clicks_that_one(shop: SmallShop) -> None:
    stocked(shop)
    shop.watch("ann", "heat")
    shop.work()
    old = shop.recommend.for_customer("ann", count=1)
    shop.recommend.for_customer("ann", count=1)
    shop.happen("somebody else", "Video Content Started", "up", slate_id=old.slate_id)
    shop.work()
    assert [(one.shown, one.clicked) for one in shop.recommend.performance()] == [(2, 1)]


def test_comparing_logs_nothing(shop: SmallShop) -> None:
    stocked(shop)
    shop.work()
    strategies = shop.recommend.compare("ann", count=3)
    assert {"blend", "rules", "popular"} <= {one.policy for one in strategies}
    shop.work()
    assert shop.recommend.performance() == []


def test_figures_of_settled_days_stay_when_their_slates_are_gone(any_shop: SmallShop) -> None:
    shop = any_shop
    stocked(shop)
    shop.watch("ann", "heat")
    shop.work()
    shown = shop.recommend.for_customer("ann", count=1)
    shop.watch("ann", ids(shown)[0])
    shop.work()
    before = shop.recommend.performance(days=30)
    shop.clock.wind(timedelta(days=9))
    assert settle(shop.database, shop.clock) == 1
    assert shop.recommend.performance(days=30) == before
    assert settle(shop.database, shop.clock) == 0


def test_slates_wait_in_memory_while_the_log_cannot_take_them(shop: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:
    stocked(shop)
    shop.work()
    append = shop.log.append_many

    def full(_payloads: object) -> list[int]:
        raise DiskFullError("The disk is full.")

    monkeypatch.setattr(shop.log, "append_many", full)
    assert shop.recommend.for_customer("ann", count=1).items
    monkeypatch.setattr(shop.log, "append_many", append)
    shop.recommend.for_customer("ann", count=1)
    shop.work()
    assert shop.recommend.performance()[0].shown == 2


def test_answers_go_on_while_the_database_is_away_and_say_that_they_are_stale(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    stocked(shop)
    shop.watch("ann", "heat")
    shop.work()
    known = shop.recommend.for_customer("ann", count=3)

    def away(*_: object, **__: object) -> Any:  # Any: it never returns
        raise DatabaseError("The state database does not answer.")

    monkeypatch.setattr(shop.database, "read", away)
    monkeypatch.setattr(shop.database, "write", away)
    slate = shop.recommend.for_customer(known.customer_id, count=3)
    assert slate.stale
    assert ids(slate) == ids(known)
    assert ids(shop.recommend.answer(Asked(user_id="ann"), count=3)) == ids(known)
    assert shop.recommend.for_customer("a stranger", count=3).items
    assert ids(shop.recommend.similar_to(ItemId("heat"), count=1)) == ["casino"]
    monkeypatch.undo()
    assert not shop.recommend.for_customer("ann", count=3).stale


def test_a_new_model_is_taken_up_and_three_are_kept(any_shop: SmallShop) -> None:
    shop = any_shop
    stocked(shop)
    shop.watch("ann", "heat")
    shop.work()
    other_process = shop.another()
    assert other_process.for_customer("ann").model_version is None
    versions = []
    for _ in range(4):
        shop.clock.wind(timedelta(seconds=1))
        versions.append(shop.recommend.train().version)
    assert other_process.for_customer("ann").model_version == versions[-1]
    assert [one.version for one in shop.recommend.models()] == versions[:0:-1]


def test_a_model_knows_what_was_filed_when_learning_began_however_long_reading_takes(
    any_shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = any_shop
    stocked(shop)
    shop.work()
    monkeypatch.setattr("regulars.recommend.models.ROWS_A_READ", 4)
    parts = []

    def meanwhile(done: int, _total: int, note: str) -> None:
        if note == "reading":
            parts.append(done)
            shop.watch("late", "heat", "ronin")
            shop.work()  # nothing holds the writer up

    trained = shop.recommend.train(meanwhile)
    assert len(parts) == 4
    assert trained.interactions == trained.through_seq == 16
    assert "ronin" in ids(shop.recommend.for_customer("crime0", count=5))  # followed since
    shop.clock.wind(timedelta(seconds=1))
    assert shop.recommend.train().interactions == 24


def test_a_state_that_is_rebuilt_while_a_model_learns_from_it_is_read_anew(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    stocked(shop)
    shop.work()
    asked = iter(["", "", "b2"])
    monkeypatch.setattr("regulars.recommend.models.generation_of", lambda *_: next(asked))
    monkeypatch.setattr("regulars.recommend.models.ROWS_A_READ", 4)
    with pytest.raises(UnavailableError, match="was rebuilt while a model was learnt"):
        shop.recommend.train()
    assert artifacts.versions(shop.files) == []


def test_training_an_empty_shop_is_no_error(shop: SmallShop) -> None:
    assert shop.recommend.train().interactions == 0
    assert shop.recommend.for_customer("ann").items == []


def test_a_follower_in_the_background_answers_like_one_that_catches_up(shop: SmallShop) -> None:
    stocked(shop)
    shop.watch("ann", "heat")
    shop.work()
    other = shop.another()
    other.start()
    try:
        expected = ids(shop.recommend.for_customer("ann", count=3))
        until = time.monotonic() + 30
        while ids(other.for_customer("ann", count=3)) != expected:
            assert time.monotonic() < until, "the follower never caught up"
    finally:
        other.close()


def test_an_experiment_chooses_the_policy_of_a_slot(shop: SmallShop) -> None:
    shop.database.migrate(EXPERIMENTS)
    experiments = Experiments(shop.database, shop.clock, shop.events)
    experiments.define(Experiment(key="control", variants=[Variant(key="rules"), Variant(key="blend")]))
    recommend = Recommend(
        database=shop.database, clock=shop.clock, files=shop.files, events=shop.events, identity=shop.identity,
        catalog=shop.catalog, settings=RecommendSettings(), experiments=experiments,
    )  # fmt: skip
    stocked(shop)
    shop.work()
    recommend.put_slot("home", SlotWish(title="Home", experiment_key="control"))
    slates = [recommend.for_customer(f"crime{number}", slot="home") for number in range(4)]
    slates += [recommend.for_customer(f"horror{number}", slot="home") for number in range(4)]
    assert {slate.policy for slate in slates} == {"rules", "blend"}
    assert all(slate.experiment and slate.experiment.variant == slate.policy for slate in slates)
    again = [recommend.for_customer(f"crime{number}", slot="home") for number in range(4)]
    assert [slate.policy for slate in again] == [slate.policy for slate in slates[:4]]


def test_similar_items_stand_near_in_what_people_do_and_share_words(shop: SmallShop) -> None:
    stocked(shop)
    shop.work()
    slate = shop.recommend.similar_to(ItemId("alien"), count=2)
    assert ids(slate)[0] == "aliens"
    assert "alien" not in ids(slate)
    cold = shop.recommend.similar_to(ItemId("ronin"), count=2)
    assert set(ids(cold)) == {"heat", "casino"}
    assert cold.items[0].sources == ["content"]


def test_a_tag_that_left_its_last_item_disturbs_no_answer(shop: SmallShop) -> None:
    stocked(shop)
    shop.work()
    assert ids(shop.recommend.similar_to(ItemId("alien"), count=1)) == ["aliens"]
    shop.stock(alien="Horror", aliens="Horror")
    shop.work()
    assert ids(shop.recommend.similar_to(ItemId("alien"), count=1)) == ["aliens"]


def test_because_says_what_speaks_for_an_item_and_nothing_when_nothing_does(shop: SmallShop) -> None:
    stocked(shop)
    shop.watch("ann", "heat")
    shop.work()
    assert [one.item_id for one in shop.recommend.because("ann", ItemId("casino"))] == ["heat"]
    assert shop.recommend.because("ann", ItemId("up")) == []


def test_mistakes_are_answered_with_sentences(shop: SmallShop) -> None:
    stocked(shop)
    shop.work()
    shop.recommend.put_slot("home", SlotWish(title="Home"))
    with pytest.raises(
        NotFoundError, match=r"There is no slot 'cellar'\. Define it under Slots, or leave the slot out\."
    ):
        shop.recommend.for_customer(None, slot="cellar")
    with pytest.raises(NotFoundError, match=r"There is no slot 'hme'\. Nearest: 'home'"):
        shop.recommend.for_customer("ann", slot="hme")
    with pytest.raises(NotFoundError, match="Nobody knows an item 'x'"):
        shop.recommend.similar_to(ItemId("x"))
    with pytest.raises(InvalidError, match="between 1 and 200"):
        shop.recommend.for_customer("ann", count=0)
    shop.recommend.put_slot("like", SlotWish(title="Like this", policy="similar"))
    with pytest.raises(InvalidError, match="needs an item"):
        shop.recommend.for_customer("ann", slot="like")
    with pytest.raises(NotFoundError):
        shop.recommend.remove_slot("nowhere")


def test_slots_are_kept_changed_and_taken_away(any_shop: SmallShop) -> None:
    shop = any_shop
    shop.recommend.put_slot("home", SlotWish(title="Home", policy="rules", count=7, novelty=0.1))
    shop.recommend.put_slot("home", SlotWish(title="Front", filters=Filters(tags=["genre:Crime"])))
    (slot,) = shop.another().list_slots()
    assert (slot.title, slot.policy, slot.count, slot.filters.tags) == ("Front", "blend", 20, ["genre:Crime"])
    shop.recommend.remove_slot("home")
    assert shop.recommend.list_slots() == []


def test_upkeep_starts_training_when_enough_has_happened(shop: SmallShop) -> None:
    shop.database.migrate(JOBS)
    jobs = Jobs(shop.database, shop.clock)
    define_jobs(jobs, shop.recommend, database=shop.database, clock=shop.clock)
    stocked(shop)
    shop.work()
    jobs.start(UPKEEP)
    jobs.run_due()
    assert shop.recommend.models() == []
    for number in range(200):
        shop.watch(f"u{number}", "heat", seconds=1)
    shop.work()
    jobs.start(UPKEEP)
    while jobs.run_due():
        pass
    assert len(shop.recommend.models()) == 1
    assert [run.state for run in jobs.list_runs(job=TRAIN).items] == ["done"]
