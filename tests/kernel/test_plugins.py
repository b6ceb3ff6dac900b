"""Parts of other packages are checked when they are loaded; a complaint names the package."""

from __future__ import annotations

from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from typing import Protocol

import pytest

from regulars.kernel.clock import Clock, SystemClock
from regulars.kernel.errors import PluginError
from regulars.kernel.plugins import load, load_from


class Ranker(Protocol):
    name: str

    def rank(self, items: list[str]) -> list[str]: ...


class Backwards:
    name = "backwards"

    def rank(self, items: list[str]) -> list[str]:
        return items[::-1]


class Nameless:
    def rank(self, items: list[str]) -> list[str]:
        return items


class Broken:
    def __init__(self) -> None:
        raise RuntimeError("no licence key")


READY = Backwards()


def point(tmp_path: Path, value: str, *, name: str = "one", package: str = "shop-extras") -> EntryPoint:
    folder = tmp_path / f"{package.replace('-', '_')}-1.0.dist-info"
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(f"[regulars.rankers]\n{name} = {value}\n")
    (found,) = Distribution.at(folder).entry_points
    return found


def test_a_class_is_made_and_an_object_taken_as_it_is(tmp_path: Path) -> None:
    for value in (f"{__name__}:Backwards", f"{__name__}:READY"):
        assert load_from([point(tmp_path, value)], Ranker)["one"].rank(["a", "b"]) == ["b", "a"]


def test_a_part_that_lacks_a_member_is_refused_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"'shop-extras' offers regulars\.rankers 'one'.*lacks name of Ranker"):
        load_from([point(tmp_path, f"{__name__}:Nameless")], Ranker)


@pytest.mark.parametrize("value", ["no_such_module:X", f"{__name__}:no_such_name", f"{__name__}:Broken"])
def test_a_part_that_cannot_be_loaded_is_refused_with_its_package(tmp_path: Path, value: str) -> None:
    with pytest.raises(PluginError, match=r"'shop-extras' offers .* cannot be loaded"):
        load_from([point(tmp_path, value)], Ranker)


def test_two_packages_with_one_name_are_told(tmp_path: Path) -> None:
    points = [point(tmp_path, f"{__name__}:READY", package=package) for package in ("shop-extras", "other-extras")]
    with pytest.raises(PluginError, match="'other-extras' and 'shop-extras' both offer"):
        load_from(points, Ranker)


def test_a_slot_nobody_fills_is_empty_and_our_own_parts_pass() -> None:
    assert load("no_such_slot", Clock) == {}
    assert isinstance(SystemClock(), SystemClock)
