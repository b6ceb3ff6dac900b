"""Experiments are kept, refuse what would move people, answer without the database, and note who has seen them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from litestar.di import Provide
from litestar.testing import TestClient, create_test_client
from sqlalchemy import Connection

from regulars.events.core import Fact
from regulars.experiments import MIGRATIONS, AssignmentReason, Experiment, Experiments, Holdout, Variant
from regulars.experiments.routes import ROUTES
from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.kernel.errors import ConflictError, DatabaseError, InvalidError, NotFoundError

EVEN = [Variant(key="rules"), Variant(key="learned")]


class Noted:
    """Stands for the log: keeps what is appended."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def append(self, facts: list[Fact]) -> None:
        self.facts += facts


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
def experiments(database: Database, clock: WoundClock, noted: Noted) -> Experiments:
    database.migrate(MIGRATIONS)
    return Experiments(database, clock, noted)  # type: ignore[arg-type]  # of Events only append is used


def test_what_was_defined_is_there_in_the_order_of_keys(experiments: Experiments) -> None:
    radio = Experiment(key="radio", variants=EVEN, title="Radio, 新しい")
    home = Experiment(key="home", variants=EVEN, traffic=0.25)
    experiments.define(radio)
    experiments.define(home)
    assert experiments.all() == [home, radio]
    assert experiments.get("radio") == radio
    experiments.remove("radio")
    with pytest.raises(NotFoundError):
        experiments.get("radio")
    with pytest.raises(NotFoundError):
        experiments.remove("radio")


def test_traffic_may_change_but_weights_need_a_new_version(experiments: Experiments) -> None:
    experiments.define(Experiment(key="radio", variants=EVEN, traffic=0.1))
    experiments.define(Experiment(key="radio", variants=EVEN, traffic=0.9))
    uneven = [Variant(key="rules", weight=3), Variant(key="learned")]
    with pytest.raises(ConflictError, match="Raise version to 2"):
        experiments.define(Experiment(key="radio", variants=uneven))
    experiments.define(Experiment(key="radio", variants=uneven, version=2))
    with pytest.raises(ConflictError, match="can only be raised"):
        experiments.define(Experiment(key="radio", variants=uneven, version=1))


def test_two_running_experiments_cannot_claim_one_part_of_a_layer(experiments: Experiments) -> None:
    experiments.define(Experiment(key="one", variants=EVEN, layer="home", layer_to=0.5))
    with pytest.raises(ConflictError, match="'one' has layer 'home'"):
        experiments.define(Experiment(key="two", variants=EVEN, layer="home", layer_from=0.4))
    experiments.define(Experiment(key="two", variants=EVEN, layer="home", layer_from=0.5))
    experiments.define(Experiment(key="three", variants=EVEN, layer="home", running=False))


def test_an_answer_comes_from_memory_and_follows_a_change(
    experiments: Experiments, database: Database, clock: WoundClock
) -> None:
    elsewhere = Experiments(database, clock, Noted())  # type: ignore[arg-type]  # of Events only append is used
    assert experiments.assign("radio", "customer", "ann").reason is AssignmentReason.UNKNOWN_EXPERIMENT
    elsewhere.define(Experiment(key="radio", variants=EVEN))
    assert experiments.assign("radio", "customer", "ann").reason is AssignmentReason.UNKNOWN_EXPERIMENT
    clock.wind(timedelta(seconds=1))
    assert experiments.assign("radio", "customer", "ann").variant == "rules"


