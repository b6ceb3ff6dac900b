"""What hooks do: open one, keep its secret and its mapping, show what came and what it told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from regulars.events.decode import read_request
from regulars.events.hooks import store
from regulars.events.hooks.core.definition import HookSecret, KeyedHook, new_hook_id, new_secret, purpose_of, rotated
from regulars.events.hooks.core.mapping import RULES_MAX, SILENT, HookMapping, HookProblem, checked, problems_of
from regulars.events.hooks.core.presets import PRESETS, HookPreset
from regulars.events.hooks.core.schemes import Scheme
from regulars.events.hooks.core.schemes import checked as checked_scheme
from regulars.events.hooks.door import EVENT_BYTES_MAX, PATH
from regulars.events.hooks.snapshot import write_hooks
from regulars.events.hooks.store import HookRow
from regulars.events.imports.preview import PreviewEvent, event_shown
from regulars.events.letters import Letters
from regulars.events.record import HOOK, AcceptedRequest, HookStamp, RefusedRequest, decode_entry, encode_entry
from regulars.events.service import Events
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import InvalidError, NotFoundError, TooLargeError, nearest
from regulars.kernel.eventlog import EventLog, Record
from regulars.kernel.ids import SourceId
from regulars.kernel.sayings import said
from regulars.kernel.seal import Seal, SealedError, forget_what_was, is_sealed

NAME_CHARACTERS_MAX = 120
OVERLAP_S_MAX = 7 * 86_400
SCANNED_MAX = 20_000  # records looked through for a hook's deliveries
WINDOW = 500
DELIVERIES_SHOWN = 20
PREVIEW_BYTES_MAX = 512_000
SECRET_SHOWN_CHARACTERS = 4


class SecretHint(msgspec.Struct, frozen=True, kw_only=True):
    """How a secret ends, and until when it verifies; None means for good.

    One that is not readable was sealed with a key that is lost: it verifies nothing, and a new one must be given.
    """

    ending: str
    until: datetime | None
    is_readable: bool


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """An inbound webhook. `path` is its address beneath the shop's."""

    hook_id: str
    name: str
    preset: str
    path: str
    source_id: SourceId
    enabled: bool
    scheme: Scheme
    secrets: list[SecretHint]
    mapping: HookMapping
    version: int
    created_at: datetime
    changed_at: datetime


class NewHook(msgspec.Struct, frozen=True, kw_only=True):
    """A hook just opened, or given a new secret: the secret is told this once, None when the other service made it."""

    hook: Hook
    secret: str | None


class MappingVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping that held, and since when."""

    version: int
    mapping: HookMapping
    since: datetime


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What of a delivery could not be told, and why."""

    code: str
    reason: str
    at: str


class HookPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a mapping makes of a body: events, what fails, and which expressions cannot be read."""

    events: list[PreviewEvent]
    failures: list[Told]
    problems: list[HookProblem]


class ShownDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery as it came. `status` is what it was answered with, `code` the reason's of a refusal; `version` is
    the mapping that told it.

    `waits` says whether it lies among the dead letters, to be told again; `is_covered` whether its body is hidden from
    who is asking, because a plan marks fields of its source as personal.
    """

    delivery: str
    delivery_id: str
    received_at: datetime
    status: int
    code: str
    reason: str
    version: int | None
    headers: dict[str, str]
    body: str
    events: int
    failures: list[Told]
    waits: bool = False
    is_covered: bool = False


