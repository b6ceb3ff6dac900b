"""Dead letters: kept, found, read as they were sent, mended, and in effect once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # Any: JSON, and sqlalchemy's connection as in the Projection protocol

import msgspec
import pytest
from tests.letters.conftest import NOW, Desk, opened, played

from regulars.app import capabilities
from regulars.events.core import Batch, Event, Verdict, Violation
from regulars.events.letters import LetterState, Operation
from regulars.events.letters.core import Wanted
from regulars.events.plans.core import PersonalField
from regulars.events.plans.covering import Cover
from regulars.events.worker import Worker
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import ConflictError, InvalidError, NotFoundError
from regulars.kernel.sayings import Saying
from regulars.testing.contracts.customers import traces_of

NOBODY = {"type": "track", "event": "Song Played", "messageId": "m1", "properties": {"asset_id": "s1"}}


class Failing:
    """A projection with a fault, until it is mended."""

    name = "failing"

    def __init__(self, *message_ids: str) -> None:
        self.message_ids = message_ids

    def project(self, batch: Batch, connection: Any) -> None:  # noqa: ARG002 (the street asks so)
        for event in batch.events:
            if event.message_id in self.message_ids:
                raise ValueError("cannot read this one")


def worker_of(desk: Desk, *more: Any) -> Worker:
    shop = desk.shop
    return Worker(
        database=shop.database, log=shop.log, clock=shop.clock, projections=[*capabilities.projections(shop), *more]
    )


def work(desk: Desk, *more: Any) -> None:
    worker = worker_of(desk, *more)
    while worker.run_once():
        pass


def steps(*raw: dict[str, Any]) -> list[Operation]:
    return msgspec.convert(list(raw), type=list[Operation])


def test_a_rejected_item_is_a_letter_that_is_found_by_everything_known_of_it(desk: Desk) -> None:
    desk.send(played("m0"), NOBODY, {"type": "alias", "userId": "bob"})
    anonymous, alias = sorted(desk.letters(), key=lambda one: one.letter_id)
    assert (anonymous.code, anonymous.name, anonymous.source_name) == ("no_user_anon_id", "Song Played", "Shop front")
    assert (alias.code, alias.user_id, alias.stopped_by, alias.event_id) == (
        "alias_incomplete", "bob", "decode", "web-0.1.2",
    )  # fmt: skip
    assert anonymous.received_at == NOW
    assert desk.letters(code="alias_incomplete") == [alias]
    assert desk.letters(name="Song Played") == [anonymous]
    assert desk.letters(customer="bob") == [alias]
    assert desk.letters(customer="nobody") == []
    assert desk.letters(source_id="other") == []
    assert desk.letters(stopped_by="door") == []
    assert desk.letters(since=NOW + timedelta(seconds=1)) == []
    assert desk.letters(since=NOW, until=NOW + timedelta(seconds=1), source_id=desk.source_id) == [alias, anonymous]


def test_a_customer_is_found_by_their_id_too(desk: Desk) -> None:
    desk.send(played("m0", userId="bob"), {"type": "alias", "userId": "bob"})
    (letter,) = desk.letters()
    customer = desk.shop.customer_named("user_id:bob")
    assert desk.letters(customer=customer) == [letter]


def test_a_letter_shows_what_was_sent_as_it_came_and_where_the_fault_is(desk: Desk) -> None:
    raw = '{"type": "track",\n  "event": "Song Played",\n  "userId": "null",\n  "a": "\\u6b4c"}'
    desk.send(raw)
    (letter,) = desk.letters()
    found = desk.shop.letters.find(letter.letter_id)
    assert (found.text, found.whole, found.is_text, found.is_batch) == (raw, True, True, False)
    assert (found.ip, found.user_agent, found.path, found.status) == ("192.0.2.7", "sdk/1", "batch", 200)
    (fault,) = found.faults
    assert (fault.code, fault.at, fault.line, fault.column) == ("no_user_anon_id", "userId", 3, 3)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ('{"type": "track",\n "event" "x"}', "not_json", 2, 10),
        ('{"type": "track", "event": "x", "userId": "a",\n "properties": {"p": NaN}}', "not_a_number", 2, 22),
        ('{"type": "track", "event": "x", "userId": "a",\n "properties": {"p": "\\ud800"}}', "half_surrogate", 2, 23),
        ('{"type": "sing",\n "userId": "a"}', "type_missing", 1, 2),
        ("[]", "not_an_object", 1, 1),
    ],
)
def test_a_fault_is_told_with_its_line_and_column(desk: Desk, text: str, code: str, line: int, column: int) -> None:
    desk.send(NOBODY)
    (letter,) = desk.letters()
    (fault,) = desk.shop.letters.preview(letter.letter_id, text).faults
    assert (fault.code, fault.line, fault.column) == (code, line, column)


def test_a_refused_request_is_a_letter_with_its_whole_body_and_a_mere_count_or_a_stranger_is_none(desk: Desk) -> None:
    body = b'{"batch": [' + json.dumps(played("m1")).encode()
    desk.refuse(body, "not_json")
    desk.refuse(b"", "not_json", events=40, requests=40, body_bytes=4_000, whole=False)
    desk.refuse(b'{"batch"', "wrong_key", source_id=None, status=401, whole=False)
    (letter,) = desk.letters()
    found = desk.shop.letters.find(letter.letter_id)
    assert (letter.stopped_by, letter.code, found.text, found.is_batch) == ("door", "not_json", body.decode(), True)


def test_bytes_that_are_no_text_are_said_to_be_none(desk: Desk) -> None:
    desk.refuse(b'{"event": "\xff\xfe"}', "not_utf8", path="track")
    (letter,) = desk.letters()
    found = desk.shop.letters.find(letter.letter_id)
    assert (found.is_text, found.text) == (False, '{"event": "\ufffd\ufffd"}')


def test_a_mended_letter_takes_effect_once_under_a_message_id_of_its_own(desk: Desk) -> None:
    desk.send(NOBODY)
    (letter,) = desk.letters()
    mended = json.dumps({**NOBODY, "userId": "ann"})
    preview = desk.shop.letters.preview(letter.letter_id, mended)
    assert ([event.user_id for event in preview.events], preview.faults) == (["ann"], [])
    closed = desk.shop.letters.retry(letter.letter_id, mended)
    assert (closed.state, closed.changed_at) == (LetterState.RETRIED, NOW)
    assert desk.counters("ann") == {"Song Played": 1}
    events = desk.shop.events.live.recent(_all(), cursor=None, limit=10).items
    assert desk.shop.events.live.find(events[0].event_id).event.message_id == f"repaired:{letter.letter_id}:m1"  # type: ignore[union-attr] # it is one
    assert events[0].source_name == "Shop front"
    with pytest.raises(ConflictError, match="sent again before"):
        desk.shop.letters.retry(letter.letter_id, mended)
    assert desk.counters("ann") == {"Song Played": 1}


def _all() -> Any:
    from regulars.events.live import Wanted as WantedEvents

    return WantedEvents()


def test_a_worker_that_dies_between_log_and_outbox_sends_it_twice_and_it_counts_once(desk: Desk) -> None:
    desk.send(NOBODY)
    (letter,) = desk.letters()
    desk.shop.letters.retry(letter.letter_id, json.dumps({**NOBODY, "userId": "ann"}))
    from regulars.events import worker_store

    with desk.shop.database.read() as connection:
        waiting = worker_store.waiting(connection, 10)
    desk.shop.log.append_many([payload for _, payload in waiting])  # and then the power went
    assert desk.counters("ann") == {"Song Played": 1}


def test_a_text_that_is_still_wrong_is_not_sent_and_the_letter_stays_open(desk: Desk) -> None:
    desk.send(NOBODY)
    (letter,) = desk.letters()
    with pytest.raises(InvalidError, match="no_user_anon_id") as caught:
        desk.shop.letters.retry(letter.letter_id)
    assert len(caught.value.problems) == 1
    assert [one.state for one in desk.letters()] == [LetterState.OPEN]
    assert desk.shop.log.end("web-0") == 1


def test_a_mended_event_happened_when_it_would_have_happened(desk: Desk) -> None:
    desk.send(
        {**NOBODY, "timestamp": "2026-11-22T09:50:00Z"}, NOBODY | {"messageId": "m2"}, sentAt="2026-11-22T09:55:30Z"
    )
    for letter in desk.letters():
        desk.clock.wind(timedelta(days=3))
        text = json.dumps({**json.loads(desk.shop.letters.find(letter.letter_id).text), "userId": "ann"})
        (previewed,) = desk.shop.letters.preview(letter.letter_id, text).events
        desk.shop.letters.retry(letter.letter_id, text)
        desk.shop.catch_up()
        newest = desk.shop.events.live.recent(_all(), cursor=None, limit=1).items[0]
        assert newest.occurred_at == previewed.occurred_at
        expected = datetime(2026, 11, 22, 9, 55, tzinfo=UTC) if letter.message_id == "m1" else NOW
        assert newest.occurred_at == expected


def test_what_the_batch_said_for_all_holds_for_a_mended_item_too(desk: Desk) -> None:
    desk.send(NOBODY, context={"locale": "zh-TW", "app": {"name": "shop"}})
    (letter,) = desk.letters()
    desk.shop.letters.retry(letter.letter_id, json.dumps({**NOBODY, "userId": "ann", "context": {"locale": "ja"}}))
    desk.shop.catch_up()
    newest = desk.shop.events.live.recent(_all(), cursor=None, limit=1).items[0]
    found = desk.shop.events.live.find(newest.event_id)
    assert found.event is not None
    assert found.event.context == {"locale": "ja", "app": {"name": "shop"}}
    assert found.request.ip == "192.0.2.7"


def test_a_refused_batch_is_mended_whole_and_each_event_counts_once(desk: Desk) -> None:
    items = [played(f"m{number}") for number in range(2_600)]
    desk.refuse(json.dumps({"batch": items}).encode(), "too_many_events", status=413, events=2_600)
    (letter,) = desk.letters()
    preview = desk.shop.letters.preview(letter.letter_id)
    assert (preview.events_total, len(preview.events), preview.faults) == (2_600, 5, [])
    desk.shop.letters.retry(letter.letter_id)
    assert desk.counters("ann") == {"Song Played": 2_600}


def test_a_single_call_that_was_refused_knows_what_it_was(desk: Desk) -> None:
    desk.refuse(b'{"name": "Home"}', "no_user_anon_id", path="page")
    (letter,) = desk.letters()
    desk.shop.letters.retry(letter.letter_id, '{"name": "Home", "userId": "ann"}')
    assert desk.counters("ann") == {"Page": 1}


def test_in_a_batch_every_fault_is_told_with_its_place(desk: Desk) -> None:
    desk.refuse(b"{", "not_json")
    (letter,) = desk.letters()
    text = '{"batch": [\n  {"type": "page", "userId": "a"},\n  {"type": "page"},\n  {"type": "sing", "userId": "a"}\n]}'
    faults = desk.shop.letters.preview(letter.letter_id, text).faults
    assert [(fault.index, fault.code, fault.line) for fault in faults] == [
        (1, "no_user_anon_id", 3), (2, "type_missing", 4),
    ]  # fmt: skip


def test_a_message_id_used_for_something_else_shows_both_versions_and_can_be_let_in(desk: Desk) -> None:
    desk.send(played("m1", properties={"asset_id": "s1"}))
    desk.send(played("m1", properties={"asset_id": "s2"}), played("m1", properties={"asset_id": "s1"}))
    (letter,) = desk.letters()
    assert (letter.stopped_by, letter.code, letter.event_id) == ("dedupe", "content_differs", "web-0.2.0")
    first = desk.shop.letters.first_version(letter.letter_id)
    assert first is not None
    assert (first.live.event_id, json.loads(first.raw)["properties"]) == ("web-0.1.0", {"asset_id": "s1"})
    lines = desk.shop.events.live.recent(_all(), cursor=None, limit=10).items
    assert [line.codes for line in lines] == [["duplicate"], ["content_differs"], []]
    desk.shop.letters.retry(letter.letter_id)
    assert desk.counters("ann") == {"Song Played": 2}


def test_an_event_that_no_projection_takes_is_counted_listed_and_sent_again(desk: Desk) -> None:
    desk.send(played("m1"), played("m2", userId="bob"))
    work(desk, Failing("m1"))
    (letter,) = desk.letters()
    assert (letter.stopped_by, letter.code, letter.name) == ("failing", "projection_failed", "Song Played")
    outcomes = desk.shop.events.counts.reasons().outcomes
    assert (outcomes.accepted, outcomes.rejected) == (1, 1)
    assert json.loads(desk.shop.letters.find(letter.letter_id).text) == played("m1")
    desk.shop.letters.retry(letter.letter_id)
    assert desk.counters("ann") == {"Song Played": 1}


def test_letters_of_a_projection_take_effect_where_they_stood_once_it_is_mended(desk: Desk) -> None:
    desk.send(played("m1"), NOBODY)
    work(desk, Failing("m1"))
    assert worker_of(desk).retry_dead_letters() == 1
    assert [one.code for one in desk.letters()] == ["no_user_anon_id"]
    assert desk.counters("ann") == {"Song Played": 1}


def blocked(events: Sequence[Event]) -> Sequence[Verdict | None]:
    verdict = Verdict(
        plan_id="p1", plan_name="Songs", version=1, mode="block",
        violations=(Violation(pointer="/properties/asset_id", kind="missing"),),
    )  # fmt: skip
    return [None if "asset_id" in event.properties else verdict for event in events]


class Strict:
    """A plan that wants an asset id and marks `email` as personal."""

    def verdicts(self, events: Sequence[Event]) -> Sequence[Verdict | None]:
        return blocked(events)

    def cover(self, source_id: str) -> Cover | None:  # noqa: ARG002 (the stream asks so)
        return Cover([PersonalField(pointer="/properties/email")])


@contextmanager
def strictly() -> Iterator[Strict]:
    yield Strict()


def test_what_the_plan_of_today_blocks_is_not_sent(desk: Desk) -> None:
    desk.shop.events.live.plans_read = strictly
    desk.send({**NOBODY, "properties": {}})
    (letter,) = desk.letters()
    still = json.dumps({**NOBODY, "userId": "ann", "properties": {}})
    preview = desk.shop.letters.preview(letter.letter_id, still)
    assert [fault.code for fault in preview.faults] == ["plan_blocked"]
    assert preview.verdict is not None
    with pytest.raises(InvalidError, match="asset_id"):
        desk.shop.letters.retry(letter.letter_id, still)
    desk.shop.letters.retry(letter.letter_id, json.dumps({**NOBODY, "userId": "ann"}))
    assert desk.counters("ann") == {"Song Played": 1}


def test_what_a_plan_marks_as_personal_is_hidden_and_whoever_cannot_read_a_text_cannot_edit_it(desk: Desk) -> None:
    desk.shop.events.live.plans_read = strictly
    desk.send({**NOBODY, "properties": {"email": "ann@home.example", "asset_id": "s1"}})
    (letter,) = desk.letters()
    address = f"/v1/letters/{letter.letter_id}"
    patch = [{"op": "copy", "from": "/properties/asset_id", "path": "/userId"}]
    many = {"wanted": {}, "patch": patch}
    for role, hidden in (("marketer", True), ("admin", False)):
        answers = [
            desk.ask("GET", address, role),
            desk.ask("POST", f"{address}/preview", role, json={}),
            desk.ask("POST", "/v1/letters/preview", role, json=many),
        ]
        assert all(answer.status_code == 200 for answer in answers)
        assert answers[0].json()["is_covered"] == hidden
        assert [("ann@home" in answer.text) for answer in answers] == [not hidden, False, not hidden]
    text = json.dumps({**NOBODY, "userId": "ann"})
    refused = desk.ask("POST", f"{address}/retry", "marketer", json={"text": text})
    assert (refused.status_code, "hidden from you" in refused.text) == (403, True)
    desk.ask("POST", "/v1/letters/retry", "marketer", json=many)
    desk.run_jobs()
    assert desk.counters("s1") == {"Song Played": 1}


def test_what_is_mended_meets_the_doors_rules_for_personal_fields(desk: Desk) -> None:
    desk.shop.letters.take_out = lambda _source, _path, body, _ip: (body.replace(b"ann@home.example", b"hashed"), "")
    desk.send(NOBODY)
    (letter,) = desk.letters()
    desk.shop.letters.retry(letter.letter_id, json.dumps(played("m", properties={"email": "ann@home.example"})))
    desk.shop.catch_up()
    newest = desk.shop.events.live.recent(_all(), cursor=None, limit=1).items[0]
    found = desk.shop.events.live.find(newest.event_id)
    assert (json.loads(found.raw)["properties"], found.request.ip) == ({"email": "hashed"}, "")


def test_discarded_letters_can_be_taken_back_together(desk: Desk) -> None:
    desk.send(*[{**NOBODY, "messageId": f"m{number}"} for number in range(5)], {"type": "sing"})
    change = desk.shop.letters.discard(Wanted(code="no_user_anon_id", source_id=desk.source_id))
    assert change.letters == 0, "nothing was taken in yet"
    assert len(desk.letters()) == 6
    change = desk.shop.letters.discard(Wanted(code="no_user_anon_id"))
    assert (change.letters, [one.code for one in desk.letters()]) == (5, ["type_missing"])
    with pytest.raises(ConflictError, match="discarded before"):
        desk.shop.letters.retry(desk.letters(state="discarded")[0].letter_id, json.dumps(played("m")))
    assert desk.shop.letters.restore(change.change_id).letters == 5
    assert desk.shop.letters.restore(change.change_id).letters == 0
    assert len(desk.letters()) == 6
    ids = [one.letter_id for one in desk.letters()][:2]
    assert desk.shop.letters.discard(letter_ids=ids).letters == 2
    assert len(desk.letters()) == 4


def test_letters_are_grouped_by_what_stopped_them_source_and_reason(desk: Desk) -> None:
    desk.send(NOBODY, {**NOBODY, "messageId": "m2"}, {"type": "sing"})
    desk.clock.wind(timedelta(minutes=5))
    desk.send({**NOBODY, "messageId": "m3"})
    desk.letters()
    groups = desk.shop.letters.groups()
    assert [(one.stopped_by, one.source_name, one.code, one.letters) for one in groups] == [
        ("decode", "Shop front", "no_user_anon_id", 3), ("decode", "Shop front", "type_missing", 1),
    ]  # fmt: skip
    assert groups[0].last_at - groups[0].first_at == timedelta(minutes=5)
    assert desk.shop.letters.groups(LetterState.DISCARDED) == []


def test_letters_come_newest_first_page_by_page(desk: Desk) -> None:
    desk.send(*[{**NOBODY, "messageId": f"m{number}"} for number in range(7)])
    desk.shop.catch_up()
    seen: list[str | None] = []
    cursor: str | None = None
    while True:
        page = desk.shop.letters.search(Wanted(), cursor=cursor, limit=3)
        seen += [one.message_id for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"m{number}" for number in reversed(range(7))]


class Run:
    """A job's run that is stopped after some steps."""

    def __init__(self, steps: int = 1_000, state: Any = None) -> None:
        self.steps = steps
        self.state = state
        self.notes: list[str] = []

    def progress(self, _done: int, _total: int | None = None, note: str = "") -> None:
        self.notes.append(note)
        self.steps -= 1
        if self.steps < 0:
            raise KeyboardInterrupt

    def checkpoint(self, state: Any, _connection: Any = None) -> None:
        self.state = state


