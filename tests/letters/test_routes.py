"""Dead letters over HTTP: who may, how it is told, once."""

from __future__ import annotations

import json

import pytest
from tests.letters.conftest import Desk, played
from tests.letters.test_letters import NOBODY


def test_a_letter_is_listed_opened_previewed_and_sent_again_over_http(desk: Desk) -> None:
    desk.send(NOBODY, {"type": "sing"})
    desk.shop.catch_up()
    listed = desk.ask("GET", "/v1/letters", "viewer", params={"code": "no_user_anon_id"}).json()
    (letter,) = listed["items"]
    address = f"/v1/letters/{letter['letter_id']}"
    assert json.loads(desk.ask("GET", address, "viewer").json()["text"]) == NOBODY
    text = json.dumps({**NOBODY, "userId": "ann"})
    preview = desk.ask("POST", f"{address}/preview", "viewer", json={"text": text}).json()
    assert [event["user_id"] for event in preview["events"]] == ["ann"]
    assert desk.ask("POST", f"{address}/retry", "viewer", json={"text": text}).status_code == 403
    faulty = desk.ask("POST", f"{address}/retry", json={})
    assert (faulty.status_code, "no_user_anon_id" in faulty.text) == (400, True)
    key = {"Idempotency-Key": "k1"}
    answers = [desk.ask("POST", f"{address}/retry", json={"text": text}, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert desk.ask("POST", f"{address}/retry", json={"text": text}).status_code == 409
    assert desk.counters("ann") == {"Song Played": 1}
    groups = desk.ask("GET", "/v1/letters/groups", "viewer").json()
    assert [(one["code"], one["letters"]) for one in groups] == [("type_missing", 1)]
    audited = desk.ask("GET", "/v1/audit", "admin").json()["items"]
    assert {(one["action"], one["subject"]) for one in audited} >= {("letter_retried", str(letter["letter_id"]))}


def test_all_of_a_query_are_sent_again_by_a_job(desk: Desk) -> None:
    desk.send(*[{**NOBODY, "messageId": f"m{n}", "properties": {"visitor": "v"}} for n in range(3)])
    desk.shop.catch_up()
    body = {
        "wanted": {"code": "no_user_anon_id", "since": "2026-11-22T00:00:00Z"},
        "patch": [{"op": "move", "from": "/properties/visitor", "path": "/anonymousId"}],
    }
    preview = desk.ask("POST", "/v1/letters/preview", "viewer", json=body).json()
    assert (preview["letters"], len(preview["samples"])) == (3, 3)
    assert json.loads(preview["samples"][0]["after"])["anonymousId"] == "v"
    started = desk.ask("POST", "/v1/letters/retry", json=body)
    assert (started.status_code, started.json()["job"]) == (202, "letters.retry")
    desk.run_jobs()
    run = desk.ask("GET", f"/v1/jobs/{started.json()['job_run_id']}", "admin").json()
    assert (run["state"], run["progress"]["note"]) == ("done", "3 sent again")
    assert desk.letters() == []


def test_discarding_is_undone_over_http(desk: Desk) -> None:
    desk.send(NOBODY, {"type": "sing"})
    desk.shop.catch_up()
    change = desk.ask("POST", "/v1/letters/discard", json={"wanted": {"code": "type_missing"}}).json()
    assert change["letters"] == 1
    assert desk.ask("POST", "/v1/letters/restore", json={"change_id": change["change_id"]}).json()["letters"] == 1
    assert len(desk.letters()) == 2
    assert desk.ask("POST", "/v1/letters/discard", "viewer", json={"letter_ids": [1]}).status_code == 403


def test_both_versions_of_a_message_are_shown(desk: Desk) -> None:
    desk.send(played("m1"))
    desk.send(played("m1", event="Song Liked"))
    (letter,) = desk.letters()
    first = desk.ask("GET", f"/v1/letters/{letter.letter_id}/first", "viewer").json()["first"]
    assert (first["live"]["event_id"], first["event"]["name"]) == ("web-0.1.0", "Song Played")
    desk.send({**NOBODY, "messageId": "m2"})
    other = desk.letters(code="no_user_anon_id")[0]
    assert desk.ask("GET", f"/v1/letters/{other.letter_id}/first", "viewer").json() == {"first": None}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "word"),
    [
        ("GET", "/v1/letters/999", None, 404, "no dead letter 999"),
        ("GET", "/v1/letters/nine", None, 404, "no dead letter 'nine'"),
        ("POST", f"/v1/letters/{'9' * 40}/retry", {}, 404, "no dead letter"),
        ("GET", "/v1/letters?state=lost", None, 400, "'lost'"),
        ("GET", "/v1/letters?limit=0", None, 400, "between 1 and 200"),
        ("GET", "/v1/letters?cursor=x", None, 400, "cursor"),
        ("POST", "/v1/letters/discard", {}, 400, "Say which letters"),
        ("POST", "/v1/letters/retry", {"wanted": {}, "patch": [{"op": "add", "path": "x"}]}, 400, "no JSON pointer"),
        ("POST", "/v1/letters/retry", {"wanted": {}, "patch": [{"op": "sing", "path": "/x"}]}, 400, "op"),
        ("POST", "/v1/letters/preview", {"wanted": {"state": "gone"}}, 400, "state"),
    ],
)
def test_a_wrong_question_is_answered_with_a_sentence(
    desk: Desk, method: str, path: str, body: object, status: int, word: str
) -> None:
    answer = desk.ask(method, path) if body is None else desk.ask(method, path, json=body)
    assert answer.status_code == status
    assert word in answer.text
