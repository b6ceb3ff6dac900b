"""What the door takes, what it refuses, and that it always says why."""

from __future__ import annotations

import gzip
import json
import os
import socket
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any  # Any: JSON bodies

import httpx
import pytest
from tests.events.conftest import CLOSED_KEY, OPEN_KEY, Host, ServedDoor, door_at

from regulars.events.door import Door
from regulars.events.keys import Keys
from regulars.kernel import headroom
from regulars.kernel.clock import SystemClock, WoundClock
from regulars.kernel.errors import DiskFullError, UnavailableError
from regulars.kernel.eventlog import LogBusyError

CALLS = ("identify", "track", "page", "screen", "group", "alias")


def call(**more: Any) -> dict[str, Any]:  # Any: JSON
    return {"type": "track", "event": "Song Played", "userId": "ann", "messageId": "m1", "writeKey": OPEN_KEY, **more}


def complete(kind: str) -> dict[str, Any]:  # Any: JSON
    return call(type=kind, groupId="g1", previousId="anon-1")


def sentence(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    detail: str = answer.json()["detail"]
    assert detail.endswith((".", ")")), detail
    return detail


@pytest.mark.parametrize("kind", CALLS)
@pytest.mark.parametrize("short", [False, True])
def test_every_call_is_taken_at_its_long_and_its_short_address(served: ServedDoor, kind: str, short: bool) -> None:
    path = kind[0] if short else kind
    answer = served.http.post(f"/v1/{path}", json=complete(kind))
    assert (answer.status_code, answer.text) == (200, '{"success":true}')
    (request,) = served.requests()
    assert [event.call for event in request.events] == [kind]


@pytest.mark.parametrize("path", ["batch", "b", "import"])
def test_a_batch_is_one_record_of_many_events(served: ServedDoor, path: str) -> None:
    body = {"batch": [complete(kind) for kind in CALLS], "sentAt": "2026-01-01T00:00:00Z"}
    answer = served.http.post(f"/v1/{path}", json=body, auth=(OPEN_KEY, ""))
    assert (answer.status_code, answer.text) == (200, '{"success":true}')
    (request,) = served.requests()
    assert [event.call for event in request.events] == list(CALLS)


def test_metrics_of_the_sdk_are_swallowed(served: ServedDoor) -> None:
    assert served.http.post("/v1/m", json={"series": []}).status_code == 200
    assert served.log.end("web-0") == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Basic " + b64encode(f"{OPEN_KEY}:".encode()).decode()},
        {"authorization": "Basic " + b64encode(OPEN_KEY.encode()).decode()},
        {"authorization": f"Bearer {OPEN_KEY}"},
    ],
)
def test_the_key_may_stand_in_the_header(served: ServedDoor, headers: dict[str, str]) -> None:
    body = call()
    del body["writeKey"]
    assert served.http.post("/v1/track", json=body, headers=headers).status_code == 200


def test_the_key_may_stand_in_the_body_beside_an_oauth_token(served: ServedDoor) -> None:
    answer = served.http.post("/v1/track", json=call(), headers={"authorization": "Bearer eyJhbGciOi"})
    assert answer.status_code == 200


def test_the_key_may_stand_in_the_address_or_on_each_item(served: ServedDoor) -> None:
    items = {"batch": [call()]}
    assert served.http.post("/v1/b", json=items).status_code == 200
    del items["batch"][0]["writeKey"]
    assert served.http.post(f"/v1/b?writeKey={OPEN_KEY}", json=items).status_code == 200
    assert served.http.post("/v1/b", json=items).status_code == 401


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "text/plain", "application/json;charset=UTF-8", "application/x-www-form-urlencoded", ""],
)
def test_json_is_read_whatever_type_it_claims(served: ServedDoor, content_type: str) -> None:
    answer = served.http.post("/v1/track", content=json.dumps(call()), headers={"content-type": content_type})
    assert answer.status_code == 200


