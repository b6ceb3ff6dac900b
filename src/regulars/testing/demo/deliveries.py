"""What the shop's payment service sends: signed deliveries of an inbound webhook, some of which nobody can tell.

Simulated, like everything in this shop, in the form of the ready hook `stripe_checkout`: refunds of people who shop
online. A few name nobody and lie among the dead letters, to be mended; a few are signed with a secret of before and are
refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any  # Any: JSON

import msgspec

from regulars.events.hooks.core.schemes import Scheme, sign
from regulars.kernel.clock import MICROSECONDS_PER_SECOND
from regulars.testing.demo.api import Api, RefusedError
from regulars.testing.simulator import World
from regulars.testing.simulator.chance import Chance

NAME = "Payments"
PRESET = "stripe_checkout"
TOLD, NOBODYS, FORGED = 40, 6, 3
APART_S = 1_800


class Delivered(msgspec.Struct, kw_only=True):
    """What came of the deliveries that were sent: answered with yes, and refused at the door."""

    taken: int = 0
    refused: int = 0


def deliver(api: Api, world: World, now_us: int) -> Delivered:
    """Open the hook and send what a payment service would."""
    secret = f"whsec_{secrets.token_hex(16)}"
    hook = api.post("/v1/hooks", {"name": NAME, "preset": PRESET, "secret": secret})["hook"]
    scheme = msgspec.convert(hook["scheme"], Scheme)
    now_s, delivered = now_us / MICROSECONDS_PER_SECOND, Delivered()
    for number, body in enumerate(_refunds(world, int(now_s))):
        signed_with = "a secret of before" if number >= TOLD + NOBODYS else secret
        content = msgspec.json.encode(body)
        try:
            api.upload(hook["path"], content, sign(scheme, signed_with, content, now_s))
            delivered.taken += 1
        except RefusedError:
            delivered.refused += 1
    return delivered


def _refunds(world: World, now_s: int) -> Iterator[dict[str, Any]]:  # Any: JSON
    chance = Chance("deliveries")
    known = [person for person in world.people if person.signs_in]
    for number in range(TOLD + NOBODYS + FORGED):
        person = chance.pick(known)
        details = {"email": None if TOLD <= number < TOLD + NOBODYS else person.traits["email"]}
        refund = {
            "payment_intent": f"pi_{number:06}",
            "amount_refunded": 100 * (100 + 10 * chance.below(90)),
            "currency": "twd",
            "customer": None,
            "billing_details": details,
        }
        yield {
            "id": f"evt_{number:06}",
            "type": "charge.refunded",
            "created": now_s - APART_S * number,
            "data": {"object": refund},
        }
