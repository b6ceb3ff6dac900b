"""A history comes in by a file: every row is in the log or is given back with its reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from regulars.app import Shop, open_shop
from regulars.cli.main import regulars
from regulars.events.imports import HistoryReport, RowMapping
from regulars.kernel.ids import SourceId

ROWS = 1_200


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path / "shop") as opened:
        yield opened


def source_of(shop: Shop) -> SourceId:
    return shop.events.create_source("Import", "import").source_id


def ingest(shop: Shop, path: Path, *, source_id: SourceId, dry_run: bool = False) -> tuple[HistoryReport, str | None]:
    return shop.imports.take_file(path, RowMapping(row="call"), source_id=source_id, dry_run=dry_run)


def csv_of(path: Path, rows: list[str]) -> Path:
    path.write_text("\n".join(["user_id,event,timestamp,asset_id,position", *rows]) + "\n", encoding="utf-8")
    return path


def test_flat_rows_become_events_with_properties(shop: Shop, tmp_path: Path) -> None:
    rows = [f"u{number % 40},Song Played,2026-01-01T10:00:00Z,s{number % 90},{number}" for number in range(ROWS)]
    report, rejected_file = ingest(shop, csv_of(tmp_path / "plays.csv", rows), source_id=source_of(shop))
    assert (report.rows, report.taken, report.refused, rejected_file) == (ROWS, ROWS, 0, None)
    assert [(one.name, one.count) for one in report.events] == [("Song Played", ROWS)]
    shop.catch_up()
    customer = shop.identity.find("user_id", "u3")
    assert customer is not None
    assert shop.profiles.of(customer).events_total == ROWS // 40


def test_the_same_file_twice_takes_effect_once(shop: Shop, tmp_path: Path) -> None:
    path, source_id = csv_of(tmp_path / "plays.csv", ["ann,Song Played,2026-01-01T10:00:00Z,s1,1"]), source_of(shop)
    reports = [ingest(shop, path, source_id=source_id)[0] for _ in range(2)]
    assert [(report.taken, report.repeated) for report in reports] == [(1, 0), (1, 1)]
    shop.catch_up()
    customer = shop.identity.find("user_id", "ann")
    assert customer is not None
    assert shop.profiles.of(customer).events_total == 1


def test_calls_as_an_sdk_sends_them_are_taken_as_they_are(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    calls = [
        {"type": "identify", "userId": "ann", "traits": {"name": "Ann"}, "messageId": "m1"},
        {"type": "track", "userId": "ann", "event": "Song Liked", "properties": {"asset_id": "s1"}, "messageId": "m2"},
    ]
    path.write_text("".join(json.dumps(call) + "\n" for call in calls), encoding="utf-8")
    assert ingest(shop, path, source_id=source_of(shop))[0].taken == 2
    shop.catch_up()
    customer = shop.identity.find("user_id", "ann")
    assert customer is not None
    assert shop.profiles.of(customer).name == "Ann"


def test_a_thousand_broken_rows_come_back_with_reasons_and_the_good_ones_go_in(shop: Shop, tmp_path: Path) -> None:
    rows = [",Song Played,2026-01-01T10:00:00Z,s1,1"] * 1_000 + ["ann,Song Played,2026-01-01T10:00:00Z,s1,2"] * 1
    report, rejected_file = ingest(shop, csv_of(tmp_path / "plays.csv", rows), source_id=source_of(shop))
    assert (report.taken, report.refused) == (1, 1_000)
    assert rejected_file is not None
    mended = Path(rejected_file).read_text(encoding="utf-8-sig").replace(",Song", "bob,Song")
    Path(rejected_file).write_text(mended, encoding="utf-8")
    again, nothing = ingest(shop, Path(rejected_file), source_id=source_of(shop))
    assert (again.taken, again.refused, again.repeated, nothing) == (1_000, 0, 999, None)


def test_a_dry_run_takes_nothing(shop: Shop, tmp_path: Path) -> None:
    path = csv_of(tmp_path / "plays.csv", ["ann,Song Played,2026-01-01T10:00:00Z,s1,1"])
    before = {name: shop.log.end(name) for name in shop.log.partitions()}
    report, _ = ingest(shop, path, source_id=source_of(shop), dry_run=True)
    assert report.taken == 1
    assert {name: shop.log.end(name) for name in shop.log.partitions()} == before


def test_items_that_did_not_go_in_lie_beside_the_file_and_faults_alike_are_told_once(tmp_path: Path) -> None:
    rows = ["item_id,title", *(f",Title {n}" for n in range(1_000)), "i1,One"]
    file = tmp_path / "items.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    said = CliRunner().invoke(regulars, ["ingest", str(tmp_path / "shop"), str(file), "--catalog"])
    beside = tmp_path / "items.rejected.csv"
    assert said.stdout.splitlines() == [
        "1 of 1,001 rows went into the catalogue.",
        "1,000 were refused:",
        "  1,000 rows, first row 2, item_id: This may not be empty.",
        f"Mend and give again: {beside}",
    ]
    assert len(beside.read_text(encoding="utf-8-sig").splitlines()) == 1_001
