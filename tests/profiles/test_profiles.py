"""Profiles on the street: remembered, found, followed over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regulars.catalog import Item
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import NotFoundError
from regulars.kernel.ids import CustomerId, ItemId
from regulars.testing.street import Street


def call(message_id: str, kind: str = "track", **parts: Any) -> dict[str, Any]:
    return {"type": kind, "event": "Song Completed", "messageId": message_id, **parts}


class Shelf:
    """A catalogue of one film."""

    def lookup(self, item_ids: Any) -> dict[ItemId, Item]:
        film = Item(item_id=ItemId("f1"), kind="video", title="Heat", attributes={"genres": ["Crime", "Drama"]})
        return {film.item_id: film} if "f1" in item_ids else {}


def test_a_profile_tells_what_is_remembered(street: Street, clock: WoundClock) -> None:
    context = {"userAgent": "Mozilla/5.0 (iPhone) Mobile", "locale": "zh-TW"}
    street.send(call("m1", "identify", userId="ann", traits={"name": "Ann Lee", "plan": "pro"}, context=context))
    clock.wind(timedelta(minutes=1))
    street.send(call("m2", userId="ann", properties={"asset_id": "s1", "artist": "Wren"}))
    street.work()
    profile = street.profiles.by("user_id", "ann")
    assert (profile.name, profile.is_named, profile.events_total) == ("Ann Lee", True, 2)
    assert (profile.country, profile.device_kind) == ("TW", "phone")
    assert profile.traits["plan"].value == "pro"
    assert profile.counters["Song Completed"].count == 1
    assert [(one.kind, one.value) for one in profile.affinities] == [("artist", "Wren")]
    assert profile.last_seen - profile.first_seen == timedelta(minutes=1)


def test_taste_comes_from_the_catalogue_where_it_knows_the_item(street: Street) -> None:
    shelf = Street(street.folder / "with-catalogue", street.database, street.clock, catalog=Shelf())
    shelf.send(call("m1", userId="ann", properties={"asset_id": "f1", "genre": "Wrong"}))
    shelf.work()
    shelf.close()
    tastes = street.profiles.by("user_id", "ann").affinities
    assert [(one.kind, one.value, one.share) for one in tastes] == [("genre", "Crime", 0.5), ("genre", "Drama", 0.5)]


def test_the_lines_of_an_order_each_tell_their_own_taste(street: Street) -> None:
    products = [
        {"product_id": 7, "brand": "Tanpopo", "quantity": 1},
        {"product_id": "8", "brand": "Sumi", "quantity": 2},
    ]
    order = {"type": "track", "event": "Order Completed", "messageId": "m1", "userId": "ann"}
    street.send({**order, "properties": {"products": products}})
    street.work()
    tastes = street.profiles.by("user_id", "ann").affinities
    assert sorted((one.kind, one.value) for one in tastes) == [("brand", "Sumi"), ("brand", "Tanpopo")]


def test_an_absorbed_customers_id_still_opens_the_profile(street: Street) -> None:
    street.send(call("m1", anonymousId="x1"), call("m2", anonymousId="x2"))
    street.work()
    absorbed = street.profiles.by("anonymous_id", "x2").customer_id
    street.send(call("m3", userId="ann", anonymousId="x1"), call("m4", userId="ann", anonymousId="x2"))
    street.work()
    profile = street.profiles.of(absorbed)
    assert profile.events_total == 4
    assert [one.customer_id for one in profile.merged_from] == [absorbed]


def test_nobody_is_an_ordinary_answer_of_a_search_and_an_error_of_a_lookup(street: Street) -> None:
    assert street.profiles.search("nobody").items == []
    with pytest.raises(NotFoundError):
        street.profiles.of(CustomerId("nobody"))
    with pytest.raises(NotFoundError):
        street.profiles.by("user_id", "nobody")


@pytest.mark.parametrize(
    "query", ["user-42", "user-4", "user_id:user-42", "LEE@example.org", "lee@", "ann", "Lee", "x-42", "小明", "明"]
)
def test_a_customer_is_found_by_any_identifier_or_part_of_a_name(street: Street, query: str) -> None:
    name = "小明" if query in ("小明", "明") else "Ann Lee"
    traits = {"name": name, "email": "lee@example.org"}
    street.send(call("m1", "identify", userId="user-42", anonymousId="x-42", traits=traits))
    street.send(call("m2", userId="other"))
    street.work()
    assert [one.name for one in street.profiles.search(query).items] == [name]


def test_a_stranger_is_found_by_pseudonym(street: Street) -> None:
    street.send(call("m1", anonymousId="x1"))
    street.work()
    [stranger] = street.profiles.search().items
    assert not stranger.is_named
    assert street.profiles.search(stranger.name.lower()).items == [stranger]


def test_a_renamed_customer_is_found_by_the_new_name_only(street: Street) -> None:
    street.send(call("m1", "identify", userId="u1", traits={"name": "Ann Lee"}))
    street.work()
    street.send(call("m2", "identify", userId="u1", traits={"name": "Ann Park"}))
    street.work()
    assert street.profiles.search("lee").items == []
    assert len(street.profiles.search("park").items) == 1


def test_lists_are_handed_over_page_by_page_without_gaps(street: Street, clock: WoundClock) -> None:
    for number in range(23):
        street.send(call(f"m{number}", "identify", userId=f"u{number}", traits={"name": f"Ann {number:02}"}))
        clock.wind(timedelta(seconds=number % 2))
    street.work()
    for query in ("", "ann"):
        names, cursor = [], None
        while True:
            page = street.profiles.search(query, cursor=cursor, limit=5)
            names += [one.name for one in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert sorted(names) == [f"Ann {number:02}" for number in range(23)]


def test_a_timeline_is_the_latest_first_across_merges_page_by_page(street: Street) -> None:
    start = datetime(2026, 9, 1, tzinfo=UTC)
    for number in range(20):
        when = (start + timedelta(minutes=number // 2)).isoformat()
        street.send(call(f"m{number}", anonymousId=f"x{number % 3}", timestamp=when, properties={"title": f"{number}"}))
    street.send(*(call(f"i{number}", "identify", anonymousId=f"x{number}", userId="ann") for number in range(3)))
    street.work()
    customer = street.profiles.by("user_id", "ann").customer_id
    titles, cursor = [], None
    while True:
        page = street.profiles.timeline(customer, cursor=cursor, limit=7)
        titles += [one.summary for one in page.items if one.name == "Song Completed"]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert titles == [str(number) for number in reversed(range(20))]


def test_counts_tell_who_is_here_now(street: Street, clock: WoundClock) -> None:
    street.send(call("m1", userId="ann"))
    clock.wind(timedelta(hours=2))
    street.send(call("m2", userId="bob"))
    street.work()
    assert street.profiles.count() == 2
    assert street.profiles.count_active(within_s=3_600) == 1
    assert street.profiles.count_new(within_s=3 * 3_600) == 2
