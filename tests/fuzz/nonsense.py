"""What could be wrong with a request? What real SDKs sent, changed by chance: the same seed makes the same requests."""

from __future__ import annotations

import base64
import copy
import gzip
import json
import random
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any  # Any: JSON

CAPTURES = Path(__file__).with_name("captures.jsonl")
KEYS = ("wk_open", "wk_closed", "wk_cookie", "wk_nobody", "", "wk_open ", "WK_OPEN", "\u0000", "wk_öpen")
PATHS = (
    "identify", "track", "page", "screen", "group", "alias", "batch", "import",
    "i", "t", "p", "s", "g", "a", "b", "m", "cookie",
)  # fmt: skip
OTHER_PATHS = (
    "/v1/projects/wk_open/settings", "/v1/projects//settings", "/v1/projects/\u4e2d\u0000/settings", "/sourceConfig",
    "/sourceConfig/", "/regulars.js",
)  # fmt: skip
METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "BREW", "post")
NAMES = (
    "type", "event", "name", "userId", "anonymousId", "previousId", "groupId", "messageId", "timestamp", "sentAt",
    "originalTimestamp", "receivedAt", "context", "properties", "traits", "integrations", "batch", "writeKey",
    "version",
    "channel", "category", "products", "product_id", "asset_id", "price", "quantity", "rating", "revenue", "currency",
    "email", "phone", "id", "ip", "direct", "device", "os", "library", "userAgent", "locale", "timezone", "page", "url",
    "externalIds", "slate_id", "items", "item_id", "position", "genres", "artist", "consent", "campaign", "replace",
    "forget", "", "\u0000", "__proto__", "a" * 300, "ключ", "鍵", "\U0001f511",
)  # fmt: skip
VALUES: tuple[Any, ...] = (  # Any: JSON
    10**400, None, True, False, 0, -1, 1, 0.1, -0.0, 1e308, -1e308, 5e-324, 2**31, 2**53, 2**63, 2**64,
    -(2**63) - 1,
    "", " ", "null", "undefined", "anonymous", "0", "-1", "00000000-0000-0000-0000-000000000000", "NaN", "Infinity",
    "\u0000", "a\u0000b", "\ufeff", "\u202e", "\U0001f469\u200d\U0001f680", "e\u0301" * 40, "x" * 200, "中" * 4_000,
    "x" * 33_000, "1970-01-01T00:00:00Z", "2016-01-01T00:00:00Z", "2199-12-31T23:59:59.999999999Z",
    "0000-00-00T00:00:00Z", "9999-12-31T23:59:60+23:59", "10000-01-01T00:00:00Z", "2024-02-30T00:00:00Z",
    "2024-02-29T24:00:00Z", "2024-02-29 12:00", "1700000000", "1700000000000", "-62135596801", "Tue, 1 Jan 2030",
    1_700_000_000, 1_700_000_000_000, 1_700_000_000.5, -1e18, "../../etc/passwd", "' OR 1=1 --", "<script>",
    "a@b", "ann@shop.example", "+886 912 345 678", "track", "Order Completed", "Song Played", "Product Viewed",
    "Slate Shown", "Customers Merged", "Order Refunded", "batch", [], {}, [[]], [{}], [None], {"": {}},
    {"a": [1, {"b": None}]}, [1, "a", None, {"product_id": 5, "quantity": -3, "price": "1e999"}],
    {"product_id": {"x": 1}}, [{"id": "1", "type": "email"}],
)  # fmt: skip
RAW = (
    b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1" * 400, b"0x10", b"01", b"1.", b".5", b'"\\ud800"',
    b'"\\udfff\\ud800"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\xff\xfe"', b'"\\u0000"', b"'a'", b"undefined", b"//c\n1",
    b"[1,]", b'{"a":1,}', b'{"a":1,"a":2}', b"\xef\xbb\xbf{}", b"\x00", b'"\n"', b'"\\x"', b"[" * 3_000,
    b'{"a":' * 3_000,
    b"[" * 700 + b"]" * 700, b'{"a":' * 700 + b"1" + b"}" * 700, b"9" * 5_000, b'"' + b"\\u0000" * 2_000 + b'"',
)  # fmt: skip
AUTHORIZATIONS = (
    b"", b"Basic", b"Basic ", b"Basic !!!", b"Basic d2tfb3BlbjA=", b"basic d2tfb3Blbg==", b"Basic d2tfb3Blbjo=",
    b"Bearer wk_open", b"Bearer \xff\xfe", b"Digest a=b", b"Basic " + b"A" * 8_000, b"Basic /////w==", b"\xe4\xb8\xad",
)  # fmt: skip
ENCODINGS = (b"gzip", b"x-gzip", b"GZIP ", b"deflate", b"br", b"zstd", b"identity", b"", b"\xff", b"gzip, gzip")
LENGTHS = (b"0", b"1", b"-1", b"abc", b"9" * 18, b"9" * 5_000, b"\xb2", b"1e3", b" 5")
TYPES = (b"application/json", b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data", b"\xff", b"")
ORIGINS = (b"null", b"http://shop.example", b"*", b"", b"file://", b"http://\xff", b"x" * 2_000)
ODD_HEADERS = (
    b"anonymousid", b"cookie", b"sec-fetch-site", b"x-forwarded-for", b"host", b"user-agent", b"if-none-match",
    b"access-control-request-headers", b"accept-encoding", b"sentat", b"x-retry-count", b"referer",
)  # fmt: skip

Json = Any  # Any: JSON
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Sent:
    """One request, and how it arrives: in parts, or broken off."""

    method: str
    path: str
    headers: Headers
    body: bytes
    query: bytes = b""
    parts: int = 1
    breaks_off: bool = False
    changes: tuple[str, ...] = field(default=(), compare=False)


def captures() -> list[Sent]:
    """Return what the SDKs of Segment and RudderStack and our own really sent."""
    found = []
    for line in CAPTURES.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        body = base64.b64decode(said["base64"]) if "base64" in said else said["text"].encode()
        headers = [(name.encode(), value.encode("latin-1")) for name, value in said["headers"].items()]
        found.append(Sent(said["method"], said["path"], headers, body))
    return found


class Nonsense:
    """Makes requests, one after another, from a seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._true = captures()
        self._posts = [sent for sent in self._true if sent.method == "POST"]
        self._last = b""

    def requests(self, count: int) -> Iterator[Sent]:
        """Yield so many requests; about a tenth is left as it was."""
        for _ in range(count):
            yield self.request()

    def request(self) -> Sent:
        """Return one request."""
        chance = self.chance
        sent = chance.choice(self._posts if chance.random() < 0.9 else self._true)
        for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 5))):
            change = chance.choices(_CHANGES, _OFTEN)[0]
            sent = replace(change(self, sent), changes=(*sent.changes, change.__name__))
        self._last = sent.body[:100_000]
        return sent

    def value(self) -> Json:
        """Return a value that somebody may have to digest."""
        return copy.deepcopy(self.chance.choice(VALUES))  # for it may be changed further

    def within(self, length: int) -> int:
        """Return a place in something that long, its ends often."""
        return self.chance.choice((0, length, self.chance.randint(0, length), self.chance.randint(0, length)))


def _changed_structure(nonsense: Nonsense, sent: Sent) -> Sent:
    """Change values, names and shapes in what is JSON."""
    plain, packed = _plain(sent)
    try:
        said = json.loads(plain)
    except (ValueError, RecursionError):
        return sent
    for _ in range(nonsense.chance.choice((1, 1, 2, 4))):
        said = _mutated(nonsense, said)
    try:
        body = json.dumps(said, ensure_ascii=nonsense.chance.random() < 0.3).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return sent
    return replace(sent, body=gzip.compress(body, 1) if packed else body)


def _mutated(nonsense: Nonsense, said: Json) -> Json:
    chance = nonsense.chance
    holder, place = _place_in(chance, said)
    if holder is None or chance.random() < 0.03:
        return nonsense.value()
    what = chance.random()
    if what < 0.6:
        holder[place] = nonsense.value()
    elif what < 0.7:
        del holder[place]
    elif what < 0.85 and isinstance(holder, dict):
        holder[chance.choice(NAMES)] = chance.choice((nonsense.value(), holder[place]))
    elif what < 0.95 and isinstance(holder, list):
        holder.extend([holder[place]] * chance.choice((1, 3, 60)))
    else:
        holder[place] = [holder[place]] if chance.random() < 0.5 else {chance.choice(NAMES): holder[place]}
    return said


def _place_in(chance: random.Random, said: Json) -> tuple[Json, Json]:
    """Return where a value stands, at any depth: what holds it, and its place there."""
    holder, place = None, None
    while isinstance(said, dict | list) and said and (holder is None or chance.random() < 0.7):
        holder = said
        place = chance.choice(list(said)) if isinstance(said, dict) else chance.randrange(len(said))
        said = holder[place]
    return holder, place


def _changed_bytes(nonsense: Nonsense, sent: Sent) -> Sent:
    """Cut, turn, double and mix bytes."""
    chance, body = nonsense.chance, bytearray(sent.body)
    what = chance.randrange(7)
    start, end = sorted((nonsense.within(len(body)), nonsense.within(len(body))))
    if what == 0:
        del body[start:]
    elif what == 1:
        del body[start:end]
    elif what == 2 and body:
        for _ in range(chance.choice((1, 2, 8))):
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    elif what == 3:
        body[start:start] = chance.choice(RAW)
    elif what == 4:
        body[start:end] = bytes(body[start:end]) * chance.choice((2, 3, 20))
    elif what == 5:
        body[start:end] = nonsense._last[: chance.choice((1, 40, 4_000))]
    else:
        body[start:start] = chance.randbytes(chance.choice((1, 4, 64)))
    return replace(sent, body=bytes(body[:1_500_000]))


def _raw_value(nonsense: Nonsense, sent: Sent) -> Sent:
    """Put something that is no JSON, or hardly, where a value stands."""
    body, chance = sent.body, nonsense.chance
    places = [found.end() for found in _BEFORE_A_VALUE.finditer(body, *_window(chance, body, 400))]
    if not places:
        return replace(sent, body=chance.choice(RAW))
    start = chance.choice(places)
    after = _AFTER_A_VALUE.search(body, start, start + 200)
    return replace(sent, body=body[:start] + chance.choice(RAW) + body[after.start() if after else start :])


_BEFORE_A_VALUE = re.compile(rb"[:\[,]")
_AFTER_A_VALUE = re.compile(rb"[,}\]]")


def _window(chance: random.Random, body: bytes, size: int) -> tuple[int, int]:
    start = chance.randint(0, max(0, len(body) - size))
    return start, start + size


def _packed(nonsense: Nonsense, sent: Sent) -> Sent:
    """Pack it, well or badly, once or twice; sometimes a bomb."""
    chance = nonsense.chance
    what, headers = chance.randrange(8), _without(sent.headers, b"content-encoding")
    encoding = chance.choice(ENCODINGS)
    bodies: tuple[Callable[[], bytes], ...] = (
        lambda: gzip.compress(sent.body, 1),
        lambda: gzip.compress(gzip.compress(sent.body, 1), 1),
        lambda: gzip.compress(sent.body, 1)[: -chance.randint(1, 12)],
        lambda: gzip.compress(sent.body, 1) + b"more",
        lambda: zlib.compress(sent.body, 1),
        lambda: _BOMBS[chance.randrange(len(_BOMBS))],
        lambda: b"\x1f\x8b" + sent.body,
        lambda: sent.body,
    )
    return replace(sent, body=bodies[what](), headers=[*headers, (b"content-encoding", encoding)])


_BOMBS = (
    gzip.compress(b" " * 20_000_000, 9),
    gzip.compress(b'{"batch":[' + b"[" * 400_000, 9),
    gzip.compress(b'{"batch":[' + b"{}," * 3_000 + b"{}]}", 9),
    gzip.compress(b'{"batch":[' + b'{"type":"track","event":"e","userId":"u"},' * 2_600 + b"{}]}", 9),
)


def _encoded_otherwise(nonsense: Nonsense, sent: Sent) -> Sent:
    """Write it in another alphabet than UTF-8."""
    codec = nonsense.chance.choice(("utf-16", "utf-16-le", "utf-32", "utf-7", "latin-1", "utf-8-sig", "shift_jis"))
    return replace(sent, body=sent.body.decode("utf-8", "replace").encode(codec, "replace"))


def _other_headers(nonsense: Nonsense, sent: Sent) -> Sent:
    """Change a header, or have it twice."""
    chance = nonsense.chance
    name, values = chance.choice(
        (
            (b"authorization", AUTHORIZATIONS), (b"content-length", LENGTHS), (b"content-type", TYPES),
            (b"origin", ORIGINS), (b"content-encoding", ENCODINGS),
            (chance.choice(ODD_HEADERS), (b"", b"\xff" * 30, b"a=b; c", b"x" * 9_000, b"same-site", b"1, 2", b"%00")),
        )
    )  # fmt: skip
    headers = sent.headers if chance.random() < 0.2 else _without(sent.headers, name)
    return replace(sent, headers=[*headers, (name, chance.choice(values))])


def _other_key(nonsense: Nonsense, sent: Sent) -> Sent:
    """Come with another key, in the body, the header or the address."""
    chance = nonsense.chance
    key = chance.choice(KEYS).encode()
    what = chance.randrange(3)
    if what == 0:
        return replace(sent, body=sent.body.replace(b"wk_open", key))
    if what == 1:
        return replace(sent, query=b"writeKey=" + chance.choice((key, b"%ff", b"%", b"a&writeKey=b", b"x" * 5_000)))
    basic = b"Basic " + base64.b64encode(key + b":")
    return replace(sent, headers=[*_without(sent.headers, b"authorization"), (b"authorization", basic)])


def _other_path(nonsense: Nonsense, sent: Sent) -> Sent:
    """Knock at another address."""
    chance = nonsense.chance
    path = "/v1/" + chance.choice(PATHS) if chance.random() < 0.9 else chance.choice(OTHER_PATHS)
    return replace(sent, path=path)


def _other_method(nonsense: Nonsense, sent: Sent) -> Sent:
    """Ask instead of telling."""
    return replace(sent, method=nonsense.chance.choice(METHODS))


def _in_parts(nonsense: Nonsense, sent: Sent) -> Sent:
    """Arrive in parts, or not at all."""
    return replace(sent, parts=nonsense.chance.choice((2, 3, 40)), breaks_off=nonsense.chance.random() < 0.2)


def _many(nonsense: Nonsense, sent: Sent) -> Sent:
    """Send a batch of many, or a large one."""
    plain, _ = _plain(sent)
    if not plain.startswith(b"{"):
        return sent
    times = max(1, min(nonsense.chance.choice((2, 30, 600, 3_000)), 700_000 // max(len(plain), 1)))
    body = b'{"writeKey":"wk_open","batch":[' + b",".join([plain] * times) + b"]}"
    return replace(sent, path="/v1/batch", body=body, headers=_without(sent.headers, b"content-encoding"))


_CHANGES: tuple[Callable[[Nonsense, Sent], Sent], ...] = (
    _changed_structure, _changed_bytes, _raw_value, _packed, _encoded_otherwise, _other_headers, _other_key,
    _other_path, _other_method, _in_parts, _many,
)  # fmt: skip
_OFTEN = (40, 16, 10, 4, 3, 8, 5, 8, 1, 4, 1)


def _plain(sent: Sent) -> tuple[bytes, bool]:
    if not sent.body.startswith(b"\x1f\x8b"):
        return sent.body, False
    try:
        return zlib.decompressobj(wbits=31).decompress(sent.body, 1_000_000), True
    except zlib.error:
        return sent.body, False


def _without(headers: Headers, name: bytes) -> Headers:
    return [pair for pair in headers if pair[0] != name]
