"""How a letter is mended: ids that cannot collide, texts that say the same again."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from tests.events.test_decode import RECEIVED_US, anything, items

from regulars.events.letters.core import Origin, call_of, look_at, repaired
from regulars.events.letters.core.repair import repaired_id

ORIGIN = Origin("s1", RECEIVED_US, "batch", is_batch=False, event_bytes_max=32_768)
LATER_US = RECEIVED_US + 86_400_000_000


named = st.tuples(st.integers(1, 99), st.integers(0, 3), st.text(max_size=120))


@given(one=named, other=named)
def test_no_two_letters_and_no_two_events_of_one_share_a_message_id(
    one: tuple[int, int, str], other: tuple[int, int, str]
) -> None:
    if one[:2] != other[:2]:
        assert repaired_id(*one) != repaired_id(*other)
    assert len(repaired_id(*one)) <= 100


@given(item=items)
def test_a_mended_letter_is_the_event_that_was_previewed(item: dict[str, object]) -> None:
    text = json.dumps(item)
    looked = look_at(text, ORIGIN)
    assert bool(looked.events) != bool(looked.faults)
    if not looked.events:
        return
    request = repaired(7, looked, ORIGIN, source_id="s1", now_us=LATER_US)
    again = look_at(
        request.body.decode(),
        ORIGIN._replace(is_batch=True, received_us=LATER_US, event_bytes_max=request.event_bytes_max),
    )
    (before,), (after,) = looked.events, again.events
    for name in ("call", "name", "user_id", "anonymous_id", "previous_id", "group_id", "properties", "occurred_us"):
        assert getattr(after, name) == getattr(before, name), name
    assert after.message_id.startswith("repaired:7:")


@given(item=items)
def test_an_event_written_as_a_call_says_the_same(item: dict[str, object]) -> None:
    looked = look_at(json.dumps(item), ORIGIN)
    if not looked.events or looked.events[0].call == "alias":
        return
    (before,) = looked.events
    (after,) = look_at(call_of(before).decode(), ORIGIN).events
    for name in ("call", "name", "user_id", "anonymous_id", "group_id", "properties", "context", "occurred_us"):
        assert getattr(after, name) == getattr(before, name), name


@given(text=st.text(max_size=80) | anything.map(json.dumps), is_batch=st.booleans())
def test_any_text_at_all_is_events_or_faults_with_a_place(text: str, is_batch: bool) -> None:
    looked = look_at(text, ORIGIN._replace(is_batch=is_batch))
    assert bool(looked.events) != bool(looked.faults)
    lines = text.count("\n") + 1
    assert all(1 <= fault.line <= lines and fault.column >= 1 and fault.sentence for fault in looked.faults)
