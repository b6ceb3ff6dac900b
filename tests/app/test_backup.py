"""A backup of a shop that goes on, and the shop that comes back from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.app.conftest import Counter, bearer
from tests.app.test_rebuild import everything, live

from regulars.app import Shop, capabilities, open_shop
from regulars.app.backup import taking
from regulars.app.backup.core import Chunk, DamagedBackupError, LogPart, Manifest, base_for, parts_for, untouched
from regulars.app.backup.place import NewerBackupError, Place
from regulars.app.backup.restoring import restore
from regulars.app.http import build_web
from regulars.events.core import Batch
from regulars.kernel.clock import WoundClock, microseconds
from regulars.kernel.errors import ConflictError, InvalidError, NotFoundError
from regulars.testing.postgresql import Postgresql

START = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def flags(database_url: str) -> dict[str, str]:
    """Return where the state lies, once per engine."""
    return {"state.url": database_url} if database_url.startswith("postgres") else {}


@pytest.fixture
def shop(tmp_path: Path, flags: dict[str, str]) -> Iterator[Shop]:
    """Open a shop with three days behind it."""
    with open_shop(tmp_path / "shop", flags=flags, clock=WoundClock(START)) as shop:
        live(shop)
        yield shop


@pytest.fixture
def empty(flags: dict[str, str], request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Return where another state may lie: an empty database, or the folder itself."""
    if not flags:
        yield {}
        return
    server: Postgresql = request.getfixturevalue("postgresql")
    url = server.create()
    yield {"state.url": url}
    server.drop(url)


def back(tmp_path: Path, empty: Mapping[str, str], shop: Shop, **more: Any) -> Shop:
    with closing(Place(tmp_path / "backups")) as place:
        restore(place, tmp_path / "back", flags=empty, clock=shop.clock, **more)
    return open_shop(tmp_path / "back", flags=empty, clock=shop.clock)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_shop_that_comes_back_is_the_one_that_was(shop: Shop, tmp_path: Path, empty: dict[str, str]) -> None:
    source = shop.events.create_source("Web", "web")
    shop.recommend.train()
    taken = shop.backups.take(str(tmp_path / "backups"), verified=True)
    assert taken.verified_at is not None
    with back(tmp_path, empty, shop) as again:
        assert everything(again) == everything(shop)
        assert [one.write_key for one in again.events.list_sources()] == [source.write_key]
        assert again.lake.summary().events == shop.lake.summary().events
        assert len(again.lake.query(again.lake.events())) == again.lake.summary().events
        assert [model.version for model in again.recommend.models()] == [m.version for m in shop.recommend.models()]
        live(again, 1, first=9)


