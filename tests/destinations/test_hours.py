"""Parquet by the hour: each event in exactly one hour, and hours that never change, whatever dies in between."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from tests.destinations.conftest import append, happen, track

from regulars.app import Shop, open_shop
from regulars.destinations import Plan
from regulars.destinations.core.kinds import Answer
from regulars.destinations.kinds.parquet import OpenFolder
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import InvalidError
from regulars.kernel.files import Files
from regulars.testing.demo.opening import WAREHOUSE, make_shop
from regulars.testing.demo.options import DemoState

HOUR = timedelta(hours=1)


def parquet(shop: Shop, **settings: Any) -> str:
    made = shop.destinations.create("parquet", Plan(name="Warehouse", settings={"url": "warehouse", **settings}))
    return made.destination.destination_id


def folder(shop: Shop) -> Path:
    return shop.folder / "exports" / "warehouse"


def rows(shop: Shop, *, whole_only: bool = True) -> list[dict[str, Any]]:
    """Return what a reader sees who waits for `_SUCCESS`."""
    found = []
    for part in sorted(folder(shop).glob("events/dt=*/hour=*/*.parquet")):
        if not whole_only or (part.parent / "_SUCCESS").exists():
            at = f"{part.parent.parent.name} {part.parent.name}"
            found += [{**row, "at": at} for row in pq.read_table(io.BytesIO(part.read_bytes())).to_pylist()]
    return found


def deliver_all(shop: Shop) -> None:
    while shop.destinations.deliver():
        pass


def test_an_hour_is_written_when_nothing_more_can_come_and_says_that_it_is_whole(shop: Shop, clock: WoundClock) -> None:
    one = parquet(shop)
    happen(shop, track("Order Completed", total=1), track("Order Completed", total=2))
    shop.destinations.deliver()
    clock.wind(HOUR + timedelta(seconds=60))
    shop.destinations.deliver()
    assert rows(shop) == []  # a request may still be on its way
    clock.wind(timedelta(seconds=60))
    deliver_all(shop)
    assert [(row["name"], row["at"]) for row in rows(shop)] == [("Order Completed", "dt=2026-10-01 hour=12")] * 2
    manifest = msgspec.json.decode((folder(shop) / "events/dt=2026-10-01/hour=12/_manifest.json").read_bytes())
    assert (manifest["rows"], [file["rows"] for file in manifest["files"]]) == (2, [2])
    clock.wind(HOUR)
    deliver_all(shop)
    assert (folder(shop) / "events/dt=2026-10-01/hour=13/_SUCCESS").exists()  # an hour without events is whole as well
    health = shop.destinations.get(one).health
    assert (health.hours_done, health.hours_due, health.state) == (2, 0, "good")
    assert [(hour.hour.hour, hour.events) for hour in shop.destinations.runs.hours(one).items] == [(13, 0), (12, 2)]


def test_an_hour_waits_until_everything_accepted_within_it_has_taken_effect(shop: Shop, clock: WoundClock) -> None:
    parquet(shop)
    append(shop, track("Order Completed"))
    clock.wind(HOUR * 2)
    deliver_all(shop)
    assert list(folder(shop).rglob("*")) == []
    shop.catch_up()
    deliver_all(shop)
    assert len(rows(shop)) == 1


def test_what_comes_after_its_hour_was_closed_comes_with_a_later_one(
    shop: Shop, clock: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet(shop)
    happen(shop, track("Order Completed", n=1))
    clock.wind(HOUR + timedelta(minutes=3))
    deliver_all(shop)
    assert len(rows(shop)) == 1
    past = clock.now_us() - 45 * 60 * 1_000_000
    monkeypatch.setattr(clock, "now_us", lambda: past)
    append(shop, track("Order Completed", n=2))  # received at 12:18, durable only now
    monkeypatch.undo()
    shop.catch_up()
    clock.wind(HOUR)
    deliver_all(shop)
    found = {msgspec.json.decode(row["properties"])["n"]: row for row in rows(shop)}
    assert found[2]["at"] == "dt=2026-10-01 hour=13"
    assert found[2]["received_at"].hour == 12
    assert len(rows(shop)) == 2


@pytest.mark.parametrize("dies_at", range(1, 9))
def test_a_writer_that_dies_at_any_step_leaves_no_event_out_and_none_double(
    shop: Shop, clock: WoundClock, dies_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet(shop)
    for number in range(3):
        happen(shop, *(track("Song Played", n=number * 10 + n) for n in range(10)))
        clock.wind(HOUR)
    clock.wind(timedelta(minutes=5))
    steps = [0]
    put = Files.put_atomic

    class Died(BaseException):
        """Nothing of ours catches it: like a process that is gone."""

    def dying(self: Files, path: str, content: bytes) -> None:
        steps[0] += 1
        if steps[0] == dies_at:
            raise Died
        put(self, path, content)

    monkeypatch.setattr(Files, "put_atomic", dying)
    with pytest.raises(Died):
        deliver_all(shop)
    monkeypatch.undo()
    before = {row["event_id"] for row in rows(shop)}
    deliver_all(shop)
    found = rows(shop)
    assert sorted(msgspec.json.decode(row["properties"])["n"] for row in found) == list(range(30))
    assert before <= {row["event_id"] for row in found}


def test_hours_of_before_are_written_when_asked_for_and_meet_those_since_without_a_seam(
    shop: Shop, clock: WoundClock
) -> None:
    for number in range(4):
        happen(shop, track("Song Played", n=number))
        clock.wind(HOUR)
    one = parquet(shop)
    happen(shop, track("Song Played", n=4))
    with pytest.raises(InvalidError, match="No hour lies between"):
        shop.destinations.runs.backfill(
            one, from_at=datetime(2027, 1, 1, tzinfo=UTC), to_at=datetime(2027, 1, 2, tzinfo=UTC)
        )
    asked = shop.destinations.runs.backfill(
        one, from_at=datetime(2026, 10, 1, 12, tzinfo=UTC), to_at=datetime(2026, 10, 2, tzinfo=UTC)
    )
    assert asked == 4
    clock.wind(HOUR + timedelta(minutes=3))
    deliver_all(shop)
    counted = Counter(row["at"] for row in rows(shop))
    assert counted == {f"dt=2026-10-01 hour={hour}": 1 for hour in range(12, 17)}
    asked_again = shop.destinations.runs.backfill(
        one, from_at=datetime(2026, 10, 1, 12, tzinfo=UTC), to_at=datetime(2026, 10, 2, tzinfo=UTC)
    )
    assert asked_again == 4
    assert shop.destinations.deliver() == 0  # what was written stays


def test_who_is_erased_leaves_the_written_hours(shop: Shop, clock: WoundClock) -> None:
    one = parquet(shop)
    happen(shop, track("Order Completed", "ann", secret="ann-secret"), track("Order Completed", "bob"))
    clock.wind(HOUR)
    happen(shop, track("Order Completed", "bob"))
    clock.wind(HOUR + timedelta(minutes=3))
    deliver_all(shop)
    assert Counter(row["user_id"] for row in rows(shop)) == {"ann": 1, "bob": 2}
    untouched = (folder(shop) / "events/dt=2026-10-01/hour=13/part-00000.parquet").stat().st_mtime_ns
    ann = shop.identity.find("user_id", "ann")
    assert ann is not None
    report = shop.erase(ann)
    assert report.rows["hours to write anew"] == 1
    deliver_all(shop)
    assert Counter(row["user_id"] for row in rows(shop)) == {"bob": 2}
    assert not any(b"ann-secret" in path.read_bytes() for path in folder(shop).rglob("*") if path.is_file())
    assert (folder(shop) / "events/dt=2026-10-01/hour=13/part-00000.parquet").stat().st_mtime_ns == untouched
    (hour,) = [hour for hour in shop.destinations.runs.hours(one).items if hour.written_again]
    assert (hour.hour.hour, hour.events) == (12, 1)


def test_columns_are_chosen_and_personal_data_left_out(shop: Shop, clock: WoundClock) -> None:
    parquet(shop, without_personal_data=True)
    identify = {"type": "identify", "userId": "ann", "traits": {"email": "ann@x.example"}}
    happen(shop, identify, track("Order Completed", total=3))
    clock.wind(HOUR + timedelta(minutes=3))
    deliver_all(shop)
    found = rows(shop)
    assert {"user_id", "anonymous_id", "context", "message_id"}.isdisjoint(found[0])
    assert {row["name"]: row["properties"] for row in found} == {"Identify": "{}", "Order Completed": '{"total":3}'}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"url": "/etc"}, "no folder that destinations may write to"),
        ({"url": "../log"}, "no folder that destinations may write to"),
        ({"url": "file:///tmp/../etc"}, "no folder that destinations may write to"),
        ({"url": "~nobody-has-this-name/w"}, "Nobody on this machine has the home '~nobody-has-this-name'"),
        ({"url": "https://x.example/bucket"}, "not to 'https'"),
        ({"url": "simplecache::s3://bucket"}, "A place is one URL"),
        ({"url": "gs://bucket/x"}, "pip install gcsfs"),
        ({"url": "w", "columns": ["colour"]}, "no column 'colour'"),
        ({"url": "w", "columns": ["user_id"], "without_personal_data": True}, "No column is left"),
    ],
)
def test_a_place_or_column_that_cannot_be_is_refused(shop: Shop, settings: dict[str, Any], sentence: str) -> None:
    from regulars.kernel.errors import RegularsError

    with pytest.raises(RegularsError, match=sentence):
        parquet(shop, **settings)


def test_a_folder_that_the_machines_owner_listed_may_be_written_to(
    shop: Shop, clock: WoundClock, tmp_path: Path
) -> None:
    one = parquet(shop, url=str(tmp_path / "elsewhere" / "w"))
    assert shop.destinations.test(one).works
    assert list((tmp_path / "elsewhere" / "w").iterdir()) == []
    clock.wind(HOUR + timedelta(minutes=3))
    deliver_all(shop)
    assert list((tmp_path / "elsewhere" / "w").glob("events/*/*/_SUCCESS"))


def test_storage_that_refuses_is_tried_again_and_nothing_is_lost(
    shop: Shop, clock: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = parquet(shop)
    happen(shop, track("Order Completed"))
    clock.wind(HOUR + timedelta(minutes=3))
    write: Callable[..., Any] = OpenFolder._part

    def refusing(*_: object) -> dict[str, Any]:
        raise OSError("the bucket is closed")

    monkeypatch.setattr(OpenFolder, "_part", refusing)
    deliver_all(shop)
    health = shop.destinations.get(one).health
    assert (health.state, health.hours_due) == ("failing", 1)
    assert health.last_error == "The storage refuses (OSError): the bucket is closed"
    monkeypatch.setattr(OpenFolder, "_part", write)
    assert shop.destinations.deliver() == 0  # not at once
    clock.wind(timedelta(seconds=10))
    deliver_all(shop)
    assert len(rows(shop)) == 1


def test_a_kind_that_raises_is_a_failed_try_that_is_shown(
    shop: Shop, clock: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = parquet(shop)
    happen(shop, track("Order Completed"))
    clock.wind(HOUR + timedelta(minutes=3))

    def raising(*_: object) -> Answer:
        raise ZeroDivisionError

    monkeypatch.setattr(OpenFolder, "write", raising)
    deliver_all(shop)
    health = shop.destinations.get(one).health
    assert (health.state, health.last_error) == ("failing", "It cannot write: ZeroDivisionError.")
    monkeypatch.undo()
    clock.wind(timedelta(seconds=10))
    deliver_all(shop)
    assert len(rows(shop)) == 1


def test_object_storage_takes_hours_as_well(shop: Shop, clock: WoundClock) -> None:
    place = f"memory://warehouse-{id(shop)}"
    parquet(shop, url=place)
    happen(shop, track("Order Completed"))
    clock.wind(HOUR + timedelta(minutes=3))
    deliver_all(shop)
    assert [path.rsplit("/", 1)[-1] for path in Files(place).list()] == [
        "_SUCCESS",
        "_manifest.json",
        "part-00000.parquet",
    ]


def test_a_demo_shop_writes_its_hours_from_the_beginning(tmp_path: Path) -> None:
    state = DemoState(
        demo="video", simulated=False, write_key="", replay_key="", email="", password="", secret_key="", seed=1,
        started_us=0,
    )  # fmt: skip
    make_shop(tmp_path / "demo", state, [])
    with open_shop(tmp_path / "demo") as shop:
        (shown,) = shop.destinations.all()
        assert (shown.name, shown.kind, shown.settings["url"]) == (WAREHOUSE, "parquet", "warehouse")
        assert shop.destinations.test(shown.destination_id).works
