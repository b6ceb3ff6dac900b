"""Webhooks: signed, filtered, tried again, given up, paused; each event under one id whatever happens."""

from __future__ import annotations

import time
from datetime import timedelta

import msgspec
import pytest
from tests.destinations.conftest import bodies, deliver_until_quiet, happen, names, track, webhook

from regulars.app import Shop
from regulars.destinations import Plan
from regulars.destinations.core.definition import EventFilter, Pace
from regulars.destinations.core.signing import is_signed
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, WoundClock
from regulars.kernel.errors import InvalidError, NotFoundError
from regulars.kernel.sayings import Saying, Value
from regulars.testing.receiver import Receiver, Reply


def test_an_event_is_posted_signed_in_the_envelope_of_standard_webhooks(shop: Shop, receiver: Receiver) -> None:
    made = shop.destinations.create("webhook", Plan(name="Orders", settings={"url": receiver.url + "/in?shop=1"}))
    assert made.signing_secret is not None
    happen(shop, track("Order Completed", total=12.5))
    assert shop.destinations.deliver() == 1
    (came,) = receiver.received
    assert (came.method, came.path) == ("POST", "/in?shop=1")
    assert is_signed(made.signing_secret, came.headers, came.body, now_s=shop.clock.now_us() // MICROSECONDS_PER_SECOND)
    body = msgspec.json.decode(came.body)
    assert body["type"] == "Order Completed"
    assert body["data"]["id"] == came.headers["webhook-id"]
    assert body["data"]["properties"] == {"total": 12.5}
    assert body["data"]["customer_id"] == shop.identity.find("user_id", "ann")
    assert shop.destinations.deliver() == 0
    shown = shop.destinations.get(made.destination.destination_id)
    assert (shown.health.state, shown.health.waiting, shown.health.delivered_1h) == ("good", 0, 1)


def test_only_what_was_asked_for_is_sent(shop: Shop, receiver: Receiver) -> None:
    wanted = EventFilter(names=["Order Completed"], condition="data.properties.total > `100`")
    with pytest.raises(InvalidError, match="no JMESPath at character 1"):
        webhook(shop, receiver, events=EventFilter(condition=")"))
    webhook(shop, receiver, events=EventFilter(names=["Order Completed"], condition="properties.total > `100`"))
    webhook(shop, receiver, events=EventFilter(sources=["somewhere else"]))
    del wanted
    happen(
        shop,
        track("Order Completed", total=120),
        track("Order Completed", total=12),
        track("Order Completed", total="many"),
        track("Product Viewed", total=500),
    )
    shop.destinations.deliver()
    assert [body["data"]["properties"]["total"] for body in bodies(receiver)] == [120]


def test_imported_history_is_no_news_unless_asked_for(shop: Shop, receiver: Receiver) -> None:
    webhook(shop, receiver)
    webhook(shop, receiver, settings={"url": receiver.url + "/all"}, events=EventFilter(imported=True))
    old = track("Order Completed", total=7) | {"timestamp": "2019-05-01T10:00:00Z", "context": {"imported": True}}
    happen(shop, old)
    shop.destinations.deliver()
    assert [one.path for one in receiver.received] == ["/all"]


def test_news_of_our_own_is_sent_only_by_name(shop: Shop, receiver: Receiver) -> None:
    webhook(shop, receiver)
    webhook(shop, receiver, settings={"url": receiver.url + "/merges"}, events=EventFilter(names=["Customers Merged"]))
    happen(shop, {"type": "track", "event": "Page Seen", "anonymousId": "a1"}, track("Order Completed", "bob"))
    happen(shop, {"type": "alias", "previousId": "a1", "userId": "bob"})
    shop.destinations.deliver()
    assert [one.path for one in receiver.received if b"Customers Merged" in one.body] == ["/merges"]


def test_a_template_makes_another_body_of_it(shop: Shop, receiver: Receiver) -> None:
    template = "{text: join(' ', ['New order from', data.user_id, 'of', to_string(data.properties.total)])}"
    webhook(shop, receiver, settings={"template": template})
    happen(shop, track("Order Completed", total=12.5))
    shop.destinations.deliver()
    assert bodies(receiver) == [{"text": "New order from ann of 12.5"}]


def test_an_event_that_the_template_cannot_take_becomes_a_dead_letter_at_once(shop: Shop, receiver: Receiver) -> None:
    one = webhook(shop, receiver, settings={"template": "{total: sum(data.properties.totals)}"})
    happen(shop, track("Order Completed", totals=[1, 2]), track("Order Completed", totals="ann's secret"))
    shop.destinations.deliver()
    assert bodies(receiver) == [{"total": 3}]
    (letter,) = shop.destinations.letters.listed(one).items
    wrong = "sum() was given the type 'string', and takes array-number"
    assert letter.sentence == f"The template cannot be filled: {wrong}."  # and not what the customer said
    values: dict[str, Value] = {"function": "sum", "given": "string", "wanted": "array-number"}
    assert letter.said == Saying("template_wrong_type", values)
    assert shop.destinations.get(one).health.state == "good"


def test_several_events_travel_together_when_asked_to(shop: Shop, receiver: Receiver, clock: WoundClock) -> None:
    pace = Pace(batch_max=3, batch_wait_s=10, requests_max=1)
    webhook(shop, receiver, pace=pace)
    happen(shop, *(track("Song Played", n=n) for n in range(4)))
    shop.destinations.deliver()
    told = bodies(receiver)
    assert [[one["properties"]["n"] for one in body["data"]] for body in told] == [[0, 1, 2], [3]]
    happen(shop, track("Song Played", n=4))
    assert shop.destinations.deliver() == 0  # it waits for more
    clock.wind(timedelta(seconds=10))
    shop.destinations.deliver()
    assert [one["properties"]["n"] for one in bodies(receiver)[-1]["data"]] == [4]


def test_a_failed_event_is_tried_again_under_the_same_id_until_it_is_taken(
    shop: Shop, receiver: Receiver, clock: WoundClock
) -> None:
    receiver.answer_with(Reply(500), Reply(503), Reply(how="reset"), Reply(200))
    one = webhook(shop, receiver)
    happen(shop, track("Order Completed"))
    shop.destinations.deliver()
    health = shop.destinations.get(one).health
    assert (health.state, health.waiting, health.retrying) == ("failing", 1, 1)
    assert health.last_error == "It answered 500: something is wrong over there."
    deliver_until_quiet(shop, clock, hours=0.1, step_s=5)
    assert len({came.headers["webhook-id"] for came in receiver.received}) == 1
    assert len(receiver.received) == 4
    assert shop.destinations.get(one).health.state == "good"


def test_what_the_other_side_asks_for_is_obeyed(shop: Shop, receiver: Receiver, clock: WoundClock) -> None:
    receiver.answer_with(Reply(429, {"Retry-After": "600"}), Reply(200))
    webhook(shop, receiver)
    happen(shop, track("Order Completed"))
    shop.destinations.deliver()
    happen(shop, track("Order Completed"))
    clock.wind(timedelta(seconds=590))
    assert shop.destinations.deliver() == 0  # nothing at all is sent before that
    clock.wind(timedelta(seconds=15))
    assert shop.destinations.deliver() == 2


def test_a_refused_event_is_given_up_after_some_tries_and_can_be_sent_again(
    shop: Shop, receiver: Receiver, clock: WoundClock
) -> None:
    receiver.answer_with(Reply(422, body=b"total must be a number"))
    one = webhook(shop, receiver, pace=Pace(requests_max=1))
    happen(shop, track("Order Completed", total="x"))
    deliver_until_quiet(shop, clock, hours=1)
    (letter,) = shop.destinations.letters.listed(one).items
    assert (letter.tries, letter.status, letter.answer) == (5, 422, "total must be a number")
    assert letter.event["properties"] == {"total": "x"}
    assert shop.destinations.get(one).health.dead_letters == 1
    receiver.answer_with(Reply(200))
    shop.destinations.letters.retry(one, letter.letter_id)
    deliver_until_quiet(shop, clock, hours=0.2)
    assert len({came.headers["webhook-id"] for came in receiver.received}) == 1
    assert shop.destinations.letters.listed(one).items == []
    with pytest.raises(NotFoundError):
        shop.destinations.letters.retry(one, letter.letter_id)


def test_one_bad_event_does_not_take_its_batch_with_it(shop: Shop, clock: WoundClock) -> None:
    def choose(came: object) -> Reply:
        return Reply(422) if b'"n":13' in came.body else Reply()  # type: ignore[attr-defined] # a Received

    with Receiver(choose) as receiver:
        one = webhook(shop, receiver, pace=Pace(batch_max=50, requests_max=1))
        happen(shop, *(track("Song Played", n=n) for n in range(10, 20)))
        deliver_until_quiet(shop, clock, hours=1)
        taken = [
            event["properties"]["n"]
            for body in bodies(receiver)
            for event in body["data"]
            if not any(other["properties"]["n"] == 13 for other in body["data"])
        ]
        assert sorted(taken) == [10, 11, 12, 14, 15, 16, 17, 18, 19]
        assert [letter.event["properties"]["n"] for letter in shop.destinations.letters.listed(one).items] == [13]


def test_gone_closes_it_and_keeps_what_waited_as_dead_letters(shop: Shop, receiver: Receiver) -> None:
    receiver.answer_with(Reply(410))
    one = webhook(shop, receiver, pace=Pace(requests_max=1))
    happen(shop, track("Order Completed"), track("Order Completed"), track("Order Completed"))
    shop.destinations.deliver()
    shown = shop.destinations.get(one)
    assert (shown.status, shown.health.waiting, shown.health.dead_letters) == ("closed", 0, 3)
    happen(shop, track("Order Completed"))
    assert shop.destinations.get(one).health.waiting == 0
    receiver.answer_with(Reply(200))
    shop.destinations.resume(one)
    assert shop.destinations.letters.retry_all(one) == 3
    assert shop.destinations.deliver() == 3


def test_a_destination_that_answers_nothing_but_errors_for_a_day_is_paused_and_says_so(
    shop: Shop, receiver: Receiver, clock: WoundClock
) -> None:
    with Receiver() as pager:
        receiver.answer_with(Reply(500))
        one = webhook(shop, receiver)
        webhook(shop, pager, name="Pager", events=EventFilter(names=["Destination Paused"]))
        happen(shop, *(track("Order Completed") for _ in range(20)))
        deliver_until_quiet(shop, clock, hours=25, step_s=600)
        shown = shop.destinations.get(one)
        assert (shown.status, shown.reason) == ("paused", "Paused after 24 hours of nothing but errors.")
        asked = len(receiver.received)
        assert asked < 300, "a destination that is away is asked with one event at a time, ever less often"
        assert shown.health.waiting == 20
        happen(shop, track("Order Completed"))
        assert shop.destinations.get(one).health.waiting == 21
        shop.destinations.deliver()
        (told,) = bodies(pager)
        assert told["data"]["properties"]["destination"] == "Orders"
        assert "500" in told["data"]["properties"]["reason"]
        receiver.answer_with(Reply(200))
        shop.destinations.resume(one)
        assert shop.destinations.deliver() == 21


def test_an_event_is_given_up_after_three_days(shop: Shop, clock: WoundClock) -> None:
    def choose(came: object) -> Reply:
        return Reply(500) if b'"bad":true' in came.body else Reply()  # type: ignore[attr-defined] # a Received

    with Receiver(choose) as receiver:
        one = webhook(shop, receiver)
        happen(shop, track("Order Completed", bad=True))
        for _ in range(4 * 12):
            happen(shop, track("Order Completed"))
            shop.destinations.deliver()
            clock.wind(timedelta(hours=2))
        (letter,) = shop.destinations.letters.listed(one).items
        assert letter.dead_at - letter.queued_at >= timedelta(days=3)
        assert 12 <= letter.tries <= 25
        assert shop.destinations.get(one).health.state == "good"


def test_a_redirect_to_the_machines_secrets_is_not_followed(shop: Shop, receiver: Receiver, clock: WoundClock) -> None:
    receiver.answer_with(Reply(307, {"Location": "http://169.254.169.254/latest/meta-data/"}))
    one = webhook(shop, receiver)
    happen(shop, track("Order Completed"))
    deliver_until_quiet(shop, clock, hours=1)
    (letter,) = shop.destinations.letters.listed(one).items
    assert letter.sentence == "It answered 307 and sends us elsewhere. We do not follow; change the URL."


@pytest.mark.parametrize("how", ["hang", "endless", "drip"])
def test_a_receiver_that_never_ends_its_answer_costs_its_own_time_limit(shop: Shop, how: str) -> None:
    with Receiver(lambda _: Reply(how=how)) as receiver:  # type: ignore[arg-type] # one of the words of Reply
        one = webhook(shop, receiver, settings={"timeout_s": 1})
        happen(shop, track("Order Completed"))
        begun = time.monotonic()
        shop.destinations.deliver()
        assert time.monotonic() - begun < 10
        health = shop.destinations.get(one).health
        assert health.retrying == (0 if how == "endless" else 1)  # a status of 200 is taken, however long the rest


def test_while_secrets_are_replaced_either_is_good(shop: Shop, receiver: Receiver, clock: WoundClock) -> None:
    made = shop.destinations.create("webhook", Plan(name="Orders", settings={"url": receiver.url}))
    one, old = made.destination.destination_id, made.signing_secret
    new = shop.destinations.rotate_secret(one, overlap_h=2).signing_secret
    assert old is not None
    assert new is not None
    assert shop.destinations.get(one).old_secret_until is not None
    happen(shop, track("Order Completed"))
    shop.destinations.deliver()
    clock.wind(timedelta(hours=3))
    happen(shop, track("Order Completed"))
    shop.destinations.deliver()
    first, second = receiver.received
    at = [int(came.headers["webhook-timestamp"]) for came in (first, second)]
    assert [is_signed(secret, first.headers, first.body, now_s=at[0]) for secret in (old, new)] == [True, True]
    assert [is_signed(secret, second.headers, second.body, now_s=at[1]) for secret in (old, new)] == [False, True]


def test_a_customers_events_arrive_in_order_when_asked_to_whatever_fails(shop: Shop, clock: WoundClock) -> None:
    tried: dict[bytes, int] = {}

    def choose(came: object) -> Reply:
        body: bytes = came.body  # type: ignore[attr-defined] # a Received
        tried[body] = tried.get(body, 0) + 1
        return Reply() if tried[body] > hash(body) % 3 else Reply(503)

    with Receiver(choose) as receiver:
        webhook(shop, receiver, pace=Pace(requests_max=4, keep_order=True))
        users = [f"u{number % 5}" for number in range(60)]
        happen(shop, *(track("Song Played", user, n=n) for n, user in enumerate(users)))
        deliver_until_quiet(shop, clock, hours=2, step_s=10)
        taken = bodies(receiver)
        last = {}
        for body in taken:  # the last time each was tried is when it was taken
            last[body["data"]["id"]] = body
        order = sorted(last.values(), key=lambda body: max(i for i, one in enumerate(taken) if one == body))
        for user in set(users):
            numbers = [body["data"]["properties"]["n"] for body in order if body["data"]["user_id"] == user]
            assert numbers == sorted(numbers)
        assert len(last) == 60


def test_a_slow_destination_holds_up_nobody_else(shop: Shop, receiver: Receiver) -> None:
    import threading

    with Receiver(lambda _: Reply(how="hang")) as slow:
        webhook(shop, slow, name="Slow", settings={"timeout_s": 30})
        webhook(shop, receiver, name="Quick")
        happen(shop, *(track("Order Completed") for _ in range(10)))
        stop = threading.Event()
        running = threading.Thread(target=shop.destinations.run, args=(stop,))
        running.start()
        until = time.monotonic() + 20
        while len(receiver.received) < 10 and time.monotonic() < until:
            threading.Event().wait(0.02)
        assert len(receiver.received) == 10
        stop.set()
        slow.close()
        running.join()
    assert names(receiver) == ["Order Completed"] * 10


def test_a_test_shows_what_was_said_on_both_sides_and_hides_secrets(shop: Shop, receiver: Receiver) -> None:
    receiver.answer_with(Reply(401, body=b"who are you?"))
    one = webhook(shop, receiver, settings={"headers": {"Authorization": "Bearer s3cret"}})
    trial = shop.destinations.test(one)
    assert not trial.works
    assert trial.sentence == "It answered 401: it does not know us; look at the headers."
    assert trial.said == Saying("answered_401")
    (exchange,) = trial.exchanges
    assert exchange.sent.startswith("POST /in HTTP/1.1\nhost: 127.0.0.1:")
    assert '"name":"Test Event"' in exchange.sent
    assert "s3cret" not in exchange.sent
    assert "webhook-signature: v1," in exchange.sent
    assert "HTTP/1.1 401" in exchange.received
    assert "who are you?" in exchange.received
    assert receiver.received[0].headers["authorization"] == "Bearer s3cret"


def test_secrets_are_never_shown_again_and_stay_when_sent_back_hidden(shop: Shop, receiver: Receiver) -> None:
    one = webhook(shop, receiver, settings={"headers": {"Authorization": "Bearer s3cret"}})
    shown = shop.destinations.get(one)
    assert shown.settings["headers"] == {"Authorization": "(set)"}
    assert "s3cret" not in msgspec.json.encode(shop.destinations.all()).decode()
    assert "whsec_" not in msgspec.json.encode(shop.destinations.all()).decode()
    changed = {**shown.settings, "headers": {"Authorization": "(set)", "X-Shop": "corner"}}
    shop.destinations.change(one, Plan(settings=changed))
    happen(shop, track("Order Completed"))
    shop.destinations.deliver()
    assert receiver.received[0].headers["authorization"] == "Bearer s3cret"
    assert receiver.received[0].headers["x-shop"] == "corner"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"url": "ftp://x.example"}, "begins with https://"),
        ({"url": "https://user:pw@x.example"}, "Put them in a header"),
        ({"url": "https://x.example", "headers": {"Webhook-Id": "1"}}, "set by the shop itself"),
        ({"url": "https://x.example", "template": "{"}, "The template is no JMESPath"),
        ({"url": "https://x.example", "colour": "red"}, "no setting 'colour'"),
        ({}, "missing required field `url`"),
        ({"url": "https://x.example", "timeout_s": 99}, "<= 30"),
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence(shop: Shop, settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidError, match=sentence):
        shop.destinations.create("webhook", Plan(name="X", settings=settings))
    assert shop.destinations.all() == []


