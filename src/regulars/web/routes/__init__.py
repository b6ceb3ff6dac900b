"""The counter's own routes: setting up, signing in, people, keys, the audit log, jobs, health."""

from litestar.types import ControllerRouterHandler

from regulars.web.routes.audit import AuditController
from regulars.web.routes.health import HealthController
from regulars.web.routes.jobs import JobsController
from regulars.web.routes.keys import KeysController
from regulars.web.routes.people import PeopleController
from regulars.web.routes.problems import ProblemsController
from regulars.web.routes.session import SessionController
from regulars.web.routes.setup import EnterController, SetupController

ROUTES: list[ControllerRouterHandler] = [
    SetupController,
    EnterController,
    SessionController,
    PeopleController,
    KeysController,
    AuditController,
    JobsController,
    HealthController,
    ProblemsController,
]

__all__ = ["ROUTES"]
