"""A served shop sends by itself: from a request at the door to a signed call, in processes of their own."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
from tests.app.conftest import Served, prepare

from regulars.destinations.core.signing import is_signed
from regulars.testing.receiver import Receiver

WITHIN_S = 60.0


def test_what_comes_in_at_the_door_of_a_served_shop_goes_out_signed(tmp_path: Path) -> None:
    write_key, secret = prepare(tmp_path / "shop")
    headers = {"Authorization": f"Bearer {secret}"}
    with Receiver() as receiver:
        served = Served(tmp_path / "shop", "--set", "destinations.private_networks=127.0.0.0/8")
        try:
            body = {"kind": "webhook", "name": "Orders", "settings": {"url": receiver.url + "/in"}}
            made = served.http.post("/v1/destinations", json=body, headers=headers).raise_for_status().json()
            call = {"writeKey": write_key, "userId": "ann", "event": "Order Completed", "properties": {"total": 3}}
            httpx.post(served.url + "/v1/track", json=call, timeout=30).raise_for_status()
            until = time.monotonic() + WITHIN_S
            while not receiver.received and time.monotonic() < until:
                time.sleep(0.02)  # other processes' progress: no clock of ours to wind
            assert receiver.received, served.errors()
            (came,) = receiver.received
            assert is_signed(made["signing_secret"], came.headers, came.body, now_s=int(time.time()))
            path = f"/v1/destinations/{made['destination']['destination_id']}"
            while time.monotonic() < until:
                health = served.http.get(path, headers=headers).json()["health"]
                if health["delivered_1h"]:
                    break
                time.sleep(0.02)  # as above
            assert (health["state"], health["waiting"], health["delivered_1h"]) == ("good", 0, 1)
            assert "Traceback" not in served.errors()
        finally:
            served.close()
