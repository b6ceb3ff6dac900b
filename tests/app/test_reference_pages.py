"""The page of routes is made from the API's description, and stays so."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_routes_is_current() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "routes_reference.py"))["page"]()
    kept = (ROOT / "docs" / "reference" / "routes.md").read_text(encoding="utf-8")
    assert kept == made, "Run: python scripts/routes_reference.py"


def test_the_page_of_sentences_is_current() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "sentences_reference.py"))["page"]()
    kept = (ROOT / "docs" / "reference" / "sentences.md").read_text(encoding="utf-8")
    assert kept == made, "Run: python scripts/sentences_reference.py"