FROM_ANONYMOUS = ({"op": "copy", "from": "/properties/visitor", "path": "/anonymousId"},)


def test_all_of_a_query_are_mended_by_one_patch_and_those_it_does_not_fit_stay_and_say_why(desk: Desk) -> None:
    fitting = [{**NOBODY, "messageId": f"m{n}", "properties": {"visitor": f"v{n}"}} for n in range(450)]
    desk.send(*fitting[:200], NOBODY)
    desk.send(*fitting[200:])
    desk.letters()
    wanted = Wanted(code="no_user_anon_id")
    preview = desk.shop.letters.preview_many(wanted, steps(*FROM_ANONYMOUS))
    assert (preview.letters, len(preview.samples)) == (451, 5)
    assert [event.anonymous_id for event in preview.samples[0].preview.events] == ["v449"]
    assert json.loads(preview.samples[0].after)["anonymousId"] == "v449"
    stopped = Run(steps=1)
    with pytest.raises(KeyboardInterrupt):
        desk.shop.letters.retry_many(wanted, steps(*FROM_ANONYMOUS), stopped)  # type: ignore[arg-type] # what a run needs
    again = Run(state=stopped.state)
    desk.shop.letters.retry_many(wanted, steps(*FROM_ANONYMOUS), again)  # type: ignore[arg-type] # as above
    assert again.notes[-1] == "450 sent again, 1 stay and say why"
    (left,) = desk.letters()
    assert left.problem == "Operation 1 (copy /anonymousId): there is nothing there."
    assert (left.problem_code, left.problem_said) == (
        "invalid",
        Saying("patch_nothing_there", {"number": 1, "step": "copy /anonymousId"}),
    )
    assert desk.shop.profiles.count() == 450
    assert all(desk.shop.identity.find("anonymous_id", f"v{number}") for number in range(450))


