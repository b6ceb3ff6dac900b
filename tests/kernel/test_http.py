"""Pages, cursors and who may what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.errors import InvalidError
from regulars.kernel.http import Caller, Role, decode_cursor, encode_cursor, page_limit, page_of


@given(st.integers(-(2**63), 2**63 - 1), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_cursor_brings_back_the_place_it_was_made_of(number: int, name: str) -> None:
    cursor = encode_cursor((number, name))
    assert decode_cursor(cursor, tuple[int, str]) == (number, name)
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(st.text(max_size=60))
def test_any_text_is_a_cursor_or_refused_with_a_sentence(text: str) -> None:
    sentences = []
    try:
        sentences.append(str(decode_cursor(text, tuple[int, str])))
    except InvalidError as refused:
        sentences.append(str(refused))
    assert sentences[0].startswith(("(", "The cursor does not belong to this list."))


def test_no_cursor_is_the_beginning() -> None:
    assert decode_cursor(None, tuple[int, str]) is None


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidError):
        decode_cursor(encode_cursor(("a", 1, 2)), tuple[int, str])


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_pages_give_each_item_once(count: int) -> None:
    names = [f"name {number}" for number in range(count)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        after = decode_cursor(cursor, int) or 0
        page = page_of(names[after : after + 3], limit=2, place_of=lambda name: names.index(name) + 1, item_of=str)
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == names


def test_a_page_holds_between_1_and_200_items() -> None:
    assert (page_limit(None), page_limit(1), page_limit(200)) == (50, 1, 200)
    for limit in (0, -1, 201):
        with pytest.raises(InvalidError, match="between 1 and 200"):
            page_limit(limit)


def test_each_role_may_what_the_one_before_may() -> None:
    roles = list(Role)
    for place, role in enumerate(roles):
        caller = Caller(kind="person", role=role)
        assert [caller.may(needed) for needed in roles] == [other <= place for other in range(len(roles))]
