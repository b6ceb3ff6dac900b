"""The first page, the palette, trends, and how far the worker is behind."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from regulars.app import open_shop
from regulars.app.doors import DoorsNow
from regulars.app.lateness import lateness
from regulars.app.today import TodayDesk, station
from regulars.app.trends import Trends
from regulars.catalog import Item
from regulars.events.door import DoorStats
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import ConflictError, InvalidError, NewerShopError
from regulars.kernel.ids import ItemId
from regulars.testing.contracts.customers import traces_of

QUIET = DoorsNow(
    processes=1,
    stats=DoorStats(
        requests=0, events=0, bytes=0, answers={}, commit_ms_p50=1.0, commit_ms_p99=3.0, last_accepted_us=None
    ),
    troubles=[],
)


def played(item: str, who: str, number: int) -> dict[str, object]:
    return {
        "type": "track",
        "event": "Song Played",
        "userId": who,
        "messageId": f"{who}-{item}-{number}",
        "properties": {"asset_id": item},
    }


def test_today_tells_traffic_customers_items_and_the_loop(tmp_path: Path, clock: WoundClock) -> None:
    with open_shop(tmp_path, clock=clock) as shop:
        shop.catalog.put([Item(item_id=ItemId("s1"), kind="song", title="Rain")])
        shop.events.append([played("s1", "ann", 1), played("s1", "bob", 2), played("s2", "ann", 3)])
        waiting = TodayDesk(shop, lambda: QUIET).now()
        assert (waiting.customers.total, waiting.loop[2].detail, waiting.loop[2].records) == (0, "1 records wait", 1)
        assert (waiting.loop[0].requests, waiting.loop[0].processes) == (QUIET.stats.requests, 1)
        shop.catch_up()
        today = TodayDesk(shop, lambda: QUIET).now()
        assert (today.customers.total, today.customers.active_5m, today.customers.new_24h) == (2, 2, 2)
        assert [(one.title, one.count) for one in today.top_items] == [("Rain", 2), ("s2", 1)]
        assert [one.station for one in today.loop] == ["door", "log", "worker", "profile", "slate"]
        assert {one.state for one in today.loop} == {"live"}


def test_the_tiles_and_the_rest_are_everyone_of_the_day(tmp_path: Path, clock: WoundClock, database_url: str) -> None:
    flags = {"state.url": database_url} if database_url.startswith("postgres") else {}
    with open_shop(tmp_path / "shop", clock=clock, flags=flags) as shop:
        shop.catalog.put(
            [Item(item_id=ItemId(f"s{n}"), kind="song", title="Rain", attributes={"genre": f"g{n}"}) for n in range(15)]
        )
        for n in range(15):
            shop.events.append([played(f"s{n}", f"fan-{n}-{one}", 1) for one in range(20 - n)])
        shop.catch_up()
        customers = TodayDesk(shop, lambda: QUIET).now().customers
        assert [(one.label, one.count) for one in customers.tiles] == [(f"g{n}", 20 - n) for n in range(12)]
        assert customers.rest == 8 + 7 + 6
        assert customers.active_24h == sum(one.count for one in customers.tiles) + customers.rest == 195


def test_today_tells_since_when_items_are_counted(
    tmp_path: Path, clock: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_shop(tmp_path, clock=clock) as shop:
        shop.events.append([played("s1", "ann", 1)])
        clock.wind(timedelta(hours=3))
        shop.events.append([played("s1", "ann", 2), played("s2", "ann", 3)])
        shop.catch_up()
        whole = TodayDesk(shop, lambda: QUIET).now()
        assert whole.at - whole.items_since >= timedelta(hours=23, minutes=55)
        assert [one.count for one in whole.top_items] == [2, 1]
        monkeypatch.setattr("regulars.app.trends.LOOKED_BACK", 2)
        short = TodayDesk(shop, lambda: QUIET).now()
        assert short.items_since == short.at
        assert [one.count for one in short.top_items] == [1, 1]


def test_the_whole_loop_works_on_each_engine(tmp_path: Path, clock: WoundClock, database_url: str) -> None:
    flags = {"state.url": database_url} if database_url.startswith("postgres") else {}
    with open_shop(tmp_path / "shop", clock=clock, flags=flags) as shop:
        shop.events.append([played(f"s{n}", who, n) for who in ("ann", "bob", "cat") for n in range(4)])
        shop.events.append([played("s0", "dan", 0)])
        shop.catch_up()
        slate = shop.recommend.for_customer("dan", count=3)
        assert [one.item_id for one in slate.items] == ["s1", "s2", "s3"]
        assert slate.items[0].reasons[0].kind == "because_you"
        shop.lake.flush()
        assert TodayDesk(shop, lambda: QUIET).now().customers.total == 4
        customer = shop.customer_named("user_id:dan")
        shop.erase(customer)
        with shop.database.read() as connection:
            assert traces_of(connection, ["dan", customer]) == []
        assert shop.profiles.count() == 3


def test_all_who_watch_share_one_answer_a_second(tmp_path: Path, clock: WoundClock) -> None:
    with open_shop(tmp_path, clock=clock) as shop:
        desk = TodayDesk(shop, lambda: QUIET)
        first = desk.now()
        assert desk.now() is first
        clock.wind(timedelta(seconds=1))
        assert desk.now() is not first


def test_an_item_rises_when_its_last_hour_beats_the_hour_before(tmp_path: Path, clock: WoundClock) -> None:
    with open_shop(tmp_path, clock=clock) as shop:
        trends = Trends(database=shop.database, catalog=shop.catalog, clock=shop.clock)
        shop.events.append([played("old", f"u{n}", 1) for n in range(6)] + [played("new", "u1", 1)])
        shop.catch_up()
        clock.wind(timedelta(minutes=70))
        shop.events.append([played("new", f"u{n}", 2) for n in range(5)] + [played("old", "u9", 2)])
        shop.catch_up()
        top, rising = trends.look()
        assert [(one.item_id, one.count) for one in top] == [("old", 7), ("new", 6)]
        assert [(one.item_id, one.count, one.growth) for one in rising] == [("new", 5, 2.33)]
        assert sum(rising[0].spark) == 5
        clock.wind(timedelta(days=1))
        assert trends.look() == ([], [])


@pytest.mark.parametrize(("lag_ms", "state"), [(0, "live"), (1_999, "live"), (2_000, "behind"), (60_000, "stale")])
def test_a_station_says_what_its_lag_means(lag_ms: float, state: str) -> None:
    assert station("worker", lag_ms, "").state == state


def test_lateness_is_the_age_of_what_waits_and_nothing_when_nothing_waits(tmp_path: Path, clock: WoundClock) -> None:
    with open_shop(tmp_path, clock=clock) as shop:
        shop.events.append([played("s1", "ann", 1)])
        clock.wind(timedelta(seconds=90))
        assert (lateness(shop).records, round(lateness(shop).seconds)) == (1, 90)
        shop.catch_up()
        assert (lateness(shop).records, lateness(shop).seconds) == (0, 0.0)


def test_several_programs_may_have_one_shop_open_and_two_web_processes_of_one_name_may_not(tmp_path: Path) -> None:
    with open_shop(tmp_path) as one, open_shop(tmp_path) as other:
        one.events.append([played("s1", "ann", 1)])
        other.events.append([played("s2", "ann", 2)])
        assert one.log.partitions() == ["library-0", "library-1"]
    with open_shop(tmp_path, partition="web-0"), pytest.raises(ConflictError):
        open_shop(tmp_path, partition="web-0")


def test_a_new_shop_is_its_owners_alone_and_an_old_folder_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir(0o755)
    for name in ("new", "old"):
        open_shop(tmp_path / name).close()
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("new", "old")] == [0o700, 0o755]


def test_a_file_and_a_url_are_no_shop_and_a_newer_one_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidError, match="is a file"):
        open_shop(tmp_path / "file")
    with pytest.raises(InvalidError, match=r"regulars\.toml"):
        open_shop("postgresql://user:secret@db/shop")
    with open_shop(tmp_path / "shop") as shop, shop.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO kernel_migrations (capability, number) VALUES ('web', 99)")
    with pytest.raises(NewerShopError, match="newer Regulars"):
        open_shop(tmp_path / "shop")
