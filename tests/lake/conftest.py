"""A lake on each engine, and rows to put into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.kernel.files import Files
from regulars.kernel.settings import LakeSettings
from regulars.lake import MIGRATIONS, Lake, LakeRow

START_US = 1_759_276_800_000_000  # 2025-10-01T00:00:00Z

MakeRow = Callable[..., LakeRow]


def row(number: int, **changes: object) -> LakeRow:
    fields: dict[str, object] = {
        "event_id": f"event-{number}",
        "source_id": "web",
        "message_id": f"message-{number}",
        "call": "track",
        "name": "Song Played",
        "user_id": None,
        "anonymous_id": f"visitor-{number % 7}",
        "previous_id": None,
        "group_id": None,
        "properties": b'{"asset_id":"song-%d"}' % (number % 5),
        "context": b"{}",
        "occurred_us": START_US + number * 1_000_000,
        "received_us": START_US + number * 1_000_000 + 5,
        "original_us": None,
        "sent_us": None,
        "partition": "web-0",
        "offset": number,
        "index": 0,
    }
    return LakeRow(**{**fields, **changes})  # type: ignore[arg-type]  # a test names the fields it changes


@pytest.fixture
def make_row() -> MakeRow:
    return row


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "shop")


@pytest.fixture
def lake(database: Database, clock: WoundClock, files: Files) -> Lake:
    database.migrate(MIGRATIONS)
    return Lake(database, clock, files, LakeSettings(flush_events=100, flush_s=60))
