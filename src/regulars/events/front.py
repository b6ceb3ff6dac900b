"""What an SDK asks the door before its first event: its settings, and our browser snippet itself."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any  # Any: JSON on its way out

import msgspec

from regulars.events.answers import JSON, Headers, RefusedError, Scope
from regulars.events.keys import KeyedSource, Keys
from regulars.events.request import Headed, header_key, query_key

SNIPPET = Path(__file__).resolve().parent.parent / "web" / "static" / "regulars.js"
SNIPPET_AGE_S = 3_600
_PROJECTS = "/v1/projects/"
_SETTINGS = "/settings"
_SOURCE_CONFIG = frozenset({"/sourceConfig", "/sourceConfig/"})
_SNIPPET_PATH = "/regulars.js"

Answer = tuple[int, Headers, bytes]


def answers(path: str) -> bool:
    """Return whether a path is one of these pages."""
    return path in _SOURCE_CONFIG or path == _SNIPPET_PATH or (path.startswith(_PROJECTS) and path.endswith(_SETTINGS))


def page(scope: Scope, headed: Headed, keys: Keys) -> Answer:
    """Return the answer to a GET.

    Raises
    ------
    RefusedError
        When the key is nobody's, or the snippet was not built.

    """
    path: str = scope["path"]
    if path == _SNIPPET_PATH:
        return _snippet(scope)
    if path in _SOURCE_CONFIG:
        key = query_key(scope) or header_key(headed.authorization)
        return 200, [JSON], msgspec.json.encode(_rudderstack(_known(keys, key)))
    source = _known(keys, path.removeprefix(_PROJECTS).removesuffix(_SETTINGS))
    return 200, [JSON], msgspec.json.encode(_segment(source, scope, headed))


def _known(keys: Keys, key: str) -> KeyedSource:
    source = keys.source_of(key)
    if source is None:
        raise RefusedError(404, "No source has this write key. Copy it again from Sources & keys.")
    return source


def _segment(source: KeyedSource, scope: Scope, headed: Headed) -> dict[str, Any]:  # Any: JSON
    host = headed.host.decode("latin-1") or "localhost"
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": source.write_key,
                "apiHost": f"{host}/v1",
                "protocol": scope.get("scheme", "http"),
                "type": "server",
                "bundlingStatus": "bundled",
            }
        },
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
        "edgeFunction": {},
        "enabledMiddleware": {},
        "remotePlugins": [],
    }


def _rudderstack(source: KeyedSource) -> dict[str, Any]:  # Any: JSON
    quiet = {"enabled": False}
    return {
        "source": {
            "id": source.source_id,
            "name": source.name,
            "writeKey": source.write_key,
            "enabled": source.enabled,
            "workspaceId": "regulars",
            "config": {"statsCollection": {"errors": quiet, "metrics": quiet}},
            "destinations": [],
            "connections": [],
            "dataplanes": {},
        },
        "updatedAt": "1970-01-01T00:00:00.000Z",
    }


_snippets: dict[int, tuple[bytes, bytes, bytes]] = {}  # by modification time: plain, packed, tag


def _snippet(scope: Scope) -> Answer:
    try:
        changed_ns = SNIPPET.stat().st_mtime_ns
    except OSError:
        raise RefusedError(404, "The browser snippet is not built. Run: make console.") from None
    if changed_ns not in _snippets:
        plain = SNIPPET.read_bytes()
        tag = b'"%s"' % hashlib.blake2b(plain, digest_size=8).hexdigest().encode()
        _snippets.clear()
        _snippets[changed_ns] = (plain, gzip.compress(plain, mtime=0), tag)
    plain, packed, tag = _snippets[changed_ns]
    asked = dict(scope["headers"])
    headers: Headers = [
        (b"content-type", b"text/javascript; charset=utf-8"),
        (b"cache-control", b"public, max-age=%d" % SNIPPET_AGE_S),
        (b"etag", tag),
        (b"vary", b"accept-encoding"),
    ]
    if asked.get(b"if-none-match") == tag:
        return 304, headers, b""
    if b"gzip" in asked.get(b"accept-encoding", b""):
        return 200, [*headers, (b"content-encoding", b"gzip")], packed
    return 200, headers, plain
