"""What the catalogue does: keep items, find them, say what changed."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

import msgspec

from regulars.catalog import store
from regulars.catalog.core import Attribute, AttributeType, Item, checked, folded, inferred_attributes
from regulars.catalog.imports import Format, Import, ImportReport, format_of
from regulars.kernel.clock import Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import InvalidError, NotFoundError
from regulars.kernel.files import Files
from regulars.kernel.http import Page, decode_cursor, encode_cursor, page_limit
from regulars.kernel.ids import ItemId, new_id
from regulars.kernel.sayings import said

REMEMBERED_ITEMS_MAX = 50_000  # items kept in memory for `lookup`; some 40 MB at 800 bytes each
ITEMS_A_WRITE = 1_000  # items of one transaction: the worker never waits long for the writer's lock
SUMMARY_TAGS_MAX = 100
_IMPORT_ID = re.compile(r"[0-9a-f-]{36}")


class KindCount(msgspec.Struct, frozen=True):
    """How many items are of a kind."""

    kind: str
    count: int


class TagCount(msgspec.Struct, frozen=True):
    """How many items carry a tag."""

    kind: str
    value: str
    count: int


class AttributeUse(msgspec.Struct, frozen=True):
    """An attribute name, its type, who settled it, and the share of items that have it, in [0, 1]."""

    name: str
    type: AttributeType
    declared: bool
    filled_share: float


class Summary(msgspec.Struct, frozen=True):
    """The catalogue at a glance."""

    items: int
    available: int
    kinds: list[KindCount]
    tags: list[TagCount]
    attributes: list[AttributeUse]
    version: int


class Changes(msgspec.Struct, frozen=True):
    """What a cache at an older version must take in to be at `version`."""

    version: int
    put: list[Item]
    removed: list[ItemId]


class Catalog:
    """The shop's items."""

    def __init__(self, *, database: Database, clock: Clock, files: Files) -> None:
        self._database = database
        self._clock = clock
        self._files = files
        self._lock = threading.Lock()
        self._remembered: dict[ItemId, Item | None] = {}
        self._remembered_version = -1
        self._filled: tuple[int, dict[str, int]] | None = None

    def put(self, items: Iterable[Item]) -> int:
        """Put items in, each in place of the one with its id; return how many.

        New attribute names are given the type of their values; a value that does not fit the type of its name
        refuses the whole call.

        Raises
        ------
        InvalidError
            When an item cannot be kept; `problems` names each fault.

        """
        wanted = list(items)
        for start in range(0, len(wanted), ITEMS_A_WRITE):
            part = wanted[start : start + ITEMS_A_WRITE]
            with self._database.write() as connection:
                known = store.attributes(connection)
                fresh = inferred_attributes(part, known)
                known |= {attribute.name: attribute for attribute in fresh}
                store.put_attributes(connection, fresh)
                store.put_items(connection, [checked(item, known) for item in part], self._clock.now_us())
        return len(wanted)

    def get(self, item_id: ItemId) -> Item:
        """Return one item.

        Raises
        ------
        NotFoundError
            When no item has this id.

        """
        with self._database.read() as connection:
            found = store.items_by_id(connection, [item_id])
        if not found:
            raise NotFoundError(said("no_item", "The catalogue holds no item {item!r}.", item=item_id))
        return found[0]

    def lookup(self, item_ids: Iterable[ItemId]) -> dict[ItemId, Item]:
        """Return those of these items that are there, from memory where nothing has changed since."""
        wanted = list(dict.fromkeys(item_ids))
        with self._lock, self._database.read() as connection:
            self._forget_changed(store.version(connection))
            missing = [item_id for item_id in wanted if item_id not in self._remembered]
            if missing:
                if len(self._remembered) + len(missing) > REMEMBERED_ITEMS_MAX:
                    self._remembered.clear()
                    missing = wanted
                self._remembered.update(dict.fromkeys(missing))
                self._remembered.update({item.item_id: item for item in store.items_by_id(connection, missing)})
            answers = ((item_id, self._remembered[item_id]) for item_id in wanted)
            return {item_id: item for item_id, item in answers if item is not None}

    def _forget_changed(self, version: int) -> None:
        if version != self._remembered_version:
            self._remembered.clear()
            self._remembered_version = version

    def find(
        self,
        query: str = "",
        *,
        kind: str | None = None,
        tag: str | None = None,
        available: bool | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[Item]:
        """Return items that contain every word of the query, the best match of the title first.

        Parameters
        ----------
        query
            Words in any script, each of any length; width, case and accents do not matter.
        kind
            Only items of this kind.
        tag
            Only items that carry this tag: `genre:Drama`, or `Drama` whatever its kind.
        available
            Only items that may (True) or may not (False) be shown now.
        cursor, limit
            Where to go on, and how many at most (50 when left out).

        """
        rows_max = page_limit(limit)
        tag_kind, value = _tag_asked(tag)
        question = store.Question(
            words=tuple(folded(query.replace("\x00", " ")).split()[:16]),
            kind=kind,
            tag_kind=tag_kind,
            tag=value,
            available=available,
            now_us=self._clock.now_us(),
        )
        place = decode_cursor(cursor, store.Place)
        with self._database.read() as connection:
            found = store.find(connection, question, place, rows_max + 1)
        shown = found[:rows_max]
        more = encode_cursor(shown[-1][1]) if len(found) > rows_max else None
        return Page([item for item, _ in shown], more)

    def all(self) -> Iterator[Item]:
        """Walk every item in the order of putting in, as they were when the walk began."""
        with self._database.read() as connection:
            yield from store.all_items(connection)

    def version(self) -> int:
        """Return a number that grows with every change of an item."""
        with self._database.read() as connection:
            return store.version(connection)

    def changes(self, since: int) -> Changes:
        """Return what was put and removed after a version, for caches; from -1, everything."""
        with self._database.read() as connection:
            return Changes(
                store.version(connection),
                list(store.items_since(connection, since)),
                store.removed_since(connection, since),
            )

    def changes_in_parts(self, since: int, *, items_a_part: int) -> Iterator[Changes]:
        """Walk the same in parts, for a cache that others read meanwhile.

        The first part, there even when nothing changed, has the removals. Every part is of one
        snapshot and names its version: whoever stops half way begins again at `since`.
        """
        with self._database.read() as connection:
            version, removed = store.version(connection), store.removed_since(connection, since)
            items = store.items_since(connection, since)
            yield Changes(version, list(islice(items, items_a_part)), removed)
            while put := list(islice(items, items_a_part)):
                yield Changes(version, put, [])

    def remove(self, item_ids: Sequence[ItemId]) -> int:
        """Take items out and return how many there were."""
        with self._database.write() as connection:
            return store.remove_items(connection, item_ids)

    def attributes(self) -> list[Attribute]:
        """Return what is known of each attribute name, in order of name."""
        with self._database.read() as connection:
            return list(store.attributes(connection).values())

    def declare(self, attributes: Iterable[Attribute]) -> None:
        """Settle the types of attribute names by hand; what is stored already stays as it is."""
        settled = [msgspec.structs.replace(attribute, declared=True) for attribute in attributes]
        with self._database.write() as connection:
            store.put_attributes(connection, settled)

    def summary(self) -> Summary:
        """Return the catalogue at a glance: counts by kind, the commonest tags, how full each attribute is."""
        now_us = self._clock.now_us()
        with self._database.read() as connection:
            version = store.version(connection)
            counts = store.counts(connection, now_us)
            tags = store.tag_counts(connection, SUMMARY_TAGS_MAX)
            known = store.attributes(connection)
            filled = self._filled_at(version, store.all_items(connection))
        items = sum(count for _, count, _ in counts)
        return Summary(
            items=items,
            available=sum(available for _, _, available in counts),
            kinds=[KindCount(kind, count) for kind, count, _ in counts],
            tags=[TagCount(tag.kind, tag.value, count) for tag, count in tags],
            attributes=[
                AttributeUse(one.name, one.type, one.declared, filled.get(one.name, 0) / max(items, 1))
                for one in known.values()
            ],
            version=version,
        )

    def _filled_at(self, version: int, items: Iterator[Item]) -> dict[str, int]:
        if self._filled is None or self._filled[0] != version:
            filled: dict[str, int] = {}
            for item in items:
                for name in item.attributes:
                    filled[name] = filled.get(name, 0) + 1
            self._filled = (version, filled)
        return self._filled[1]

    def import_file(
        self,
        file: str | Path | IO[bytes],
        *,
        format: Format | None = None,  # noqa: A002 (its name in the API)
        dry_run: bool = False,
        kind: str = "item",
        encoding: str | None = None,
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> ImportReport:
        """Take in every good row of a table of items; name what is wrong with the others.

        Parameters
        ----------
        file
            A path, or a seekable file open for bytes. It is walked twice: once to learn the columns' types.
        format
            `csv` (comma, semicolon or tab), `jsonl` or `parquet`; by the path's ending when left out.
        dry_run
            Only say what would become of each row.
        kind
            The kind of items that name none.
        encoding
            Of a text file without a mark at its start; UTF-8 when left out.
        on_progress
            Told the number of rows read, now and then.

        Raises
        ------
        InvalidError
            When the file as a whole cannot be read; nothing has gone in then.

        """
        if isinstance(file, (str, Path)):
            try:
                with Path(file).open("rb") as opened:
                    return self._import(opened, format or format_of(str(file)), dry_run, kind, encoding, on_progress)
            except FileNotFoundError:
                raise NotFoundError(f"There is no file {str(file)!r}.") from None
        if format is None:
            raise InvalidError("An open file does not tell its format: say csv, jsonl or parquet.")
        return self._import(file, format, dry_run, kind, encoding, on_progress)

    def _import(
        self,
        file: IO[bytes],
        format: Format,  # noqa: A002 (its name in the API)
        dry_run: bool,
        kind: str,
        encoding: str | None,
        on_progress: Callable[[int], None],
    ) -> ImportReport:
        import_id = new_id(self._clock.now_us())
        known = {attribute.name: attribute for attribute in self.attributes()}
        running = Import(file, format=format, known=known, default_kind=kind, encoding=encoding)
        rejected_file = f"imports/{import_id}.rejected.{running.rejected_ending}"
        if dry_run:
            running.run(None, None, on_progress)
            return running.report(import_id, dry_run=True, rejected_file=None)
        with self._database.write() as connection:
            store.put_attributes(connection, running.new_attributes)
        running.run(self._put_checked, lambda: self._files.open(rejected_file, "wb"), on_progress)
        report = running.report(import_id, dry_run=False, rejected_file=rejected_file)
        self._files.put_atomic(f"imports/{import_id}.json", msgspec.json.encode(report))
        return report

    def _put_checked(self, items: list[Item]) -> None:
        with self._database.write() as connection:
            store.put_items(connection, items, self._clock.now_us())

    def import_report(self, import_id: str) -> ImportReport:
        """Return what an earlier import said.

        Raises
        ------
        NotFoundError
            When there was no such import.

        """
        with self._open_import(import_id, f"{import_id}.json") as file:
            return msgspec.json.decode(file.read(), type=ImportReport)

    def open_rejected(self, import_id: str) -> tuple[str, IO[bytes]]:
        """Return the name of an import's file of rejected rows, and the file, open; the caller closes it.

        Raises
        ------
        NotFoundError
            When there was no such import, or all its rows went in.

        """
        rejected_file = self.import_report(import_id).rejected_file
        if rejected_file is None:
            raise NotFoundError("Every row of this import went in; there is no file of rejected rows.")
        name = rejected_file.removeprefix("imports/")
        return name, self._open_import(import_id, name)

    def _open_import(self, import_id: str, name: str) -> IO[bytes]:
        if not _IMPORT_ID.fullmatch(import_id):
            raise NotFoundError(f"{import_id[:60]!r} is no import's id.")
        try:
            return self._files.open(f"imports/{name}", "rb")
        except NotFoundError:
            raise NotFoundError(f"There was no import {import_id!r}.") from None


def _tag_asked(tag: str | None) -> tuple[str | None, str | None]:
    if not tag:
        return None, None
    kind, colon, value = tag.partition(":")
    return (kind, value) if colon and value else (None, tag)
