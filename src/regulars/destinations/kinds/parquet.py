"""Every event as Parquet, an hour at a time, in a folder or in object storage.

`events/dt=2026-10-01/hour=12/part-00000.parquet`, then `_manifest.json`, then an empty `_SUCCESS`: who waits for that
one never sees half an hour.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal  # Any: settings as the protocol has them

import msgspec
from msgspec import Meta

from regulars.destinations.core.hours import folder_of, part_of
from regulars.destinations.core.kinds import Answer, Exchange, Feed, Hour, Outcome, Secret, Tools, Trial
from regulars.destinations.kinds.places import open_place
from regulars.kernel.clock import moment
from regulars.kernel.errors import InvalidError, RegularsError
from regulars.kernel.files import Files
from regulars.kernel.sayings import Sentence, said, text_of
from regulars.lake import COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
MANIFEST = "_manifest.json"
SUCCESS = "_SUCCESS"
# What says, or may say, who somebody is. `properties` are kept but for those of identify and group, which are traits.
PERSONAL = ("user_id", "anonymous_id", "previous_id", "group_id", "message_id", "context")
TRAIT_CALLS = ("identify", "group")


class ParquetSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where, and which columns."""

    url: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=2_000,
            title="Folder",
            description="s3://bucket/folder, or a folder's name.",
        ),
    ]
    options: Annotated[
        dict[str, Secret],
        Meta(title="Storage options", description="What the storage takes, such as key, secret, endpoint_url."),
    ] = {}
    columns: Annotated[list[str], Meta(title="Columns", description="Only these; empty for all.", max_length=50)] = []
    without_personal_data: Annotated[
        bool, Meta(title="Without personal data", description="Leave out identifiers, context and traits.")
    ] = False
    compression: Annotated[Literal["zstd", "snappy", "gzip"], Meta(title="Compression")] = "zstd"


class ParquetFolder:
    """The kind."""

    name: str = "parquet"
    feed: Feed = "hours"
    settings: type[msgspec.Struct] = ParquetSettings
    signs: bool = False

    def open(self, settings: Any, tools: Tools) -> OpenFolder:  # Any: ParquetSettings
        """Open the place; nothing is written."""
        return OpenFolder(settings, tools)


class OpenFolder:
    """A folder that takes hours."""

    def __init__(self, settings: ParquetSettings, tools: Tools) -> None:
        self._settings = settings
        self._tools = tools
        self._kept = _kept_columns(settings)
        self._files: Files = open_place(settings.url, settings.options, tools)

    def close(self) -> None:
        """Let go of the storage."""
        self._files.close()

    def write(self, hour: Hour, parts: Iterable[pa.Table]) -> Answer:
        """Write the files of an hour, then say that it is whole."""
        begun = time.monotonic()
        folder = folder_of(hour.start_us)
        try:
            if hour.again:
                self._files.delete(f"{folder}/{SUCCESS}")
            written = [self._part(f"{folder}/{part_of(number)}", part) for number, part in enumerate(parts)]
            manifest = msgspec.json.encode(
                {
                    "format": FORMAT,
                    "hour": moment(hour.start_us),
                    "rows": sum(one["rows"] for one in written),
                    "files": written,
                    "written_at": moment(self._tools.clock.now_us()),
                    "written_again": hour.again,
                }
            )
            self._files.put_atomic(f"{folder}/{MANIFEST}", manifest)
            self._files.put_atomic(f"{folder}/{SUCCESS}", b"")
        except Exception as error:  # a storage's client may raise anything
            return Answer(outcome=Outcome.RETRY, sentence=_told(error))
        return Answer(outcome=Outcome.DELIVERED, duration_ms=round((time.monotonic() - begun) * 1000))

    def test(self) -> Trial:
        """Write a small file and take it away again."""
        begun, name = time.monotonic(), f"_regulars_test_{self._tools.clock.now_us()}"
        sent = f"write {name}\nread {name}\nremove {name}"
        try:
            self._files.put_atomic(name, b"A test from Regulars; it may be removed.")
            came = self._files.read(name).decode()
            self._files.delete(name)
        except Exception as error:  # as above
            return Trial(
                works=False, sentence=_told(error), exchanges=[Exchange(sent=sent, received=text_of(_told(error)))]
            )
        return Trial(
            works=True,
            sentence=said("trial_file_written", "A file was written there, read and removed."),
            exchanges=[Exchange(sent=sent, received=came)],
            duration_ms=round((time.monotonic() - begun) * 1000),
        )

    def _part(self, path: str, table: pa.Table) -> dict[str, Any]:  # Any: JSON
        import pyarrow.parquet as pq

        out = io.BytesIO()
        pq.write_table(_trimmed(table, self._settings, self._kept), out, compression=self._settings.compression)
        content = out.getvalue()
        self._files.put_atomic(path, content)
        return {"name": path.rsplit("/", 1)[-1], "rows": int(table.num_rows), "bytes": len(content)}


def _kept_columns(settings: ParquetSettings) -> list[str]:
    known = tuple(COLUMNS)
    unknown = [one for one in settings.columns if one not in known]
    if unknown:
        raise InvalidError(
            said(
                "parquet_no_column",
                "There is no column {column!r}. There are: {known}.",
                column=unknown[0],
                known=", ".join(known),
            )
        )
    wanted = [one for one in known if not settings.columns or one in settings.columns]
    kept = [one for one in wanted if not (settings.without_personal_data and one in PERSONAL)]
    if not kept:
        raise InvalidError(
            said("parquet_no_columns", "No column is left. Choose at least one that holds no personal data.")
        )
    return kept


def _trimmed(table: pa.Table, settings: ParquetSettings, kept: list[str]) -> pa.Table:
    if settings.without_personal_data and "properties" in kept:
        import pyarrow as pa
        import pyarrow.compute as pc

        tells = pc.is_in(table.column("call"), pa.array(TRAIT_CALLS))
        blank = pa.scalar("{}", pa.string())
        place = table.column_names.index("properties")
        table = table.set_column(place, "properties", pc.if_else(tells, blank, table.column("properties")))
    return table.select(kept)


def _told(error: Exception) -> Sentence:
    if isinstance(error, RegularsError):
        return error.sentence
    first = (str(error).splitlines() or [""])[0][:200]
    kind = type(error).__name__
    return said("storage_refuses", "The storage refuses ({kind}): {why}", kind=kind, why=first)
