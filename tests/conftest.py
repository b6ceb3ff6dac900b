"""What every test may ask for: an empty database on each engine, and a clock that is wound."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.testing import postgresql as embedded

settings.register_profile("untimed", deadline=None, print_blob=True)  # speed lives in bench/, never in a test
settings.load_profile("untimed")

ENGINES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture
def clock() -> WoundClock:
    """Return a clock that stands at noon on 1 October 2026."""
    return WoundClock(datetime(2026, 10, 1, 12, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[embedded.Postgresql]:
    """Start one PostgreSQL for all tests of this process; only the absence of the package is a reason to skip."""
    reason = embedded.why_not()
    if reason:
        pytest.skip(reason)
    with embedded.postgresql() as server:
        yield server


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the place of an empty database, once per engine; open it as often as a test has processes."""
    if request.param == "sqlite":
        yield str(tmp_path / "state.db")
        return
    server: embedded.Postgresql = request.getfixturevalue("postgresql")
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Open an empty database, once per engine."""
    database = Database.open(database_url)
    yield database
    database.close()
