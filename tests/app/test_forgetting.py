"""Asking for one's data, and asking to be forgotten."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
import zstandard
from tests.app.conftest import Counter, bearer

from regulars.app import Shop, open_shop
from regulars.app.erase import erase
from regulars.app.replay.core import Asked
from regulars.events import AcceptedRequest, RefusedRequest, encode_entry, read_request
from regulars.events.redact import redacted
from regulars.kernel.errors import ConflictError, NotFoundError
from regulars.kernel.eventlog import Record
from regulars.lake import Forgotten
from regulars.testing.contracts.customers import traces_of

ANN = ("ann-of-the-corner", "browser-of-ann", "Ann Secret", "ann@home.example")


def fill(shop: Shop) -> None:
    def call(number: int, **parts: object) -> dict[str, object]:
        return {"messageId": f"m{number}", **parts}

    ann = {"userId": ANN[0], "anonymousId": ANN[1]}
    shop.events.append(
        [
            call(1, type="track", event="Song Played", anonymousId=ANN[1], properties={"asset_id": "s1"}),
            call(2, type="identify", **ann, traits={"name": ANN[2], "email": ANN[3]}),
            call(3, type="track", event="Song Played", userId="bob", properties={"asset_id": "s1"}),
            call(4, type="track", event="Song Liked", **ann, properties={"asset_id": "s2", "note": ANN[2]}),
        ]
    )
    shop.catch_up()
    shop.lake.flush()


def test_erasing_leaves_no_row_no_file_and_no_record(shop: Shop) -> None:
    fill(shop)
    customer = shop.customer_named(f"user_id:{ANN[0]}")
    report = shop.erase(customer)
    assert report.rows["log"] == 1
    assert report.rows["history"] == 3
    with shop.database.read() as connection:
        assert traces_of(connection, [*ANN, customer]) == []
    shop.close()
    words = [word.encode() for word in ANN]
    held = [path for path in shop.folder.rglob("*") if path.is_file() and any(w in path.read_bytes() for w in words)]
    assert held == []


def test_erasing_leaves_no_replay_of_what_they_did_and_no_other_goes(shop: Shop) -> None:
    fill(shop)
    customer, bob = (shop.customer_named(f"user_id:{name}") for name in (ANN[0], "bob"))
    asked = [Asked(customer_id=customer), Asked(customer_id=bob), Asked()]
    theirs, bobs, everybodys = (shop.replays.begin(one).replay_id for one in asked)
    assert shop.erase(customer).rows["replays"] == 1
    with shop.database.read() as connection:
        assert traces_of(connection, [*ANN, customer]) == []
    assert {one.replay_id for one in shop.replays.list_replays().items} == {bobs, everybodys}
    with pytest.raises(NotFoundError):
        shop.replays.run(theirs, lambda *_: None)


def unpacked(path: Path) -> bytes:
    """Return what a file says, also when it is packed."""
    if path.suffix != ".zst":
        return path.read_bytes()
    return zstandard.ZstdDecompressor().stream_reader(BytesIO(path.read_bytes()), read_across_frames=True).read()


def test_erasing_reaches_into_packed_records_and_wipes_where_they_lay_before(shop: Shop) -> None:
    fill(shop)
    others = [{"type": "track", "event": "E", "userId": f"u{n}", "properties": {"x": "y" * 4_000}} for n in range(90)]
    for each in others:
        shop.events.append([each])
    shop.catch_up()
    assert shop.log.pack("web-0", fresh_bytes=0, segment_bytes=100_000) is not None
    files = [path for path in shop.folder.rglob("*") if path.is_file()]
    packed = [path for path in files if ANN[2].encode() in unpacked(path) and path.suffix == ".zst"]
    assert len(packed) == 1
    lay = shop.folder / "log" / "web-0.log.db"
    assert ANN[2].encode() in lay.read_bytes() + lay.with_name("web-0.log.db-wal").read_bytes(), "in pages now free"
    assert shop.erase(shop.customer_named(f"user_id:{ANN[0]}")).rows["log"] == 1
    shop.close()
    words = [word.encode() for word in ANN]
    files = [path for path in shop.folder.rglob("*") if path.is_file()]
    assert [path for path in files if any(word in unpacked(path) for word in words)] == []
    with open_shop(shop.folder, partition=None) as again:
        assert len(again.log.read("web-0", after=0, records_max=1_000)) == 91


def test_erasing_one_leaves_the_other_as_they_were_also_in_a_replay(shop: Shop) -> None:
    fill(shop)
    bob = shop.profiles.by("user_id", "bob")
    shop.erase(shop.customer_named(f"user_id:{ANN[0]}"))
    assert shop.profiles.by("user_id", "bob") == bob
    (record,) = shop.log.read("web-0", after=0, records_max=10)
    (event,) = read_request(record).events
    assert (event.user_id, event.position.index, read_request(record).rejected) == ("bob", 2, [])


def test_erasing_somebody_unknown_is_said_to_be_so(shop: Shop) -> None:
    with pytest.raises(NotFoundError):
        erase(shop, shop.customer_named("user_id:nobody"))


def test_the_console_starts_the_job_and_the_job_does_it(shop: Shop, counter: Counter) -> None:
    fill(shop)
    customer = shop.customer_named(f"user_id:{ANN[0]}")
    headers = bearer(shop, "admin")
    started = counter.ask("DELETE", f"/v1/profiles/{customer}", headers=headers)
    assert started.status_code == 202
    while shop.jobs.run_due():
        pass
    run = counter.ask("GET", f"/v1/jobs/{started.json()['job_run_id']}", headers=headers).json()
    assert (run["state"], run["error"]) == ("done", None)
    assert counter.ask("GET", f"/v1/profiles/by/user_id/{ANN[0]}", headers=headers).status_code == 404
    assert counter.ask("GET", "/v1/profiles/by/user_id/bob", headers=headers).status_code == 200


def test_a_single_call_of_theirs_leaves_an_empty_record() -> None:
    body = b'{"event":"Song Played","userId":"ann","messageId":"m"}'
    record = Record("web-0", 4, 9, encode_entry(AcceptedRequest("s", 9, "10.0.0.1", "browser", "track", body)))
    payload = redacted(record, Forgotten(user_ids=frozenset({"ann"})).covers, {"ann"})
    assert payload is not None
    assert b"ann" not in payload
    assert b"10.0.0.1" not in payload
    after = read_request(msgspec.structs.replace(record, payload=payload))
    assert (after.events, after.rejected) == ([], [])


def test_a_refused_request_of_theirs_keeps_its_reason_and_its_count_and_nothing_of_them() -> None:
    refused = RefusedRequest(
        "s",
        9,
        400,
        "No.",
        "track",
        b'{"userId":"ann"}',
        "10.0.0.1",
        "browser",
        "too_deep",
        3,
        2,
        16,
        True,
        "Song Played",
    )
    record = Record("web-0", 4, 9, encode_entry(refused))
    payload = redacted(record, Forgotten(user_ids=frozenset({"ann"})).covers, {"ann"})
    assert payload is not None
    after = read_request(msgspec.structs.replace(record, payload=payload)).refused
    assert after == RefusedRequest("s", 9, 400, "No.", "track", b"", "", "", "too_deep", 3, 2, 16, False, "Song Played")


def test_an_export_holds_who_they_are_and_all_they_did(shop: Shop, tmp_path: Path) -> None:
    fill(shop)
    target = tmp_path / "ann.zip"
    shop.export_customer(shop.customer_named(f"user_id:{ANN[0]}"), target)
    with zipfile.ZipFile(target) as archive:
        profile = json.loads(archive.read("profile.json"))
        events = [json.loads(line) for line in archive.read("events.jsonl").splitlines()]
        identity = json.loads(archive.read("identity.json"))
    assert profile["traits"]["name"]["value"] == ANN[2]
    assert [event["message_id"] for event in events] == ["m1", "m2", "m4"]
    assert {one["value"] for one in identity["identifiers"]} >= set(ANN[:2])
    with pytest.raises(ConflictError, match="there already"):
        shop.export_customer(shop.customer_named("user_id:bob"), target)


def test_an_export_of_all_events_is_parquet_by_day(shop: Shop, tmp_path: Path) -> None:
    fill(shop)
    report = shop.export_events(tmp_path / "events")
    assert (report.rows, report.files) == (4, 1)
    assert [path.parent.name[:5] for path in (tmp_path / "events").rglob("*.parquet")] == ["date="]
