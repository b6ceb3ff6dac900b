"""History read once more: counted, written to a file, put back where it is missing, one customer worked out anew."""

from regulars.app.replay.core import RecomputeReport, ReplayReport, Span

__all__ = ["RecomputeReport", "ReplayReport", "Span"]
