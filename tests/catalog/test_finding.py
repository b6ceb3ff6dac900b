"""Finding, keeping and forgetting items."""

from __future__ import annotations

import pytest

from regulars.catalog import Attribute, Catalog, Item
from regulars.kernel.errors import InvalidError, NotFoundError
from regulars.kernel.ids import ItemId

ITEMS = [
    Item(item_id=ItemId("t1"), kind="song", title="夜の雨", attributes={"artist": "小川ミツ", "genres": ["City pop"]}),
    Item(item_id=ItemId("t2"), kind="song", title="Amélie's Rain", attributes={"artist": "Wren"}, tags=["new"]),
    Item(item_id=ItemId("t3"), kind="product", title="雨傘 Rain 50%", attributes={"brand": "雲の物"}),
    Item(item_id=ItemId("t4"), kind="product", title="Raincoat_XL", available=False),
    Item(item_id=ItemId("t5"), kind="song", title="rain", attributes={"artist": "New Harbour"}),
    Item(item_id=ItemId("t6"), kind="song", title='Quote " AND (', attributes={"artist": "台北夜車"}),
]


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    catalog.put(ITEMS)
    return catalog


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("雨", ["t3", "t1"]),
        ("夜の雨", ["t1"]),
        ("小川", ["t1"]),
        ("夜", ["t1", "t6"]),
        ("ＲＡＩＮ", ["t5", "t4", "t2", "t3"]),
        ("amelie wren", ["t2"]),
        ("amelie 雨", []),
        ("50%", ["t3"]),
        ("coat_x", ["t4"]),
        ("coat%x", []),
        ('" and (', ["t6"]),
        ("台北夜", ["t6"]),
        ("t5", ["t5"]),
        ("NEAR(", []),
        ("x" * 5_000, []),
    ],
)
def test_every_word_is_found_in_any_script_and_the_best_title_comes_first(
    filled: Catalog, query: str, found: list[str]
) -> None:
    assert [item.item_id for item in filled.find(query).items] == found


def test_filters_narrow_what_is_found(filled: Catalog) -> None:
    assert [item.item_id for item in filled.find("rain", kind="song").items] == ["t5", "t2"]
    assert [item.item_id for item in filled.find(tag="artist:Wren").items] == ["t2"]
    assert [item.item_id for item in filled.find(tag="City pop").items] == ["t1"]
    assert [item.item_id for item in filled.find("rain", available=False).items] == ["t4"]
    assert [item.item_id for item in filled.find(tag="genre:Wren").items] == []


@pytest.mark.parametrize("query", ["", "rain"])
def test_pages_follow_each_other_without_a_gap_or_a_repeat(filled: Catalog, query: str) -> None:
    whole = [item.item_id for item in filled.find(query).items]
    walked, cursor = [], None
    while True:
        page = filled.find(query, cursor=cursor, limit=2)
        walked += [item.item_id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert walked == whole


def test_a_changed_item_is_found_by_its_new_words_and_no_longer_by_its_old_ones(filled: Catalog) -> None:
    filled.put([Item(item_id=ItemId("t1"), kind="song", title="朝の光", tags=["morning"])])
    assert filled.find("夜の雨").items == []
    assert filled.find("City pop").items == []
    assert filled.find(tag="City pop").items == []
    assert [item.item_id for item in filled.find("朝の光").items] == ["t1"]


def test_a_removed_item_is_gone_from_everywhere_and_caches_hear_of_it(filled: Catalog) -> None:
    before = filled.version()
    assert filled.lookup([ItemId("t2")])
    assert filled.remove([ItemId("t2"), ItemId("nobody")]) == 1
    assert filled.lookup([ItemId("t2")]) == {}
    assert "t2" not in [item.item_id for item in filled.find("amelie").items]
    changes = filled.changes(before)
    assert (changes.removed, changes.put) == ([ItemId("t2")], [])
    with pytest.raises(NotFoundError, match="no item 't2'"):
        filled.get(ItemId("t2"))
    filled.put([ITEMS[1]])
    assert filled.changes(before).removed == []


def test_looking_up_again_sees_what_was_changed_meanwhile(filled: Catalog) -> None:
    assert filled.lookup([ItemId("t5"), ItemId("new")]).keys() == {"t5"}
    filled.put([Item(item_id=ItemId("new"), kind="song", title="Later")])
    assert filled.lookup([ItemId("t5"), ItemId("new")])[ItemId("new")].title == "Later"


def test_the_version_grows_with_every_change_and_only_then(filled: Catalog) -> None:
    before = filled.version()
    filled.find("rain")
    filled.summary()
    assert filled.version() == before
    filled.put([ITEMS[0]])
    assert filled.version() > before
    assert [item.item_id for item in filled.changes(before).put] == ["t1"]


def test_the_summary_counts_kinds_tags_and_how_full_each_attribute_is(filled: Catalog) -> None:
    summary = filled.summary()
    assert (summary.items, summary.available) == (6, 5)
    assert [(one.kind, one.count) for one in summary.kinds] == [("song", 4), ("product", 2)]
    assert {one.name: (one.type, one.filled_share) for one in summary.attributes} == {
        "artist": ("text", 4 / 6),
        "brand": ("text", 1 / 6),
        "genres": ("list", 1 / 6),
    }
    assert ("genre", "City pop", 1) in [(one.kind, one.value, one.count) for one in summary.tags]


def test_a_value_that_does_not_fit_its_name_refuses_the_call_and_keeps_nothing_of_it(filled: Catalog) -> None:
    filled.declare([Attribute(name="price", type="number")])
    good = Item(item_id=ItemId("ok"), kind="product", title="Fine", attributes={"price": 5})
    bad = Item(item_id=ItemId("bad"), kind="product", title="Dear", attributes={"price": "dear"})
    with pytest.raises(InvalidError, match="'dear' is not a finite number"):
        filled.put([good, bad])
    assert filled.lookup([ItemId("ok")]) == {}


def test_a_cursor_of_another_list_is_refused_with_a_sentence(filled: Catalog) -> None:
    with pytest.raises(InvalidError, match="cursor does not belong"):
        filled.find(cursor="gibberish")
