"""Profiles on the street: remembered, found, followed over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from regulars.catalog import Item
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import InvalidError, NotFoundError
from regulars.kernel.ids import CustomerId, ItemId
from regulars.profiles.service import Taste
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


def likes(who: str, *genres: str) -> list[dict[str, Any]]:
    return [
        call(f"{who}-{n}", userId=who, properties={"asset_id": f"x{n}", "genre": one}) for n, one in enumerate(genres)
    ]


def test_tastes_are_counted_over_everyone_seen_however_many_they_are(street: Street) -> None:
    street.send(*(one for n in range(230) for one in likes(f"folk-{n}", "Folk")))
    street.send(
        *(one for n in range(20) for one in likes(f"jazz-{n}", "Folk", "Jazz", "Jazz")), call("m1", userId="ann")
    )
    street.work()
    assert street.profiles.tastes(within_s=60, rows_max=5) == [("Folk", 230), ("Jazz", 20), ("", 1)]
    assert street.profiles.tastes(within_s=60, rows_max=1) == [("Folk", 230)]


def test_whoever_was_not_seen_of_late_is_not_counted(street: Street, clock: WoundClock) -> None:
    street.send(*likes("ann", "Folk"))
    clock.wind(timedelta(days=2))
    street.send(*likes("bob", "Folk"))
    street.work()
    assert street.profiles.tastes(within_s=86_400, rows_max=5) == [("Folk", 1)]
    assert [one.identifiers[0].value for one in street.profiles.search(taste=Taste("Folk")).items] == ["bob", "ann"]
    assert [one.identifiers[0].value for one in street.profiles.search(taste=Taste("Folk", 86_400)).items] == ["bob"]


def test_the_taste_that_is_counted_is_the_one_that_the_profile_shows(street: Street, clock: WoundClock) -> None:
    street.send(*likes("ann", "Folk", "Folk", "Folk"))
    clock.wind(timedelta(days=120))  # two half-lives: three of then weigh less than one of now
    street.send({**call("new", userId="ann", properties={"asset_id": "y", "genre": "Jazz"})})
    street.work()
    top = street.profiles.by("user_id", "ann").affinities[0].value
    assert street.profiles.tastes(within_s=60, rows_max=5) == [(top, 1)] == [("Jazz", 1)]


def test_two_who_become_one_are_counted_once(street: Street) -> None:
    street.send(*likes("ann", "Folk"), call("a1", anonymousId="a", properties={"asset_id": "y", "genre": "Jazz"}))
    street.work()
    street.send(call("i1", kind="identify", userId="ann", anonymousId="a"))
    street.work()
    assert sum(count for _, count in street.profiles.tastes(within_s=60, rows_max=5)) == 1


def test_those_of_a_taste_come_page_by_page_without_gaps(street: Street) -> None:
    street.send(*(one for n in range(7) for one in likes(f"folk-{n}", "Folk")), *likes("ann", "Jazz"))
    street.work()
    names, cursor = [], None
    while True:
        page = street.profiles.search(taste=Taste("Folk"), cursor=cursor, limit=3)
        names += [one.identifiers[0].value for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(names) == [f"folk-{n}" for n in range(7)]


def test_a_query_and_a_taste_together_are_refused(street: Street) -> None:
    with pytest.raises(InvalidError, match="either by a query or by a taste"):
        street.profiles.search("ann", taste=Taste("Folk"))


def test_customers_of_an_earlier_version_get_their_taste_beside_their_state(street: Street) -> None:
    street.send(*likes("ann", "Folk"), *likes("bob", "Jazz"), call("m1", userId="cat"))
    street.work()
    before = street.profiles.tastes(within_s=60, rows_max=5)
    with street.database.write() as connection:
        connection.execute(text("UPDATE profiles_customers SET taste = NULL"))
    assert street.profiles.tastes(within_s=60, rows_max=5) == []
    assert street.profiles.tell_tastes() == 3
    assert street.profiles.tastes(within_s=60, rows_max=5) == before
    assert street.profiles.tell_tastes() == 0
