"""The catalogue over HTTP: items, a summary, imports."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Annotated, Any  # Any: Litestar's own type parameters

import msgspec
from anyio.to_thread import run_sync
from litestar import Controller, Request, delete, get, post, put
from litestar.datastructures import State
from litestar.params import Parameter, QueryParameter
from litestar.response import Stream

from regulars.catalog.core import Attribute, AttributeValue, Item
from regulars.catalog.imports import Format, ImportReport
from regulars.catalog.service import Catalog, Summary
from regulars.kernel.errors import TooLargeError
from regulars.kernel.http import Page, Role, needs
from regulars.kernel.ids import ItemId
from regulars.kernel.sayings import said

IMPORT_BYTES_MAX = 2_000_000_000  # a file this size holds some ten million items; larger ones come in parts
_COPY_BYTES = 1 << 20


class ItemBody(msgspec.Struct, frozen=True, kw_only=True):
    """An item as it is put; its id stands in the path."""

    kind: str
    title: str
    attributes: dict[str, AttributeValue] = {}
    tags: list[str] = []
    available: bool = True
    available_from: datetime | None = None
    available_until: datetime | None = None
    image: str | None = None


class CatalogController(Controller):
    """`/v1/catalog`."""

    path = "/v1/catalog"
    tags = ("Catalog",)

    @get("/items", operation_id="findItems", summary="Find items", sync_to_thread=True, opt=needs(Role.VIEWER))
    def find(
        self,
        catalog: Catalog,
        words: Annotated[
            str, QueryParameter(name="query", description="Words in any script; all of them must occur.")
        ] = "",
        kind: str | None = None,
        tag: Annotated[str | None, Parameter(description="`genre:Drama`, or `Drama` of any kind.")] = None,
        available: bool | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[Item]:
        """Return matching items, the best match of the title first."""
        return catalog.find(words, kind=kind, tag=tag, available=available, cursor=cursor, limit=limit)

    @get(
        "/items/{item_id:str}", operation_id="getItem", summary="One item", sync_to_thread=True, opt=needs(Role.VIEWER)
    )
    def one(self, catalog: Catalog, item_id: str) -> Item:
        """Return one item."""
        return catalog.get(ItemId(item_id))

    @put(
        "/items/{item_id:str}",
        operation_id="putItem",
        summary="Put an item in, or in place of the one with its id",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="item_put"),
    )
    def put_one(self, catalog: Catalog, item_id: str, data: ItemBody) -> Item:
        """Keep the item and return it as kept."""
        catalog.put([Item(item_id=ItemId(item_id), **msgspec.structs.asdict(data))])
        return catalog.get(ItemId(item_id))

    @delete(
        "/items/{item_id:str}",
        operation_id="removeItem",
        summary="Take an item out",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="item_removed"),
    )
    def remove(self, catalog: Catalog, item_id: str) -> None:
        """Take the item out; 404 when there is none."""
        catalog.get(ItemId(item_id))
        catalog.remove([ItemId(item_id)])

    @get(
        "/summary",
        operation_id="catalogSummary",
        summary="The catalogue at a glance",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def summary(self, catalog: Catalog) -> Summary:
        """Return counts by kind, the commonest tags and how full each attribute is."""
        return catalog.summary()

    @get(
        "/attributes",
        operation_id="listAttributes",
        summary="Attribute types",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def attributes(self, catalog: Catalog) -> list[Attribute]:
        """Return each attribute name with its type."""
        return catalog.attributes()

    @put(
        "/attributes",
        operation_id="declareAttributes",
        summary="Settle attribute types by hand",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="attributes_declared"),
    )
    def declare(self, catalog: Catalog, data: list[Attribute]) -> list[Attribute]:
        """Declare types and return all of them."""
        catalog.declare(data)
        return catalog.attributes()

    @post(
        "/imports",
        operation_id="importItems",
        summary="Import a file of items",
        description="The body is the file itself: CSV, JSON lines or Parquet, at most 2 GB.",
        request_max_body_size=None,
        opt=needs(Role.MARKETER, audited_as="items_imported"),
    )
    async def import_items(
        self,
        catalog: Catalog,
        request: Request[Any, Any, State],  # Any: who asks is of no matter here
        format: Format,  # noqa: A002 (its name in the API)
        dry_run: bool = False,
        kind: Annotated[str, Parameter(description="The kind of items that name none.")] = "item",
        encoding: Annotated[str | None, Parameter(description="Of a text file that is not UTF-8.")] = None,
    ) -> ImportReport:
        """Take every good row in and name what is wrong with the others."""
        with tempfile.TemporaryFile() as file:
            await _receive(request, file)
            return await run_sync(
                lambda: catalog.import_file(file, format=format, dry_run=dry_run, kind=kind, encoding=encoding)
            )

    @get(
        "/imports/{import_id:str}",
        operation_id="getImport",
        summary="What an import said",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def import_report(self, catalog: Catalog, import_id: str) -> ImportReport:
        """Return the report of an earlier import."""
        return catalog.import_report(import_id)

    @get(
        "/imports/{import_id:str}/rejected",
        operation_id="getRejectedRows",
        summary="The rows of an import that did not go in",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, files=("text/csv", "application/jsonl")),
    )
    def rejected(self, catalog: Catalog, import_id: str) -> Stream:
        """Return the file of rejected rows, to be mended and imported again."""
        name, file = catalog.open_rejected(import_id)
        return Stream(
            _chunks(file),
            media_type="text/csv" if name.endswith(".csv") else "application/jsonl",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


async def _receive(request: Request[Any, Any, State], file: IO[bytes]) -> None:  # Any: as above
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > IMPORT_BYTES_MAX:
            raise TooLargeError(
                said(
                    "catalog_import_large",
                    "An import holds at most {most:,} bytes; send the file in parts.",
                    most=IMPORT_BYTES_MAX,
                )
            )
        file.write(chunk)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_COPY_BYTES):
            yield chunk


ROUTES: list[type[Controller]] = [CatalogController]
