"""Imports of history over HTTP: upload, look, point, try, take in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Annotated, Any  # Any: Litestar's own type parameters

import msgspec
from anyio.to_thread import run_sync
from litestar import Controller, Request, delete, get, post, put
from litestar.datastructures import State
from litestar.params import Parameter
from litestar.response import Stream

from regulars.events.imports.core.mapping import RowMapping
from regulars.events.imports.core.presets import Preset
from regulars.events.imports.preview import HistoryPreview
from regulars.events.imports.report import SampleRow
from regulars.events.imports.service import HistoryImport, Imports, Look, NamedMapping
from regulars.kernel.http import Page, Role, needs
from regulars.kernel.tables import Layout

WRITTEN_AT_ONCE_BYTES = 1 << 20
_COPY_BYTES = 1 << 16


class PlaceGiven(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the server's own: a path, or an address that fsspec can reach."""

    place: str


class MappingTried(msgspec.Struct, frozen=True, kw_only=True):
    """What the columns mean; `mapping_name` when it is one that is kept."""

    mapping: RowMapping
    mapping_name: str | None = None


class MappingTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What the columns mean, and the source through which the events come; one of kind `import` when left out."""

    mapping: RowMapping
    mapping_name: str | None = None
    source_id: str | None = None


class LayoutAsked(msgspec.Struct, frozen=True, kw_only=True):
    """How the file is laid out, where it must be said, and where the person is."""

    layout: Layout = msgspec.field(default_factory=Layout)
    country: str = ""
    zone: str = ""


class ImportsController(Controller):
    """`/v1/imports`."""

    path = "/v1/imports"
    tags = ("Imports",)

    @get(operation_id="listImports", summary="Imports, the newest first", sync_to_thread=True, opt=needs(Role.VIEWER))
    def all(self, imports: Imports, cursor: str | None = None, limit: int | None = None) -> Page[HistoryImport]:
        """Return imports with how far each is."""
        return imports.newest(cursor=cursor, limit=limit)

    @post(
        operation_id="uploadHistory",
        summary="Upload a file of history",
        description="The body is the file itself: CSV, JSON lines or Parquet, as its name says.",
        request_max_body_size=None,
        opt=needs(Role.MARKETER, audited_as="history_uploaded"),
    )
    async def upload(
        self,
        imports: Imports,
        request: Request[Any, Any, State],  # Any: who asks is of no matter here
        name: Annotated[str, Parameter(description="The file's name; its ending says the format.")],
    ) -> HistoryImport:
        """Keep the file and return its import; nothing goes in yet."""
        upload = await run_sync(imports.receive, name)
        with upload:
            waiting, size = [], 0
            async for chunk in request.stream():
                waiting.append(chunk)
                size += len(chunk)
                if size >= WRITTEN_AT_ONCE_BYTES:
                    await run_sync(upload.write, b"".join(waiting))
                    waiting, size = [], 0
            await run_sync(upload.write, b"".join(waiting))
            return await run_sync(lambda: imports.add(upload.finish()))

    @post(
        "/fetch",
        operation_id="fetchHistory",
        summary="Take a file from the server's own storage",
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="history_fetched"),
    )
    def fetch(self, imports: Imports, data: PlaceGiven) -> HistoryImport:
        """Copy a file from a place that `imports.places` allows."""
        return imports.fetch(data.place)

    @get("/presets", operation_id="listPresets", summary="Ready mappings", sync_to_thread=True, opt=needs(Role.VIEWER))
    def presets(self, imports: Imports) -> list[Preset]:
        """Return mappings for files that many shops have."""
        return imports.presets()

    @get("/mappings", operation_id="listMappings", summary="Kept mappings", sync_to_thread=True, opt=needs(Role.VIEWER))
    def mappings(self, imports: Imports) -> list[NamedMapping]:
        """Return every mapping that has a name."""
        return imports.mappings()

    @put(
        "/mappings/{name:str}",
        operation_id="putMapping",
        summary="Keep a mapping under a name",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="mapping_saved"),
    )
    def put_mapping(self, imports: Imports, name: str, data: RowMapping) -> NamedMapping:
        """Keep it, in place of the one that had the name."""
        return imports.save_mapping(name, data)

    @delete(
        "/mappings/{name:str}",
        operation_id="removeMapping",
        summary="Forget a mapping",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="mapping_removed"),
    )
    def remove_mapping(self, imports: Imports, name: str) -> None:
        """Forget the name; imports that used it keep what they were given."""
        imports.remove_mapping(name)

    @get(
        "/{import_id:str}",
        operation_id="getHistoryImport",
        summary="One import",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def one(self, imports: Imports, import_id: str) -> HistoryImport:
        """Return an import: its state, its progress, its report."""
        return imports.find(import_id)

    @delete(
        "/{import_id:str}",
        operation_id="removeImport",
        summary="Let a file go",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="history_file_removed"),
    )
    def remove(self, imports: Imports, import_id: str) -> None:
        """Remove the file and what is known about it; what went into the log stays."""
        imports.remove(import_id)

    @post(
        "/{import_id:str}/look",
        operation_id="lookAtHistory",
        summary="The first rows, and what they might mean",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER),
    )
    def look(self, imports: Imports, import_id: str, data: LayoutAsked) -> Look:
        """Return columns with samples, the formats that fit them, and a mapping to begin with."""
        return imports.look(import_id, layout=data.layout, country=data.country, zone=data.zone)

    @post(
        "/{import_id:str}/preview",
        operation_id="previewHistory",
        summary="The first rows as events",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER),
    )
    def preview(self, imports: Imports, import_id: str, data: RowMapping) -> HistoryPreview:
        """Return the first 20 rows beside the events they become, each problem at its cell."""
        return imports.preview(import_id, data)

    @post(
        "/{import_id:str}/check",
        operation_id="checkHistory",
        summary="Try the whole file out",
        status_code=202,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="history_checked"),
    )
    def check(self, imports: Imports, import_id: str, data: MappingTried) -> HistoryImport:
        """Begin a dry run; its report stands in the import when its state is `checked`."""
        return imports.check(import_id, data.mapping, mapping_name=data.mapping_name)

    @post(
        "/{import_id:str}/run",
        operation_id="runImport",
        summary="Take the file in",
        status_code=202,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="history_imported"),
    )
    def run(self, imports: Imports, import_id: str, data: MappingTaken) -> HistoryImport:
        """Begin the import; it goes on after a restart and can be cancelled."""
        return imports.run(import_id, data.mapping, source_id=data.source_id, mapping_name=data.mapping_name)

    @post(
        "/{import_id:str}/cancel",
        operation_id="cancelImport",
        summary="Stop what is under way",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="history_cancelled"),
    )
    def cancel(self, imports: Imports, import_id: str) -> HistoryImport:
        """Stop; what is in the log stays, and counts once when the file is taken in again."""
        return imports.cancel(import_id)

    @get(
        "/{import_id:str}/samples",
        operation_id="importSamples",
        summary="The rows that the report names",
        sync_to_thread=True,
        opt=needs(Role.MARKETER),
    )
    def samples(self, imports: Imports, import_id: str) -> list[SampleRow]:
        """Return rows with problems as they stand in the file; empty when the file is gone."""
        return imports.samples(import_id)

    @get(
        "/{import_id:str}/rejected",
        operation_id="rejectedHistory",
        summary="The rows that did not go in",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, files=("text/csv", "application/jsonl")),
    )
    def rejected(self, imports: Imports, import_id: str) -> Stream:
        """Return the file of rejected rows, to be mended and given again."""
        name, file = imports.open_rejected(import_id)
        plain = re.sub(r'[^ -~]|["\\]', "_", name)
        return Stream(
            _chunks(file),
            media_type="text/csv" if name.endswith(".csv") else "application/jsonl",
            headers={"Content-Disposition": f'attachment; filename="{plain}"'},
        )


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_COPY_BYTES):
            yield chunk


ROUTES: list[type[Controller]] = [ImportsController]
