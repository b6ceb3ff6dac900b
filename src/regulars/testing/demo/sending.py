"""Calls on their way through the public door, by an ordinary SDK: `segment-analytics-python`.

The SDK drops what its queue cannot hold; a demo must not, so whoever sends waits while much is on its way.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import Any  # Any: the SDK has no types

from regulars.kernel.clock import moment
from regulars.kernel.errors import NotInstalledError, UnavailableError
from regulars.testing.simulator.calls import Call

EVENTS_A_REQUEST = 250  # well under the door's 2,500; at 400 bytes each some 100 kB, under the SDK's 475 kB
WAITING_MAX = 10_000
PAUSE_S = 0.01
FLUSH_S_MAX = 120.0


def need_sdk() -> None:
    """Make sure that there is something to send with.

    Raises
    ------
    NotInstalledError
        When the SDK is not installed.

    """
    if find_spec("segment") is None:
        raise NotInstalledError(
            "The demos send through segment-analytics-python, which is not installed. "
            "Run: pip install 'regulars[demo]'."
        )


class Sender:
    """One SDK client. `sent` counts calls handed over; `failed` those the SDK gave up on."""

    def __init__(self, url: str, write_key: str) -> None:
        need_sdk()
        from segment.analytics.client import Client

        logging.getLogger("segment").setLevel(logging.CRITICAL)  # a retry is no news; giving up comes to `_gave_up`
        self._client: Any = Client(  # Any: the SDK has no types
            write_key,
            host=url,
            max_queue_size=WAITING_MAX * 2,
            upload_size=EVENTS_A_REQUEST,
            upload_interval=0.2,
            timeout=30,
            max_retries=10,
            on_error=self._gave_up,
        )
        self.sent = 0
        self.failed = 0
        self.first_failure = ""

    def _gave_up(self, error: Exception, items: Iterable[object]) -> None:
        self.failed += len(list(items))
        self.first_failure = self.first_failure or str(error)

    def send(self, call: Call, at_us: int | None = None) -> None:
        """Hand one call over, stamped with its own moment or with another."""
        while self._client.queue.qsize() >= WAITING_MAX:
            time.sleep(PAUSE_S)
        common: dict[str, Any] = {  # Any: as above
            "user_id": call.user_id,
            "anonymous_id": call.anonymous_id,
            "timestamp": moment(call.at_us if at_us is None else at_us),
            "context": dict(call.context),
            "message_id": call.message_id,
        }
        if call.kind == "identify":
            self._client.identify(traits=call.properties, **common)
        elif call.kind == "page":
            self._client.page(name=call.name, properties=call.properties, **common)
        else:
            self._client.track(event=call.name, properties=call.properties, **common)
        self.sent += 1

    def flush(self) -> None:
        """Return when everything handed over has been answered.

        Raises
        ------
        UnavailableError
            When the door has taken nothing for two minutes.

        """
        done = threading.Event()

        def wait() -> None:
            self._client.flush()
            done.set()

        threading.Thread(target=wait, daemon=True).start()
        waiting = self._client.queue.qsize()
        while not done.wait(FLUSH_S_MAX):
            left = self._client.queue.qsize()
            if left >= waiting:
                raise UnavailableError(f"The door has taken nothing for {FLUSH_S_MAX:.0f} s; {left:,} events wait.")
            waiting = left

    def close(self) -> None:
        """Send what is left and end."""
        self.flush()
        self._client.join()


def send_all(
    sender: Sender, calls: Iterable[Call], on_progress: Callable[[int], None] = lambda _: None, *, every: int = 2_000
) -> int:
    """Send calls as fast as the door takes them; return how many."""
    count = 0
    for count, call in enumerate(calls, 1):
        sender.send(call)
        if count % every == 0:
            on_progress(count)
    sender.flush()
    on_progress(count)
    return count
