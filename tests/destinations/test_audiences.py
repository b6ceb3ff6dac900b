"""Audiences: who has granted belongs, who withdraws or is forgotten is taken out, and both sides always agree."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.destinations.conftest import bodies, happen

from regulars.app import Shop
from regulars.destinations import Plan
from regulars.destinations.core.audience import AudienceRule, TraitIs
from regulars.destinations.core.definition import Schedule
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import InvalidError
from regulars.testing.contracts.customers import traces_of
from regulars.testing.receiver import Receiver, Reply

GRANTED = AudienceRule(consent="email")


def person(user: str, *, consent: bool | None = True, **traits: Any) -> dict[str, Any]:
    said = {} if consent is None else {"email_opt_in": consent}
    return {"type": "identify", "userId": user, "traits": {"email": f"{user}@x.example", **said, **traits}}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def drop(shop: Shop, *, rule: AudienceRule = GRANTED, every_h: int = 24, **settings: Any) -> str:
    plan = Plan(
        name="Mail House", settings={"url": "drop", **settings}, audience=rule, schedule=Schedule(every_h=every_h)
    )
    return shop.destinations.create("csv_drop", plan).destination.destination_id


def http(shop: Shop, receiver: Receiver, **settings: Any) -> str:
    urls = {"add_url": receiver.url + "/add", "remove_url": receiver.url + "/remove"}
    plan = Plan(name="Ads", settings={**urls, "columns": ["email_sha256"], **settings}, audience=GRANTED)
    return shop.destinations.create("http_audience", plan).destination.destination_id


def table(shop: Shop, name: str) -> list[list[str]]:
    text = (shop.folder / "exports" / "drop" / name).read_text()
    return list(csv.reader(io.StringIO(text)))


def sync(shop: Shop, one: str) -> None:
    shop.destinations.runs.sync_now(one)
    shop.destinations.deliver()


def told(receiver: Receiver) -> dict[str, set[str]]:
    """Return whom the other side has now, by replaying what it was told."""
    has: set[str] = set()
    for came, body in zip(receiver.received, bodies(receiver), strict=True):
        keys = {member["email_sha256"] for member in body["members"]}
        has = has | keys if came.path == "/add" else has - keys
    return {"has": has}


def test_only_who_has_granted_is_in_the_file(shop: Shop) -> None:
    one = drop(shop, columns=["email", "phone_sha256", "trait:plan"], key="email", phone_country="886")
    happen(
        shop,
        person("ann", phone="0912 345 678", plan="pro"),
        person("bob", consent=False),
        person("cat", consent=None),
        {"type": "identify", "userId": "dan", "traits": {"email_opt_in": True}},
    )
    shop.destinations.deliver()
    assert table(shop, "mail-house.csv") == [
        ["email", "phone_sha256", "trait:plan"],
        ["ann@x.example", sha("+886912345678"), "pro"],
    ]
    (run,) = shop.destinations.runs.syncs(one).items
    assert (run.members, run.added, run.left_out) == (1, 1, 1)  # dan belongs, but nobody over there knows him
    assert shop.destinations.get(one).health.members == 1


def test_who_withdraws_is_gone_with_the_next_file(shop: Shop, clock: WoundClock) -> None:
    drop(shop, columns=["email"], key="email")
    happen(shop, person("ann"), person("bob"))
    shop.destinations.deliver()
    assert len(table(shop, "mail-house.csv")) == 3
    happen(shop, {"type": "track", "event": "Unsubscribed", "userId": "ann"})
    shop.destinations.deliver()
    assert len(table(shop, "mail-house.csv")) == 3  # not yet: once a day
    clock.wind(timedelta(hours=24))
    shop.destinations.deliver()
    assert table(shop, "mail-house.csv") == [["email"], ["bob@x.example"]]


def test_only_changes_are_dropped_when_asked_for_each_in_a_new_file(shop: Shop, clock: WoundClock) -> None:
    one = drop(shop, mode="changes", columns=["email", "trait:plan"], key="email", every_h=0)
    happen(shop, person("ann", plan="free"), person("bob"))
    assert shop.destinations.deliver() == 0  # only when somebody asks
    sync(shop, one)
    clock.wind(timedelta(seconds=1))
    happen(shop, person("ann", plan="pro"), person("bob", consent=False), person("cat"))
    sync(shop, one)
    sync(shop, one)  # nothing has changed: no file
    first, second = (table(shop, f"mail-house-{number:06}.csv") for number in (1, 2))
    assert sorted(row[:2] for row in first[1:]) == [["added", "ann@x.example"], ["added", "bob@x.example"]]
    assert sorted(second[1:]) == [
        ["added", "cat@x.example", ""],
        ["changed", "ann@x.example", "pro"],
        ["removed", "bob@x.example", ""],
    ]
    assert len(list((shop.folder / "exports" / "drop").iterdir())) == 2
    runs = shop.destinations.runs.syncs(one).items
    assert [(run.members, run.added, run.changed, run.removed) for run in runs] == [
        (2, 0, 0, 0),
        (2, 1, 1, 1),
        (2, 2, 0, 0),
    ]


def test_over_http_members_are_added_and_removed_some_at_a_time(shop: Shop, receiver: Receiver) -> None:
    one = http(shop, receiver, members_max=2, headers={"Authorization": "Bearer s3cret"})
    happen(shop, *(person(f"u{n}") for n in range(5)))
    shop.destinations.deliver()
    assert [
        (came.path, len(body["members"])) for came, body in zip(receiver.received, bodies(receiver), strict=True)
    ] == [
        ("/add", 2),
        ("/add", 2),
        ("/add", 1),
    ]
    assert receiver.received[0].headers["authorization"] == "Bearer s3cret"
    happen(shop, {"type": "track", "event": "Unsubscribed", "userId": "u3"})
    sync(shop, one)
    assert told(receiver)["has"] == {sha(f"u{n}@x.example") for n in (0, 1, 2, 4)}


def test_a_body_is_said_in_the_other_sides_words(shop: Shop, receiver: Receiver) -> None:
    http(shop, receiver, add_body="{payload: {schema: ['EMAIL_SHA256'], data: members[].[email_sha256]}}")
    happen(shop, person("ann"))
    shop.destinations.deliver()
    assert bodies(receiver) == [{"payload": {"schema": ["EMAIL_SHA256"], "data": [[sha("ann@x.example")]]}}]


def test_a_run_that_fails_in_the_middle_goes_on_where_it_stood(
    shop: Shop, receiver: Receiver, clock: WoundClock
) -> None:
    receiver.answer_with(Reply(200), Reply(500), Reply(200))
    one = http(shop, receiver, members_max=2)
    happen(shop, *(person(f"u{n}") for n in range(6)))
    shop.destinations.deliver()
    assert shop.destinations.get(one).health.state == "failing"
    clock.wind(timedelta(seconds=10))
    shop.destinations.deliver()
    assert len(receiver.received) == 4  # two, two that failed, the same two, two
    assert told(receiver)["has"] == {sha(f"u{n}@x.example") for n in range(6)}
    assert shop.destinations.get(one).health.state == "good"


def test_who_is_erased_is_taken_out_over_there_and_then_known_nowhere(shop: Shop, receiver: Receiver) -> None:
    one = http(shop, receiver)
    drop(shop, columns=["email"], key="email")
    happen(shop, person("ann"), person("bob"))
    shop.destinations.deliver()
    ann = shop.identity.find("user_id", "ann")
    assert ann is not None
    receiver.answer_with(Reply(503), Reply(200))
    shop.erase(ann)
    with shop.database.read() as connection:
        assert traces_of(connection, ["ann@x.example", ann], besides=["web_audit", "kernel_job_runs"]) == []
        left = traces_of(connection, [sha("ann@x.example")])
    assert left == ["destinations_removals.told"]  # what they know her by, until they were told
    shop.destinations.deliver()
    assert shop.destinations.get(one).health.removals_waiting == 1
    clock = shop.clock
    assert isinstance(clock, WoundClock)
    clock.wind(timedelta(seconds=10))
    shop.destinations.deliver()
    assert told(receiver)["has"] == {sha("bob@x.example")}
    with shop.database.read() as connection:
        assert traces_of(connection, [sha("ann@x.example")]) == []
    clock.wind(timedelta(hours=24))
    shop.destinations.deliver()
    assert table(shop, "mail-house.csv") == [["email"], ["bob@x.example"]]


def test_a_removal_that_nobody_takes_is_forgotten_after_a_week(
    shop: Shop, receiver: Receiver, clock: WoundClock
) -> None:
    one = http(shop, receiver)
    happen(shop, person("ann"))
    shop.destinations.deliver()
    ann = shop.identity.find("user_id", "ann")
    assert ann is not None
    shop.erase(ann)
    shop.destinations.pause(one)
    clock.wind(timedelta(days=8))
    shop.destinations.keep_house()
    assert shop.destinations.get(one).health.removals_waiting == 0


def test_who_was_erased_and_comes_back_belongs_again(shop: Shop, receiver: Receiver, clock: WoundClock) -> None:
    one = http(shop, receiver)
    happen(shop, person("ann"))
    shop.destinations.deliver()
    ann = shop.identity.find("user_id", "ann")
    assert ann is not None
    shop.destinations.pause(one)
    shop.erase(ann)
    clock.wind(timedelta(minutes=1))
    happen(shop, person("ann"))
    shop.destinations.resume(one)
    sync(shop, one)
    assert told(receiver)["has"] == {sha("ann@x.example")}
    assert shop.destinations.get(one).health.removals_waiting == 0


def test_two_customers_who_become_one_stay_in_once(shop: Shop, receiver: Receiver) -> None:
    one = http(shop, receiver, key="user_id", columns=["user_id", "email_sha256"])
    happen(
        shop,
        person("ann"),
        {"type": "track", "event": "Page Seen", "anonymousId": "a1", "messageId": "x1"},
    )
    sync(shop, one)
    happen(shop, {"type": "alias", "previousId": "a1", "userId": "ann", "messageId": "x2"})
    sync(shop, one)
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (AudienceRule(consent="email"), {"ann", "bob", "cat"}),
        (AudienceRule(consent="sms"), set()),
        (AudienceRule(consent="email", countries=["TW"]), {"ann"}),
        (AudienceRule(consent="email", traits=[TraitIs(name="plan", value="pro")]), {"ann", "bob"}),
        (AudienceRule(consent="email", traits=[TraitIs(name="plan")]), {"ann", "bob", "cat"}),
        (AudienceRule(consent="email", did=["Order Completed"]), {"bob"}),
        (AudienceRule(consent="email", seen_within_days=5), {"cat"}),
        (AudienceRule(consent="email", unseen_for_days=5), {"ann", "bob"}),
    ],
)
def test_a_rule_says_who_belongs(shop: Shop, clock: WoundClock, rule: AudienceRule, found: Iterable[str]) -> None:
    happen(
        shop,
        person("ann", plan="pro", country="TW"),
        person("bob", plan="pro", country="JP"),
        {"type": "track", "event": "Order Completed", "userId": "bob"},
    )
    clock.wind(timedelta(days=10))
    happen(shop, person("cat", plan="free"))
    drop(shop, rule=rule, columns=["user_id"], key="user_id")
    shop.destinations.deliver()
    assert {row[0] for row in table(shop, "mail-house.csv")[1:]} == set(found)
    preview = shop.destinations.runs.preview(rule)
    assert (preview.customers, preview.members) == (3, len(set(found)))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"columns": ["colour"]}, "no column 'colour'"),
        ({"key": "country"}, "cannot be known by 'country'"),
        ({"mode": "changes", "file_name": "members.csv"}, "put {run}"),
        ({"file_name": "../members.csv"}, "A file name has letters"),
        ({"file_name": "{user}.csv"}, "A file name has letters"),
        ({"url": "sftp://files.example/drop", "password": "x"}, "names user and host"),
        ({"url": "sftp://shop:pw@files.example/drop", "password": "x"}, "into its own field"),
        ({"url": "sftp://shop@files.example/drop"}, "needs a password or a private key"),
    ],
)
def test_what_cannot_be_dropped_is_refused(shop: Shop, settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidError, match=sentence):
        drop(shop, **settings)


def test_an_audience_needs_a_rule_and_only_an_audience_has_one(shop: Shop) -> None:
    with pytest.raises(InvalidError, match="Say for whom"):
        shop.destinations.create("csv_drop", Plan(name="X", settings={"url": "drop"}))
    with pytest.raises(InvalidError, match="takes no audience"):
        shop.destinations.create("webhook", Plan(name="X", settings={"url": "https://x.example"}, audience=GRANTED))


def test_a_test_leaves_nothing_behind(shop: Shop, receiver: Receiver) -> None:
    assert shop.destinations.test(drop(shop)).works
    assert list((shop.folder / "exports" / "drop").iterdir()) == []
    trial = shop.destinations.test(http(shop, receiver))
    assert trial.works
    assert [came.path for came in receiver.received] == ["/add", "/remove"]
    assert len(trial.exchanges) == 2
    assert msgspec.json.decode(receiver.received[0].body)["members"] == [{"email_sha256": ""}]


def test_files_lie_where_they_may(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="no folder that destinations may write to"):
        drop(shop, url=str(tmp_path / "shop" / "log"))