def test_letters_that_come_while_a_run_is_under_way_are_left_to_the_next(desk: Desk) -> None:
    desk.send({**NOBODY, "properties": {"visitor": "v1"}})
    desk.letters()
    run = Run(steps=0)
    with pytest.raises(KeyboardInterrupt):
        desk.shop.letters.retry_many(Wanted(), steps(*FROM_ANONYMOUS), run)  # type: ignore[arg-type] # what a run needs
    desk.send({**NOBODY, "messageId": "m2", "properties": {"visitor": "v2"}})
    desk.shop.catch_up()
    desk.shop.letters.retry_many(Wanted(), steps(*FROM_ANONYMOUS), Run(state=run.state))  # type: ignore[arg-type] # as above
    assert [one.message_id for one in desk.letters()] == ["m2"]


def test_a_patch_works_on_each_item_of_a_refused_batch(desk: Desk) -> None:
    items = [{**NOBODY, "messageId": f"m{number}", "properties": {"visitor": "v"}} for number in range(3)]
    desk.refuse(json.dumps({"batch": items}).encode(), "too_many_events", events=3)
    desk.letters()
    desk.shop.letters.retry_many(Wanted(), steps(*FROM_ANONYMOUS), Run())  # type: ignore[arg-type] # what a run needs
    desk.shop.catch_up()
    customer = desk.shop.customer_named("anonymous_id:v")
    assert desk.shop.profiles.of(customer).counters["Song Played"].count == 3


