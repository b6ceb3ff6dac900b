"""An old version of the app is still out there and sends what it always sent; the tracking plan shows it.

Only in the simulated shops, through a source of its own: nobody's real history is touched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any  # Any: properties are whatever an app sends

import msgspec

from regulars.testing.demo.sending import Sender
from regulars.testing.simulator import Call

SOURCE_NAME = "Old app (version 1.8)"
FIRST_CALLS = 90  # of the last of the past, so that there is something to see at once
EVERY = 25  # of the living part, one call in so many comes from the old app


class OldApp:
    """Sends some calls once more, as the old app would."""

    def __init__(self, url: str, write_key: str) -> None:
        self._sender = Sender(url, write_key)
        self._sent = 0

    def send(self, call: Call, at_us: int) -> None:
        """Send what the old app makes of a call; nothing where it makes nothing of it."""
        old = as_old(call, self._sent)
        if old is not None:
            self._sender.send(old, at_us)
            self._sent += 1

    def flush(self) -> None:
        """Return when everything was answered."""
        self._sender.flush()

    def close(self) -> None:
        """Send what is left and end."""
        self._sender.close()


def as_old(call: Call, number: int) -> Call | None:
    """Return a call as the old app sends it: it errs in one of three ways, in turn; None when it does not send this.

    >>> call = Call(at_us=0, message_id="m", kind="track", name="Song Played", user_id="ann", anonymous_id=None,
    ...     properties={"asset_id": "s1", "position": 3}, context={})
    >>> [(old.name, old.properties) for old in (as_old(call, number) for number in range(3))]
    [('Song Played', {'asset_id': 's1', 'position': '3'}), ('Song Played', {'position': 3}), ('SongPlayed', {'asset_id':
    's1', 'position': 3})]
    """
    if call.kind != "track" or not any(key in call.properties for key in ("asset_id", "product_id")):
        return None
    name, properties = _ERRORS[number % len(_ERRORS)](call)
    app = {"app": {"name": "Old app", "version": "1.8"}}
    return msgspec.structs.replace(
        call, name=name, properties=properties, message_id=f"{call.message_id}-old", context={**call.context, **app}
    )


def _numbers_as_text(call: Call) -> tuple[str, dict[str, Any]]:  # Any: as above
    said = {name: str(value) for name, value in call.properties.items() if name in ("position", "price", "quantity")}
    return call.name, {**call.properties, **said}


def _without_id(call: Call) -> tuple[str, dict[str, Any]]:  # Any: as above
    return call.name, {name: value for name, value in call.properties.items() if name not in ("asset_id", "product_id")}


def _misspelt(call: Call) -> tuple[str, dict[str, Any]]:  # Any: as above
    return call.name.replace(" ", ""), call.properties


_ERRORS: tuple[Callable[[Call], tuple[str, dict[str, Any]]], ...] = (_numbers_as_text, _without_id, _misspelt)
