"""A served shop on a disk that fills, and one with two web processes: nothing acknowledged is lost, and it says so."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any  # Any: JSON

import httpx
import pytest
from tests.app.conftest import Served, prepare
from tests.app.test_serving import basic, eventually, track

from regulars.app import open_shop
from regulars.app.doors import Doors, is_running, together
from regulars.events import decode_entry
from regulars.events.door import DoorStats
from regulars.events.record import AcceptedRequest

MB = 1_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of 96 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", disk], check=False)
    if mounted.returncode != 0:
        pytest.skip("a small disk cannot be mounted without the rights of root")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def in_the_log(folder: Path) -> set[str]:
    """Return the message ids of every single call in the log, all partitions together."""
    with open_shop(folder, partition=None) as shop:
        records = [
            record
            for partition in shop.log.partitions()
            for record in shop.log.read(partition, after=0, records_max=1_000_000)
        ]
    entries = [decode_entry(record.payload) for record in records]
    return {json.loads(entry.body)["messageId"] for entry in entries if isinstance(entry, AcceptedRequest)}


def metric(page: str, name: str) -> dict[str, float]:
    """Return the values of one metric by its labels."""
    lines = [line.rpartition(" ") for line in page.splitlines() if line.startswith((f"{name}{{", f"{name} "))]
    return {labels.removeprefix(name): float(value) for labels, _, value in lines}


@pytest.mark.timeout(180)
def test_a_shop_whose_disk_fills_turns_away_loses_nothing_and_opens_again(small_disk: Path) -> None:
    folder = small_disk / "shop"
    write_key, secret = prepare(folder)
    served = Served(folder, "--set", f"events.disk_free_bytes_min={8 * MB}")
    headers = {"Authorization": f"Bearer {secret}"}
    acknowledged: set[str] = set()

    def send(number: int) -> httpx.Response:
        answer = served.http.post("/v1/track", json=track(number), headers=basic(write_key))
        if answer.status_code == 200:
            acknowledged.add(f"m{number}")
        return answer

    def today() -> dict[str, Any]:  # Any: JSON
        return served.http.get("/v1/today", headers=headers).json()  # type: ignore[no-any-return] # JSON is of any type

    def troubles() -> set[str]:
        return {trouble["code"] for trouble in today()["troubles"]}

    try:
        assert send(1).status_code == 200
        assert troubles() == set()
        filler = small_disk / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - 7 * MB))
        assert eventually(lambda: send(2).status_code == 503)
        answer = send(3)
        assert 10 <= int(answer.headers["retry-after"]) <= 20
        assert answer.json()["detail"].startswith("The disk is nearly full")
        ready = served.http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "closed")
        assert [check["name"] for check in ready.json()["checks"] if not check["ok"]] == ["disk"]
        assert eventually(lambda: troubles() == {"disk_full"})
        page = served.http.get("/metrics", headers=headers).text
        assert metric(page, "regulars_door_refused_total")['{reason="disk_full"}'] >= 2
        assert metric(page, "regulars_disk_free_bytes")[""] < 8 * MB
        assert served.http.get("/v1/profiles/by/user_id/ann", headers=headers).status_code == 200, "reads go on"
        filler.unlink()
        assert eventually(lambda: send(4).status_code == 200)
        assert served.http.get("/readyz").status_code == 200
        assert eventually(lambda: troubles() == set())
        assert served.end() == 0
    finally:
        served.close()
    assert {"m1", "m4"} <= acknowledged <= in_the_log(folder)


def send_until(stop: threading.Event, served: Served, write_key: str, acknowledged: set[str]) -> None:
    """Send calls, each on a connection of its own, so that either process may answer; note those that were taken."""
    headers = {**basic(write_key), "Connection": "close"}
    with httpx.Client(base_url=served.url, timeout=30) as client:
        while not stop.is_set():
            message_id = f"m{threading.get_ident()}-{len(acknowledged)}-{os.urandom(4).hex()}"
            try:
                answer = client.post("/v1/track", json={**track(1), "messageId": message_id}, headers=headers)
            except httpx.HTTPError:
                continue  # the process was killed in the middle of it
            if answer.status_code == 200:
                acknowledged.add(message_id)


def taken(folder: Path) -> list[int]:
    """Return how many records each of two web processes has taken in."""
    with open_shop(folder, partition=None) as shop:
        return [shop.log.end(f"web-{number}") for number in range(2)]


def counted(served: Served, secret: str) -> list[int]:
    """Return how many requests /metrics and Today say were answered, and how many events took effect."""
    headers = {"Authorization": f"Bearer {secret}"}
    page = served.http.get("/metrics", headers=headers).text
    today = served.http.get("/v1/today", headers=headers).json()
    said = next(station["detail"] for station in today["loop"] if station["station"] == "door")
    assert said.endswith("by 2 processes"), said
    of_metrics = sum(metric(page, "regulars_door_requests_total").values())
    return [int(of_metrics), int(said.split()[0]), sum(today["outcomes"].values())]


def settled(read: Callable[[], list[int]]) -> list[int]:
    """Return what is read once it has been the same twenty times: each process says its word within a second."""
    seen = [read()]

    def is_settled() -> bool:
        seen.append(read())
        return seen[-20:] == [seen[-1]] * 20

    assert eventually(is_settled), seen[-3:]
    return seen[-1]


@pytest.mark.timeout(180)
def test_two_web_processes_share_the_door_and_one_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    write_key, secret = prepare(folder)
    served, stop, acknowledged = Served(folder, "--web-workers", "2"), threading.Event(), set[str]()
    senders = [threading.Thread(target=send_until, args=(stop, served, write_key, acknowledged)) for _ in range(4)]
    for sender in senders:
        sender.start()
    try:
        assert eventually(lambda: min(taken(folder)) > 20), f"both take events in: {taken(folder)}"
        for name in ("web-1", "web-0"):
            before = served.child(name)
            os.kill(before, signal.SIGKILL)
            assert eventually(lambda name=name, before=before: served.child(name) not in {0, before})  # type: ignore[misc] # mypy cannot infer a lambda with defaults
        one, other = taken(folder)
        assert eventually(lambda: taken(folder)[0] > one and taken(folder)[1] > other)
    finally:
        stop.set()
        for sender in senders:
            sender.join()
    try:
        assert sum(taken(folder)) >= len(acknowledged)
        assert eventually(lambda: counted(served, secret)[2] == sum(taken(folder))), "also those of the killed count"
        so_far = settled(lambda: counted(served, secret))
        with httpx.Client(base_url=served.url, timeout=30) as client:
            for number in range(40):
                headers = {**basic(write_key), "Connection": "close"}
                assert client.post("/v1/track", json=track(number), headers=headers).status_code == 200
        # Either process may be asked: each tells what both counted.
        due = [count + 40 for count in so_far]
        assert eventually(lambda: counted(served, secret) == due), (counted(served, secret), due)
        assert served.end() == 0
    finally:
        served.close()
    assert acknowledged <= in_the_log(folder)


def stats(requests: int, wait_ms: float) -> DoorStats:
    return DoorStats(
        requests=requests,
        events=requests,
        bytes=1,
        answers={200: requests - 1, 503: 1},
        commit_ms_p50=wait_ms,
        commit_ms_p99=wait_ms * 2,
        last_accepted_us=requests,
    )


def test_each_web_process_knows_what_the_others_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_shop(tmp_path / "shop") as shop:
        monkeypatch.setattr(os, "getpid", lambda: 1)
        Doors(shop, lambda: stats(10, 1.0), folder=tmp_path).say()
        monkeypatch.setattr(os, "getpid", lambda: 2)
        doors = Doors(shop, lambda: stats(5, 3.0), folder=tmp_path).now()
        assert (doors.processes, doors.stats.requests, doors.stats.answers) == (2, 15, {200: 13, 503: 2})
        assert (doors.stats.commit_ms_p50, doors.stats.last_accepted_us) == (3.0, 10)
        own = Doors(shop, lambda: stats(5, 3.0)).now()
        assert (own.processes, own.stats.requests) == (1, 5)


def test_what_a_process_that_is_gone_counted_still_counts_and_its_troubles_do_not(tmp_path: Path) -> None:
    with open_shop(tmp_path / "shop") as shop:
        doors = Doors(shop, lambda: stats(5, 3.0), folder=tmp_path)
        (gone, own) = (doors._own(), doors._own())
    gone = type(gone)(at_us=own.at_us - 60_000_000, stats=stats(7, 90.0), troubles=[])
    found = together([own, gone], now_us=own.at_us)
    assert (found.processes, found.stats.requests, found.stats.commit_ms_p50) == (1, 12, 3.0)


def test_a_process_that_was_killed_is_gone_at_once_though_its_word_is_fresh(tmp_path: Path) -> None:
    child = subprocess.Popen(["sleep", "60"])
    assert is_running(child.pid)
    with open_shop(tmp_path / "shop") as shop:
        Doors(shop, lambda: stats(7, 90.0), folder=tmp_path).say()
        (tmp_path / f"door-{os.getpid()}.json").rename(tmp_path / f"door-{child.pid}.json")
        doors = Doors(shop, lambda: stats(5, 3.0), folder=tmp_path)
        assert (doors.now().processes, doors.now().stats.requests) == (2, 12)
        child.kill()
        child.wait()
        assert (doors.now().processes, doors.now().stats.requests) == (1, 12)
    assert not is_running(child.pid)
