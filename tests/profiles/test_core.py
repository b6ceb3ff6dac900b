"""What is remembered of a customer: sums, firsts, lasts, and the last word."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.events.core import Call, Event, Position
from regulars.kernel.ids import CustomerId, EventId, SourceId
from regulars.profiles.core import consent, names, taste
from regulars.profiles.core.consent import Said
from regulars.profiles.core.devices import country_of, device_of
from regulars.profiles.core.state import Occasion, State, absorb, bounded, present_traits, take
from regulars.profiles.core.taste import DAY_US, Taste
from regulars.profiles.core.timeline import summary_of
from regulars.profiles.core.view import profile_of

HALF_LIFE_US = 14 * DAY_US
ANN = CustomerId("018bcfe5-6800-7aaa-8aaa-aaaaaaaaaaaa")


def event(at_us: int, name: str = "Song Played", *, call: Call = "track", place: int = 0, **parts: Any) -> Event:
    return Event(
        event_id=EventId(f"web-0.{place}.0"),
        source_id=SourceId("web"),
        message_id=f"m{at_us}-{place}",
        call=call,
        name=name,
        user_id=None,
        anonymous_id=parts.pop("anonymous_id", "x1"),
        properties=parts.pop("properties", {}),
        context=parts.pop("context", {}),
        occurred_us=at_us,
        received_us=at_us,
        position=Position("web-0", place, 0),
    )


def identify(at_us: int, *, place: int = 0, **traits: Any) -> Event:
    return event(at_us, "Identify", call="identify", place=place, properties=traits)


def remembered(*events: Event, anchor: int = 1, tags: Any = ()) -> State:
    tastes = [(taste.weights_of(pairs), strength) for pairs, strength in tags]
    state = State()
    for one in events:
        take(state, Occasion(one, anchor, tastes), HALF_LIFE_US)
    return state


def merged(one: State, other: State, at_us: int = 0) -> State:
    kept, absorbed = (msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State) for state in (one, other))
    absorb(kept, absorbed, HALF_LIFE_US)
    kept.merged[CustomerId("other")] = at_us
    return kept


def test_a_trait_holds_what_was_told_last_however_late_it_arrives() -> None:
    state = remembered(identify(20, plan="pro"), identify(10, plan="free"), identify(15, plan="trial"))
    assert present_traits(state) == {"plan": "pro"}
    assert [told.value for told in state.traits["plan"]] == ["pro", "trial", "free"]


def test_of_two_traits_told_at_one_moment_the_later_in_the_log_holds() -> None:
    state = remembered(identify(10, place=9, plan="free"), identify(10, place=10, plan="pro"))
    assert present_traits(state)["plan"] == "pro"


def test_a_trait_told_as_null_is_gone_and_its_past_is_kept() -> None:
    state = remembered(identify(10, plan="pro"), identify(20, plan=None))
    assert present_traits(state) == {}
    assert [told.value for told in state.traits["plan"]] == [None, "pro"]


def test_the_history_of_a_trait_is_bounded() -> None:
    state = remembered(*(identify(at_us, step=at_us) for at_us in range(50)))
    assert [told.value for told in state.traits["step"]] == list(range(49, 39, -1))


def test_a_row_stays_small_whatever_is_sent() -> None:
    flood = [
        event(at_us, f"Event {at_us}", anonymous_id=f"x{at_us}", context={"userAgent": "Mobile"})
        for at_us in range(900)
    ]
    flood += [identify(at_us, **{f"trait {at_us}-{n}": n for n in range(50)}) for at_us in range(20)]
    tags = [([("artist", f"a{number}") for number in range(600)], 1.0)]
    state = bounded(remembered(*flood, tags=tags), HALF_LIFE_US)
    assert [len(part) for part in (state.traits, state.counters, state.devices, state.affinities)] == [
        300,
        500,
        20,
        400,
    ]
    assert "Event 899" in state.counters


calls = st.builds(
    lambda at_us, plan, opted: identify(at_us, place=at_us, plan=plan, email_opt_in=opted),
    st.integers(1, 40), st.sampled_from(["a", "b", "c"]), st.booleans(),
)  # fmt: skip
tracks = st.builds(
    lambda at_us, name, device: event(at_us, name, place=at_us, anonymous_id=device, context={"userAgent": "iPhone"}),
    st.integers(1, 40), st.sampled_from(["Song Played", "Song Liked"]), st.sampled_from(["x1", "x2"]),
)  # fmt: skip
histories = st.lists(st.one_of(calls, tracks), max_size=12, unique_by=lambda one: one.occurred_us)


def _plain(state: State) -> Any:
    tastes = {tag: (f"{one.strength:.9g}", one.at_us) for tag, one in state.affinities.items()}
    return {**msgspec.to_builtins(msgspec.structs.asdict(state)), "affinities": tastes, "merged": None}


def _remembered_songs(history: list[Event], anchor: int) -> State:
    return remembered(*history, anchor=anchor, tags=[([("artist", "Wren"), ("genre", "Folk"), ("genre", "Pop")], 0.7)])


@given(one=histories, other=histories)
def test_merging_in_either_direction_remembers_the_same(one: list[Event], other: list[Event]) -> None:
    ann, bob = _remembered_songs(one, 1), _remembered_songs(other, 2)
    assert _plain(merged(ann, bob)) == _plain(merged(bob, ann))


@given(one=histories, other=histories, third=histories)
def test_whom_one_merges_first_makes_no_difference(one: list[Event], other: list[Event], third: list[Event]) -> None:
    ann, bob, cat = (_remembered_songs(history, index) for index, history in enumerate((one, other, third)))
    assert _plain(merged(merged(ann, bob), cat)) == _plain(merged(ann, merged(bob, cat)))


@given(history=histories, data=st.data())
def test_the_order_of_arrival_makes_no_difference(history: list[Event], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(history))
    assert _plain(_remembered_songs(history, 1)) == _plain(_remembered_songs(list(shuffled), 1))


@given(history=histories, cut=st.integers(0, 12))
def test_merging_two_halves_of_a_history_gives_the_whole(history: list[Event], cut: int) -> None:
    halves = merged(_remembered_songs(history[:cut], 1), _remembered_songs(history[cut:], 1))
    assert _plain(halves) == _plain(_remembered_songs(history, 1))


def test_a_taste_loses_half_in_each_half_life() -> None:
    assert taste.strength_at(Taste(8.0, 0), 3 * HALF_LIFE_US, HALF_LIFE_US) == 1.0


def test_many_years_of_taste_neither_overflow_nor_vanish() -> None:
    fading = Taste(1.0, 0)
    for year in range(60):
        taste.add(fading, 1.0, year * 365 * DAY_US, DAY_US)
    assert math.isfinite(fading.strength)
    assert fading.strength == pytest.approx(1.0)


def test_tastes_are_shown_by_strength_and_share_and_dislikes_are_not_a_pull() -> None:
    liked = [([("artist", "Wren"), ("genre", "Folk")], 3.0), ([("artist", "Lark")], 1.0), ([("artist", "Owl")], -1.0)]
    profile = profile_of(ANN, remembered(event(10), tags=liked), 10, HALF_LIFE_US)
    assert [(one.kind, one.value, one.share) for one in profile.affinities] == [
        ("artist", "Wren", 0.75),
        ("genre", "Folk", 1.0),
        ("artist", "Lark", 0.25),
    ]


def test_the_last_word_on_consent_holds() -> None:
    said = {"1": Said(10, 1, withdrawn=False)}
    assert consent.answer(said, 0).granted
    consent.say({"email": said}, "email", "1", Said(20, 2, withdrawn=True))
    assert not consent.answer(said, 0).granted


def test_after_a_merge_the_stricter_consent_holds_until_the_customer_speaks_again() -> None:
    phone = remembered(identify(10, email_opt_in=False), anchor=1)
    laptop = remembered(identify(20, email_opt_in=True), anchor=2)
    both = merged(phone, laptop, at_us=30)
    assert not profile_of(ANN, both, 40, HALF_LIFE_US).consent["email"].granted
    take(both, Occasion(identify(35, email_opt_in=True), 2, ()), HALF_LIFE_US)
    assert profile_of(ANN, both, 40, HALF_LIFE_US).consent["email"].granted


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (identify(1, consent={"email": True, "sms": "denied"}), [("email", True), ("sms", False)]),
        (identify(1, email_opt_in="yes", sms_subscribed=0), [("email", True), ("sms", False)]),
        (event(1, "Unsubscribed"), [("email", False)]),
        (event(1, "Consent Granted", properties={"channel": "LINE"}), [("line", True)]),
        (event(1, context={"consent": {"categoryPreferences": {"Advertising": False}}}), [("advertising", False)]),
        (identify(1, consent="yes", plan="pro", opt_in=True), []),
    ],
)
def test_consent_is_read_where_sdks_put_it(said: Event, expected: list[tuple[str, bool]]) -> None:
    assert consent.statements_of(said) == expected


@pytest.mark.parametrize(
    ("agent", "kind", "system"),
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Mobile/15E148 Safari/604.1",
            "phone",
            "iOS",
        ),
        ("Mozilla/5.0 (iPad; CPU OS 26_0 like Mac OS X) Mobile/15E148", "tablet", "iOS"),
        ("Mozilla/5.0 (Linux; Android 16; Pixel 10) Chrome/143.0 Mobile Safari/537.36", "phone", "Android"),
        ("Mozilla/5.0 (Linux; Android 16; SM-X910) Chrome/143.0 Safari/537.36", "tablet", "Android"),
        ("Mozilla/5.0 (SMART-TV; Linux; Tizen 8.0) TV Safari/537.36", "tv", "Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/145.0", "computer", "Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_6) Safari/605.1.15", "computer", "macOS"),
        ("curl/8.11", "other", ""),
    ],
)
def test_a_device_is_read_from_its_user_agent(agent: str, kind: str, system: str) -> None:
    found = device_of(event(1, context={"userAgent": agent}))
    assert found is not None
    assert (found[1].kind, found[1].system) == (kind, system)


def test_an_event_of_a_server_has_no_device() -> None:
    assert device_of(event(1, context={"library": {"name": "analytics-python"}})) is None


def test_a_country_that_was_told_goes_before_one_that_was_guessed() -> None:
    assert country_of(event(1, context={"locale": "zh-Hant-TW"})) == ("TW", False)
    assert country_of(identify(1, address={"country": "jp"})) == ("JP", True)
    assert country_of(event(1, context={"locale": "en", "location": {"country": "Japan"}})) is None
    state = remembered(identify(1, country="JP"), event(2, context={"locale": "zh-TW"}))
    assert profile_of(ANN, state, 3, HALF_LIFE_US).country == "JP"


def test_a_name_is_found_by_any_of_its_words() -> None:
    assert names.words_of("Mary-Jane O'Neil") == ["mary-jane o'neil", "jane o'neil", "o'neil", "neil"]
    assert names.words_of("ＡＮＮ") == ["ann"]


def test_strangers_seldom_share_a_pseudonym() -> None:
    pseudonyms = {names.pseudonym(f"customer-{number}") for number in range(2_000)}
    assert len(pseudonyms) > 1_985


def test_a_summary_is_never_longer_than_a_line() -> None:
    assert len(summary_of("Song Played", {"title": "x" * 500})) == 120
    assert summary_of("Song Played", {"title": {"odd": 1}}) == ""
    assert summary_of("Order Completed", {"products": ["odd"], "order_id": "o-1"}) == "o-1"
