"""The shop's till: receipts of people who shop online as well, as the CSV that a till gives, imported as anybody would.

Simulated, like everything in this shop. Who shows a loyalty card gave the till the address that they signed in with
online, so their receipts join; others stay the till's. A few rows are wrong, as in any file of a till.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any  # Any: JSON

from regulars.catalog import Item
from regulars.kernel.clock import moment
from regulars.testing.demo.api import Api
from regulars.testing.simulator import World
from regulars.testing.simulator.chance import Chance
from regulars.testing.simulator.people import Person
from regulars.testing.simulator.visits import DAY_US

FILE_NAME = "till.csv"
PRESET = "pos_lines"
COLUMNS = ("store", "receipt", "date", "card", "email", "phone", "product_id", "product", "price", "quantity",
           "category", "payment")  # fmt: skip
DAYS = 14
RECEIPTS_A_DAY = 20
REGULARS_SHARE = 0.7  # of receipts with a card; chosen
WRONG_EVERY = 60  # rows; chosen
JOB_S_MAX = 300.0
STORES = ("Station", "Harbour")


def till_file(world: World, now_us: int) -> bytes:
    """Return what the till gives of the last days."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_rows(world, now_us))
    return text.getvalue().encode()


def card_of(person: Person) -> str:
    """Return the number of a person's loyalty card."""
    return f"C{person.number:05}"


def _rows(world: World, now_us: int) -> Iterator[Sequence[object]]:
    chance = Chance("till")
    known = [person for person in world.people if person.signs_in]
    on_sale = [item for item in world.items if item.available]
    number = 0
    for receipt in range(DAYS * RECEIPTS_A_DAY):
        day_us = now_us // DAY_US * DAY_US - (DAYS - receipt // RECEIPTS_A_DAY) * DAY_US
        at_us = day_us + round((9 + 11 * chance.share()) * DAY_US / 24)
        person = chance.pick(known[: len(known) // 3]) if chance.happens(REGULARS_SHARE) else None
        store, payment = chance.pick(STORES), chance.pick(("cash", "card"))
        for item in _basket(world, on_sale, person, chance):
            number += 1
            date = f"{moment(at_us).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
            yield (
                store,
                f"R{10_000 + receipt}",
                "??" if number % WRONG_EVERY == 0 else date,
                card_of(person) if person else "",
                person.traits["email"] if person else "",
                "",
                item.item_id,
                item.title,
                item.attributes.get("price", 0),
                1 + chance.below(2),
                item.attributes.get("category", ""),
                payment,
            )


def _basket(world: World, on_sale: Sequence[Item], person: Person | None, chance: Chance) -> list[Item]:
    looked_at = [chance.pick(on_sale) for _ in range(12)]
    liked = [item for item in looked_at if person is not None and world.likes(person, item)]
    return (liked or looked_at)[: 1 + chance.below(3)]


def import_till(api: Api, world: World, now_us: int) -> dict[str, Any]:  # Any: JSON
    """Upload the till's file, try it out, take it in; return the report."""
    given = api.upload(f"/v1/imports?name={FILE_NAME}", till_file(world, now_us))
    path = f"/v1/imports/{given['import_id']}"
    preset = next(one for one in api.get("/v1/imports/presets") if one["name"] == PRESET)
    for verb in ("check", "run"):
        begun = api.post(f"{path}/{verb}", {"mapping": preset["mapping"]})
        api.await_job(begun["job_run_id"], JOB_S_MAX)
    report: dict[str, Any] = api.get(path)["report"]  # Any: JSON
    return report
