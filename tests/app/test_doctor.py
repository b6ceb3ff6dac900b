"""What the doctor finds, and that looking changes nothing."""

from __future__ import annotations

from pathlib import Path

from regulars.app import open_shop
from regulars.app.doctor import Finding, examine


def found(folder: Path) -> dict[str, Finding]:
    return {finding.part: finding for finding in examine(folder)}


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
