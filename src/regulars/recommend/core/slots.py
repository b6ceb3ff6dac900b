"""What is a slot, a policy, a filter, and the slate that answers? The shapes that people and programs exchange.

Knows no numbers: a slot says what is wanted, a slate what came of it and why.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from regulars.kernel.ids import CustomerId, ItemId, SlateId

Policy = Literal["blend", "transitions", "sessions", "taste", "popular", "trending", "rules", "similar"]
POLICIES: tuple[Policy, ...] = (
    "blend", "transitions", "sessions", "taste", "popular", "trending", "rules", "similar",
)  # fmt: skip
POLICY_TITLES: dict[Policy, str] = {
    "blend": "Learned blend",
    "transitions": "What comes next",
    "sessions": "Sessions like this",
    "taste": "Long-term taste",
    "popular": "Popular",
    "trending": "Rising",
    "rules": "Favourites by rule",
    "similar": "More like this",
}
ExcludeSeen = Literal["never", "bought", "played", "any"]
ReasonKind = Literal["because_you", "popular", "trending", "favourite", "similar"]

COUNT_MAX = 200
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=1, le=COUNT_MAX)]
SlotName = Annotated[str, Meta(min_length=1, max_length=60, pattern="^[a-z0-9][a-z0-9_-]*$")]


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What may be shown at all.

    `tags` are `genre:Drama`, or `Drama` whatever its kind; an item needs one of them, and none of `exclude_tags`.
    `exclude_seen` leaves out what this customer has bought; bought or played; or touched in any way. `max_per_tag`
    allows a tag on at most so many items of a slate: every tag, or those of the kind `max_per_tag_kind`.
    """

    kinds: list[str] = []
    tags: list[str] = []
    exclude_tags: list[str] = []
    available_only: bool = True
    exclude_seen: ExcludeSeen = "any"
    max_per_tag: Annotated[int, Meta(ge=1)] | None = None
    max_per_tag_kind: str | None = None


class SlotWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says about a slot."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    policy: Policy = "blend"
    count: Count = 20
    filters: Filters = msgspec.field(default_factory=Filters)
    diversity: Share = 0.2  # costs 0.2 % NDCG@10 and gives a tenth more variety; decisions/blend
    novelty: Share = 0.4
    experiment_key: str | None = None


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """A place on a screen that wants items."""

    name: str
    title: str
    policy: Policy = "blend"
    count: int = 20
    filters: Filters = msgspec.field(default_factory=Filters)
    diversity: float = 0.2
    novelty: float = 0.4
    experiment_key: str | None = None
    updated_at: datetime


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why an item is there. `share` is the part of its score that this reason explains, in (0, 1]."""

    kind: ReasonKind
    text: str
    share: float
    item_id: ItemId | None = None
    title: str | None = None
    tag: str | None = None


class ItemCard(msgspec.Struct, frozen=True, kw_only=True):
    """What one needs to draw an item."""

    title: str
    kind: str
    tags: list[str] = []
    attributes: dict[str, str | bool | int | float | list[str]] = {}
    image: str | None = None


class SlateItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a slate. `score` is its relevance before novelty and variety moved it; `position` begins at 1."""

    item_id: ItemId
    title: str
    score: float
    position: int
    sources: list[str]
    reasons: list[Reason]
    item: ItemCard | None = None


class SlateExperiment(msgspec.Struct, frozen=True, kw_only=True):
    """Which experiment chose the policy, and which variant fell to this customer."""

    key: str
    variant: str


class Slate(msgspec.Struct, frozen=True, kw_only=True):
    """The ranked answer. `stale` says that news had not arrived, e.g. because the database did not answer."""

    slate_id: SlateId
    slot: str | None
    customer_id: CustomerId | None
    policy: Policy
    model_version: str | None
    stale: bool
    items: list[SlateItem]
    experiment: SlateExperiment | None = None
