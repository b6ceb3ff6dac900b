"""An outline says exactly what the whole event says, of exactly the same events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.events.core import Fact
from regulars.events.decode import read_request
from regulars.events.outlines import outline_of, read_outlines
from regulars.events.record import AcceptedRequest, OwnFacts, RefusedRequest, encode_entry
from regulars.kernel.eventlog import Record

RECEIVED_US = 1_790_000_000_000_000
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
ids = st.none() | st.sampled_from(["ann", "", "0000", "null", " bob ", "x" * 2_000]) | st.integers() | values
items = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "identify", "page", "screen", "group", "alias", "buy"]) | values,
        "event": st.sampled_from(["Song Played", "", " Order Completed ", "n" * 2_000]) | values,
        "userId": ids,
        "anonymousId": ids,
        "previousId": ids,
        "groupId": ids,
        "messageId": st.text(max_size=4) | values,
        "timestamp": st.sampled_from(["2026-10-01T12:00:00Z", "yesterday"]) | values,
        "properties": values,
        "traits": values,
        "context": values,
    },
)


def same(payload: bytes) -> None:
    record = Record("web-0", 7, RECEIVED_US, payload)
    whole = [outline_of(event) for event in read_request(record).events]
    assert read_outlines(record).events == whole


def accepted(body: bytes, path: str = "batch", most: int = 32_768) -> bytes:
    return encode_entry(AcceptedRequest("s1", RECEIVED_US, "192.0.2.7", "", path, body, most))


@given(batch=st.lists(items, max_size=5), escaped=st.booleans())
def test_whatever_is_sent_in_a_batch(batch: list[Any], escaped: bool) -> None:
    same(accepted(json.dumps({"batch": batch}, ensure_ascii=escaped).encode("utf-8", "surrogatepass")))


@given(item=items, path=st.sampled_from(["track", "identify", "page", "alias", "group"]))
def test_whatever_is_sent_alone(item: dict[str, Any], path: str) -> None:
    same(accepted(json.dumps(item).encode(), path))


@given(body=st.binary(max_size=80))
def test_whatever_is_no_json(body: bytes) -> None:
    same(accepted(body))


GOOD = {"type": "track", "event": "Song Played", "userId": "ann"}


DEEP_INSIDE = (
    '{"a":1e999}',
    '{"a":-1.5E+400}',
    '{"a": 12e999}',
    '{"a":"7e999"}',
    '{"a":' + "9" * 400 + "}",
    '{"a":"\\ud800"}',
    '{"a":"\\u0000"}',
    "[]",
    "7",
    "null",
    '"x"',
    '{"a":' * 70 + "1" + "}" * 70,
)


@pytest.mark.parametrize("properties", DEEP_INSIDE)
def test_what_the_rules_refuse_deep_inside_is_no_event_in_outline_either(properties: str) -> None:
    item = json.dumps(GOOD)[:-1] + f',"properties":{properties}}}'
    same(accepted(('{"batch":[' + item + "," + json.dumps({**GOOD, "messageId": "m2"}) + "]}").encode()))


def test_too_large_an_item_is_none_and_news_of_our_own_are_told() -> None:
    same(accepted(json.dumps({"batch": [{**GOOD, "properties": {"note": "x" * 900}}, GOOD]}).encode(), most=400))
    fact = Fact(name="Customers Merged", message_id="m", properties={"kept": "c"}, occurred_us=5)
    same(encode_entry(OwnFacts([fact], RECEIVED_US)))
    same(encode_entry(RefusedRequest("s1", RECEIVED_US, 400, "no", "batch", b"x")))
    same(b"\x00 no record of ours")