def test_old_letters_are_forgotten_and_for_ever_is_for_ever(tmp_path: Path) -> None:
    for days, left in ((30, 0), (0, 1)):
        clock = WoundClock(NOW)
        with opened(tmp_path / str(days), clock) as desk:
            desk.shop.letters._settings = msgspec.structs.replace(desk.shop.settings.events, dead_letter_days=days)
            desk.send(NOBODY)
            desk.letters()
            clock.wind(timedelta(days=31))
            with desk.shop.database.write() as connection:
                desk.shop.letters.forget_old(connection)
            assert len(desk.letters()) == left


def test_what_was_sent_outlives_the_log(desk: Desk) -> None:
    desk.send(played("m0"), NOBODY, context={"locale": "ja"}, sentAt="2026-11-22T09:55:30Z")
    desk.refuse(b'{"name": "Home"}', "no_user_anon_id", path="page")
    letters = desk.letters()
    before = [desk.shop.letters.find(one.letter_id) for one in letters]
    previews = [desk.shop.letters.preview(one.letter_id) for one in letters]
    assert desk.shop.letters.keep_before_trimming("web-0", through=2) == 2
    assert desk.shop.letters.keep_before_trimming("web-0", through=2) == 0
    desk.shop.log.trim("web-0", through=2)
    assert [desk.shop.letters.find(one.letter_id) for one in letters] == before
    assert [desk.shop.letters.preview(one.letter_id) for one in letters] == previews
    with pytest.raises(InvalidError):
        desk.shop.letters.retry(letters[0].letter_id)


