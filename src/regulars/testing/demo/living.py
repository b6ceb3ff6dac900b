"""The living part: calls trickle in at a living pace under the present moment, and people react to what they are shown.

Simulated people look at a slate when a visit begins and click by taste and place. People of a recording do what they
did: when one of the next titles they really took stood in the slate of that visit, it counts as taken from there.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any  # Any: JSON

import msgspec

from regulars.catalog import interactions_of
from regulars.kernel.clock import Clock
from regulars.kernel.errors import RegularsError
from regulars.testing.demo.api import Api
from regulars.testing.demo.old_app import EVERY, FIRST_CALLS, OldApp
from regulars.testing.demo.sending import Sender
from regulars.testing.simulator import Call, World

SLOT = "home"
VISIT_GAP_US = 30 * 60 * 1_000_000  # a pause that ends a visit, as the worker counts sessions
SPEEDS = {"video": 60.0, "music": 20.0, "store": 20.0}  # seconds of the shop in one of ours: a few events a second
PAUSE_S_MAX = 3.0  # nights are shortened
PAST_KEPT = 200
_EVENTS = {"song": "Song Played", "product": "Product Viewed", "video": "Video Content Started"}
_KEYS = {"song": "asset_id", "product": "product_id", "video": "content_asset_id"}


@dataclass(slots=True)
class Shown:
    """Where the items of the latest slate of a visit stood."""

    slate_id: str
    places: dict[str, int]


@dataclass(slots=True)
class Life:
    """What goes on in a shop that is served.

    `slates` were answered and `clicks` made; `extra_sent` calls went out beside the stream; `asked_ms` are answer
    times; `refusals` are the sentences of slates that were not answered.
    """

    api: Api
    sender: Sender
    clock: Clock
    world: World | None
    old_app: OldApp | None = None
    slates: int = 0
    clicks: int = 0
    extra_sent: int = 0
    refusals: list[str] = field(default_factory=list)
    asked_ms: list[float] = field(default_factory=list)
    _seen: dict[str, int] = field(default_factory=dict)
    _shown: dict[str, Shown] = field(default_factory=dict)
    _past: deque[Call] = field(default_factory=lambda: deque(maxlen=PAST_KEPT))
    _taken: int = 0

    def watching(self, calls: Iterable[Call]) -> Iterator[Call]:
        """Yield calls, and remember the last of them for the old app."""
        for call in calls:
            self._past.append(call)
            yield call

    def remember_old_app(self) -> None:
        """Let the old app send what it makes of the last of the past."""
        if self.old_app is not None:
            for call in list(self._past)[-FIRST_CALLS:]:
                self.old_app.send(call, self.clock.now_us())
            self.old_app.flush()

    def go_on(
        self,
        calls: Iterable[Call],
        *,
        speed: float,
        stop: threading.Event,
        on_call: Callable[[], None] = lambda: None,
    ) -> None:
        """Send calls under the present moment until they end or `stop` is set; an infinite speed waits for nothing."""
        before_us = None
        for call in calls:
            if before_us is not None and speed != float("inf"):
                pause_s = max(call.at_us - before_us, 0) / 1_000_000 / speed
                if stop.wait(min(pause_s, PAUSE_S_MAX)):
                    break
            if stop.is_set():
                break
            before_us = call.at_us
            self.take(call)
            on_call()

    def take(self, call: Call) -> None:
        """Let one call happen now: at the start of a visit a slate is looked at first."""
        who = call.user_id or call.anonymous_id or ""
        begins = call.at_us - self._seen.get(who, -VISIT_GAP_US) >= VISIT_GAP_US
        self._seen[who] = call.at_us
        if begins:
            self._look(call, who)
        self.sender.send(self._credited(call, who), self.clock.now_us())
        self._taken += 1
        if self.old_app is not None and self._taken % EVERY == 0:
            self.old_app.send(call, self.clock.now_us())

    def _look(self, call: Call, who: str) -> None:
        if len(self._seen) > 50_000:
            self._seen.clear()
            self._shown.clear()
        try:
            slate = self.ask(call.user_id, call.anonymous_id)
        except RegularsError as error:  # a shop that cannot recommend is still a shop
            self.refusals = [*self.refusals[-9:], str(error)]
            return
        item_ids = [str(item["item_id"]) for item in slate["items"]]
        places = {item_id: place for place, item_id in enumerate(item_ids, 1)}
        self._shown[who] = Shown(slate["slate_id"], places)
        if self.world is not None:
            self._react(call, slate)

    def ask(self, user_id: str | None, anonymous_id: str | None) -> dict[str, Any]:  # Any: JSON
        """Return the home slate for somebody."""
        body: dict[str, Any] = {"slot": SLOT}  # Any: JSON
        if user_id is not None:
            body["identifier"] = {"kind": "user_id", "value": user_id}
        if anonymous_id is not None:
            body["anonymous_id"] = anonymous_id
        began = time.perf_counter()
        slate: dict[str, Any] = self.api.post("/v1/recommend/slates", body)  # Any: JSON
        self.asked_ms.append((time.perf_counter() - began) * 1_000)
        self.slates += 1
        return slate

    def _react(self, call: Call, slate: dict[str, Any]) -> None:  # Any: JSON
        assert self.world is not None, "only simulated people react by chance"
        person = call.message_id.rsplit("-", 1)[0]
        item_ids = [str(item["item_id"]) for item in slate["items"]]
        place = self.world.reaction(person, item_ids, slate["slate_id"])
        if place is None:
            return
        kind = slate["items"][place - 1]["item"]["kind"]
        properties = {
            _KEYS.get(kind, "item_id"): item_ids[place - 1],
            "title": slate["items"][place - 1]["title"],
            **self._credit(slate["slate_id"], place),
        }
        self.clicks += 1
        clicked = msgspec.structs.replace(
            call,
            kind="track",
            name=_EVENTS.get(kind, "Item Clicked"),
            message_id=f"{slate['slate_id']}-click",
            properties=properties,
        )
        self.sender.send(clicked, self.clock.now_us())
        self.extra_sent += 1

    def _credited(self, call: Call, who: str) -> Call:
        shown = self._shown.get(who)
        if self.world is not None or shown is None or call.kind != "track":
            return call
        for touched in interactions_of(call.name, call.properties):
            place = shown.places.get(touched.item_id)
            if place is not None:
                self.clicks += 1
                properties = {**call.properties, **self._credit(shown.slate_id, place)}
                return msgspec.structs.replace(call, properties=properties)
        return call

    @staticmethod
    def _credit(slate_id: str, place: int) -> dict[str, Any]:  # Any: JSON
        return {"slate_id": slate_id, "slot": SLOT, "slate_position": place}

    def rehearse(self, visits: int) -> None:
        """Let simulated people look in once each, so that the slot's figures have something to say."""
        assert self.world is not None, "only simulated people can be asked to look in"
        known = [person for person in self.world.people if person.signs_in]
        for number in range(visits):
            person = known[number % len(known)]
            call = Call(
                at_us=self.clock.now_us(),
                message_id=f"{person.user_id}-look",
                kind="page",
                name="Home",
                user_id=person.user_id,
                anonymous_id=None,
                properties={},
                context=person.devices[0].context,
            )
            self._react(call, self.ask(person.user_id, None))
