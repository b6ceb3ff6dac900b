"""What backups do: take one, verify it, say how the shop is covered; restoring needs no shop and stands beside."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from regulars.app.backup import store
from regulars.app.backup.core import Backup, DamagedBackupError, Verified, to_prune
from regulars.app.backup.place import Place
from regulars.app.backup.taking import Taking
from regulars.app.backup.verifying import verify
from regulars.app.erasures import Erasure
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, moment
from regulars.kernel.database.claim import claimed
from regulars.kernel.errors import InvalidError, NotFoundError, RegularsError
from regulars.kernel.http import Page, decode_cursor, page_of
from regulars.kernel.sayings import said
from regulars.kernel.settings import BackupSettings

if TYPE_CHECKING:
    from regulars.app.shop import Shop

JOB = "backup"
CLAIM = "backup"
FAR_FUTURE_US = 2**62
OVERDUE = 2.0  # a backup is late when twice the time between two has passed
WITHOUT_PLAN_S = 7 * 86_400
HOUR_S = 3_600

Told = Callable[[int, int, str], None]
_log = logging.getLogger(__name__)


class BackupOverview(msgspec.Struct, frozen=True, kw_only=True):
    """How the shop is covered. `is_late` when a backup should have been taken by now; `advice` says what to do."""

    is_set: bool
    every_hours: int
    keep: int
    last: Backup | None
    age_s: float | None
    next_at: datetime | None
    is_late: bool
    advice: str | None


def silent(done: int, total: int, note: str) -> None:
    """Tell nobody how far the work is."""


class Backups:
    """The backups of a shop."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def take(
        self, place: str | None = None, *, keep: int | None = None, verified: bool = False, told: Told = silent
    ) -> Backup:
        """Take a backup while the shop goes on; return it.

        Parameters
        ----------
        place
            A folder or an fsspec URL; `backup.url` when left out.
        keep
            How many backups stay, this one included; older ones go with what they alone hold. None keeps all.
        verified
            Restore it aside and compare, before it is called good.
        told
            Hears how far it is. What it raises stops the work, and leaves no backup.

        Raises
        ------
        InvalidError
            When no place is named or set, or fewer than one backup shall stay.
        ConflictError
            When the place belongs to another shop, or another process takes a backup now.

        """
        if keep is not None and keep < 1:
            raise InvalidError(f"At least 1 backup must stay, got {keep}.")
        shop = self._shop
        with (
            claimed(
                shop.database,
                CLAIM,
                taken=said("backup_taken", "Another process is taking a backup of this shop. Wait for it."),
            ),
            closing(Place(self._place(place))) as target,
        ):
            _, listed = Taking(shop, target, told).take()
            with shop.database.write() as connection:
                store.add(connection, listed, int(listed.at.timestamp() * MICROSECONDS_PER_SECOND))
            if keep is not None:
                self._prune(target, keep)
        if verified:
            self.verify(listed.backup_id, place, told=told)
        return self._listed(listed.backup_id) or listed

    def verify(self, backup_id: str | None = None, place: str | None = None, *, told: Told = silent) -> Verified:
        """Restore a backup aside, the newest when none is named, and compare it with what it should be.

        Raises
        ------
        NotFoundError
            When there is none with this id.
        DamagedBackupError
            When something is missing or wrong; it is named.

        """
        with closing(Place(self._place(place))) as target:
            manifests = [one for one in target.manifests() if backup_id in (None, one.backup_id)]
            if not manifests:
                named = f" {backup_id!r}" if backup_id else ""
                raise NotFoundError(f"There is no backup{named} in this place.")
            manifest = manifests[-1]
            try:
                found = verify(self._shop, target, manifest, told)
            except DamagedBackupError as error:
                self._note_verified(manifest.backup_id, str(error))
                raise
        self._note_verified(manifest.backup_id, None)
        return found

    def list_backups(self, *, cursor: str | None = None, limit: int = 50) -> Page[Backup]:
        """Return the backups taken from here, the newest first."""
        before = decode_cursor(cursor, tuple[int, str]) or (FAR_FUTURE_US, "")
        with self._shop.database.read() as connection:
            rows = store.newest(connection, before=before, limit=limit + 1)
        return page_of(rows, limit=limit, place_of=lambda row: (row.at_us, row.backup_id), item_of=store.backup_of)

    def overview(self) -> BackupOverview:
        """Return how the shop is covered."""
        settings = self._shop.settings.backup
        last = next(iter(self.list_backups(limit=1).items), None)
        now_us = self._shop.clock.now_us()
        age_s = (now_us / MICROSECONDS_PER_SECOND - last.at.timestamp()) if last else None
        every_s = settings.every_hours * HOUR_S if settings.url else 0
        next_us = int((last.at.timestamp() + every_s) * MICROSECONDS_PER_SECOND) if last and every_s else None
        is_late = age_s is None or age_s > late_after_s(settings)
        return BackupOverview(
            is_set=bool(settings.url),
            every_hours=settings.every_hours,
            keep=settings.keep,
            last=last,
            age_s=age_s,
            next_at=moment(next_us) if next_us else None,
            is_late=is_late,
            advice=_advice(last, is_late=is_late, is_set=bool(settings.url)),
        )

    def tell_of(self, erasure: Erasure) -> None:
        """Tell the place of the backups who was forgotten, so that an older one does not bring them back."""
        if not self._shop.settings.backup.url:
            return  # the next backup tells it, wherever it is put
        try:
            with closing(Place(self._shop.settings.backup.url)) as place:
                place.note_erasures([erasure])
        except (RegularsError, OSError) as error:
            _log.warning("the place of the backups was not told of an erasure; the next backup tells it: %s", error)

    def _place(self, place: str | None) -> str:
        chosen = place or self._shop.settings.backup.url
        if not chosen:
            raise InvalidError(
                said("backup_no_place", "Say where the backup shall lie: a folder or URL, or set backup.url.")
            )
        return chosen

    def _prune(self, place: Place, keep: int) -> None:
        """Let go the oldest backups, their manifests first, then what nobody names any more."""
        gone, named = to_prune(place.manifests(), keep)
        for manifest in gone:
            place.files.delete(manifest.path)
        for path in place.files.list("chunks"):
            if path not in named:
                place.files.delete(path)
        with self._shop.database.write() as connection:
            store.forget(connection, [manifest.backup_id for manifest in gone])

    def _note_verified(self, backup_id: str, problem: str | None) -> None:
        with self._shop.database.write() as connection:
            store.set_verified(connection, backup_id, self._shop.clock.now_us(), problem)

    def _listed(self, backup_id: str) -> Backup | None:
        return next((one for one in self.list_backups(limit=20).items if one.backup_id == backup_id), None)


def late_after_s(settings: BackupSettings) -> float:
    """Return at which age the newest backup is too old."""
    planned = settings.url and settings.every_hours
    return settings.every_hours * HOUR_S * OVERDUE if planned else WITHOUT_PLAN_S


def _advice(last: Backup | None, *, is_late: bool, is_set: bool) -> str | None:
    if last is None:
        return "There is no backup yet. " + ("Take one now." if is_set else "Set backup.url, or run: regulars backup.")
    if last.problem:
        return "The newest backup is damaged. Take another, and look at the disk it lies on."
    if is_late:
        return "The newest backup is old. Look why none was taken, or take one now."
    if last.verified_at is None:
        return "The newest backup was not verified yet: regulars backup --verify."
    return None
