"""A delivery comes in: verified, durable, told as events; and what becomes of those that cannot be."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any  # Any: JSON

import httpx
import msgspec
import pytest
from tests.app.conftest import Counter, bearer

from regulars.app import Shop, open_shop
from regulars.app.http import build_web
from regulars.events import decode_entry, read_request
from regulars.events.hooks.core.mapping import HookMapping, HookRule
from regulars.events.hooks.core.schemes import Scheme, sign
from regulars.events.hooks.service import NewHook
from regulars.events.letters.core import Wanted as LettersWanted
from regulars.events.live import Wanted
from regulars.events.plans.core import PersonalField, PlanBody
from regulars.events.record import AcceptedRequest, RefusedRequest
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, WoundClock
from regulars.kernel.errors import InvalidError, NotFoundError

NOON_S = 1_790_856_000.0  # on 1 October 2026, where the clock of the tests stands
ORDER_ID = {"order_id": "to_string(id)"}
ORDERS = HookMapping(rules=[HookRule(event="'Order Completed'", email="email", message_id="id", properties=ORDER_ID)])


@pytest.fixture
def shop(tmp_path: Path, database_url: str, clock: WoundClock) -> Iterator[Shop]:
    flags = {"state.url": database_url} if database_url.startswith("postgresql") else {}
    with open_shop(tmp_path / "shop", partition="web-0", flags=flags, clock=clock) as opened:
        yield opened


@pytest.fixture
def counter(shop: Shop) -> Iterator[Counter]:
    counter = Counter(build_web(shop))
    yield counter
    counter.close()


def deliver(
    counter: Counter, made: NewHook, body: bytes, *, secret: str | None = None, message_id: str = "m1"
) -> httpx.Response:
    signed = sign(made.hook.scheme, secret or made.secret or "", body, NOON_S, message_id=message_id)
    return counter.ask("POST", made.hook.path, content=body, headers=signed)


def entries(shop: Shop) -> list[Any]:
    return [decode_entry(record.payload) for record in shop.log.read("web-0", after=0, records_max=100)]


def test_a_signed_delivery_is_durable_and_told_as_events(shop: Shop, counter: Counter) -> None:
    made = shop.hooks.create("Orders", mapping=ORDERS)
    body = b'{"id": 7, "email": "Ann@example.org"}'
    answer = deliver(counter, made, body)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    (entry,) = entries(shop)
    assert isinstance(entry, AcceptedRequest)
    assert (entry.path, entry.body, entry.source_id) == ("hook", body, made.hook.source_id)
    shop.catch_up()
    assert shop.profiles.by("email", "ann@example.org").events_total == 2
    assert shop.events.source(made.hook.source_id).kind == "hook"


def test_the_same_delivery_again_counts_once(shop: Shop, counter: Counter) -> None:
    made = shop.hooks.create("Orders", mapping=ORDERS)
    for number in range(3):
        assert (
            deliver(counter, made, b'{"id": 7, "email": "ann@example.org"}', message_id=f"m{number}").status_code == 200
        )
    shop.catch_up()
    assert shop.profiles.by("email", "ann@example.org").events_total == 2


def test_what_is_not_signed_is_refused_and_on_record(shop: Shop, counter: Counter) -> None:
    made = shop.hooks.create("Orders", mapping=ORDERS)
    answer = deliver(counter, made, b'{"id": 7}', secret="another secret")
    assert answer.status_code == 401
    assert answer.json()["code"] == "wrong_signature"
    assert "Copy the secret again" in answer.json()["detail"]
    (entry,) = entries(shop)
    assert isinstance(entry, RefusedRequest)
    assert (entry.source_id, entry.status, entry.code, entry.path) == (
        made.hook.source_id,
        401,
        "wrong_signature",
        "hook",
    )
    shop.catch_up()
    assert shop.events.traffic().outcomes.rejected == 1
    (shown,) = shop.hooks.deliveries(made.hook.hook_id)
    assert (shown.status, shown.body) == (401, '{"id": 7}')


def test_an_unknown_address_a_closed_hook_and_one_without_a_secret_let_nothing_in(shop: Shop, counter: Counter) -> None:
    made = shop.hooks.create("Orders", mapping=ORDERS)
    unknown = msgspec.structs.replace(
        made, hook=msgspec.structs.replace(made.hook, path="/v1/hooks/hk_aaaaaaaaaaaaaaaa")
    )
    assert deliver(counter, unknown, b"{}").status_code == 404
    shop.hooks.change(made.hook.hook_id, enabled=False)
    wait_a_second(shop)
    assert deliver(counter, made, b"{}").status_code == 403
    stripe = shop.hooks.create("Stripe", preset="stripe_checkout")
    assert stripe.secret is None
    wait_a_second(shop)
    assert deliver(counter, stripe, b"{}", secret="guess").status_code == 401
    shop.hooks.set_secret(stripe.hook.hook_id, secret="whsec_from_them")
    wait_a_second(shop)
    headers = sign(stripe.hook.scheme, "whsec_from_them", b"{}", shop.clock.now_us() / MICROSECONDS_PER_SECOND)
    assert counter.ask("POST", stripe.hook.path, content=b"{}", headers=headers).status_code == 200


def wait_a_second(shop: Shop) -> None:
    """Let the door look at its snapshot again."""
    assert isinstance(shop.clock, WoundClock)
    shop.clock.wind(timedelta(seconds=1))


def test_a_new_secret_leaves_the_old_one_valid_as_long_as_was_said(shop: Shop, counter: Counter) -> None:
    made = shop.hooks.create("Orders", mapping=ORDERS, scheme=Scheme(kind="github"))
    new = shop.hooks.set_secret(made.hook.hook_id, overlap_s=3_600)
    assert new.secret not in {None, made.secret}
    assert [secret.until is None for secret in new.hook.secrets] == [True, False]
    wait_a_second(shop)
    assert [deliver(counter, made, b"{}", secret=each.secret).status_code for each in (made, new)] == [200, 200]
    assert isinstance(shop.clock, WoundClock)
    shop.clock.wind(timedelta(hours=1))
    assert [deliver(counter, made, b"{}", secret=each.secret).status_code for each in (made, new)] == [401, 200]
    with pytest.raises(InvalidError, match="604,800 s more"):
        shop.hooks.set_secret(made.hook.hook_id, overlap_s=700_000)


def test_the_door_asks_no_database_and_its_snapshot_is_for_the_shop_alone(
    shop: Shop, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shop.hooks.create("Orders", mapping=ORDERS)
    assert stat.S_IMODE((shop.folder / "hooks.json").stat().st_mode) == 0o600

    def away(*_: object) -> None:
        raise AssertionError("the door asked the database")

    monkeypatch.setattr(shop.database, "read", away)
    monkeypatch.setattr(shop.database, "write", away)
    assert deliver(counter, made, b'{"id": 7, "email": "ann@example.org"}').status_code == 200


def test_what_came_before_a_change_keeps_the_events_it_told(shop: Shop, counter: Counter) -> None:
    made = shop.hooks.create("Orders", mapping=ORDERS)
    deliver(counter, made, b'{"id": 7, "email": "ann@example.org"}', message_id="m1")
    changed = HookMapping(rules=[HookRule(event="'Order Placed'", email="email", message_id="id")])
    assert shop.hooks.change(made.hook.hook_id, mapping=changed).version == 2
    wait_a_second(shop)
    deliver(counter, made, b'{"id": 8, "email": "ann@example.org"}', message_id="m2")
    records = shop.log.read("web-0", after=0, records_max=10)
    assert [read_request(record).events[-1].name for record in records] == ["Order Completed", "Order Placed"]
    assert [(one.version, one.mapping) for one in shop.hooks.versions(made.hook.hook_id)] == [(2, changed), (1, ORDERS)]


def test_what_cannot_be_told_is_kept_whole_and_told_again_once_the_mapping_is_mended(
    shop: Shop, counter: Counter
) -> None:
    broken = HookMapping(rules=[HookRule(event="'Order Completed'", email="sum(email)", message_id="id")])
    made = shop.hooks.create("Orders", mapping=broken)
    body = b'{"id": 7, "email": "ann@example.org"}'
    assert deliver(counter, made, body).status_code == 200, "the sender has done its part"
    shop.catch_up()
    assert shop.events.traffic().outcomes.rejected == 1
    (shown,) = shop.hooks.deliveries(made.hook.hook_id)
    assert (shown.body, shown.events, shown.failures[0].code) == (body.decode(), 0, "hook_unmapped")
    assert shown.failures[0].at == "rules.0.email"
    assert shop.hooks.tell_again(made.hook.hook_id) == 0, "by the same mapping it would fail again"
    shop.hooks.change(made.hook.hook_id, mapping=ORDERS)
    assert shop.hooks.deliveries(made.hook.hook_id)[0].waits
    assert [shop.hooks.tell_again(made.hook.hook_id) for _ in range(2)] == [1, 0]
    shop.catch_up()
    again, first = shop.hooks.deliveries(made.hook.hook_id)
    assert (again.version, again.body, again.waits, first.waits) == (2, body.decode(), False, False)
    assert shop.profiles.by("email", "ann@example.org").events_total == 2


def test_of_a_delivery_only_what_was_not_told_before_takes_effect_when_it_is_told_again(
    shop: Shop, counter: Counter
) -> None:
    lines = HookRule(each="lines", event="'Line Sold'", email="email", message_id="n", properties={"n": "n"})
    made = shop.hooks.create("Lines", mapping=HookMapping(rules=[lines]))
    body = b'{"lines": [{"n": 1, "email": "ann@example.org"}, {"n": 2, "email": []}, {"n": 3, "email": {}}]}'
    deliver(counter, made, body)
    shop.catch_up()
    assert len(shop.letters.search(LettersWanted()).items) == 2
    email = "email[0] || email.x || email || 'nobody@example.org'"
    mended = HookRule(each="lines", event="'Line Sold'", email=email, message_id="n", properties={"n": "n"})
    shop.hooks.change(made.hook.hook_id, mapping=HookMapping(rules=[mended]))
    assert shop.hooks.tell_again(made.hook.hook_id) == 1, "one delivery, two letters"
    shop.catch_up()
    assert shop.letters.search(LettersWanted()).items == []
    assert shop.profiles.by("email", "ann@example.org").counters["Line Sold"].count == 1
    assert shop.profiles.by("email", "nobody@example.org").counters["Line Sold"].count == 2


def test_a_letter_of_a_delivery_is_the_delivery_and_can_be_edited_and_sent_again(shop: Shop, counter: Counter) -> None:
    made = shop.hooks.create("Orders", mapping=ORDERS)
    deliver(counter, made, b'{"id": 7, "email": ["ann@example.org"]}')
    shop.catch_up()
    (letter,) = shop.letters.search(LettersWanted()).items
    full = shop.letters.find(letter.letter_id)
    assert (full.text, full.path, full.whole) == ('{"id": 7, "email": ["ann@example.org"]}', "hook", True)
    assert [fault.at for fault in full.faults] == ["rules.0.email"]
    mended = '{"id": 7, "email": "ann@example.org"}'
    previewed = shop.letters.preview(letter.letter_id, mended).events
    assert [event.name for event in previewed] == ["Identify", "Order Completed"]
    assert shop.letters.retry(letter.letter_id, mended).state == "retried"
    shop.catch_up()
    assert shop.profiles.by("email", "ann@example.org").counters["Order Completed"].count == 1


def test_a_letter_outlives_the_part_of_the_log_that_its_delivery_stood_in(shop: Shop, counter: Counter) -> None:
    made = shop.hooks.create("Orders", mapping=ORDERS)
    deliver(counter, made, b'{"id": 7, "email": ["ann@example.org"]}')
    shop.catch_up()
    (letter,) = shop.letters.search(LettersWanted()).items
    assert shop.letters.keep_before_trimming("web-0", through=shop.log.end("web-0")) == 1
    shop.log.read = lambda *_, **__: []  # type: ignore[method-assign]  # the log has let go
    assert shop.letters.find(letter.letter_id).text == '{"id": 7, "email": ["ann@example.org"]}'


def test_a_forged_delivery_is_no_letter_that_could_be_sent_again(shop: Shop, counter: Counter) -> None:
    made = shop.hooks.create("Orders", mapping=ORDERS)
    assert counter.ask("POST", made.hook.path, content=b'{"id": 7}').status_code == 401
    shop.catch_up()
    assert shop.letters.search(LettersWanted()).items == []
    assert shop.hooks.deliveries(made.hook.hook_id)[0].status == 401


def test_what_a_plan_marks_as_personal_is_not_read_from_a_delivery_either(shop: Shop, counter: Counter) -> None:
    made = shop.hooks.create("Orders", mapping=ORDERS)
    deliver(counter, made, b'{"id": 7, "email": "ann@example.org"}')
    deliver(counter, made, b'{"id": 8, "email": []}', message_id="m2")
    shop.catch_up()
    body = PlanBody(personal=[PersonalField(pointer="/properties/order_id")])
    plan = shop.plans.create("Orders", body=body)
    shop.plans.publish(plan.plan_id)
    wait_a_second(shop)
    deliveries = shop.hooks.deliveries(made.hook.hook_id, covered=True)
    assert [(one.body, one.is_covered) for one in deliveries] == [("", True), ("", True)]
    assert shop.hooks.deliveries(made.hook.hook_id)[1].body.startswith('{"id": 7')
    event_id = shop.events.live.recent(Wanted(name="Order Completed"), cursor=None, limit=1).items[0].event_id
    assert shop.events.live.find(event_id, covered=True).raw == ""
    (letter,) = shop.letters.search(LettersWanted()).items
    assert shop.letters.find(letter.letter_id, covered=True).text == ""


def test_a_preview_tells_events_failures_and_problems_and_keeps_nothing(shop: Shop) -> None:
    body = '{"id": 7, "email": "ann@example.org", "lines": "x"}'
    rules = [*ORDERS.rules, HookRule(event="'Lines'", email="email", properties={"n": "sum(lines)"})]
    preview = shop.hooks.preview(HookMapping(rules=rules), body, {})
    assert [event.name for event in preview.events] == ["Identify", "Order Completed"]
    assert [failure.at for failure in preview.failures] == ["rules.1.properties.n"]
    unreadable = shop.hooks.preview(HookMapping(rules=[HookRule(event="a[", user_id="b")]), body, {})
    assert [(one.field, one.start) for one in unreadable.problems] == [("event", 1)]
    assert unreadable.events == []
    assert entries(shop) == []


def test_erasing_somebody_leaves_the_others_of_a_delivery_and_nothing_of_the_raw_body(
    shop: Shop, counter: Counter
) -> None:
    each = HookMapping(rules=[HookRule(each="all", event="'Seen'", user_id="who", properties={"n": "n"})])
    made = shop.hooks.create("Many", mapping=each)
    deliver(counter, made, b'{"all": [{"who": "ann-secret", "n": 1}, {"who": "bob", "n": 2}], "list": ["ann-secret"]}')
    shop.catch_up()
    bob = shop.profiles.by("user_id", "bob")
    shop.erase(shop.customer_named("user_id:ann-secret"))
    (record,) = shop.log.read("web-0", after=0, records_max=10)
    assert b"ann-secret" not in record.payload
    (event,) = read_request(record).events
    assert (event.user_id, event.position.index, event.properties) == ("bob", 1, {"n": 2})
    assert shop.profiles.by("user_id", "bob") == bob
    assert shop.hooks.deliveries(made.hook.hook_id)[0].body == ""


def test_where_a_plan_hashes_personal_fields_the_raw_body_is_not_kept(shop: Shop, counter: Counter) -> None:
    from regulars.events.plans.core import PersonalField
    from regulars.events.plans.snapshot import Snapshot, SnapshotPlan, write_snapshot

    made = shop.hooks.create("Orders", mapping=ORDERS)
    fields = [PersonalField(pointer="/properties/order_id", action="drop")]
    write_snapshot(shop.folder, Snapshot(1, "00" * 16, [SnapshotPlan("p", None, fields)]))
    wait_a_second(shop)
    assert deliver(counter, made, b'{"id": 7, "email": "ann@example.org", "more": "hidden"}').status_code == 200
    (entry,) = entries(shop)
    assert isinstance(entry, AcceptedRequest)
    assert (entry.path, entry.hook) == ("batch", None)
    assert b"hidden" not in entry.body
    (record,) = shop.log.read("web-0", after=0, records_max=10)
    assert [event.properties for event in read_request(record).events][1] == {}


def test_a_removed_hook_lets_nothing_in_and_its_events_stay(shop: Shop, counter: Counter) -> None:
    made = shop.hooks.create("Orders", mapping=ORDERS)
    deliver(counter, made, b'{"id": 7, "email": "ann@example.org"}')
    shop.hooks.remove(made.hook.hook_id)
    wait_a_second(shop)
    assert deliver(counter, made, b"{}").status_code == 404
    with pytest.raises(NotFoundError):
        shop.hooks.find(made.hook.hook_id)
    shop.catch_up()
    assert shop.profiles.by("email", "ann@example.org").events_total == 2


def test_secrets_are_told_once_and_only_to_admins(shop: Shop, counter: Counter) -> None:
    admin, marketer = bearer(shop, "admin"), bearer(shop, "marketer")
    opening = {"name": "Orders", "preset": "github"}
    assert counter.ask("POST", "/v1/hooks", json=opening, headers=marketer).status_code == 403
    made = counter.ask("POST", "/v1/hooks", json=opening, headers=admin).json()
    secret = made["secret"]
    assert len(secret) > 30
    for path in ("/v1/hooks", f"/v1/hooks/{made['hook']['hook_id']}", f"/v1/hooks/{made['hook']['hook_id']}/versions"):
        answer = counter.ask("GET", path, headers=admin)
        assert answer.status_code == 200
        assert secret not in answer.text
    wrong = {"mapping": {"rules": [{"event": "a["}]}}
    refused = counter.ask("PATCH", f"/v1/hooks/{made['hook']['hook_id']}", json=wrong, headers=admin)
    assert refused.status_code == 400
    assert len(refused.json()["problems"]) == 2


def test_a_body_above_the_limit_is_refused_before_it_is_verified(shop: Shop, counter: Counter) -> None:
    made = shop.hooks.create("Orders", mapping=ORDERS)
    assert deliver(counter, made, b'{"a": "' + b"x" * 600_000 + b'"}').status_code == 413
