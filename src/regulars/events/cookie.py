"""A visitor's anonymous id in a cookie that the shop's own domain sets, for browsers that forget what a script wrote.

`POST /v1/cookie` from a page of the same site: the id in the cookie comes before the one that the page remembers, and
both are renewed. No event, no database, no log; only a source that may (`cookie`) gets one. A page of another site is
refused, so that nobody can be followed from one site to the next, and nobody's id can be set or read from outside.
"""

from __future__ import annotations

import re
from uuid import uuid4

import msgspec

from regulars.events.answers import JSON, Headers, RefusedError, Scope
from regulars.events.clean import identifier
from regulars.events.keys import KeyedSource, Keys
from regulars.events.request import Headed, header, header_key, query_key

PATH = "/v1/cookie"
NAME = b"regulars_id"
TLS_NAME = b"__Host-regulars_id"  # the prefix: set by this very host over TLS, or not at all
AGE_S = 34_560_000  # 400 days, the most that browsers allow
BODY_BYTES_MAX = 4_096
_USABLE = re.compile(r"[A-Za-z0-9._~|:-]{1,128}")
_SAME_SITE = frozenset({b"same-origin", b"same-site"})
_LOCAL = re.compile(r"(.*\.)?localhost|127\.0\.0\.1|\[::1\]")


class Said(msgspec.Struct, rename="camel"):
    """What a page says about its visitor."""

    write_key: str = ""
    anonymous_id: str | None = None
    replace: bool = False
    forget: bool = False


def answer(scope: Scope, headed: Headed, body: bytes, keys: Keys) -> tuple[int, Headers, bytes]:
    """Return the answer to a page that asks who its visitor is, with the cookie renewed.

    Raises
    ------
    RefusedError
        When the page is of another site, its source may keep no cookie, or what it says cannot be read.

    """
    said = _read(body)
    source = _source(said, scope, headed, keys)
    if not source.cookie:
        sentence = f"The source {source.name!r} keeps no cookie. Switch it on under Sources & keys."
        raise RefusedError(403, sentence, code="invalid")
    if not is_same_site(header(scope, b"sec-fetch-site"), headed.origin, headed.host):
        sentence = "A cookie is kept for pages of this address's own site only: put the shop on a subdomain of theirs."
        raise RefusedError(403, sentence, code="invalid")
    tls = scope.get("scheme") == "https"
    if not tls and not _LOCAL.fullmatch(_host(headed.host)):
        sentence = "A cookie is kept over https only. Behind a proxy that speaks TLS, set serve.base_url to https://…"
        raise RefusedError(403, sentence, code="invalid")
    name = TLS_NAME if tls else NAME
    if said.forget:
        return 200, [JSON, _NO_STORE, _cookie(name, b"", 0)], b'{"anonymousId":null}'
    offered = _usable(said.anonymous_id)
    kept = None if said.replace else _usable(cookie_in(header(scope, b"cookie"), name))
    visitor = kept or offered or str(uuid4())
    return (
        200,
        [JSON, _NO_STORE, _cookie(name, visitor.encode(), AGE_S)],
        msgspec.json.encode({"anonymousId": visitor}),
    )


def is_same_site(fetch_site: bytes, origin: bytes | None, host: bytes) -> bool:
    """Return whether a page asks that is of the same site as we are.

    Browsers since 2023 say so themselves. An older one names its origin alone: then one host must be the other, or
    stand under it. Who says neither is no page.

    >>> is_same_site(b"same-site", None, b"events.shop.example"), is_same_site(b"cross-site", None, b"shop.example")
    (True, False)
    >>> is_same_site(b"", b"https://shop.example", b"events.shop.example:8443")
    True
    >>> is_same_site(b"", b"https://shop.example.evil.example", b"shop.example")
    False
    """
    if fetch_site:
        return fetch_site in _SAME_SITE
    page, own = _host((origin or b"").partition(b"://")[2]), _host(host)
    return bool(page and own) and (page == own or page.endswith(f".{own}") or own.endswith(f".{page}"))


def cookie_in(header_value: bytes, name: bytes) -> str:
    """Return the value of a cookie, empty when it did not come.

    >>> cookie_in(b"a=1; regulars_id=v-7; b=2", b"regulars_id")
    'v-7'
    """
    for part in header_value.split(b";"):
        key, _, value = part.strip().partition(b"=")
        if key == name:
            return value.decode("latin-1")
    return ""


_NO_STORE = (b"cache-control", b"no-store")


def _cookie(name: bytes, value: bytes, age_s: int) -> tuple[bytes, bytes]:
    return b"set-cookie", b"%s=%s; Max-Age=%d; Path=/; Secure; HttpOnly; SameSite=Lax" % (name, value, age_s)


def _read(body: bytes) -> Said:
    try:
        return msgspec.json.decode(body, type=Said)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        sentence = 'Say {"writeKey": "…", "anonymousId": "…"}, with "replace" or "forget" where that is meant.'
        raise RefusedError(400, sentence, code="not_json") from None


def _source(said: Said, scope: Scope, headed: Headed, keys: Keys) -> KeyedSource:
    for key in (said.write_key, header_key(headed.authorization), query_key(scope)):
        source = keys.source_of(key) if key else None
        if source is not None and source.enabled:
            return source
    sentence = "No open source has this write key. Copy it again from Sources & keys."
    raise RefusedError(401, sentence, code="wrong_key")


def _usable(value: str | None) -> str | None:
    if not value or not _USABLE.fullmatch(value):
        return None
    return identifier(value, "anonymousId", [])


def _host(named: bytes) -> str:
    host = named.decode("latin-1").lower()
    return host.rpartition(":")[0] if re.search(r":\d+$", host) else host