def test_gzip_is_unpacked(served: ServedDoor) -> None:
    packed = gzip.compress(json.dumps({"batch": [call()] * 3, "writeKey": OPEN_KEY}).encode())
    for headers in ({"content-encoding": "gzip"}, {}):
        assert served.http.post("/v1/batch", content=packed, headers=headers).status_code == 200
    assert [len(request.events) for request in served.requests()] == [3, 3]


def test_an_unknown_key_is_401_and_a_closed_source_403(served: ServedDoor) -> None:
    unknown = served.http.post("/v1/track", json=call(writeKey="wk_nobody"))
    assert unknown.status_code == 401
    assert "write key" in sentence(unknown)
    closed = served.http.post("/v1/track", json=call(writeKey=CLOSED_KEY))
    assert closed.status_code == 403
    assert "Old app" in sentence(closed)
    missing = served.http.post("/v1/track", json={"event": "x", "userId": "ann"})
    assert missing.status_code == 401


def test_a_refusal_never_shows_the_key_and_stands_in_the_log(served: ServedDoor) -> None:
    answer = served.http.post("/v1/track", json=call(userId=None))
    assert OPEN_KEY not in answer.text
    served.log.append_many([])
    served.log.close()
    (request,) = served.requests()
    assert request.refused is not None
    assert (request.refused.status, request.source_id, request.events) == (400, "s-open", [])


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b"{", 400, "not JSON"),
        (b"", 400, "not JSON"),
        (b"[]", 400, "object"),
        (b"null", 400, "object"),
        (b'{"batch": 5}', 400, "batch"),
        (b'{"batch": [', 400, "not JSON"),
        (b'{"batch": [{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]}", 400, "nested"),
        (b'\x1f\x8b{"batch": []}', 400, "gzip"),
    ],
)
def test_a_batch_that_is_none_is_refused_with_a_sentence(
    served: ServedDoor, body: bytes, status: int, word: str
) -> None:
    answer = served.http.post("/v1/batch", content=body, auth=(OPEN_KEY, ""))
    assert answer.status_code == status
    assert word in sentence(answer)


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("track", b'{"event": "x", "userId": "a", "properties": {"price": NaN}}', "NaN is not a number"),
        ("track", b'{"event": "x", "userId": "a", "properties": {"price": -Infinity}}', "Infinity"),
        ("track", b'{"event": "x", "userId": "a", "properties": {"t": "\\ud800 x"}}', "surrogate"),
        ("track", b'{"event": "x", "userId": "a", "properties": {"t": "\xff"}}', "UTF-8"),
        ("track", b'{"event": "x", "userId": "a", "properties": 5}', "'properties' must be an object"),
        ("track", b'{"event": "x", "userId": "a", "p": ' + b"[" * 90_000 + b"]" * 90_000 + b"}", "nested"),
        ("track", b'{"event": "x", "userId": "a", "properties": {"p": ' + b"[" * 70 + b"]" * 70 + b"}}", "nested"),
        ("track", b'{"event": "x"}', "no_user_anon_id"),
        ("track", b'{"event": "x", "userId": null, "anonymousId": ""}', "no_user_anon_id"),
        ("track", b'{"event": "x", "userId": "00000-000"}', "no_user_anon_id"),
        ("track", b'{"userId": "a"}', "'event'"),
        ("track", b'{"userId": "a", "event": "' + b"x" * 300 + b'"}', "200 characters"),
        ("identify", b'{"userId": "' + b"x" * 600 + b'"}', "512 characters"),
        ("alias", b'{"userId": "a"}', "previousId"),
        ("group", b'{"userId": "a"}', "groupId"),
    ],
)
def test_a_call_that_is_none_is_refused_with_a_sentence(served: ServedDoor, path: str, body: bytes, word: str) -> None:
    answer = served.http.post(f"/v1/{path}", content=body, auth=(OPEN_KEY, ""))
    assert answer.status_code in {400, 413}
    assert word in sentence(answer)


