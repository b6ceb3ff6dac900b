"""Each demo is played whole, through the public door, as `make demo` plays it; slow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PLAY_S_MAX = 900


@pytest.mark.slow
@pytest.mark.timeout(PLAY_S_MAX + 60)
@pytest.mark.parametrize("name", ["video", "music", "store"])
def test_the_loop_of_a_demo_is_whole(name: str, tmp_path: Path) -> None:
    words = ["demo", name, "--check", "--json", "--events", "8000", "--folder", str(tmp_path / "shop"), "--port", "0"]
    played = subprocess.run(
        [sys.executable, "-m", "regulars", *words], capture_output=True, text=True, timeout=PLAY_S_MAX, check=False
    )
    assert played.returncode == 0, f"{played.stdout}\n{played.stderr}"
    facts = json.loads(played.stdout)
    assert facts["sent"] == facts["accepted"] == facts["in_the_lake"] >= 8_000
    assert facts["failed"] == facts["rejected"] == 0
    assert facts["customers"] > 50
    assert facts["slates"] > 100
    assert facts["simulated"] is (name != "video")
    assert facts["merges"] > 0 or name == "video"
