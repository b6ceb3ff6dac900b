"""How facts come in: the door, the log's records, and what stands in them."""

from regulars.events.core import (
    Batch,
    Call,
    Event,
    Fact,
    KeepsCustomers,
    Merge,
    Outcome,
    Position,
    Projection,
    acts_outward,
    was_imported,
)
from regulars.events.decode import DecodedRequest, RejectedItem, event_id_of, position_of, read_request
from regulars.events.door import Door, DoorStats
from regulars.events.keys import Keys
from regulars.events.projections import EventCounts
from regulars.events.record import AcceptedRequest, OwnFacts, RefusedRequest, decode_entry, encode_entry
from regulars.events.service import Events, Source

__all__ = [
    "AcceptedRequest",
    "Batch",
    "Call",
    "DecodedRequest",
    "Door",
    "DoorStats",
    "Event",
    "EventCounts",
    "Events",
    "Fact",
    "KeepsCustomers",
    "Keys",
    "Merge",
    "Outcome",
    "OwnFacts",
    "Position",
    "Projection",
    "RefusedRequest",
    "RejectedItem",
    "Source",
    "acts_outward",
    "decode_entry",
    "encode_entry",
    "event_id_of",
    "position_of",
    "read_request",
    "was_imported",
]