def sized_call(size: int) -> bytes:
    body = json.dumps(call(properties={"filler": ""})).encode()
    return json.dumps(call(properties={"filler": "x" * (size - len(body))})).encode()


@pytest.mark.parametrize(("size", "status"), [(32_767, 200), (32_768, 200), (32_769, 413), (40_000, 413)])
def test_an_event_may_have_32_kilobytes_and_not_a_byte_more(served: ServedDoor, size: int, status: int) -> None:
    body = sized_call(size)
    assert len(body) == size
    answer = served.http.post("/v1/track", content=body)
    assert answer.status_code == status
    if status == 413:
        assert "32,768 bytes" in sentence(answer)


@pytest.mark.parametrize(("size", "status"), [(511_999, 200), (512_000, 200), (512_001, 413), (600_000, 413)])
@pytest.mark.parametrize("packed", [False, True])
def test_a_batch_may_have_500_kilobytes_unpacked(served: ServedDoor, size: int, status: int, packed: bool) -> None:
    items = [sized_call(30_000)] * (size // 30_100)
    body = b'{"batch": [' + b",".join(items) + b'], "writeKey": "' + OPEN_KEY.encode() + b'"}'
    body += b" " * (size - len(body))
    headers = {"content-encoding": "gzip"} if packed else {}
    answer = served.http.post("/v1/batch", content=gzip.compress(body) if packed else body, headers=headers)
    assert answer.status_code == status
    if status == 413:
        assert "512,000 bytes" in sentence(answer)


@pytest.mark.parametrize(("events", "status"), [(2_500, 200), (2_501, 413), (3_000, 413)])
def test_a_batch_may_have_2500_events(served: ServedDoor, events: int, status: int) -> None:
    body = json.dumps({"batch": [{"type": "track", "event": "x", "userId": "a"}] * events, "writeKey": OPEN_KEY})
    answer = served.http.post("/v1/batch", content=body)
    assert answer.status_code == status
    if status == 413:
        assert "2,500 events" in sentence(answer)


def test_a_gzip_bomb_is_refused_without_being_unpacked(served: ServedDoor) -> None:
    bomb = gzip.compress(b" " * 50_000_000, compresslevel=9)
    assert len(bomb) < 512_000
    answer = served.http.post("/v1/batch", content=bomb, headers={"content-encoding": "gzip"})
    assert answer.status_code == 413
    assert "Unpacked" in sentence(answer)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"no gzip", "gzip"),
        (gzip.compress(b"{}", mtime=0)[:-4], "gzip"),
        (gzip.compress(b"{}", mtime=0) + b"x", "gzip"),
        (b"x", "br"),
    ],
)
def test_what_cannot_be_unpacked_is_refused(served: ServedDoor, body: bytes, encoding: str) -> None:
    answer = served.http.post("/v1/batch", content=body, headers={"content-encoding": encoding})
    assert answer.status_code == 400
    assert "gzip" in sentence(answer)


def test_a_huge_body_is_refused_before_it_is_read(served: ServedDoor) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as sender:
        sender.sendall(b"POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999\r\n\r\n")
        answer = sender.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_sender_that_hangs_up_leaves_nothing_behind(served: ServedDoor) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as sender:
        sender.sendall(b'POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n{"batch": [')
    assert served.http.post("/v1/track", json=call()).status_code == 200
    assert served.log.end("web-0") == 1


def test_a_broken_item_does_not_spoil_its_batch(served: ServedDoor) -> None:
    good = json.dumps(call(messageId="good"))
    items = [good, '{"type": "track", "event": "x", "userId": "a", "properties": {"p": NaN}}', "5", good]
    body = '{"batch": [' + ",".join(items) + '], "writeKey": "' + OPEN_KEY + '"}'
    assert served.http.post("/v1/batch", content=body).status_code == 200
    (request,) = served.requests()
    assert [event.position.index for event in request.events] == [0, 3]
    assert [fault.index for fault in request.rejected] == [1, 2]


