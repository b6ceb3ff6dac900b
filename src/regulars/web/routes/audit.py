"""Who did what."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get
from litestar.params import Parameter

from regulars.kernel.http import Page, Role, needs, page_limit
from regulars.web.audit import Audit
from regulars.web.core import AuditEntry


class AuditController(Controller):
    """The audit log."""

    path = "/v1/audit"
    tags = ("Audit",)

    @get(operation_id="listAudit", summary="Who did what?", opt=needs(Role.ADMIN), sync_to_thread=True)
    def list_audit(
        self,
        audit: Audit,
        cursor: str | None = None,
        limit: Annotated[int | None, Parameter(ge=1, le=200)] = None,
        who: str = "",
        action: str = "",
    ) -> Page[AuditEntry]:
        """Return what was done, newest first, of one person or one kind of change if you like."""
        return audit.entries(cursor=cursor, limit=page_limit(limit), who=who, action=action)