def test_an_unknown_kind_is_refused_with_the_nearest(shop: Shop) -> None:
    with pytest.raises(InvalidError, match="Nearest: 'webhook'"):
        shop.destinations.create("webhok", Plan(name="X", settings={}))


def test_more_than_may_wait_is_counted_and_said_not_kept(shop: Shop, receiver: Receiver) -> None:
    shop.destinations._enqueuing._waiting_max = 5
    one = webhook(shop, receiver)
    shop.destinations.pause(one)
    happen(shop, *(track("Order Completed") for _ in range(8)))
    health = shop.destinations.get(one).health
    assert (health.waiting, health.skipped) == (5, 3)
    assert "More than 5 events wait" in health.last_error
    shop.destinations.resume(one)
    shop.destinations.deliver()
    happen(shop, track("Order Completed"))
    assert shop.destinations.deliver() == 1


def test_figures_tell_what_became_of_events_and_open_the_deliveries(
    shop: Shop, receiver: Receiver, clock: WoundClock
) -> None:
    receiver.answer_with(Reply(500), Reply(200))
    one = webhook(shop, receiver, pace=Pace(requests_max=1))
    happen(shop, track("Order Completed"), track("Order Completed"))
    deliver_until_quiet(shop, clock, hours=0.05, step_s=10)
    figures = shop.destinations.reports.over_time(one, hours_back=1)
    assert sum(span.delivered for span in figures.spans) == 2
    assert sum(span.retried for span in figures.spans) == 1
    listed = shop.destinations.reports.deliveries(one).items
    assert [entry.outcome for entry in listed] == ["delivered", "delivered", "retried"]
    failed = shop.destinations.reports.deliveries(one, outcome="retried").items
    assert [entry.status for entry in failed] == [500]
    first = shop.destinations.reports.deliveries(one, limit=2)
    rest = shop.destinations.reports.deliveries(one, limit=2, cursor=first.next_cursor)
    assert [entry.delivery_id for entry in (*first.items, *rest.items)] == [entry.delivery_id for entry in listed]
    assert shop.destinations.reports.totals()[one, "delivered"] == 2


def test_dropping_a_destination_drops_what_waits(shop: Shop, receiver: Receiver) -> None:
    one = webhook(shop, receiver)
    happen(shop, track("Order Completed"))
    shop.destinations.remove(one)
    assert shop.destinations.deliver() == 0
    assert receiver.received == []
    with pytest.raises(NotFoundError):
        shop.destinations.get(one)
    with pytest.raises(NotFoundError):
        shop.destinations.remove(one)
