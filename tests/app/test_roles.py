"""Every address of the whole shop, asked in every role: let in or sent away exactly as its description says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any  # Any: JSON

import pytest
from litestar.types import ControllerRouterHandler
from tests.app.conftest import Counter, bearer

from regulars.app import Shop
from regulars.app.capabilities import routes
from regulars.app.http import describe_api
from regulars.app.openapi import description
from regulars.kernel.http import Role

ROOT = Path(__file__).resolve().parents[2]
ENDLESS = {"watchToday", "liveEvents"}
ROLES = ("anyone", "viewer", "marketer", "admin")


def addresses(shop: Shop) -> list[tuple[str, str, str, str]]:
    document = describe_api(shop)
    return [
        (method.upper(), _filled(path, operation), operation["operationId"], operation["x-needs-role"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def _filled(path: str, operation: dict[str, Any]) -> str:  # Any: JSON
    numbers = {one["name"] for one in operation.get("parameters", []) if one["schema"].get("type") == "integer"}
    return re.sub(r"\{(\w+)\}", lambda found: "999999" if found[1] in numbers else "unknown", path)


def test_each_role_is_let_in_exactly_where_the_description_says(shop: Shop, counter: Counter) -> None:
    headers = {"anyone": {}, **{role: bearer(shop, role) for role in ROLES[1:]}}
    wrong, tried = [], 0
    for method, path, name, needed in addresses(shop):
        for role in ROLES:
            may = Role(role).covers(Role(needed))
            if may and name in ENDLESS:
                continue
            tried += 1
            status = counter.ask(method, path, headers=headers[role]).status_code
            expected = status not in {401, 403} if may else status == (401 if role == "anyone" else 403)
            if not expected and not (name == "getSession" and status == 401) and name not in {"setUp", "changeMyself"}:
                wrong.append(f"{method} {path} as {role} (needs {needed}): {status}")
    assert tried > 200
    assert wrong == []


def test_nothing_breaks_inside_when_an_address_is_asked_with_nothing(shop: Shop, counter: Counter) -> None:
    admin = bearer(shop, "admin")
    broken = [
        f"{method} {path}: {answer.text}"
        for method, path, name, _ in addresses(shop)
        if name not in ENDLESS and (answer := counter.ask(method, path, headers=admin)).status_code >= 500
    ]
    assert broken == []


def test_every_change_is_audited_under_a_name_of_its_own(shop: Shop) -> None:
    changes = [address for address in addresses(shop) if address[0] in {"PUT", "PATCH", "DELETE"}]
    names = _audited_names(routes())
    assert len(changes) > 10
    assert "item_put" in names
    assert all(re.fullmatch(r"[a-z_]+(ed|told|made)|[a-z]+_put|holdout_changed", name) for name in names), names


def _audited_names(handlers: list[ControllerRouterHandler]) -> set[str]:
    found = set()
    for controller in handlers:
        for part in vars(controller).values():
            name = getattr(part, "opt", {}).get("regulars_audited_as") if hasattr(part, "opt") else None
            if name:
                found.add(name)
    return found


def test_the_consoles_copy_of_the_description_is_current() -> None:
    kept = (ROOT / "console" / "openapi.json").read_text(encoding="utf-8")
    assert json.loads(kept) == json.loads(description()), "Run: python -m regulars.app.openapi > console/openapi.json"


def test_every_operation_has_a_name_and_a_question(shop: Shop) -> None:
    document = describe_api(shop)
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert [one["operationId"] for one in operations if not one.get("summary") or not one.get("tags")] == []
    assert all(re.fullmatch(r"[a-z]+[A-Za-z]*", name) for name in names)


@pytest.mark.parametrize("path", ["/demo/api/config", "/demo/api/shelves", "/demo/api/search?query=a"])
def test_the_demos_public_page_answers_only_in_a_demo(counter: Counter, path: str) -> None:
    answer = counter.ask("GET", path)
    assert answer.status_code == 404
    assert "no demo" in answer.json()["detail"]
