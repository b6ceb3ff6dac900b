"""History read once more: counted, written to a file, put back where it is missing, one customer worked out anew."""

from regulars.app.replay.core import Asked, RecomputeReport, Replay, ReplayReport, Span, SpanCount
from regulars.app.replay.replays import JOB, Replays

__all__ = ["JOB", "Asked", "RecomputeReport", "Replay", "ReplayReport", "Replays", "Span", "SpanCount"]
