"""What is typed, what is answered."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from regulars.cli.main import VERBS, regulars, say_error
from regulars.kernel.errors import InvalidError, NotFoundError

HEAVY = (
    "numpy",
    "scipy",
    "sqlalchemy",
    "litestar",
    "uvicorn",
    "duckdb",
    "ibis",
    "pyarrow",
    "pandas",
    "rich",
    "msgspec",
)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "regulars", *words], capture_output=True, text=True, check=False)


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom regulars.cli.main import regulars\n"
        "try:\n    regulars(['--help'], standalone_mode=True)\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "[]"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_and_answers_programs_in_json(verb: str) -> None:
    command = regulars.get_command(click.Context(regulars), verb)
    under = [(verb, name) for name in command.commands] if isinstance(command, click.Group) else [(verb,)]
    for words in under:
        result = CliRunner().invoke(regulars, [*words, "--help"])
        assert result.exit_code == 0, result.output
        assert "--json" in result.output, words


def test_a_mistyped_verb_is_answered_with_the_nearest() -> None:
    answer = run("serv")
    assert answer.returncode == 2
    assert "There is no verb 'serv'. Nearest: 'serve'." in answer.stderr


def test_a_program_that_mistypes_is_answered_in_json() -> None:
    answer = run("evaluate", "recommend", "--json")
    assert answer.returncode == 2
    error = json.loads(answer.stderr)["error"]
    assert (error["kind"], error["detail"]) == ("usage", "Missing option '--interactions'.")


def test_a_mistyped_option_is_answered_with_the_nearest() -> None:
    answer = run("serve", "--prot", "80")
    assert answer.returncode == 2
    assert "--port" in answer.stderr


def test_an_error_is_sentences_for_people_and_an_object_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    error = InvalidError("Two rows are wrong.", problems=["Row 1 has no id.", "Row 2 has no id."])
    say_error(error, as_json=False)
    assert capsys.readouterr().err.count("\n") == 3
    say_error(error, as_json=True)
    said = json.loads(capsys.readouterr().err)["error"]
    assert said["kind"] == "invalid"
    assert len(said["problems"]) == 2
    say_error(NotFoundError("No such customer."), as_json=False)
    assert "No such customer." in capsys.readouterr().err


def test_a_setting_nobody_knows_is_refused_with_the_nearest(tmp_path: Path) -> None:
    answer = run("work", str(tmp_path / "shop"), "--once", "--set", "serve.prot=1")
    assert answer.returncode == 1
    assert "port" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_file_where_a_folder_should_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("not a folder")
    answer = run("work", str(tmp_path / "shop"), "--once")
    assert answer.returncode == 1
    assert "is a file" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("train",),
        ("replay",),
        ("rebuild",),
        ("plans", "list"),
        ("backup", "{shop}", "{elsewhere}"),
        ("export", "--customer", "user_id:ann", "--to", "ann.zip"),
        ("erase", "--customer", "user_id:ann", "--yes"),
    ],
    ids=lambda words: words[0],
)
def test_a_mistyped_folder_is_said_and_no_empty_shop_is_made_for_it(words: tuple[str, ...], tmp_path: Path) -> None:
    shop = tmp_path / "shpo"
    said = words if "{shop}" in words else (*words, str(shop))
    filled = [word.format(shop=shop, elsewhere=tmp_path / "backups") for word in said]
    result = CliRunner().invoke(regulars, filled)
    assert isinstance(result.exception, NotFoundError), result.output
    assert str(result.exception).startswith(f"There is no shop in {str(shop)!r}: the folder does not exist.")
    assert not any(tmp_path.iterdir())


def test_an_evaluation_is_one_json_object_for_programs_and_a_table_for_people(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    rows = [f"u{user},s{(user * 7 + step * step) % 40}" for step in range(8) for user in range(60)]
    path.write_text("listener,song\n" + "\n".join(rows) + "\n", encoding="utf-8")
    words = ["evaluate", "recommend", "--interactions", str(path), "--user", "listener", "--item", "song"]
    said = json.loads(run(*words, "--protocol", "last-item", "--json").stdout)
    assert said["interactions"] > 0
    assert {model["model"] for model in said["models"]} >= {"blend", "popular"}
    assert all(0 <= figure["value"] <= 1 for model in said["models"] for figure in model["figures"].values())
    assert "± " in run(*words, "--protocol", "last-item").stdout


def test_a_mistyped_column_is_answered_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("listener,song\nu1,s1\n", encoding="utf-8")
    answer = run("evaluate", "recommend", "--interactions", str(path), "--user", "listner", "--item", "song")
    assert answer.returncode == 1
    assert "listener" in answer.stderr
    assert "Traceback" not in answer.stderr
