"""The catalogue over HTTP, behind the gate, as the console asks it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # Any: httpx's keyword arguments

import httpx
import pytest

from regulars.app import open_shop
from regulars.app.http import build_web
from regulars.web.keys import Keys


class Asking:
    """Somebody with a secret key."""

    def __init__(self, app: Any, secret: str) -> None:  # Any: an ASGI application
        self._loop = asyncio.new_event_loop()
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://shop.example/v1/catalog", headers=headers
        )

    def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:  # Any: as httpx has it
        return self._loop.run_until_complete(self._http.request(method, path, **more))

    def close(self) -> None:
        self._loop.run_until_complete(self._http.aclose())
        self._loop.close()


@pytest.fixture
def counters(tmp_path: Path) -> Iterator[dict[str, Asking]]:
    """Give a way to ask for each role, and for somebody without a key."""
    with open_shop(tmp_path) as shop:
        keys = Keys(database=shop.database, clock=shop.clock)
        app = build_web(shop).asgi
        asking = {"marketer": Asking(app, keys.make(name="m", role="marketer", created_by="test")[1])}
        asking["viewer"] = Asking(app, keys.make(name="v", role="viewer", created_by="test")[1])
        asking["nobody"] = Asking(app, "")
        yield asking
        for one in asking.values():
            one.close()


@pytest.fixture
def ask(counters: dict[str, Asking]) -> Asking:
    return counters["marketer"]


def test_an_item_is_put_found_read_and_removed(ask: Asking) -> None:
    body = {"kind": "song", "title": "夜の雨", "attributes": {"artist": "Wren", "seconds": 200}, "tags": ["new"]}
    kept = ask("PUT", "/items/s-1", json=body)
    assert kept.status_code == 200
    assert kept.json()["item_id"] == "s-1"
    assert ask("GET", "/items/s-1").json()["attributes"] == {"artist": "Wren", "seconds": 200}
    assert [item["item_id"] for item in ask("GET", "/items", params={"query": "雨"}).json()["items"]] == ["s-1"]
    assert ask("GET", "/summary").json()["kinds"] == [{"kind": "song", "count": 1}]
    assert ask("DELETE", "/items/s-1").status_code == 204
    gone = ask("GET", "/items/s-1")
    assert gone.status_code == 404
    assert gone.json()["detail"] == "The catalogue holds no item 's-1'."


def test_a_file_is_imported_and_its_rejected_rows_come_back(ask: Asking) -> None:
    good = "".join(f"g{number},Good,{number}\n" for number in range(40))
    content = f"item_id,title,price\n{good}x,X,dear\n".encode()
    dry = ask("POST", "/imports", params={"format": "csv", "dry_run": True}, content=content).json()
    assert (dry["imported"], dry["rejected"], dry["rejected_file"]) == (40, 1, None)
    report = ask("POST", "/imports", params={"format": "csv", "kind": "product"}, content=content).json()
    assert report["problems"] == [
        {"row": 42, "column": "price", "reason": "'dear' is not a finite number such as 12.5."}
    ]
    assert ask("GET", f"/imports/{report['import_id']}").json() == report
    rejected = ask("GET", f"/imports/{report['import_id']}/rejected")
    assert rejected.headers["content-type"].startswith("text/csv")
    assert "x,X,dear" in rejected.text
    assert ask("GET", "/items/g7").json()["kind"] == "product"


def test_attribute_types_are_settled_by_hand(ask: Asking) -> None:
    declared = ask("PUT", "/attributes", json=[{"name": "zip", "type": "text"}])
    assert declared.json() == [{"name": "zip", "type": "text", "declared": True}]
    kept = ask("PUT", "/items/a", json={"kind": "shop", "title": "A", "attributes": {"zip": 94110}})
    assert kept.json()["attributes"] == {"zip": "94110"}


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "sentence"),
    [
        ("PUT", "/items/a", {"json": {"kind": "song"}}, 400, "title"),
        ("PUT", "/items/a", {"json": {"kind": "song", "title": " "}}, 400, "title: This may not be empty."),
        ("POST", "/imports?format=csv", {"content": b""}, 400, "The file is empty"),
        ("POST", "/imports?format=xlsx", {"content": b"x"}, 400, "format"),
        ("POST", "/imports?format=csv&encoding=klingon", {"content": b"id,title\n1,A\n"}, 400, "No encoding is named"),
        ("GET", "/imports/..%2Fkeys", {}, 404, ""),
        ("GET", "/items?limit=9999", {}, 400, "limit"),
        ("GET", "/items?cursor=zzz", {}, 400, "cursor"),
    ],
)
def test_what_cannot_be_used_is_answered_with_a_sentence(
    ask: Asking, method: str, path: str, sent: dict[str, Any], status: int, sentence: str
) -> None:
    answer = ask(method, path, **sent)
    assert answer.status_code == status
    problem = answer.json()
    assert sentence in problem["detail"] + " ".join(problem.get("problems") or [])


def test_a_viewer_may_look_but_not_change_and_a_stranger_neither(counters: dict[str, Asking]) -> None:
    assert counters["viewer"]("GET", "/items").status_code == 200
    assert counters["viewer"]("PUT", "/items/a", json={"kind": "k", "title": "t"}).status_code == 403
    assert counters["viewer"]("POST", "/imports?format=csv", content=b"id,title\n1,A\n").status_code == 403
    assert counters["nobody"]("GET", "/items").status_code == 401
