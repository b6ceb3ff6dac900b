"""The rules of identity: what identifies somebody, and what evidence joins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.events.core import Event, Position
from regulars.identity.core import Clusters, Evidence, claim_of, cleaned, derive, identifier_of, survivor
from regulars.kernel.ids import CustomerId, EventId, SourceId


def event(**parts: object) -> Event:
    whole: dict[str, object] = {
        "event_id": EventId("web-0.1.0"),
        "source_id": SourceId("web"),
        "message_id": "m1",
        "call": "track",
        "name": "Song Played",
        "user_id": None,
        "anonymous_id": None,
        "properties": {},
        "context": {},
        "occurred_us": 1,
        "received_us": 1,
        "position": Position("web-0", 1, 0),
        **parts,
    }
    return Event(**whole)  # type: ignore[arg-type]  # parts of an event, by name


def seen(from_id: str, to_id: str) -> Evidence:
    return Evidence(from_id=from_id, to_id=to_id, kind="together", event_id="e", at_us=0)


@pytest.mark.parametrize(
    "value",
    ["", "  ", "0", "000", "0000-0000-0000", "-", "-1", "null", "NULL", "undefined", "None", "anonymous", "unknown",
     "11111", "777777777", "@", "a\x00b", "x" * 257, None, True, 3.5, [], {}],
)  # fmt: skip
def test_what_nobody_is_called_never_identifies_anybody(value: object) -> None:
    assert cleaned("user_id", value) is None


@pytest.mark.parametrize(
    "value", ["1", "42", "1111", "ann", "Anonymous Ann", "0-1", "ann@example.org", "小明", "nullable"]
)
def test_ordinary_values_identify_somebody(value: str) -> None:
    assert cleaned("user_id", value) == value


@pytest.mark.parametrize("value", ["ann", "ann@", "@example.org", "ann@example", "a b@example.org", "a@b@example.org"])
def test_what_is_no_address_is_no_email(value: str) -> None:
    assert cleaned("email", value) is None


def test_an_event_is_filed_under_its_surest_identifier() -> None:
    claim = claim_of(
        event(
            call="identify",
            user_id="ann",
            anonymous_id="x1",
            properties={"email": "Ann@Example.org"},
            context={"externalIds": [{"id": "L1", "type": "loyalty_card", "collection": "users", "encoding": "none"}]},
        )
    )
    assert claim is not None
    assert claim.anchor == "user_id:ann"
    assert claim.others == (
        ("loyalty_card:L1", "external"),
        ("email:ann@example.org", "email"),
        ("anonymous_id:x1", "together"),
    )


def test_an_address_in_a_track_call_is_no_evidence() -> None:
    claim = claim_of(event(anonymous_id="x1", properties={"email": "friend@example.org"}))
    assert claim is not None
    assert claim.others == ()


def test_external_ids_cannot_pose_as_user_ids() -> None:
    claim = claim_of(event(anonymous_id="x1", context={"externalIds": [{"id": "ann", "type": "user_id"}, "junk", {}]}))
    assert claim is not None
    assert claim.others == ()


def test_a_blocked_identifier_says_nothing() -> None:
    till = event(user_id="ann", anonymous_id="till")
    claim = claim_of(till, frozenset({"anonymous_id:till"}))
    assert claim is not None
    assert claim.others == ()
    assert claim_of(event(anonymous_id="till"), frozenset({"anonymous_id:till"})) is None


def test_two_user_ids_on_one_tablet_stay_two_customers() -> None:
    groups = derive([seen("user_id:ann", "anonymous_id:tablet"), seen("user_id:bob", "anonymous_id:tablet")])
    assert frozenset({"user_id:bob"}) in groups


def test_a_shared_address_does_not_join_two_user_ids() -> None:
    groups = derive([seen("user_id:ann", "email:home@example.org"), seen("user_id:bob", "email:home@example.org")])
    assert len(groups) == 2


def test_a_customer_has_at_most_five_addresses() -> None:
    groups = derive([seen("user_id:ann", f"email:{number}@example.org") for number in range(7)])
    assert max(len(group) for group in groups) == 6


def test_the_one_with_a_user_id_is_kept_else_the_older() -> None:
    old, new = CustomerId("01"), CustomerId("02")
    assert survivor(old, new, has_user=lambda one: one == new) == (new, old)
    assert survivor(new, old, has_user=lambda _: False) == (old, new)


pairs = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40)


@given(pairs=pairs, data=st.data())
def test_where_no_limit_binds_the_order_of_evidence_does_not_matter(
    pairs: list[tuple[int, int]], data: st.DataObject
) -> None:
    evidence = [seen(f"anonymous_id:{one}", f"device_id:{two}") for one, two in pairs]
    assert set(derive(evidence)) == set(derive(data.draw(st.permutations(evidence))))


@given(pairs=pairs)
def test_no_customer_ever_has_two_user_ids(pairs: list[tuple[int, int]]) -> None:
    for group in derive([seen(f"user_id:{one}", f"anonymous_id:{two}") for one, two in pairs]):
        assert sum(identifier_of(key).kind == "user_id" for key in group) <= 1


@given(pairs=pairs)
def test_hearing_evidence_again_changes_nothing(pairs: list[tuple[int, int]]) -> None:
    evidence = [seen(f"user_id:{one}", f"anonymous_id:{two}") for one, two in pairs]
    assert set(derive([*evidence, *evidence])) == set(derive(evidence))


def test_a_customer_merged_twice_over_is_found_in_one_step() -> None:
    clusters = Clusters()
    for number in range(4):
        clusters.found(f"anonymous_id:{number}", CustomerId(f"0{number}"))
    for number in range(3, 0, -1):
        clusters.link(f"anonymous_id:{number - 1}", f"anonymous_id:{number}", 0)
    assert {clusters.owner(f"anonymous_id:{number}") for number in range(4)} == {CustomerId("00")}
