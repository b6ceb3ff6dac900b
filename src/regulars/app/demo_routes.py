"""What the demo's public page asks: shelves for whoever looks, one item with others like it, a search, its write key.

Open to anyone, and only in a demo shop: a real shop asks `/v1/recommend/slates` from its own server, with a secret key.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import Controller, get
from litestar.params import Parameter, QueryParameter

from regulars.app.shop import Shop
from regulars.catalog import Item
from regulars.kernel.errors import NotFoundError
from regulars.kernel.http import Role, needs
from regulars.kernel.ids import ItemId
from regulars.recommend.core.slots import Slate, Slot
from regulars.recommend.service import Asked

PAGE_SOURCE = "Demo page"
SIMILAR = 12
FOUND_MAX = 24
_FIRST = "home"

_Anonymous = Annotated[str | None, Parameter(max_length=255, description="The visitor's anonymous id.")]
_User = Annotated[str | None, Parameter(max_length=255, description="The visitor's user id, once signed in.")]


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the page."""

    title: str
    slot: str
    slate: Slate


class Shelves(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of the page, from the top."""

    shelves: list[Shelf]


class DemoItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item, and others like it."""

    item: Item
    similar: Slate


class DemoFound(msgspec.Struct, frozen=True, kw_only=True):
    """Items that some words mean."""

    items: list[Item]


class DemoConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the page needs to send events, and what must stand on it."""

    write_key: str
    demo: Literal["video", "music", "store"]
    simulated: bool


class DemoController(Controller):
    """The public page of a demo shop."""

    path = "/demo/api"
    tags = ("Demo page",)

    @get(
        "/config",
        operation_id="demoConfig",
        summary="The page's write key",
        opt=needs(Role.ANYONE),
        sync_to_thread=True,
    )
    def config(self, shop: Shop) -> DemoConfig:
        """Return the write key of the page, and whether the shop is simulated."""
        demo = _demo(shop)
        source = next((one for one in shop.events.list_sources() if one.name == PAGE_SOURCE), None)
        if source is None:
            raise NotFoundError(f"The demo has no source named {PAGE_SOURCE!r}. Open one under Sources & keys.")
        return DemoConfig(write_key=source.write_key, demo=demo, simulated=shop.settings.serve.simulated)

    @get(
        "/shelves",
        operation_id="demoShelves",
        summary="The page's shelves for a visitor",
        opt=needs(Role.ANYONE),
        sync_to_thread=True,
    )
    def shelves(
        self, shop: Shop, page: str | None = None, anonymous_id: _Anonymous = None, user_id: _User = None
    ) -> Shelves:
        """Return one shelf for each slot that has something to show; each is logged as shown."""
        demo = _demo(shop)
        if page is not None and page != demo:
            raise NotFoundError(f"This shop plays the demo {demo!r}, not {page!r}.")
        asked = Asked(user_id=user_id, anonymous_id=anonymous_id)
        slots = sorted(shop.recommend.list_slots(), key=lambda slot: (slot.name != _FIRST, slot.name))
        shown = [(slot, shop.recommend.answer(asked, slot=slot.name)) for slot in slots if slot.policy != "similar"]
        return Shelves(
            shelves=[
                Shelf(title=_title(slot, slate), slot=slot.name, slate=slate) for slot, slate in shown if slate.items
            ]
        )

    @get(
        "/items/{item_id:str}",
        operation_id="demoItem",
        summary="One item, and others like it",
        opt=needs(Role.ANYONE),
        sync_to_thread=True,
    )
    def item(self, shop: Shop, item_id: str) -> DemoItem:
        """Return an item and what stands near it."""
        _demo(shop)
        known = shop.catalog.get(ItemId(item_id))
        return DemoItem(item=known, similar=shop.recommend.similar_to(known.item_id, count=SIMILAR))

    @get("/search", operation_id="demoSearch", summary="Search the shop", opt=needs(Role.ANYONE), sync_to_thread=True)
    def search(self, shop: Shop, words: Annotated[str, QueryParameter(name="query", max_length=200)] = "") -> DemoFound:
        """Return items by their words, nothing for no words."""
        _demo(shop)
        found = shop.catalog.find(words, available=True, limit=FOUND_MAX).items if words.strip() else []
        return DemoFound(items=found)


def _demo(shop: Shop) -> Literal["video", "music", "store"]:
    demo = shop.settings.serve.demo
    if not demo:
        raise NotFoundError("This shop is no demo. Ask /v1/recommend/slates with a secret key instead.")
    return demo


def _title(slot: Slot, slate: Slate) -> str:
    if not slot.title.lower().startswith("because"):
        return slot.title
    named = (reason.title for item in slate.items for reason in item.reasons if reason.kind == "because_you")
    return " ".join([slot.title, next((title for title in named if title), "")]).strip()


ROUTES: list[type[Controller]] = [DemoController]
