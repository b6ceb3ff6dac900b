"""Write docs/reference/sentences.md from what a shop really answers: `python scripts/sentences_reference.py`."""

from __future__ import annotations

import asyncio
import errno
import gzip
import json
import os
import re
import socket
import tempfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple
from unittest.mock import patch

import httpx
from click.testing import CliRunner
from sqlalchemy import text

from regulars.app.folder import existing_folder, prepare_folder
from regulars.app.http import build_web
from regulars.app.serve import listen
from regulars.app.shop import Shop, open_shop
from regulars.cli.main import regulars
from regulars.events.live import Wanted
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import RegularsError
from regulars.kernel.settings import ServeSettings

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "sentences.md"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TOP = """# What it says when something is wrong

A bad input gets a sentence: what was asked, what was wrong with it, what would have been right. Every answer on this
page was given by a shop when the page was made; a test gives the same inputs again and compares. The codes, and which
SDK does it, are in [reasons](reasons.md).
"""
DOOR = """
## At the door

The answer is a problem document (RFC 9457); the sentence is its `detail`. All of these are shown under
*Live events → Rejected*.

| what was sent | status | what it says |
| --- | --- | --- |
"""
TAKEN = """
## Taken, and put right or laid aside

The request is answered 200. What became of the event is shown in *Live events*.

| what was sent | becomes | what it says |
| --- | --- | --- |
"""
MACHINE = """
## At the keyboard

The sentence goes to stderr (with `--json` as one object), and the exit status is 1.

| what was wrong | what it says |
| --- | --- |
"""


class Sent(NamedTuple):
    """One input, and how it is sent."""

    what: str
    body: object
    path: str = "/v1/track"
    key: str | None = None
    encoding: str = ""


def call(**more: object) -> dict[str, object]:
    """Return a call that is good but for what is said."""
    good = {
        "type": "track",
        "event": "Product Viewed",
        "userId": "ann",
        "messageId": f"m-{zlib.crc32(repr(more).encode())}",
    }
    return {**good, **more}


def refused() -> list[Sent]:
    """Return what the door refuses."""
    return [
        Sent("a wrong write key", call(), key="wk_nobodys"),
        Sent("no write key", call(), key=""),
        Sent("a list where an event should be", [call()]),
        Sent("`properties` that are a list", call(properties=[1])),
        Sent("a `track` without `event`", {"userId": "ann"}),
        Sent("an event of nobody", {"event": "Product Viewed"}),
        Sent("a batch that is none", {"batch": 5}, "/v1/batch"),
        Sent("an event of 40 kB", call(properties={"page": "x" * 40_000})),
        Sent("a batch of 600 kB", {"batch": [call(properties={"page": "x" * 20_000})] * 30}, "/v1/batch"),
        Sent("a batch of 3,000 events", {"batch": [call()] * 3_000}, "/v1/batch"),
        Sent("JSON that is cut off", b'{"userId": "ann", '),
        Sent("JSON with a typing error", b'{"userId": ann}'),
        Sent("bytes that are not UTF-8", b'{"userId": "\xff"}'),
        Sent("gzip that is none", b'{"userId": "ann"}', encoding="gzip"),
        Sent("gzip that is cut off", gzip.compress(json.dumps(call()).encode())[:-9], encoding="gzip"),
        Sent("another encoding", b"\x0b\x02\x80", encoding="br"),
        Sent("`NaN`", b'{"event": "Product Viewed", "userId": "ann", "properties": {"price": NaN}}'),
        Sent(
            "half of a surrogate pair", b'{"event": "Product Viewed", "userId": "ann", "properties": {"t": "\\ud83d"}}'
        ),
    ]


def taken() -> list[Sent]:
    """Return what the door takes although something is odd about it."""
    broken = b'{"batch": [{"type": "track", "event": "Product Viewed", "userId": "ann", "properties": {"price": NaN}}]}'
    return [
        Sent("`NaN` inside a batch", broken, "/v1/batch"),
        Sent("a time of ten years ago", call(timestamp="2016-11-25T12:00:00Z")),
        Sent("a time ten years ahead, without `sentAt`", call(timestamp="2036-11-25T12:00:00Z")),
        Sent("a negative quantity (a return, perhaps)", call(event="Order Refunded", properties={"quantity": -3})),
        Sent("a `messageId` that was used for something else", call(messageId="m-1", event="Product Added")),
        Sent("no `messageId`", call(messageId=None)),
        Sent("a user id of nobody", call(userId="0", anonymousId="a-1")),
    ]


class Asking:
    """A shop's web, asked in memory."""

    def __init__(self, shop: Shop) -> None:
        self._transport = httpx.ASGITransport(app=build_web(shop).asgi)  # type: ignore[arg-type] # httpx's own words for the same protocol
        self._key = shop.events.create_source("Shop front", "web").write_key

    def send(self, sent: Sent) -> tuple[int, str]:
        """Return the status and the sentence."""
        key = self._key if sent.key is None else sent.key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if sent.encoding:
            headers["Content-Encoding"] = sent.encoding
        body = sent.body if isinstance(sent.body, bytes) else json.dumps(sent.body).encode()

        async def asked() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://shop.example") as client:
                return await client.post(sent.path, content=body, headers=headers)

        answer = asyncio.run(asked())
        return answer.status_code, str(answer.json().get("detail", ""))


