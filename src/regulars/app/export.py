"""What is known, written down: everything about one customer as a zip of JSON, or every event as Parquet by day."""

from __future__ import annotations

import errno
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from regulars.app.erase import named_by
from regulars.app.shop import Shop
from regulars.kernel.clock import moment
from regulars.kernel.errors import ConflictError, DiskFullError, UnavailableError
from regulars.kernel.ids import CustomerId
from regulars.lake.core import FOLDER

ENTRIES_A_PAGE = 200
_READ_ME = """What the shop knows of one customer, on {at}.

profile.json     who they are to us: traits with their history, counters, tastes, devices, consent
identity.json    their identifiers, how we know that these are one person, and who became part of them
timeline.jsonl   what they did, the latest first, as the profile shows it
events.jsonl     every event of theirs in the history, with all that was sent
"""


class ExportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was written: how many rows in how many files, and where."""

    rows: int
    files: int
    place: str


def export_customer(shop: Shop, customer_id: CustomerId, target: Path) -> ExportReport:
    """Write everything about a customer to a zip file that must not be there yet.

    Raises
    ------
    NotFoundError
        When nobody has this id.
    ConflictError
        When the file is there already.

    """
    profile = shop.profiles.of(customer_id)
    try:
        with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:
            at = shop.clock.now_us()
            archive.writestr("README.txt", _READ_ME.format(at=moment(at).isoformat(timespec="seconds")))
            archive.writestr("profile.json", _pretty(profile))
            archive.writestr("identity.json", _pretty(_identity(shop, profile.customer_id)))
            told = _lines(archive, "timeline.jsonl", _timeline(shop, profile.customer_id))
            sent = _lines(archive, "events.jsonl", _events(shop, profile.customer_id))
    except FileExistsError:
        raise ConflictError(f"{str(target)!r} is there already. Give another name, or remove it first.") from None
    except OSError as error:
        target.unlink(missing_ok=True)
        raise _refused(target, error) from error
    return ExportReport(rows=told + sent + 2, files=4, place=str(target))


def export_events(
    shop: Shop,
    target: Path,
    on_progress: Callable[[int, int, str], None] | None = None,
) -> ExportReport:
    """Write what waits to history, then copy all of it to a folder that is empty or new, as Parquet by day.

    Raises
    ------
    ConflictError
        When the folder holds something.

    """
    if target.exists() and any(target.iterdir()):
        raise ConflictError(f"{str(target)!r} is not empty. Give the name of a new folder.")
    shop.lake.flush()
    paths = [path for path in shop.files.list(FOLDER) if path.endswith(".parquet")]
    rows = 0
    for number, path in enumerate(paths, 1):
        copy = target / Path(path).relative_to(FOLDER)
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(shop.files.local_path(path), copy)
        except OSError as error:
            raise _refused(target, error) from error
        rows += _rows_of(copy)
        if on_progress is not None:
            on_progress(number, len(paths), copy.parent.name)
    return ExportReport(rows=rows, files=len(paths), place=str(target))


def _rows_of(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def _identity(shop: Shop, customer_id: CustomerId) -> dict[str, object]:
    return {
        "identifiers": shop.identity.identifiers_of(customer_id),
        "evidence": shop.identity.evidence_of(customer_id),
        "merged_from": shop.identity.merged_from(customer_id),
    }


def _timeline(shop: Shop, customer_id: CustomerId) -> Iterator[object]:
    cursor: str | None = None
    while True:
        page = shop.profiles.timeline(customer_id, cursor=cursor, limit=ENTRIES_A_PAGE)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _events(shop: Shop, customer_id: CustomerId) -> Iterator[object]:
    forgotten = named_by(shop, customer_id).forgotten()
    events = shop.lake.events()
    theirs = events.user_id.isin(sorted(forgotten.user_ids)) | (
        events.user_id.isnull() & events.anonymous_id.isin(sorted(forgotten.anonymous_ids))
    )
    found = shop.lake.query(events.filter(theirs).order_by(["occurred_at", "event_id"]))
    for row in found.to_pylist():
        texts = {name: msgspec.Raw(row[name].encode()) for name in ("properties", "context") if row[name]}
        yield {**row, **texts}


def _pretty(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2)


def _lines(archive: zipfile.ZipFile, name: str, values: Iterator[object]) -> int:
    count = 0
    with archive.open(name, "w") as file:
        for value in values:
            file.write(msgspec.json.encode(value, enc_hook=str) + b"\n")
            count += 1
    return count


def _refused(target: Path, error: OSError) -> UnavailableError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(f"No room is left to write {str(target)!r}. Free some space, then try again.")
    return UnavailableError(f"{str(target)!r} cannot be written: {error.strerror}.")
