"""Recommendations over HTTP: slates, comparisons, slots, models, and how policies fare."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.params import Parameter

from regulars.identity import Identity
from regulars.kernel.http import Role, needs
from regulars.kernel.ids import CustomerId, ItemId
from regulars.kernel.jobs import JobRunStatus, Jobs
from regulars.recommend.askers import Asked
from regulars.recommend.core.slots import COUNT_MAX, Count, Filters, Reason, Share, Slate, Slot, SlotName, SlotWish
from regulars.recommend.jobs import TRAIN
from regulars.recommend.performance import PolicyPerformance
from regulars.recommend.service import Recommend, Strategy


class AskedIdentifier(msgspec.Struct, frozen=True, kw_only=True):
    """One name that a customer goes by."""

    kind: str
    value: str


class SlateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants a slate for which slot. Without a customer or identifier: somebody nobody knows."""

    slot: str | None = None
    customer_id: CustomerId | None = None
    identifier: AskedIdentifier | None = None
    anonymous_id: str | None = None
    item_id: ItemId | None = None
    count: Count | None = None
    filters: Filters | None = None


class CompareRequest(msgspec.Struct, frozen=True, kw_only=True):
    """For whom the policies are put side by side, and with which knobs."""

    slot: str | None = None
    customer_id: CustomerId | None = None
    filters: Filters | None = None
    diversity: Share | None = None
    novelty: Share | None = None
    count: Count | None = None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What each policy would show."""

    strategies: list[Strategy]


class BecauseRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A customer, and an item somebody wonders about."""

    customer_id: CustomerId
    item_id: ItemId


class ModelShown(msgspec.Struct, frozen=True, kw_only=True):
    """One version of what was learned."""

    version: str
    kind: str
    trained_at: datetime
    interactions: int
    customers: int
    items: int
    sessions: int
    seconds: float
    metrics: dict[str, float] | None


class RecommendController(Controller):
    """`/v1/recommend`."""

    path = "/v1/recommend"
    tags = ("Recommend",)

    @get("/slots", operation_id="listSlots", summary="Every slot", sync_to_thread=True, opt=needs(Role.VIEWER))
    def slots(self, recommend: Recommend) -> list[Slot]:
        """Return every slot, in order of name."""
        return recommend.list_slots()

    @put(
        "/slots/{name:str}",
        operation_id="putSlot",
        summary="Define a slot",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="slot_defined"),
    )
    def put_slot(self, recommend: Recommend, name: SlotName, data: SlotWish) -> Slot:
        """Define a slot, in place of the one of its name."""
        return recommend.put_slot(name, data)

    @delete(
        "/slots/{name:str}",
        operation_id="removeSlot",
        summary="Take a slot away",
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="slot_removed"),
    )
    def remove_slot(self, recommend: Recommend, name: str) -> None:
        """Take a slot away; 404 when there is none."""
        recommend.remove_slot(name)

    @post(
        "/slates",
        operation_id="askSlate",
        summary="What to show now, and why",
        status_code=200,
        sync_to_thread=True,
        opt=needs(
            Role.VIEWER,
            example={"identifier": {"kind": "user_id", "value": "ann"}, "slot": "home", "count": 20},
        ),
    )
    def slate(self, recommend: Recommend, identity: Identity, data: SlateRequest) -> Slate:
        """Return the slate, and log that it was shown."""
        asked = Asked(customer_id=data.customer_id, anonymous_id=data.anonymous_id)
        if data.identifier is not None and data.identifier.kind == "user_id":
            asked = Asked(user_id=data.identifier.value, anonymous_id=data.anonymous_id)
        elif data.identifier is not None:
            found = identity.find(data.identifier.kind, data.identifier.value)
            asked = Asked(customer_id=found, anonymous_id=data.anonymous_id)
        return recommend.answer(asked, slot=data.slot, count=data.count, filters=data.filters, item=data.item_id)

    @post(
        "/compare",
        operation_id="compareStrategies",
        summary="Every policy's slate side by side",
        status_code=200,
        sync_to_thread=True,
        opt=needs(
            Role.VIEWER,
            example={"customer_id": "ann", "slot": "home", "filters": {"tags": ["genre:Crime"]}, "novelty": 0.6},
        ),
    )
    def compare(self, recommend: Recommend, data: CompareRequest) -> Comparison:
        """Return what each policy would show; nothing is logged, for nobody saw it."""
        strategies = recommend.compare(
            data.customer_id,
            data.slot,
            count=data.count,
            filters=data.filters,
            diversity=data.diversity,
            novelty=data.novelty,
        )
        return Comparison(strategies=strategies)

    @post(
        "/because",
        operation_id="askBecause",
        summary="What speaks for one item",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def because(self, recommend: Recommend, data: BecauseRequest) -> list[Reason]:
        """Return the reasons for an item in the blend for a customer, strongest first."""
        return recommend.because(data.customer_id, data.item_id)

    @get(
        "/similar/{item_id:str}",
        operation_id="similarItems",
        summary="More like this",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def similar(
        self, recommend: Recommend, item_id: str, count: Annotated[int, Parameter(ge=1, le=COUNT_MAX)] = 20
    ) -> Slate:
        """Return items that stand near this one in what customers do, or share its words."""
        return recommend.similar_to(ItemId(item_id), count=count)

    @get("/models", operation_id="listModels", summary="What was learned", sync_to_thread=True, opt=needs(Role.VIEWER))
    def models(self, recommend: Recommend) -> list[ModelShown]:
        """Return the versions kept, the newest first."""
        return [
            ModelShown(
                version=one.version,
                kind=one.kind,
                trained_at=one.trained_at,
                interactions=one.interactions,
                customers=one.customers,
                items=one.items,
                sessions=one.sessions,
                seconds=one.seconds,
                metrics=one.metrics,
            )
            for one in recommend.models()
        ]

    @post(
        "/train",
        operation_id="trainModels",
        summary="Learn anew",
        status_code=202,
        sync_to_thread=True,
        opt=needs(Role.MARKETER, audited_as="training_started"),
    )
    def train(self, jobs: Jobs) -> JobRunStatus:
        """Start a run of training and return it; one that waits already is returned instead."""
        return jobs.find(jobs.start(TRAIN))

    @get(
        "/performance",
        operation_id="policyPerformance",
        summary="How policies fare",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def performance(
        self,
        recommend: Recommend,
        slot: str | None = None,
        days: Annotated[int, Parameter(ge=1, le=366)] = 7,
    ) -> list[PolicyPerformance]:
        """Return slates shown and clicked within 24 hours, per policy, with 95 % intervals."""
        return recommend.performance(slot=slot, days=days)


ROUTES: list[type[Controller]] = [RecommendController]
