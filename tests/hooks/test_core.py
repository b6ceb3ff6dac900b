"""Who signed a delivery, and what it tells: schemes, expressions, mappings, presets."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from base64 import b64encode
from typing import Any, get_args  # Any: JSON

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.events.decode import read_request
from regulars.events.hooks.core.definition import HookSecret, rotated
from regulars.events.hooks.core.expressions import (
    Budget,
    Delivery,
    EvaluationError,
    ExpressionError,
    compiled,
)
from regulars.events.hooks.core.mapping import Failure, HookMapping, HookRule, calls_of, headers_of, problems_of
from regulars.events.hooks.core.presets import PRESETS, HookPreset
from regulars.events.hooks.core.schemes import Scheme, SchemeKind, SignatureError, checked, delivery_id, sign, verify
from regulars.events.record import AcceptedRequest, HookStamp, encode_entry
from regulars.kernel.errors import InvalidError
from regulars.kernel.eventlog import Record

NOW_S = 1_790_000_000.0
BODY = '{"id": 7, "名": "茶"}'.encode()


def scheme_of(kind: SchemeKind) -> Scheme:
    return Scheme(kind=kind, header="X-Sign" if kind in {"hmac", "header"} else "")


KINDS = [kind for kind in get_args(SchemeKind) if kind != "mailgun"]


def mailgun(secret: str, at: float = NOW_S) -> bytes:
    mac = hmac.new(secret.encode(), f"{at:.0f}tok".encode(), hashlib.sha256).hexdigest()
    return msgspec.json.encode({"signature": {"timestamp": f"{at:.0f}", "token": "tok", "signature": mac}})


# ---------------------------------------------------------------------- signatures


def test_each_sender_signs_as_its_documentation_says() -> None:
    """Written out by hand, so that our own way of signing is not the only witness."""
    key = b"shpss_secret"
    shopify = {"x-shopify-hmac-sha256": b64encode(hmac.new(key, BODY, hashlib.sha256).digest()).decode()}
    verify(Scheme(kind="shopify"), ["shpss_secret"], shopify, BODY, NOW_S)
    at = str(int(NOW_S))
    mac = hmac.new(b"whsec_x", at.encode() + b"." + BODY, hashlib.sha256).hexdigest()
    verify(Scheme(kind="stripe"), ["whsec_x"], {"stripe-signature": f"t={at},v1=00ff,v1={mac},v0=ab"}, BODY, NOW_S)
    github = {"x-hub-signature-256": "sha256=" + hmac.new(b"s", BODY, hashlib.sha256).hexdigest()}
    verify(Scheme(kind="github"), ["s"], github, BODY, NOW_S)
    line = {"x-line-signature": b64encode(hmac.new(b"channel", BODY, hashlib.sha256).digest()).decode()}
    verify(Scheme(kind="line"), ["channel"], line, BODY, NOW_S)
    verify(Scheme(kind="mailgun"), ["key"], {}, mailgun("key"), NOW_S)
    sha512 = Scheme(kind="hmac", header="x-s", algorithm="sha512", encoding="base64", prefix="v1 ")
    signed = {"x-s": "v1 " + b64encode(hmac.new(b"k", BODY, hashlib.sha512).digest()).decode()}
    verify(sha512, ["k"], signed, BODY, NOW_S)


def test_github_and_standard_webhooks_verify_by_the_vectors_they_publish() -> None:
    given = {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
    verify(Scheme(kind="github"), ["It's a Secret to Everybody"], given, b"Hello, World!", NOW_S)
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    verify(Scheme(kind="standard"), [secret], headers, b'{"test": 2432232314}', 1_614_265_330)


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_body_another_secret_and_no_signature_are_refused(kind: SchemeKind) -> None:
    scheme = checked(scheme_of(kind))
    headers = sign(scheme, "the secret", BODY, NOW_S)
    verify(scheme, ["the secret"], headers, BODY, NOW_S)
    verify(scheme, ["another", "the secret"], headers, BODY, NOW_S)
    wrong = [(["another"], headers, BODY), ([], headers, BODY), (["the secret"], {}, BODY)]
    if kind not in {"header", "basic"}:  # a secret that is shown says nothing of the body
        wrong.append((["the secret"], headers, BODY + b" "))
    for secrets, shown, body in wrong:
        with pytest.raises(SignatureError):
            verify(scheme, secrets, shown, body, NOW_S)


@pytest.mark.parametrize("kind", ["stripe", "standard", "mailgun"])
def test_what_was_signed_long_ago_is_refused_at_the_edge_of_the_window(kind: SchemeKind) -> None:
    scheme = Scheme(kind=kind, tolerance_s=300)
    body = mailgun("s") if kind == "mailgun" else BODY
    headers = {} if kind == "mailgun" else sign(scheme, "s", body, NOW_S)
    for later in (0.0, 300.0, -300.0):
        verify(scheme, ["s"], headers, body, NOW_S + later)
    for later in (301, -301, 1e9):
        with pytest.raises(SignatureError) as caught:
            verify(scheme, ["s"], headers, body, NOW_S + later)
        assert caught.value.code == "signature_too_old"


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from([
    "stripe-signature", "webhook-id", "webhook-timestamp", "webhook-signature", "x-hub-signature-256", "authorization",
    "x-sign", "x-line-signature", "x-shopify-hmac-sha256",
]), st.text(max_size=80)), st.binary(max_size=80))  # fmt: skip
def test_no_headers_and_no_body_break_the_verifying(kind: SchemeKind, headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(SignatureError):
        verify(checked(scheme_of(kind)), ["secret of ours"], headers, body, NOW_S)


@given(st.binary(max_size=200))
def test_no_body_breaks_the_verifying_of_mailgun(body: bytes) -> None:
    with pytest.raises(SignatureError):
        verify(Scheme(kind="mailgun"), ["secret of ours"], {}, body, NOW_S)


def test_an_old_secret_verifies_beside_the_new_one_until_its_time_is_up() -> None:
    known = rotated([], "a", now_us=0, until_us=0)
    known = rotated(known, "b", now_us=10, until_us=20)
    assert known == [HookSecret("b"), HookSecret("a", 20)]
    assert rotated(known, "c", now_us=30, until_us=40) == [HookSecret("c"), HookSecret("b", 40)]
    assert rotated(known, "c", now_us=12, until_us=12) == [HookSecret("c"), HookSecret("a", 20)], (
        "at once, without overlap"
    )


def test_a_delivery_is_called_what_its_sender_calls_it() -> None:
    assert delivery_id(Scheme(kind="github"), {"x-github-delivery": "72d3162e"}) == "72d3162e"
    assert delivery_id(Scheme(kind="basic", delivery_header="x-id"), {"x-id": "9"}) == "9"
    assert delivery_id(Scheme(kind="line"), {}) == ""
    with pytest.raises(InvalidError, match="X-Signature"):
        checked(Scheme(kind="hmac"))


# ---------------------------------------------------------------------- expressions


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("to_time('2026-01-31T09:00:00+08:00')", "2026-01-31T01:00:00Z"),
        ("to_time(`1790762712`)", "2026-09-30T10:05:12Z"),
        ("to_time(`1790762712000`)", "2026-09-30T10:05:12Z"),
        ("to_time('31/01/2026 09:00', 'DD/MM/YYYY HH:mm', 'Asia/Taipei')", "2026-01-31T01:00:00Z"),
        ("to_time('soon')", None),
        ("lower(`null`)", None),
        ("split('a, b,,c', ',')", ["a", "b", "c"]),
        ("trim('  x ')", "x"),
        ("from_cents(`1250`, 'usd')", 12.5),
        ("from_cents(`1250`, 'jpy')", 1250),
        ("from_cents('1250', 'KWD')", 1.25),
        ("phone('0912-345-678', 'tw')", "+886912345678"),
        ("header('x-Topic')", "orders"),
        ("length(body().lines)", 2),
        ("lines[?n > `1`].n | [0]", 2),
    ],
)
def test_a_shops_functions_do_what_their_names_say(expression: str, value: Any) -> None:
    assert Delivery({"lines": [{"n": 1}, {"n": 2}]}, {"x-topic": "orders"}).ask(expression) == value


@pytest.mark.parametrize(
    ("expression", "start", "reason"),
    [
        ("lines[", 5, "breaks off"),
        ("a.b || , c", 7, "cannot stand here"),
        ("a.b == = c", 7, "Unknown token"),
        ("lines[0] &", 9, "cannot stand here|breaks off"),
        ("lowr(name)", 0, "Nearest: 'lower'"),
        ("a || `{`", 5, "Between backticks stands JSON"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(expression: str, start: int, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason) as caught:
        compiled(expression)
    assert caught.value.place is not None
    assert caught.value.place.start == start


def test_a_wrong_type_is_told_as_a_sentence() -> None:
    with pytest.raises(EvaluationError, match=r"sum\(\) wants array-number, got string"):
        Delivery({"a": "x"}, {}).ask("sum(a)")
    with pytest.raises(EvaluationError, match="time zone"):
        Delivery({}, {}).ask("to_time('2026', 'YYYY', 'Nowhere/City')")


def test_expressions_are_bounded_in_length_depth_steps_and_size() -> None:
    with pytest.raises(ExpressionError, match="2,000 characters"):
        compiled("a" * 2_001)
    for deep in ("(" * 1_000 + "a" + ")" * 900, "!" * 1_500 + "a", "a" + ".a" * 900, "[" * 1_000):
        with pytest.raises(ExpressionError):
            compiled(deep)
    wide = {"x": list(range(300))}
    with pytest.raises(EvaluationError, match="steps"):
        Delivery(wide, {}).ask("x[].[body().x[].[body().x[].[body().x[]]]]")
    with pytest.raises(EvaluationError, match="characters"):
        Delivery(wide, {}).ask("to_string(x[].to_string(body()))")
    doubled = '"'
    with pytest.raises(EvaluationError, match="characters"):
        Delivery({"q": doubled * 50}, {}).ask("to_string([" * 14 + "q" + "])" * 14)


def test_the_bound_is_for_all_expressions_of_a_delivery_together() -> None:
    budget = Budget(steps_max=10)
    delivery = Delivery({"a": 1}, {}, budget)
    assert [delivery.ask("a") for _ in range(10)] == [1] * 10
    with pytest.raises(EvaluationError):
        delivery.ask("a")


@given(st.text(alphabet="ab.[]()|&?*@`'\",:{}!=<>01 -", max_size=40), st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)),
    max_leaves=6,
))  # fmt: skip
def test_no_expression_and_no_body_break_the_asking(expression: str, body: Any) -> None:
    with contextlib.suppress(ExpressionError, EvaluationError):
        Delivery(body, {}).ask(expression)


# ---------------------------------------------------------------------- mappings


def told(mapping: HookMapping, body: Any, headers: dict[str, str] | None = None, delivery: str = "d1") -> list[Any]:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    said = calls_of(mapping, raw, headers or {}, hook_id="h", delivery_id=delivery)
    return [one if isinstance(one, Failure) else msgspec.json.decode(one) for one in said]


def test_one_delivery_may_tell_of_many_events_each_with_its_own_id() -> None:
    rule = HookRule(
        each="orders", event="'Order Completed'", user_id="who", properties={"shop": "body().shop", "n": "n"}
    )
    calls = told(HookMapping(rules=[rule]), {"shop": "Daan", "orders": [{"who": "a", "n": 1}, {"who": "b", "n": 2}]})
    assert [(call["userId"], call["properties"]) for call in calls] == [
        ("a", {"shop": "Daan", "n": 1}),
        ("b", {"shop": "Daan", "n": 2}),
    ]
    assert len({call["messageId"] for call in calls}) == 2


def test_the_same_delivery_again_has_the_same_message_ids_and_another_has_others() -> None:
    mapping = HookMapping(rules=[HookRule(event="'Seen'", user_id="who")])
    ids = [told(mapping, {"who": "ann"}, delivery=delivery)[0]["messageId"] for delivery in ("d1", "d1", "d2")]
    assert ids[0] == ids[1] != ids[2]
    without = [told(mapping, {"who": who}, delivery="")[0]["messageId"] for who in ("ann", "ann", "bob")]
    assert without[0] == without[1] != without[2]
    own = HookMapping(rules=[HookRule(event="'Seen'", user_id="who", message_id="id")])
    named = [told(own, {"who": "ann", "id": 5}, delivery=delivery)[0]["messageId"] for delivery in ("d1", "d2")]
    assert named[0] == named[1], "the body's own id goes before the delivery's"


def test_somebody_who_comes_again_later_is_introduced_again_and_not_under_the_same_id() -> None:
    mapping = HookMapping(rules=[HookRule(event="'Order Refunded'", email="email", time="created", message_id="id")])
    first, second = (
        told(mapping, {"id": f"e{n}", "email": "ann@example.org", "created": 1_790_000_000 + n}) for n in range(2)
    )
    again = told(mapping, {"id": "e0", "email": "ann@example.org", "created": 1_790_000_000})
    assert [call["type"] for call in first] == ["identify", "track"]
    assert {call["messageId"] for call in first}.isdisjoint(call["messageId"] for call in second)
    assert [call["messageId"] for call in again] == [call["messageId"] for call in first]


def test_what_a_filter_leaves_out_is_no_failure() -> None:
    mapping = HookMapping(rules=[HookRule(only="paid", event="'Order Completed'", user_id="who")])
    assert told(mapping, {"paid": False, "who": "ann"}) == []
    assert told(mapping, {"who": "ann"}) == []
    assert len(told(mapping, {"paid": 0, "who": "ann"})) == 1, "zero is true in JMESPath"


def test_one_member_at_fault_leaves_the_others_whole() -> None:
    rule = HookRule(each="lines", event="'Line'", user_id="who", properties={"n": "sum(n)"})
    calls = told(
        HookMapping(rules=[rule]), {"lines": [{"who": "a", "n": [1]}, {"who": "b", "n": "x"}, {"who": "c", "n": []}]}
    )
    assert [type(call).__name__ for call in calls] == ["dict", "Failure", "dict"]
    assert (calls[1].code, calls[1].at) == ("hook_unmapped", "rules.0.properties.n")
    assert msgspec.json.decode(calls[1].raw) == {"who": "b", "n": "x"}


def test_a_body_that_is_no_json_or_too_deep_is_a_failure_with_the_raw_body() -> None:
    mapping = HookMapping(rules=[HookRule(event="'Seen'", user_id="who")])
    for body, code in ((b"a=1&b=2", "not_json"), (b"\xff", "not_json"), (b"[" * 70 + b"]" * 70, "too_deep")):
        (failure,) = told(mapping, body)
        assert (failure.code, failure.raw) == (code, body)


def test_problems_name_rule_field_and_place() -> None:
    mapping = HookMapping(rules=[HookRule(event="'ok'", user_id="a"), HookRule(event="a[", properties={"x": "b ==="})])
    found = [(one.rule, one.field, one.start) for one in problems_of(mapping)]
    assert found == [(1, "user_id", None), (1, "event", 1), (1, "properties.x", 4)]


def test_only_the_headers_asked_for_are_kept_and_never_a_secret() -> None:
    rule = HookRule(event="header('X-Topic')", user_id="header('Authorization')", only="header('x-a') == 'b'")
    assert headers_of(HookMapping(rules=[rule])) == {"x-topic", "x-a"}


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_every_preset_tells_its_sample_as_events_that_the_door_takes(preset: HookPreset) -> None:
    assert problems_of(preset.mapping) == []
    headers = {name: value for name, value in preset.sample_headers.items() if name in headers_of(preset.mapping)}
    stamp = HookStamp("h", 1, "d1", headers, msgspec.json.encode(preset.mapping))
    body = msgspec.json.encode(preset.sample)
    request = AcceptedRequest("s", int(NOW_S * 1e6), "", "", "hook", body, hook=stamp)
    decoded = read_request(Record("web-0", 1, 0, encode_entry(request)))
    assert decoded.rejected == []
    assert len(decoded.events) >= 1
    assert all(event.occurred_us <= event.received_us for event in decoded.events)
    assert read_request(Record("web-0", 1, 0, encode_entry(request))) == decoded


def test_shopifys_order_has_its_lines_and_amounts_as_numbers() -> None:
    preset = PRESETS[0]
    calls = told(preset.mapping, preset.sample, preset.sample_headers)
    assert [call["type"] for call in calls] == ["identify", "track"]
    order = calls[1]["properties"]
    assert (order["total"], order["coupon"], order["products"][0]["price"]) == (1290.0, "AUTUMN", 420.0)
    assert calls[0]["traits"]["email"] == "mei@example.org"


def test_a_record_of_before_hooks_is_read_as_it_was() -> None:
    """Records are for ever: one written without the new field reads as one that has none."""
    old = msgspec.msgpack.encode(["accepted", "s", 5, "", "", "track", b"{}", 32_768, False])
    from regulars.events.record import decode_entry

    entry = decode_entry(old)
    assert isinstance(entry, AcceptedRequest)
    assert entry.hook is None
