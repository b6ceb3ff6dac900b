"""An audience as a file: every member, or what has changed, dropped into a folder, object storage or an SFTP server."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Literal, Protocol  # Any: settings as the protocol has them

import msgspec
from msgspec import Meta

from regulars.destinations.core.audience import checked_columns
from regulars.destinations.core.kinds import Answer, Exchange, Feed, Outcome, Parcel, Row, Secret, Tools, Trial
from regulars.destinations.kinds.places import open_place
from regulars.destinations.kinds.sftp import SftpDrop, login_of
from regulars.kernel.clock import moment
from regulars.kernel.errors import InvalidError, RegularsError
from regulars.kernel.files import Files
from regulars.kernel.sayings import Sentence, said, text_of

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._{}-]{0,120}")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}


class CsvDropSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where, what of each member, and how much each time."""

    url: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=2_000,
            title="Folder",
            description="A folder's name, s3://bucket/folder, or sftp://user@host/folder.",
        ),
    ]
    mode: Annotated[
        Literal["all", "changes"],
        Meta(title="How much", description="Every member each time, or who came, changed and went since last time."),
    ] = "all"
    columns: Annotated[
        list[str], Meta(title="Columns", description="email_sha256, phone_sha256, user_id, country, trait:plan …")
    ] = msgspec.field(default_factory=lambda: ["email_sha256"])
    key: Annotated[str, Meta(title="Known by", description="The column by which they know a member.")] = "email_sha256"
    phone_country: Annotated[
        str, Meta(pattern="^[0-9]{0,4}$", title="Calling code", description="For numbers without one, such as 886.")
    ] = ""
    file_name: Annotated[
        str,
        Meta(max_length=120, title="File name", description="{run} and {date} are filled in; empty for a usual name."),
    ] = ""
    delimiter: Annotated[Literal["comma", "semicolon", "tab"], Meta(title="Between columns")] = "comma"
    password: Annotated[Secret, Meta(title="Password", description="For SFTP.")] = ""
    private_key: Annotated[Secret, Meta(title="Private key", description="For SFTP: OpenSSH, no passphrase.")] = ""
    host_key: Annotated[
        str, Meta(title="The server's key", description="SHA256:…, as a test shows it.", max_length=100)
    ] = ""
    options: Annotated[dict[str, Secret], Meta(title="Storage options", description="For object storage.")] = {}


class CsvDrop:
    """The kind."""

    name: str = "csv_drop"
    feed: Feed = "audience"
    settings: type[msgspec.Struct] = CsvDropSettings
    signs: bool = False

    def open(self, settings: Any, tools: Tools) -> OpenDrop:  # Any: CsvDropSettings
        """Open the drop; nothing is written."""
        return OpenDrop(settings, tools)


class _Place(Protocol):
    def put(self, name: str, content: bytes) -> None: ...

    def remove(self, name: str) -> None: ...


class OpenDrop:
    """A drop that takes files."""

    rows_max: int | None = None

    def __init__(self, settings: CsvDropSettings, tools: Tools) -> None:
        self._settings = settings
        self._tools = tools
        self.whole: bool = settings.mode == "all"
        self.key: str = settings.key
        self.columns: Sequence[str] = checked_columns(settings.columns, settings.key)
        self.phone_country: str = settings.phone_country
        self._pattern = settings.file_name or _usual_name(tools.name, settings.mode)
        self._file_name(0)
        self._place, self._close = _opened(settings, tools)

    def close(self) -> None:
        """Let go of the storage."""
        self._close()

    def send(self, parcel: Parcel) -> Answer:
        """Write the members to a file; the same parcel has the same name, so that sent again it replaces itself."""
        begun = time.monotonic()
        try:
            self._place.put(self._file_name(parcel.run), self._file(parcel.rows))
        except Exception as error:  # a storage's client may raise anything
            return Answer(outcome=Outcome.RETRY, sentence=_told(error))
        return Answer(outcome=Outcome.DELIVERED, duration_ms=round((time.monotonic() - begun) * 1000))

    def test(self) -> Trial:
        """Write a small file and take it away again."""
        begun, name = time.monotonic(), f"regulars_test_{self._tools.clock.now_us()}.csv"
        content = self._file([])
        steps = f"write {name}\n\n{content.decode()}\nremove {name}"
        try:
            self._place.put(name, content)
            self._place.remove(name)
        except Exception as error:  # as above
            return Trial(
                works=False, sentence=_told(error), exchanges=[Exchange(sent=steps, received=text_of(_told(error)))]
            )
        return Trial(
            works=True,
            sentence=said("trial_file_dropped", "A file was dropped there and removed."),
            exchanges=[Exchange(sent=steps, received="done")],
            duration_ms=round((time.monotonic() - begun) * 1000),
        )

    def _file(self, rows: Iterable[Row]) -> bytes:
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=DELIMITERS[self._settings.delimiter], lineterminator="\n")
        writer.writerow(list(self.columns) if self.whole else ["change", *self.columns])
        for row in rows:
            values = [row.values.get(name, "") for name in self.columns]
            writer.writerow(values if self.whole else [row.change, *values])
        return out.getvalue().encode()

    def _file_name(self, run: int) -> str:
        date = moment(self._tools.clock.now_us()).date().isoformat() if "{date}" in self._pattern else ""
        name = self._pattern.replace("{run}", f"{run:06}").replace("{date}", date)
        if not FILE_NAME.fullmatch(self._pattern) or "{" in name or "}" in name:
            raise InvalidError(
                said(
                    "drop_file_name",
                    "A file name has letters, digits, dots and dashes, {{run}} and {{date}}; got {name!r}.",
                    name=self._pattern,
                )
            )
        if not self.whole and "{run}" not in self._pattern:
            raise InvalidError(
                said("drop_file_run", "Changes go to a new file each time: put {{run}} into the file's name.")
            )
        return name


class _Folder:
    """A place of fsspec's."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def put(self, name: str, content: bytes) -> None:
        self._files.put_atomic(name, content)

    def remove(self, name: str) -> None:
        self._files.delete(name)


def _opened(settings: CsvDropSettings, tools: Tools) -> tuple[_Place, Callable[[], None]]:
    if settings.url.startswith("sftp://"):
        login = login_of(
            settings.url, password=settings.password, private_key=settings.private_key, host_key=settings.host_key
        )
        return SftpDrop(login, tools.outbound), lambda: None
    files = open_place(settings.url, settings.options, tools)
    return _Folder(files), files.close


def _usual_name(name: str, mode: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "audience"
    return f"{slug}.csv" if mode == "all" else f"{slug}-{{run}}.csv"


def _told(error: Exception) -> Sentence:
    if isinstance(error, RegularsError):
        return error.sentence
    first = (str(error).splitlines() or [""])[0][:200]
    kind = type(error).__name__
    return said("place_refuses", "The place refuses ({kind}): {why}", kind=kind, why=first)
