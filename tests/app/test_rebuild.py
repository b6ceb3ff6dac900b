"""The state is made anew from the log: equal to the old one, beside it, and in its place in one step."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, text

from regulars.app import Shop, capabilities, open_shop
from regulars.app.rebuild import RebuildReport
from regulars.events.core import Batch, Fact
from regulars.events.worker_store import consumers, dead_letters
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import ConflictError, InvalidError, NotFoundError
from regulars.kernel.sayings import Saying, Value
from regulars.testing.street import state_of

START = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def flags(database_url: str) -> dict[str, str]:
    """Return where the state lies, once per engine."""
    return {"state.url": database_url} if database_url.startswith("postgres") else {}


@pytest.fixture
def shop(tmp_path: Path, flags: dict[str, str]) -> Iterator[Shop]:
    """Open a shop with some history."""
    with open_shop(tmp_path / "shop", flags=flags, clock=WoundClock(START)) as shop:
        yield shop


def live(shop: Shop, days: int = 3, *, first: int = 0) -> None:
    """Let days go by: visitors, who sign in, and two of whom turn out to be one."""
    assert isinstance(shop.clock, WoundClock)
    for day in range(first, first + days):
        for number in range(12):
            visitor = f"x{(number + day) % 9}"
            calls: list[dict[str, Any]] = [
                said("Song Played", f"{day}-{number}-a", anonymousId=visitor, properties=song(number)),
                said("Song Completed", f"{day}-{number}-b", anonymousId=visitor, properties=song(number)),
            ]
            if number % 4 == 0:
                traits = {"plan": "pro" if day else "free", "email": f"u{number}@example.org"}
                calls.append(
                    {
                        "type": "identify",
                        "messageId": f"{day}-{number}-c",
                        "anonymousId": visitor,
                        "userId": f"u{number}",
                        "traits": traits,
                    }
                )
            shop.events.append(calls)
            shop.clock.wind(timedelta(minutes=7))
        shop.events.append([said("Song Played", f"{day}-0-a", anonymousId="x1", properties=song(1))])  # comes again
        shop.catch_up()
        shop.clock.wind(timedelta(days=1))
    shop.lake.flush()


def said(event: str, message_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, "messageId": message_id, **more}


def song(number: int) -> dict[str, Any]:
    return {"asset_id": f"s{number % 5}", "artist": f"artist {number % 3}", "genre": ["Folk", "Pop"]}


def rows(shop: Shop, statement: str) -> list[tuple[Any, ...]]:
    with shop.database.read() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def everything(shop: Shop) -> dict[str, object]:
    """Return all that is derived, without numbers that no two states share."""
    found = state_of(shop.database)
    found["counts"] = rows(
        shop, "SELECT minute, source_id, name, outcome, count FROM events_counts ORDER BY 1, 2, 3, 4"
    )
    found["duplicates"] = rows(shop, "SELECT partition, record_offset, items FROM events_duplicates ORDER BY 1, 2")
    found["activity"] = rows(shop, "SELECT source_id, last_event_us FROM events_activity ORDER BY 1")
    found["interactions"] = rows(
        shop,
        "SELECT r.seq, r.anchor, i.item_id, r.at_us, r.kind FROM recommend_interactions r "
        "JOIN recommend_items i ON i.item_no = r.item_no ORDER BY 1",
    )
    found["owners"] = rows(shop, "SELECT anchor, customer_id FROM recommend_customers ORDER BY 1")
    return found


def spoil(shop: Shop, *statements: str) -> None:
    with shop.database.write() as connection:
        for statement in statements:
            connection.execute(text(statement))


SPOILED = (
    "DELETE FROM profiles_customers",
    "UPDATE events_counts SET count = count + 7",
    "DELETE FROM recommend_interactions WHERE seq > 5",
    "UPDATE identity_identifiers SET customer_id = 'nobody'",
)


def test_a_rebuilt_state_is_the_one_that_was_there(shop: Shop) -> None:
    live(shop)
    before = everything(shop)
    report = shop.rebuild()
    assert report.swapped
    assert report.news == 0
    assert everything(shop) == before


def test_a_spoiled_state_is_whole_again(shop: Shop) -> None:
    live(shop)
    before = everything(shop)
    spoil(shop, *SPOILED)
    assert everything(shop) != before
    shop.rebuild()
    assert everything(shop) == before


def test_the_shop_goes_on_where_it_was(shop: Shop, tmp_path: Path) -> None:
    live(shop)
    shop.rebuild()
    live(shop, 2, first=3)
    with open_shop(tmp_path / "other", clock=WoundClock(START)) as other:
        live(other, 5)
        assert everything(other) == everything(shop)


def test_definitions_and_what_was_done_stay(shop: Shop) -> None:
    live(shop)
    source = shop.events.create_source("Web", "web")
    shop.identity.block("email", "shared@example.org", reason="a shop's own")
    run = shop.jobs.start("recommend-train")
    shop.rebuild()
    assert [one.source_id for one in shop.events.list_sources()] == [source.source_id]
    assert [one.value for one in shop.identity.blocked()] == ["shared@example.org"]
    assert shop.jobs.find(run).job == "recommend-train"
    assert shop.lake.summary().events == len(shop.lake.query(shop.lake.events()))


def test_what_comes_in_meanwhile_is_in_the_new_state(shop: Shop) -> None:
    live(shop)
    came = 0

    def told(_done: int, _total: int, note: str) -> None:
        nonlocal came
        if came < 3 and "reading" in note:
            came += 1
            shop.events.append([said("Song Liked", f"late-{came}", anonymousId="x1", properties=song(1))])
            shop.catch_up()

    shop.rebuild(on_progress=told)
    assert came
    with shop.database.read() as connection:
        counted = connection.execute(text("SELECT SUM(count) FROM events_counts WHERE name = 'Song Liked'")).scalar()
    assert counted == came
    before = everything(shop)
    shop.rebuild()
    assert everything(shop) == before


class EnoughError(Exception):
    """Stop now."""


def test_a_rebuild_rests_and_is_gone_on_with(shop: Shop) -> None:
    live(shop, 6)
    before = everything(shop)
    for _ in range(3):
        with pytest.raises(EnoughError):
            shop.rebuild(on_progress=stopping_after(1))
        current = shop.rebuilds.current()
        assert current is not None
        assert current.state == "paused"
        assert everything(shop) == before
    report = shop.rebuild()
    assert [one.state for one in shop.rebuilds.list_rebuilds().items] == ["done"]
    assert report.events == sum(
        row[0] for row in rows(shop, "SELECT count FROM events_counts WHERE outcome = 'accepted'")
    )
    assert shop.rebuilds.current() is None
    assert everything(shop) == before


def stopping_after(words: int) -> Any:
    said_so_far = 0

    def told(_done: int, _total: int, _note: str) -> None:
        nonlocal said_so_far
        said_so_far += 1
        if said_so_far > words:
            raise EnoughError

    return told


def test_a_resting_rebuild_may_be_thrown_away(shop: Shop) -> None:
    live(shop)
    with pytest.raises(EnoughError):
        shop.rebuild(on_progress=stopping_after(0))
    current = shop.rebuilds.current()
    assert current is not None
    assert shop.rebuilds.discard(current.rebuild_id).state == "discarded"
    assert shop.rebuilds.current() is None
    with pytest.raises(ConflictError, match="nothing to throw away"):
        shop.rebuilds.discard(current.rebuild_id)
    assert shop.rebuild(["profiles"]).swapped


def test_two_rebuilds_do_not_go_at_once(shop: Shop) -> None:
    live(shop)
    errors: list[str] = []

    def told(_done: int, _total: int, _note: str) -> None:
        if not errors:
            errors.append("")
            with pytest.raises(ConflictError) as raised:
                shop.rebuild(["profiles"])
            errors.append(str(raised.value))

    shop.rebuild(on_progress=told)
    assert "unfinished" in errors[1]


def test_while_it_reads_the_log_keeps_what_it_has_not_read(shop: Shop) -> None:
    live(shop)
    seen: list[dict[str, dict[str, int]]] = []

    def told(_done: int, _total: int, _note: str) -> None:
        with shop.database.read() as connection:
            seen.append(consumers(connection))

    shop.rebuild(on_progress=told)
    assert any("rebuild" in one for one in seen)
    with shop.database.read() as connection:
        assert set(consumers(connection)) == {"street"}


def test_a_check_says_what_would_be_different_and_changes_nothing(shop: Shop) -> None:
    live(shop)
    same = shop.rebuild(check=True).comparison
    assert same is not None
    assert not same.differs
    assert same.profiles_sampled > 3
    spoil(
        shop,
        "DELETE FROM events_counts WHERE name = 'Identify'",
        "UPDATE identity_identifiers SET customer_id = 'nobody' WHERE identifier = 'user_id:u4'",
        "DELETE FROM profiles_customers WHERE customer_id = (SELECT MAX(customer_id) FROM profiles_customers)",
    )
    spoiled = everything(shop)
    report = shop.rebuild(check=True)
    assert not report.swapped
    assert report.comparison is not None
    differing = {table.table for table in report.comparison.tables if table.before != table.after}
    assert differing == {"events_counts", "profiles_customers"}
    assert report.comparison.identifiers_moved == 1
    assert [one.fields for one in report.comparison.profiles] == [["there"]]
    assert everything(shop) == spoiled
    assert shop.rebuild().swapped  # goes on with what was built


def test_one_part_is_rebuilt_and_the_others_are_not_touched(shop: Shop) -> None:
    live(shop)
    before = everything(shop)
    spoil(shop, "DELETE FROM profiles_customers", "DELETE FROM profiles_timeline", "UPDATE events_counts SET count = 1")
    shop.rebuild(["profiles"])
    after = everything(shop)
    assert {name for name in before if before[name] != after[name]} == {"counts"}
    shop.rebuild(["events"])
    assert everything(shop) == before


def test_a_part_rebuilt_alone_is_filed_under_the_numbers_that_the_others_use(shop: Shop) -> None:
    live(shop)
    spoil(  # as if two writers had come in another order: the same identifiers, other numbers
        shop,
        "UPDATE identity_identifiers SET identifier_id = identifier_id + 1000",
        "UPDATE profiles_timeline SET identifier_id = identifier_id + 1000",
    )
    timeline = rows(shop, "SELECT identifier_id, occurred_us FROM profiles_timeline ORDER BY entry_id")
    shop.rebuild(["profiles"])
    assert rows(shop, "SELECT identifier_id, occurred_us FROM profiles_timeline ORDER BY entry_id") == timeline


def test_a_part_is_refused_alone_where_the_customers_would_be_others(shop: Shop) -> None:
    live(shop)
    spoil(shop, "UPDATE identity_identifiers SET customer_id = 'nobody' WHERE identifier = 'user_id:u4'")
    with pytest.raises(ConflictError, match="1 identifiers belong to other customers"):
        shop.rebuild(["profiles"])
    current = shop.rebuilds.current()
    assert current is not None
    assert current.state == "failed"
    assert "Rebuild everything" in (current.error or "")
    values: dict[str, Value] = {"count": 1, "parts": "profiles"}
    assert current.error_said == Saying("rebuild_identifiers_moved", values)


@pytest.mark.parametrize(
    ("parts", "error", "words"),
    [
        (["profile"], NotFoundError, "Nearest: 'profiles'"),
        (["identity"], InvalidError, "numbers that profiles, recommend"),
        (["worker", "profiles"], InvalidError, "only with everything"),
        ([], InvalidError, "Say what to rebuild"),
    ],
)
def test_parts_that_cannot_stand_alone_are_refused_with_a_sentence(
    shop: Shop, parts: Sequence[str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        shop.rebuild(parts)


class Outward:
    """A projection that sends something for each event, and one more that only counts."""

    name = "profiles"
    outward = True

    def __init__(self) -> None:
        self.sent: list[str] = []

    def project(self, batch: Batch, connection: Connection) -> None:  # noqa: ARG002 (the street asks so)
        self.sent.extend(event.event_id for event in batch.events)


def test_nothing_is_sent_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    outward, real = Outward(), capabilities.projections
    monkeypatch.setattr(capabilities, "projections", lambda shop: [*real(shop), outward])
    live(shop)
    sent = len(outward.sent)
    assert sent
    ends = {partition: shop.log.end(partition) for partition in shop.log.partitions()}
    shop.rebuild()
    shop.catch_up()
    assert len(outward.sent) == sent
    assert {partition: shop.log.end(partition) for partition in shop.log.partitions()} == ends


class Noticing:
    """A projection of a newer program: it notices what nobody noticed before."""

    name = "events"

    def project(self, batch: Batch, connection: Connection) -> None:  # noqa: ARG002 (the street asks so)
        for event in batch.events:
            if event.message_id == "1-4-a":
                batch.facts.append(
                    Fact(name="Song Noticed", message_id="noticed:1", properties={}, occurred_us=event.occurred_us)
                )


def test_only_news_that_nobody_was_told_goes_to_the_log(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    live(shop)
    real = capabilities.projections
    monkeypatch.setattr(capabilities, "projections", lambda shop: [*real(shop), Noticing()])
    assert shop.rebuild().news == 1
    shop.catch_up()
    told = "SELECT SUM(count) FROM events_counts WHERE name = 'Song Noticed'"
    assert rows(shop, told) == [(1,)]
    assert shop.rebuild().news == 0
    shop.catch_up()
    assert rows(shop, told) == [(1,)]


class Poisoned:
    """A projection that cannot take one event in."""

    name = "events"

    def __init__(self) -> None:
        self.is_mended = False

    def project(self, batch: Batch, connection: Connection) -> None:  # noqa: ARG002 (the street asks so)
        if not self.is_mended and any(event.message_id == "1-4-a" for event in batch.events):
            raise ValueError("bad taste")


def test_events_laid_aside_are_laid_aside_again_or_taken_in_when_the_fault_is_mended(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned, real = Poisoned(), capabilities.projections
    monkeypatch.setattr(capabilities, "projections", lambda shop: [poisoned, *real(shop)])
    live(shop)
    before = everything(shop)
    assert before["dead letters"]
    shop.rebuild()
    assert everything(shop) == before
    poisoned.is_mended = True
    shop.rebuild(["profiles"])
    assert everything(shop) == before, "a part alone leaves out what the others left out"
    shop.rebuild()
    assert set(rows(shop, "SELECT projection FROM events_dead_letters")) == {("dedupe",)}, "used for another song"


def test_somebody_forgotten_meanwhile_is_not_brought_back(shop: Shop) -> None:
    live(shop)
    gone = shop.customer_named("user_id:u4")

    def told(_done: int, _total: int, note: str) -> None:
        if "reading" not in note and shop.identity.find("user_id", "u4") is not None:
            shop.erase(gone)

    shop.rebuild(on_progress=told)
    assert shop.identity.find("user_id", "u4") is None
    assert rows(shop, "SELECT 1 FROM profiles_customers WHERE customer_id = '" + gone + "'") == []
    shop.rebuild()
    assert shop.identity.find("user_id", "u4") is None, "and the log does not know them either"


def test_what_the_log_has_let_go_comes_from_history(shop: Shop) -> None:
    live(shop, 4)
    before = everything(shop)
    partition = shop.log.partitions()[0]
    shop.log.trim(partition, through=shop.log.end(partition) // 2)
    report = shop.rebuild()
    assert 0 < report.from_history < report.events
    assert len(report.notes) == 2
    after = everything(shop)
    assert {name for name in before if before[name] != after[name]} <= {"duplicates", "seen", "counts"}
    totals = "SELECT outcome, SUM(count) FROM events_counts GROUP BY outcome ORDER BY outcome"
    assert rows(shop, totals)
    assert sum_of(before["counts"]) == sum_of(after["counts"])


def sum_of(counts: Any) -> int:
    return sum(row[4] for row in counts)


def test_history_in_log_order_is_the_log(shop: Shop) -> None:
    live(shop)
    spans = {partition: (0, shop.log.end(partition)) for partition in shop.log.partitions()}
    walked = [row.event_id for part in shop.lake.walk_log(spans, rows_a_time=7) for row in part]
    assert walked == sorted(walked, key=lambda event_id: [int(n) for n in event_id.split(".")[1:]])
    assert len(walked) == shop.lake.summary().events


def test_slates_and_answers_follow_the_new_state(shop: Shop) -> None:
    live(shop, 6)
    shop.recommend.train()
    before = shop.recommend.for_customer(shop.customer_named("user_id:u4"), count=3)
    assert not before.stale
    shop.rebuild()
    after = shop.recommend.for_customer(shop.customer_named("user_id:u4"), count=3)
    assert not after.stale
    assert [item.item_id for item in after.items] == [item.item_id for item in before.items]
    assert shop.recommend.models()[0].generation
    assert shop.recommend.reached_seq() == rows(shop, "SELECT MAX(seq) FROM recommend_interactions")[0][0]


def test_a_worker_that_goes_on_across_the_step_takes_each_event_in_once(shop: Shop) -> None:
    live(shop, 2)
    worker = shop.worker()
    while worker.run_once():
        pass
    shop.rebuild()
    shop.events.append([said("Song Played", "0-0-a", anonymousId="x0", properties=song(0))])  # delivered again
    shop.events.append([said("Song Played", "fresh", anonymousId="x0", properties=song(0))])
    stop = threading.Event()
    for _ in range(20):
        try:
            worker.run_once()
        except Exception as error:
            assert "rebuilt" in str(error)  # noqa: PT017 (any number of tries may pass before)
    stop.set()
    before = everything(shop)
    shop.rebuild()
    assert everything(shop) == before


def test_rebuilds_are_listed_with_their_reports(shop: Shop) -> None:
    live(shop)
    shop.rebuild(["profiles"])
    live(shop, 1, first=3)
    shop.rebuild()
    newest, first = shop.rebuilds.list_rebuilds().items
    assert newest.whole
    assert first.parts == ["profiles"]
    assert isinstance(first.report, RebuildReport)
    assert first.report.swapped
    assert shop.rebuilds.find(first.rebuild_id) == first
    with pytest.raises(NotFoundError, match="No rebuild has the id 'r9'"):
        shop.rebuilds.find("r9")
    assert msgspec.json.encode(first)


def test_dead_letters_of_records_that_are_gone_are_kept(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    poisoned, real = Poisoned(), capabilities.projections
    monkeypatch.setattr(capabilities, "projections", lambda shop: [poisoned, *real(shop)])
    live(shop)
    partition = shop.log.partitions()[0]
    shop.log.trim(partition, through=shop.log.end(partition) - 3)
    for _ in range(2):
        shop.rebuild()
        with shop.database.read() as connection:
            assert [letter.message_id for letter in dead_letters(connection, after=0, rows_max=9)] == ["1-4-a"]
