"""Backups of a shop that goes on, and putting it back from them."""

from regulars.app.backup.core import Backup, Restored, Verified
from regulars.app.backup.service import JOB, BackupOverview, Backups

__all__ = ["JOB", "Backup", "BackupOverview", "Backups", "Restored", "Verified"]