def test_a_browser_of_another_origin_may_send(served: ServedDoor) -> None:
    asked = served.http.options(
        "/v1/t",
        headers={"origin": "https://shop.example", "access-control-request-method": "POST"},
    )
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "https://shop.example"
    assert {"authorization", "content-type", "x-retry-count", "anonymousid"} <= set(
        asked.headers["access-control-allow-headers"].split(", ")
    )
    assert int(asked.headers["access-control-max-age"]) >= 3600
    for body, status in ((call(), 200), (call(userId=None), 400)):
        sent = served.http.post("/v1/t", json=body, headers={"origin": "https://shop.example"})
        assert sent.status_code == status
        assert sent.headers["access-control-allow-origin"] == "https://shop.example"


def test_a_wrong_method_is_told_the_right_one(served: ServedDoor) -> None:
    answer = served.http.get("/v1/track")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert "POST" in sentence(answer)
    answer = served.http.post("/sourceConfig/", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, OPTIONS")


def test_the_settings_of_segments_browser_sdk_point_back_here(served: ServedDoor) -> None:
    answer = served.http.get(f"/v1/projects/{OPEN_KEY}/settings")
    own = answer.json()["integrations"]["Segment.io"]
    assert own["apiKey"] == OPEN_KEY
    assert f"{own['protocol']}://{own['apiHost']}" == f"{served.url}/v1"
    assert served.http.get("/v1/projects/nobody/settings").status_code == 404


def test_the_source_config_of_rudderstacks_browser_sdk_is_answered(served: ServedDoor) -> None:
    source = served.http.get(f"/sourceConfig/?writeKey={OPEN_KEY}").json()["source"]
    assert {"id", "name", "writeKey", "enabled", "workspaceId", "config", "destinations", "connections"} <= set(source)
    assert source["writeKey"] == OPEN_KEY


def test_the_door_counts_what_comes_through(served: ServedDoor) -> None:
    served.http.post("/v1/track", json=call())
    served.http.post("/v1/batch", json={"batch": [call()] * 7, "writeKey": OPEN_KEY})
    served.http.post("/v1/track", json=call(writeKey="nobody"))
    stats = served.door.stats()
    assert (stats.events, stats.requests, stats.answers) == (8, 3, {200: 2, 401: 1})
    assert stats.commit_ms_p99 >= stats.commit_ms_p50 > 0


class Trouble:
    """A log that cannot take anything for now; everything else is the real one."""

    def __init__(self, error: UnavailableError) -> None:
        self._error = error

    async def append(self, _payload: bytes) -> int:
        raise self._error

    def append_soon(self, _payload: bytes) -> None:
        """Refusals are lost while nothing can be written."""


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (DiskFullError("Nothing more can be written to the log.", retry_after_s=10), 503),
        (UnavailableError("The log is being closed.", retry_after_s=10), 503),
        (LogBusyError("More arrives than the disk can take; come back shortly.", retry_after_s=10), 429),
    ],
)
def test_a_temporary_trouble_is_never_an_answer_that_makes_senders_give_up(
    served: ServedDoor, monkeypatch: pytest.MonkeyPatch, trouble: UnavailableError, status: int
) -> None:
    monkeypatch.setattr(served.door, "_log", Trouble(trouble))
    answer = served.http.post("/v1/track", json=call())
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "17")
    assert sentence(answer) == str(trouble)


