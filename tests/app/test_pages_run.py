"""What stands in Python on a page runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from regulars.app.shop import open_shop

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "docs/start.md", "docs/guides/recommend.md", "docs/guides/replay.md"]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def run_blocks(page: str) -> None:
    blocks = BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
    assert blocks, "the page has no Python any more"
    for block in blocks:
        program = compile(block, page, "exec")
        if "regulars.open" in block:
            exec(program, {"__name__": page})  # noqa: S102 (our own pages)
            continue
        with open_shop("./shop") as shop:
            exec(program, {"__name__": page, "shop": shop})  # noqa: S102 (as above)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder to work in, with a file of films and a shop that knows Ann."""
    monkeypatch.chdir(tmp_path)
    films = "item_id,title,genre\nf-42,Blade Runner,SF\nf-1,Alien,SF\n"
    (tmp_path / "films.csv").write_text(films, encoding="utf-8")
    (tmp_path / "items.csv").write_text(films, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("page", PAGES[1:])
def test_the_python_of_a_page_runs(page: str, desk: Path) -> None:
    with open_shop(desk / "shop") as shop:
        shop.events.append([{"type": "identify", "userId": "ann", "messageId": "m1"}])
        shop.catch_up()
    run_blocks(page)


def test_the_ten_lines_of_the_readme_print_what_they_say(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_blocks("README.md")
    assert (desk / "shop").is_dir()
    promised = re.findall(r"text\) +# (.+)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert capsys.readouterr().out.splitlines() == promised
