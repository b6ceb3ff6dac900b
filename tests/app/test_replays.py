"""Replays over HTTP: asked for, done by a job, paused and gone on with; nothing counts twice and nothing is sent."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text
from tests.app.conftest import Counter, bearer
from tests.app.test_rebuild import live, rows, spoil
from tests.app.test_replay import counted
from tests.events.conftest import Host

from regulars.app import Shop, open_shop
from regulars.app.apart import bytes_from
from regulars.app.http import build_web
from regulars.app.replay import Asked, Span, SpanCount, reading
from regulars.app.replay.service import Counting
from regulars.kernel.clock import SystemClock, WoundClock
from regulars.kernel.errors import ConflictError
from regulars.kernel.jobs import store as jobs_store

START = datetime(2026, 10, 1, 12, tzinfo=UTC)
ENDS_WITHIN_S = 30.0


@pytest.fixture
def flags(database_url: str) -> dict[str, str]:
    """Return where the state lies, once per engine."""
    return {"state.url": database_url} if database_url.startswith("postgres") else {}


@pytest.fixture
def shop(tmp_path: Path, flags: dict[str, str]) -> Iterator[Shop]:
    """Open a shop with three days behind it."""
    with open_shop(tmp_path / "shop", flags=flags, clock=WoundClock(START)) as shop:
        live(shop)
    with open_shop(tmp_path / "shop", flags=flags, clock=SystemClock()) as shop:  # as the process that replays
        yield shop


@pytest.fixture
def counter(shop: Shop) -> Iterator[Counter]:
    """Return the shop's web."""
    counter = Counter(build_web(shop))
    yield counter
    counter.close()


