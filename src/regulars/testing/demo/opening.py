"""A demo's shop is made: catalogue, sources, the first person, a key, slots and an experiment."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any  # Any: JSON

from regulars.app import open_shop
from regulars.app.shop import Shop
from regulars.catalog import Item
from regulars.destinations import Plan
from regulars.kernel.settings import FILE_NAME
from regulars.testing.demo.api import Api
from regulars.testing.demo.old_app import SOURCE_NAME as OLD_APP
from regulars.testing.demo.options import DemoState
from regulars.web.core import NewPerson
from regulars.web.keys import Keys
from regulars.web.people import People

EMAIL = "demo@regulars.example"
SHOP_NAMES = {"video": "Corner Cinema", "music": "Night Radio", "store": "Corner Store"}
EXPERIMENT = "home-policy"
WAREHOUSE = "Warehouse"  # every event by the hour, into the shop's own exports
PLAN_NAME = "What the app sends"
PLAN_DESCRIPTION = "Inferred from the demo's own past. It observes and lets everything pass."

# What stands where: slot → what is said about it (see docs/reference/recommend.md).
SLOTS: dict[str, dict[str, dict[str, Any]]] = {  # Any: JSON
    "video": {
        "home": {"title": "For you", "policy": "blend", "experiment_key": EXPERIMENT},
        "because-you-watched": {"title": "Because you watched", "policy": "transitions"},
        "trending": {"title": "Rising this week", "policy": "trending", "filters": {"exclude_seen": "never"}},
        "popular": {"title": "Everybody's favourites", "policy": "popular"},
    },
    "music": {
        "home": {
            "title": "Made for you",
            "policy": "blend",
            "filters": {"exclude_seen": "never", "max_per_tag": 3, "max_per_tag_kind": "artist"},
            "experiment_key": EXPERIMENT,
        },
        "because-you-listened": {"title": "Because you listened", "policy": "sessions"},
        "discover": {"title": "New to you", "policy": "taste", "filters": {"exclude_seen": "any"}, "novelty": 0.7},
        "trending": {"title": "Rising this week", "policy": "trending", "filters": {"exclude_seen": "never"}},
    },
    "store": {
        "home": {
            "title": "Picked for you",
            "policy": "blend",
            "filters": {"exclude_seen": "bought"},
            "experiment_key": EXPERIMENT,
        },
        "because-you-viewed": {
            "title": "Because you looked at",
            "policy": "transitions",
            "filters": {"exclude_seen": "bought"},
        },
        "trending": {"title": "Rising this week", "policy": "trending", "filters": {"exclude_seen": "never"}},
        "popular": {"title": "Sold most", "policy": "popular", "filters": {"exclude_seen": "never"}},
    },
}


def make_shop(folder: Path, state: DemoState, items: list[Item]) -> DemoState:
    """Make the shop in an empty folder; return the state with its keys filled in."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE_NAME).write_text(
        f'[serve]\ndemo = "{state.demo}"\nsimulated = {str(state.simulated).lower()}\n', encoding="utf-8"
    )
    with open_shop(folder) as shop:
        shop.catalog.put(items)
        state.write_key = shop.events.create_source("Demo page", "web").write_key
        state.replay_key = shop.events.create_source("Replay", "server").write_key
        if state.simulated:
            state.old_app_key = shop.events.create_source(OLD_APP, "android").write_key
        shop.destinations.create("parquet", Plan(name=WAREHOUSE, settings={"url": "warehouse"}))
        state.email, state.password = EMAIL, secrets.token_urlsafe(9)
        _let_in(shop, state)
        keys = Keys(database=shop.database, clock=shop.clock)
        _, state.secret_key = keys.make(name="Demo", role="admin", created_by="regulars demo")
    state.save(folder)
    return state


def _let_in(shop: Shop, state: DemoState) -> None:
    people = People(database=shop.database, clock=shop.clock)
    people.set_up(
        token=people.invite("setup"),
        shop_name=SHOP_NAMES[state.demo],
        owner=NewPerson(name="Demo", email=state.email, password=state.password),
    )


def sign_in_path(folder: Path, email: str) -> str:
    """Return the path of a link that signs the demo's person in, once."""
    with open_shop(folder) as shop:
        people = People(database=shop.database, clock=shop.clock)
        person = next(one for one in people.list_people() if one.email == email)
        return f"/enter?token={people.invite('enter', person_id=person.person_id, hours=24, uses=3)}"


def define_plan(api: Api) -> int:
    """Put a tracking plan in force that was inferred from the demo's own past, and only observes; return its events."""
    inferred = api.post("/v1/plans/infer", {"days": 1})
    apps = [source["source_id"] for source in api.get("/v1/sources")]  # a till or a payment service sends otherwise
    body = {**inferred["body"], "mode": "observe", "unknown": "warn", "sources": apps}
    plan = api.post("/v1/plans", {"name": PLAN_NAME, "description": PLAN_DESCRIPTION, "body": body})
    api.post(f"/v1/plans/{plan['plan_id']}/publish", {"note": "Inferred from the demo's past"})
    return len(body["events"])


def define_slots(api: Api, name: str) -> None:
    """Define the demo's slots, and the experiment that divides its home slot between rules and learning."""
    api.put(
        f"/v1/experiments/{EXPERIMENT}",
        {
            "title": "Home: by rule, or learned?",
            "unit_kind": "customer",
            "variants": [{"key": "rules"}, {"key": "blend"}],
        },
    )
    for slot, wish in SLOTS[name].items():
        api.put(f"/v1/recommend/slots/{slot}", wish)
