"""A catalogue on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from regulars.catalog import Catalog
from regulars.catalog.store import MIGRATIONS
from regulars.kernel.clock import Clock
from regulars.kernel.database import Database
from regulars.kernel.files import Files


@pytest.fixture
def catalog(database: Database, clock: Clock, tmp_path: Path) -> Iterator[Catalog]:
    """Open an empty catalogue, once per engine."""
    database.migrate(MIGRATIONS)
    files = Files(tmp_path)
    yield Catalog(database=database, clock=clock, files=files)
    files.close()