class Admin:
    """Asks with a key that may."""

    def __init__(self, shop: Shop, counter: Counter) -> None:
        self._counter = counter
        self._headers = bearer(shop, "admin")

    def ask(self, method: str, path: str, body: object = None, *, status: int = 200) -> Any:  # Any: JSON
        answer = self._counter.ask(method, path, headers=self._headers, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def begin(self, **asked: object) -> Any:  # Any: JSON
        return self.ask("POST", "/v1/replays", asked, status=202)

    def find(self, replay_id: str) -> Any:  # Any: JSON
        return self.ask("GET", f"/v1/replays/{replay_id}")


@pytest.fixture
def admin(shop: Shop, counter: Counter) -> Admin:
    """Return somebody who may replay."""
    return Admin(shop, counter)


def by_name(counts: list[dict[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in counts:
        found[one["name"]] = found.get(one["name"], 0) + one["events"]
    return found


class Enough(BaseException):
    """Somebody pauses."""


def stop_after(parts: int) -> Any:  # Any: what `run` takes as told
    left = parts

    def told(_done: int, _total: int, _note: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Enough

    return told


def silent(_done: int, _total: int, _note: str) -> None:
    return None


def test_a_span_is_counted_by_a_job_that_everybody_sees(shop: Shop, admin: Admin) -> None:
    begun = admin.begin(names=["Song Completed"])
    assert begun["state"] == "waiting"
    assert shop.jobs.run_due() >= 1
    done = admin.find(begun["replay_id"])
    assert (done["state"], done["error"]) == ("done", None)
    assert by_name(done["counts"]) == {"Song Completed": counted(shop)["Song Completed"]}
    assert done["done"] == done["total"] > 0
    runs = shop.jobs.list_runs(job="replay").items
    assert [run.state.value for run in runs] == ["done"]
    assert "events counted" in runs[0].progress.note
    assert [one["replay_id"] for one in admin.ask("GET", "/v1/replays")["items"]] == [begun["replay_id"]]


def test_a_span_is_chosen_by_time_source_and_customer(shop: Shop, admin: Admin) -> None:
    ann = shop.customer_named("user_id:u4")
    source = next(iter(shop.count().counts)).source_id
    begun = [
        admin.begin(since="2026-10-02T00:00:00Z", until="2026-10-03T00:00:00Z"),
        admin.begin(sources=[source]),
        admin.begin(customer="user_id:u4"),
    ]
    shop.jobs.run_due()
    shop.jobs.run_due()
    shop.jobs.run_due()
    day, of_source, theirs = (admin.find(one["replay_id"]) for one in begun)
    assert 0 < day["events"] < sum(counted(shop).values())
    assert of_source["events"] == sum(counted(shop).values())
    assert theirs["events"] == shop.profiles.of(ann).events_total
    assert theirs["asked"]["customer_id"] == ann, "no identifier is kept"


def test_what_history_lost_is_put_back_and_nothing_twice(shop: Shop, admin: Admin) -> None:
    before = shop.lake.query(shop.lake.events()).num_rows
    with shop.database.write() as connection:
        connection.execute(text("DELETE FROM lake_files WHERE day = (SELECT MIN(day) FROM lake_files)"))
    lost = before - shop.lake.query(shop.lake.events()).num_rows
    assert lost > 0
    outbox = rows(shop, "SELECT COUNT(*) FROM events_outbox")
    waiting = rows(shop, "SELECT COUNT(*) FROM destinations_queue")
    end = {name: shop.log.end(name) for name in shop.log.partitions()}
    for expected in (lost, 0):
        begun = admin.begin(into="lake")
        shop.jobs.run_due()
        found = admin.find(begun["replay_id"])
        assert (found["state"], found["taken"]) == ("done", expected)
    assert shop.lake.query(shop.lake.events()).num_rows == before
    assert rows(shop, "SELECT COUNT(*) FROM events_outbox") == outbox
    assert rows(shop, "SELECT COUNT(*) FROM destinations_queue") == waiting
    assert {name: shop.log.end(name) for name in shop.log.partitions()} == end


@pytest.mark.parametrize("trimmed", [False, True])
def test_a_paused_replay_goes_on_where_it_was(shop: Shop, monkeypatch: pytest.MonkeyPatch, trimmed: bool) -> None:
    monkeypatch.setattr(reading, "EVENTS_A_PART", 7)
    if trimmed:
        partition = shop.log.partitions()[0]
        shop.log.trim(partition, through=shop.log.end(partition) // 2)
    whole = {(one.name, one.source_id): one.events for one in shop.count().counts}
    replay_id = shop.replays.begin(Asked()).replay_id
    shop.replays.pause(replay_id)  # no job takes it up between the sittings
    sittings = 0
    while shop.replays.find(replay_id).state != "done":
        sittings += 1
        try:
            shop.replays.run(replay_id, stop_after(3))
        except Enough:
            rests = shop.replays.find(replay_id)
            assert rests.state == "paused"
            assert 0 < rests.done < rests.total or trimmed
    done = shop.replays.find(replay_id)
    assert sittings > 3
    assert {(one.name, one.source_id): one.events for one in done.counts} == whole
    assert done.events == sum(whole.values())
    with pytest.raises(ConflictError, match="is done"):
        shop.replays.run(replay_id, silent)


def test_it_is_paused_gone_on_with_and_given_up_over_http(shop: Shop, admin: Admin) -> None:
    replay_id = admin.begin()["replay_id"]
    path = f"/v1/replays/{replay_id}"
    assert "Pause it first" in admin.ask("POST", f"{path}/discard", status=409)["detail"]
    assert admin.ask("POST", f"{path}/pause")["state"] == "paused"
    shop.jobs.run_due()
    assert admin.find(replay_id)["state"] == "paused", "nobody runs what rests"
    assert admin.ask("POST", f"{path}/resume", status=202)["state"] == "waiting"
    assert admin.ask("POST", f"{path}/pause")["state"] == "paused"
    assert admin.ask("POST", f"{path}/discard")["state"] == "discarded"
    assert "is discarded" in admin.ask("POST", f"{path}/resume", status=409)["detail"]
    audited = [one["action"] for one in admin.ask("GET", "/v1/audit")["items"]]
    assert {"replay_started", "replay_paused", "replay_resumed", "replay_discarded"} <= set(audited)


def taken_and_left(shop: Shop, job: str) -> None:
    """Let a process take the run of the job in hand and be killed; the pause before the next try is over."""
    now_us = shop.clock.now_us()
    with shop.database.write() as connection:
        (row,) = [row for row in jobs_store.due(connection, now_us) if row.job == job]
        assert jobs_store.claim(connection, row, holder="killed", now_us=now_us, lease_until_us=now_us - 1)
        connection.execute(text(f"UPDATE {job}s_history SET state = 'running'"))


def no_pause_before_a_try(shop: Shop, job: str) -> None:
    spoil(shop, f"UPDATE kernel_job_runs SET due_us = 0 WHERE job = '{job}' AND state = 'queued'")


def test_a_replay_whose_process_was_killed_goes_on_by_itself(shop: Shop, admin: Admin) -> None:
    replay_id = admin.begin()["replay_id"]
    for _ in range(2):
        taken_and_left(shop, "replay")
        assert admin.find(replay_id)["state"] == "running"
        shop.jobs.run_due()
        assert admin.find(replay_id)["state"] in {"running", "waiting"}, "nobody has to say so"
        no_pause_before_a_try(shop, "replay")
    shop.jobs.run_due()
    found = admin.find(replay_id)
    assert (found["state"], found["error"]) == ("done", None)
    assert by_name(found["counts"]) == counted(shop)


def test_a_replay_that_a_person_pauses_rests_even_when_its_process_was_killed(shop: Shop, admin: Admin) -> None:
    replay_id = admin.begin()["replay_id"]
    taken_and_left(shop, "replay")
    admin.ask("POST", f"/v1/replays/{replay_id}/pause")
    shop.jobs.run_due()
    no_pause_before_a_try(shop, "replay")
    shop.jobs.run_due()
    shop.jobs.run_due()
    found = admin.find(replay_id)
    assert (found["state"], found["read"]) == ("paused", 0)


def test_one_customer_is_worked_out_anew(shop: Shop, admin: Admin) -> None:
    ann = shop.customer_named("user_id:u4")
    right = shop.profiles.of(ann)
    spoil(shop, f"UPDATE profiles_customers SET name = 'Somebody else' WHERE customer_id = '{ann}'")
    begun = admin.begin(into="profile", customer=ann)
    shop.jobs.run_due()
    found = admin.find(begun["replay_id"])
    assert found["state"] == "done", found["error"]
    assert found["changed"] == ["name"]
    assert shop.profiles.of(ann).name == right.name
    refused = admin.ask("POST", "/v1/replays", {"into": "profile"}, status=400)
    assert "which customer" in refused["detail"]


def test_what_cannot_be_done_says_why(shop: Shop, admin: Admin) -> None:
    spoil(shop, "UPDATE identity_identifiers SET customer_id = 'nobody' WHERE identifier = 'user_id:u4'")
    ann = shop.customer_named("user_id:u8")
    spoil(shop, f"UPDATE identity_identifiers SET customer_id = '{ann}' WHERE identifier = 'user_id:u0'")
    begun = admin.begin(into="profile", customer=ann)
    shop.jobs.run_due()
    found = admin.find(begun["replay_id"])
    assert found["state"] == "failed"
    assert "belong to somebody else" in found["error"]
    (run,) = shop.jobs.list_runs(job="replay").items  # the process that did it told the job, in words and by code
    assert run.error == found["error"]
    assert run.error_said is not None
    assert found["error_said"] == {"code": "replay_identifiers_moved", "params": run.error_said.params}
    admin.ask("POST", "/v1/replays", {"sources": ["nobody"]}, status=404)
    admin.ask("POST", "/v1/replays", {"customer": "user_id:nobody"}, status=404)
    wrong = admin.ask("POST", "/v1/replays", {"since": "2026-10-02T00:00:00", "until": None}, status=400)
    assert "time zone" in wrong["detail"]
    late = {"since": "2026-10-02T00:00:00Z", "until": "2026-10-01T00:00:00Z"}
    assert "ends after it begins" in admin.ask("POST", "/v1/replays", late, status=400)["detail"]


def test_only_admins_replay(shop: Shop, counter: Counter) -> None:
    headers = bearer(shop, "marketer")
    assert counter.ask("POST", "/v1/replays", headers=headers, json={}).status_code == 403
    assert counter.ask("GET", "/v1/replays/file", headers=headers).status_code == 403


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_span_is_fetched_as_a_file_of_which_the_shop_keeps_nothing(
    shop: Shop, counter: Counter, admin: Admin, tmp_path: Path, form: str
) -> None:
    kept = {path.relative_to(shop.folder) for path in shop.folder.rglob("*") if path.is_file()}
    headers = bearer(shop, "admin")
    address = f"/v1/replays/file?form={form}&name=Song%20Completed&name=Song%20Skipped&since=2026-10-02T00:00:00Z"
    answer = counter.ask("GET", address, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="events.{form}"'
    written = tmp_path / f"written.{form}"
    since_us = int(datetime(2026, 10, 2, tzinfo=UTC).timestamp() * 1_000_000)
    report = shop.write_span(Span(names=frozenset({"Song Completed", "Song Skipped"}), since_us=since_us), written)
    assert report.events > 0
    if form == "jsonl":
        assert answer.content == written.read_bytes()
    else:
        assert pq.read_table(io.BytesIO(answer.content)).equals(pq.read_table(written))
    assert {path.relative_to(shop.folder) for path in shop.folder.rglob("*") if path.is_file()} <= kept
    assert "span_downloaded" in {one["action"] for one in admin.ask("GET", "/v1/audit")["items"]}


def download_of(folder: Path) -> list[str]:
    """Return the processes that make a file of a shop in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:  # it ended meanwhile
            continue
        if "regulars.app.replay.download" in words and any(str(folder) in word for word in words):
            found.append(process.name)
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are looked up in /proc")
def test_a_file_that_nobody_fetches_any_more_is_not_made_to_its_end(shop: Shop) -> None:
    shop.events.append([
        {"type": "track", "event": "Song Played", "userId": f"u{number}", "properties": {"text": "x" * 30_000}}
        for number in range(400)
    ])  # fmt: skip  # more than sockets and pipes hold
    shop.catch_up()
    headers = bearer(shop, "admin")
    host = Host()
    host.app = build_web(shop).asgi
    try:
        said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        with socket.create_connection(("127.0.0.1", urlsplit(host.url).port or 0)) as reader:
            reader.sendall(f"GET /v1/replays/file HTTP/1.1\r\nHost: localhost\r\n{said}\r\n".encode())
            assert b"200 OK" in reader.recv(1_000)
            assert len(download_of(shop.folder)) == 1
        until_s = time.monotonic() + ENDS_WITHIN_S
        while download_of(shop.folder) and time.monotonic() < until_s:
            time.sleep(0.05)
        assert download_of(shop.folder) == []
    finally:
        host.stop()


def test_who_waits_for_a_file_of_which_nothing_comes_can_leave() -> None:
    parts = bytes_from("tests.app.silent", {})
    assert next(parts) == b""
    began_s = time.monotonic()
    parts.close()
    assert time.monotonic() - began_s < ENDS_WITHIN_S / 2, "it was told to end, not killed"


def test_a_file_that_cannot_be_made_says_why_before_its_first_byte(admin: Admin) -> None:
    admin.ask("GET", "/v1/replays/file?source=nobody", status=404)
    assert "time zone" in admin.ask("GET", "/v1/replays/file?since=2026-10-02T00:00:00", status=400)["detail"]
    assert admin.ask("GET", "/v1/replays/file?form=csv", status=400)["status"] == 400


def test_counts_go_on_from_what_was_counted() -> None:
    counting = Counting([SpanCount(name="Song Played", source_id="web", events=3)])
    assert counting.told() == [SpanCount(name="Song Played", source_id="web", events=3)]
