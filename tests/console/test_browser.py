"""A real browser walks through a real shop."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "src" / "regulars" / "web" / "static"
WALK_S_MAX = 420

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not shutil.which("chromium"), reason="needs a Chromium; on Debian: apt-get install chromium"),
    pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js to drive the browser; run by `make browser`"),
    pytest.mark.skipif(not (STATIC / "console" / "index.html").exists(), reason="needs the console: make console"),
    pytest.mark.timeout(WALK_S_MAX + 30),
]


def walk(script: str) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    walked = subprocess.run(
        ["node", script],
        cwd=ROOT / "console",
        env=environment,
        capture_output=True,
        text=True,
        timeout=WALK_S_MAX,
        check=False,
    )
    assert walked.returncode == 0, f"{walked.stdout}\n{walked.stderr}"
    assert "FAIL" not in walked.stdout
    assert walked.stdout.count("ok ") >= 3, f"it walked nowhere: {walked.stdout}"


def test_a_newcomer_goes_from_nothing_to_a_first_slate_and_every_page_is_sound() -> None:
    walk("e2e/run.mjs")
