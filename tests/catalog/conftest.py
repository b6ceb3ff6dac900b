"""A catalogue on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from regulars.catalog import Catalog
from regulars.catalog.store import MIGRATIONS
from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.kernel.files import Files


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock(datetime(2026, 3, 1, tzinfo=UTC))


@pytest.fixture
def catalog(tmp_path: Path, clock: WoundClock) -> Iterator[Catalog]:
    database = Database.open(str(tmp_path / "shop.db"))
    database.migrate(MIGRATIONS)
    yield Catalog(database=database, clock=clock, files=Files(tmp_path))
    database.close()
