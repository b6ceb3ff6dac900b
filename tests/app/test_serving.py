"""`regulars serve` as the program it is: it opens, survives the death of its parts, and closes without a loss."""

from __future__ import annotations

import base64
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from tests.app.conftest import PASSWORD, Served, prepare

from regulars.app import open_shop
from regulars.events import decode_entry
from regulars.events.record import AcceptedRequest

PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str, str]]:
    """Serve one shop for the tests of this file that leave it as it is."""
    folder = tmp_path_factory.mktemp("served") / "shop"
    write_key, secret = prepare(folder)
    served = Served(folder)
    yield served, write_key, secret
    served.close()


def eventually(is_so: Callable[[], bool], *, within_s: float = PATIENCE_S) -> bool:
    pause = threading.Event()
    return any(is_so() or pause.wait(0.1) for _ in range(int(within_s * 10)))


def basic(write_key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{write_key}:".encode()).decode()}


def track(number: int, **more: object) -> dict[str, object]:
    return {"type": "track", "event": "Song Played", "userId": "ann", "messageId": f"m{number}", **more}


def test_a_person_signs_in_and_sees_an_event_arrive(prepared: tuple[Served, str, str]) -> None:
    served, write_key, _ = prepared
    with httpx.Client(base_url=served.url, timeout=30) as browser:
        signed_in = browser.post("/v1/session", json={"email": "ann@shop.example", "password": PASSWORD})
        assert signed_in.status_code == 201
        sent = browser.post("/v1/track", json=track(1, properties={"asset_id": "s1"}), headers=basic(write_key))
        assert sent.status_code == 200
        assert eventually(lambda: browser.get("/v1/profiles/by/user_id/ann").status_code == 200)
        changed = {"name": "Iphone", "kind": "ios"}
        assert browser.post("/v1/sources", json=changed).status_code == 403
        token = {"X-CSRF-Token": browser.cookies["regulars_csrf"]}
        assert browser.post("/v1/sources", json=changed, headers=token).status_code == 201
        assert browser.get("/v1/audit").json()["items"][0]["action"] == "source_created"


def test_today_is_streamed_until_the_reader_goes(prepared: tuple[Served, str, str]) -> None:
    served, _, secret = prepared
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.stream("GET", f"{served.url}/v1/today/live", headers=headers, timeout=30) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        frame = [next(line for line in lines if line.startswith(start)) for start in ("event: ", "data: ")]
    assert frame[0] == "event: today"
    assert "loop" in json.loads(frame[1].removeprefix("data: "))


def test_it_is_ready_and_counts_itself(prepared: tuple[Served, str, str]) -> None:
    served, write_key, secret = prepared
    assert served.http.get("/readyz").json()["ready"] is True
    assert served.http.post("/v1/track", json=track(8), headers=basic(write_key)).status_code == 200
    page = served.http.get("/metrics", headers={"Authorization": f"Bearer {secret}"}).text
    assert "regulars_worker_lag_seconds" in page
    assert "regulars_door_requests_total" in page


_NOW = datetime.now(UTC)
_OLD, _FUTURE = (_NOW - timedelta(days=3650)).isoformat(), (_NOW + timedelta(days=3650)).isoformat()
_BATCH = {"batch": [track(9000 + number) for number in range(3000)]}
_BAD: list[tuple[str, str, bytes, dict[str, str], int]] = [
    ("wrong shape", "/v1/track", b'{"userId": "ann"}', {}, 400),
    ("40 kB event", "/v1/track", json.dumps(track(1, properties={"x": "y" * 40_000})).encode(), {}, 400),
    ("600 kB batch", "/v1/batch", b'{"batch": [' + b" " * 600_000 + b"]}", {}, 400),
    ("3,000-event batch", "/v1/batch", json.dumps(_BATCH).encode(), {}, 400),
    ("invalid JSON", "/v1/track", b"{nope", {}, 400),
    ("invalid gzip", "/v1/track", b"not gzip", {"Content-Encoding": "gzip"}, 400),
    ("NaN", "/v1/track", b'{"event": "E", "userId": "a", "properties": {"n": NaN}}', {}, 400),
    ("lone surrogates", "/v1/track", b'{"event": "\\ud800", "userId": "a"}', {}, 400),
    ("10-year-old", "/v1/track", json.dumps(track(2, timestamp=_OLD)).encode(), {}, 200),
    ("future", "/v1/track", json.dumps(track(3, timestamp=_FUTURE)).encode(), {}, 200),
    ("negative quantity", "/v1/track", json.dumps(track(4, properties={"quantity": -3})).encode(), {}, 200),
    ("good gzip", "/v1/track", gzip.compress(json.dumps(track(5)).encode()), {"Content-Encoding": "gzip"}, 200),
]


@pytest.mark.parametrize(("_what", "path", "body", "headers", "status"), _BAD, ids=[one[0] for one in _BAD])
def test_bad_input_at_the_door_gets_a_sentence(
    prepared: tuple[Served, str, str], _what: str, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    served, write_key, _ = prepared
    answer = served.http.post(path, content=body, headers={**basic(write_key), **headers})
    assert (answer.status_code in {400, 413}) if status == 400 else (answer.status_code == status), answer.text
    if status != 200:
        assert any(len(str(value).split()) >= 4 for value in answer.json().values()), answer.text


def test_a_wrong_key_gets_a_sentence(prepared: tuple[Served, str, str]) -> None:
    served, _, _ = prepared
    answer = served.http.post("/v1/track", json=track(1), headers=basic("wk_nobodys"))
    assert answer.status_code == 401
    assert "key" in answer.text


def test_an_import_with_a_thousand_broken_rows_tells_of_each_and_takes_the_others(
    prepared: tuple[Served, str, str],
) -> None:
    served, _, secret = prepared
    rows = ["item_id,kind,title", *(f"i{n},video,Title {n}" for n in range(5)), *(f",video,{n}" for n in range(1000))]
    answer = served.http.post(
        "/v1/catalog/imports?format=csv",
        content="\n".join(rows).encode(),
        headers={"Authorization": f"Bearer {secret}", "Content-Type": "text/csv"},
    )
    report = answer.json()
    assert (report["rows"], report["imported"], report["rejected"]) == (1005, 5, 1000)
    assert {"row", "column", "reason"} <= set(report["problems"][0])


@pytest.mark.parametrize("name", ["worker", "web-0"])
def test_whatever_dies_is_started_again_and_nothing_is_lost(prepared: tuple[Served, str, str], name: str) -> None:
    served, write_key, secret = prepared
    before = served.child(name)
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: served.child(name) not in {0, before})
    who = f"after the death of {name}"
    sent = httpx.post(
        f"{served.url}/v1/track",
        json={**track(77), "messageId": who, "userId": who},
        headers=basic(write_key),
        timeout=30,
    )
    assert sent.status_code == 200
    headers = {"Authorization": f"Bearer {secret}"}
    path = f"/v1/profiles/by/user_id/{who}"
    assert eventually(lambda: httpx.get(f"{served.url}{path}", headers=headers, timeout=30).status_code == 200)


def test_closing_while_events_arrive_loses_none_that_was_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    write_key, _ = prepare(folder)
    served, acknowledged, stop = Served(folder), [], threading.Event()

    def send(sender: int) -> None:
        with httpx.Client(base_url=served.url, timeout=30) as client:
            number = 0
            while not stop.is_set():
                number += 1
                message = f"{sender}-{number}"
                try:
                    answer = client.post("/v1/track", json={**track(0), "messageId": message}, headers=basic(write_key))
                except httpx.HTTPError:
                    return
                if answer.status_code == 200:
                    acknowledged.append(message)

    senders = [threading.Thread(target=send, args=(sender,)) for sender in range(4)]
    for sender in senders:
        sender.start()
    assert eventually(lambda: len(acknowledged) > 50)
    status = served.end()
    stop.set()
    for sender in senders:
        sender.join()
    served.close()
    assert status == 0, served.told
    with open_shop(folder, partition=None) as shop:
        kept = shop.log.read("web-0", after=0, records_max=100_000)
    bodies = [entry.body for record in kept if isinstance(entry := decode_entry(record.payload), AcceptedRequest)]
    assert set(acknowledged) <= {json.loads(body)["messageId"] for body in bodies}


def test_an_open_stream_does_not_keep_the_shop_from_closing(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    _, secret = prepare(folder)
    served = Served(folder)
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.stream("GET", f"{served.url}/v1/today/live", headers=headers, timeout=60) as stream:
        next(stream.iter_lines())
        assert served.end() == 0
    served.close()


def tried(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "regulars", "serve", str(folder), "--port", "0", *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_in_use_gets_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = tried(tmp_path / "shop", "--port", str(port))
    assert ended.returncode == 1
    assert f"Port {port} is in use" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_shop_of_a_newer_version_is_not_served_and_says_why(tmp_path: Path) -> None:
    with open_shop(tmp_path / "shop") as shop, shop.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO kernel_migrations (capability, number) VALUES ('profiles', 99)")
    ended = tried(tmp_path / "shop")
    assert ended.returncode == 1
    assert ended.stderr.count("newer Regulars") == 1, "two processes cannot start; it is said once"
    assert "Traceback" not in ended.stderr
    as_json = tried(tmp_path / "shop", "--json")
    assert json.loads(as_json.stderr)["error"]["kind"] == "newer-shop"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_gets_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir(mode=0o500)
    ended = tried(folder)
    assert ended.returncode == 1
    assert "may not be written" in ended.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="/sys takes nothing, not even from root, on Linux")
def test_a_folder_that_cannot_be_made_gets_a_sentence() -> None:
    ended = tried(Path("/sys/shop"))
    assert ended.returncode == 1
    assert "cannot be opened or made" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_two_servers_of_one_shop_get_a_sentence(prepared: tuple[Served, str, str]) -> None:
    served, _, _ = prepared
    ended = tried(served.folder)
    assert ended.returncode == 1
    assert "Another process already appends to the log" in ended.stderr
    assert "Traceback" not in ended.stderr
