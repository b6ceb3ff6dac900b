"""`/v1/alerts`: what was raised, by which rules, and who has seen it."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get, post, put
from litestar.params import Parameter

from regulars.events.alerts.core import Alert, AlertRule, Rule
from regulars.events.alerts.service import Alerts
from regulars.kernel.http import Caller, Page, Role, needs, page_limit


class AlertsController(Controller):
    """Alerts and their rules."""

    path = "/v1/alerts"
    tags = ("Alerts",)

    @get(operation_id="listAlerts", summary="What was raised?", sync_to_thread=True, opt=needs(Role.VIEWER))
    def all(
        self,
        alerts: Alerts,
        raised: Annotated[bool, Parameter(description="Only what lasts.")] = False,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[Alert]:
        """Return alerts, the newest first."""
        return alerts.alerts(only_raised=raised, cursor=cursor, limit=page_limit(limit))

    @post(
        "/{alert_id:str}/acknowledge",
        operation_id="acknowledgeAlert",
        summary="Say that somebody looks after it",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="alert_acknowledged"),
    )
    def acknowledge(self, alerts: Alerts, caller: Caller, alert_id: str) -> Alert:
        """Keep who has seen an alert; it goes on until it is over."""
        return alerts.acknowledge(alert_id, who=caller.name or caller.kind)

    @get("/rules", operation_id="listAlertRules", summary="Every rule", sync_to_thread=True, opt=needs(Role.VIEWER))
    def rules(self, alerts: Alerts) -> list[AlertRule]:
        """Return every rule, where it stands and what it read last."""
        return alerts.rules()

    @post(
        "/rules",
        operation_id="addAlertRule",
        summary="Make a rule",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="alert_rule_made"),
    )
    def add(self, alerts: Alerts, data: Rule) -> AlertRule:
        """Keep a new rule; it is looked at within a minute."""
        return alerts.add(data)

    @put(
        "/rules/{rule_id:str}",
        operation_id="changeAlertRule",
        summary="Change a rule",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="alert_rule_changed"),
    )
    def change(self, alerts: Alerts, rule_id: str, data: Rule) -> AlertRule:
        """Give a rule other words, or switch it on or off; what it had raised is over."""
        return alerts.change(rule_id, data)

    @delete(
        "/rules/{rule_id:str}",
        operation_id="removeAlertRule",
        summary="Remove a rule",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="alert_rule_removed"),
    )
    def remove(self, alerts: Alerts, rule_id: str) -> None:
        """Remove a rule; what it had raised is over."""
        alerts.remove(rule_id)


ROUTES: list[type[Controller]] = [AlertsController]
