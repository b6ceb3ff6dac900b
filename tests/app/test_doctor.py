"""What the doctor finds, and that looking changes nothing."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any  # Any: os' own signatures

import pytest
from tests.app.conftest import Counter

from regulars.app import open_shop
from regulars.app.doctor import Finding, examine
from regulars.app.http import build_web
from regulars.events.worker_store import set_offsets


def found(folder: Path, flags: dict[str, str] | None = None) -> dict[str, Finding]:
    return {finding.part: finding for finding in examine(folder, flags=flags)}


def test_a_sound_shop_has_nothing_bad_and_every_other_finding_a_remedy(tmp_path: Path) -> None:
    with open_shop(tmp_path / "shop") as shop:
        shop.events.append([{"type": "track", "event": "E", "userId": "ann", "messageId": "m"}])
        shop.catch_up()
    findings = examine(tmp_path / "shop")
    assert [finding for finding in findings if finding.state == "bad"] == []
    assert all(finding.remedy for finding in findings if finding.state == "watch")
    assert {"python", "memory", "fsync", "folder", "state", "version", "log", "worker"} <= {f.part for f in findings}


def test_looking_makes_no_shop(tmp_path: Path) -> None:
    assert found(tmp_path / "new")["folder"].state == "good"
    assert not (tmp_path / "new").exists()
    (tmp_path / "empty").mkdir()
    examine(tmp_path / "empty")
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_folder_that_everybody_may_look_into_is_watched(tmp_path: Path) -> None:
    folder = tmp_path / "the shop"
    open_shop(folder).close()
    assert found(folder)["folder"].state == "good"
    folder.chmod(0o755)
    finding = found(folder)["folder"]
    assert (finding.state, finding.remedy) == ("watch", f"Run: chmod o= '{folder}'")
    assert "settings" in found(folder)  # and the rest is looked at


def test_a_newer_shop_a_damaged_log_and_wrong_settings_are_bad(tmp_path: Path) -> None:
    with open_shop(tmp_path) as shop, shop.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO kernel_migrations (capability, number) VALUES ('web', 99)")
    assert "newer Regulars" in found(tmp_path)["version"].found
    log = tmp_path / "log" / "library-0.log.db"
    log.write_bytes(b"not a database at all" * 100)
    assert found(tmp_path)["log"].state == "bad"
    (tmp_path / "regulars.toml").write_text("[serve]\nprot = 1\n")
    assert "serve.port" in found(tmp_path)["settings"].found


def test_a_state_that_knows_more_than_the_log_is_bad(tmp_path: Path) -> None:
    with open_shop(tmp_path) as shop:
        shop.events.append([{"type": "track", "event": "E", "userId": "ann", "messageId": "m"}])
        shop.catch_up()
        with shop.database.write() as connection:
            connection.exec_driver_sql("UPDATE events_offsets SET reached = 99 WHERE partition = 'library-0'")
    assert "one backup" in found(tmp_path)["log"].remedy


def test_a_file_in_the_folders_place_is_bad(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert found(tmp_path / "file")["folder"].state == "bad"


def test_a_full_disk_a_held_log_and_missing_records_are_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = {"events.log_bytes_max": "1000000", "events.disk_free_bytes_min": "100000000"}
    with open_shop(tmp_path, flags=flags) as shop:
        for _ in range(150):
            shop.log.append_many([os.urandom(20_000)])
        assert found(tmp_path, flags)["retention"].found.startswith("The log is kept beyond its size limit: 'street'")
        assert "'street'" in found(tmp_path, flags)["retention"].remedy
        with shop.database.write() as connection:
            set_offsets(connection, {"library-0": 150})
        assert found(tmp_path, flags)["retention"].state == "good"
        assert shop.log.pack("library-0", fresh_bytes=0, segment_bytes=1_000_000) is not None
    whole = found(tmp_path)
    assert "packed from" in whole["log"].found
    assert whole["retention"].found.startswith("The log is kept for ever")
    for free, state in ((500, "good"), (150, "watch"), (50, "bad")):
        told = os.statvfs_result((1, 1_000_000, 10_000, free, free, 0, 0, 0, 0, 255))
        monkeypatch.setattr(os, "statvfs", lambda _, told=told: told)
        assert found(tmp_path, flags)["headroom"].state == state
    monkeypatch.undo()
    segment = next((tmp_path / "log" / "library-0.segments").iterdir())
    bytes_before = segment.read_bytes()
    segment.write_bytes(bytes_before[:-9])
    assert segment.name in found(tmp_path)["log"].found
    segment.unlink()
    assert "missing" in found(tmp_path)["log"].found


def test_a_folder_that_may_not_be_looked_into_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = tmp_path / "locked"
    stat = os.stat

    def refusing(path: Any, **more: Any) -> os.stat_result:  # Any: as os has it
        if str(path).startswith(f"{locked}/"):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **more)

    def nothing(path: Any) -> bool:  # Any: as os has it
        return not str(path).startswith(f"{locked}/")

    locked.mkdir()
    monkeypatch.setattr(os, "stat", refusing)
    monkeypatch.setattr(os.path, "lexists", nothing)
    monkeypatch.setattr(os, "access", lambda path, _mode: path != locked)
    findings = {finding.part: finding for finding in examine(locked / "shop")}
    assert findings["folder"].state == "bad"
    assert findings["folder"].remedy == f"Give this user the right to write to {locked}."


def test_one_of_a_thing_is_said_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "backups"
    monkeypatch.chdir(tmp_path)
    with open_shop(tmp_path / "shop", partition="web-0") as shop:
        assert shop.backups.take("backups").place == str(place), (
            "said from where somebody stood, it means nothing later"
        )
        key = shop.events.create_source("Site", "web").write_key
        with closing(Counter(build_web(shop))) as counter:
            counter.ask("POST", "/v1/track", json={"event": "of nobody", "writeKey": key})
        shop.catch_up()
    findings = found(tmp_path / "shop")
    assert findings["dead letters"].found == (
        "1 dead letter waits: events and requests that were not taken in as they came."
    )
    assert findings["backup"].found == "The newest backup is less than an hour old, not verified."
