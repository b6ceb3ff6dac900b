"""A file of items comes in: good rows, broken rows, odd encodings, huge files."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.catalog import Catalog
from regulars.catalog.imports import Format, ImportReport
from regulars.kernel.errors import InvalidError, NotFoundError
from regulars.kernel.ids import ItemId


def import_text(catalog: Catalog, text: str, *, format: Format = "csv", dry_run: bool = False) -> ImportReport:  # noqa: A002 (the service's own name)
    return catalog.import_file(io.BytesIO(text.encode()), format=format, dry_run=dry_run, kind="product")


def rejected(catalog: Catalog, report: ImportReport) -> bytes:
    _, file = catalog.open_rejected(report.import_id)
    with file:
        return file.read()


def test_columns_become_typed_attributes_and_known_names_become_parts_of_the_item(catalog: Catalog) -> None:
    report = import_text(
        catalog,
        "sku,Name,price,genres,released,organic,code,tags,in_stock\n"
        "p-1,茶,12.5,Tea|Green,2024-05-01,yes,007,new|gift,no\n"
        "p-2,Mug,8,,2023-01-02,no,012,,\n",
    )
    assert (report.rows, report.imported, report.rejected, report.rejected_file) == (2, 2, 0, None)
    tea = catalog.get(ItemId("p-1"))
    assert tea.kind == "product"
    assert tea.attributes == {
        "price": 12.5,
        "genres": ["Tea", "Green"],
        "released": "2024-05-01",
        "organic": True,
        "code": "007",
    }
    assert (tea.title, tea.tags, tea.available) == ("茶", ["new", "gift"], False)
    assert catalog.get(ItemId("p-2")).available
    assert {one.name: one.type for one in catalog.attributes()} == {
        "price": "number",
        "genres": "list",
        "released": "date",
        "organic": "boolean",
        "code": "text",
    }


def test_a_thousand_broken_rows_are_each_named_and_come_back_in_a_file_that_can_be_mended(catalog: Catalog) -> None:
    lines = ["item_id,title,price"]
    for number in range(2_000):
        faulty = ("", "T", "1"), (f"b-{number}", "", "1"), (f"b-{number}", "T", "cheap"), (f"b-{number}", "T", "NaN")
        lines.append(f"g-{number},Good,{number}")
        if number % 2:
            lines.append(",".join(faulty[number // 2 % 4]))
    # the broken prices are under one in twenty, so price stays a number
    lines += [f"more-{number},Good,5" for number in range(10_000)]
    report = import_text(catalog, "\n".join(lines))
    assert (report.rows, report.imported, report.rejected) == (13_000, 12_000, 1_000)
    assert len(report.problems) == report.problems_total == 1_000
    assert {(one.column, one.reason) for one in report.problems} == {
        ("item_id", "This may not be empty."),
        ("title", "This may not be empty."),
        ("price", "'cheap' is not a finite number such as 12.5."),
        ("price", "'NaN' is not a finite number such as 12.5."),
    }
    file = rejected(catalog, report).decode("utf-8-sig").splitlines()
    assert len(file) == 1_001
    assert file[0] == "item_id,title,price,_problem"
    named = {problem.row for problem in report.problems}
    assert lines[min(named) - 1] == file[1].rsplit(",", 1)[0], "row numbers are those of the file"


def test_the_mended_file_of_rejected_rows_goes_in_whole(catalog: Catalog) -> None:
    good = "".join(f"g-{number},Good,5\n" for number in range(40))
    first = import_text(catalog, f"item_id,title,price\n{good}x,X,dear\ny,Y,6,7\n")
    assert first.rejected == 2
    mended = rejected(catalog, first).replace(b"dear", b"9").replace(b"y,Y,6,7,", b"y,Y,6,")
    second = catalog.import_file(io.BytesIO(mended), format="csv")
    assert (second.imported, second.rejected) == (2, 0)
    assert catalog.get(ItemId("x")).attributes == {"price": 9}


def test_jsonl_lines_that_are_no_items_come_back_as_they_were_under_their_reasons(catalog: Catalog) -> None:
    text = (
        '{"id": 7, "title": "Good", "kind": "song", "attributes": {"bpm": 120}, "tags": ["x"]}\n'
        '{"id": "8", "title": "Not a number", "bpm": NaN}\n'
        "[1, 2]\n"
        '{"id": "9", "title": "Nested", "label": {"name": "x"}}\n'
        '{"id": "10", "title": "Half \\ud800"}\n'
    )
    report = import_text(catalog, text, format="jsonl")
    assert (report.imported, report.rejected) == (1, 4)
    assert catalog.get(ItemId("7")).attributes == {"bpm": 120}
    file = rejected(catalog, report).decode()
    assert file.startswith("# line 2: The line is not JSON")
    assert '{"id": "9", "title": "Nested", "label": {"name": "x"}}' in file
    again = catalog.import_file(io.BytesIO(file.encode()), format="jsonl", dry_run=True)
    assert (again.rows, again.rejected) == (4, 4), "comments are no rows"


def test_parquet_types_are_kept_and_what_cannot_be_kept_is_named(catalog: Catalog, tmp_path: Path) -> None:
    table = pa.table(
        {
            "item_id": [1, 2, 3],
            "title": ["A", "B", "C"],
            "price": [1.5, float("nan"), None],
            "genres": [["Folk"], [], None],
            "released": pa.array([0, 1, 2], pa.date32()),
            "cover": [b"\x00", None, None],
        }
    )
    pq.write_table(table, tmp_path / "items.parquet")
    report = catalog.import_file(tmp_path / "items.parquet", kind="song")
    assert {(one.row, one.column) for one in report.problems} == {(1, "cover"), (2, "price")}
    assert catalog.get(ItemId("3")).attributes == {"released": "1970-01-03"}
    assert b'"title":"B"' in rejected(catalog, report)


def test_a_dry_run_says_all_and_changes_nothing(catalog: Catalog) -> None:
    text = "id,title,n\n1,A,5\n1,B,6\n"
    dry = import_text(catalog, text, dry_run=True)
    assert (dry.imported, dry.rejected, dry.rejected_file) == (1, 1, None)
    assert dry.problems[0].reason == "'1' stands in row 2 already; an id may occur once in a file."
    assert list(catalog.all()) == []
    assert catalog.attributes() == []
    assert catalog.version() == 0
    real = import_text(catalog, text)
    assert (real.rows, real.imported, real.problems) == (dry.rows, dry.imported, dry.problems)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_with_its_mark_or_in_utf_8_is_read_without_being_told(catalog: Catalog, encoding: str) -> None:
    content = "item_id,title\n1,深夜咖啡\n".encode(encoding)
    assert catalog.import_file(io.BytesIO(content), format="csv").imported == 1
    assert catalog.get(ItemId("1")).title == "深夜咖啡"


@pytest.mark.parametrize(("encoding", "title"), [("big5", "深夜咖啡"), ("shift_jis", "夜の雨ソ")])
def test_another_encoding_is_refused_with_the_way_out_and_read_when_named(
    catalog: Catalog, encoding: str, title: str
) -> None:
    content = f"item_id,title\n1,{title}\n".encode(encoding)
    with pytest.raises(InvalidError, match=r"not utf-8: row 2 .* Save it as UTF-8, or say its encoding"):
        catalog.import_file(io.BytesIO(content), format="csv")
    assert list(catalog.all()) == []
    assert catalog.import_file(io.BytesIO(content), format="csv", encoding=encoding).imported == 1
    assert catalog.get(ItemId("1")).title == title


def test_one_row_with_broken_bytes_among_many_is_a_faulty_row_and_comes_back_byte_for_byte(catalog: Catalog) -> None:
    good = b"".join(b"%d,Good\n" % number for number in range(50))
    report = catalog.import_file(io.BytesIO(b"item_id,title\n" + good + b"x,\xa4\xe9\n"), format="csv")
    assert (report.imported, report.rejected) == (50, 1)
    assert b"x,\xa4\xe9,The row holds bytes that are not utf-8." in rejected(catalog, report)


@pytest.mark.parametrize(
    ("content", "format_", "sentence"),
    [
        (b"", "csv", "The file is empty"),
        (b"title,price\nA,1\n", "csv", "No column names the items"),
        (b"id,title,title\n1,A,B\n", "csv", "names 'title' more than once"),
        (b"PK\x03\x04", "parquet", "The file is not Parquet"),
        (b'{"id": "' + b"x" * 1_100_000, "jsonl", "over 1,000,000 characters"),
    ],
)
def test_a_file_that_is_no_table_of_items_is_refused_whole(
    catalog: Catalog, content: bytes, format_: Format, sentence: str
) -> None:
    with pytest.raises(InvalidError, match=sentence):
        catalog.import_file(io.BytesIO(content), format=format_)
    assert catalog.version() == 0


@pytest.mark.parametrize("encoding", ["klingon", "utf-8\0", "zlib", "idna", "undefined", ""])
def test_an_encoding_that_is_none_of_text_is_refused(catalog: Catalog, encoding: str) -> None:
    with pytest.raises(InvalidError, match="No encoding is named"):
        catalog.import_file(io.BytesIO(b"id,title\n1,A\n"), format="csv", encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32-le"])
def test_a_file_that_is_not_in_the_encoding_it_is_said_to_be_in_is_refused(catalog: Catalog, encoding: str) -> None:
    with pytest.raises(InvalidError, match=f"says it is {encoding} but breaks off being so at line 1"):
        catalog.import_file(io.BytesIO(b"id,title\n1,A\n"), format="csv", encoding=encoding)


def test_an_open_quote_costs_the_rows_it_swallows_and_no_more(catalog: Catalog) -> None:
    rows = [f"{number},Good" for number in range(30_000)]
    rows[10] = '10,"open'
    report = import_text(catalog, "item_id,title\n" + "\n".join(rows))
    assert report.rejected >= 1
    assert "quote" in report.problems[0].reason
    assert report.imported > 15_000


def test_semicolons_and_tabs_separate_cells_as_well_as_commas(catalog: Catalog) -> None:
    assert import_text(catalog, "id;title;price\n1;A;3\n").imported == 1
    assert import_text(catalog, "id\ttitle\n2\tA, or B\n").imported == 1
    assert catalog.get(ItemId("2")).title == "A, or B"


def test_a_declared_type_outweighs_what_a_file_shows(catalog: Catalog) -> None:
    import_text(catalog, "id,title,zip\n1,A,94110\n")
    assert catalog.get(ItemId("1")).attributes == {"zip": 94110}
    zip_code = next(one for one in catalog.attributes() if one.name == "zip")
    catalog.declare([type(zip_code)(name="zip", type="text")])
    import_text(catalog, "id,title,zip\n1,A,94110\n")
    assert catalog.get(ItemId("1")).attributes == {"zip": "94110"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_memory_stays_flat_however_long_the_file(catalog: Catalog, tmp_path: Path) -> None:
    def peak_bytes(rows: int) -> int:
        path = tmp_path / f"{rows}.csv"
        with path.open("w") as file:
            file.write("item_id,title,price\n")
            file.writelines(f"{number},An item with some words,{number}\n" for number in range(rows))
        tracemalloc.start()
        catalog.import_file(path, dry_run=True)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak_bytes(500)
    assert peak_bytes(9_000) < 1.2 * peak_bytes(3_000)


def test_reports_and_files_of_imports_are_found_by_their_id_alone(catalog: Catalog, tmp_path: Path) -> None:
    report = import_text(catalog, "id,title\n1,A\n")
    assert catalog.import_report(report.import_id) == report
    (tmp_path / "keys.json").write_text("{}")
    for wrong in ("../keys", "0" * 36, ""):
        with pytest.raises(NotFoundError):
            catalog.import_report(wrong)
    with pytest.raises(NotFoundError, match="Every row of this import went in"):
        catalog.open_rejected(report.import_id)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["csv", "jsonl", "parquet"]))
def test_any_bytes_at_all_end_in_a_report_or_a_sentence(catalog: Catalog, content: bytes, format_: Format) -> None:
    for body in (content, b"item_id,title,x\n" + content):
        try:
            report = catalog.import_file(io.BytesIO(body), format=format_, dry_run=True)
        except InvalidError as refused:
            assert str(refused).endswith((".", "…", "?"))  # noqa: PT017 (both endings are right answers)
        else:
            assert report.rows == report.imported + report.rejected
