"""The state, made anew from the log: beside the one that answers, taking its place in one step."""

from regulars.app.rebuild.core import Rebuild, RebuildComparison, RebuildReport
from regulars.app.rebuild.service import JOB, Rebuilds

__all__ = ["JOB", "Rebuild", "RebuildComparison", "RebuildReport", "Rebuilds"]