def test_what_came_in_after_the_state_was_copied_takes_effect_again_and_nothing_is_sent(
    shop: Shop, tmp_path: Path, empty: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(_done: int, _total: int, note: str) -> None:
        if note == "files":
            live(shop, 1, first=3)

    shop.backups.take(str(tmp_path / "backups"), told=told)
    sent: list[str] = []

    class Outward:
        name = "outward"
        outward = True

        def project(self, batch: Batch, connection: object) -> None:  # noqa: ARG002 (the street asks so)
            sent.extend(event.event_id for event in batch.events)

    real = capabilities.projections
    monkeypatch.setattr(capabilities, "projections", lambda shop: [*real(shop), Outward()])
    with back(tmp_path, empty, shop) as again:
        assert everything(again) == everything(shop)
    assert sent == []


def test_a_second_backup_copies_only_what_has_changed(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "PART_BYTES", 2_000)
    monkeypatch.setattr(taking, "SMALL_PART_BYTES", 1_000)
    place = tmp_path / "backups"
    first = shop.backups.take(str(place))
    assert first.new_bytes > 0
    live(shop, 1, first=3)
    before = files_of(place)
    shop.backups.take(str(place), verified=True)
    after = files_of(place)
    assert all(after[name] == content for name, content in before.items()), "what is there is never touched"
    with closing(Place(place)) as opened:
        one, other = opened.manifests()
    assert len(one.log) > 3
    assert set(map(repr, one.log[:-1])) < set(map(repr, other.log)), "full parts of the log are kept as they are"
    shared = set(map(repr, one.files)) & set(map(repr, other.files))
    assert any("lake/" in file for file in shared)


def test_only_so_many_backups_are_kept_with_what_they_need(shop: Shop, tmp_path: Path, empty: dict[str, str]) -> None:
    place = tmp_path / "backups"
    for day in range(4):
        live(shop, 1, first=3 + day)
        shop.backups.take(str(place), keep=2)
    with closing(Place(place)) as opened:
        assert len(opened.manifests()) == 2
    assert [one.backup_id for one in shop.backups.list_backups().items] == sorted(
        (path.stem for path in (place / "manifests").iterdir()), reverse=True
    )
    shop.backups.verify(place=str(place))
    with back(tmp_path, empty, shop) as again:
        assert everything(again) == everything(shop)
    with pytest.raises(InvalidError, match="At least 1 backup must stay, got 0"):
        shop.backups.take(str(place), keep=0)


def test_a_backup_that_broke_off_is_none(shop: Shop, tmp_path: Path) -> None:
    place = str(tmp_path / "backups")

    class Broke(Exception):  # noqa: N818 (it stands for a process that is gone)
        pass

    def told(_done: int, _total: int, note: str) -> None:
        if note == "writing the manifest":
            raise Broke

    with pytest.raises(Broke):
        shop.backups.take(place, told=told)
    with closing(Place(place)) as opened:
        assert opened.manifests() == []
    assert shop.backups.list_backups().items == []
    with pytest.raises(NotFoundError, match="no backup"), closing(Place(place)) as opened:
        restore(opened, tmp_path / "back")
    assert shop.backups.take(place, verified=True).verified_at


def test_a_moment_is_restored_from_the_backup_before_it_and_the_log_after_it(
    shop: Shop, tmp_path: Path, empty: dict[str, str]
) -> None:
    place = str(tmp_path / "backups")
    shop.backups.take(place)
    live(shop, 1, first=3)
    then, now_us = everything(shop), shop.clock.now_us()
    assert isinstance(shop.clock, WoundClock)
    shop.clock.wind(timedelta(hours=1))
    live(shop, 2, first=4)
    shop.backups.take(place)
    assert everything(shop) != then
    with back(tmp_path, empty, shop, to_us=now_us) as again:
        assert everything(again) == then
        assert len(again.lake.query(again.lake.events())) == sum_of(then["counts"], "accepted")
        live(again, 1, first=7)  # life goes on from there


def sum_of(counts: Any, outcome: str) -> int:
    return sum(row[4] for row in counts if row[3] == outcome)


def test_a_moment_before_the_first_backup_or_after_the_last_record_is_refused_with_the_reason(
    shop: Shop, tmp_path: Path
) -> None:
    shop.backups.take(str(tmp_path / "backups"))
    with closing(Place(tmp_path / "backups")) as place:
        with pytest.raises(InvalidError, match="replaying goes forward only"):
            restore(place, tmp_path / "back", to_us=microseconds(START))
        with pytest.raises(InvalidError, match="nothing is known of 2027-"):
            restore(place, tmp_path / "back", to_us=microseconds(START + timedelta(days=200)))
    assert not (tmp_path / "back").exists()


def test_somebody_forgotten_after_the_backup_does_not_come_back(
    shop: Shop, tmp_path: Path, empty: dict[str, str]
) -> None:
    place = str(tmp_path / "backups")
    shop.backups.take(place)
    gone = shop.customer_named("user_id:u4")
    shop.erase(gone)
    with closing(Place(place)) as opened:
        opened.note_erasures(shop.erasures.since(0))  # what backup.url lets happen by itself
    with back(tmp_path, empty, shop) as again:
        assert again.identity.find("user_id", "u4") is None
        with pytest.raises(NotFoundError):
            again.profiles.of(gone)
        again.rebuild()
        assert again.identity.find("user_id", "u4") is None
    held = b"".join(path.read_bytes() for path in (tmp_path / "back").rglob("*") if path.is_file())
    assert b"u4@example.org" not in held


def test_a_place_that_is_set_is_told_of_every_erasure_at_once(tmp_path: Path) -> None:
    place = tmp_path / "backups"
    with open_shop(tmp_path / "shop", flags={"backup.url": str(place)}, clock=WoundClock(START)) as shop:
        live(shop, 1)
        shop.erase(shop.customer_named("user_id:u4"))
        told = [msgspec.json.decode(path.read_bytes()) for path in (place / "erasures").iterdir()]
        assert len(told) == 1
        assert b"u4" not in msgspec.json.encode(told[0]["hashes"])


def test_a_backup_after_an_erasure_holds_nothing_of_them_in_its_log(shop: Shop, tmp_path: Path) -> None:
    place = tmp_path / "backups"
    shop.backups.take(str(place))
    shop.erase(shop.customer_named("user_id:u4"))
    shop.backups.take(str(place), keep=1, verified=True)
    with closing(Place(place)) as opened:
        manifest = opened.manifests()[-1]
        held = b"".join(opened.read(chunk, "anything") for chunk in manifest.chunks())
    assert b"u4@example.org" not in held
    assert b"u8@example.org" in held


@pytest.mark.parametrize("harm", ["missing", "garbled", "cut short"])
def test_a_damaged_file_is_named(shop: Shop, tmp_path: Path, harm: str) -> None:
    place = tmp_path / "backups"
    shop.backups.take(str(place))
    with closing(Place(place)) as opened:
        chunk = next(part.chunk for part in opened.manifests()[-1].log)
    path = place / chunk.path
    content = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-9] if harm == "cut short" else content[:9] + bytes([content[9] ^ 7]) + content[10:])
    with pytest.raises(DamagedBackupError, match=chunk.sha256):
        shop.backups.verify(place=str(place))
    with closing(Place(place)) as opened, pytest.raises(DamagedBackupError, match=chunk.sha256):
        restore(opened, tmp_path / "back")
    assert not (tmp_path / "back").exists()
    assert not list(tmp_path.glob("back.restoring*"))
    overview = shop.backups.overview()
    assert overview.last is not None
    assert overview.last.problem is not None
    assert chunk.sha256 in overview.last.problem


