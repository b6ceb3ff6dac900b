"""Settings come from four places, the later wins; what nobody knows is refused with the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from regulars.kernel.errors import SettingsError
from regulars.kernel.settings import SECTIONS, Settings, describe_settings, load_settings


def write(folder: Path, body: str) -> None:
    (folder / "regulars.toml").write_text(body, encoding="utf-8")


def test_without_anything_said_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings(tmp_path, environment={}) == Settings()
    assert load_settings(tmp_path / "missing", environment={}) == Settings()


def test_the_later_place_wins(tmp_path: Path) -> None:
    write(tmp_path, '[serve]\nport = 1\nhost = "0.0.0.0"\n[lake]\nflush_s = 7\n')
    environment = {"REGULARS_SERVE_PORT": "2", "REGULARS_LAKE_FLUSH_EVENTS": "9", "HOME": "/root"}
    settings = load_settings(tmp_path, {"serve.port": "3"}, environment=environment)
    assert (settings.serve.port, settings.serve.host) == (3, "0.0.0.0")  # noqa: S104 (a value, nobody listens)
    assert (settings.lake.flush_s, settings.lake.flush_events) == (7, 9)
    assert load_settings(tmp_path, environment=environment).serve.port == 2
    assert load_settings(tmp_path, environment={}).serve.port == 1


def test_all_problems_are_told_together_with_the_nearest_names(tmp_path: Path) -> None:
    write(tmp_path, 'port = 1\n[serve]\nprot = 1\nport = "8700"\n[lkae]\nflush_s = 1\n[lake]\nflush_s = 0\n')
    with pytest.raises(SettingsError) as refused:
        load_settings(tmp_path, {"events.dedup_days": "1"}, environment={"REGULARS_SERVE_PORT": "many"})
    problems = "\n".join(refused.value.problems)
    for sentence in (
        "'port' stands outside a section",
        "no setting is named 'serve.prot'. Nearest: 'serve.port'.",
        "no setting is named 'lkae.flush_s'. Nearest: 'lake.flush_s'.",
        "flags: no setting is named 'events.dedup_days'. Nearest: 'events.dedupe_days'.",
        "REGULARS_SERVE_PORT: serve.port cannot be 'many'; it must be a whole number from 0 to 65535.",
        "lake.flush_s cannot be 0; it must be a whole number of at least 1.",
    ):
        assert sentence in problems
    assert str(refused.value).startswith("The settings cannot be used: ")


def test_a_file_that_is_no_toml_is_told_so(tmp_path: Path) -> None:
    write(tmp_path, "[serve\nport = ")
    with pytest.raises(SettingsError, match="is no TOML"):
        load_settings(tmp_path, environment={})
    (tmp_path / "regulars.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is no TOML"):
        load_settings(tmp_path, environment={})


def test_a_text_from_the_environment_becomes_what_the_setting_is(tmp_path: Path) -> None:
    settings = load_settings(
        tmp_path, environment={"REGULARS_PROFILES_AFFINITY_HALF_LIFE_DAYS": "7.5", "REGULARS_SERVE_PORT": "0"}
    )
    assert (settings.profiles.affinity_half_life_days, settings.serve.port) == (7.5, 0)


def test_every_setting_is_described_with_who_said_it_and_secrets_are_not_shown(tmp_path: Path) -> None:
    write(tmp_path, "[serve]\nport = 9000\n")
    url = "postgresql://shop:password@db/shop"
    described = describe_settings(tmp_path, {"lake.flush_s": "5"}, environment={"REGULARS_STATE_URL": url})
    by_name = {f"{setting.section}.{setting.name}": setting for setting in described}
    assert len(by_name) == sum(len(shape.__struct_fields__) for shape in SECTIONS.values())
    assert (by_name["serve.port"].value, by_name["serve.port"].origin) == (9000, "regulars.toml")
    assert by_name["lake.flush_s"].origin == "flags"
    assert (by_name["state.url"].value, by_name["state.url"].origin) == ("(set)", "REGULARS_STATE_URL")
    assert by_name["events.dedupe_days"].origin == "default"
    assert "password" not in str(described)
    assert all(setting.description.endswith(".") for setting in described)


def test_the_password_of_a_url_is_not_repeated_in_a_complaint(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(tmp_path, {"state.urll": "postgresql://shop:password@db/shop"}, environment={})
    assert "password" not in str(refused.value)
