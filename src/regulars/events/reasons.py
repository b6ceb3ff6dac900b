"""Why something was put right, counted once, or rejected: one short code for each reason, for ever.

A sentence tells a person what was wrong with this very event; the code is what is counted, filtered by and alerted on.
docs/reference/reasons.md says for each what it means, what to do and which SDK does it.
"""

from __future__ import annotations

from typing import NamedTuple


class Correction(NamedTuple):
    """Something that was put right: the code of the reason, and a sentence about this event."""

    code: str
    sentence: str


# The sender was told to come back, and the SDKs do: nothing is lost by these.
TEMPORARY = frozenset({"too_slow", "busy", "disk_full", "unavailable", "hook_sealed"})

REJECTED = TEMPORARY | {
    # The request as a whole, refused at the door.
    "no_key", "wrong_key", "source_closed", "request_too_large", "too_many_events", "wrong_encoding", "no_batch",
    # The text of a request or an item.
    "not_json", "not_utf8", "not_a_number", "half_surrogate", "number_too_large", "too_deep", "not_an_object",
    # What an event needs.
    "type_missing", "event_name_missing", "event_name_too_long", "no_user_anon_id", "identifier_too_long",
    "alias_incomplete", "group_id_missing", "not_object_part", "event_too_large",
    # A delivery to an inbound webhook.
    "unknown_hook", "hook_closed", "signature_missing", "wrong_signature", "signature_too_old", "hook_unmapped",
    # What the shop itself says.
    "plan_blocked", "projection_failed", "unreadable_record", "invalid",
}  # fmt: skip

CORRECTED = frozenset({
    "identifier_not_text", "identifier_of_nobody", "blanks_removed", "message_id_missing", "message_id_shortened",
    "alias_to_itself", "timestamp_unreadable", "sent_at_unreadable", "clock_skew", "future_timestamp",
    "nul_removed", "number_rounded", "name_not_text", "context_left_out", "plan_violation",
})  # fmt: skip

PLAN_BLOCKED = "plan_blocked"
PROJECTION_FAILED = "projection_failed"
PLAN_VIOLATION = "plan_violation"  # of an event that took effect, whether anything in it was put right or not
DUPLICATE = "duplicate"
CONTENT_DIFFERS = "content_differs"
DUPLICATES = frozenset({DUPLICATE, CONTENT_DIFFERS})

REASONS = REJECTED | CORRECTED | DUPLICATES
