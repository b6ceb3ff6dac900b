"""Evaluating a log without code: what is found in it, and what is refused with a sentence."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any  # Any: cells of any type

import numpy as np
import pytest

from regulars.kernel.errors import InvalidError
from regulars.recommend.evaluation import EvaluationOptions, EvaluationReport, evaluate_file

DATA = Path(os.environ.get("REGULARS_DATA_DIR", Path(__file__).resolve().parents[3] / "shared" / "data"))


def chains(*, customers: int = 120, seed: int = 0) -> list[dict[str, Any]]:  # Any: cells of any type
    """Return a log where everybody walks a ring of 30 items from anywhere, with a stray step now and then."""
    chance = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        item = int(chance.integers(30))
        for step in range(int(chance.integers(6, 14))):
            moment = f"2026-01-{customer % 28 + 1:02}T10:{step:02}:00Z"
            rows.append({"who": f"u{customer}", "what": f"i{item}", "when": moment, "visit": f"s{customer}"})
            item = (item + 1) % 30 if chance.random() < 0.9 else int(chance.integers(30))
    return rows


def written(folder: Path, rows: list[dict[str, Any]], name: str = "log.csv") -> Path:  # Any: as above
    """Return a file of rows."""
    path = folder / name
    if name.endswith(".jsonl"):
        path.write_text("\n".join(json.dumps(row) for row in rows))
    elif name.endswith(".parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return path


def value(report: EvaluationReport, model: str, figure: str) -> float:
    """Return one figure of one model."""
    return next(one.figures[figure].value for one in report.models if one.model == model)


@pytest.mark.parametrize("name", ["log.csv", "log.jsonl", "log.parquet"])
def test_the_order_in_a_log_is_found_whatever_its_format(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, chains(), name)
    report = evaluate_file(EvaluationOptions(interactions=path, user="who", item="what", time="when"))
    assert report.protocol == "last-item"
    assert value(report, "blend", "HR@10") > 0.8
    assert value(report, "blend", "NDCG@10") > 3 * value(report, "popular", "NDCG@10")
    assert [one.model for one in report.models if one.is_baseline] == ["item-kNN", "popular"]
    assert "Highest HR@10" in report.summary
    assert {"model", "HR@10", "NDCG@10"} <= set(report.rows()[0])


def test_time_decides_and_not_the_order_of_the_file(tmp_path: Path) -> None:
    rows = chains()
    shuffled = [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]
    one = evaluate_file(
        EvaluationOptions(interactions=written(tmp_path, rows, "a.csv"), user="who", item="what", time="when")
    )
    other = evaluate_file(
        EvaluationOptions(interactions=written(tmp_path, shuffled, "b.csv"), user="who", item="what", time="when")
    )
    assert value(one, "transitions", "HR@10") == pytest.approx(value(other, "transitions", "HR@10"))


def test_without_a_time_the_report_says_that_the_order_of_the_file_was_taken(tmp_path: Path) -> None:
    report = evaluate_file(EvaluationOptions(interactions=written(tmp_path, chains()), user="who", item="what"))
    assert any("order of the file" in note for note in report.notes)


def test_held_out_customers_are_understood_by_their_likes(tmp_path: Path) -> None:
    chance = np.random.default_rng(2)
    rows = [
        {"who": customer, "what": int(item) + 20 * (customer % 2)}
        for customer in range(200)
        for item in chance.choice(20, size=8, replace=False)
    ]
    report = evaluate_file(
        EvaluationOptions(interactions=written(tmp_path, rows), user="who", item="what", protocol="strong")
    )
    assert value(report, "EASE", "Recall@20") > 0.95
    assert value(report, "EASE", "NDCG@100") > value(report, "popular", "NDCG@100")
    assert report.questions == 20


def test_the_same_seed_gives_the_same_report(tmp_path: Path) -> None:
    path = written(tmp_path, chains())
    asked = EvaluationOptions(interactions=path, user="who", item="what", protocol="strong", seed=3)
    first, again = evaluate_file(asked), evaluate_file(asked)
    assert [one.figures for one in first.models] == [one.figures for one in again.models]


def test_sessions_are_chosen_when_a_session_column_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, chains())
    report = evaluate_file(EvaluationOptions(interactions=path, user="who", item="what", time="when", session="visit"))
    assert report.protocol == "sessions"
    assert value(report, "sessions", "HR@20") > value(report, "popular", "HR@20")


def refusal(options: EvaluationOptions) -> str:
    """Return the sentence that an evaluation is refused with."""
    with pytest.raises(InvalidError) as refused:
        evaluate_file(options)
    return str(refused.value)


def test_a_column_that_is_not_there_is_answered_with_the_nearest(tmp_path: Path) -> None:
    path = written(tmp_path, chains())
    said = refusal(EvaluationOptions(interactions=path, user="whom", item="wat", time="when"))
    assert "--user: the file has no column 'whom'. Nearest: 'who'." in said
    assert "--item: the file has no column 'wat'. Nearest: 'what'." in said
    assert "Its columns are who, what, when, visit." in said


def test_a_file_that_is_not_there_or_of_no_known_kind_is_named(tmp_path: Path) -> None:
    assert "There is no file" in refusal(EvaluationOptions(interactions=tmp_path / "no.csv", user="a", item="b"))
    strange = tmp_path / "log.docx"
    strange.write_text("x")
    assert ".docx" in refusal(EvaluationOptions(interactions=strange, user="a", item="b"))


def test_an_empty_file_and_too_few_customers_are_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("who,what\n")
    assert "no rows" in refusal(EvaluationOptions(interactions=empty, user="who", item="what"))
    few = written(tmp_path, chains(customers=5))
    assert "at least 20 customers" in refusal(EvaluationOptions(interactions=few, user="who", item="what"))


def test_the_protocol_sessions_needs_a_session_column(tmp_path: Path) -> None:
    path = written(tmp_path, chains())
    said = refusal(EvaluationOptions(interactions=path, user="who", item="what", protocol="sessions"))
    assert "--session" in said


def test_a_few_faulty_rows_are_left_out_and_counted_and_many_are_refused(tmp_path: Path) -> None:
    rows = chains()
    rows[3]["what"] = ""
    rows[7]["when"] = "yesterday"
    report = evaluate_file(
        EvaluationOptions(interactions=written(tmp_path, rows), user="who", item="what", time="when")
    )
    assert any(note.startswith("2 rows were left out. Row 5: 'what' is empty") for note in report.notes)
    for row in rows[: len(rows) // 2]:
        row["when"] = "soon"
    said = refusal(EvaluationOptions(interactions=written(tmp_path, rows), user="who", item="what", time="when"))
    assert "rows cannot be used" in said
    assert "'soon'" in said


def test_moments_may_be_numbers_dates_or_iso(tmp_path: Path) -> None:
    for form in ("{seconds}", "{seconds}.5", "2026-01-01 10:{minutes:02}"):
        rows = [
            {
                "who": f"u{customer}",
                "what": f"i{(customer + place) % 15}",
                "when": form.format(seconds=60 * place, minutes=place),
            }
            for customer in range(40)
            for place in range(6)
        ]
        path = written(tmp_path, rows)
        report = evaluate_file(EvaluationOptions(interactions=path, user="who", item="what", time="when"))
        assert value(report, "transitions", "HR@10") > 0.9


@pytest.mark.slow
def test_the_gates_hold_on_movielens() -> None:
    folder = DATA / "ml-1m"
    if not (folder / "ml1m_seq.txt").is_file():
        pytest.skip(f"{folder} holds no ml1m_seq.txt; set REGULARS_DATA_DIR")
    import importlib.util

    bench = Path(__file__).resolve().parents[2] / "bench" / "quality_movielens.py"
    spec = importlib.util.spec_from_file_location("quality_movielens", bench)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.measure_last_item(*module.load(folder)) == 0
