"""Problem documents, limits, idempotency, health, metrics, static files."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.conftest import Counter

from regulars.kernel.clock import WoundClock
from regulars.kernel.http import Caller
from regulars.kernel.sayings import text_of
from regulars.web.core import Allowance, Bucket, take
from regulars.web.limits import Limits
from regulars.web.observe import JsonLines
from regulars.web.problems import faults_of
from regulars.web.static_files import StaticFiles


def test_every_fault_of_a_body_is_told_in_one_answer(counter: Counter) -> None:
    answer = counter.browser().ask("POST", "/v1/setup", json={"shop_name": 5, "name": "", "password": "x"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["problems"] == [
        "`shop_name` must be text, got a whole number.",
        "`name` must be text of length at least 1.",
        "`email` is missing.",
    ]
    assert answer.json()["problems_said"] == [
        None,
        {"code": "field_short", "params": {"field": "`name`", "least": 1}},
        {"code": "field_missing", "params": {"field": "email"}},
    ]


def test_a_problem_tells_its_sentence_by_a_code_too(counter: Counter) -> None:
    answer = counter.browser().bare("GET", "/v1/nowhere")
    assert answer.json()["said"] == {"code": "web_no_address", "params": {}}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{nope", "The body is not JSON"),
        (b"", "The body is empty"),
        (b"[]", "must be object, got a list"),
        (b'{"shop_name": "\xff"}', "The body is not JSON"),
        (b'"\\ud800"', "The body"),
        (b"NaN", "The body is not JSON"),
        (b"[" * 100_000, "The body is nested too deep"),
    ],
)
def test_a_body_that_cannot_be_read_gets_a_sentence(counter: Counter, body: bytes, sentence: str) -> None:
    answer = counter.browser().ask("POST", "/v1/setup", content=body)
    assert answer.status_code == 400
    assert sentence in answer.json()["detail"]


def test_an_unknown_address_and_a_wrong_method_are_problems_too(counter: Counter) -> None:
    browser = counter.browser()
    missing, method = browser.bare("GET", "/v1/nowhere"), browser.bare("PUT", "/v1/setup")
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/not-found")
    assert (method.status_code, method.json()["title"]) == (405, "Not done this way")
    assert "GET" in method.headers["allow"]


def test_what_broke_inside_is_not_told_outside_but_logged_under_its_id(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    answer = counter.browser().bare("GET", "/v1/things/broken")
    assert answer.status_code == 500
    assert "nobody outside" not in answer.text
    failed = next(record for record in caplog.records if record.message == "request failed")
    assert answer.json()["instance"] == f"urn:uuid:{failed.request_id}"  # type: ignore[attr-defined] # given as extra
    assert answer.headers["x-request-id"] == failed.request_id  # type: ignore[attr-defined] # as above


def test_a_query_that_does_not_fit_names_its_parameter(counter: Counter) -> None:
    answer = counter.owner().ask("GET", "/v1/audit?limit=1000")
    assert answer.json()["detail"] == "The query parameter 'limit' must be a whole number at most 200."


def test_a_cursor_of_another_list_is_refused_with_a_sentence(counter: Counter) -> None:
    answer = counter.owner().ask("GET", "/v1/audit?cursor=bogus")
    assert answer.status_code == 400
    assert "next_cursor" in answer.json()["detail"]


def test_a_body_above_the_limit_is_413(counter: Counter) -> None:
    answer = counter.browser().ask("POST", "/v1/setup", content=b" " * 10_000_001)
    assert answer.status_code == 413


class Part(msgspec.Struct):
    size: int
    words: list[str] = []


class Whole(msgspec.Struct):
    part: Part
    parts: list[Part]
    maybe: Part | None = None


def test_faults_are_found_at_any_depth() -> None:
    value = {"part": {"size": "x"}, "parts": [{"size": 1}, {"words": [1]}], "maybe": {"size": None}}
    assert [text_of(one) for one in faults_of(value, Whole)] == [
        "`part.size` must be a whole number, got text.",
        "`parts[1].size` is missing.",
        "`parts[1].words[0]` must be text, got a whole number.",
        "`maybe.size` must be a whole number, got null.",
    ]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_a_value_has_faults_exactly_when_it_does_not_fit(value: object) -> None:
    try:
        msgspec.convert(value, Whole)
    except msgspec.ValidationError:
        assert faults_of(value, Whole)
    else:
        assert faults_of(value, Whole) == []


def test_the_same_idempotency_key_is_done_once_and_answered_twice(counter: Counter) -> None:
    owner, headers = counter.owner(), {"Idempotency-Key": "k1"}
    first, second = (owner.ask("POST", "/v1/things/lamp", headers=headers) for _ in range(2))
    assert counter.done == ["lamp"]
    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"


def test_an_idempotency_key_belongs_to_one_request_and_one_caller(counter: Counter) -> None:
    owner, headers = counter.owner(), {"Idempotency-Key": "k1"}
    owner.ask("POST", "/v1/things/lamp", headers=headers)
    other = owner.ask("POST", "/v1/things/chair", headers=headers)
    assert other.status_code == 400
    secret = owner.ask("POST", "/v1/keys", json={"name": "S", "role": "marketer"}).json()["secret"]
    server = counter.browser(Authorization=f"Bearer {secret}")
    assert server.bare("POST", "/v1/things/lamp", headers=headers).status_code == 201
    assert counter.done == ["lamp", "lamp"]


def test_a_failed_request_may_be_sent_again_under_its_key(counter: Counter) -> None:
    owner, headers = counter.owner(), {"Idempotency-Key": "k1"}
    assert owner.ask("POST", "/v1/things/impossible", headers=headers).status_code == 500
    assert owner.ask("POST", "/v1/things/impossible", headers=headers).status_code == 500
    assert owner.ask("POST", "/v1/keys", json={"name": "S"}, headers=headers).status_code == 400


def test_who_asks_too_often_is_told_when_to_come_back(clock: WoundClock) -> None:
    limits = Limits(clock, {"anyone": Allowance(per_s=0.5, burst=2)})
    stranger = Caller(kind="anyone")
    limits.ask(stranger, "1.2.3.4")
    limits.ask(stranger, "1.2.3.4")
    with pytest.raises(Exception, match="Come back in 2 seconds") as refused:
        limits.ask(stranger, "1.2.3.4")
    limits.ask(stranger, "5.6.7.8")
    clock.wind(timedelta(seconds=refused.value.retry_after_s))  # type: ignore[attr-defined] # it is TooManyError
    limits.ask(stranger, "1.2.3.4")


@given(st.lists(st.floats(0, 5), max_size=60))
def test_no_caller_ever_gets_more_than_burst_and_rate_allow(pauses: list[float]) -> None:
    allowance, bucket, now_s, let_in = Allowance(per_s=2, burst=5), Bucket(tokens=5, at_s=0), 0.0, 0
    for pause in pauses:
        now_s += pause
        let_in += take(bucket, allowance, now_s) == 0
    assert let_in <= 5 + 2 * now_s + 1e-6


def test_readiness_names_what_is_away(counter: Counter) -> None:
    browser = counter.browser()
    ready = browser.bare("GET", "/readyz").json()
    assert (ready["ready"], ready["status"]) == (True, "ready")
    counter.log_is_away = True
    answer = browser.bare("GET", "/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "closed")
    away = [check for check in answer.json()["checks"] if not check["ok"]]
    assert away == [{"name": "log", "needed_by": "door", "ok": False, "detail": "The log is away."}]
    assert browser.bare("GET", "/healthz").json() == {"alive": True}


def test_a_process_that_takes_events_in_is_ready_for_a_load_balancer_while_the_database_is_away(
    counter: Counter,
) -> None:
    browser = counter.browser()
    counter.database_is_away = True
    for path, status in (("/readyz", 200), ("/readyz?for=door", 200), ("/readyz?for=shop", 503)):
        answer = browser.bare("GET", path)
        assert (answer.status_code, answer.json()["status"], answer.json()["ready"]) == (
            status,
            "degraded",
            status == 200,
        )
    counter.log_is_away = True
    assert browser.bare("GET", "/readyz?for=shop").json()["status"] == "closed"
    wrong = browser.bare("GET", "/readyz?for=tea")
    assert wrong.status_code == 400
    assert "door" in wrong.text


def test_metrics_count_by_the_routes_template_and_never_by_the_path(counter: Counter) -> None:
    owner = counter.owner()
    owner.ask("POST", "/v1/things/ann-at-home")
    page = owner.ask("GET", "/metrics").text
    assert 'route="/v1/things/{name}",status="201"} 1.0' in page
    assert "ann-at-home" not in page
    assert counter.browser().bare("GET", "/metrics").status_code == 401


def test_a_log_line_is_json_and_holds_no_path(counter: Counter, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    counter.owner().ask("POST", "/v1/things/ann-at-home")
    line = json.loads(JsonLines().format(next(r for r in reversed(caplog.records) if r.message == "answered")))
    assert (line["route"], line["status"], line["caller"]) == ("/v1/things/{name}", 201, "person")
    assert "ann-at-home" not in json.dumps(line)


def test_pages_are_the_consoles_and_files_are_kept_for_a_year(counter: Counter) -> None:
    browser = counter.browser()
    page = browser.bare("GET", "/customers/0199")
    assert "The console." in page.text
    assert page.headers["cache-control"] == "no-cache"
    asset = browser.bare("GET", "/assets/index-Bq3xYz12.js")
    assert "immutable" in asset.headers["cache-control"]
    assert asset.headers["content-encoding"] == "gzip"
    again = browser.bare("GET", "/assets/index-Bq3xYz12.js", headers={"If-None-Match": asset.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert browser.bare("GET", "/assets/missing.js").status_code == 404
    assert "A cinema." in browser.bare("GET", "/demo/video").text


@pytest.mark.parametrize(
    "path", ["/../private.txt", "/%2e%2e/private.txt", "/..%2fprivate.txt", "/assets/..%5c..%5cprivate.txt"]
)
def test_no_path_leads_out_of_the_folder(counter: Counter, path: str) -> None:
    answer = counter.browser().bare("GET", path)
    assert "not for anyone" not in answer.text


@pytest.mark.parametrize(("path", "status"), [("/" + "a" * 300, 200), ("/" + "a" * 300 + ".js", 404), ("/%00.js", 404)])
def test_an_address_that_no_file_can_have_is_answered_as_any_other(counter: Counter, path: str, status: int) -> None:
    assert counter.browser().bare("GET", path).status_code == status


def test_a_page_may_run_only_its_own_inline_script(counter: Counter) -> None:
    policy = counter.browser().bare("GET", "/").headers["content-security-policy"]
    wanted = base64.b64encode(hashlib.sha256(b"let a = 1").digest()).decode()
    assert f"script-src 'self' 'sha256-{wanted}';" in policy
    assert "frame-ancestors 'none'" in policy


def test_without_a_console_the_page_says_how_to_build_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    found = StaticFiles(tmp_path_factory.mktemp("empty")).find("/")
    assert found is not None
    assert b"make console" in found.content


def test_every_answer_carries_the_headers_that_keep_browsers_safe(counter: Counter) -> None:
    for path in ("/", "/v1/setup", "/v1/nowhere"):
        headers = counter.browser().bare("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_the_description_names_every_need_and_every_problem(counter: Counter) -> None:
    document = counter.browser().bare("GET", "/schema/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    things = document["paths"]["/v1/things/{name}"]["post"]
    assert things["x-needs-role"] == "marketer"
    assert "application/problem+json" in things["responses"]["default"]["content"]
    assert "/v1/people" in counter.browser().bare("GET", "/schema").text


def test_each_kind_of_problem_can_be_looked_up(counter: Counter) -> None:
    browser = counter.browser()
    kind = browser.bare("GET", "/v1/things/viewed").json()["type"]
    assert browser.bare("GET", kind).json()["status"] == 401
