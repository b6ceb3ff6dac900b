"""What happened, in order, for ever: append to it, read it from anywhere, let its oldest part go."""

from regulars.kernel.eventlog.core import (
    EventLog,
    LogBusyError,
    LogPressure,
    LogSize,
    Packed,
    Record,
    offset_before,
    open_log,
)

__all__ = ["EventLog", "LogBusyError", "LogPressure", "LogSize", "Packed", "Record", "offset_before", "open_log"]
