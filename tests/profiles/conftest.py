"""A street for the profiles' tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.testing.street import Street


@pytest.fixture
def street(tmp_path: Path, database: Database, clock: WoundClock) -> Iterator[Street]:
    """Return an empty street, once per engine."""
    street = Street(tmp_path, database, clock)
    yield street
    street.close()