def test_without_the_database_the_last_definitions_answer_and_say_so(
    experiments: Experiments, database: Database, clock: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiments.define(Experiment(key="radio", variants=EVEN))
    before = experiments.assign("radio", "customer", "ann")
    clock.wind(timedelta(minutes=1))

    def away() -> AbstractContextManager[Connection]:
        raise DatabaseError("The state database does not answer.")

    monkeypatch.setattr(database, "read", away)
    after = experiments.assign("radio", "customer", "ann")
    assert (after.variant, before.stale, after.stale) == (before.variant, False, True)


def test_the_held_out_share_is_kept(experiments: Experiments) -> None:
    assert experiments.holdout() == Holdout()
    experiments.define(Experiment(key="radio", variants=EVEN))
    experiments.hold_out(Holdout(share=1.0))
    assert experiments.assign("radio", "customer", "ann").reason is AssignmentReason.HOLDOUT
    experiments.hold_out(Holdout(share=0.0, version=2))
    assert experiments.assign("radio", "customer", "ann").variant == "rules"
    with pytest.raises(InvalidError):
        experiments.hold_out(Holdout(share=1.1))


def test_an_exposure_is_noted_once_a_day(experiments: Experiments, noted: Noted, clock: WoundClock) -> None:
    experiments.define(Experiment(key="radio", variants=EVEN, unit_kind="user_id"))
    ann = experiments.assign("radio", "user_id", "ann")
    assert experiments.expose(ann)
    assert not experiments.expose(ann)
    clock.wind(timedelta(days=1))
    assert experiments.expose(ann, anonymous_id="a1")
    first, second = noted.facts
    assert (first.name, first.user_id, second.anonymous_id) == ("Experiment Viewed", "ann", "a1")
    assert first.properties["variation_id"] == ann.variant
    assert first.properties["propensity"] == 0.5
    assert first.message_id != second.message_id


def test_an_exposure_has_the_same_message_id_in_every_process(
    experiments: Experiments, database: Database, noted: Noted, clock: WoundClock
) -> None:
    experiments.define(Experiment(key="radio", variants=EVEN))
    other = Noted()
    elsewhere = Experiments(database, clock, other)  # type: ignore[arg-type]  # of Events only append is used
    for service in (experiments, elsewhere):
        service.expose(service.assign("radio", "customer", "ann"))
    assert noted.facts == other.facts


def test_who_takes_no_part_has_seen_nothing(experiments: Experiments, noted: Noted) -> None:
    experiments.define(Experiment(key="radio", variants=EVEN, traffic=0.0))
    assert not experiments.expose(experiments.assign("radio", "customer", "ann"))
    assert noted.facts == []


@pytest.fixture
def client(experiments: Experiments) -> Iterator[TestClient]:  # type: ignore[type-arg]  # any application will do
    provided = {"experiments": Provide(lambda: experiments, sync_to_thread=False)}
    with create_test_client(ROUTES, dependencies=provided, signature_types=[Experiments]) as client:
        yield client


def test_experiments_are_defined_and_asked_over_http(client: TestClient, noted: Noted) -> None:  # type: ignore[type-arg]  # as above
    body = {"variants": [{"key": "rules"}, {"key": "learned", "weight": 3}], "traffic": 1}
    put = client.put("/v1/experiments/radio", json=body)
    assert put.status_code == 200
    assert put.json()["variants"][1] == {"key": "learned", "weight": 3.0}
    assert client.get("/v1/experiments").json() == [put.json()]
    assert client.get("/v1/experiments/radio").json() == put.json()
    asked = client.post("/v1/experiments/assign", json={"experiment": "radio", "unit_id": "ann", "expose": True})
    assert asked.status_code == 200
    assert asked.json()["variant"] in {"rules", "learned"}
    assert len(noted.facts) == 1
    assert client.put("/v1/experiments/holdout", json={"share": 0.05}).json() == {"share": 0.05, "version": 1}
    assert client.get("/v1/experiments/holdout").json() == {"share": 0.05, "version": 1}
    assert client.delete("/v1/experiments/radio").status_code == 204


@pytest.mark.parametrize("body", [{"variants": []}, {"variants": [{"key": "a"}, {"key": "b", "weight": -1}]}, {}])
def test_a_broken_definition_is_refused(client: TestClient, body: dict[str, object]) -> None:  # type: ignore[type-arg]  # as above
    answered = client.put("/v1/experiments/radio", json=body)
    assert answered.status_code in {400, 500}  # the family of errors becomes problem documents in `web`
    assert client.get("/v1/experiments").json() == []


def test_the_unit_kind_that_looks_like_customers_and_is_not_is_refused(experiments: Experiments) -> None:
    odd = Experiment(key="radio", variants=[Variant(key="rules"), Variant(key="blend")], unit_kind="customer_id")
    with pytest.raises(InvalidError, match="'customer', not 'customer_id'"):
        experiments.define(odd)
