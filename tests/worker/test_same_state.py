"""Nothing that happens to the worker changes what the shop remembers: kills, cuts, repeats."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.events.core import Batch
from regulars.identity import derive
from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.kernel.eventlog import EventLog
from regulars.testing.street import Street, drain, state_of

START = datetime(2026, 10, 1, 12, tzinfo=UTC)
MEMORY = Path("/dev/shm")  # noqa: S108 (a file system in memory: what is tested here is order, not the disk)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

user_ids = st.sampled_from(["ann", "bob", "cat"])
anonymous_ids = st.sampled_from(["x1", "x2", "x3", "x4", "x5"])
moments = st.integers(0, 86_400 * 30).map(lambda second: (START - timedelta(seconds=second)).isoformat())
traits = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["Ann Lee", "Bo", "小明"]),
        "email": st.sampled_from(["one@example.org", "two@example.org"]),
        "plan": st.sampled_from(["free", "pro", None]),
        "email_opt_in": st.booleans(),
        "country": st.sampled_from(["TW", "JP"]),
    },
)
contexts = st.fixed_dictionaries(
    {},
    optional={
        "userAgent": st.sampled_from(["Mozilla/5.0 (iPhone) Mobile", "Mozilla/5.0 (Windows NT 10.0)"]),
        "locale": st.sampled_from(["zh-TW", "ja-JP"]),
        "externalIds": st.sampled_from(
            [[{"type": "loyalty_card", "id": "L1"}], [{"type": "loyalty_card", "id": "L2"}]]
        ),
    },
)


def _item(call: str, ids: dict[str, str], when: str, said: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = {"type": call, "originalTimestamp": when, "context": context, **ids}
    if call == "identify":
        return {**item, "traits": said}
    if call == "alias":
        return {**item, "userId": ids.get("userId", "ann"), "previousId": ids.get("anonymousId", "x9")}
    properties = {"asset_id": "s1", "artist": "Wren", "genre": ["Folk", "Pop"]}
    return {**item, "event": "Song Completed", "properties": properties}


ids = st.one_of(
    st.fixed_dictionaries({"userId": user_ids, "anonymousId": anonymous_ids}),
    st.fixed_dictionaries({"anonymousId": anonymous_ids}),
    st.fixed_dictionaries({"userId": user_ids}),
)
items = st.builds(_item, st.sampled_from(["track", "identify", "track", "alias"]), ids, moments, traits, contexts)
histories = st.lists(items, min_size=1, max_size=25).map(
    lambda history: [{**item, "messageId": f"m{number}"} for number, item in enumerate(history)]
)


Item = dict[str, Any]


def cut_up(history: Sequence[Item], sizes: Callable[[int], int]) -> list[list[Item]]:
    """Cut a history into requests, the size of each by its number."""
    requests: list[list[Item]] = []
    rest = list(history)
    while rest:
        size = sizes(len(requests))
        requests.append(rest[:size])
        rest = rest[size:]
    return requests


class Killed(BaseException):
    """The process is gone."""


class Trap:
    """Kills the worker at chosen instants: each step that could be the last counts one down."""

    name = "trap"

    def __init__(self, fuses: Sequence[int]) -> None:
        self.fuses = list(fuses)

    def step(self) -> None:
        if self.fuses:
            self.fuses[0] -= 1
            if self.fuses[0] < 0:
                self.fuses.pop(0)
                raise Killed

    def project(self, batch: Batch, connection: Any) -> None:  # noqa: ARG002 (the street asks so)
        self.step()


class TrappedDatabase:
    """A database behind which the process may die just before or just after a commit."""

    def __init__(self, database: Database, trap: Trap) -> None:
        self._database = database
        self._trap = trap
        self.dialect = database.dialect

    @contextmanager
    def read(self) -> Iterator[Any]:
        with self._database.read() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Any]:
        with self._database.write() as connection:
            yield connection
            self._trap.step()
        self._trap.step()


class TrappedLog:
    """A log behind which the process may die just before or just after an append."""

    def __init__(self, log: EventLog, trap: Trap) -> None:
        self._log = log
        self._trap = trap

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def append_many(self, payloads: Sequence[bytes]) -> list[int]:
        self._trap.step()
        offsets = self._log.append_many(payloads)
        self._trap.step()
        return offsets


@contextmanager
def street() -> Iterator[Street]:
    folder = Path(tempfile.mkdtemp(prefix="regulars-", dir=MEMORY if MEMORY.is_dir() else None))
    database = Database.open(str(folder / "state.db"))
    opened = Street(folder, database, WoundClock(START))
    try:
        yield opened
    finally:
        opened.close()
        database.close()
        shutil.rmtree(folder)


def outcome(
    requests: Sequence[Sequence[dict[str, Any]]], *, events_a_batch: int = 2_000, fuses: Sequence[int] = ()
) -> dict[str, object]:
    with street() as opened:
        for number, request in enumerate(requests):
            opened.send(*request, partition=f"web-{number % 2}")
            assert isinstance(opened.clock, WoundClock)
            opened.clock.wind(timedelta(seconds=1))
        trap = Trap(fuses)
        while True:
            worker = opened.worker(
                projections=[trap, opened.identity, trap, opened.profiles, trap],
                events_a_batch=events_a_batch,
                log=TrappedLog(opened.log, trap),
                database=TrappedDatabase(opened.database, trap),  # type: ignore[arg-type]  # only what it uses
            )
            try:
                drain(worker)
            except Killed:
                continue  # a new process begins where the last commit left off
            break
        return state_of(opened.database)


@FEW
@given(history=histories, fuses=st.lists(st.integers(0, 12), min_size=1, max_size=6), cut=st.integers(1, 7))
def test_killing_the_worker_at_any_instant_changes_nothing(
    history: list[dict[str, Any]], fuses: list[int], cut: int
) -> None:
    requests = cut_up(history, lambda number: 1 + number % 3)
    assert outcome(requests, events_a_batch=cut, fuses=fuses) == outcome(requests)


@FEW
@given(history=histories, cut=st.integers(1, 10))
def test_how_events_are_cut_into_batches_changes_nothing(history: list[dict[str, Any]], cut: int) -> None:
    requests = cut_up(history, lambda number: 1 + number % 4)
    assert outcome(requests, events_a_batch=cut) == outcome(requests)


@FEW
@given(history=histories, again=st.lists(st.integers(0, 24), max_size=10))
def test_delivering_events_again_changes_nothing(history: list[dict[str, Any]], again: list[int]) -> None:
    once = cut_up(history, lambda number: 1 + number % 4)
    repeated = [*once, [history[index % len(history)] for index in again]] if again else once
    assert outcome(repeated, events_a_batch=5) == outcome(once)


@FEW
@given(history=histories, cut=st.integers(1, 10))
def test_the_live_graph_is_what_the_evidence_says(history: list[dict[str, Any]], cut: int) -> None:
    with street() as opened:
        for request in cut_up(history, lambda number: 1 + number % 4):
            opened.send(*request)
        opened.work(events_a_batch=cut)
        with opened.database.read() as connection:
            rows = connection.exec_driver_sql("SELECT customer_id, identifier FROM identity_identifiers")
            live: dict[str, set[str]] = {}
            for customer, identifier in rows:
                live.setdefault(customer, set()).add(identifier)
        alone = {frozenset(keys) for keys in live.values() if len(keys) == 1}
        derived = set(derive(opened.identity.all_evidence()))
        assert {frozenset(keys) for keys in live.values()} - alone == derived - alone - _singles(derived)


def _singles(groups: set[frozenset[str]]) -> set[frozenset[str]]:
    return {group for group in groups if len(group) == 1}


@FEW
@given(data=st.data(), history=histories)
def test_any_order_of_the_same_events_gives_the_same_customers(
    data: st.DataObject, history: list[dict[str, Any]]
) -> None:
    only_one_user = [{**item, **({"userId": "ann"} if "userId" in item else {})} for item in history]
    shuffled = data.draw(st.permutations(only_one_user))
    assert _groups(only_one_user) == _groups(shuffled)


def _groups(history: Sequence[dict[str, Any]]) -> set[frozenset[str]]:
    state = outcome([[item] for item in history])
    groups: dict[str, set[str]] = {}
    for _, identifier, customer, _, _ in state["identifiers"]:  # type: ignore[attr-defined]  # rows of the table
        groups.setdefault(customer, set()).add(identifier)
    return {frozenset(keys) for keys in groups.values()}
