"""The two cookies of a session: one that no script may read, and one that our own page reads and sends back."""

from __future__ import annotations

from typing import Any, TypeVar  # Any: Litestar's Request is generic over three types we do not use

from litestar import Request, Response
from litestar.datastructures import Cookie

from regulars.kernel.clock import Clock
from regulars.web.core import csrf_token
from regulars.web.gate import CSRF_COOKIE, SESSION_COOKIE
from regulars.web.people import SignedIn

T = TypeVar("T")
AnyRequest = Request[Any, Any, Any]  # Any: as above


def with_cookies(response: Response[T], request: AnyRequest, signed_in: SignedIn, clock: Clock) -> Response[T]:
    """Return the response with the session's cookies."""
    seconds = max(1, (signed_in.expires_us - clock.now_us()) // 1_000_000)
    for cookie in _pair(request, signed_in.token, csrf_token(signed_in.token), seconds):
        response.set_cookie(cookie)
    return response


def without_cookies(response: Response[T], request: AnyRequest) -> Response[T]:
    """Return the response that makes the browser forget the session."""
    for cookie in _pair(request, "", "", 0):
        response.set_cookie(cookie)
    return response


def _pair(request: AnyRequest, token: str, csrf: str, seconds: int) -> tuple[Cookie, Cookie]:
    is_https = request.url.scheme == "https"

    def cookie(name: str, value: str, *, is_hidden: bool) -> Cookie:
        return Cookie(
            key=name,
            value=value,
            path="/",
            max_age=seconds,
            httponly=is_hidden,
            samesite="lax",
            secure=is_https,
        )

    return cookie(SESSION_COOKIE, token, is_hidden=True), cookie(CSRF_COOKIE, csrf, is_hidden=False)
