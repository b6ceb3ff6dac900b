"""What an item is, which facts touch it, which type a value has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.catalog.core import (
    Attribute,
    Item,
    Tag,
    as_number,
    checked,
    folded,
    inferred_attributes,
    interactions_of,
    is_available,
    read_cell,
    tags_of,
    type_of_text,
)
from regulars.kernel.errors import InvalidError
from regulars.kernel.ids import ItemId

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def song(**changes: object) -> Item:
    return Item(**{"item_id": ItemId("s-1"), "kind": "song", "title": "Rain"} | changes)  # type: ignore[arg-type]  # fields by name


def test_an_item_is_available_from_the_first_moment_of_its_window_until_before_the_last() -> None:
    item = song(available_from=NOON, available_until=NOON + timedelta(hours=1))
    assert not is_available(item, NOON - timedelta(microseconds=1))
    assert is_available(item, NOON)
    assert not is_available(item, NOON + timedelta(hours=1))


def test_an_item_that_is_switched_off_is_not_available_inside_its_window() -> None:
    assert not is_available(song(available=False, available_from=NOON), NOON)


def test_a_tag_takes_the_kind_of_its_attribute_and_never_repeats() -> None:
    item = song(attributes={"Genres": ["Folk", "Folk", " "], "seconds": 200}, tags=["new", "new"])
    assert tags_of(item) == [Tag("genre", "Folk"), Tag("tag", "new")]


@pytest.mark.parametrize(
    ("name", "properties", "touched"),
    [
        ("Song Played", {"asset_id": "s-1"}, [("s-1", "played")]),
        ("song liked", {"asset_id": 12}, [("12", "liked")]),
        ("Video Content Started", {"content_asset_id": "v", "asset_id": "pod"}, [("v", "played")]),
        ("Video Playback Completed", {"content_asset_ids": ["v-1"]}, [("v-1", "completed")]),
        ("Product Added", {"product_id": "p"}, [("p", "added")]),
        ("Product Added", {"product_id": "p", "quantity": -2}, [("p", "removed")]),
        ("Order Completed", {"products": [{"sku": "a"}, "no line", {"sku": ""}]}, [("a", "bought")]),
        ("Order Completed", {"products": []}, []),
        ("Video Content Playing", {"asset_id": "v"}, []),
        ("Product Viewed", {"product_id": True}, []),
        ("Product Viewed", {"product_id": None}, []),
        ("Cart Viewed", {"products": [{"product_id": "p"}]}, []),
    ],
)
def test_a_fact_touches_the_items_it_names(
    name: str, properties: dict[str, object], touched: list[tuple[str, str]]
) -> None:
    assert [(found.item_id, found.kind) for found in interactions_of(name, properties)] == touched


@settings(max_examples=40, deadline=None)
@given(
    st.text(max_size=20),
    st.dictionaries(st.text(max_size=9), st.none() | st.text() | st.floats() | st.lists(st.text()), max_size=4),
)
def test_no_fact_however_odd_breaks_the_reading_of_items(name: str, properties: dict[str, object]) -> None:
    interactions_of(name, properties)
    interactions_of("Order Completed", {"products": list(properties.values())})


def test_a_rating_outside_one_to_five_counts_as_the_nearest() -> None:
    strengths = [interactions_of("Title Rated", {"asset_id": "m", "rating": r})[0].strength for r in (-3, 0.5, 4, 1e9)]
    assert strengths == [-1.0, -1.0, 0.5, 1.0]


def test_search_text_ignores_width_case_and_latin_accents_but_keeps_japanese_sound_marks() -> None:
    assert folded("ＡＭÉＬＩＥ") == "amelie"
    assert folded("が") != folded("か")
    assert folded("ｶﾞ") == folded("ガ")


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("12", "number"),
        ("-1.5e3", "number"),
        ("1e999", "text"),
        ("007", "text"),
        ("٣", "text"),
        ("No", "boolean"),
        ("2026-02-30", "text"),
        ("2026-02-28", "date"),
        ("a|b", "list"),
        ("inf", "text"),
    ],
)
def test_a_cell_shows_the_type_it_would_survive_as(cell: str, shown: str) -> None:
    assert type_of_text(cell) == shown


@given(st.integers(-(10**17), 10**17))
def test_whole_numbers_of_a_table_survive_exactly(number: int) -> None:
    assert as_number(str(number)) == number
    assert read_cell(str(number), "number") == number


def test_values_of_differing_types_under_one_new_name_are_kept_as_text() -> None:
    items = [song(attributes={"size": 3}), song(attributes={"size": "large"})]
    assert inferred_attributes(items, {}) == [Attribute(name="size", type="text")]
    known = {"size": Attribute(name="size", type="text")}
    assert [checked(item, known).attributes["size"] for item in items] == ["3", "large"]


def test_an_item_with_faults_is_refused_with_a_sentence_for_each() -> None:
    broken = song(
        title=" ",
        attributes={"price": "cheap", "note": "a\x00b"},
        available_from=datetime(2026, 1, 1),  # noqa: DTZ001 (a moment without its zone is the fault)
    )
    known = {name: Attribute(name=name, type=kind) for name, kind in (("price", "number"), ("note", "text"))}  # type: ignore[arg-type]  # mypy widens the literals
    with pytest.raises(InvalidError) as refused:
        checked(broken, known)
    assert [problem.split(":")[0] for problem in refused.value.problems] == ["title", "note", "available_from", "price"]


def test_a_window_that_closes_before_it_opens_is_refused() -> None:
    with pytest.raises(InvalidError, match="closes before it opens"):
        checked(song(available_from=NOON, available_until=NOON), {})
