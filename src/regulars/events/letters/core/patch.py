"""One change for many letters: JSON Patch (RFC 6902) on the items they hold. Values in, values out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, Literal  # Any: JSON

import msgspec

from regulars.events.plans.core.pointers import parts_of

OPERATIONS_MAX = 50


class Operation(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One step of a patch: what to do (`op`), where (`path`, a JSON pointer), with what (`value`) or `from` where."""

    op: Literal["add", "remove", "replace", "move", "copy", "test"]
    path: str
    from_: str | None = None
    value: Any = msgspec.UNSET  # Any: JSON


class PatchError(Exception):
    """The patch does not fit this item; the message is a sentence."""


def faults_of(patch: Sequence[Operation]) -> list[str]:
    """Return what is wrong with a patch whatever it is applied to, a sentence each."""
    if not 0 < len(patch) <= OPERATIONS_MAX:
        return [f"A patch has 1 to {OPERATIONS_MAX} operations, this one has {len(patch)}."]
    faults: list[str] = []
    for number, step in enumerate(patch, 1):
        if parts_of(step.path) is None:
            faults.append(f"Operation {number}: {step.path!r} is no JSON pointer. Write it like '/properties/price'.")
        if step.op in {"move", "copy"} and (step.from_ is None or parts_of(step.from_) is None):
            faults.append(f"Operation {number}: {step.op} needs 'from', a JSON pointer such as '/anonymousId'.")
        if step.op in {"add", "replace", "test"} and step.value is msgspec.UNSET:
            faults.append(f"Operation {number}: {step.op} needs 'value'.")
        if step.op == "move" and step.from_ is not None and step.path.startswith(step.from_ + "/"):
            faults.append(f"Operation {number}: nothing can be moved into itself.")
    return faults


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
        except PatchError as error:
            raise PatchError(f"Operation {number} ({step.op} {step.path}): {error}") from None
    return whole[0]


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
        raise PatchError("what stands there is something else.")


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
        raise PatchError("the whole item cannot be taken away.")
    return home.pop(key)


def _find(whole: list[Any], pointer: str) -> tuple[Any, Any]:
    """Return the object or list that something stands in, and its key there; it must be there."""
    home, part = _home(whole, pointer)
    if home is whole:
        return whole, 0
    if isinstance(home, dict):
        if part not in home:
            raise PatchError("there is nothing there.")
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
            raise PatchError("there is nothing there.")
    if not isinstance(home, dict | list):
        raise PatchError("what stands above it is neither an object nor a list.")
    return home, parts[-1]


def _place(part: str, last: int) -> int:
    if not (part.isascii() and part.isdigit() and (part == "0" or part[0] != "0")):
        raise PatchError(f"{part!r} is no place of a list.")
    if int(part) > last:
        raise PatchError(f"the list has no place {part}.")
    return int(part)
