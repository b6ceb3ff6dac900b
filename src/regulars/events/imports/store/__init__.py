"""What imports ask the database: which files there are, which mappings have a name, which rows went in for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, text

from regulars.events.imports.core.mapping import RowMapping
from regulars.kernel.bulk import rows_among, write_rows
from regulars.kernel.database import Migration
from regulars.kernel.tables import Format

# Which messages went into the log by an import, ever? The worker's own memory ends after `events.dedupe_days`; a file
# of all orders is given again each month.
_TAKEN = """
CREATE TABLE imports_taken (
    first_half BIGINT NOT NULL, second_half BIGINT NOT NULL, PRIMARY KEY (first_half, second_half))"""

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        capability="imports",
        number=1,
        statements=(
            """
            CREATE TABLE imports_files (
                import_id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, format TEXT NOT NULL,
                size_bytes BIGINT NOT NULL, digest TEXT NOT NULL, state TEXT NOT NULL, source_id TEXT,
                mapping {json}, mapping_name TEXT, report {json}, job_run_id TEXT,
                created_us BIGINT NOT NULL, changed_us BIGINT NOT NULL, kept INTEGER NOT NULL)""",
            "CREATE INDEX imports_files_by_age ON imports_files (created_us)",
            """
            CREATE TABLE imports_mappings (
                name TEXT NOT NULL PRIMARY KEY, mapping {json} NOT NULL, changed_us BIGINT NOT NULL)""",
        ),
        sqlite=(_TAKEN + " WITHOUT ROWID",),
        postgresql=(_TAKEN,),
    ),
)
DERIVED_TABLES: tuple[str, ...] = ()  # of what the log says, none is kept here

_COLUMNS = (
    "import_id, name, format, size_bytes, digest, state, source_id, mapping, mapping_name, report, job_run_id, "
    "created_us, changed_us, kept"
)
_ADD = text(f"""
INSERT INTO imports_files ({_COLUMNS})
VALUES (:import_id, :name, :format, :size_bytes, :digest, :state, :source_id, :mapping, :mapping_name, :report,
    :job_run_id, :created_us, :changed_us, :kept)""")
_CHANGE = text("""
UPDATE imports_files SET state = :state, source_id = :source_id, mapping = :mapping, mapping_name = :mapping_name,
    report = :report, job_run_id = :job_run_id, changed_us = :changed_us, kept = :kept, size_bytes = :size_bytes
