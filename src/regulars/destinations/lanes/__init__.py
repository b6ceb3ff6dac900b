"""The senders: a lane for each destination, so that a slow one holds up nobody but itself."""

from __future__ import annotations

from regulars.destinations.lanes.dispatcher import Lanes

__all__ = ["Lanes"]