def test_a_letter_whose_text_is_gone_says_so(desk: Desk) -> None:
    desk.send(NOBODY)
    (letter,) = desk.letters()
    desk.shop.log.trim("web-0", through=1)
    assert desk.shop.letters.find(letter.letter_id).text == ""
    with pytest.raises(InvalidError, match="no longer kept"):
        desk.shop.letters.retry(letter.letter_id)
    with pytest.raises(NotFoundError, match="no dead letter 999"):
        desk.shop.letters.find(999)


ANN = ("ann-of-the-corner", "browser-of-ann")


@pytest.mark.parametrize("trimmed", [False, True])
def test_erasing_somebody_leaves_no_letter_about_them_and_every_letter_of_others(desk: Desk, trimmed: bool) -> None:
    desk.send(played("m0", userId=ANN[0], anonymousId=ANN[1]), played("b0", userId="bob"))
    desk.send(
        {"type": "alias", "userId": ANN[0]},
        {"type": "sing", "anonymousId": ANN[1], "messageId": f"signup-{ANN[0]}"},
        '{"type": "track", "note": NaN, "email": "' + ANN[0] + '"}',
        {"type": "alias", "userId": "bob"},
        played("m0", userId=ANN[0], event="Song Liked"),
        played("poison", userId=ANN[0]),
    )
    desk.refuse(json.dumps({"batch": [{"userId": ANN[0]}]}).encode()[:-1], "not_json")
    work(desk, Failing("poison"))
    assert len(desk.letters()) == 7
    if trimmed:
        desk.shop.letters.keep_before_trimming("web-0", through=3)
        desk.shop.log.trim("web-0", through=3)
    report = desk.shop.erase(desk.shop.customer_named(f"user_id:{ANN[0]}"))
    assert report.rows["dead letters"] == 6
    assert [one.user_id for one in desk.letters()] == ["bob"]
    with desk.shop.database.read() as connection:
        assert traces_of(connection, ANN) == []
    desk.shop.close()
    held = [path for path in desk.shop.folder.rglob("*") if path.is_file() and ANN[0].encode() in path.read_bytes()]
    assert held == []


