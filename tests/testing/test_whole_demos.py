"""Each demo is played whole, through the public door, as `make demo` plays it; slow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any  # Any: JSON

import pytest

from regulars.testing.postgresql import Postgresql

PLAY_S_MAX = 900


@pytest.mark.slow
@pytest.mark.timeout(PLAY_S_MAX + 60)
@pytest.mark.parametrize("name", ["video", "music", "store"])
def test_the_loop_of_a_demo_is_whole(name: str, tmp_path: Path) -> None:
    facts = played(name, tmp_path / "shop")
    assert (tmp_path / "shop" / "state.db").exists()
    check(name, facts)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(PLAY_S_MAX + 60)
@pytest.mark.parametrize("name", ["video", "music", "store"])
def test_the_loop_of_a_demo_is_whole_with_its_state_in_postgresql(
    name: str, tmp_path: Path, postgresql: Postgresql
) -> None:
    url = postgresql.create()
    facts = played(name, tmp_path / "shop", REGULARS_STATE_URL=url)
    assert not (tmp_path / "shop" / "state.db").exists()
    check(name, facts)
    postgresql.drop(url)


def played(name: str, folder: Path, **environment: str) -> dict[str, Any]:  # Any: JSON
    """Play a demo and return its facts."""
    words = ["demo", name, "--check", "--json", "--events", "8000", "--folder", str(folder), "--port", "0"]
    played = subprocess.run(
        [sys.executable, "-m", "regulars", *words], capture_output=True, text=True, timeout=PLAY_S_MAX, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert played.returncode == 0, f"{played.stdout}\n{played.stderr}"
    facts: dict[str, Any] = json.loads(played.stdout)  # Any: as above
    return facts


def check(name: str, facts: dict[str, Any]) -> None:  # Any: as above
    """Look at what must be true of every demo."""
    assert facts["sent"] == facts["accepted"] == facts["in_the_lake"] >= 8_000
    assert facts["failed"] == facts["rejected"] == 0
    assert facts["customers"] > 50
    assert facts["slates"] > 100
    assert facts["simulated"] is (name != "video")
    if name == "store":
        assert facts["till_receipts"] > 100
        assert facts["till_customers_known_online"] > 10
        assert (facts["hook_deliveries"], facts["hook_events"], facts["hook_dead_letters"]) == (49, 40, 6)
    assert facts["merges"] > 0 or name == "video"
