"""What the recommend room does: answers with slates and reasons, keeps slots, learns, and says how policies fare."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import msgspec
import numpy as np
from sqlalchemy import Connection

from regulars.catalog import Catalog
from regulars.events import Events
from regulars.events.core import Batch, Fact, Merge
from regulars.experiments import Assignment, Experiments
from regulars.identity import Identity
from regulars.kernel.clock import Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import InvalidError, NotFoundError, UnavailableError, nearest
from regulars.kernel.files import Files
from regulars.kernel.ids import CustomerId, ItemId, SlateId, new_id
from regulars.kernel.sayings import said
from regulars.kernel.settings import RecommendSettings
from regulars.recommend import store
from regulars.recommend.askers import Asked, Askers
from regulars.recommend.core.rows import Ints
from regulars.recommend.core.sessions import SESSION_GAP_US
from regulars.recommend.core.slots import (
    COUNT_MAX,
    POLICIES,
    POLICY_TITLES,
    Filters,
    Policy,
    Reason,
    Slate,
    SlateExperiment,
    Slot,
    SlotWish,
)
from regulars.recommend.engine.artifact import Trained
from regulars.recommend.engine.brain import Brain, Visit
from regulars.recommend.engine.ranking import SEEN_KINDS, Wish, rank, reasons_for
from regulars.recommend.engine.shoppers import Shopper
from regulars.recommend.follower import Follower
from regulars.recommend.impressions import Impressions, Shown
from regulars.recommend.models import Models, OnProgress, silent
from regulars.recommend.performance import PolicyPerformance, performance
from regulars.recommend.projection import RecommendProjection

COMPARED: tuple[Policy, ...] = ("blend", "rules", "popular", "trending", "transitions", "sessions", "taste")


class Strategy(msgspec.Struct, frozen=True, kw_only=True):
    """What one policy would show."""

    policy: Policy
    title: str
    slate: Slate


class Recommend:
    """Slates with reasons, current after every event. A projection of the street, and a keeper of customers."""

    name = "recommend"

    def __init__(  # noqa: PLR0913 (the services this room stands on, each by its noun)
        self,
        *,
        database: Database,
        clock: Clock,
        files: Files,
        events: Events,
        identity: Identity,
        catalog: Catalog,
        settings: RecommendSettings,
        experiments: Experiments | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._experiments = experiments
        self._projection = RecommendProjection()
        self._models = Models(database=database, clock=clock, files=files, settings=settings)
        self._follower = Follower(database=database, clock=clock, files=files, catalog=catalog)
        self._turn = threading.Lock()  # answers share one interpreter: two at once take longer than one after the other
        self._askers = Askers(identity, self._knows)

        def append(facts: Sequence[Fact]) -> None:
            events.append(facts)

        self._impressions = Impressions(append, self._askers.names_of, experiments)

    def project(self, batch: Batch, connection: Connection) -> None:
        """Take new facts in, in the worker's transaction."""
        self._projection.project(batch, connection)

    def merge_customers(self, connection: Connection, merges: Sequence[Merge]) -> None:
        """Give all that is filed under each absorbed customer to the one kept."""
        self._projection.merge_customers(connection, merges)

    def erase_customers(self, connection: Connection, customer_ids: Sequence[CustomerId]) -> int:
        """Remove every row of these customers; answers forget them at once, models with the next training."""
        return self._projection.erase_customers(connection, customer_ids)

    def start(self) -> None:
        """Keep answers current, and log slates, in the background; for a process that answers many."""
        self._follower.start()
        self._impressions.start()

    def close(self) -> None:
        """Log what was shown and stop following."""
        self._follower.close()
        self._impressions.close()

    def for_customer(
        self,
        customer: CustomerId | str | None,
        *,
        count: int | None = None,
        slot: str | None = None,
        filters: Filters | None = None,
        item: ItemId | None = None,
    ) -> Slate:
        """Return what to show a customer now, and log that it was shown.

        Parameters
        ----------
        customer
            A customer's id or user id; None for somebody nobody knows.
        count
            How many items; the slot's own number when left out.
        slot
            The place on the screen; without one, the blend with default filters.
        filters
            Instead of the slot's.
        item
            For the policy `similar`: what it should be like.

        Raises
        ------
        NotFoundError
            When there is no such slot, or no such item.

        """
        asked = self._askers.named(customer)
        return self.answer(asked, slot=slot, count=count, filters=filters, item=item)

    def answer(
        self,
        asked: Asked,
        *,
        slot: str | None = None,
        count: int | None = None,
        filters: Filters | None = None,
        item: ItemId | None = None,
    ) -> Slate:
        """Return the slate for whoever asks, and log it; `for_customer` by any identifier."""
        self._refresh()
        wanted = self._slot(slot)
        customer = self._askers.customer(asked)
        assigned = self._assigned(wanted, customer, asked)
        policy = _policy_of(wanted, assigned)
        slate = self._slate(
            policy,
            wanted,
            customer=customer,
            count=_count(count, wanted.count),
            filters=filters or wanted.filters,
            item=item,
            assigned=assigned,
        )
        self._impressions.add(
            Shown(
                slate,
                at_us=self._clock.now_us(),
                assigned=assigned,
                user_id=asked.user_id,
                anonymous_id=asked.anonymous_id,
            )
        )
        return slate

    def similar_to(self, item: ItemId, *, count: int = 20, filters: Filters | None = None) -> Slate:
        """Return items like this one: those that stand near it in what customers do, and those that share its words.

        Raises
        ------
        NotFoundError
            When nobody knows the item.

        """
        self._refresh()
        wanted = msgspec.structs.replace(_DEFAULT_SLOT, novelty=0.0, filters=filters or Filters(exclude_seen="never"))
        return self._slate("similar", wanted, customer=None, count=_count(count, 20), filters=wanted.filters, item=item)

    def because(self, customer: CustomerId | str, item: ItemId) -> list[Reason]:
        """Return what speaks for an item in the blend for a customer, strongest first; empty when nothing does."""
        self._refresh()
        brain = self._follower.brain
        number = self._number(brain, item)
        visit, _, touched = self._visit(brain, self._askers.customer(self._askers.named(customer)), "never", None)
        found = brain.found("blend", visit)
        table, _ = found.explain(np.array([number], np.int32))
        return reasons_for(brain, found, table, touched)[0]

    def compare(
        self,
        customer: CustomerId | str | None,
        slot: str | None = None,
        *,
        count: int | None = None,
        filters: Filters | None = None,
        diversity: float | None = None,
        novelty: float | None = None,
    ) -> list[Strategy]:
        """Return what each policy would show, side by side; nothing is logged, for nobody saw it."""
        self._refresh()
        wanted = self._slot(slot)
        wanted = msgspec.structs.replace(
            wanted,
            diversity=wanted.diversity if diversity is None else diversity,
            novelty=wanted.novelty if novelty is None else novelty,
        )
        who = self._askers.customer(self._askers.named(customer))
        return [
            Strategy(
                policy=policy,
                title=POLICY_TITLES[policy],
                slate=self._slate(
                    policy,
                    wanted,
                    customer=who,
                    count=_count(count, wanted.count),
                    filters=filters or wanted.filters,
                ),
            )
            for policy in COMPARED
        ]

    def list_slots(self) -> list[Slot]:
        """Return every slot, in order of name."""
        with self._database.read() as connection:
            return store.slots(connection)

    def put_slot(self, name: str, wish: SlotWish) -> Slot:
        """Define a slot, in place of the one of its name."""
        now_us = self._clock.now_us()
        slot = Slot(name=name, updated_at=moment(now_us), **msgspec.structs.asdict(wish))
        with self._database.write() as connection:
            store.put_slot(connection, slot, now_us)
        self._follower.slots = {**self._follower.slots, name: slot}
        return slot

    def remove_slot(self, name: str) -> None:
        """Take a slot away.

        Raises
        ------
        NotFoundError
            When there is none of this name.

        """
        with self._database.write() as connection:
            if not store.remove_slot(connection, name):
                raise NotFoundError(f"There is no slot {name!r}.")
        self._follower.slots = {known: slot for known, slot in self._follower.slots.items() if known != name}

    def train(self, on_progress: OnProgress = silent) -> Trained:
        """Learn from everything that happened so far; the new model answers at once, here and in every process."""
        return self._models.train(on_progress)

    def models(self) -> list[Trained]:
        """Return the models kept, the newest first."""
        return self._models.kept()

    def is_training_due(self) -> bool:
        """Return whether it is time to learn anew."""
        return self._models.is_due()

    def performance(self, *, slot: str | None = None, days: int = 7) -> list[PolicyPerformance]:
        """Return how often each policy's slates were clicked within 24 hours, with 95 % intervals."""
        with self._database.read() as connection:
            return performance(connection, slot=slot, days=days, now_us=self._clock.now_us())

    def behind_ms(self) -> float:
        """Return how long ago the answers last knew everything that was filed; 0 when each answer looks for itself."""
        if not self._follower.is_following:
            return 0.0
        return max(0.0, (self._clock.now_us() - self._follower.current_us) / 1000)

    def reached_seq(self) -> int:
        """Return the last interaction that answers know."""
        return self._follower.brain.engine.reached_seq

    def brain(self) -> Brain:
        """Return what answers now; for measuring it."""
        return self._follower.brain

    def _refresh(self) -> None:
        if not self._follower.is_following:
            self._follower.catch_up()

    def _knows(self, customer_id: CustomerId) -> bool:
        return self._follower.brain.engine.shoppers.find(customer_id) != -1

    def _slot(self, name: str | None) -> Slot:
        if name is None:
            return _DEFAULT_SLOT
        found = self._follower.slots.get(name)
        if found is None:
            hint = nearest(name, list(self._follower.slots)) or " Define it under Slots, or leave the slot out."
            raise NotFoundError(f"There is no slot {name!r}.{hint}")
        return found

    def _assigned(self, slot: Slot, customer: CustomerId | None, asked: Asked) -> Assignment | None:
        """Return what the slot's experiment says; None when it has none, or this visitor takes no part."""
        unit = customer or asked.anonymous_id
        if slot.experiment_key is None or self._experiments is None or unit is None:
            return None
        kind = "customer" if customer else "anonymous_id"
        try:
            assigned = self._experiments.assign(slot.experiment_key, kind, unit)
        except UnavailableError:
            return None  # the definition was never read: the slot answers as it was defined
        return assigned if assigned.variant is not None else None

    def _slate(
        self,
        policy: Policy,
        slot: Slot,
        *,
        customer: CustomerId | None,
        count: int,
        filters: Filters,
        item: ItemId | None = None,
        assigned: Assignment | None = None,
    ) -> Slate:
        brain, now_us = self._follower.brain, self._clock.now_us()
        number = None if item is None else self._number(brain, item)
        if policy == "similar" and number is None:
            raise InvalidError("The policy 'similar' needs an item to be like: say `item_id`.")
        visit, seen, touched = self._visit(brain, customer, filters.exclude_seen, number)
        wish = Wish(
            policy=policy,
            count=count,
            filters=filters,
            diversity=slot.diversity,
            novelty=slot.novelty,
            now_us=now_us,
        )
        with self._turn:
            items = rank(brain, visit, wish, seen=seen, touched=touched)
        artifact = brain.engine.artifact
        return Slate(
            slate_id=SlateId(new_id(now_us)),
            slot=slot.name or None,
            customer_id=customer,
            policy=policy,
            model_version=artifact.about.version if artifact else None,
            stale=self._follower.stale,
            items=items,
            experiment=_experiment_of(assigned),
        )

    def _visit(
        self, brain: Brain, customer: CustomerId | None, exclude_seen: str, item: int | None
    ) -> tuple[Visit, Ints, dict[int, int]]:
        """Return what the sources see of a request, the items to leave out, and how the recent ones were touched."""
        engine = brain.engine
        with engine.lock:
            shoppers = engine.shoppers
            shopper = shoppers.look(shoppers.find(customer)) if customer else Shopper([])
            steps = np.array([step.item for step in shopper.steps], np.int32)
            seen = shoppers.seen_of(shopper, SEEN_KINDS[exclude_seen]) if exclude_seen != "never" else steps[:0]
            touched = shoppers.kinds_of(shopper, np.unique(steps))
            session = _current_session(shopper)
            own = shopper.sessions[-1][1] if shopper.sessions else -1
            crowd = shopper.crowd
        return Visit(steps, session, own, crowd, item), seen, touched

    def _number(self, brain: Brain, item: ItemId) -> int:
        number = brain.items.number(item)
        if number is None:
            raise NotFoundError(
                said(
                    "no_item_known",
                    "Nobody knows an item {item!r}: neither the catalogue nor any fact names it.",
                    item=item,
                )
            )
        return number


def _policy_of(slot: Slot, assigned: Assignment | None) -> Policy:
    """Return the policy a variant is named after; any other variant leaves the slot's own."""
    variant = assigned.variant if assigned else None
    return next((known for known in POLICIES if known == variant), slot.policy)


def _experiment_of(assigned: Assignment | None) -> SlateExperiment | None:
    if assigned is None or assigned.variant is None:
        return None
    return SlateExperiment(key=assigned.experiment, variant=assigned.variant)


def _current_session(shopper: Shopper) -> Ints:
    steps = shopper.steps
    first = len(steps)
    while first > 0 and (first == len(steps) or steps[first].first_us - steps[first - 1].last_us <= SESSION_GAP_US):
        first -= 1
    return np.array([step.item for step in steps[first:]], np.int32)


def _count(wanted: int | None, default: int) -> int:
    count = default if wanted is None else wanted
    if not 1 <= count <= COUNT_MAX:
        raise InvalidError(
            said(
                "slate_count",
                "A slate has between 1 and {most} items, {count} were asked for.",
                most=COUNT_MAX,
                count=count,
            )
        )
    return count


_DEFAULT_SLOT = Slot(name="", title="", updated_at=moment(0))

__all__ = ["Asked", "Recommend", "Strategy"]
