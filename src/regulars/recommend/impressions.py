"""How does the log learn what was shown? Slates become facts, in batches, off the path of the request.

A slate waits at most some 50 ms before it is durable. When the log cannot take it (disk full), slates wait in memory, a
bounded number of them; beyond that the oldest are dropped and counted, for an answer matters more than its record.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from regulars.events.core import Fact
from regulars.experiments import Assignment, Experiments
from regulars.kernel.errors import RegularsError
from regulars.kernel.ids import CustomerId
from regulars.recommend.core.slots import Slate
from regulars.recommend.projection import SLATE_SHOWN

WAITING_MAX = 20_000
FACTS_A_BATCH = 200
FLUSH_S = 0.04
RETRY_S = 1.0

_log = logging.getLogger(__name__)


class Shown:
    """A slate on its way to the log, with the identifiers it was asked for by."""

    __slots__ = ("anonymous_id", "assigned", "at_us", "slate", "user_id")

    def __init__(
        self, slate: Slate, *, at_us: int, assigned: Assignment | None, user_id: str | None, anonymous_id: str | None
    ) -> None:
        self.slate = slate
        self.at_us = at_us
        self.assigned = assigned
        self.user_id = user_id
        self.anonymous_id = anonymous_id


Names = tuple[str | None, str | None]  # user id, anonymous id


class Impressions:
    """Writes `Slate Shown`. Either a thread writes (`start`), or each slate is written before it is answered."""

    def __init__(
        self,
        append: Callable[[Sequence[Fact]], None],
        names_of: Callable[[Sequence[CustomerId]], dict[CustomerId, Names]],
        experiments: Experiments | None = None,
    ) -> None:
        self._append = append
        self._names_of = names_of
        self._experiments = experiments
        self._waiting: deque[Shown] = deque()
        self._stop = threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self.dropped = 0

    def start(self) -> None:
        """Write in the background from now on."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._write_on, name="recommend-impressions", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Write what waits, then stop."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._flush()

    def add(self, shown: Shown) -> None:
        """Take a slate in; without a thread, it is durable on return."""
        if len(self._waiting) >= WAITING_MAX:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(shown)
        if self._thread is None:
            self._flush()

    def _write_on(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(FLUSH_S if self._flush() else RETRY_S)

    def _flush(self) -> bool:
        """Write everything that waits; return whether the log took it."""
        with self._writing:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), FACTS_A_BATCH))]
                try:
                    self._append(self._facts(batch))
                    self._expose(batch)
                except RegularsError as error:
                    _log.warning("%d slates wait to be logged: %s", len(self._waiting) + len(batch), error)
                    self._waiting.extendleft(reversed(batch))
                    return False
        return True

    def _expose(self, batch: Sequence[Shown]) -> None:
        """Note who has seen which variant. Once the slates are logged: nobody has seen what was not shown."""
        for shown in batch:
            if shown.assigned is not None and self._experiments is not None:
                self._experiments.expose(shown.assigned, user_id=shown.user_id, anonymous_id=shown.anonymous_id)

    def _facts(self, batch: Sequence[Shown]) -> list[Fact]:
        nameless = [
            shown.slate.customer_id
            for shown in batch
            if shown.user_id is None and shown.anonymous_id is None and shown.slate.customer_id
        ]
        try:
            names = self._names_of(list(dict.fromkeys(nameless))) if nameless else {}
        except RegularsError:
            names = {}  # the database is away: the fact then names the customer alone
        return [_fact(shown, names.get(shown.slate.customer_id or CustomerId(""), (None, None))) for shown in batch]


def _fact(shown: Shown, names: Names) -> Fact:
    slate = shown.slate
    experiment = {"key": slate.experiment.key, "variant": slate.experiment.variant} if slate.experiment else None
    return Fact(
        name=SLATE_SHOWN,
        message_id=f"slate:{slate.slate_id}",
        user_id=shown.user_id or names[0],
        anonymous_id=shown.anonymous_id or names[1],
        properties={
            "slate_id": slate.slate_id,
            "slot": slate.slot,
            "customer_id": slate.customer_id,
            "policy": slate.policy,
            "model_version": slate.model_version,
            "stale": slate.stale,
            "experiment": experiment,
            "propensity": shown.assigned.propensity if shown.assigned else 1.0,
            "items": [
                {"item_id": item.item_id, "position": item.position, "score": item.score, "sources": item.sources}
                for item in slate.items
            ],
        },
        occurred_us=shown.at_us,
    )
