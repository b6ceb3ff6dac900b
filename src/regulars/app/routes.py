"""What belongs to no single capability: today, the palette's search, the shop itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import anyio.to_thread
import msgspec
from litestar import Controller, get, patch
from litestar.params import QueryParameter
from litestar.response import Stream
from msgspec import Meta

from regulars.app.log_overview import LogOverview, log_overview
from regulars.app.search import Found, search
from regulars.app.shop import Shop
from regulars.app.today import Today, TodayDesk
from regulars.kernel.http import Role, needs
from regulars.kernel.settings import Setting, describe_settings
from regulars.web.people import People
from regulars.web.sse import Stopping, every, stream

EVERY_S = 1.0


class TodayController(Controller):
    """The first page."""

    path = "/v1/today"
    tags = ("Today",)

    @get(
        operation_id="getToday",
        summary="What is happening in the shop right now?",
        opt=needs(Role.VIEWER),
        sync_to_thread=True,
    )
    def get_today(self, today: TodayDesk) -> Today:
        """Return traffic, customers, items and the loop's health, at most a second old."""
        return today.now()

    @get(
        "/live",
        operation_id="watchToday",
        summary="The same, each second, as server-sent events",
        opt=needs(Role.VIEWER),
        media_type="text/event-stream",
    )
    async def watch_today(self, today: TodayDesk, stopping: Stopping) -> Stream:
        """Send `event: today` with the same body each second, and a comment when nothing changes for long."""
        return stream(_frames(today, stopping))


def _frames(today: TodayDesk, stopping: Stopping) -> AsyncIterator[bytes]:
    async def make() -> object:
        return await anyio.to_thread.run_sync(today.now)

    return every(EVERY_S, "today", make, stopping)


class SearchController(Controller):
    """The palette."""

    path = "/v1/search"
    tags = ("Search",)

    @get(operation_id="search", summary="Who or what do these words mean?", opt=needs(Role.VIEWER), sync_to_thread=True)
    def find(
        self,
        shop: Shop,
        words: Annotated[
            str, QueryParameter(name="query", max_length=200, description="An identifier, a name, words of a title.")
        ] = "",
    ) -> Found:
        """Return customers by any identifier or name, and items by their words."""
        return search(shop, words)


class ShopShown(msgspec.Struct, frozen=True, kw_only=True):
    """The shop's name, and everything that can be set with who set it. Passwords are not shown."""

    name: str
    version: str
    settings: list[Setting]


class ShopChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]


class ShopController(Controller):
    """The shop itself."""

    path = "/v1/shop"
    tags = ("Shop",)

    @get(operation_id="getShop", summary="How is the shop set up?", opt=needs(Role.ADMIN), sync_to_thread=True)
    def get_shop(self, shop: Shop, people: People) -> ShopShown:
        """Return the shop's name and its settings."""
        return _shown(shop, people)

    @patch(
        operation_id="changeShop",
        summary="Rename the shop",
        opt=needs(Role.ADMIN, audited_as="shop_renamed"),
        sync_to_thread=True,
    )
    def change_shop(self, data: ShopChange, shop: Shop, people: People) -> ShopShown:
        """Give the shop another name."""
        people.name_shop(data.name)
        return _shown(shop, people)


class LogController(Controller):
    """The log itself."""

    path = "/v1/log"
    tags = ("Log and replay",)

    @get(
        operation_id="getLog",
        summary="How far back does the log go, and who has read it?",
        opt=needs(Role.VIEWER),
        sync_to_thread=True,
    )
    def get_log(self, shop: Shop) -> LogOverview:
        """Return the partitions of the log with their sizes, and how far everybody who reads it has come."""
        return log_overview(shop)


def _shown(shop: Shop, people: People) -> ShopShown:
    return ShopShown(
        name=people.shop_name(),
        version=shop.version,
        settings=describe_settings(shop.folder, shop.flags),
    )


ROUTES: list[type[Controller]] = [TodayController, SearchController, ShopController, LogController]
