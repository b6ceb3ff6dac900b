"""What an accepted request says: every trap that the SDKs in the field have set."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any  # Any: JSON

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.events import DecodedRequest, Event, Fact, event_id_of, position_of, read_request
from regulars.events.core import Position
from regulars.events.record import AcceptedRequest, OwnFacts, RefusedRequest, encode_entry
from regulars.events.sent import UnreadableError, split_batch
from regulars.kernel.clock import microseconds, moment
from regulars.kernel.eventlog import Record

RECEIVED = datetime(2026, 11, 22, 10, 5, 21, tzinfo=UTC)
RECEIVED_US = microseconds(RECEIVED)


def read(body: bytes | str | dict[str, Any], path: str = "batch") -> DecodedRequest:  # Any: JSON
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    entry = AcceptedRequest("s1", RECEIVED_US, "192.0.2.7", "test", path, raw)
    return read_request(Record("web-0", 7, RECEIVED_US, encode_entry(entry)))


def one(path: str = "track", **fields: Any) -> Event:  # Any: JSON
    (event,) = read({"event": "Song Played", "userId": "ann", "messageId": "m1", **fields}, path).events
    return event


def reason(path: str = "track", **fields: Any) -> str:  # Any: JSON
    (fault,) = read({"event": "Song Played", "userId": "ann", **fields}, path).rejected
    return fault.reason


@pytest.mark.parametrize(
    "nobody",
    [
        None,
        "",
        " ",
        "null",
        "NULL",
        "undefined",
        "anonymous",
        "-1",
        "0",
        "000-000",
        "---",
        "[object Object]",
        True,
        1.5,
        [],
        {},
    ],
)
def test_what_never_identifies_anybody_is_no_id(nobody: object) -> None:
    assert one(userId=nobody, anonymousId="anon-1").user_id is None
    assert reason(userId=nobody, anonymousId=None).startswith("no_user_anon_id")


@pytest.mark.parametrize(("sent", "known"), [(" ann ", "ann"), (42, "42"), ("a\x00b", "ab"), ("007", "007")])
def test_an_id_is_a_text_without_blanks_around_it(sent: object, known: str) -> None:
    assert one(userId=sent).user_id == known


def test_traits_stand_at_the_top_and_in_the_context_and_the_top_wins() -> None:
    event = one("identify", context={"traits": {"plan": "free", "city": "Taipei"}}, traits={"plan": "gold"})
    assert (event.name, event.properties) == ("Identify", {"plan": "gold", "city": "Taipei"})


def test_a_page_keeps_its_own_name_and_category() -> None:
    event = one("page", name="Home", category="Docs", properties={"path": "/"})
    assert (event.name, event.properties) == ("Page", {"path": "/", "name": "Home", "category": "Docs"})


def test_an_alias_to_itself_joins_nothing() -> None:
    event = one("alias", previousId="ann")
    assert event.previous_id is None
    assert event.corrections == ("An alias to itself joins nothing.",)


def test_the_context_of_a_batch_belongs_to_every_item_and_the_items_own_wins() -> None:
    items = [
        {"type": "track", "event": "x", "userId": "a", "context": {"locale": "ja"}},
        {"type": "page", "userId": "a"},
    ]
    first, second = read({"batch": items, "context": {"locale": "en", "app": {"name": "shop"}}}).events
    assert first.context == {"locale": "ja", "app": {"name": "shop"}}
    assert second.context == {"locale": "en", "app": {"name": "shop"}}


def test_the_address_of_the_socket_is_taken_when_the_sender_asks_for_it() -> None:
    assert one(context={"direct": True}).context["ip"] == "192.0.2.7"
    assert "ip" not in one(context={}).context


def test_the_error_of_a_slow_clock_cancels() -> None:
    event = one(timestamp="2026-11-22T10:00:00Z", sentAt="2026-11-22T10:00:20Z")
    assert moment(event.occurred_us) == datetime(2026, 11, 22, 10, 5, 1, tzinfo=UTC)
    assert event.corrections == ("The sender's clock was 301 s behind.",)
    assert event.original_us is not None
    assert moment(event.original_us) == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def test_the_error_of_a_clock_two_days_fast_cancels() -> None:
    event = one(timestamp="2026-11-24T10:05:00Z", sentAt="2026-11-24T10:05:21Z")
    assert moment(event.occurred_us) == RECEIVED - timedelta(seconds=21)
    assert event.corrections == ("The sender's clock was 172800 s ahead.",)


def test_the_delay_of_the_network_is_no_correction() -> None:
    event = one(timestamp="2026-11-22T10:05:19Z", sentAt="2026-11-22T10:05:20Z")
    assert event.corrections == ()


def test_the_time_of_sending_may_stand_on_the_batch_or_on_the_item() -> None:
    item = {"type": "track", "event": "x", "userId": "a", "originalTimestamp": "2026-11-22T10:00:00Z"}
    sent_at = "2026-11-22T10:00:20Z"
    (by_batch,) = read({"batch": [item], "sentAt": sent_at}).events
    (by_item,) = read({"batch": [{**item, "sentAt": sent_at}]}).events
    assert by_batch.occurred_us == by_item.occurred_us == microseconds(datetime(2026, 11, 22, 10, 5, 1, tzinfo=UTC))


def test_without_a_time_of_sending_the_future_counts_as_now() -> None:
    event = one(timestamp="2030-01-01T00:00:00Z")
    assert event.occurred_us == RECEIVED_US
    assert "future" in event.corrections[0]


@pytest.mark.parametrize("sent", ["1997-09-20T03:05:10Z", 874_724_710, 874_724_710_000, "874724710"])
def test_events_of_long_ago_are_taken_as_they_are(sent: object) -> None:
    assert moment(one(timestamp=sent).occurred_us) == datetime(1997, 9, 20, 3, 5, 10, tzinfo=UTC)


def test_ten_years_ago_is_ten_years_ago() -> None:
    assert moment(one(timestamp="2016-11-22T00:00:00Z").occurred_us).year == 2016


@pytest.mark.parametrize("sent", ["yesterday", "", "0000-00-00", "1066-10-14T00:00:00Z", True, [], {}, -5, 1e300])
def test_a_time_that_cannot_be_read_is_the_time_of_arrival(sent: object) -> None:
    event = one(timestamp=sent)
    assert event.occurred_us == RECEIVED_US
    assert sent in ("", [], {}) or "cannot be read" in event.corrections[0]


@pytest.mark.parametrize(
    ("sent", "hour"),
    [
        ("2026-11-22T09:00:00+08:00", 1),
        ("2026-11-22T09:00:00.123456+00:00", 9),
        ("2026-11-22 09:00:00", 9),
        ("20261122T090000Z", 9),
    ],
)
def test_every_way_to_write_a_moment_is_read(sent: str, hour: int) -> None:
    assert moment(one(timestamp=sent).occurred_us).hour == hour


def test_a_message_without_an_id_is_named_by_its_place() -> None:
    event = one(messageId=None)
    assert event.message_id == "position:web-0.7.0"
    assert "messageId" in event.corrections[0]


@pytest.mark.parametrize(
    ("sent", "kept"), [("node-next-1-abc", "node-next-1-abc"), (123, "123"), (" x ", "x"), ("歌" * 100, "歌" * 100)]
)
def test_a_message_id_is_any_text(sent: object, kept: str) -> None:
    assert one(messageId=sent).message_id == kept


def test_a_message_id_that_is_too_long_is_shortened_the_same_way_each_time() -> None:
    first, again, other = one(messageId="x" * 101), one(messageId="x" * 101), one(messageId="x" * 102)
    assert first.message_id == again.message_id != other.message_id
    assert len(first.message_id) < 100


@pytest.mark.parametrize(
    ("item", "word"),
    [
        ('{"type": "track", "event": "x", "userId": "a", "properties": {"p": NaN}}', "NaN"),
        ('{"type": "track", "event": "x", "userId": "a", "properties": {"p": Infinity}}', "Infinity"),
        ('{"type": "track", "event": "x", "userId": "a", "properties": {"p": "\\ud800"}}', "surrogate"),
        ('{"type": "track", "event": "x", "userId": "a", "properties": {"p": 1e400}}', "too large"),
        ('{"type": "track", "event": "x", "userId": "a", "properties": []}', "'properties' must be an object"),
        ('{"type": "track", "event": "x", "userId": "a", "context": "x"}', "'context' must be an object"),
        ('{"type": "track", "event": "", "userId": "a"}', "'event'"),
        ('{"type": "track", "event": 5, "userId": "a"}', "'event'"),
        ('{"type": "sing", "userId": "a"}', "'type'"),
        ('{"userId": "a"}', "'type'"),
        ("5", "JSON object"),
        ("null", "JSON object"),
        ('{"type": "group", "userId": "a"}', "groupId"),
        ('{"type": "alias", "userId": "a", "previousId": "null"}', "previousId"),
        ('{"type": "track", "event": "x", "userId": "' + "a" * 33_000 + '"}', "32,768 bytes"),
        ('{"type": "track", "event": "x", "userId": "a", "properties": {"p": ' + "[" * 64 + "]" * 64 + "}}", "nested"),
    ],
)
def test_a_broken_item_is_kept_with_its_reason_and_its_neighbours_are_events(item: str, word: str) -> None:
    sound = '{"type": "track", "event": "x", "userId": "a"}'
    request = read(f'{{"batch": [{sound}, {item}, {sound}]}}')
    assert [event.position.index for event in request.events] == [0, 2]
    (fault,) = request.rejected
    assert word in fault.reason
    assert fault.reason.endswith((".", ")", "…}."))
    json.loads(fault.raw)  # whoever repairs it finds what was sent


def test_bytes_that_are_no_text_reject_their_item_only() -> None:
    request = read(b'{"batch": [{"type": "track", "event": "x", "userId": "\xff"}, {"type": "page", "userId": "a"}]}')
    assert [event.call for event in request.events] == ["page"]
    assert "UTF-8" in request.rejected[0].reason


def test_what_is_said_twice_holds_as_said_last() -> None:
    (event,) = read('{"event": "x", "userId": "ann", "userId": "bob", "properties": {"a": 1, "a": 2}}', "track").events
    assert (event.user_id, event.properties) == ("bob", {"a": 2})


def test_values_that_no_store_can_keep_are_put_right_and_said() -> None:
    event = one(properties={"big": 2**70, "text": "a\x00b", "list": ["\x00"], "deep": {"n\x00": 1}})
    assert event.properties == {"big": float(2**70), "text": "ab", "list": [""], "deep": {"n": 1}}
    assert event.correction_codes == ("number_rounded", "nul_removed")


def test_a_nul_in_the_context_of_a_batch_is_taken_out_of_every_item() -> None:
    items = [{"type": "page", "userId": "a", "messageId": "m1"}, {"type": "page", "userId": "b", "messageId": "m2"}]
    request = read({"batch": items, "context": {"app": "sh\x00op"}})
    assert [(event.context, event.correction_codes) for event in request.events] == [
        ({"app": "shop"}, ("nul_removed",))
    ] * 2


def test_unknown_keys_are_no_fault() -> None:
    assert one(_metadata={"a": 1}, channel="server", version=2, integrations={}).corrections == ()


def test_negative_quantities_are_the_business_of_who_reads_them() -> None:
    assert one(properties={"quantity": -3, "price": -9.5}).properties == {"quantity": -3, "price": -9.5}


def test_our_own_facts_are_events_too() -> None:
    fact = Fact(name="Customers Merged", message_id="f1", user_id="ann", properties={"kept": "c1"}, occurred_us=5)
    request = read_request(Record("worker", 3, 9, encode_entry(OwnFacts([fact], 9))))
    (event,) = request.events
    assert (event.source_id, event.name, event.occurred_us, event.received_us) == ("regulars", "Customers Merged", 5, 9)
    assert event.event_id == "worker.3.0"


def test_a_refused_request_has_no_events() -> None:
    request = read_request(Record("web-0", 3, 9, encode_entry(RefusedRequest(None, 9, 401, "No.", "batch", b"{"))))
    assert request.refused is not None
    assert (request.events, request.rejected) == ([], [])


def test_a_record_that_is_none_of_ours_is_told_not_raised() -> None:
    request = read_request(Record("web-0", 3, 9, b"\xc1 something else"))
    assert "cannot" in request.rejected[0].reason or "not one" in request.rejected[0].reason


def test_an_event_id_names_its_place_and_nothing_else_does() -> None:
    place = Position("web-0", 12, 3)
    assert position_of(event_id_of(place)) == place
    assert all(
        position_of(text) is None for text in ("", "x", "web-0.1", "web-0.a.1", "web-0.1.b", ".1.2", "web-0.-1.2")
    )


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    "type",
    "event",
    "userId",
    "anonymousId",
    "previousId",
    "groupId",
    "messageId",
    "timestamp",
    "originalTimestamp",
    "sentAt",
    "context",
    "properties",
    "traits",
    "name",
    "writeKey",
]
items = st.dictionaries(
    st.sampled_from(NAMES),
    anything | st.sampled_from(["track", "identify", "page", "ann", "2026-01-01T00:00:00Z"]),
    max_size=9,
)


@given(batch=st.lists(items | anything, max_size=4), context=anything, sent_at=anything)
def test_whatever_is_sent_each_item_is_an_event_or_a_reason_and_the_same_at_every_replay(
    batch: list[object], context: object, sent_at: object
) -> None:
    body = json.dumps({"batch": batch, "context": context, "sentAt": sent_at})
    request = read(body)
    places = sorted([*(event.position.index for event in request.events), *(fault.index for fault in request.rejected)])
    assert places == list(range(len(batch)))
    assert read(body) == request or "NaN" in body
    for event in request.events:
        assert 0 <= event.occurred_us <= event.received_us
        assert event.user_id or event.anonymous_id
        json.dumps([event.properties, event.context])


@given(body=st.binary(max_size=60), path=st.sampled_from(["batch", "track", "alias"]))
def test_any_bytes_at_all_are_answered_with_reasons(body: bytes, path: str) -> None:
    request = read(body, path)
    assert all(fault.reason for fault in request.rejected)


def in_company(*items: bytes) -> DecodedRequest:
    """Return what becomes of items beside one that only Python would call JSON."""
    nan = b'{"type": "track", "event": "x", "userId": "a", "properties": {"p": NaN}}'
    return read(b'{ "batch" : [' + b" , ".join([nan, *items]) + b'] , "sentAt" : null }')


def test_the_items_beside_one_that_is_no_json_stand_as_they_were_sent() -> None:
    chinese = f'{{"type":"track","event":"歌","userId":"ann","properties":{{"title":"{"歌" * 10_000}"}}}}'.encode()
    assert len(chinese) < 32_768
    request = in_company(b'{"type":"track",  "event":"x", "userId":"ann","properties":{"n":1.50}}', chinese)
    assert [event.name for event in request.events] == ["x", "歌"], "30 kB are not 60 kB because of a neighbour"
    assert [fault.code for fault in request.rejected] == ["not_a_number"]
    assert request.rejected[0].raw == b'{"type": "track", "event": "x", "userId": "a", "properties": {"p": NaN}}'


def test_each_item_of_a_batch_that_is_no_json_has_its_own_reason() -> None:
    request = in_company(
        b'{"type":"track","event":"x","userId":"a","properties":{"p":1e400}}',
        b'{"type":"track","event":"\xa4\xa4","userId":"a"}',
        b'{"type":"track","event":"x","userId":"a","properties":{"p":"\\ud83d"}}',
        b'{"type":"track","event":"x","userId":"b"}',
    )
    codes = ["not_a_number", "number_too_large", "not_utf8", "half_surrogate"]
    assert [fault.code for fault in request.rejected] == codes
    assert [event.user_id for event in request.events] == ["b"]


def test_a_batch_whose_context_cannot_be_kept_is_refused_whole_for_nothing_of_it_may_be_lost() -> None:
    item = b'{"type":"track","event":"x","userId":"a"}'
    contexts = {
        b'{"app":"\xa4\xa4"}': "not_utf8", b'{"app":"\\ud83d"}': "half_surrogate", b'{"n":1e400}': "number_too_large",
        b'{"n":NaN}': "not_a_number",
    }  # fmt: skip
    for context, code in contexts.items():
        with pytest.raises(UnreadableError) as refused:
            split_batch(b'{"batch":[' + item + b'],"context":' + context + b"}")
        assert refused.value.code == code
    kept, _ = split_batch(b'{"batch":[' + item + b'],"context":{"app":"shop"},"sentAt":"now","writeKey":"wk","x":NaN}')
    assert (kept.context, kept.sent_at, kept.write_key, len(kept.batch)) == ({"app": "shop"}, "now", "wk", 1)


@pytest.mark.parametrize("body", [b'{"batch":[NaN,]}', b'{"batch":[NaN] "a":1}', b'{"batch":[NaN]}x', b'{"batch":[NaN'])
def test_a_batch_that_not_even_python_calls_json_is_refused_whole(body: bytes) -> None:
    with pytest.raises(UnreadableError) as refused:
        split_batch(body)
    assert refused.value.code == "not_json"
