"""One call of an SDK, as the simulated people's apps would make it."""

from __future__ import annotations

from typing import Any, Literal  # Any: properties are whatever an app sends

import msgspec

CallKind = Literal["track", "page", "identify"]


class Call(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A call with the moment it is made. Calls sort by that moment, then by their message id."""

    at_us: int
    message_id: str
    kind: CallKind
    name: str  # the event of a track, the page's name of a page, "" of an identify
    user_id: str | None
    anonymous_id: str | None
    properties: dict[str, Any]  # Any: as above; the traits of an identify
    context: dict[str, Any]  # Any: as above
