"""How does a shop learn? Everything filed is read once, learned from, and left as a new version."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from regulars.kernel.clock import Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import UnavailableError
from regulars.kernel.files import Files
from regulars.kernel.generations import generation_of
from regulars.kernel.ids import CustomerId
from regulars.kernel.settings import RecommendSettings
from regulars.recommend import store
from regulars.recommend.engine import artifact as artifacts
from regulars.recommend.engine.artifact import Artifact, Trained
from regulars.recommend.engine.training import Columns, Plan, learn
from regulars.recommend.store import InteractionRow, State

ROWS_A_READ = 50_000
STEPS = 100  # progress is told in hundredths
FIRST_TRAINING = 200  # interactions before the first model is worth learning
NEWS_SHARE = 0.2  # a model is learned anew when a fifth more has happened than it knows
NEWS_MAX = 200_000  # or so many: what came since is counted in memory

OnProgress = Callable[[int, int, str], None]


def silent(done: int, total: int, note: str) -> None:
    """Tell nobody how far the work is."""


class Models:
    """Trains versions and keeps the last three."""

    def __init__(self, *, database: Database, clock: Clock, files: Files, settings: RecommendSettings) -> None:
        self._database = database
        self._clock = clock
        self._files = files
        self._settings = settings

    def train(self, on_progress: OnProgress = silent) -> Trained:
        """Learn from everything filed so far and let the new version answer."""
        started = time.perf_counter()
        state, columns, owners, item_ids, generation = self._read(on_progress)
        learned = learn(
            columns,
            owners,
            len(item_ids),
            Plan(ease_items_max=self._settings.ease_items_max),
            lambda share, note: on_progress(20 + int(75 * share), STEPS, note),
        )
        now_us = self._clock.now_us()
        trained = Trained(
            version=f"{moment(now_us):%Y%m%dT%H%M%S}-{state.next_seq - 1:010d}{generation and '-' + generation}",
            kind=learned.kind,
            trained_at=moment(now_us),
            through_seq=state.next_seq - 1,
            through_version=state.next_version - 1,
            erased_version=state.erased_version,
            interactions=len(columns.items),
            customers=learned.customers,
            items=learned.items,
            items_total=len(item_ids),
            sessions=learned.sessions,
            seconds=time.perf_counter() - started,
            landmark_us=learned.landmark_us,
            latest_us=learned.latest_us,
            crowds=learned.crowds,
            generation=generation,
        )
        on_progress(95, STEPS, "writing")
        artifacts.write(self._files, Artifact(trained, item_ids, learned.arrays))
        self._forget(trained)
        on_progress(STEPS, STEPS, "done")
        return trained

    def kept(self) -> list[Trained]:
        """Return every version kept, the newest first."""
        return [artifacts.about(self._files, version) for version in artifacts.versions(self._files)]

    def is_due(self) -> bool:
        """Return whether it is time to learn anew: somebody was erased, enough has happened, or nothing fits."""
        with self._database.read() as connection:
            state = store.state(connection)
            version = artifacts.answering(self._files, generation_of(connection, store.PART))
        held = artifacts.about(self._files, version) if version else None
        if held is None:
            return state.next_seq > FIRST_TRAINING
        if state.erased_version > held.erased_version:
            return True
        news = state.next_seq - 1 - held.through_seq
        return news >= min(max(FIRST_TRAINING, NEWS_SHARE * held.through_seq), NEWS_MAX)

    def _forget(self, trained: Trained) -> None:
        """Remove versions that remember somebody who has been erased since."""
        for older in self.kept():
            comparable = older.generation == trained.generation
            if comparable and older.version != trained.version and older.erased_version < trained.erased_version:
                artifacts.forget(self._files, older.version)
        ours = [version for version in self.kept() if version.generation == trained.generation]
        kept = min((version.through_version for version in ours), default=0)
        with self._database.write() as connection:
            store.forget_erasures(connection, kept)

    def _read(self, on_progress: OnProgress) -> tuple[State, Columns, dict[int, CustomerId], list[str], str]:
        """Read everything that is filed by now."""
        with self._database.read() as connection:
            state = store.state(connection)
            generation = generation_of(connection, store.PART)
            owners = {row.anchor: row.customer_id for row in store.owners_since(connection, 0)}
            item_ids = _by_number(store.items_after(connection, 0))
        return state, self._interactions(state, generation, on_progress), owners, item_ids, generation

    def _interactions(self, state: State, generation: str, on_progress: OnProgress) -> Columns:
        """Return what was filed until `state`.

        Read a part at a time, each in a transaction of its own: one over millions of rows would keep SQLite from
        folding its journal back for as long. Rows are only ever added behind; whoever is erased meanwhile makes the
        model due to be learnt again, as if they were erased a moment later.
        """
        crowds: dict[str, int] = {"/": 0}
        parts: list[Columns] = []
        after = 0
        while rows := self._filed(after, state.next_seq, generation):
            after = rows[-1].seq
            parts.append(_columns(rows, crowds))
            on_progress(20 * after // max(state.next_seq, 1), STEPS, "reading")
        return _together(parts, list(crowds))

    def _filed(self, after: int, before: int, generation: str) -> list[InteractionRow]:
        with self._database.read() as connection:
            if generation_of(connection, store.PART) != generation:
                raise UnavailableError("The state was rebuilt while a model was learnt from it. Learn it again.")
            rows = store.interactions_after(connection, after, ROWS_A_READ)
        return [row for row in rows if row.seq < before]


def _by_number(numbered: Sequence[tuple[int, str]]) -> list[str]:
    item_ids = [""] * (max((number for number, _ in numbered), default=0) + 1)
    for number, item_id in numbered:
        item_ids[number] = item_id
    return item_ids


def _columns(rows: list[InteractionRow], crowds: dict[str, int]) -> Columns:
    _, anchors, items, at_us, kinds, strengths, names, _ = zip(*rows, strict=True)
    return Columns(
        np.array(anchors, np.int64),
        np.array(items, np.int32),
        np.array(at_us, np.int64),
        np.array(kinds, np.int32),
        np.array(strengths, np.float32),
        np.array([crowds.setdefault(name, len(crowds)) for name in names], np.int32),
        [],
    )


def _together(parts: list[Columns], crowds: list[str]) -> Columns:
    empty = Columns(
        np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int32),
        np.zeros(0, np.float32), np.zeros(0, np.int32), [],
    )  # fmt: skip
    parts = parts or [empty]
    return Columns(
        np.concatenate([part.anchors for part in parts]),
        np.concatenate([part.items for part in parts]),
        np.concatenate([part.at_us for part in parts]),
        np.concatenate([part.kinds for part in parts]),
        np.concatenate([part.strengths for part in parts]),
        np.concatenate([part.crowds for part in parts]),
        crowds,
    )