class Hooks:
    """The inbound webhooks of a shop."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        log: EventLog,
        folder: Path,
        seal: Seal,
        events: Events,
        letters: Letters,
    ) -> None:
        self._database = database
        self._clock = clock
        self._log = log
        self._folder = folder
        self._seal = seal
        self._events = events
        self._letters = letters
        letters.stamped_now = self.stamped_now

    def presets(self) -> list[HookPreset]:
        """Return how to begin with each service that we know."""
        return list(PRESETS)

    def all(self) -> list[Hook]:
        """Return every hook, oldest first."""
        with self._database.read() as connection:
            rows = store.hooks(connection)
        return [self._shown(row) for row in rows]

    def find(self, hook_id: str) -> Hook:
        """Return one hook.

        Raises
        ------
        NotFoundError
            When there is none of this id.

        """
        return self._shown(self._row(hook_id))

    def create(
        self,
        name: str,
        *,
        preset: str = "generic",
        scheme: Scheme | None = None,
        mapping: HookMapping | None = None,
        secret: str | None = None,
    ) -> NewHook:
        """Open a hook with a source of its own.

        Parameters
        ----------
        preset
            What to begin with; `scheme` and `mapping` stand in place of its own.
        secret
            The other service's, when it makes one; otherwise one is made here and told once. A service that makes its
            secret only when it knows the address gets a hook without one, which lets nothing in until it has it.

        """
        begun = _preset(preset)
        name = _checked_name(name or begun.title)
        chosen = checked_scheme(scheme or begun.scheme)
        told = checked(mapping or begun.mapping)
        made = None
        if not secret and (begun.secret_from == "us" or scheme is not None):  # noqa: S105 (who makes it, not what it is)
            made = new_secret(chosen)
        source = self._events.create_source(name, "hook")
        now_us = self._clock.now_us()
        kept = (secret or "").strip() or made
        hook_id = new_hook_id()
        sealed = [HookSecret(self._seal.close(kept, purpose_of(hook_id)))] if kept else []
        row = HookRow(
            hook_id=hook_id,
            source_id=source.source_id,
            name=name,
            preset=begun.name,
            scheme=chosen,
            secrets=sealed,
            enabled=True,
            version=1,
            created_us=now_us,
            changed_us=now_us,
            mapping=told,
        )
        with self._database.write() as connection:
            store.add(connection, row)
            self._publish(store.hooks(connection))
        return NewHook(hook=self._shown(row), secret=made)

    def change(
        self,
        hook_id: str,
        *,
        name: str | None = None,
        enabled: bool | None = None,
        scheme: Scheme | None = None,
        mapping: HookMapping | None = None,
    ) -> Hook:
        """Rename a hook, close or open it, say otherwise how it is signed, or what it tells.

        A new mapping is a new version: what came before keeps the events it told.
        """
        with self._database.write() as connection:
            row = _known(store.hook(connection, hook_id), hook_id)
            row.changed_us = self._clock.now_us()
            row.name = _checked_name(name) if name is not None else row.name
            row.enabled = enabled if enabled is not None else row.enabled
            row.scheme = checked_scheme(scheme) if scheme is not None else row.scheme
            if mapping is not None and mapping != row.mapping:
                row.mapping = checked(mapping)
                row.version += 1
                store.add_version(connection, row)
            store.change(connection, row)
            self._publish(store.hooks(connection))
        if name is not None:
            self._events.change_source(row.source_id, name=row.name)
        return self._shown(row)

    def set_secret(self, hook_id: str, *, secret: str | None = None, overlap_s: int = 0) -> NewHook:
        """Give a hook a new secret: the other service's, or one made here and told once.

        Parameters
        ----------
        overlap_s
            How long the one before it verifies as well, at most a week.

        """
        if not 0 <= overlap_s <= OVERLAP_S_MAX:
            raise InvalidError(f"The old secret may verify for 0 to {OVERLAP_S_MAX:,} s more, got {overlap_s:,}.")
        with self._database.write() as connection:
            row = _known(store.hook(connection, hook_id), hook_id)
            now_us = self._clock.now_us()
            made = None if secret and secret.strip() else new_secret(row.scheme)
            kept = self._seal.close(made or (secret or "").strip(), purpose_of(hook_id))
            until_us = now_us + overlap_s * MICROSECONDS_PER_SECOND
            readable = [one for one in row.secrets if self._opened(one, purpose_of(hook_id)) is not None]
            row.secrets = rotated(readable, kept, now_us=now_us, until_us=until_us)
            row.changed_us = now_us
            store.change(connection, row)
            self._publish(store.hooks(connection))
        return NewHook(hook=self._shown(row), secret=made)

    def remove(self, hook_id: str) -> None:
        """Take a hook away and close its source; what it told stays."""
        with self._database.write() as connection:
            row = _known(store.hook(connection, hook_id), hook_id)
            store.forget(connection, hook_id)
            self._publish(store.hooks(connection))
        self._events.change_source(row.source_id, enabled=False)

    def versions(self, hook_id: str) -> list[MappingVersion]:
        """Return the mappings by which a hook told its deliveries, the newest first."""
        self._row(hook_id)
        with self._database.read() as connection:
            rows = store.versions(connection, hook_id)
        return [MappingVersion(version=row.version, mapping=row.mapping, since=moment(row.from_us)) for row in rows]

    def preview(
        self, mapping: HookMapping, body: str, headers: dict[str, str], *, hook_id: str = "", delivery: str = ""
    ) -> HookPreview:
        """Return what a mapping would make of a body; nothing is kept."""
        if len(body) > PREVIEW_BYTES_MAX:
            raise TooLargeError(
                said("hook_body_large", "A body to look at has at most {most:,} characters.", most=PREVIEW_BYTES_MAX)
            )
        problems = problems_of(mapping)
        at_fault = {one.rule for one in problems}
        mapping = HookMapping(
            rules=[SILENT if number in at_fault else rule for number, rule in enumerate(mapping.rules[:RULES_MAX])]
        )
        stamp = HookStamp(
            hook_id, 0, delivery, {name.lower(): value for name, value in headers.items()}, msgspec.json.encode(mapping)
        )
        now_us = self._clock.now_us()
        request = AcceptedRequest("preview", now_us, "", "", HOOK, body.encode(), EVENT_BYTES_MAX, hook=stamp)
        decoded = read_request(Record("preview", 0, now_us, encode_entry(request)))
        return HookPreview(
            events=[event_shown(event) for event in decoded.events],
            failures=[Told(code=one.code, reason=one.reason, at=one.at) for one in decoded.rejected],
            problems=problems,
        )

    def deliveries(self, hook_id: str, *, limit: int = DELIVERIES_SHOWN, covered: bool = False) -> list[ShownDelivery]:
        """Return what came last, the newest first: taken from the log itself, refused deliveries too.

        `covered`, no body is told of a hook of which a tracking plan marks fields as personal.
        """
        row = self._row(hook_id)
        found: list[ShownDelivery] = []
        untold = self._letters.untold(row.source_id)
        with self._events.live.plans_read() as plans:
            hides = covered and plans.cover(row.source_id) is not None
        for record in self._newest(row):
            shown = _delivery(record, row)
            if shown is not None:
                waits = (record.partition, record.offset) in untold
                body = "" if hides else shown.body
                found.append(msgspec.structs.replace(shown, waits=waits, body=body, is_covered=hides))
            if len(found) >= limit:
                break
        return found

    def tell_again(self, hook_id: str) -> int:
        """Tell what could not be told before by the mapping that holds now; return how many deliveries that were.

        What had been told of them already counts once: events are named by the delivery, not by when they are told.
        """
        return self._letters.retell(self._row(hook_id).source_id)

    def stamped_now(self, stamp: HookStamp) -> HookStamp:
        """Return how a delivery would be told now; as it was, where the hook is gone."""
        with self._database.read() as connection:
            row = store.hook(connection, stamp.hook_id)
        if row is None:
            return stamp
        return msgspec.structs.replace(stamp, version=row.version, mapping=msgspec.json.encode(row.mapping))

    def seal_old(self) -> int:
        """Seal the secrets that an older version kept in the clear, and return how many hooks had some."""
        with self._database.read() as connection:
            if not any(_is_clear(row) for row in store.hooks(connection)):
                return 0
        with self._database.write(lock="hooks") as connection:
            forget_what_was(connection)
            found = [row for row in store.hooks(connection) if _is_clear(row)]
            for row in found:
                purpose = purpose_of(row.hook_id)
                row.secrets = [HookSecret(self._seal.close(one.secret, purpose), one.until_us) for one in row.secrets]
                store.change(connection, row)
            self._publish(store.hooks(connection))
        return len(found)

    def publish(self) -> None:
        """Write the door's snapshot again, as when a shop is opened."""
        with self._database.read() as connection:
            self._publish(store.hooks(connection))

    def _newest(self, row: HookRow) -> Iterator[Record]:
        """Walk the newest records of the log that are this hook's."""
        records: list[Record] = []
        for partition in self._log.partitions():
            last, scanned = self._log.end(partition), 0
            while last > self._log.start(partition) and scanned < SCANNED_MAX:
                first = max(self._log.start(partition), last - WINDOW)
                some = self._log.read(partition, after=first, records_max=last - first)
                records += [record for record in some if row.source_id.encode() in record.payload]
                scanned += len(some)
                last = first
        yield from sorted(records, key=lambda record: (-record.accepted_us, -record.offset))

    def _publish(self, rows: list[HookRow]) -> None:
        write_hooks(
            self._folder,
            [
                KeyedHook(
                    row.hook_id, row.source_id, row.name, row.enabled, row.scheme, row.secrets, row.version, row.mapping
                )
                for row in rows
            ],
        )

    def _hint(self, kept: HookSecret, purpose: str) -> SecretHint:
        """Return how a secret ends, by which people know it again; nothing of a short one, or where its key is lost."""
        secret = self._opened(kept, purpose)
        return SecretHint(
            ending=secret[-SECRET_SHOWN_CHARACTERS:] if secret is not None and len(secret) >= 12 else "",
            until=moment(kept.until_us) if kept.until_us else None,
            is_readable=secret is not None,
        )

    def _opened(self, kept: HookSecret, purpose: str) -> str | None:
        try:
            return self._seal.open(kept.secret, purpose)
        except SealedError:
            return None

    def _row(self, hook_id: str) -> HookRow:
        with self._database.read() as connection:
            return _known(store.hook(connection, hook_id), hook_id)

    def _shown(self, row: HookRow) -> Hook:
        now_us = self._clock.now_us()
        return Hook(
            hook_id=row.hook_id,
            name=row.name,
            preset=row.preset,
            path=PATH + row.hook_id,
            source_id=row.source_id,
            enabled=row.enabled,
            scheme=row.scheme,
            secrets=[
                self._hint(one, purpose_of(row.hook_id))
                for one in row.secrets
                if one.until_us == 0 or one.until_us > now_us
            ],
            mapping=row.mapping,
            version=row.version,
            created_at=moment(row.created_us),
            changed_at=moment(row.changed_us),
        )


