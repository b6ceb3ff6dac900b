"""How do answers stay current? By following what the worker files: items, owners, interactions, the catalogue, slots.

Everything that answers is in memory; the database is read here alone, in the background, so that answers go on when it
is away and say that they are stale. News is taken in by small portions with a breath after each, so that whoever asks
meanwhile waits for a portion at most (docs/decisions/answers-while-writing.md).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from regulars.catalog import Catalog, Item
from regulars.kernel.clock import Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import RegularsError
from regulars.kernel.files import Files
from regulars.kernel.generations import FIRST, generation_of
from regulars.kernel.ids import ItemId
from regulars.recommend import store
from regulars.recommend.core.slots import Slot
from regulars.recommend.engine import artifact as artifacts
from regulars.recommend.engine.brain import Brain
from regulars.recommend.engine.items import ItemTable
from regulars.recommend.engine.live import LiveEngine

ROWS_A_READ = 5_000
ITEMS_A_READ = 500
ROWS_A_PORTION = 32  # taken in under the lock in one go, some 0.3 ms: nobody who asks waits longer for it
ITEMS_A_PORTION = 50  # of a changed catalogue, likewise
NAMES_A_PORTION = 1_000
BREATH_S = 0.0005
POLL_S = 0.04
CALM_POLLS = 6  # catalogue, slots and the model pointer are looked at every so many polls

_log = logging.getLogger(__name__)


class _RebuiltError(Exception):
    """The tables are of another generation than what is in memory."""


class Follower:
    """Keeps a `Brain` current. Either a thread follows (`start`), or each question catches up first."""

    def __init__(self, *, database: Database, clock: Clock, files: Files, catalog: Catalog) -> None:
        self._database = database
        self._clock = clock
        self._files = files
        self._catalog = catalog
        self._polling = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._catalogue_version = -1
        self._generation = FIRST
        self._models_seen: tuple[str | None, str] | None = None
        self._brain = Brain(LiveEngine(), ItemTable())
        self._polls = 0
        self._ready = False
        self.slots: Mapping[str, Slot] = {}
        self.stale = True
        self.current_us = 0  # when it last had nothing more to take in

    @property
    def brain(self) -> Brain:
        """What answers now."""
        return self._brain

    @property
    def is_following(self) -> bool:
        """Whether a thread keeps the answers current."""
        return self._thread is not None

    def start(self) -> None:
        """Follow in the background from now on."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._follow, name="recommend-follower", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def catch_up(self) -> None:
        """Take in everything that has been filed; when the database does not answer, stay stale."""
        with self._polling:
            try:
                while self._poll(thorough=True):
                    pass
            except RegularsError as error:
                self._fall_behind(error)

    def _follow(self) -> None:
        while not self._stop.is_set():
            with self._polling:
                try:
                    more = self._poll(thorough=self._polls % CALM_POLLS == 0)
                except RegularsError as error:
                    self._fall_behind(error)
                    more = False
            if not more:
                self._stop.wait(POLL_S)

    def _fall_behind(self, error: RegularsError) -> None:
        if not self.stale:
            _log.warning("recommendations go on with what they know: %s", error)
        self.stale = True

    def _poll(self, *, thorough: bool) -> bool:
        """Take in one read's worth of news; return whether more waits."""
        self._polls += 1
        try:
            if thorough or not self._ready:
                self._look_around()
                self._ready = True
            more = self._advance(self._brain)
        except _RebuiltError:
            self._begin_anew()
            more = True
        self.stale = more
        if not more:
            self.current_us = self._clock.now_us()
        return more

    def _look_around(self) -> None:
        """Look for a new model, a changed catalogue, changed slots."""
        seen = (artifacts.current(self._files), self._generation)
        if seen != self._models_seen:
            version = artifacts.answering(self._files, self._generation)
            held = self._brain.engine.artifact
            if version is not None and (held is None or held.about.version != version):
                self._take_up(version)
            self._models_seen = seen
        if self._catalog.version() != self._catalogue_version:
            self._read_catalogue(self._brain)
        with self._database.read() as connection:
            self.slots = {slot.name: slot for slot in store.slots(connection)}

    def _take_up(self, version: str) -> None:
        """Open a new model and bring it up to date beside the old one, then let it answer."""
        artifact, items = artifacts.read(self._files, version), self._brain.items
        named = [(number, ItemId(name)) for number, name in enumerate(artifact.item_ids) if name]
        for start in range(0, len(named), NAMES_A_PORTION):
            with self._brain.engine.lock:
                items.name(named[start : start + NAMES_A_PORTION])
            self._breathe()
        fresh = Brain(LiveEngine(artifact), items)
        while self._advance(fresh):
            if self._is_stopping:
                return
        self._brain = fresh

    def _begin_anew(self) -> None:
        """Read everything of a rebuilt state, beside what answers meanwhile; no number of the old one counts in it."""
        _log.info("the state was rebuilt; recommendations read it anew")
        self.stale = True
        with self._database.read() as connection:
            self._generation = generation_of(connection, store.PART)
        self._models_seen = None
        version = artifacts.answering(self._files, self._generation)
        artifact = artifacts.read(self._files, version) if version else None
        fresh = Brain(LiveEngine(artifact), ItemTable())
        if artifact is not None:
            fresh.items.name((number, ItemId(name)) for number, name in enumerate(artifact.item_ids) if name)
        try:
            while self._advance(fresh):
                if self._is_stopping:
                    return
            self._catalogue_version = -1
            self._read_catalogue(fresh)
        except _RebuiltError:
            return  # once more, meanwhile: the next poll begins again
        self._brain = fresh

    @property
    def _is_stopping(self) -> bool:
        return self._stop.is_set() and self._thread is not None

    def _look_at_generation(self, connection: Connection) -> None:
        if generation_of(connection, store.PART) != self._generation:
            raise _RebuiltError

    def _advance(self, brain: Brain) -> bool:
        engine = brain.engine
        with self._database.read() as connection:
            self._look_at_generation(connection)
            state = store.state(connection)
            if state.next_seq - 1 <= engine.reached_seq and state.next_version - 1 <= engine.reached_version:
                return False
            named = store.items_after(connection, brain.items.highest)
            owners = store.owners_since(connection, engine.reached_version)
            erasures = list(store.erasures_since(connection, engine.reached_version))
            rows = store.interactions_after(connection, engine.reached_seq, ROWS_A_READ)
        brain.items.name(named)
        now_us = self._clock.now_us()
        with engine.lock:
            for version, anchors in erasures:
                engine.erase(anchors, version)
            engine.own(owners)
            engine.reached_version = max(engine.reached_version, state.next_version - 1)
        for start in range(0, len(rows), ROWS_A_PORTION):
            with engine.lock:
                engine.take(rows[start : start + ROWS_A_PORTION], now_us)
            self._breathe()
        if len(rows) < ROWS_A_READ:
            with engine.lock:
                engine.reached_seq = max(engine.reached_seq, state.next_seq - 1)
            return False
        return True

    def _read_catalogue(self, brain: Brain) -> None:
        known = version = self._catalogue_version
        for changes in self._catalog.changes_in_parts(known, items_a_part=ITEMS_A_READ):
            self._number(brain.items, changes.put)
            with brain.engine.lock:
                brain.items.remove(changes.removed)
            for start in range(0, len(changes.put), ITEMS_A_PORTION):
                with brain.engine.lock:
                    brain.items.put(changes.put[start : start + ITEMS_A_PORTION])
                self._breathe()
            version = changes.version
        self._catalogue_version = version

    def _number(self, items: ItemTable, put: Sequence[Item]) -> None:
        """Give a number to every item that has none yet."""
        unknown = [item.item_id for item in put if items.number(item.item_id) is None]
        if unknown:
            with self._database.write() as connection:
                self._look_at_generation(connection)
                store.item_numbers(connection, unknown)
            with self._database.read() as connection:
                self._look_at_generation(connection)
                items.name(store.items_after(connection, items.highest))

    def _breathe(self) -> None:
        """Let those go first who wait for an answer."""
        if self.is_following:
            time.sleep(BREATH_S)