def test_a_rebuild_with_milder_rules_does_not_let_in_twice_what_was_sent_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, real = Failing("m1", "m2", "m3"), capabilities.projections
    monkeypatch.setattr(capabilities, "projections", lambda shop: [*real(shop), failing])
    desk.send(played("m1"), played("m2"), played("m3"), NOBODY, {"type": "sing"})
    by_message = {one.message_id: one for one in desk.letters(stopped_by="failing")}
    assert sorted(filter(None, by_message)) == ["m1", "m2", "m3"]
    failing.message_ids = ()
    desk.shop.letters.retry(by_message["m1"].letter_id)
    desk.shop.letters.discard(letter_ids=[by_message["m2"].letter_id])
    assert desk.counters("ann") == {"Song Played": 1}
    before = desk.letters(state=None)
    desk.shop.rebuild()
    assert desk.counters("ann") == {"Song Played": 2}, "m1 as it was sent again, and m3, which no letter keeps out"
    after = desk.letters(state=None)
    assert after == [one for one in before if one.message_id != "m3"], "the same numbers, the same standing"
    outcomes = desk.shop.events.counts.reasons().outcomes
    assert (outcomes.accepted, outcomes.rejected) == (2, 4)
    desk.send({"type": "sing", "messageId": "later"})
    assert desk.letters()[0].letter_id > max(one.letter_id for one in before)


def test_a_letter_sent_again_while_milder_rules_rebuild_the_shop_is_found_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, real = Failing("m1"), capabilities.projections
    monkeypatch.setattr(capabilities, "projections", lambda shop: [*real(shop), failing])
    desk.send(played("m1"))
    (letter,) = desk.letters()
    failing.message_ids = ()

    def meanwhile(_done: int, _total: int, note: str) -> None:
        if note.startswith("taking the place") and desk.letters():
            desk.shop.letters.retry(letter.letter_id)
            desk.shop.catch_up()

    with pytest.raises(ConflictError, match="sent again while"):
        desk.shop.rebuilds.run(told=meanwhile)
    assert desk.counters("ann") == {"Song Played": 1}


def test_a_rebuild_leaves_every_letter_as_it_was(desk: Desk) -> None:
    desk.send(NOBODY, played("m1"), played("m1", event="Song Liked"), {"type": "sing"})
    desk.refuse(b"{", "not_json")
    desk.letters()
    desk.shop.letters.discard(Wanted(code="type_missing"))
    before = desk.letters(state=None)
    desk.shop.rebuild()
    assert desk.letters(state=None) == before
    assert len(before) == 4
