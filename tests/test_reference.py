"""The reference is whole: every setting, route, event, verb and plug-in group has its heading."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from regulars.catalog.core.interactions import KINDS_BY_EVENT
from regulars.cli.main import VERBS
from regulars.kernel.settings import SECTIONS

ROOT = Path(__file__).resolve().parent.parent
HEADING = re.compile(r"^#{2,4} +(.+?)\s*$", re.MULTILINE)


@pytest.fixture(scope="module")
def headings() -> str:
    pages = [page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs" / "reference").glob("*.md"))]
    return "\n".join(heading for page in pages for heading in HEADING.findall(page))


def missing(names: list[str], headings: str) -> list[str]:
    return [name for name in names if not re.search(rf"(?<![\w/.{{]){re.escape(name)}(?![\w/{{])", headings)]


def test_every_setting_has_its_heading(headings: str) -> None:
    names = [f"{section}.{name}" for section, shape in SECTIONS.items() for name in shape.__struct_fields__]
    assert missing(names, headings) == []


def test_every_route_has_its_heading(headings: str) -> None:
    described = json.loads((ROOT / "console" / "openapi.json").read_text(encoding="utf-8"))
    names = [f"{verb.upper()} {path}" for path, verbs in described["paths"].items() for verb in verbs]
    assert missing(names, headings) == []


def test_every_event_that_means_something_has_its_heading(headings: str) -> None:
    assert missing(sorted(KINDS_BY_EVENT), headings.lower()) == []


def own_facts() -> list[str]:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    said = re.findall(r'\bFact\(\s*name=(?:"([^"]+)"|([A-Z_]+))', source)
    named = dict(re.findall(r'^([A-Z_]+) = "([A-Z][^"]+)"', source, re.MULTILINE))
    return sorted({literal or named[constant] for literal, constant in said})


def test_every_fact_of_our_own_has_its_heading(headings: str) -> None:
    assert "Customers Merged" in own_facts(), "this test no longer finds how facts are written"
    assert missing(own_facts(), headings) == []


def test_every_verb_has_its_heading(headings: str) -> None:
    assert missing([f"regulars {verb}" for verb in VERBS], headings) == []


def test_every_plug_in_group_has_its_heading(headings: str) -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    groups = sorted(set(re.findall(r'\bplugins\.load\("(\w+)"', source)))
    assert groups, "this test no longer finds how plug-ins are loaded"
    assert missing([f"regulars.{group}" for group in groups], headings) == []


def test_every_relative_link_of_the_docs_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_page_of_the_docs_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    to_read = [ROOT / "README.md"]
    while to_read:
        page = to_read.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
        to_read.extend((page.parent / link).resolve() for link in links)
    assert sorted(page.name for page in (ROOT / "docs").rglob("*.md") if page not in reached) == []
