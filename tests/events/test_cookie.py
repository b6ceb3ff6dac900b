"""Who a visitor is, kept in a cookie: for pages of the same site, by sources that may, and over TLS."""

from __future__ import annotations

from typing import Any  # Any: JSON

import httpx
import pytest
from tests.events.conftest import CLOSED_KEY, COOKIE_KEY, OPEN_KEY, Host, ServedDoor

from regulars.events.door import Door
from regulars.events.keys import Keys
from regulars.kernel.clock import SystemClock

SAME_SITE = {"sec-fetch-site": "same-site", "origin": "https://www.shop.example"}


def ask(served: ServedDoor, headers: dict[str, str] | None = None, **said: Any) -> httpx.Response:  # Any: JSON
    body = {"writeKey": COOKIE_KEY, **said}
    return served.http.post("/v1/cookie", json=body, headers=SAME_SITE if headers is None else headers)


def test_a_new_visitor_gets_the_id_that_the_page_offers_for_as_long_as_a_browser_keeps_it(served: ServedDoor) -> None:
    answer = ask(served, anonymousId="v-1")
    assert answer.json() == {"anonymousId": "v-1"}
    assert answer.headers["set-cookie"] == ("regulars_id=v-1; Max-Age=34560000; Path=/; Secure; HttpOnly; SameSite=Lax")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "https://www.shop.example"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert served.events() == []


def test_the_id_in_the_cookie_comes_before_the_one_that_the_page_remembers(served: ServedDoor) -> None:
    came = {**SAME_SITE, "cookie": "other=1; regulars_id=v-1"}
    assert ask(served, came, anonymousId="v-2").json() == {"anonymousId": "v-1"}
    assert ask(served, came).json() == {"anonymousId": "v-1"}
    assert ask(served, came, anonymousId="v-2", replace=True).json() == {"anonymousId": "v-2"}


def test_what_is_no_id_is_not_kept(served: ServedDoor) -> None:
    for nothing in (None, "", "anonymous", "0000-00", "a; Domain=evil.example", "x" * 200, "日本"):
        made = ask(served, anonymousId=nothing).json()["anonymousId"]
        assert len(made) == 36, nothing
    came = {**SAME_SITE, "cookie": "regulars_id=anonymous"}
    assert ask(served, came, anonymousId="v-2").json() == {"anonymousId": "v-2"}


def test_a_visitor_may_be_forgotten(served: ServedDoor) -> None:
    answer = ask(served, {**SAME_SITE, "cookie": "regulars_id=v-1"}, forget=True)
    assert answer.json() == {"anonymousId": None}
    assert "regulars_id=; Max-Age=0;" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {},
    ],
    ids=str,
)
def test_a_page_of_another_site_gets_no_cookie_and_learns_no_id(served: ServedDoor, headers: dict[str, str]) -> None:
    answer = ask(served, {**headers, "cookie": "regulars_id=v-1"}, anonymousId="mine", replace=True)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "v-1" not in answer.text
    assert "own site only" in answer.json()["detail"]


def test_an_older_browser_names_its_origin_alone(served: ServedDoor) -> None:
    page = {"origin": "http://127.0.0.1:9"}
    assert ask(served, page, anonymousId="v-1").json() == {"anonymousId": "v-1"}


@pytest.mark.parametrize(("key", "status"), [(OPEN_KEY, 403), (CLOSED_KEY, 401), ("wk_nobody", 401), ("", 401)])
def test_only_a_source_that_may_keeps_a_cookie(served: ServedDoor, key: str, status: int) -> None:
    answer = ask(served, writeKey=key, anonymousId="v-1")
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers


def test_over_tls_the_cookie_is_bound_to_its_host_and_without_it_there_is_none(served: ServedDoor, host: Host) -> None:
    open_air = {**SAME_SITE, "host": "shop.example"}
    refused = ask(served, open_air, anonymousId="v-1")
    assert (refused.status_code, "https only" in refused.json()["detail"]) == (403, True)
    clock = SystemClock()
    host.app = Door(served.log, Keys(served.folder, clock), clock, base_url="https://shop.example")
    kept = ask(served, {**open_air, "cookie": "regulars_id=tossed"}, anonymousId="v-1")
    assert kept.headers["set-cookie"].startswith("__Host-regulars_id=v-1; ")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"writeKey": 1}', b"\xff", b"x" * 5_000])
def test_what_cannot_be_read_is_answered_with_a_sentence(served: ServedDoor, body: bytes) -> None:
    answer = served.http.post("/v1/cookie", content=body, headers=SAME_SITE)
    assert answer.status_code in {400, 413}
    assert answer.json()["detail"].endswith(".")


def test_it_is_asked_by_post(served: ServedDoor) -> None:
    assert served.http.get("/v1/cookie").status_code == 405
    asked = served.http.options("/v1/cookie", headers={"origin": "https://www.shop.example"})
    assert asked.status_code == 204
