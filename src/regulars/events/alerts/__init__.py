"""Alerts: somebody is told when more is rejected than should be, or nothing comes any more."""

from regulars.events.alerts.core import Alert, AlertRule, Rule
from regulars.events.alerts.service import Alerts

__all__ = ["Alert", "AlertRule", "Alerts", "Rule"]
