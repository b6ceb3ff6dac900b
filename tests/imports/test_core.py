"""How a row becomes calls: who, when, what; and what is asked instead of guessed."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any  # Any: cells and JSON

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.events.evidence import derived
from regulars.events.imports.core.calls import Unit, order_of, unit_of
from regulars.events.imports.core.mapping import Part, RowMapping, When, Who, checked
from regulars.events.imports.core.presets import PRESETS, fitting
from regulars.events.imports.core.proposing import Proposal, columns_of, propose
from regulars.events.imports.core.reading import RowReader
from regulars.events.imports.core.values import VALUE_TYPES, UnreadableValueError, types_of, value_of
from regulars.events.times import NAMED, PATTERNS, readings_of, time_reader
from regulars.kernel.clock import microseconds
from regulars.kernel.errors import InvalidError
from regulars.kernel.tables import Layout, Row

NOW_US = microseconds(datetime(2026, 10, 1, tzinfo=UTC))
ORDERS = RowMapping(
    row="order_line",
    order_id=["receipt"],
    who=[
        Who(kind="card", column="card"),
        Who(kind="email", column="email"),
        Who(kind="phone", column="phone", country="TW"),
    ],
    when=When(columns=["at"], format="YYYY/MM/DD HH:mm", zone="Asia/Taipei"),
    properties=[
        Part(column="sku", name="product_id", where="line"),
        Part(column="qty", name="quantity", type="whole", where="line"),
        Part(column="price", name="price", type="money", where="line"),
        Part(column="store", name="affiliation"),
    ],
    constants={"currency": "TWD"},
)


def row(number: int, **cells: Any) -> Row:
    return Row(number, cells, None, list(cells.values()))


def line(number: int, **more: Any) -> Row:
    given = {"receipt": "A1", "card": "9001", "email": "", "phone": "", "at": "2026/09/30 18:05", "store": "Daan"}
    return row(number, **{**given, "sku": "tea", "qty": "2", "price": "120", **more})


def order(*rows: Row, mapping: RowMapping = ORDERS) -> Unit:
    reader = RowReader(mapping, now_us=NOW_US)
    return order_of([reader.read(one) for one in rows], mapping)


def single(one: Row, mapping: RowMapping) -> Unit:
    return unit_of(RowReader(mapping, now_us=NOW_US).read(one), mapping)


# ---------------------------------------------------------------------- when


@pytest.mark.parametrize(
    ("pattern", "text", "meaning"),
    [
        ("iso", "2026-01-31 09:00:00 +0800", "2026-01-31T01:00:00Z"),
        ("DD/MM/YYYY HH:mm", "3/4/2026 9:05", "2026-04-03T09:05:00Z"),
        ("MM/DD/YYYY hh:mm A", "03/04/2026 12:05 am", "2026-03-04T00:05:00Z"),
        ("YYYY/MM/DD A hh:mm", "2026/03/04 下午 01:30", "2026-03-04T13:30:00Z"),
        ("YYYY年MM月DD日 HH:mm", "2026年3月4日 13:30", "2026-03-04T13:30:00Z"),
        ("RRR/MM/DD", "115/03/04", "2026-03-04T00:00:00Z"),
        ("YYYYMMDDHHmmss", "20260304133059", "2026-03-04T13:30:59Z"),
        ("MMM DD, YYYY", "March 4, 2026", "2026-03-04T00:00:00Z"),
        ("unix_s", 881250949, "1997-12-04T15:55:49Z"),
        ("excel_days", "46085.5", "2026-03-04T12:00:00Z"),
    ],
)
def test_a_time_is_read_as_its_format_says(pattern: str, text: Any, meaning: str) -> None:
    assert time_reader(pattern, "UTC")(text) == microseconds(datetime.fromisoformat(meaning))


def test_a_time_without_a_zone_is_in_the_zone_that_was_chosen() -> None:
    at_us = time_reader("YYYY/MM/DD HH:mm", "Asia/Taipei")("2026/03/04 08:00")
    assert at_us == microseconds(datetime(2026, 3, 4, 0, 0, tzinfo=UTC))


def test_a_date_that_means_two_days_is_asked_about_and_one_that_cannot_is_not() -> None:
    assert readings_of(["03/04/2026", "11/12/2026"]) == ["DD/MM/YYYY", "MM/DD/YYYY"]
    assert readings_of(["03/04/2026", "13/12/2026"]) == ["DD/MM/YYYY"]
    assert readings_of(["04/04/2026"]) == ["DD/MM/YYYY"], "the fourth of April either way"


@given(st.integers(788_918_400, 3_124_137_600), st.sampled_from(PATTERNS))  # 1995 to 2068
def test_every_format_reads_what_it_says_itself(at_s: int, pattern: str) -> None:
    when = datetime.fromtimestamp(at_s, UTC)
    words = {
        "YYYY": f"{when:%Y}", "RRR": str(when.year - 1911), "YY": f"{when:%y}", "MMM": f"{when:%b}", "MM": f"{when:%m}",
        "DD": f"{when:%d}", "HH": f"{when:%H}", "hh": f"{when:%I}", "mm": f"{when:%M}", "ss": f"{when:%S}",
        "A": f"{when:%p}", "Z": "Z",
    }  # fmt: skip
    text = pattern
    for token in sorted(words, key=len, reverse=True):
        text = text.replace(token, "\x00".join(words[token]) if token == "MMM" else words[token])
    text = text.replace("\x00", "") if "MMM" not in pattern else _named_month(pattern, words)
    read = datetime.fromtimestamp(time_reader(pattern, "UTC")(text) / 1e6, UTC)
    assert read.date() == when.date()
    if "mm" in pattern:
        assert (read.hour, read.minute) == (when.hour, when.minute)


def _named_month(pattern: str, words: dict[str, str]) -> str:
    before, _, after = pattern.partition("MMM")
    for token in sorted(set(words) - {"MMM", "A"}, key=len, reverse=True):
        before, after = before.replace(token, words[token]), after.replace(token, words[token])
    return before + words["MMM"] + after.replace("A", words["A"])


@given(st.text(max_size=40), st.sampled_from((*PATTERNS, *NAMED)))
def test_no_text_breaks_the_reading_of_a_time(text: str, pattern: str) -> None:
    with contextlib.suppress(ValueError, OverflowError):
        time_reader(pattern, "Europe/London")(text)


# ---------------------------------------------------------------------- what


@pytest.mark.parametrize(
    ("cell", "decimal", "value"),
    [
        ("NT$1,290", ".", 1290), ("1.290,50 €", ",", 1290.5), ("(12.00)", ".", -12), ("12-", ".", -12),
        ("１２０円", ".", 120), ("−3", ".", -3), (2.549999952316284, ".", 2.55), (True, ".", None), ("1,29", ".", None),
        ("abc", ".", None), ("", ".", None),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_tills_and_people_write_it(cell: Any, decimal: Any, value: Any) -> None:
    if value is None and cell != "":
        with pytest.raises(UnreadableValueError):
            value_of(cell, "money", decimal=decimal)
    else:
        assert value_of(cell, "money", decimal=decimal) == value


def test_a_thousand_or_one_and_a_bit_is_asked_about() -> None:
    assert types_of(["1,234", "5,000"]) == ("money", None)
    assert types_of(["1,234", "5,000.25"]) == ("money", ".")
    assert types_of(["00042"]) == ("text", "."), "a number that begins with 0 is a code"


@given(st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.booleans(), st.none()))
def test_no_cell_breaks_the_reading_of_a_value(cell: Any) -> None:
    for kind in VALUE_TYPES:
        with contextlib.suppress(UnreadableValueError):
            value_of(cell, kind)


# ---------------------------------------------------------------------- orders


def test_the_lines_of_a_receipt_become_one_order() -> None:
    unit = order(line(2), line(3, sku="cup", qty="1", price="450"))
    (call,) = unit.calls
    assert (call["event"], call["timestamp"]) == ("Order Completed", "2026-09-30T10:05:00Z")
    assert call["properties"] == {
        "order_id": "A1",
        "currency": "TWD",
        "affiliation": "Daan",
        "products": [
            {"product_id": "tea", "quantity": 2, "price": 120},
            {"product_id": "cup", "quantity": 1, "price": 450},
        ],
        "total": 690,
    }
    assert call["context"] == {
        "externalIds": [{"id": "9001", "type": "card", "collection": "users", "encoding": "none"}]
    }
    assert call["anonymousId"] == derived("known", "card", "9001")


def test_a_line_below_zero_is_a_return_with_its_amounts_above_zero() -> None:
    sold, returned = order(line(2), line(3, qty="-1", price="450")).calls
    assert (sold["event"], sold["properties"]["total"]) == ("Order Completed", 240)
    assert (returned["event"], returned["properties"]["total"]) == ("Order Refunded", 450)
    assert returned["properties"]["products"][0]["quantity"] == 1
    assert sold["messageId"] != returned["messageId"]


def test_one_line_at_fault_keeps_its_order_out_and_each_row_says_why() -> None:
    unit = order(line(2), line(3, price="dear"))
    assert (unit.fate, unit.calls) == ("refused", [])
    assert {(row.number, fault.code) for row, fault in unit.faults} == {(2, "other_line"), (3, "not_a_number")}


def test_what_only_the_first_line_says_holds_for_the_order() -> None:
    unit = order(line(2), line(3, at="", card="", store="", sku="cup"))
    assert unit.fate == "taken"
    assert len(unit.calls[0]["properties"]["products"]) == 2


def test_lines_that_name_two_customers_are_refused() -> None:
    unit = order(line(2), line(3, card="9002"))
    assert {fault.code for _, fault in unit.faults} == {"two_customers"}


def test_an_order_keeps_its_message_id_whatever_else_its_file_says() -> None:
    one, other = order(line(2)).calls[0], order(line(7, store="Xinyi", price="130")).calls[0]
    assert one["messageId"] == other["messageId"]


# ---------------------------------------------------------------------- who


def test_an_email_address_joins_by_an_identify_and_a_card_by_external_ids() -> None:
    identify, bought = order(line(2, card="", email="Ann@Example.org")).calls
    assert (identify["type"], identify["traits"]) == ("identify", {"email": "ann@example.org"})
    assert identify["anonymousId"] == bought["anonymousId"] == derived("known", "email", "ann@example.org")


def test_a_phone_is_written_one_way_and_one_that_cannot_be_dialled_is_left_out() -> None:
    identify, bought = order(line(2, phone="0912-345-678")).calls
    kinds = [(one["type"], one["id"]) for one in bought["context"]["externalIds"]]
    assert kinds == [("card", "9001"), ("phone", "+886912345678")]
    assert identify["traits"] == {"phone": "+886912345678"}
    unit = order(line(2, phone="12"))
    assert (unit.fate, [fault.code for _, fault in unit.faults]) == ("taken", ["not_a_phone"])


def test_a_phone_that_a_family_shares_joins_none_of_them() -> None:
    reader = RowReader(ORDERS, now_us=NOW_US, is_shared=lambda *key: key == ("phone", "+886912345678"))
    with_card = reader.read(line(2, phone="0912345678"))
    assert with_card.person.identifiers() == [("card", "9001")]
    alone = reader.read(line(3, card="", phone="0912345678"))
    assert [fault.code for fault in alone.faults] == ["shared_phone"]
    assert [kind for kind, _ in alone.person.identifiers()] == ["anonymous_id"], "a customer of its own"


def test_a_sale_without_a_name_is_left_out_or_counted_alone_as_was_chosen() -> None:
    nobody = line(2, card="")
    assert order(nobody).fate == "left_out"
    alone = order(nobody, mapping=RowMapping(**{**_fields(ORDERS), "nobody": "each_alone"}))
    assert alone.calls[0]["anonymousId"].startswith("known-")
    refused = order(nobody, mapping=RowMapping(**{**_fields(ORDERS), "nobody": "refuse"}))
    assert refused.fate == "refused"


def _fields(mapping: RowMapping) -> dict[str, Any]:
    return {name: getattr(mapping, name) for name in mapping.__struct_fields__}


# ---------------------------------------------------------------------- other rows


def test_a_rating_is_an_event_named_once_for_all_rows() -> None:
    preset = next(preset for preset in PRESETS if preset.name == "movielens_ratings")
    unit = single(row(2, userId="7", movieId="50", rating="4.5", timestamp="881250949"), preset.mapping)
    (call,) = unit.calls
    assert (call["event"], call["userId"], call["properties"]) == (
        "Title Rated",
        "7",
        {"asset_id": "50", "rating": 4.5},
    )


def test_names_in_a_column_are_put_in_the_shops_words() -> None:
    mapping = RowMapping(
        row="event",
        event_column="what",
        event_names={"PLAY": "Song Played"},
        who=[Who(kind="user_id", column="who")],
        when=When(columns=["at"], format="iso"),
        message_id="id",
    )
    played, other = (
        single(row(2, what=what, who="ann", at="2026-01-01", id=f"m{what}"), mapping) for what in ("PLAY", "Song Liked")
    )
    assert [unit.calls[0]["event"] for unit in (played, other)] == ["Song Played", "Song Liked"]
    assert played.calls[0]["messageId"] == "mPLAY"


def test_the_same_row_has_the_same_message_id_and_another_row_another() -> None:
    mapping = RowMapping(
        row="event",
        event="Song Played",
        who=[Who(kind="user_id", column="who")],
        when=When(columns=["at"], format="iso"),
        properties=[Part(column="song", name="asset_id")],
    )
    ids = [
        single(row(number, who="ann", at="2026-01-01", song=song), mapping).calls[0]["messageId"]
        for number, song in ((2, "s1"), (9, "s1"), (3, "s2"))
    ]
    assert ids[0] == ids[1] != ids[2]


def test_a_moment_in_the_future_and_one_that_is_none_are_refused() -> None:
    mapping = RowMapping(
        row="event",
        event="Seen",
        who=[Who(kind="user_id", column="who")],
        when=When(columns=["at"], format="DD/MM/YYYY"),
    )
    codes = [
        [fault.code for _, fault in single(row(2, who="ann", at=at), mapping).faults]
        for at in ("01/12/2026", "31/02/2026", "", "30/09/2026")
    ]
    assert codes == [["future_time"], ["not_a_time"], ["no_time"], []]


def test_rows_of_customers_introduce_them() -> None:
    mapping = RowMapping(
        row="customer",
        who=[Who(kind="user_id", column="id"), Who(kind="email", column="mail"), Who(kind="card", column="card")],
        properties=[Part(column="name", name="name", where="customer")],
    )
    (call,) = single(row(2, id="ann", mail="ann@example.org", card="9001", name="Ann"), mapping).calls
    assert call["traits"] == {"name": "Ann", "email": "ann@example.org"}
    assert call["userId"] == "ann"
    assert "timestamp" not in call


def test_what_a_mapping_lacks_is_said_all_at_once() -> None:
    with pytest.raises(InvalidError) as caught:
        checked(RowMapping(row="order_line", when=When(columns=["at"], format="")), ["when", "qty"])
    assert len(caught.value.problems) == 4
    assert "day before month" in caught.value.problems[1]
    assert caught.value.problems[3] == "The file has no column 'at'."


def test_a_column_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(InvalidError, match="Nearest: 'receipt'"):
        checked(RowMapping(**{**_fields(ORDERS), "order_id": ["reciept"]}), ["receipt", *ORDERS.columns()])


# ---------------------------------------------------------------------- proposals


def proposed(*rows: dict[str, Any], **whereabouts: str) -> Proposal:
    return propose(columns_of(rows, list(rows[0])), layout=Layout(), rows=rows, **whereabouts)


def test_a_till_of_taipei_is_understood_by_its_columns() -> None:
    proposal = proposed(
        {"門市": "大安", "單號": "A1", "交易時間": "2026/09/30 18:05", "會員卡號": "C9001", "手機": "0912-345-678",
         "商品編號": "T1", "品名": "高山茶", "數量": "2", "單價": "120", "小計": "240"},
        {"門市": "大安", "單號": "A2", "交易時間": "2026/09/30 18:25", "會員卡號": "", "手機": "", "商品編號": "T2",
         "品名": "杯", "數量": "-1", "單價": "450", "小計": "-450"},
        country="TW", zone="Asia/Taipei",
    )  # fmt: skip
    mapping = proposal.mapping
    assert (mapping.row, mapping.order_id, proposal.questions) == ("order_line", ["單號"], [])
    assert [(one.kind, one.column) for one in mapping.who] == [("card", "會員卡號"), ("phone", "手機")]
    assert mapping.when == When(columns=["交易時間"], format="YYYY/MM/DD HH:mm", zone="Asia/Taipei")
    names = {part.column: (part.name, part.where) for part in mapping.properties}
    assert names["數量"] == ("quantity", "line")
    assert names["門市"] == ("affiliation", "event")


def test_a_till_of_osaka_is_understood_by_its_columns() -> None:
    proposal = proposed(
        {"店舗": "梅田", "レシート番号": "55", "取引日": "2026/09/30", "取引時刻": "18:05", "会員番号": "M1",
         "商品コード": "49", "商品名": "お茶", "数量": "1", "単価": "¥158"},
        country="JP", zone="Asia/Tokyo",
    )  # fmt: skip
    assert proposal.mapping.row == "order_line"
    assert proposal.mapping.when == When(columns=["取引日", "取引時刻"], format="YYYY/MM/DD HH:mm", zone="Asia/Tokyo")


def test_what_the_file_does_not_tell_is_asked() -> None:
    proposal = proposed(
        {"order id": "1", "date": "03/04/2026", "phone": "0912345678", "sku": "a", "qty": "1", "price": "1,250"}
    )
    asked = {(one.about, one.column) for one in proposal.questions}
    assert asked == {("time_format", "date"), ("country", "phone"), ("decimal_mark", "price")}
    assert proposal.mapping.when is not None
    assert proposal.mapping.when.format == ""


def test_a_few_odd_cells_do_not_hide_what_a_column_is() -> None:
    rows = [{"order id": "1", "date": "2026/01/31", "sku": "a", "qty": "1", "price": "12.50"}] * 40
    odd = [{**rows[0], "price": "free", "date": "soon"}]
    mapping = proposed(*rows, *odd).mapping
    assert {part.name: part.type for part in mapping.properties}["price"] == "money"
    assert mapping.when is not None
    assert mapping.when.format == "YYYY/MM/DD"


def receipts(*days_of_numbers: tuple[str, str], **more: str) -> list[dict[str, Any]]:
    return [{"receipt": number, "date": day, "sku": "a", "qty": "1", **more} for day, number in days_of_numbers]


def test_numbers_that_begin_anew_each_day_have_the_day_before_them() -> None:
    numbers = ["1", "2", "3", "4"]
    days = ["2026/03/14", "2026/03/15"]
    anew = [(day, number) for day in days for number in numbers]
    assert proposed(*receipts(*anew)).mapping.order_id == ["date", "receipt"]
    assert proposed(*receipts(*anew, time="18:05")).mapping.order_id == ["date", "receipt"]
    iso = [(day.replace("/", "-"), number) for day, number in anew]
    assert proposed(*receipts(*iso)).mapping.order_id == ["date", "receipt"]
    onward = [(days[0], number) for number in numbers] + [(days[1], f"1{number}") for number in numbers]
    returned = [(days[1], "1"), (days[1], "2"), (days[1], "3")]
    assert proposed(*receipts(*onward, *returned)).mapping.order_id == ["receipt"], "some came back on another day"
    times = [(f"{day} 18:05", number) for day, number in anew]
    assert proposed(*receipts(*times)).mapping.order_id == ["receipt"], "a moment is no day"
    seconds = [("1773446400" if day == days[0] else "1773532800", number) for day, number in anew]
    assert proposed(*receipts(*seconds)).mapping.order_id == ["receipt"]


def test_a_date_that_is_none_does_not_hide_how_the_others_are_written() -> None:
    rows = [{"單號": "1", "日期": "2026/03/01", "時間": "18:05", "商品編號": "a", "數量": "1"}] * 40
    odd = [{**rows[0], "日期": "2026/13/45"}]
    assert proposed(*rows, *odd).mapping.when == When(columns=["日期", "時間"], format="YYYY/MM/DD HH:mm")
    (day,) = columns_of([*odd, *rows], ["日期"])
    assert [reading.examples for reading in day.times] == [["2026-03-01T00:00:00+00:00"]]
    doubtful = [{"at": "03/04/2026", "user": "ann"}] * 40 + [{"at": "soon, 2026", "user": "ann"}]
    assert [one.options for one in proposed(*doubtful).questions if one.about == "time_format"] == [
        ["DD/MM/YYYY", "MM/DD/YYYY"]
    ], "two readings are asked about, not guessed"


def test_every_preset_can_be_used_on_a_file_with_its_columns() -> None:
    for preset in PRESETS:
        columns = list(dict.fromkeys([*preset.mapping.columns(), *preset.needs]))
        assert preset.name in [each.name for each in fitting(columns)]
        checked(preset.mapping, columns)


def test_calls_of_jsonl_are_found_by_their_nested_columns() -> None:
    columns = columns_of([{"who": {"email": "a@b.co"}, "lines": [{"id": 1}], "at": "2026-01-01T00:00:00Z"}], None)
    assert [(one.name, one.type) for one in columns] == [("who.email", "text"), ("lines", "json"), ("at", "text")]
