"""Identity on the street: whose is it, why, and what happens when two are one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from regulars.events.record import OwnFacts, decode_entry
from regulars.identity import MERGED
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import InvalidError, NotFoundError
from regulars.kernel.ids import CustomerId
from regulars.testing.street import Street, state_of


def call(message_id: str, kind: str = "track", **parts: Any) -> dict[str, Any]:
    return {"type": kind, "event": "Song Played", "messageId": message_id, **parts}


def owner(street: Street, kind: str, value: str) -> CustomerId:
    found = street.identity.find(kind, value)
    assert found is not None
    return found


def test_a_stranger_who_signs_in_keeps_their_past(street: Street) -> None:
    street.send(call("m1", anonymousId="x1"))
    street.work()
    stranger = owner(street, "anonymous_id", "x1")
    street.send(call("m2", "identify", anonymousId="x1", userId="ann"))
    street.work()
    assert owner(street, "user_id", "ann") == stranger
    assert street.identity.count_merges() == 0
    assert street.profiles.of(stranger).events_total == 2


def test_two_devices_of_one_person_become_one_customer(street: Street) -> None:
    street.send(call("m1", anonymousId="phone"), call("m2", anonymousId="laptop"))
    street.work()
    absorbed = owner(street, "anonymous_id", "laptop")
    street.send(call("m3", anonymousId="phone", userId="ann"))
    street.send(call("m4", anonymousId="laptop", userId="ann"))
    street.work()
    kept = owner(street, "user_id", "ann")
    assert {one.value for one in street.identity.identifiers_of(kept)} == {"phone", "laptop", "ann"}
    assert street.identity.resolve([absorbed, kept]) == {absorbed: kept, kept: kept}
    assert [one.absorbed_id for one in street.identity.merged_from(kept)] == [absorbed]


def test_a_merge_is_news_in_the_log(street: Street) -> None:
    street.send(call("m1", anonymousId="phone", userId="ann"), call("m2", anonymousId="laptop"))
    street.send(call("m3", anonymousId="laptop", userId="ann"))
    street.work()
    entry = decode_entry(street.log.read("worker", after=0, records_max=10)[0].payload)
    assert isinstance(entry, OwnFacts)
    [fact] = entry.facts
    assert fact.name == MERGED
    assert fact.properties["kept"] == owner(street, "user_id", "ann")
    assert fact.properties["evidence"] == {"kind": "together", "event_id": "web-0.2.0"}


def test_a_shared_tablet_does_not_make_two_people_one(street: Street) -> None:
    street.send(call("m1", anonymousId="tablet", userId="ann"))
    street.send(call("m2", anonymousId="tablet", userId="bob"), call("m3", anonymousId="tablet"))
    street.work()
    ann, bob = owner(street, "user_id", "ann"), owner(street, "user_id", "bob")
    assert ann != bob
    assert street.profiles.of(bob).events_total == 1
    assert street.profiles.of(ann).events_total == 2
    refused = [one for one in street.identity.evidence_of(bob) if one.refused_reason]
    assert [(one.from_id, one.to_id) for one in refused] == [("user_id:bob", "anonymous_id:tablet")]
    assert refused[0].refused_reason == "A customer has at most 1 user_id."


def test_an_alias_joins_the_former_id(street: Street) -> None:
    street.send(call("m1", anonymousId="x1"))
    street.send(call("m2", "alias", previousId="x1", userId="ann"))
    street.work()
    assert owner(street, "user_id", "ann") == owner(street, "anonymous_id", "x1")


def test_an_alias_between_two_user_ids_is_refused_and_recorded(street: Street) -> None:
    street.send(call("m1", userId="ann"), call("m2", userId="annie"))
    street.send(call("m3", "alias", previousId="ann", userId="annie"))
    street.work()
    assert owner(street, "user_id", "ann") != owner(street, "user_id", "annie")
    [evidence] = street.identity.evidence_of(owner(street, "user_id", "annie"))
    assert (evidence.to_id, evidence.kind) == ("user_id:ann", "alias")
    assert evidence.refused_reason


def test_an_address_joins_devices_but_never_two_user_ids(street: Street) -> None:
    home = {"traits": {"email": "home@example.org"}}
    street.send(call("m1", "identify", anonymousId="x1", **home), call("m2", "identify", anonymousId="x2", **home))
    street.work()
    assert owner(street, "anonymous_id", "x1") == owner(street, "anonymous_id", "x2")
    street.send(call("m3", "identify", userId="ann", **home), call("m4", "identify", userId="bob", **home))
    street.work()
    assert owner(street, "user_id", "ann") == owner(street, "email", "HOME@example.org")
    assert owner(street, "user_id", "bob") != owner(street, "user_id", "ann")


def test_a_customers_id_is_the_same_when_the_log_is_read_again(street: Street) -> None:
    street.send(call("m1", anonymousId="x1"), call("m2", userId="ann"))
    street.work()
    before = state_of(street.database)["customers"]
    with street.database.write() as connection:
        for table in ("events_offsets", "events_seen_young", "identity_identifiers", "profiles_customers",
                      "profiles_words", "profiles_timeline"):  # fmt: skip
            connection.exec_driver_sql(f"DELETE FROM {table}")
    street.work()
    assert state_of(street.database)["customers"] == before


def test_a_blocked_identifier_joins_nobody_until_it_is_let_back(street: Street) -> None:
    street.identity.block("anonymous_id", "till", reason="the till in the shop")
    street.send(call("m1", anonymousId="till", userId="ann"), call("m2", anonymousId="till", userId="bob"))
    street.send(call("m3", anonymousId="till"))
    street.work()
    assert street.identity.find("anonymous_id", "till") is None
    assert street.profiles.count() == 2
    assert [(one.kind, one.value, one.reason) for one in street.identity.blocked()] == [
        ("anonymous_id", "till", "the till in the shop")
    ]
    street.identity.unblock("anonymous_id", "till")
    street.send(call("m4", anonymousId="till"))
    street.work()
    assert street.identity.find("anonymous_id", "till") is not None


def test_blocking_what_never_counts_and_unblocking_what_is_not_blocked_are_told(street: Street) -> None:
    with pytest.raises(InvalidError):
        street.identity.block("user_id", "null", reason="nobody")
    with pytest.raises(NotFoundError):
        street.identity.unblock("user_id", "ann")


def test_an_identifier_knows_when_it_was_seen(street: Street, clock: WoundClock) -> None:
    street.send(call("m1", anonymousId="x1"))
    clock.wind(timedelta(hours=5))
    street.send(call("m2", anonymousId="x1"))
    street.work()
    [known] = street.identity.identifiers_of(owner(street, "anonymous_id", "x1"))
    assert known.last_seen - known.first_seen == timedelta(hours=5)


def test_a_thousand_devices_of_one_user_are_one_customer(street: Street) -> None:
    street.send(*(call(f"a{number}", anonymousId=f"x{number}") for number in range(1_000)))
    street.send(*(call(f"b{number}", anonymousId=f"x{number}", userId="ann") for number in range(1_000)))
    street.work()
    assert street.profiles.count() == 1
    assert street.profiles.by("user_id", "ann").events_total == 2_000
    assert len(street.identity.merged_from(owner(street, "user_id", "ann"))) == 999
