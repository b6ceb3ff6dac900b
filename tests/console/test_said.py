"""Everything that the shop says by a code has its sentence in the console, in each of its languages.

The console's own tests keep the languages alike; these keep them level with the shop.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any, get_args, get_type_hints  # Any: a file of words is a tree of texts

import pytest

from regulars.app import open_shop
from regulars.app.health import Trouble
from regulars.app.today import Station
from regulars.events.reasons import REASONS
from regulars.kernel.errors import RegularsError
from regulars.kernel.settings import describe_settings
from regulars.web.core import AuditEntry

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "ja", "zh-TW")


def words(noun: str, language: str) -> dict[str, Any]:  # Any: as above
    path = ROOT / "console" / "src" / noun / "locales" / f"{language}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))  # Any: as above
    return found


def sayings() -> Iterator[tuple[str, str]]:
    """Return every sentence with a code that stands in the source, as the console's files write its values."""
    for file in (ROOT / "src" / "regulars").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "said":
                code, english = (ast.literal_eval(each) for each in node.args)
                yield (
                    code,
                    "".join(
                        text + (("'{{%s}}'" if form == "r" else "{{%s}}") % name if name else "")
                        for text, name, _, form in Formatter().parse(english)
                    ),
                )


def errors(root: type[RegularsError] = RegularsError) -> set[type[RegularsError]]:
    """Return the family of errors that are loaded, without those that tests make up."""
    children = [child for child in root.__subclasses__() if child.__module__.startswith("regulars.")]
    return {root}.union(*(errors(child) for child in children))


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return the names of every job that a shop knows."""
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        return {name.replace(".", "-") for name in shop.jobs.names()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_is_named_explained_and_told_what_to_do_about(language: str) -> None:
    told = words("reasons", language)
    for part in ("title", "means", "do"):
        assert set(told[part]) - {"unknown"} == REASONS, part


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_is_described(language: str, tmp_path: Path) -> None:
    told = words("said", language)["setting"]
    known = {(one.section, one.name): one.description for one in describe_settings(tmp_path, environment={})}
    assert {(section, name) for section, names in told.items() for name in names} == set(known)
    if language == "en":
        assert {where: told[where[0]][where[1]] for where in known} == known


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_job_has_a_name(language: str, jobs: set[str]) -> None:
    assert set(words("said", language)["job"]) == jobs


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_station_and_every_trouble_of_today_is_told(language: str) -> None:
    told = words("today", language)
    stations = set(get_args(get_type_hints(Station)["station"]))
    for part in ("station", "means", "detail"):
        assert set(told["loop"][part]) == stations, part
    assert set(told["loop"]["state"]) == set(get_args(get_type_hints(Station)["state"]))
    troubles = {code: one for code, one in told["trouble"].items() if isinstance(one, dict)}
    assert set(troubles) == set(get_args(get_type_hints(Trouble)["code"]))
    for code, one in troubles.items():
        assert set(one) == {"title", "text", "way_out"}, code


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_change_that_is_written_down_has_its_words_in_the_audit(language: str) -> None:
    shop = (ROOT / "src" / "regulars").rglob("*.py")
    written = {name for file in shop for name in re.findall(r'audited_as="(\w+)"', file.read_text(encoding="utf-8"))}
    assert written
    assert written <= set(words("settings", language)["audit"]["action"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_has_no_name_and_whatever_was_not_done_has_words_in_the_audit(language: str) -> None:
    told, parts = words("said", language), get_type_hints(AuditEntry)
    assert set(told["caller"]) == set(get_args(parts["who_kind"]))
    assert set(told["outcome"]) == set(get_args(parts["outcome"])) - {"done"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_problem_has_a_title(language: str) -> None:
    assert {str(one.status) for one in errors()} <= set(words("shared", language)["error"]["status"])


def test_a_code_has_one_sentence() -> None:
    told = set(sayings())
    assert len(told) > 50, "this test no longer finds how sentences are written"
    assert len({code for code, _ in told}) == len(told)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_with_a_code_has_its_words(language: str) -> None:
    told, known = words("said", language)["sentence"], dict(sayings())
    assert set(told) == set(known)
    if language == "en":
        assert told == known


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_with_a_code_tells_all_its_values(language: str) -> None:
    told = words("said", language)["sentence"]
    for code, english in sayings():
        assert sorted(re.findall(r"{{\w+}}", told[code])) == sorted(re.findall(r"{{\w+}}", english)), code
