"""The description of the API shows by example what is sent and what comes back, and no example lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any  # Any: an OpenAPI document is JSON

import jsonschema_rs
import pytest

from regulars.app import open_shop
from regulars.app.http import describe_api


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:  # Any: as above
    with open_shop(tmp_path_factory.mktemp("shop"), partition="web-0") as shop:
        return describe_api(shop)


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:  # Any: as above
    return [
        operation for path in document["paths"].values() for operation in path.values() if "operationId" in operation
    ]


def parts(operation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:  # Any: as above
    """Return everything that is sent or answered as JSON, and every parameter, with what it is called."""
    found = [(parameter["name"], parameter) for parameter in operation.get("parameters", ())]
    for name, part in {"request": operation.get("requestBody", {}), **operation["responses"]}.items():
        found += [
            (f"{name} {media}", body) for media, body in part.get("content", {}).items() if media.endswith("json")
        ]
    return found


def test_every_operation_shows_at_least_one_example_and_every_json_body_has_one(document: dict[str, Any]) -> None:
    bare = []
    for operation in operations(document):
        shown = parts(operation)
        bare += [f"{operation['operationId']}: {name}" for name, part in shown if "example" not in part]
        assert shown, operation["operationId"]
    assert bare == []


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    wrong, looked_at = [], 0
    for operation in operations(document):
        for name, part in parts(operation):
            looked_at += 1
            schema = {**part.get("schema", {}), "components": document["components"]}
            faults = [
                f"{operation['operationId']}, {name}, at /{'/'.join(map(str, fault.instance_path))}: {fault.message}"
                for fault in jsonschema_rs.Draft202012Validator(schema, validate_formats=True).iter_errors(
                    part["example"]
                )
            ]
            wrong += faults[:1]
    assert wrong == []
    assert looked_at > 300


def test_an_example_is_what_one_would_really_send(document: dict[str, Any]) -> None:
    asked = document["paths"]["/v1/recommend/slates"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert asked == {"identifier": {"kind": "user_id", "value": "ann"}, "slot": "home", "count": 20}
    answered = document["paths"]["/v1/recommend/slates"]["post"]["responses"]["200"]["content"]["application/json"]
    (first, *_) = answered["example"]["items"]
    assert first["reasons"][0]["text"] == "Because you watched Heat"


def test_the_same_example_is_made_each_time(tmp_path: Path, document: dict[str, Any]) -> None:
    with open_shop(tmp_path / "again", partition="web-0") as shop:
        assert describe_api(shop) == document
