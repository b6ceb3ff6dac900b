"""JSON Patch: the examples of RFC 6902's appendix, and what a patch that does not fit is told."""

from __future__ import annotations

from typing import Any  # Any: JSON

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.events.letters.core.patch import Operation, PatchError, faults_of, patched
from regulars.kernel.sayings import text_of

EXAMPLES: list[tuple[str, Any, Any, Any]] = [
    ("A.1", {"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
    (
        "A.2",
        {"foo": ["bar", "baz"]},
        [{"op": "add", "path": "/foo/1", "value": "qux"}],
        {"foo": ["bar", "qux", "baz"]},
    ),
    ("A.3", {"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
    ("A.4", {"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
    (
        "A.5",
        {"baz": "qux", "foo": "bar"},
        [{"op": "replace", "path": "/baz", "value": "boo"}],
        {"baz": "boo", "foo": "bar"},
    ),
    (
        "A.6",
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    (
        "A.7",
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    (
        "A.8",
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [{"op": "test", "path": "/baz", "value": "qux"}, {"op": "test", "path": "/foo/1", "value": 2}],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    ("A.9", {"baz": "qux"}, [{"op": "test", "path": "/baz", "value": "bar"}], None),
    (
        "A.10",
        {"foo": "bar"},
        [{"op": "add", "path": "/child", "value": {"grandchild": {}}}],
        {"foo": "bar", "child": {"grandchild": {}}},
    ),
    (
        "A.11",
        {"foo": "bar"},
        [{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}],
        {"foo": "bar", "baz": "qux"},
    ),
    ("A.12", {"foo": "bar"}, [{"op": "add", "path": "/baz/bat", "value": "qux"}], None),
    ("A.14", {"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
    ("A.15", {"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": "10"}], None),
    (
        "A.16",
        {"foo": ["bar"]},
        [{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}],
        {"foo": ["bar", ["abc", "def"]]},
    ),
    ("whole", {"foo": 1}, [{"op": "replace", "path": "", "value": {"bar": 2}}], {"bar": 2}),
    ("null", {"foo": None}, [{"op": "test", "path": "/foo", "value": None}], {"foo": None}),
    ("true is not 1", {"foo": 1}, [{"op": "test", "path": "/foo", "value": True}], None),
    ("1 is 1.0", {"foo": [1]}, [{"op": "test", "path": "/foo", "value": [1.0]}], {"foo": [1]}),
]


def steps(raw: Any) -> list[Operation]:
    return msgspec.convert(raw, type=list[Operation])


@pytest.mark.parametrize(
    ("item", "patch", "expected"), [example[1:] for example in EXAMPLES], ids=[e[0] for e in EXAMPLES]
)
def test_the_examples_of_the_standard(item: Any, patch: Any, expected: Any) -> None:
    assert faults_of(steps(patch)) == []
    if expected is None:
        with pytest.raises(PatchError, match=r"^Operation 1 \("):
            patched(item, steps(patch))
    else:
        assert patched(item, steps(patch)) == expected


@pytest.mark.parametrize(
    ("patch", "word"),
    [
        ([], "1 to 50"),
        ([{"op": "add", "path": "userId", "value": 1}], "no JSON pointer"),
        ([{"op": "add", "path": "/userId"}], "needs 'value'"),
        ([{"op": "move", "path": "/userId"}], "needs 'from'"),
        ([{"op": "copy", "path": "/a", "from": "b"}], "needs 'from'"),
        ([{"op": "move", "path": "/a/b", "from": "/a"}], "into itself"),
        ([{"op": "remove", "path": "/a"}] * 51, "has 51"),
    ],
)
def test_a_patch_that_is_none_is_told_why(patch: Any, word: str) -> None:
    assert word in text_of(faults_of(steps(patch))[0])


@pytest.mark.parametrize(
    ("item", "patch", "word"),
    [
        ({"a": [1]}, [{"op": "remove", "path": "/a/1"}], "no such place"),
        ({"a": [1]}, [{"op": "remove", "path": "/a/01"}], "no such place"),
        ({"a": [1]}, [{"op": "remove", "path": "/a/x"}], "no such place"),
        ({"a": 5}, [{"op": "add", "path": "/a/b", "value": 1}], "neither an object nor a list"),
        ({}, [{"op": "replace", "path": "/a", "value": 1}], "nothing there"),
        ({}, [{"op": "remove", "path": ""}], "whole item"),
        ({"a": 1}, [{"op": "test", "path": "/a", "value": 2}], "something else"),
    ],
)
def test_an_operation_that_does_not_fit_says_which_and_why(item: Any, patch: Any, word: str) -> None:
    with pytest.raises(PatchError, match=word):
        patched(item, steps(patch))


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab/~", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=6,
)


pointers = st.lists(st.sampled_from(["a", "b", "0", "1", "-", "~1"]), max_size=3).map(
    lambda parts: "".join(f"/{part}" for part in parts)
)
operations = st.builds(
    Operation,
    op=st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
    path=pointers,
    from_=st.sampled_from(["/a", "/b", "/a/0"]),
    value=values,
)


@given(item=st.dictionaries(st.text("ab", max_size=2), values, max_size=3), patch=st.lists(operations, max_size=4))
def test_a_patch_is_done_whole_or_not_at_all_and_never_changes_what_it_was_given(
    item: dict[str, Any], patch: list[Operation]
) -> None:
    before = msgspec.json.encode(item)
    told = "."
    if not faults_of(patch):
        try:
            patched(item, patch)
        except PatchError as error:
            told = str(error)
    assert told.endswith(".")
    assert msgspec.json.encode(item) == before