def test_a_restore_writes_over_nothing(shop: Shop, tmp_path: Path, empty: dict[str, str]) -> None:
    shop.backups.take(str(tmp_path / "backups"))
    with closing(Place(tmp_path / "backups")) as place:
        with pytest.raises(ConflictError, match="is not empty"):
            restore(place, shop.folder, flags=empty)
        if shop.database.dialect == "postgresql":
            with pytest.raises(ConflictError, match="holds a shop already"):
                restore(place, tmp_path / "back", flags={"state.url": shop.settings.state.url})
            with pytest.raises(InvalidError, match="Name an empty database"):
                restore(place, tmp_path / "back")
        else:
            with pytest.raises(InvalidError, match="is of a shop on SQLite"):
                restore(place, tmp_path / "back", flags={"state.url": "postgresql://nobody@/none"})
    assert not (tmp_path / "back").exists()


def test_a_restore_that_broke_off_may_be_begun_again(shop: Shop, tmp_path: Path, empty: dict[str, str]) -> None:
    shop.backups.take(str(tmp_path / "backups"))

    def told(_done: int, _total: int, note: str) -> None:
        if note == "who was forgotten since":
            raise RuntimeError("gone")

    with pytest.raises(RuntimeError, match="gone"):
        back(tmp_path, empty, shop, told=told)
    with back(tmp_path, empty, shop) as again:
        assert everything(again) == everything(shop)