def test_whatever_header_a_browser_asks_for_is_allowed_and_nonsense_is_not_repeated(served: ServedDoor) -> None:
    def allowed(wanted: str) -> str:
        asked = served.http.options(
            "/v1/track", headers={"origin": "https://shop.example", "access-control-request-headers": wanted}
        )
        return asked.headers["access-control-allow-headers"]

    assert allowed("anonymousid,authorization,sentat,rsa-retry-attempt") == (
        "anonymousid,authorization,sentat,rsa-retry-attempt"
    )
    for nonsense in ("a;b", "x" * 2_000, "<script>"):
        assert allowed(nonsense).startswith("authorization, ")


def test_a_refusal_speaks_to_python_sdks_too(served: ServedDoor) -> None:
    answer = served.http.post("/v1/track", json={**call(), "writeKey": "wk_nobody"})
    said = answer.json()
    assert answer.status_code == 401
    assert (said["code"], said["message"]) == ("wrong_key", said["detail"])


def test_a_beacon_has_its_key_in_the_address(served: ServedDoor) -> None:
    body = {"batch": [{**call(), "type": "track"}]}
    answer = served.http.post(
        f"/beacon/v1/batch?writeKey={OPEN_KEY}", json=body, headers={"content-type": "text/plain"}
    )
    assert answer.status_code == 200
    assert len(served.events()) == 1


def test_settings_send_a_page_to_https_where_a_proxy_takes_it_off(served: ServedDoor, host: Host) -> None:
    clock = SystemClock()
    host.app = Door(served.log, Keys(served.folder, clock), clock, base_url="https://shop.example")
    said = served.http.get(f"/v1/projects/{OPEN_KEY}/settings").json()
    assert said["integrations"]["Segment.io"]["protocol"] == "https"


class Disk:
    """A disk as `os.statvfs` tells of it, in megabytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, total: int, free: int) -> None:
        self.total, self.free, self.looks = total, free, 0
        monkeypatch.setattr(os, "statvfs", self._told)

    def _told(self, _: Path) -> os.statvfs_result:
        self.looks += 1
        return os.statvfs_result((1, 1_000_000, self.total, self.free, self.free, 0, 0, 0, 0, 255))


def test_with_too_little_room_senders_are_sent_away_before_anything_is_lost(
    tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch, clock: WoundClock
) -> None:
    disk = Disk(monkeypatch, total=10_000, free=300)
    room = headroom.Headroom(tmp_path, clock, bytes_min=256_000_000)
    with door_at(tmp_path, host, headroom=room) as served:
        assert served.http.post("/v1/track", json=call()).status_code == 200
        disk.free = 255
        assert served.http.post("/v1/track", json=call()).status_code == 200, "looked at a moment ago"
        clock.wind(timedelta(seconds=1))
        answers = [served.http.post("/v1/track", json=call()) for _ in range(20)]
        assert {answer.status_code for answer in answers} == {503}
        assert "disk is nearly full" in sentence(answers[0])
        waits = [int(answer.headers["retry-after"]) for answer in answers]
        assert (min(waits), max(waits)) == (10, 20), "not all at once"
        assert served.http.post("/v1/track", content=b"{nope").status_code == 503
        assert served.log.end("web-0") == 2, "the log must not grow by those who were sent away"
        assert disk.looks == 2
        disk.free = 280
        clock.wind(timedelta(seconds=1))
        assert served.http.post("/v1/track", json=call()).status_code == 503, "a border, not a flicker"
        disk.free = 310
        clock.wind(timedelta(seconds=1))
        assert served.http.post("/v1/track", json=call()).status_code == 200
        assert served.door.stats().answers == {200: 3, 503: 22}


def test_a_large_request_to_a_full_disk_hears_the_reason(
    tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch, clock: WoundClock
) -> None:
    Disk(monkeypatch, total=10_000, free=1)
    room = headroom.Headroom(tmp_path, clock, bytes_min=256_000_000)
    with door_at(tmp_path, host, headroom=room) as served:
        body = json.dumps({"batch": [call(properties={"note": "x" * 20_000})] * 24}).encode()
        assert "disk is nearly full" in sentence(served.http.post("/v1/batch", content=body))
