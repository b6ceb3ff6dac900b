"""A file comes in: uploaded, looked at, tried, taken; whole or with reasons, once and only once."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.imports.conftest import POS, events_of, pos, upload, work

from regulars.app import Shop, open_shop
from regulars.events import read_request
from regulars.events.imports import HistoryReport, Part, RowMapping, When, Who
from regulars.events.imports.report import Tally
from regulars.events.imports.running import Given, Intake
from regulars.events.plans.core import PersonalField, PlanBody
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TooLargeError,
    UnavailableError,
)
from regulars.kernel.tables import Layout

GOOD = pos(
    "A1,9001,,,2026/09/30 18:05,Daan,tea,2,120",
    "A1,9001,,,2026/09/30 18:05,Daan,cup,1,450",
    "A2,9002,,,2026/09/30 18:10,Daan,tea,-1,120",
)


def taken(shop: Shop, content: bytes, mapping: RowMapping = POS, name: str = "till.csv") -> HistoryReport:
    given = upload(shop, name, content)
    shop.imports.run(given.import_id, mapping)
    work(shop)
    done = shop.imports.find(given.import_id)
    assert (done.state, done.error) == ("done", None)
    assert done.report is not None
    return done.report


def counts(report: HistoryReport) -> dict[str, int]:
    return {one.name: one.count for one in report.events}


def test_a_try_says_what_would_come_of_every_row_and_changes_nothing(shop: Shop) -> None:
    content = GOOD + b"A3,9003,,,soon,Daan,tea,1,120\nA4,,,,2026/09/30 18:20,Daan,tea,1,120\n"
    given = upload(shop, "till.csv", content)
    assert shop.imports.check(given.import_id, POS).state == "checking"
    work(shop)
    checked = shop.imports.find(given.import_id)
    report = checked.report
    assert report is not None
    assert (checked.state, report.dry_run) == ("checked", True)
    assert (report.rows, report.taken, report.refused, report.left_out) == (5, 3, 1, 1)
    assert counts(report) == {"Order Completed": 1, "Order Refunded": 1}
    assert [(one.code, one.weight, one.row_numbers) for one in report.problems] == [
        ("not_a_time", "refused", [5]),
        ("nobody", "left_out", [6]),
    ]
    assert report.first_at is not None
    assert report.first_at.isoformat() == "2026-09-30T10:05:00+00:00"
    assert report.customers is not None
    assert (report.customers.known, report.customers.new) == (0, 2)
    assert [one.cells["at"] for one in shop.imports.samples(given.import_id) if one.row == 5] == ["soon"]
    assert sum(shop.log.end(partition) for partition in shop.log.partitions()) == 0


def test_an_import_brings_orders_to_the_customers_of_their_cards(shop: Shop) -> None:
    report = taken(shop, GOOD)
    assert (report.taken, counts(report)) == (3, {"Order Completed": 1, "Order Refunded": 1})
    assert (events_of(shop, "card", "9001"), events_of(shop, "card", "9002")) == (1, 1)


def test_what_was_imported_says_so_and_keeps_its_own_time(shop: Shop) -> None:
    taken(shop, GOOD)
    (record,) = shop.log.read("worker", after=0, records_max=10)
    event = read_request(record).events[0]
    assert event.context["imported"] is True
    assert event.context["channel"] == "import"
    assert (event.received_us - event.occurred_us) // 3_600_000_000 == 25, "noon in London, after 18:05 in Taipei"
    assert event.corrections == ()


@pytest.mark.parametrize("days", [0, 30], ids=["at once", "a month later"])
def test_the_same_file_twice_counts_once_however_much_later(shop: Shop, clock: WoundClock, days: int) -> None:
    taken(shop, GOOD)
    clock.wind(timedelta(days=days))
    again = upload(shop, "till again.csv", GOOD)
    assert again.same_as == "till.csv"
    shop.imports.run(again.import_id, POS)
    work(shop)
    report = shop.imports.find(again.import_id).report
    assert report is not None
    assert (report.repeated, report.events_total) == (2, 0)
    assert events_of(shop, "card", "9001") == 1


def test_a_longer_file_of_the_same_orders_brings_only_what_is_new(shop: Shop) -> None:
    taken(shop, GOOD)
    report = taken(shop, GOOD + b"A3,9001,,,2026/10/01 09:00,Daan,tea,1,120\n")
    assert (report.repeated, report.events_total) == (2, 1)
    assert events_of(shop, "card", "9001") == 2


def test_rejected_rows_come_back_whole_with_their_reasons_and_go_in_once_mended(shop: Shop) -> None:
    given = upload(shop, "till.csv", GOOD + b"A3,9003,,,soon,Daan,tea,1,120\nA3,9003,,,soon,Daan,cup,1,450\n")
    shop.imports.run(given.import_id, POS)
    work(shop)
    name, file = shop.imports.open_rejected(given.import_id)
    with file:
        text = file.read().decode("utf-8-sig")
    assert name == "till.rejected.csv"
    assert text.splitlines()[0] == "receipt,card,email,phone,at,store,sku,qty,price,_problem"
    assert "at: This is no time written as 'YYYY/MM/DD HH:mm'." in text.splitlines()[1]
    report = taken(shop, text.replace("soon", "2026/09/30 19:00").encode(), name="mended.csv")
    assert (report.taken, report.refused, counts(report)) == (2, 0, {"Order Completed": 1})


def test_lines_of_one_order_need_not_stand_together(shop: Shop) -> None:
    rows = [f"R{number % 40},90{number % 40:02},,,2026/09/30 18:05,Daan,item{number},1,10" for number in range(400)]
    report = taken(shop, pos(*rows))
    assert counts(report) == {"Order Completed": 40}
    profile = shop.profiles.by("card", "9007")
    assert profile.events_total == 1
    requests = [read_request(record) for record in shop.log.read("worker", after=0, records_max=10)]
    assert {len(event.properties["products"]) for request in requests for event in request.events} == {10}


def test_jsonl_and_parquet_are_read_as_they_are_typed(shop: Shop, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    mapping = RowMapping(
        row="event",
        event="Title Rated",
        who=[Who(kind="user_id", column="who.id")],
        when=When(columns=["at"], format="iso"),
        properties=[Part(column="film", name="asset_id"), Part(column="stars", name="rating", type="number")],
    )
    line = b'{"who": {"id": "ann"}, "at": "2026-01-01T10:00:00Z", "film": 50, "stars": 4.5}\n'
    assert counts(taken(shop, line, mapping, "ratings.jsonl")) == {"Title Rated": 1}
    columns = {"id": ["bob"], "at": pa.array([1_767_261_600_000], pa.timestamp("ms")), "film": [50], "stars": [4.5]}
    pq.write_table(pa.table(columns), tmp_path / "r.parquet")
    flat = RowMapping(
        row="event",
        event="Title Rated",
        who=[Who(kind="user_id", column="id")],
        when=mapping.when,
        properties=mapping.properties,
    )
    assert counts(taken(shop, (tmp_path / "r.parquet").read_bytes(), flat, "r.parquet")) == {"Title Rated": 1}
    assert events_of(shop, "user_id", "bob") == 1


def test_a_file_without_a_header_and_with_its_own_marks_is_read_by_its_layout(shop: Shop) -> None:
    preset = shop.imports.mapping("lastfm_plays")
    line = 'user_1\t2009-05-04T23:08:57Z\ta1\t"Weird" Al\tt1\tEat "It"\n'
    report = taken(shop, line.encode(), preset, "plays.tsv")
    assert counts(report) == {"Song Played": 1}
    dots = RowMapping(
        row="event",
        event="Title Rated",
        who=[Who(kind="user_id", column="column 1")],
        when=When(columns=["column 4"], format="unix_s"),
        properties=[Part(column="column 2", name="asset_id"), Part(column="column 3", name="rating", type="number")],
        layout=Layout(delimiter="::", has_header=False),
    )
    assert counts(taken(shop, b"1::1193::5::978300760\n", dots, "ratings.txt")) == {"Title Rated": 1}


def test_an_order_of_hundreds_of_lines_is_one_event(shop: Shop) -> None:
    rows = [f"W1,9001,,,2026/09/30 18:05,Daan,a rather long number of an item {number},1,10" for number in range(600)]
    report = taken(shop, pos(*rows))
    assert (report.refused, counts(report)) == (0, {"Order Completed": 1})


# ---------------------------------------------------------------------- joining


def test_a_sale_in_the_shop_joins_the_customer_online_by_email_card_and_phone(shop: Shop) -> None:
    card = {"externalIds": [{"id": "9001", "type": "card", "collection": "users", "encoding": "none"}]}
    phone = {"externalIds": [{"id": "+886912345678", "type": "phone", "collection": "users", "encoding": "none"}]}
    shop.events.append(
        [
            {"type": "identify", "userId": "ann", "traits": {"email": "ann@example.org"}, "messageId": "1"},
            {"type": "identify", "userId": "bob", "traits": {}, "context": card, "messageId": "2"},
            {"type": "identify", "userId": "cat", "traits": {}, "context": phone, "messageId": "3"},
        ]
    )
    shop.catch_up()
    report = taken(
        shop,
        pos(
            "A1,,Ann@Example.org,,2026/09/30 18:05,Daan,tea,2,120",
            "A2,9001,,,2026/09/30 18:05,Daan,tea,1,120",
            "A3,,,0912-345-678,2026/09/30 18:05,Daan,tea,1,120",
            "A4,9001,,,2026/10/01 18:05,Daan,cup,1,450",
        ),
    )
    assert report.refused == 0
    assert [events_of(shop, "user_id", who) for who in ("ann", "bob", "cat")] == [3, 3, 3]
    assert shop.identity.count_customers() == 3
    for who, identifier in (("ann", "email:ann@example.org"), ("bob", "card:9001"), ("cat", "phone:+886912345678")):
        assert shop.customer_named(identifier) == shop.customer_named(f"user_id:{who}")


def test_a_phone_that_a_family_shares_is_told_and_joins_none(shop: Shop) -> None:
    content = pos(
        "A1,9001,,0912345678,2026/09/30 18:05,Daan,tea,2,120",
        "A2,9002,,0912-345-678,2026/09/30 18:05,Daan,tea,1,120",
        "A3,9003,,0922333444,2026/09/30 18:05,Daan,tea,1,120",
    )
    report = taken(shop, content)
    assert report.shared == {"phone": 1}
    assert [(one.code, one.rows) for one in report.problems] == [("shared_phone", 2)]
    customers = {shop.identity.find("card", card) for card in ("9001", "9002", "9003")}
    assert len(customers) == 3
    assert shop.identity.find("phone", "+886912345678") is None
    assert shop.identity.find("phone", "+886922333444") == shop.identity.find("card", "9003")


def test_two_people_with_user_ids_of_their_own_stay_two_whatever_they_share(shop: Shop) -> None:
    mapping = RowMapping(
        row="customer",
        who=[Who(kind="user_id", column="id"), Who(kind="phone", column="phone", joins_shared=True)],
    )
    taken(shop, b"id,phone\nann,+886912345678\nbob,+886912345678\n", mapping, "members.csv")
    assert shop.identity.find("user_id", "ann") != shop.identity.find("user_id", "bob")
    bob = shop.identity.find("user_id", "bob")
    assert bob is not None
    refused = [one.refused_reason for one in shop.identity.evidence_of(bob) if one.refused_reason]
    assert refused == ["A customer has at most 1 user_id."]


def test_a_try_says_how_many_are_known_and_whom_it_would_join(shop: Shop) -> None:
    shop.events.append(
        [
            {"type": "identify", "userId": "ann", "traits": {"email": "ann@example.org"}, "messageId": "1"},
            {"type": "track", "event": "Seen", "anonymousId": "x", "messageId": "2",
             "context": {"externalIds": [{"id": "9001", "type": "card"}]}},
        ]
    )  # fmt: skip
    shop.catch_up()
    given = upload(shop, "till.csv", pos("A1,9001,ann@example.org,,2026/09/30 18:05,Daan,tea,2,120"))
    shop.imports.check(given.import_id, POS)
    work(shop)
    report = shop.imports.find(given.import_id).report
    assert report is not None
    assert report.customers is not None
    assert (report.customers.known, report.customers.new, report.customers.joining) == (1, 0, 1)


def test_what_a_plan_hashes_or_drops_at_the_door_is_hashed_or_dropped_of_imports_too(shop: Shop) -> None:
    fields = [PersonalField(pointer="/properties/affiliation", action="drop")]
    plan = shop.plans.create("What may be kept", PlanBody(personal=fields))
    shop.plans.publish(plan.plan_id)
    taken(shop, GOOD)
    (record,) = shop.log.read("worker", after=0, records_max=10)
    assert b"Daan" not in record.payload
    assert [event.name for event in read_request(record).events] == ["Order Completed", "Order Refunded"]


# ---------------------------------------------------------------------- stopping, dying, going on


class DiedError(Exception):
    """The process is gone."""


def test_an_import_that_dies_at_any_step_goes_on_without_losing_or_doubling(shop: Shop) -> None:
    rows = [f"R{number},{9000 + number % 7},,,2026/09/30 18:05,Daan,tea,1,10" for number in range(2_600)]
    given = upload(shop, "till.csv", pos(*rows))
    source = shop.events.create_source("Till", "import").source_id
    intake = Intake(database=shop.database, log=shop.log, clock=shop.clock, waits_for_worker=False)
    kept: list[bytes] = []
    for dies_after in (0, 1, 1, 2, 0, 9):
        steps = 0

        def checkpoint(tally: object, connection: object, dies_after: int = dies_after) -> None:  # noqa: ARG001 (the transaction is not looked at)
            nonlocal steps
            if steps == dies_after:
                raise DiedError  # after the log has it, before the database does
            steps += 1
            kept.append(encode(tally))

        with shop.imports.open_file(shop.imports.row(given.import_id)) as file:
            whole = Given(file=file, format="csv", mapping=POS, source_id=source, import_id=given.import_id)
            tally = decode(kept[-1]) if kept else None
            try:
                report = intake.take_in(whole, tally=tally, checkpoint=checkpoint)
            except DiedError:
                continue
    shop.catch_up()
    assert (report.rows, report.taken, counts(report)) == (2_600, 2_600, {"Order Completed": 2_600})
    assert sum(events_of(shop, "card", str(9000 + number)) for number in range(7)) == 2_600


def encode(tally: object) -> bytes:
    return msgspec.json.encode(tally)


def decode(kept: bytes) -> Tally:
    return msgspec.json.decode(kept, type=Tally)


def test_an_import_that_is_cancelled_stops_and_can_be_taken_up(shop: Shop) -> None:
    rows = [f"R{number},9001,,,2026/09/30 18:05,Daan,tea,1,10" for number in range(100)]
    given = upload(shop, "till.csv", pos(*rows))
    shop.imports.run(given.import_id, POS)
    with pytest.raises(ConflictError, match="worked on just now"):
        shop.imports.run(given.import_id, POS)
    assert shop.imports.cancel(given.import_id).state == "cancelled"
    shop.imports.run(given.import_id, POS)
    work(shop)
    assert shop.imports.find(given.import_id).state == "done"
    assert events_of(shop, "card", "9001") == 100


def test_an_import_lets_live_events_pass(shop: Shop) -> None:
    """It waits while the worker has more than 20 records before it, and goes on as the worker does."""
    rows = [f"R{number},9001,,,2026/09/30 18:05,Daan,tea,1,10" for number in range(30 * 500)]
    given = upload(shop, "till.csv", pos(*rows))
    shop.imports.run(given.import_id, POS)
    ahead: list[int] = []
    worker, stop = shop.worker(), threading.Event()

    def take_in_slowly() -> None:
        while not stop.is_set():
            ahead.append(shop.log.end("worker") - sum(worker_reached(shop)))
            worker.run_once()

    thread = threading.Thread(target=take_in_slowly)
    thread.start()
    try:
        while shop.jobs.run_due():
            pass
    finally:
        stop.set()
        thread.join()
    assert shop.imports.find(given.import_id).state == "done"
    assert max(ahead) <= 22


def worker_reached(shop: Shop) -> list[int]:
    from regulars.events.worker_store import offsets

    with shop.database.read() as connection:
        return list(offsets(connection).values())


# ---------------------------------------------------------------------- files


def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(shop: Shop) -> None:
    for name, reason in (
        ("sales.xlsx", "spreadsheet"),
        ("sales.zip", "packed"),
        ("sales.pdf", "'.pdf'"),
        ("", "1 to 200"),
    ):
        with pytest.raises(InvalidError, match=reason):
            shop.imports.receive(name)
    for content in (b"", b"not parquet"):
        with pytest.raises(InvalidError):
            upload(shop, "x.parquet", content)
    assert shop.files.list("imports") == [], "nothing of a refused file stays"


def test_a_file_above_the_limit_is_refused_and_leaves_nothing(tmp_path: Path, clock: WoundClock) -> None:
    with open_shop(tmp_path / "small", clock=clock, flags={"imports.bytes_max": "2000"}) as shop:
        with pytest.raises(TooLargeError, match="2,000 bytes"):
            upload(shop, "till.csv", GOOD * 40)
        assert shop.files.list("imports") == []


def test_a_file_in_another_encoding_is_recognised_and_shown_in_it(shop: Shop) -> None:
    content = "單號,會員卡號,日期,商品編號,數量,單價\nA1,C1,2026/09/30,茶,1,120\n".encode("big5")
    given = upload(shop, "till.csv", content)
    look = shop.imports.look(given.import_id)
    assert look.encodings[0] == "big5hkscs"
    assert look.layout.encoding == "big5hkscs"
    assert look.rows[0].cells["商品編號"] == "茶"
    assert look.proposal.mapping.row == "order_line"


def test_a_preview_shows_each_problem_at_its_cell(shop: Shop) -> None:
    given = upload(shop, "till.csv", GOOD + b"A3,9003,,,soon,Daan,tea,1,dear\n")
    preview = shop.imports.preview(given.import_id, POS)
    assert [(len(unit.rows), unit.fate) for unit in preview.units] == [(2, "taken"), (1, "taken"), (1, "refused")]
    assert preview.units[0].events[0].identifiers == ["card:9001"]
    faults = preview.units[2].rows[0].faults
    assert [(fault.column, fault.code) for fault in faults] == [("at", "not_a_time"), ("price", "not_a_number")]


def test_a_file_is_let_go_after_its_days_and_its_report_stays(shop: Shop, clock: WoundClock) -> None:
    given = upload(shop, "till.csv", GOOD)
    shop.imports.check(given.import_id, POS)
    work(shop)
    clock.wind(timedelta(days=29))
    assert shop.imports.let_old_files_go() == 0
    clock.wind(timedelta(days=2))
    assert shop.imports.let_old_files_go() == 1
    assert shop.files.list("imports") == []
    left = shop.imports.find(given.import_id)
    assert (left.file_kept, left.report is not None, shop.imports.samples(given.import_id)) == (False, True, [])
    with pytest.raises(NotFoundError, match="Upload it again"):
        shop.imports.run(given.import_id, POS)


def test_a_removed_import_leaves_neither_file_nor_row(shop: Shop) -> None:
    given = upload(shop, "till.csv", GOOD)
    shop.imports.remove(given.import_id)
    assert shop.files.list("imports") == []
    assert shop.imports.newest().items == []
    with pytest.raises(NotFoundError):
        shop.imports.find(given.import_id)


def test_files_come_only_from_the_places_that_are_open(tmp_path: Path, clock: WoundClock) -> None:
    exports, secret = tmp_path / "exports", tmp_path / "secret.csv"
    exports.mkdir()
    (exports / "till.csv").write_bytes(GOOD)
    secret.write_bytes(GOOD)
    (exports / "link.csv").symlink_to(secret)
    with open_shop(tmp_path / "a", clock=clock) as shop, pytest.raises(ForbiddenError, match=r"imports\.places"):
        shop.imports.fetch(str(exports / "till.csv"))
    places = f"{exports}, s3://shop/exports"
    with open_shop(tmp_path / "b", clock=clock, flags={"imports.places": places}) as shop:
        assert shop.imports.fetch(str(exports / "till.csv")).size_bytes == len(GOOD)
        for place in (
            str(secret),
            f"{exports}/../secret.csv",
            f"{exports}/link.csv",
            "/etc/passwd",
            f"{exports}/\0/../../secret.csv",
            "\0",
            "s3://shop/exports/../other/x.csv",
            "s3://shop/exportsother/x.csv",
            "s3://shop/exports/%2e%2e/x.csv",
            "http://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
            "http://[::1",
            "s3://user@shop/exports/x.csv",
        ):
            with pytest.raises(ForbiddenError):
                shop.imports.fetch(place)
        with pytest.raises(NotFoundError):
            shop.imports.fetch(str(exports / "none.csv"))


# ---------------------------------------------------------------------- mappings


def test_a_mapping_is_kept_under_its_name_and_used_again(shop: Shop) -> None:
    shop.imports.save_mapping(" Our till ", POS)
    assert shop.imports.mapping("Our till") == POS
    shop.imports.save_mapping("Our till", RowMapping(row="call"))
    assert [one.name for one in shop.imports.mappings()] == ["Our till"]
    assert shop.imports.mapping("Our till").row == "call"
    shop.imports.remove_mapping("Our till")
    with pytest.raises(NotFoundError, match="Nearest: 'pos_lines'"):
        shop.imports.mapping("pos_line")


# ---------------------------------------------------------------------- forgetting


def test_a_forgotten_customer_goes_from_files_and_rejected_rows(shop: Shop) -> None:
    given = upload(
        shop,
        "till.csv",
        pos(
            "A1,9001,,,2026/09/30 18:05,Daan,tea,2,120",
            "A2,9002,secret@home.example,,2026/09/30 18:10,Daan,tea,1,120",
            "A2,9002,,,2026/09/30 18:10,Daan,cup,1,450",
            "A3,,,0912 345 678,2026/09/30 18:11,Daan,tea,1,120",
            "A4,9002,,,soon,Daan,cup,1,450",
            "A5,9001,,,soon,Daan,cup,1,450",
        ),
    )
    shop.imports.run(given.import_id, POS)
    work(shop)
    never_mapped = upload(shop, "list.csv", b"mail,note\nsecret@home.example,x\nbob@home.example,y\n")
    other = upload(shop, "list.jsonl", b'{"a": {"mail": "SECRET@home.example"}}\n{"a": 1}\n')
    parquet = upload(shop, "p.parquet", parquet_of({"mail": ["bob@home.example", "secret@home.example"], "n": [1, 2]}))
    report = shop.erase(shop.customer_named("email:secret@home.example"))
    assert report.rows["imported files"] == 7, "three rows and a rejected one, and one in each of the others"
    shop.erase(shop.customer_named("phone:+886912345678"))
    for one in (given, never_mapped, other, parquet):
        content = b"".join(shop.files.read(path) for path in shop.files.list("imports") if one.import_id in path)
        assert b"secret@" not in content.lower()
        assert b"9002" not in content
        assert b"0912" not in content
    again = upload(shop, "again.csv", shop.files.read(f"imports/history/{given.import_id}/file.csv"))
    shop.imports.check(again.import_id, POS)
    work(shop)
    checked = shop.imports.find(again.import_id).report
    assert checked is not None
    assert (checked.rows, checked.taken, checked.refused, checked.left_out) == (6, 1, 1, 4)


def parquet_of(columns: dict[str, list[object]]) -> bytes:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_whoever_is_forgotten_during_an_import_does_not_come_in_after_it(shop: Shop) -> None:
    rows = [f"R{number},{9000 + number % 2},,,2026/09/30 18:05,Daan,tea,1,10" for number in range(2_000)]
    given = upload(shop, "till.csv", pos(*rows))
    shop.imports.run(given.import_id, POS)
    erased: list[object] = []

    def told(done: int, total: int | None, note: str) -> None:  # noqa: ARG001 (only the first step matters)
        if done and not erased:
            shop.catch_up()
            erased.append(shop.erase(shop.customer_named("card:9001")))

    source = shop.events.create_source("Till", "import").source_id
    intake = Intake(database=shop.database, log=shop.log, clock=shop.clock, waits_for_worker=False)
    kept: list[bytes] = []

    def once() -> None:
        with shop.imports.open_file(shop.imports.row(given.import_id)) as file:
            whole = Given(file=file, format="csv", mapping=POS, source_id=source, import_id=given.import_id)
            tally = decode(kept[-1]) if kept else None
            intake.take_in(whole, told, tally=tally, checkpoint=lambda tally, _: kept.append(encode(tally)))

    with pytest.raises(UnavailableError, match="taken out of the file meanwhile"):
        once()
    once()
    shop.catch_up()
    assert erased
    assert shop.identity.find("card", "9001") is None
    assert events_of(shop, "card", "9000") == 1_000


# ---------------------------------------------------------------------- orders that came another way


def test_a_try_says_which_orders_came_through_another_source(shop: Shop) -> None:
    def bought(number: object, day: str, name: str = "Order Completed") -> dict[str, object]:
        at = f"2026-09-{day}T03:00:00Z"
        return {"type": "track", "event": name, "userId": "ann", "timestamp": at, "properties": {"order_id": number}}

    shop.events.append([bought("A1", "01"), bought(1002, "02"), bought("A3", "20"), bought("A4", "04", "Order Seen")])
    shop.catch_up()
    rows = [
        f"{number},c1,,,2026/09/0{day} 12:00,S1,sku,1,5" for day, number in enumerate(("A1", "1002", "A3", "A4"), 1)
    ]
    given = upload(shop, "till.csv", pos(*rows, rows[0].replace("sku", "other")))
    shop.imports.check(given.import_id, POS)
    work(shop)
    report = shop.imports.find(given.import_id).report
    assert report is not None
    assert report.events_total >= 4
    assert report.elsewhere == 2, "A3 happened weeks apart, A4 was only seen"
    shop.imports.run(given.import_id, POS)
    work(shop)
    again = upload(shop, "till-again.csv", pos(*rows))
    shop.imports.check(again.import_id, POS)
    work(shop)
    found = shop.imports.find(again.import_id).report
    assert found is not None
    assert (found.elsewhere, found.repeated) == (0, 4), "what the same file gave counts once anyway"