def test_another_shops_place_and_a_newer_program_are_refused(shop: Shop, tmp_path: Path) -> None:
    place = tmp_path / "backups"
    shop.backups.take(str(place))
    with open_shop(tmp_path / "other") as other, pytest.raises(ConflictError, match="backups of another shop"):
        other.backups.take(str(place))
    with closing(Place(place)) as opened:
        manifest = opened.manifests()[-1]
        newer = msgspec.structs.replace(manifest, migrations={**manifest.migrations, "profiles": 99})
        opened.publish(newer)
        with pytest.raises(NewerBackupError, match="tables of profiles"):
            restore(opened, tmp_path / "back")
        opened.files.put_atomic(manifest.path, b'{"format": 2}')
        with pytest.raises(NewerBackupError, match="written by a newer Regulars"):
            restore(opened, tmp_path / "back")


def test_nobody_else_may_read_what_was_copied(shop: Shop, tmp_path: Path, empty: dict[str, str]) -> None:
    place = tmp_path / "backups"
    shop.backups.take(str(place))
    with back(tmp_path, empty, shop):
        pass
    written = [path for path in place.rglob("*") if path.is_file()]
    written += [path for path in (tmp_path / "back").rglob("*.db") if path.is_file()]
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def test_the_console_sees_how_the_shop_is_covered(shop: Shop, tmp_path: Path) -> None:
    assert shop.backups.overview().is_late
    advice = shop.backups.overview().advice
    assert advice is not None
    assert "no backup yet" in advice
    counter = Counter(build_web(shop))
    refused = counter.ask("POST", "/v1/backups", headers=bearer(shop, "admin"), json={})
    assert "Set backup.url" in refused.json()["detail"]
    shop.backups.take(str(tmp_path / "backups"), verified=True)
    seen = counter.ask("GET", "/v1/backups/overview", headers=bearer(shop, "admin")).json()
    assert seen["advice"] is None
    assert not seen["is_late"]
    assert counter.ask("GET", "/v1/backups", headers=bearer(shop, "viewer")).status_code == 403
    assert isinstance(shop.clock, WoundClock)
    shop.clock.wind(timedelta(days=8))
    assert shop.backups.overview().is_late
    counter.close()


def test_backups_are_taken_by_themselves(tmp_path: Path) -> None:
    flags = {"backup.url": str(tmp_path / "backups"), "backup.every_hours": "6", "backup.keep": "2"}
    with open_shop(tmp_path / "shop", flags=flags, clock=WoundClock(START)) as shop:
        live(shop, 1)
        assert isinstance(shop.clock, WoundClock)
        for _ in range(4):
            shop.jobs.run_due()
            shop.clock.wind(timedelta(hours=6))
        found = shop.backups.list_backups().items
        assert len(found) == 2
        assert all(one.verified_at for one in found)


def part(first: int, last: int, size: int = 10, at_us: int = 0) -> LogPart:
    chunk = Chunk(f"{first}-{last}", size, size)
    return LogPart(partition="web-0", first=first, last=last, first_us=at_us, last_us=at_us, chunk=chunk)


def manifest(taken_us: int, log: list[LogPart]) -> Manifest:
    return Manifest(
        format=1, backup_id=f"b{taken_us}", shop_id="s", program="1", engine="sqlite", migrations={}, taken_us=taken_us,
        reached={}, trimmed={"web-0": 0}, state=None, tables=[], log=log, files=[], history_events=0, erased=[],
    )  # fmt: skip


def test_parts_are_kept_until_one_is_small_or_was_rewritten() -> None:
    parts = [part(1, 10), part(11, 20), part(21, 30), part(31, 33, size=1)]
    assert untouched(parts, {}, 5) == parts[:3]
    assert untouched(parts, {"web-0": [15]}, 5) == parts[:1]
    assert untouched(parts, {"web-1": [15]}, 5) == parts[:3]


def test_the_later_version_of_a_part_counts_and_the_base_is_the_newest_that_is_early_enough() -> None:
    first = manifest(100, [part(1, 10, at_us=50), part(11, 15, at_us=90)])
    second = manifest(200, [part(1, 10, size=9, at_us=50), part(11, 30, at_us=90), part(31, 40, at_us=190)])
    assert base_for([second, first], 150) == first
    assert base_for([second, first], None) == second
    assert parts_for([first, second], first, 150) == second.log[:2]
    assert parts_for([first, second], first, 195) == second.log
    assert parts_for([first, second], first, None) == first.log
