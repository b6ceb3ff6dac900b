"""What does it cost to hold every event against a tracking plan, and to take personal fields out at the door?

Judging, beside the obvious call of the same library for each event (which reads the schema anew), and, where it is
installed, beside the pure-Python package `jsonschema`, on the same events and schemas, formats checked. The plan is
inferred from the simulated shop's own traffic; 5 % of the events are broken.

The worker, all projections, with and without a plan in force, in turns on two shops that get the same traffic.

The door's part: a batch of 100 events through the rules for personal fields, beside taking the batch apart and putting
it together with nothing but `json`; and what a source without rules pays.

    python bench/plans.py [--events 20000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any  # Any: JSON bodies

import jsonschema_rs
import msgspec

from regulars.app.shop import Shop, open_shop
from regulars.events.core import Event, Position
from regulars.events.plans import PersonalField, PlanBody
from regulars.events.plans.core import Ready, Rules
from regulars.events.plans.core.inference import Seen, infer
from regulars.events.plans.snapshot import Personal
from regulars.events.record import AcceptedRequest, encode_entry
from regulars.events.worker import Worker, settle_memory
from regulars.kernel.clock import SystemClock
from regulars.kernel.ids import EventId, SourceId
from regulars.testing.simulator import Call, World

REQUEST_EVENTS = 100
BROKEN_EVERY = 20
START_US = 1_790_000_000_000_000
LEARNED = 5_000


def calls(count: int) -> list[Call]:
    """Return the first calls of the simulated shop; every twentieth track carries a text for a number."""
    found = []
    for number, call in enumerate(islice(World("store", seed=5).calls(START_US), count)):
        broken = {**call.properties, "price": "much", "quantity": "many", "order_id": 7}
        is_broken = number % BROKEN_EVERY == 0 and call.kind == "track"
        found.append(msgspec.structs.replace(call, properties=broken) if is_broken else call)
    return found


def events_of(sent: Sequence[Call]) -> list[Event]:
    """Return calls as the judge sees them."""
    return [
        Event(
            event_id=EventId(f"web-0.1.{place}"),
            source_id=SourceId("s"),
            message_id=call.message_id,
            call=call.kind,
            name=call.name if call.kind == "track" else call.kind.title(),
            user_id=call.user_id,
            anonymous_id=call.anonymous_id,
            properties=call.properties,
            context=call.context,
            occurred_us=call.at_us,
            received_us=call.at_us,
            position=Position("web-0", 1, place),
        )
        for place, call in enumerate(sent)
    ]


def plan_of(sent: Sequence[Call]) -> PlanBody:
    """Return the plan that sound traffic keeps to."""
    sound = [event for place, event in enumerate(events_of(sent)) if place % BROKEN_EVERY]
    return infer([Seen(event.call, event.name, event.properties) for event in sound], {}).body


def judging(events: Sequence[Event], body: PlanBody, rounds: int) -> None:
    """Measure the judge beside the obvious call for each event, and beside the pure-Python validator."""
    ready = Ready("p", "p", 1, body)
    schemas = {(rule.call, rule.name): rule.schema for rule in body.events}
    naive: Callable[[Event], object] = lambda event: list(  # noqa: E731 (three of a kind)
        jsonschema_rs.iter_errors(schemas[event.call, event.name], event.properties, validate_formats=True)
    )
    pure = _jsonschema(body)
    few = events[:2_000]
    rates: dict[str, list[float]] = {"ours": [], "naive": [], "pure": []}
    for _ in range(rounds):
        rates["ours"].append(len(events) / _cpu_s(lambda: [ready.verdict(event) for event in events]))
        rates["naive"].append(len(few) / _cpu_s(lambda: [naive(event) for event in few]))
        if pure is not None:
            rates["pure"].append(len(few) / _cpu_s(lambda: [pure(event) for event in few]))
    ours = statistics.median(rates["ours"])
    _print("plans, events judged, 5 % broken, beside the library's own call", ours, "events/CPU-s", rates["naive"])
    if pure is not None:
        _print("plans, events judged, 5 % broken, beside pure Python", ours, "events/CPU-s", rates["pure"])


def _jsonschema(body: PlanBody) -> Callable[[Event], object] | None:
    try:
        from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-not-found,import-untyped,unused-ignore]  # no dependency of ours
    except ImportError:
        return None
    checker = FormatChecker()
    validators = {
        (rule.call, rule.name): Draft202012Validator(rule.schema, format_checker=checker) for rule in body.events
    }
    return lambda event: list(validators[event.call, event.name].iter_errors(event.properties))


def worker(sent: Sequence[Call], body: PlanBody, rounds: int) -> None:
    """Measure the whole worker with a plan in force beside one without."""
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        shops = [open_shop(Path(folder) / name, partition="library") for name in ("plan", "none")]
        plan = shops[0].plans.create("Shop", body)
        shops[0].plans.publish(plan.plan_id)
        workers = [shop.worker() for shop in shops]
        per_round = len(sent) // (rounds + 1)
        rates: list[list[float]] = [[], []]
        for number in range(rounds + 1):
            settle_memory()
            part = sent[number * per_round : (number + 1) * per_round]
            for place, (shop, work) in enumerate(zip(shops, workers, strict=True)):
                seconds = _take_in(shop, work, part)
                if number:  # the first round is cold
                    rates[place].append(len(part) / seconds)
        for shop in shops:
            shop.close()
    ours = statistics.median(rates[0])
    _print("plans, worker with a plan in force, 5 % broken, beside none", ours, "events/CPU-s", rates[1])


def _take_in(shop: Shop, work: Worker, part: Sequence[Call]) -> float:
    now_us = shop.clock.now_us()
    for start in range(0, len(part), REQUEST_EVENTS):
        body = msgspec.json.encode({"batch": [_sdk(call) for call in part[start : start + REQUEST_EVENTS]]})
        shop.log.append_many([encode_entry(AcceptedRequest("web", now_us + start, "192.0.2.1", "", "batch", body))])
    return _cpu_s(lambda: _drain(work))


def _drain(work: Worker) -> None:
    while work.run_once():
        pass


def _sdk(call: Call) -> dict[str, Any]:
    named = {"event": call.name} if call.kind == "track" else {"name": call.name}
    carried = "traits" if call.kind == "identify" else "properties"
    return {
        "type": call.kind,
        "messageId": call.message_id,
        "userId": call.user_id,
        "anonymousId": call.anonymous_id,
        "context": call.context,
        carried: call.properties,
        **named,
    }


def door(sent: Sequence[Call], rounds: int) -> None:
    """Measure what the rules for personal fields cost a batch of 100, and what those without rules pay."""
    items = [_sdk(call) for call in sent[:400] if call.kind == "track"][:REQUEST_EVENTS]
    plain = msgspec.json.encode({"batch": items})
    marked = msgspec.json.encode({"batch": [{**item, "traits": {"email": "ann@example.org"}} for item in items]})
    rules = Rules(
        [
            PersonalField(pointer="/traits/email", action="hash", kind="email"),
            PersonalField(pointer="/traits/phone", action="drop"),
        ],
        b"secret",
    )
    times: dict[str, list[float]] = {"marked": [], "plain": [], "json": [], "none": []}
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder, open_shop(folder) as shop:
        shop.plans.write_snapshot()
        personal = Personal(Path(folder), SystemClock())
        for _ in range(rounds):
            times["marked"].append(_each_us(lambda: rules.applied("batch", marked)))
            times["plain"].append(_each_us(lambda: rules.applied("batch", plain)))
            times["json"].append(_each_us(lambda: json.dumps(json.loads(marked)).encode()))
            times["none"].append(_each_us(lambda: personal.taken_out("s", "batch", plain, "192.0.2.1")))
    for name, words in (
        ("marked", "each with a hashed field"),
        ("plain", "without a marked field"),
        ("none", "of a source without rules"),
    ):
        value = statistics.median(times[name])
        _print(f"plans, door: batch of 100, {words}, beside json in and out", value, "us", times["json"])


def _each_us(work: Callable[[], object], times: int = 200) -> float:
    return _cpu_s(lambda: [work() for _ in range(times)]) / times * 1_000_000


def _cpu_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _print(name: str, value: float, unit: str, references: Sequence[float]) -> None:
    reference = statistics.median(references)
    line = {"name": name, "value": round(value, 2), "unit": unit, "better": "lower" if unit == "us" else "higher"}
    print(json.dumps({**line, "reference": round(reference, 2), "ratio": round(value / reference, 4)}), flush=True)


def main() -> None:
    """Print one JSON line per measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    sent = calls(max(wanted.events, LEARNED))
    body = plan_of(sent[:LEARNED])
    known = {(rule.call, rule.name) for rule in body.events}
    events = [event for event in events_of(sent) if (event.call, event.name) in known]
    judging(events, body, wanted.rounds)
    door(sent, wanted.rounds)
    worker(sent, body, wanted.rounds)


if __name__ == "__main__":
    main()
