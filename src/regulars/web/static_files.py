"""The console and the public demo pages, as files out of the package: hashed assets for a year, pages fresh each time.

An address that names no file is a page of the console's own router, so it gets the console's index.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import mimetypes
import re
from base64 import b64encode
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import msgspec
from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, HTTPScope, Send

STATIC_FOLDER = Path(__file__).parent / "static"
GZIP_BYTES_MIN = 600
_HASHED = re.compile(r"[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$")
_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.S)
_TEXT = ("text/", "application/javascript", "application/json", "image/svg", "application/manifest")
_NOT_BUILT = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Regulars</title>
<body style="font:16px/1.5 system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem">
<h1>The shop is open, but its console is not built</h1>
<p>This copy of Regulars runs from source. Build the console with <code>make console</code>, then load this page again.
Everything else works: the API is described at <a href="/schema">/schema</a>.</p>"""


class StaticFile(msgspec.Struct, frozen=True):
    """A file in memory, as it is sent."""

    content: bytes
    packed: bytes | None
    media_type: str
    etag: str
    is_hashed: bool
    modified_ns: int
    scripts: tuple[str, ...] = ()


_NO_FILE = {errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG}


class StaticFiles:
    """Files under one folder, kept in memory and read again when they change."""

    def __init__(self, folder: Path = STATIC_FOLDER) -> None:
        self._folder = folder.resolve()
        self._kept: dict[Path, StaticFile] = {}

    def find(self, path: str) -> StaticFile | None:
        """Return the file an address stands for, None when there is none and the address looks like a file's."""
        name = unquote(path).strip("/")
        parts = PurePosixPath(name).parts
        if "\0" in name or "\\" in name or ".." in parts:
            return None
        for candidate in _candidates(self._folder, name):
            found = self._read(candidate)
            if found is not None:
                return found
        if PurePosixPath(name).suffix:
            return None
        return self._read(self._folder / "console" / "index.html") or _not_built()

    def _read(self, path: Path) -> StaticFile | None:
        try:
            modified_ns = path.stat().st_mtime_ns
            kept = self._kept.get(path)
            if kept is None or kept.modified_ns != modified_ns:
                kept = self._kept[path] = _file(path.name, path.read_bytes(), modified_ns)
        except OSError as error:
            if error.errno in _NO_FILE:
                return None
            raise
        return kept

    async def send(self, found: StaticFile, scope: HTTPScope, send: Send) -> None:
        """Answer a GET or HEAD with the file, or with 304 when the browser has it."""
        asked = {name: value.decode("latin-1") for name, value in scope["headers"]}
        headers = _headers(found)
        if found.etag in asked.get(b"if-none-match", ""):
            await _respond(send, 304, headers, b"")
            return
        content = found.content
        if found.packed is not None and "gzip" in asked.get(b"accept-encoding", ""):
            content = found.packed
            headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-length", str(len(content)).encode()))
        await _respond(send, 200, headers, b"" if scope["method"] == "HEAD" else content)


def _candidates(folder: Path, name: str) -> list[Path]:
    if name.startswith("demo/"):
        return [folder / name, folder / name / "index.html", folder / f"{name}.html"]
    if not name:
        return []
    return [folder / "console" / name, folder / name]


def _file(name: str, content: bytes, modified_ns: int) -> StaticFile:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = media_type.startswith(_TEXT)
    return StaticFile(
        content=content,
        packed=gzip.compress(content, 9, mtime=0) if is_text and len(content) >= GZIP_BYTES_MIN else None,
        media_type=f"{media_type}; charset=utf-8" if is_text else media_type,
        etag=f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"',
        is_hashed=bool(_HASHED.search(name)),
        modified_ns=modified_ns,
        scripts=_inline_scripts(content) if media_type == "text/html" else (),
    )


def _inline_scripts(page: bytes) -> tuple[str, ...]:
    scripts = _INLINE_SCRIPT.findall(page)
    return tuple(f"'sha256-{b64encode(hashlib.sha256(script).digest()).decode()}'" for script in scripts)


def _headers(found: StaticFile) -> list[tuple[bytes, bytes]]:
    fresh = b"public, max-age=31536000, immutable" if found.is_hashed else b"no-cache"
    headers = [
        (b"content-type", found.media_type.encode()),
        (b"etag", found.etag.encode()),
        (b"cache-control", fresh),
        (b"vary", b"accept-encoding"),
    ]
    if found.media_type.startswith("text/html"):
        headers.append((b"content-security-policy", content_security_policy(found.scripts).encode()))
    return headers


def content_security_policy(scripts: tuple[str, ...] = ()) -> str:
    """Return what a page of ours may load: our own files, pictures from anywhere, and its named inline scripts.

    >>> content_security_policy().split("; ")[1]
    "script-src 'self'"
    """
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *scripts)),
            "style-src 'self' 'unsafe-inline'",  # the console's components set sizes and colours inline
            "img-src 'self' data: blob: https:",  # a catalogue's pictures lie wherever the shop keeps them
            "font-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _not_built() -> StaticFile:
    return _file("index.html", _NOT_BUILT, 0)


async def _respond(send: Send, status: int, headers: list[tuple[bytes, bytes]], content: bytes) -> None:
    await send(HTTPResponseStartEvent(type="http.response.start", status=status, headers=headers))
    await send(HTTPResponseBodyEvent(type="http.response.body", body=content, more_body=False))
