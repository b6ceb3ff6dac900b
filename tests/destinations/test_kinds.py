"""Our own kinds keep the contract of every kind, and so does the one that the reference page shows."""

from __future__ import annotations

import csv
import importlib.metadata
import io
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from regulars.destinations import Kind
from regulars.destinations import kinds as all_of_them
from regulars.destinations.kinds import all_kinds
from regulars.destinations.kinds.csv_drop import CsvDrop
from regulars.destinations.kinds.http_audience import HttpAudience
from regulars.destinations.kinds.parquet import ParquetFolder
from regulars.destinations.kinds.webhook import Webhook
from regulars.kernel import plugins
from regulars.kernel.errors import PluginError
from regulars.testing.contracts.destinations import AudienceContract, EventsContract, HoursContract
from regulars.testing.receiver import Receiver, Reply

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "destinations.md"


class WithReceiver:
    @pytest.fixture(autouse=True)
    def _receiver(self) -> Iterator[None]:
        with Receiver() as self.receiver:
            yield

    def break_it(self) -> None:
        self.receiver.answer_with(Reply(503))


def spoil(folder: Path) -> None:
    """Put a file where a folder should be: nothing can be written there, not even by root."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("no folder")


class TestWebhook(WithReceiver, EventsContract):
    def kind(self) -> Kind:
        return Webhook()

    def settings(self) -> dict[str, Any]:
        return {"url": self.receiver.url, "headers": {"x-shop": "corner"}}

    def arrived(self) -> set[str]:
        return {msgspec.json.decode(one.body)["data"]["properties"]["n"] for one in self.receiver.received}


class TestParquet(HoursContract):
    def kind(self) -> Kind:
        return ParquetFolder()

    def settings(self) -> dict[str, Any]:
        return {"url": "warehouse"}

    def break_it(self) -> None:
        spoil(self.folder / "warehouse")

    def hours(self) -> dict[str, list[str]]:
        found = {}
        for whole in (self.folder / "warehouse").glob("events/dt=*/hour=*/_SUCCESS"):
            day, hour = (part.partition("=")[2] for part in whole.parent.parts[-2:])
            parts = sorted(whole.parent.glob("*.parquet"))
            tables = [pq.read_table(io.BytesIO(part.read_bytes())).to_pylist() for part in parts]
            found[f"{day}T{hour}"] = [row["name"] for rows in tables for row in rows]
        return found


class TestCsvDrop(AudienceContract):
    def kind(self) -> Kind:
        return CsvDrop()

    def settings(self) -> dict[str, Any]:
        return {"url": "drop", "columns": ["email", "country"], "key": "email"}

    def break_it(self) -> None:
        spoil(self.folder / "drop")

    def members(self) -> set[str]:
        rows = csv.DictReader(io.StringIO((self.folder / "drop" / "contract.csv").read_text()))
        return {row["email"] for row in rows}


class TestCsvDropOfChanges(TestCsvDrop):
    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "mode": "changes"}

    def members(self) -> set[str]:
        has: set[str] = set()
        for path in sorted((self.folder / "drop").glob("contract-*.csv")):
            for row in csv.DictReader(io.StringIO(path.read_text())):
                has = has - {row["email"]} if row["change"] == "removed" else has | {row["email"]}
        return has


class TestHttpAudience(WithReceiver, AudienceContract):
    def kind(self) -> Kind:
        return HttpAudience()

    def settings(self) -> dict[str, Any]:
        return {"add_url": self.receiver.url + "/add", "remove_url": self.receiver.url + "/remove"}

    def members(self) -> set[str]:
        has: set[str] = set()
        for one in self.receiver.received:
            keys = {member["email_sha256"] for member in msgspec.json.decode(one.body)["members"]}
            has = has | keys if one.path == "/add" else has - keys
        return has


@cache
def printer() -> Any:
    """Return the kind that the reference page shows."""
    (shown,) = re.findall(r"```python\n(import msgspec\n.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    namespace: dict[str, Any] = {"__name__": "shop_printer"}
    exec(shown, namespace)  # noqa: S102 (our own page)
    return namespace["Printer"]


class TestTheKindOfTheReferencePage(EventsContract):
    def kind(self) -> Kind:
        made: Kind = printer()()
        return made

    def settings(self) -> dict[str, Any]:
        return {"path": str(self.folder.parent / "paper")}

    def arrived(self) -> set[str]:
        lines = (self.folder.parent / "paper").read_bytes().splitlines()
        return {msgspec.json.decode(line)["properties"]["n"] for line in lines}

    @pytest.mark.skip(reason="its paper never runs out")
    def test_a_failure_is_an_answer(self) -> None:
        """Nothing to test."""


def offered(name: str, kind: str) -> importlib.metadata.EntryPoint:
    return importlib.metadata.EntryPoint(name=name, value=kind, group="regulars.destinations")


def test_a_kind_of_another_package_stands_beside_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "load", lambda _group, _protocol: {"printer": printer()()})
    assert sorted(all_kinds()) == ["csv_drop", "http_audience", "parquet", "printer", "webhook"]


def test_a_package_cannot_take_the_name_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [offered("webhook", "regulars.destinations.kinds.webhook:Webhook")]
    monkeypatch.setattr(plugins, "load", lambda _group, protocol: plugins.load_from(points, protocol))
    with pytest.raises(PluginError, match="none of ours: csv_drop"):
        all_of_them.all_kinds()


def test_a_part_that_is_no_kind_is_refused_with_what_it_lacks() -> None:
    with pytest.raises(PluginError, match=r"lacks feed, name, open, settings, signs of Kind"):
        plugins.load_from([offered("x", "regulars.kernel.clock:SystemClock")], Kind)
