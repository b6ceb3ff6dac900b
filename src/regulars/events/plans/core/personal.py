"""Taking what is about a person out of a request, before anything of it is kept.

Only the marked values change: they are hashed (HMAC-SHA256 with a secret of the shop, so that the same address is
the same word wherever it appears), dropped, or for people who may not see them, covered. A request that holds none of
the marked names goes through byte by byte as it came.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal  # Any: whatever was sent

import msgspec

from regulars.events.plans.core.plan import Normal, PersonalField
from regulars.events.plans.core.pointers import ANY, parts_of

HASH_PREFIX = "hmac-sha256:"
COVERED = "•••"
BATCH = "batch"
_HASHED = re.compile(HASH_PREFIX + r"[0-9a-f]{64}")
_NOT_DIALLED = re.compile(r"[^0-9+]")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 _.$-]+")
_GONE = object()

_decode_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode

Deed = Literal["hash", "drop", "cover"]


class Unreadable(Exception):  # noqa: N818 (an answer to the door, which says it in its own words)
    """A body that cannot be taken apart, so that nobody can say what is personal in it."""


class _Node:
    """A place in a call, with the places under it; `deed` is what happens to whatever stands there."""

    __slots__ = ("deed", "kind", "under")

    def __init__(self) -> None:
        self.deed: Deed | None = None
        self.kind: Normal = "text"
        self.under: dict[str, _Node] = {}


class Rules:
    """What is done with the personal fields of the calls of a source.

    >>> rules = Rules([PersonalField(pointer="/traits/email", action="drop")], b"secret")
    >>> rules.applied("identify", b'{"userId": "ann", "traits": {"email": "ann@example.org", "plan": "pro"}}')
    b'{"userId":"ann","traits":{"plan":"pro"}}'
    """

    def __init__(self, fields: Iterable[PersonalField], secret: bytes, *, cover: bool = False) -> None:
        """Prepare the rules. With `cover` every marked field is covered, whatever its action."""
        self._secret = secret
        self._sections: dict[str, _Node] = {}
        names: set[str] = set()
        for field in fields:
            if field.action == "keep" and not cover:
                continue
            for pointer in field.pointers():
                parts = parts_of(pointer) or []
                self._plant(parts, "cover" if cover else field.action, field.kind)  # type: ignore[arg-type]  # "keep" went above
                names.add(next((part for part in reversed(parts) if part != ANY), parts[0]))
        self._plain = all(_PLAIN_NAME.fullmatch(name) for name in names)
        self._quoted = tuple(f'"{name}"'.encode() for name in sorted(names))
        context = self._sections.get("context")
        self.hides_address = context is not None and "ip" in context.under and not cover

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._sections)

    def may_touch(self, raw: bytes) -> bool:
        r"""Return whether a text may hold a marked field; a name can hide behind `\u0065`."""
        return not self._plain or b"\\u" in raw or any(quoted in raw for quoted in self._quoted)

    def applied(self, path: str, body: bytes) -> bytes:
        """Return a request's body with the rules carried out.

        Raises
        ------
        Unreadable
            When it is neither JSON nor what Python takes for JSON.

        """
        if not self._sections or not self.may_touch(body):
            return body
        try:
            return self._batch(body) if path == BATCH else self._item(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, OverflowError, RecursionError):
            return self._loosely(path, body)

    def applied_to(self, section: str, value: Any) -> Any:  # Any: as it was sent
        """Return a section of a call (`properties`, `traits`, `context`) with the rules carried out."""
        node = self._sections.get(section)
        return value if node is None else self._walked(value, node)

    def _plant(self, parts: list[str], deed: Deed, kind: Normal) -> None:
        node = self._sections.setdefault(parts[0], _Node())
        for part in parts[1:]:
            node = node.under.setdefault(part, _Node())
        node.deed, node.kind = deed, kind

    def _batch(self, body: bytes) -> bytes:
        parts = self._parts(body)
        if BATCH in parts:
            parts[BATCH] = [self._raw_item(raw) for raw in _decode_items(parts[BATCH])]
        return _encode(parts)

    def _raw_item(self, raw: msgspec.Raw) -> msgspec.Raw:
        sent = bytes(raw)
        is_object = sent.lstrip()[:1] == b"{"
        return msgspec.Raw(self._item(sent)) if is_object and self.may_touch(sent) else raw

    def _item(self, raw: bytes) -> bytes:
        return _encode(self._parts(raw))

    def _parts(self, raw: bytes) -> dict[str, Any]:  # Any: raw or rewritten
        """Return the parts of an object, the sections that the rules speak of rewritten, all others as they came."""
        return {
            name: self.applied_to(name, _decode(part)) if name in self._sections else part
            for name, part in _decode_parts(raw).items()
        }

    def _loosely(self, path: str, body: bytes) -> bytes:
        try:
            found = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Unreadable from error
        items = found.get(BATCH) if path == BATCH and isinstance(found, dict) else None
        for item in [found, *(items if isinstance(items, list) else [])]:
            if isinstance(item, dict):
                item.update({name: self.applied_to(name, item[name]) for name in self._sections if name in item})
        return json.dumps(found).encode()

    def _walked(self, value: Any, node: _Node) -> Any:  # Any: as it was sent
        if node.deed is not None:
            return self._done(value, node)
        if isinstance(value, list):
            # A list where one thing was promised, and one thing where a list was: the rules hold all the same.
            return self._each(value, node.under.get(ANY, node))
        star = node.under.get(ANY)
        if not isinstance(value, dict):
            return value if star is None else self._walked(value, star)
        changed = self._named(value, node)
        if star is None:
            return changed
        if star.deed is None:
            changed = self._named(changed, star)
        return dict(_without(zip(changed, self._all(changed.values(), star), strict=True)))

    def _named(self, value: dict[str, Any], node: _Node) -> dict[str, Any]:  # Any: as it was sent
        under = node.under
        walked = ((name, self._walked(one, under[name]) if name in under else one) for name, one in value.items())
        return dict(_without(walked))

    def _each(self, values: list[Any], node: _Node) -> list[Any]:  # Any: as they were sent
        return [one for one in self._all(values, node) if one is not _GONE]

    def _all(self, values: Iterable[Any], node: _Node) -> Iterator[Any]:  # Any: as they were sent
        return (self._walked(one, node) for one in values)

    def _done(self, value: Any, node: _Node) -> Any:  # Any: as it was sent
        if node.deed == "drop":
            return _GONE
        if isinstance(value, dict):
            return {name: self._done(inner, node) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._done(inner, node) for inner in value]
        if value is None or value == "":
            return value
        return COVERED if node.deed == "cover" else hashed(value, node.kind, self._secret)


def hashed(value: str | float | bool, kind: Normal, secret: bytes) -> str:
    """Return the word that stands for a value; one that is hashed already stays.

    >>> hashed(" Ann@Example.org", "email", b"s") == hashed("ann@example.org", "email", b"s")
    True
    >>> hashed("00886 2-1234", "phone", b"s") == hashed("+88621234", "phone", b"s")
    True
    """
    said = value if isinstance(value, str) else _encode(value).decode()
    if _HASHED.fullmatch(said):
        return said
    digest = hmac.new(secret, _NORMALIZE[kind](said).encode("utf-8", "surrogatepass"), hashlib.sha256)
    return HASH_PREFIX + digest.hexdigest()


def _without(pairs: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:  # Any: as they were sent
    return ((name, value) for name, value in pairs if value is not _GONE)


def _email(said: str) -> str:
    return said.strip().casefold()


def _phone(said: str) -> str:
    digits = _NOT_DIALLED.sub("", said)
    return "+" + digits[2:] if digits.startswith("00") else digits


_NORMALIZE: dict[Normal, Callable[[str], str]] = {"text": str, "email": _email, "phone": _phone}
