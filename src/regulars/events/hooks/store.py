"""What hooks ask the database: which there are, and what each has told by which mapping."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, text

from regulars.events.hooks.core.definition import HookSecret
from regulars.events.hooks.core.mapping import HookMapping
from regulars.events.hooks.core.schemes import Scheme
from regulars.kernel.database import Migration
from regulars.kernel.ids import SourceId

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        capability="hooks",
        number=1,
        statements=(
            """
            CREATE TABLE hooks_hooks (
                hook_id TEXT NOT NULL PRIMARY KEY, source_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
                preset TEXT NOT NULL, scheme {json} NOT NULL, secrets {json} NOT NULL, enabled INTEGER NOT NULL,
                version INTEGER NOT NULL, created_us BIGINT NOT NULL, changed_us BIGINT NOT NULL)""",
            """
            CREATE TABLE hooks_versions (
                hook_id TEXT NOT NULL, version INTEGER NOT NULL, mapping {json} NOT NULL, from_us BIGINT NOT NULL,
                PRIMARY KEY (hook_id, version))""",
        ),
    ),
    # From here on secrets are sealed, which an older program could not read. SQL cannot do it: `Hooks.seal_old`.
    Migration("hooks", 2),
)
DERIVED_TABLES: tuple[str, ...] = ()

_COLUMNS = (
    "h.hook_id, h.source_id, h.name, h.preset, h.scheme, h.secrets, h.enabled, h.version, h.created_us, h.changed_us"
)
# Which hooks are there, each with the mapping in force, oldest first?
_ALL = text(f"""
SELECT {_COLUMNS}, v.mapping FROM hooks_hooks h
JOIN hooks_versions v ON v.hook_id = h.hook_id AND v.version = h.version ORDER BY h.created_us, h.hook_id""")
_ONE = text(f"""
SELECT {_COLUMNS}, v.mapping FROM hooks_hooks h
JOIN hooks_versions v ON v.hook_id = h.hook_id AND v.version = h.version WHERE h.hook_id = :hook_id""")
_ADD = text("""
INSERT INTO hooks_hooks (hook_id, source_id, name, preset, scheme, secrets, enabled, version, created_us, changed_us)
VALUES (:hook_id, :source_id, :name, :preset, :scheme, :secrets, :enabled, :version, :created_us, :changed_us)""")
_CHANGE = text("""
UPDATE hooks_hooks SET name = :name, scheme = :scheme, secrets = :secrets, enabled = :enabled, version = :version,
    changed_us = :changed_us WHERE hook_id = :hook_id""")
_ADD_VERSION = text("""
INSERT INTO hooks_versions (hook_id, version, mapping, from_us) VALUES (:hook_id, :version, :mapping, :from_us)""")
# By which mappings did a hook tell its deliveries, the newest first?
_VERSIONS = text("""
SELECT version, mapping, from_us FROM hooks_versions WHERE hook_id = :hook_id ORDER BY version DESC""")
_FORGET = text("DELETE FROM hooks_hooks WHERE hook_id = :hook_id")
_FORGET_VERSIONS = text("DELETE FROM hooks_versions WHERE hook_id = :hook_id")


class HookRow(msgspec.Struct, kw_only=True):
    """A hook with the mapping in force."""

    hook_id: str
    source_id: SourceId
    name: str
    preset: str
    scheme: Scheme
    secrets: list[HookSecret]
    enabled: bool
    version: int
    created_us: int
    changed_us: int
    mapping: HookMapping


class VersionRow(msgspec.Struct, frozen=True):
    """A mapping, and since when it held."""

    version: int
    mapping: HookMapping
    from_us: int


def hooks(connection: Connection) -> list[HookRow]:
    """Return every hook, oldest first."""
    return [_row(found) for found in connection.execute(_ALL)]


def hook(connection: Connection, hook_id: str) -> HookRow | None:
    """Return one hook."""
    found = connection.execute(_ONE, {"hook_id": hook_id}).first()
    return _row(found) if found else None


def add(connection: Connection, row: HookRow) -> None:
    """Keep a new hook with its first mapping."""
    connection.execute(_ADD, _values(row))
    add_version(connection, row)


def change(connection: Connection, row: HookRow) -> None:
    """Keep what is different of a hook, all but its mappings."""
    connection.execute(_CHANGE, _values(row))


def add_version(connection: Connection, row: HookRow) -> None:
    """Keep a hook's mapping as a version of its own."""
    mapping = msgspec.json.encode(row.mapping).decode()
    values = {"hook_id": row.hook_id, "version": row.version, "mapping": mapping, "from_us": row.changed_us}
    connection.execute(_ADD_VERSION, values)


def versions(connection: Connection, hook_id: str) -> list[VersionRow]:
    """Return a hook's mappings, the newest first."""
    return [
        VersionRow(found.version, msgspec.json.decode(found.mapping, type=HookMapping), found.from_us)
        for found in connection.execute(_VERSIONS, {"hook_id": hook_id})
    ]


def forget(connection: Connection, hook_id: str) -> int:
    """Forget a hook and its mappings; return how many hooks went."""
    connection.execute(_FORGET_VERSIONS, {"hook_id": hook_id})
    return connection.execute(_FORGET, {"hook_id": hook_id}).rowcount


def _values(row: HookRow) -> dict[str, object]:
    return {
        **{name: getattr(row, name) for name in row.__struct_fields__ if name != "mapping"},
        "scheme": msgspec.json.encode(row.scheme).decode(),
        "secrets": msgspec.json.encode(row.secrets).decode(),
        "enabled": int(row.enabled),
    }


def _row(found: object) -> HookRow:
    values = dict(found._mapping)  # type: ignore[attr-defined]  # every SQLAlchemy Row has it
    values["scheme"] = msgspec.json.decode(values["scheme"], type=Scheme)
    values["secrets"] = msgspec.json.decode(values["secrets"], type=list[HookSecret])
    values["mapping"] = msgspec.json.decode(values["mapping"], type=HookMapping)
    values["enabled"] = bool(values["enabled"])
    return HookRow(**values)
