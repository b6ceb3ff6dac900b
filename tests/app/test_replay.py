"""Spans of history, read once more; and one customer, worked out anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from sqlalchemy import text
from tests.app.test_rebuild import Poisoned, everything, live, said, song, spoil

from regulars.app import Shop, capabilities, open_shop
from regulars.app.replay import Span
from regulars.cli.main import regulars
from regulars.kernel.clock import WoundClock, microseconds
from regulars.kernel.errors import ConflictError, InvalidError, NotFoundError

START = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def flags(database_url: str) -> dict[str, str]:
    """Return where the state lies, once per engine."""
    return {"state.url": database_url} if database_url.startswith("postgres") else {}


@pytest.fixture
def shop(tmp_path: Path, flags: dict[str, str]) -> Iterator[Shop]:
    """Open a shop with three days behind it."""
    with open_shop(tmp_path / "shop", flags=flags, clock=WoundClock(START)) as shop:
        live(shop)
        yield shop


def counted(shop: Shop) -> dict[str, int]:
    with shop.database.read() as connection:
        rows = connection.execute(
            text("SELECT name, SUM(count) FROM events_counts WHERE outcome IN ('accepted', 'corrected') GROUP BY name")
        )
        return {row[0]: int(row[1]) for row in rows}


def told(shop: Shop, span: Span | None = None) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in shop.count(span).counts:
        found[one.name] = found.get(one.name, 0) + one.events
    return found


def test_counting_all_of_history_gives_what_the_shop_counted(shop: Shop) -> None:
    assert told(shop) == counted(shop)
    report = shop.count()
    assert report.read > report.events, "what came again counts once"


def test_counting_history_that_the_log_has_let_go_gives_the_same(shop: Shop) -> None:
    before = told(shop)
    partition = shop.log.partitions()[0]
    shop.log.trim(partition, through=shop.log.end(partition) // 2)
    assert told(shop) == before
    assert shop.count().from_history > 0
    late = Span(since_us=shop.clock.now_us() - 36 * 3_600_000_000)
    assert shop.count(late).from_history == 0, "what the log has is not looked for in history"


def test_a_span_is_chosen_by_time_source_name_and_customer(shop: Shop) -> None:
    day = 86_400_000_000
    begin = microseconds(START)
    first = told(shop, Span(until_us=begin + day))
    rest = told(shop, Span(since_us=begin + day))
    assert {name: first.get(name, 0) + rest.get(name, 0) for name in first | rest} == counted(shop)
    assert told(shop, Span(names=frozenset({"Identify"}))) == {"Identify": counted(shop)["Identify"]}
    assert told(shop, Span(sources=frozenset({"nobody"}))) == {}
    ann = shop.customer_named("user_id:u4")
    theirs = told(shop, Span(people=shop.people_of(ann)))
    assert 0 < sum(theirs.values()) < sum(counted(shop).values())
    assert sum(theirs.values()) == shop.profiles.of(ann).events_total
    with pytest.raises(InvalidError, match="ends after it begins"):
        Span(since_us=9, until_us=9)


def test_a_span_is_written_as_lines_and_as_columns(shop: Shop, tmp_path: Path) -> None:
    span = Span(names=frozenset({"Song Completed"}))
    lines = shop.write_span(span, tmp_path / "span.jsonl")
    events = [json.loads(line) for line in (tmp_path / "span.jsonl").read_text().splitlines()]
    assert len(events) == lines.taken == counted(shop)["Song Completed"]
    assert {event["name"] for event in events} == {"Song Completed"}
    assert events[0]["properties"]["artist"].startswith("artist")
    columns = shop.write_span(span, tmp_path / "span.parquet")
    assert pq.read_table(tmp_path / "span.parquet").num_rows == columns.taken == lines.taken
    with pytest.raises(ConflictError, match="is there already"):
        shop.write_span(span, tmp_path / "span.jsonl")
    with pytest.raises(InvalidError, match=r"as \.jsonl or \.parquet, got 'span\.csv'"):
        shop.write_span(span, tmp_path / "span.csv")


def test_history_that_was_lost_is_put_back_from_the_log_and_nothing_twice(shop: Shop) -> None:
    before = shop.lake.query(shop.lake.events()).num_rows
    assert shop.mend_history().taken == 0
    with shop.database.write() as connection:
        connection.execute(text("DELETE FROM lake_files WHERE day = (SELECT MIN(day) FROM lake_files)"))
    lost = before - shop.lake.query(shop.lake.events()).num_rows
    assert lost > 0
    assert shop.mend_history().taken == lost
    assert shop.mend_history().taken == 0
    shop.lake.flush()
    table = shop.lake.query(shop.lake.events())
    assert table.num_rows == before
    assert len(set(table.column("event_id").to_pylist())) == before


def test_what_was_laid_aside_is_not_replayed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    poisoned, real = Poisoned(), capabilities.projections
    monkeypatch.setattr(capabilities, "projections", lambda shop: [poisoned, *real(shop)])
    with open_shop(shop.folder.with_name("other"), clock=WoundClock(START)) as other:
        live(other)
        assert told(other) == counted(other)
        assert other.mend_history().taken == 0


def rows_of(shop: Shop, customer: str) -> list[Any]:
    with shop.database.read() as connection:
        state = connection.execute(
            text("SELECT name, events_total, state FROM profiles_customers WHERE customer_id = :customer"),
            {"customer": customer},
        ).all()
        lines = connection.execute(
            text(
                "SELECT identifier_id, occurred_us, line FROM profiles_timeline WHERE identifier_id IN "
                "(SELECT identifier_id FROM identity_identifiers WHERE customer_id = :customer) "
                "ORDER BY occurred_us, entry_id"
            ),
            {"customer": customer},
        ).all()
        words = connection.execute(
            text("SELECT word FROM profiles_words WHERE customer_id = :customer ORDER BY 1"), {"customer": customer}
        ).all()
    return [[tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row) for row in part]
            for part in (state, lines, words)]  # fmt: skip


def test_one_customer_worked_out_anew_is_as_a_whole_rebuild_makes_them(shop: Shop) -> None:
    live(shop, 3, first=3)
    ann = shop.customer_named("user_id:u4")
    others = [row for row in everything(shop)["customers"] if row[0] != ann]  # type: ignore[attr-defined]  # rows of a table
    right = rows_of(shop, ann)
    spoil(
        shop,
        f"DELETE FROM profiles_words WHERE customer_id = '{ann}'",
        f"DELETE FROM profiles_customers WHERE customer_id = '{ann}'",
        "DELETE FROM profiles_timeline WHERE identifier_id IN "
        f"(SELECT identifier_id FROM identity_identifiers WHERE customer_id = '{ann}' AND kind = 'user_id')",
    )
    report = shop.recompute(ann)
    assert report.changed
    assert report.events > 0
    assert rows_of(shop, ann) == right
    shop.rebuild()
    assert rows_of(shop, ann) == right, "a rebuild of everything makes them the same"
    after = [row for row in everything(shop)["customers"] if row[0] != ann]  # type: ignore[attr-defined]  # rows of a table
    assert after == others
    assert shop.recompute(ann).changed == []


def test_a_customer_who_goes_on_meanwhile_loses_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = shop.customer_named("user_id:u4")
    from regulars.app.replay import customer as room

    real = room._take_in
    came: list[int] = []

    def late(*given: Any) -> None:
        real(*given)
        if not came:
            came.append(1)
            shop.events.append([said("Song Liked", "late", userId="u4", properties=song(1))])
            shop.catch_up()

    monkeypatch.setattr(room, "_take_in", late)
    shop.recompute(ann)
    assert told(shop, Span(names=frozenset({"Song Liked"}))) == {"Song Liked": 1}
    assert shop.profiles.of(ann).counters["Song Liked"].count == 1


def test_a_customer_is_refused_where_todays_rules_find_other_people(shop: Shop) -> None:
    ann = shop.customer_named("user_id:u4")
    spoil(shop, "UPDATE identity_identifiers SET customer_id = 'nobody' WHERE identifier = 'user_id:u4'")
    with pytest.raises(ConflictError, match="belong to somebody else"):
        shop.recompute(ann)
    with pytest.raises(NotFoundError, match="no customer"):
        shop.recompute(type(ann)("c-9"))


def test_the_verb_says_what_it_read(tmp_path: Path) -> None:
    folder = str(tmp_path / "shop")
    with open_shop(folder, clock=WoundClock(START)) as shop:
        live(shop, 1)
    run = CliRunner()
    counts = json.loads(run.invoke(regulars, ["replay", folder, "--json"]).output)
    assert {one["name"] for one in counts["counts"]} == {"Song Played", "Song Completed", "Identify"}
    words = ["replay", folder, "--event", "Identify", "--to", str(tmp_path / "x.jsonl")]
    assert "belong to the span" in run.invoke(regulars, words).output
    assert len((tmp_path / "x.jsonl").read_text().splitlines()) == 3
    assert "History has them all." in run.invoke(regulars, ["replay", folder, "--into", "lake"]).output
    again = run.invoke(regulars, ["replay", folder, "--into", "profile", "--customer", "user_id:u4"])
    assert "nothing changed" in again.output
    part = run.invoke(
        regulars, ["replay", folder, "--into", "profile", "--customer", "user_id:u4", "--event", "Identify"]
    )
    assert "from all that they did" in part.output
    both = run.invoke(regulars, ["replay", folder, "--into", "lake", "--to", str(tmp_path / "y.jsonl")])
    assert "goes into one thing" in both.output
    assert not (tmp_path / "y.jsonl").exists()
    wrong = run.invoke(regulars, ["replay", folder, "--since", "yesterday"])
    assert "--since wants a moment" in wrong.output
    assert "There is no source 'Webb'" in run.invoke(regulars, ["replay", folder, "--source", "Webb"]).output
