"""An old version of the app is still out there and sends what it always sent.

The tracking plan shows a part of it; the rest is rejected, corrected or told apart, and *Live events* shows why.

Only in the simulated shops, through a source of its own: nobody's real history is touched.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from regulars.kernel.clock import MICROSECONDS_PER_SECOND
from regulars.testing.demo.sending import Sender
from regulars.testing.simulator import Call

SOURCE_NAME = "Old app (version 1.8)"
FIRST_CALLS = 120  # of the last of the past, so that there is something to see at once
EVERY = 25  # of the living part, one call in so many comes from the old app
CLOCK_AHEAD_US = 400 * 86_400 * MICROSECONDS_PER_SECOND  # this phone was set to next year


class OldApp:
    """Sends some calls once more, as the old app would."""

    def __init__(self, url: str, write_key: str) -> None:
        self._sender = Sender(url, write_key)
        self._sent = 0

    def send(self, call: Call, at_us: int) -> None:
        """Send what the old app makes of a call; nothing where it makes nothing of it."""
        old = as_old(msgspec.structs.replace(call, at_us=at_us), self._sent)
        if old is not None:
            self._sender.send(old)
            self._sent += 1
            if self._sent % len(_ERRORS) == 0:
                self._sender.send(_said_otherwise(old))

    def flush(self) -> None:
        """Return when everything was answered."""
        self._sender.flush()

    def close(self) -> None:
        """Send what is left and end."""
        self._sender.close()


def as_old(call: Call, number: int) -> Call | None:
    """Return a call as the old app sends it: it errs in one of five ways, in turn; None when it does not send this.

    >>> call = Call(at_us=0, message_id="m", kind="track", name="Song Played", user_id="ann", anonymous_id=None,
    ...     properties={"asset_id": "s1", "position": 3}, context={})
    >>> [(old.name, old.properties) for old in (as_old(call, number) for number in range(3))]
    [('Song Played', {'asset_id': 's1', 'position': '3'}), ('Song Played', {'position': 3}), ('SongPlayed', {'asset_id':
    's1', 'position': 3})]
    """
    if call.kind != "track" or not any(key in call.properties for key in ("asset_id", "product_id")):
        return None
    app = {"app": {"name": "Old app", "version": "1.8"}}
    erring = _ERRORS[number % len(_ERRORS)](call)
    return msgspec.structs.replace(erring, message_id=f"{call.message_id}-old", context={**call.context, **app})


def _numbers_as_text(call: Call) -> Call:
    said = {name: str(value) for name, value in call.properties.items() if name in ("position", "price", "quantity")}
    return msgspec.structs.replace(call, properties={**call.properties, **said})


def _without_id(call: Call) -> Call:
    left = {name: value for name, value in call.properties.items() if name not in ("asset_id", "product_id")}
    return msgspec.structs.replace(call, properties=left)


def _misspelt(call: Call) -> Call:
    return msgspec.structs.replace(call, name=call.name.replace(" ", ""))


def _by_nobody(call: Call) -> Call:
    return msgspec.structs.replace(call, user_id="", anonymous_id="")  # signed out, and the app says so like this


def _from_next_year(call: Call) -> Call:
    return msgspec.structs.replace(call, at_us=call.at_us + CLOCK_AHEAD_US)


def _said_otherwise(call: Call) -> Call:
    """Return the call with its messageId and other content: the old app numbers its messages anew after a crash."""
    return msgspec.structs.replace(call, properties={**call.properties, "restored": True})


_ERRORS: tuple[Callable[[Call], Call], ...] = (_numbers_as_text, _without_id, _misspelt, _by_nobody, _from_next_year)
