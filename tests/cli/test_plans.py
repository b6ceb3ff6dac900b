"""`regulars plans`: infer, publish, carry to another shop, and check an app's calls in its own tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any  # Any: JSON

import pytest
from click.testing import CliRunner, Result

from regulars.app import open_shop
from regulars.cli.main import main, regulars


def run(*words: str) -> Result:
    return CliRunner().invoke(regulars, ["plans", *words], standalone_mode=False)


def shown(result: Result) -> Any:  # Any: JSON
    assert result.exception is None, result.exception
    return json.loads(result.stdout)


@pytest.fixture
def shop(tmp_path: Path) -> str:
    folder = tmp_path / "shop"
    with open_shop(folder) as opened:
        source = opened.events.create_source("App", "server")
        from regulars.events.record import AcceptedRequest, encode_entry

        calls = [
            {
                "type": "track",
                "event": "Song Played",
                "userId": "ann",
                "messageId": f"m{n}",
                "properties": {"asset_id": f"s{n}"},
            }
            for n in range(30)
        ]
        body = json.dumps({"batch": calls}).encode()
        entry = AcceptedRequest(source.source_id, opened.clock.now_us(), "", "", "batch", body)
        opened.log.append_many([encode_entry(entry)])
        opened.catch_up()
    return str(folder)


def test_a_plan_goes_from_traffic_to_a_file_to_the_tests_of_an_app(shop: str, tmp_path: Path) -> None:
    assert (
        shown(run("infer", shop, "--name", "Radio", "--save", "--json"))["draft"]["events"][0]["name"] == "Song Played"
    )
    assert run("publish", shop, "Radio", "--note", "First").stdout == "Version 1 of 'Radio' is in force.\n"
    (plan,) = shown(run("list", shop, "--json"))
    assert (plan["name"], plan["in_force"]) == ("Radio", 1)
    assert "Radio  1" in run("list", shop).stdout
    file = tmp_path / "plan.json"
    assert run("show", shop, "Radio", "--to", str(file)).stdout == f"Wrote 1 events to {file}.\n"
    calls = tmp_path / "calls.jsonl"
    calls.write_text('{"type": "track", "event": "Song Played", "userId": "ann", "properties": {"asset": "s1"}}\n')
    found = run("check", str(calls), "--plan", str(file))
    assert found.return_value == 1
    assert found.stdout == (
        "line 1: Song Played: /properties/asset_id must be there.\n0 of 1 events keep to 'Radio'.\n"
    )
    calls.write_text('{"type": "track", "event": "Song Plaid", "userId": "ann"}\n')
    assert run("check", str(calls), "--plan", str(file)).return_value == 0
    assert run("check", str(calls), "--plan", str(file), "--strict").return_value == 1
    assert shown(run("check", str(calls), "--ready", "music", "--json"))["unknown"] == 1


def test_a_file_becomes_a_draft_of_another_shop(shop: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(run("infer", shop).stdout)
    other = str(tmp_path / "other")
    assert run("import", other, str(file)).stdout == "'Inferred' is a draft with 1 events.\n"
    assert shown(run("show", other, "Inferred"))["events"][0]["name"] == "Song Played"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "SHOP", "Radjo"], "There is no plan 'Radjo'."),
        (["import", "SHOP", "FILE"], "is no plan file"),
        (["check", "FILE", "--ready", "musik"], "There is no ready plan 'musik'. Nearest: 'music'."),
        (["check", "FILE"], "Say by which plan"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    shop: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    file = tmp_path / "file.json"
    file.write_text("[]")
    places = {"SHOP": shop, "FILE": str(file)}
    monkeypatch.setattr("sys.argv", ["regulars", "plans", *(places.get(word, word) for word in words)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (1, 2)
    assert said in capsys.readouterr().err