def at_the_door(shop: Shop, clock: WoundClock) -> Iterator[str]:
    """Yield a row for each refusal."""
    asking = Asking(shop)
    for sent in refused():
        status, sentence = asking.send(sent)
        yield row(sent.what, str(status), sentence)
    clock.wind(timedelta(seconds=2))  # the disk is asked once a second
    full = SimpleNamespace(f_bavail=0, f_frsize=4_096, f_blocks=10_000_000)
    with patch.object(os, "statvfs", lambda _: full):
        status, sentence = asking.send(Sent("", call()))
    yield row("anything, while the disk is full", f"{status}, `Retry-After`", sentence)


def in_the_console(shop: Shop) -> Iterator[str]:
    """Yield a row for each event that was taken all the same."""
    asking = Asking(shop)
    asking.send(Sent("", call(messageId="m-1")))
    for sent in taken():
        asking.send(sent)
        shop.catch_up()
        line = shop.events.live.recent(Wanted(), cursor=None, limit=1).items[0]
        yield row(sent.what, line.outcome, line.reason or "nothing: it is a fact like others")


def at_the_keyboard(folder: Path) -> Iterator[str]:
    """Yield a row for each thing that goes wrong where the shop stands."""
    newer, full, locked = folder / "newer", folder / "full", folder / "locked"
    with open_shop(newer) as shop, shop.database.write() as connection:
        connection.execute(text("INSERT INTO kernel_migrations (capability, number) VALUES ('profiles', 999)"))
    in_use = OSError(errno.EADDRINUSE, "Address already in use")
    trials: dict[str, Callable[[], object]] = {
        "a port in use": lambda: refuse_to_listen(in_use),
        "a port for which this user has no right": lambda: refuse_to_listen(OSError(errno.EACCES, "Permission denied")),
        "a folder without permission": lambda: without_rights(locked),
        "a file where the folder should be": lambda: prepare_folder(a_file(folder / "file")),
        "a mistyped folder": lambda: existing_folder(folder / "shpo"),
        "a shop made by a newer version": lambda: open_shop(newer),
        "a shop that is being served already": lambda: open_twice(folder / "open"),
        "a setting nobody knows": lambda: open_shop(folder / "set", flags={"serve.prot": "80"}),
        "a customer nobody knows": lambda: customer_of(folder / "known", "user_id:ann"),
        "an id without its kind": lambda: customer_of(folder / "known", "ann"),
        "a disk that is full": lambda: on_a_full_disk(full),
    }
    for what, trial in trials.items():
        said = said_by(trial).replace(str(folder), "/srv")
        yield row(what, re.sub(r"knows version \d+", "knows version 1", said))  # of tables, which come with each change
    yield row("an import with 1,000 broken rows", import_of_broken_rows(folder).replace(str(folder), "/srv"))


def said_by(trial: Callable[[], object]) -> str:
    """Return the sentence that something is refused with."""
    try:
        trial()
    except RegularsError as error:
        return str(error)
    raise AssertionError("it was not refused")


def refuse_to_listen(error: OSError) -> None:
    """Try to listen where the system refuses."""
    with patch.object(socket.socket, "bind", side_effect=error):
        listen(ServeSettings(port=80))


def without_rights(folder: Path) -> None:
    """Open a folder that belongs to somebody else."""
    with patch.object(os, "access", return_value=False):
        prepare_folder(folder)


def a_file(path: Path) -> Path:
    """Return a file."""
    path.write_text("no folder", encoding="utf-8")
    return path


def open_twice(folder: Path) -> None:
    """Append to one partition from two places."""
    with open_shop(folder, partition="web-0"), open_shop(folder, partition="web-0"):
        pass


def customer_of(folder: Path, words: str) -> None:
    """Ask for somebody."""
    with open_shop(folder) as shop:
        shop.customer_named(words)


def on_a_full_disk(folder: Path) -> None:
    """Write to a state database that may not grow."""
    with open_shop(folder) as shop, shop.database.write() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        connection.execute(text("CREATE TABLE filling AS SELECT zeroblob(10000000) AS much"))


def import_of_broken_rows(folder: Path) -> str:
    """Return what `regulars ingest` says of a catalogue with five good rows and a thousand without an id."""
    rows = [
        "item_id,kind,title",
        *(f"i{n},video,Title {n}" for n in range(5)),
        *(f",video,Title {n}" for n in range(1_000)),
    ]
    file = folder / "items.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    answer = CliRunner().invoke(
        regulars, ["ingest", str(folder / "imports"), str(file), "--catalog"], standalone_mode=False
    )
    return "<br>".join(line.strip() for line in answer.stdout.splitlines() if line.strip())


def row(*cells: str) -> str:
    """Return a row of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"


def page() -> str:
    """Return the whole page."""
    clock = WoundClock(NOW)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        with open_shop(folder / "shop", partition="web-0", clock=clock) as shop:
            noted, refusals = "".join(in_the_console(shop)), "".join(at_the_door(shop, clock))
        typed = "".join(at_the_keyboard(folder))
    return TOP + DOOR + refusals + TAKEN + noted + MACHINE + typed


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