WHERE import_id = :import_id""")
_SET_JOB_RUN = text("UPDATE imports_files SET job_run_id = :job_run_id WHERE import_id = :import_id")
# Nobody may put another file in the place of this one until the commit.
_HOLD = text("UPDATE imports_files SET kept = kept WHERE import_id = :import_id")
_ONE = text(f"SELECT {_COLUMNS} FROM imports_files WHERE import_id = :import_id")
# The newest files, after a place in the list.
_NEWEST = text(f"""
SELECT {_COLUMNS} FROM imports_files
WHERE created_us < :before_us OR (created_us = :before_us AND import_id < :before_id)
ORDER BY created_us DESC, import_id DESC LIMIT :limit""")
# Which files still lie there that came before a moment?
_KEPT_BEFORE = text(f"SELECT {_COLUMNS} FROM imports_files WHERE kept = 1 AND created_us < :before_us")
_FORGET = text("DELETE FROM imports_files WHERE import_id = :import_id")
# When did the same bytes go in before?
_SAME = text("""
SELECT import_id, name, changed_us FROM imports_files
WHERE digest = :digest AND import_id <> :import_id AND state = 'done' ORDER BY changed_us DESC LIMIT 1""")

_PUT_MAPPING = text("""
INSERT INTO imports_mappings (name, mapping, changed_us) VALUES (:name, :mapping, :changed_us)
ON CONFLICT (name) DO UPDATE SET mapping = excluded.mapping, changed_us = excluded.changed_us""")
_MAPPINGS = text("SELECT name, mapping, changed_us FROM imports_mappings ORDER BY name")
_MAPPING = text("SELECT name, mapping, changed_us FROM imports_mappings WHERE name = :name")
_FORGET_MAPPING = text("DELETE FROM imports_mappings WHERE name = :name")

# Which of these messages went in already?
_AMONG_TAKEN = "SELECT first_half, second_half FROM imports_taken WHERE first_half {among}"
_TAKE = "INSERT INTO imports_taken (first_half, second_half) VALUES (?, ?) ON CONFLICT DO NOTHING"

FAR_FUTURE_US = 2**62


class FileRow(msgspec.Struct, kw_only=True):
    """One file and what became of it. `kept` says whether the file itself still lies there."""

    import_id: str
    name: str
    format: Format
    size_bytes: int
    digest: str
    state: str
    source_id: str | None = None
    mapping: RowMapping | None = None
    mapping_name: str | None = None
    report: bytes | None = None
    job_run_id: str | None = None
    created_us: int
    changed_us: int
    kept: bool = True


class NamedRow(msgspec.Struct, frozen=True):
    """A mapping under its name."""

    name: str
    mapping: RowMapping
    changed_us: int


def add(connection: Connection, row: FileRow) -> None:
    """Keep a new file."""
    connection.execute(_ADD, _values(row))


def change(connection: Connection, row: FileRow) -> None:
    """Keep what became of a file."""
    connection.execute(_CHANGE, _values(row))


def set_job_run(connection: Connection, import_id: str, job_run_id: str) -> None:
    """Keep which run of a job works on a file, and touch nothing else."""
    connection.execute(_SET_JOB_RUN, {"import_id": import_id, "job_run_id": job_run_id})


def hold(connection: Connection, import_id: str) -> None:
    """Keep others who hold this file waiting until the commit."""
    connection.execute(_HOLD, {"import_id": import_id})


def one(connection: Connection, import_id: str) -> FileRow | None:
    """Return a file."""
    found = connection.execute(_ONE, {"import_id": import_id}).first()
    return _row(found) if found else None


def newest(connection: Connection, before: tuple[int, str], limit: int) -> list[FileRow]:
    """Return files from the newest on, after a place in the list."""
    asked = {"before_us": before[0], "before_id": before[1], "limit": limit}
    return [_row(found) for found in connection.execute(_NEWEST, asked)]


def kept_before(connection: Connection, before_us: int) -> list[FileRow]:
    """Return the files that still lie there and came before a moment."""
    return [_row(found) for found in connection.execute(_KEPT_BEFORE, {"before_us": before_us})]


def forget(connection: Connection, import_id: str) -> int:
    """Forget that there was a file; return how many rows went."""
    return connection.execute(_FORGET, {"import_id": import_id}).rowcount


def same_before(connection: Connection, row: FileRow) -> tuple[str, str, int] | None:
    """Return id, name and moment of the last import of the same bytes."""
    found = connection.execute(_SAME, {"digest": row.digest, "import_id": row.import_id}).first()
    return (found.import_id, found.name, found.changed_us) if found else None


def put_mapping(connection: Connection, name: str, mapping: RowMapping, now_us: int) -> None:
    """Keep a mapping under a name, in place of the one that had it."""
    body = msgspec.json.encode(mapping).decode()
    connection.execute(_PUT_MAPPING, {"name": name, "mapping": body, "changed_us": now_us})


def mappings(connection: Connection) -> list[NamedRow]:
    """Return every named mapping, by name."""
    return [_named(found) for found in connection.execute(_MAPPINGS)]


def mapping(connection: Connection, name: str) -> NamedRow | None:
    """Return the mapping of a name."""
    found = connection.execute(_MAPPING, {"name": name}).first()
    return _named(found) if found else None


def forget_mapping(connection: Connection, name: str) -> int:
    """Forget a name; return how many rows went."""
    return connection.execute(_FORGET_MAPPING, {"name": name}).rowcount


def halves_of(source_id: str, message_id: str) -> tuple[int, int]:
    """Return the 128 bits that stand for a message of a source, as two whole numbers."""
    digest = hashlib.blake2b(f"{source_id}\x00{message_id}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "big", signed=True), int.from_bytes(digest[8:], "big", signed=True)


def taken_among(connection: Connection, keys: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return those of these messages that went in already."""
    rows = rows_among(connection, _AMONG_TAKEN, [first for first, _ in keys])
    return {(row[0], row[1]) for row in rows}


def take(connection: Connection, keys: Sequence[tuple[int, int]]) -> None:
    """Remember for ever that these messages went in."""
    write_rows(connection, _TAKE, sorted(keys), "bigint bigint")


def _values(row: FileRow) -> dict[str, object]:
    return {
        **msgspec.structs.asdict(row),
        "mapping": msgspec.json.encode(row.mapping).decode() if row.mapping else None,
        "report": row.report.decode() if row.report else None,
        "kept": int(row.kept),
    }


def _row(found: object) -> FileRow:
    values = dict(found._mapping)  # type: ignore[attr-defined]  # every SQLAlchemy Row has it
    mapping_text: str | None = values["mapping"]
    report_text: str | None = values["report"]
    values["mapping"] = msgspec.json.decode(mapping_text, type=RowMapping) if mapping_text else None
    values["report"] = report_text.encode() if report_text else None
    values["kept"] = bool(values["kept"])
    values["format"] = msgspec.convert(values["format"], Format)
    return FileRow(**values)


def _named(found: object) -> NamedRow:
    values = found._mapping  # type: ignore[attr-defined]  # every SQLAlchemy Row has it
    return NamedRow(values["name"], msgspec.json.decode(values["mapping"], type=RowMapping), values["changed_us"])
