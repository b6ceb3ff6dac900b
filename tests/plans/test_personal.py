"""What is about a person is hashed or dropped before anything is kept."""

from __future__ import annotations

import json
from typing import Any  # Any: JSON

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.events.plans.core import PersonalField, Rules, Unreadable
from regulars.events.plans.core.personal import COVERED, hashed

SECRET = b"a secret of the shop"
EMAIL = hashed("ann@example.org", "email", SECRET)
RULES = Rules(
    [
        PersonalField(pointer="/traits/email", action="hash", kind="email"),
        PersonalField(pointer="/properties/guests/*/phone", action="drop"),
        PersonalField(pointer="/properties/emails/*", action="hash", kind="email"),
        PersonalField(pointer="/properties/address", action="hash"),
        PersonalField(pointer="/context/ip", action="drop"),
        PersonalField(pointer="/traits/name"),
    ],
    SECRET,
)


def applied(path: str, body: Any, rules: Rules = RULES) -> Any:  # Any: JSON
    return json.loads(rules.applied(path, json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"traits": {"email": "ann@example.org", "name": "Ann"}}, {"traits": {"email": EMAIL, "name": "Ann"}}),
        ({"context": {"traits": {"email": " Ann@Example.org"}, "ip": "192.0.2.1"}},
         {"context": {"traits": {"email": EMAIL}}}),
        ({"properties": {"guests": [{"phone": "1", "n": 2}, {"n": 3}]}},
         {"properties": {"guests": [{"n": 2}, {"n": 3}]}}),
        ({"properties": {"guests": {"phone": "1", "n": 2}}}, {"properties": {"guests": {"n": 2}}}),
        ({"properties": {"guests": {"x": {"phone": "1"}}}}, {"properties": {"guests": {"x": {}}}}),
        ({"properties": {"emails": ["ann@example.org", None, ""]}}, {"properties": {"emails": [EMAIL, None, ""]}}),
        ({"properties": {"emails": "ann@example.org"}}, {"properties": {"emails": EMAIL}}),
        ({"traits": [{"email": "ann@example.org"}]}, {"traits": [{"email": EMAIL}]}),
        ({"properties": {"address": {"city": "Taipei", "no": [7]}}},
         {"properties": {"address": {"city": hashed("Taipei", "text", SECRET), "no": [hashed(7, "text", SECRET)]}}}),
        ({"traits": {"email": EMAIL}}, {"traits": {"email": EMAIL}}),
        ({"traits": {"e-mail": "ann@example.org"}}, {"traits": {"e-mail": "ann@example.org"}}),
    ],
)  # fmt: skip
def test_marked_fields_are_hashed_or_dropped_wherever_they_stand(sent: Any, kept: Any) -> None:  # Any: JSON
    assert applied("track", sent) == kept
    assert applied("batch", {"batch": [sent, {"a": 1}]}) == {"batch": [kept, {"a": 1}]}


def test_a_batchs_own_context_is_looked_through_as_well() -> None:
    sent = {"batch": [], "context": {"ip": "192.0.2.1", "app": 1}}
    assert applied("batch", sent) == {"batch": [], "context": {"app": 1}}


def test_a_request_without_marked_names_goes_through_byte_by_byte() -> None:
    body = b'{ "batch" : [ {"event":"Song Played", "n": 1.50 , "big": 123456789012345678901234567890} ] }'
    assert RULES.applied("batch", body) is body


def test_items_without_marked_names_keep_their_bytes() -> None:
    body = b'{"batch":[{"a" : 1.50},{"traits":{"email":"ann@example.org"}}]}'
    assert b'{"a" : 1.50}' in RULES.applied("batch", body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"traits": {"\\u0065mail": "ann@example.org"}}',
        b'{"traits": {"email": "ann@example.org"}, "traits": {}}',
        b'{"traits": {"email": "ann@example.org", "email": ""}}',
        b'{"traits": {"email": "ann@example.org", "n": NaN}}',
        b'{"traits": {"email": "ann@example.org", "n": 123456789012345678901234567890}}',
        b'{"traits": {"email": "ann@example.org", "n": "\\ud800"}}',
        b'{"context": {"traits": [[{"email": ["ann@example.org"]}]]}}',
    ],
)
@pytest.mark.parametrize("path", ["identify", "batch"])
def test_no_spelling_brings_a_marked_value_past_the_door(path: str, body: bytes) -> None:
    if path == "batch":
        body = b'{"batch": [' + body + b"]}"
    assert b"ann@example.org" not in RULES.applied(path, body)


def test_what_cannot_be_taken_apart_is_not_let_through() -> None:
    with pytest.raises(Unreadable):
        RULES.applied("identify", b'{"traits": {"email": "ann@example.org"')


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("email", "Ann@Example.ORG ", "ann@example.org"),
        ("phone", "00886 (2) 2345-678", "+88622345678"),
        ("text", "Ann", "Ann"),
    ],
)
def test_a_value_is_made_equal_before_it_is_hashed(kind: Any, one: str, other: str) -> None:  # Any: a Literal
    assert hashed(one, kind, SECRET) == hashed(other, kind, SECRET)
    assert hashed(one, kind, SECRET) != hashed(one, kind, b"another shop's"), "shops cannot compare their customers"


def test_for_people_who_may_not_see_them_every_marked_value_is_covered() -> None:
    fields = [PersonalField(pointer="/traits/name"), PersonalField(pointer="/traits/email", action="hash")]
    cover = Rules(fields, b"", cover=True)
    assert applied("identify", {"traits": {"name": "Ann", "email": "x", "plan": "pro"}}, cover) == {
        "traits": {"name": COVERED, "email": COVERED, "plan": "pro"}
    }


FINITE = st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text() | FINITE
NAMES = st.sampled_from(["email", "phone", "guests", "ip", "a", "é"])
PLAIN = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["traits", "properties", "context", "userId"]), PLAIN, max_size=4))
def test_taking_out_twice_takes_out_no_more_and_nothing_else_changes(sent: dict[str, Any]) -> None:  # Any: JSON
    once = applied("track", sent)
    assert applied("track", once) == once
    assert once.get("userId") == sent.get("userId")
    unmarked = {name: value for name, value in _fields(sent) if not {"email", "phone", "ip", "address"} & set(name)}
    kept = dict(_fields(once))
    assert all(kept.get(name) == value for name, value in unmarked.items() if "emails" not in name)


def _fields(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:  # Any: JSON
    if isinstance(value, dict):
        return [found for name, inner in value.items() for found in _fields(inner, (*path, name))]
    if isinstance(value, list):
        return []  # places move when a neighbour is dropped
    return [(path, value)]
