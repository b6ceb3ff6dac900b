"""Backups over HTTP: how the shop is covered, which there are, take one now, verify one."""

from __future__ import annotations

import msgspec
from litestar import Controller, get, post

from regulars.app.backup.core import Backup
from regulars.app.backup.service import JOB, BackupOverview
from regulars.app.shop import Shop
from regulars.kernel.errors import InvalidError
from regulars.kernel.http import Page, Role, needs, page_limit
from regulars.kernel.jobs import JobRunStatus
from regulars.kernel.sayings import said


class NewBackup(msgspec.Struct, frozen=True, kw_only=True):
    """Whether it shall be restored aside and compared before it is called good."""

    verified: bool = True


class BackupsController(Controller):
    """`/v1/backups`."""

    path = "/v1/backups"
    tags = ("Backups",)

    @get(operation_id="listBackups", summary="Which backups are there?", opt=needs(Role.ADMIN), sync_to_thread=True)
    def list_backups(self, shop: Shop, cursor: str | None = None, limit: int | None = None) -> Page[Backup]:
        """Return the backups taken from this shop, the newest first."""
        return shop.backups.list_backups(cursor=cursor, limit=page_limit(limit))

    @get(
        "/overview",
        operation_id="getBackupOverview",
        summary="How is the shop covered?",
        opt=needs(Role.ADMIN),
        sync_to_thread=True,
    )
    def overview(self, shop: Shop) -> BackupOverview:
        """Return the newest backup, its age, whether it was verified, and what to do."""
        return shop.backups.overview()

    @post(
        operation_id="takeBackup",
        summary="Take a backup now",
        opt=needs(Role.ADMIN, audited_as="backup_asked"),
        status_code=202,
        sync_to_thread=True,
    )
    def take(self, data: NewBackup, shop: Shop) -> JobRunStatus:
        """Begin a backup to `backup.url`; the shop goes on meanwhile."""
        if not shop.settings.backup.url:
            raise InvalidError(
                said("backup_no_url", "Set backup.url in regulars.toml first: the place where backups shall lie.")
            )
        return shop.jobs.find(shop.jobs.start(JOB, {"verified": data.verified}))


ROUTES: list[type[Controller]] = [BackupsController]
