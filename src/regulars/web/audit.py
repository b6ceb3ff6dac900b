"""Who did what? Every change is written down before it is made, and closed with how it ended."""

from __future__ import annotations

from typing import Any  # Any: SQLAlchemy's Row

from sqlalchemy import Row

from regulars.kernel.clock import Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.http import Caller, Page, decode_cursor, page_of
from regulars.kernel.ids import new_id
from regulars.web import store
from regulars.web.core import AuditEntry

_NEWEST = (1 << 62) - 1
_BEGUN = "begun"


class Audit:
    """The audit log."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, caller: Caller, action: str, subject: str | None) -> str:
        """Write down that somebody is about to do something; return the entry's id."""
        now_us = self._clock.now_us()
        values = {
            "entry_id": new_id(now_us),
            "now_us": now_us,
            "actor_kind": caller.kind,
            "actor_id": caller.id,
            "who": caller.name or caller.kind,
            "action": action,
            "subject": subject,
            "detail": None,
            "outcome": _BEGUN,
        }
        with self._database.write() as connection:
            store.change(connection, store.ADD_AUDIT, values)
        return str(values["entry_id"])

    def close(self, entry_id: str, *, subject: str | None, detail: str | None, outcome: str) -> None:
        """Write down how it ended."""
        values = {"entry_id": entry_id, "subject": subject, "detail": detail, "outcome": outcome}
        with self._database.write() as connection:
            store.change(connection, store.CLOSE_AUDIT, values)

    def entries(
        self, *, cursor: str | None = None, limit: int = 50, who: str = "", action: str = ""
    ) -> Page[AuditEntry]:
        """Return what was done, newest first."""
        before = decode_cursor(cursor, int) or _NEWEST
        values = {"before": before, "limit": limit + 1, "who": who, "action": action}
        with self._database.read() as connection:
            found = store.rows(connection, store.LIST_AUDIT, values)
        return page_of(found, limit=limit, place_of=lambda row: row.seq, item_of=_entry)


def _entry(row: Row[Any]) -> AuditEntry:
    remarks = [row.detail] if row.detail else []
    if row.outcome != "done":
        remarks.append(row.outcome)
    outcome, _, status = row.outcome.partition(" with ")  # "refused with 409"
    return AuditEntry(
        entry_id=row.entry_id,
        at=moment(row.at_us),
        who=row.who,
        who_kind=row.actor_kind,
        action=row.action,
        subject=row.subject,
        detail="; ".join(remarks) or None,
        outcome=outcome,
        status=int(status or 0),
    )
