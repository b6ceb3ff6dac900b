"""One change for many letters: JSON Patch (RFC 6902) on the items they hold. Values in, values out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal  # Any: JSON

import msgspec

from regulars.events.plans.core.pointers import parts_of
from regulars.kernel.sayings import Said, Sentence, said, text_of

OPERATIONS_MAX = 50


class Operation(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One step of a patch: what to do (`op`), where (`path`, a JSON pointer), with what (`value`) or `from` where."""

    op: Literal["add", "remove", "replace", "move", "copy", "test"]
    path: str
    from_: str | None = None
    value: Any = msgspec.UNSET  # Any: JSON


class PatchError(Exception):
    """The patch does not fit this item; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(text_of(sentence))
        self.sentence = sentence


class _MisfitError(Exception):
    """A step does not fit; the message is a part of the sentence's code."""


def faults_of(patch: Sequence[Operation]) -> list[Sentence]:
    """Return what is wrong with a patch whatever it is applied to, a sentence each."""
    if not 0 < len(patch) <= OPERATIONS_MAX:
        many = "A patch has 1 to {most} operations, this one has {count}."
        return [many.format(most=OPERATIONS_MAX, count=len(patch))]
    return [fault for number, step in enumerate(patch, 1) for fault in _faults_of_step(number, step)]


def _faults_of_step(number: int, step: Operation) -> Iterator[Sentence]:
    if parts_of(step.path) is None:
        yield said(
            "patch_no_pointer",
            "Operation {number}: {path!r} is no JSON pointer. Write it like '/properties/price'.",
            number=number,
            path=step.path,
        )
    if step.op in {"move", "copy"} and (step.from_ is None or parts_of(step.from_) is None):
        yield said(
            "patch_needs_from",
            "Operation {number}: {op} needs 'from', a JSON pointer such as '/anonymousId'.",
            number=number,
            op=step.op,
        )
    if step.op in {"add", "replace", "test"} and step.value is msgspec.UNSET:
        yield said("patch_needs_value", "Operation {number}: {op} needs 'value'.", number=number, op=step.op)
    if step.op == "move" and step.from_ is not None and step.path.startswith(step.from_ + "/"):
        yield said("patch_into_itself", "Operation {number}: nothing can be moved into itself.", number=number)


def patched(item: Any, patch: Sequence[Operation]) -> Any:  # Any: JSON
    """Return an item with every operation done, in order; the item given stays as it is.

    Raises
    ------
    PatchError
        When an operation does not fit; nothing of the patch is done then.

    >>> steps = [Operation(op="copy", path="/userId", from_="/anonymousId"), Operation(op="remove", path="/x")]
    >>> patched({"anonymousId": "a", "x": 1}, steps)
    {'anonymousId': 'a', 'userId': 'a'}
    """
    whole = [copy.deepcopy(item)]  # the root has a place of its own, so that it can be replaced like anything else
    for number, step in enumerate(patch, 1):
        try:
            _DO[step.op](whole, step)
        except _MisfitError as error:
            raise PatchError(_told(str(error), number, f"{step.op} {step.path}")) from None
    return whole[0]


def _told(misfit: str, number: int, step: str) -> Said:
    told = {
        "other": said(
            "patch_another_value",
            "Operation {number} ({step}): what stands there is something else.",
            number=number,
            step=step,
        ),
        "whole": said(
            "patch_whole_item",
            "Operation {number} ({step}): the whole item cannot be taken away.",
            number=number,
            step=step,
        ),
        "nothing": said(
            "patch_nothing_there", "Operation {number} ({step}): there is nothing there.", number=number, step=step
        ),
        "flat": said(
            "patch_nothing_inside",
            "Operation {number} ({step}): what stands above it is neither an object nor a list.",
            number=number,
            step=step,
        ),
        "place": said(
            "patch_no_place", "Operation {number} ({step}): the list has no such place.", number=number, step=step
        ),
    }
    return told[misfit]


def _add(whole: list[Any], step: Operation) -> None:  # Any, here and below: JSON
    _put(whole, step.path, copy.deepcopy(step.value))


def _remove(whole: list[Any], step: Operation) -> None:
    _take(whole, step.path)


def _replace(whole: list[Any], step: Operation) -> None:
    home, key = _find(whole, step.path)
    home[key] = copy.deepcopy(step.value)


def _move(whole: list[Any], step: Operation) -> None:
    assert step.from_ is not None, "a patch is checked before it is applied"
    _put(whole, step.path, _take(whole, step.from_))


def _copy(whole: list[Any], step: Operation) -> None:
    assert step.from_ is not None, "a patch is checked before it is applied"
    home, key = _find(whole, step.from_)
    _put(whole, step.path, copy.deepcopy(home[key]))


def _test(whole: list[Any], step: Operation) -> None:
    home, key = _find(whole, step.path)
    if not _equal(home[key], step.value):
        raise _MisfitError("other")


_DO: dict[str, Callable[[list[Any], Operation], None]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal as JSON: `true` is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and one == other if not _numbers(one, other) else one == other


def _numbers(one: Any, other: Any) -> bool:
    return isinstance(one, int | float) and isinstance(other, int | float)


def _put(whole: list[Any], pointer: str, value: Any) -> None:
    home, part = _home(whole, pointer)
    if isinstance(home, dict):
        home[part] = value
    elif home is whole:
        whole[0] = value
    else:
        home.insert(len(home) if part == "-" else _place(part, len(home)), value)


def _take(whole: list[Any], pointer: str) -> Any:
    home, key = _find(whole, pointer)
    if home is whole:
        raise _MisfitError("whole")
    return home.pop(key)


def _find(whole: list[Any], pointer: str) -> tuple[Any, Any]:
    """Return the object or list that something stands in, and its key there; it must be there."""
    home, part = _home(whole, pointer)
    if home is whole:
        return whole, 0
    if isinstance(home, dict):
        if part not in home:
            raise _MisfitError("nothing")
        return home, part
    return home, _place(part, len(home) - 1)


def _home(whole: list[Any], pointer: str) -> tuple[Any, str]:
    parts = parts_of(pointer)
    assert parts is not None, "a patch is checked before it is applied"
    if not parts:
        return whole, "0"
    home = whole[0]
    for part in parts[:-1]:
        if isinstance(home, dict) and part in home:
            home = home[part]
        elif isinstance(home, list):
            home = home[_place(part, len(home) - 1)]
        else:
            raise _MisfitError("nothing")
    if not isinstance(home, dict | list):
        raise _MisfitError("flat")
    return home, parts[-1]


def _place(part: str, last: int) -> int:
    if not (part.isascii() and part.isdigit() and (part == "0" or part[0] != "0")):
        raise _MisfitError("place")
    if int(part) > last:
        raise _MisfitError("place")
    return int(part)
