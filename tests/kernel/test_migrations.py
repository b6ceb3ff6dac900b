"""The tables of every earlier version can be brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from regulars.app import capabilities
from regulars.kernel.database import Database, Migration
from regulars.testing import postgresql as embedded
from regulars.testing.contracts.migrations import all_migrations, check_upgrade, prefixes

ALL = all_migrations()
MakeDatabase = Callable[[], Database]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def make_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeDatabase]:
    made: list[tuple[Database, str | None]] = []

    def make() -> Database:
        url = None
        if request.param == "postgresql":
            server: embedded.Postgresql = request.getfixturevalue("postgresql")
            url = server.create()
        made.append((Database.open(url or str(tmp_path / f"{len(made)}.db")), url))
        return made[-1][0]

    yield make
    for database, url in made:
        database.close()
        if url:
            request.getfixturevalue("postgresql").drop(url)


def test_the_shop_takes_every_step_that_there_is() -> None:
    assert sorted((step.capability, step.number) for step in capabilities.migrations()) == [
        (step.capability, step.number) for step in ALL
    ]


def test_the_steps_of_each_capability_are_numbered_without_gaps() -> None:
    numbers: dict[str, list[int]] = {}
    for step in ALL:
        numbers.setdefault(step.capability, []).append(step.number)
    assert {capability: list(range(1, len(taken) + 1)) for capability, taken in numbers.items()} == numbers


def test_all_steps_together_make_a_shop_and_are_taken_once(make_database: MakeDatabase) -> None:
    database = make_database()
    assert len(database.migrate(ALL, complete=True)) == len(ALL)
    assert database.migrate(ALL, complete=True) == []
    assert database.check().migrations == {step.capability: step.number for step in ALL}


EARLIER = list(prefixes(ALL)) or [("none yet", [], [])]


@pytest.mark.parametrize(("before", "steps"), [case[1:] for case in EARLIER], ids=[case[0] for case in EARLIER])
def test_a_shop_of_an_earlier_version_keeps_its_rows_and_becomes_like_a_new_one(
    make_database: MakeDatabase, before: list[Migration], steps: list[Migration]
) -> None:
    check_upgrade(old=make_database(), fresh=make_database(), before=before, steps=steps)


def test_the_check_of_earlier_versions_notices_a_step_that_cannot_keep_rows(make_database: MakeDatabase) -> None:
    first = Migration("shelves", 1, ("CREATE TABLE shelves (name TEXT PRIMARY KEY, jars BIGINT NOT NULL)",))
    good = Migration("shelves", 2, ("ALTER TABLE shelves ADD COLUMN label TEXT NOT NULL DEFAULT ''",))
    assert check_upgrade(old=make_database(), fresh=make_database(), before=[first], steps=[first, good]) == 1
    losing = Migration("shelves", 2, ("DELETE FROM shelves",))
    with pytest.raises(AssertionError, match="shelves"):
        check_upgrade(old=make_database(), fresh=make_database(), before=[first], steps=[first, losing])
