"""The table of SDKs says what was seen, and only that: its rows are held to the tests that carry the mark `sdk`."""

from __future__ import annotations

import ast
import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.events.sdks.conftest import NODE_FOLDER
from tests.events.sdks.test_snippets import TEXTS

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[2] / "docs" / "reference" / "sdks.md"
NAMES = {  # as the table has it, as the mark has it
    "regulars.js": "regulars",
    "Segment, browser": "segment-browser",
    "Segment, Python": "segment-python",
    "Segment, Node": "segment-node",
    "RudderStack, browser": "rudder-browser",
    "RudderStack, Python": "rudder-python",
    "RudderStack, Node": "rudder-node",
    "curl": "curl",
}
PACKAGES = {
    "segment-browser": "@segment/analytics-next",
    "segment-python": "segment-analytics-python",
    "segment-node": "@segment/analytics-node",
    "rudder-browser": "@rudderstack/analytics-js",
    "rudder-python": "rudder-sdk-python",
    "rudder-node": "@rudderstack/rudder-sdk-node",
}


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, without its head."""
    part = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def seen() -> dict[str, set[str]]:
    """Return what the tests of this folder see each SDK do."""
    found: dict[str, set[str]] = {}
    for path in sorted(FOLDER.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target_or_tuple in node.targets
            for target, value in _pairs(target_or_tuple, node.value)
        }
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.sdk"):
                continue
            which, proves = node.args
            name = which.value if isinstance(which, ast.Constant) else constants[ast.unparse(which)]
            assert isinstance(proves, ast.Constant)
            found.setdefault(str(name), set()).add(str(proves.value))
    return found


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.Name, ast.Constant]]:
    targets = target.elts if isinstance(target, ast.Tuple) else [target]
    values = value.elts if isinstance(value, ast.Tuple) else [value]
    return [
        (name, constant)
        for name, constant in zip(targets, values, strict=False)
        if isinstance(name, ast.Name) and isinstance(constant, ast.Constant)
    ]


def test_every_row_is_a_test_and_every_test_a_row() -> None:
    claimed = {NAMES[row[0]]: {claim.strip() for claim in row[3].split("·")} for row in rows("Seen with real clients")}
    assert claimed == seen()


def test_the_console_offers_what_the_table_has() -> None:
    assert set(TEXTS) == {NAMES[row[0]] for row in rows("Seen with real clients")}


@pytest.mark.parametrize("row", rows("Seen with real clients"), ids=lambda row: row[0])
def test_the_option_of_a_row_is_in_the_console_lines(row: list[str]) -> None:
    options = re.findall(r"`([^`]+)`", row[2])
    lines = "\n".join(TEXTS[NAMES[row[0]]]["code"])
    shown = lines.replace("{{key}}", "KEY").replace("{{host}}", "https://shop").replace("{{options}}", "")
    assert options, "a row names what has to be set"
    assert [option for option in options if option not in shown] == []


@pytest.mark.parametrize("row", rows("Seen with real clients"), ids=lambda row: row[0])
def test_the_version_of_a_row_is_the_one_that_is_tested(row: list[str]) -> None:
    package = PACKAGES.get(NAMES[row[0]])
    if package is None:
        assert row[1] in {"this shop's own", "any"}
        return
    lock = json.loads((NODE_FOLDER / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    locked = lock.get(f"node_modules/{package}", {}).get("version") or version(package)
    assert row[1] == f"`{package}` {locked}"
