"""What was sent, before anything is known of it: one call, or a batch with its items untouched. Values in, values out.

Strict JSON wherever that will do; what only Python would call JSON is taken apart as well, so that the sound items of
a batch are not lost with the unsound one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any  # Any: what strangers send

import msgspec

from regulars.events.clean import NESTING_MAX


class Item(msgspec.Struct, rename="camel"):
    """One call as it was sent; every part may be anything."""

    type: Any = None  # Any, here and below: checked by the rules of this file
    event: Any = None
    name: Any = None
    category: Any = None
    user_id: Any = None
    anonymous_id: Any = None
    previous_id: Any = None
    group_id: Any = None
    message_id: Any = None
    properties: Any = None
    traits: Any = None
    context: Any = None
    write_key: Any = None
    timestamp: Any = None
    original_timestamp: Any = None
    sent_at: Any = None


class Envelope(msgspec.Struct, rename="camel"):
    """A batch as it was sent, its items untouched."""

    batch: list[msgspec.Raw]
    context: Any = None  # Any: merged into every item when it is an object
    sent_at: Any = None  # Any: a moment, we hope
    write_key: Any = None  # Any: a text, we hope


class UnreadableError(Exception):
    """The body is no JSON at all, or not of the promised shape; the message is a sentence for the sender.

    `code` is the reason's, `at` the field at fault where one is.
    """

    def __init__(self, sentence: str, *, code: str, at: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.at = at


_decode_item = msgspec.json.Decoder(Item).decode
_decode_envelope = msgspec.json.Decoder(Envelope).decode
_LOOSE = json.JSONDecoder()
_BLANKS = re.compile(r"[ \t\n\r]*")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")  # what `surrogateescape` makes of such a byte
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SAID_KEY = re.compile(rb'"writeKey"\s*:\s*"([^"\\]{1,200})"')
TOO_LARGE = "A number is too large to be kept."
NO_BATCH = 'A batch is an object with a list: {"batch": [{"type": "track", …}]}.'


def split_batch(body: bytes) -> tuple[Envelope, bool]:
    """Return a batch with its items still raw, and whether the body was strict JSON.

    A body that only Python would call JSON (`NaN`, `Infinity`, half of a surrogate pair) is taken apart all the same,
    so that its sound items are not lost with the unsound one.

    Raises
    ------
    UnreadableError
        When it cannot be taken apart.

    """
    try:
        return _decode_envelope(body), True
    except msgspec.ValidationError as error:
        if "out of range" in str(error):
            raise UnreadableError(TOO_LARGE, code="number_too_large") from None
        raise UnreadableError(NO_BATCH, code="no_batch") from None
    except RecursionError:
        raise UnreadableError(f"The body is nested deeper than {NESTING_MAX} levels.", code="too_deep") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # the latter for a name in the envelope's own objects
        return _split_loosely(body, error), False


def read_item(raw: bytes | msgspec.Raw) -> Item:
    """Return one call as it was sent.

    Raises
    ------
    UnreadableError
        When it is no JSON object.

    """
    try:
        return _decode_item(raw)
    except msgspec.ValidationError as error:
        if "out of range" in str(error):
            raise UnreadableError(TOO_LARGE, code="number_too_large") from None
        raise UnreadableError("An event is a JSON object: {…}.", code="not_an_object") from None
    except RecursionError:
        raise UnreadableError(f"The event is nested deeper than {NESTING_MAX} levels.", code="too_deep") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise not_json(bytes(raw), error) from None


def key_in(body: bytes) -> str:
    """Return the write key in a body, whole or cut off, of a call or a batch; empty when there is none to be found.

    >>> key_in(b'{"batch": [{"writeKey": "wk_1", "event": "x'), key_in(b'{"event": "x"}')
    ('wk_1', '')
    """
    try:
        found = _decode_item(body).write_key
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, str):
        return found
    said = _SAID_KEY.search(body)
    return said[1].decode("utf-8", "replace") if said else ""


def not_json(raw: bytes, error: Exception) -> UnreadableError:
    """Return what is wrong with something that strict JSON refuses."""
    seen: list[str] = []
    try:
        json.loads(raw, parse_constant=seen.append)
    except UnicodeDecodeError:
        return UnreadableError("The body is not UTF-8, which JSON always is (RFC 8259).", code="not_utf8")
    except RecursionError:
        return UnreadableError(f"The body is nested deeper than {NESTING_MAX} levels.", code="too_deep")
    except ValueError:
        return UnreadableError(f"The body is not JSON: {_fault_in(error)}.", code="not_json")
    if seen:
        sentence = f"{seen[0]} is not a number in JSON (RFC 8259); send null or leave it out."
        return UnreadableError(sentence, code="not_a_number")
    sentence = "A text holds half of a surrogate pair (\\ud800 to \\udfff alone), which is no character. "
    sentence += "Cut texts between characters."
    return UnreadableError(sentence, code="half_surrogate")


def _fault_in(error: Exception) -> str:
    """Return what the parser says, said once.

    >>> _fault_in(ValueError("JSON is malformed: invalid character (byte 11)"))
    'invalid character (byte 11)'
    """
    said = str(error).removeprefix("JSON is malformed: ")
    return "it ends too early" if said == "Input data was truncated" else said


def too_large(size: int, most: int) -> str:
    """Return the sentence for an event above the limit."""
    return f"An event has at most {most:,} bytes, this one has {size:,}. Send the address of large contents, not them."


def strip_mark(body: bytes) -> bytes:
    """Return the body without the byte order mark that some tools put before UTF-8."""
    return body.removeprefix(_BYTE_ORDER_MARK)


def _split_loosely(body: bytes, error: Exception) -> Envelope:
    """Return a batch whose items stand byte for byte as they were sent, whatever is wrong with some of them."""
    text = body.decode("utf-8", "surrogateescape")
    try:
        found, items = _in_envelope(text)
    except (ValueError, IndexError, RecursionError):
        raise not_json(body, error) from None
    if items is None:
        raise UnreadableError(NO_BATCH, code="no_batch")
    if _NOT_UTF8.search(_around(text, items)):
        raise not_json(body, error)
    told = {name: text[begin:end] for name, (begin, end) in found.items()}
    raws = [msgspec.Raw(text[begin:end].encode("utf-8", "surrogateescape")) for begin, end in items]
    sent_at, write_key = (_LOOSE.decode(told.get(name, "null")) for name in ("sentAt", "writeKey"))
    return Envelope(raws, _context(told.get("context", "null").encode()), sent_at, write_key)


def _context(raw: bytes) -> Any:  # Any: JSON
    """Return the context that every item shares; where it cannot be kept nothing is taken, or it would be lost."""
    try:
        return msgspec.json.decode(raw)
    except msgspec.ValidationError:
        raise UnreadableError(TOO_LARGE, code="number_too_large") from None
    except msgspec.DecodeError as error:
        raise not_json(raw, error) from None


def _around(text: str, items: Sequence[tuple[int, int]]) -> str:
    """Return what stands around the items: one of them that is not UTF-8 is refused alone, an envelope whole."""
    ends, begins = [0, *(end for _, end in items)], [*(begin for begin, _ in items), len(text)]
    return "".join(text[end:begin] for end, begin in zip(ends, begins, strict=True))


def _in_envelope(text: str) -> tuple[dict[str, tuple[int, int]], list[tuple[int, int]] | None]:
    """Return where each thing that a batch says of itself stands, and each item; None without a list of them."""
    found: dict[str, tuple[int, int]] = {}
    items: list[tuple[int, int]] | None = None
    at = _blanks(text, 0)
    if text[at] != "{":
        _end(text, _value(text, at)[1])
        return found, None
    at = _blanks(text, at + 1)
    while text[at] != "}":
        name, at = _value(text, at)
        at = _blanks(text, at)
        if not isinstance(name, str) or text[at] != ":":
            raise ValueError("a name and a colon were expected")
        at = _blanks(text, at + 1)
        if name == "batch":
            items, at = _in_list(text, at) if text[at] == "[" else (None, _value(text, at)[1])
        else:
            found[name] = at, _value(text, at)[1]
            at = found[name][1]
        at = _next(text, at, "}")
    _end(text, at + 1)
    return found, items


def _in_list(text: str, at: int) -> tuple[list[tuple[int, int]], int]:
    """Return where each entry of a list stands, and where the list ends."""
    entries = []
    at = _blanks(text, at + 1)
    while text[at] != "]":
        _, end = _value(text, at)
        entries.append((at, end))
        at = _next(text, end, "]")
    return entries, at + 1


def _value(text: str, at: int) -> tuple[Any, int]:  # Any: JSON as it was sent
    return _LOOSE.raw_decode(text, at)


def _blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    assert found is not None, "it matches nothing, too"
    return found.end()


def _next(text: str, at: int, closing: str) -> int:
    """Return where the next entry begins, or where `closing` stands."""
    at = _blanks(text, at)
    if text[at] == closing:
        return at
    after = _blanks(text, at + 1)
    if text[at] != "," or text[after] == closing:
        raise ValueError("a comma and another entry were expected")
    return after


def _end(text: str, at: int) -> None:
    if _blanks(text, at) != len(text):
        raise ValueError("nothing was expected here any more")