def _delivery(record: Record, row: HookRow) -> ShownDelivery | None:
    entry = decode_entry(record.payload)
    name = f"{record.partition}.{record.offset}"
    if isinstance(entry, RefusedRequest) and entry.path == HOOK and entry.source_id == row.source_id:
        return ShownDelivery(
            delivery=name,
            delivery_id="",
            received_at=moment(entry.received_us),
            status=entry.status,
            code=entry.code,
            reason=entry.reason,
            version=None,
            headers={},
            body=entry.body_head.decode("utf-8", "replace"),
            events=0,
            failures=[],
        )
    if not isinstance(entry, AcceptedRequest) or entry.source_id != row.source_id:
        return None
    decoded = read_request(record)
    stamp = entry.hook
    return ShownDelivery(
        delivery=name,
        delivery_id=stamp.delivery_id if stamp else "",
        received_at=moment(entry.received_us),
        status=200,
        code="",
        reason="",
        version=stamp.version if stamp else None,
        headers=stamp.headers if stamp else {},
        body=entry.body.decode("utf-8", "replace") if stamp else "",
        events=len(decoded.events),
        failures=[Told(code=one.code, reason=one.reason, at=one.at) for one in decoded.rejected],
    )


def _preset(name: str) -> HookPreset:
    for preset in PRESETS:
        if preset.name == name:
            return preset
    known = [preset.name for preset in PRESETS]
    raise NotFoundError(f"No hook begins as {name!r}; there are {', '.join(known)}.{nearest(name, known)}")


def _known(row: HookRow | None, hook_id: str) -> HookRow:
    if row is None:
        raise NotFoundError(said("no_hook", "There is no hook {hook!r}.", hook=hook_id[:60]))
    return row


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARACTERS_MAX:
        raise InvalidError(
            said(
                "hook_name",
                "A hook's name has 1 to {most} characters, this one {length}.",
                most=NAME_CHARACTERS_MAX,
                length=len(name),
            )
        )
    return name


def _is_clear(row: HookRow) -> bool:
    return any(not is_sealed(one.secret) for one in row.secrets)
