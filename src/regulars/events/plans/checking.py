"""Does a file of calls keep to a plan? For the tests of a shop's own app; needs no shop."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from regulars.events.core import Event
from regulars.events.decode import read_request
from regulars.events.plans.core import PlanFile, Ready, faults_in, judged, sentence
from regulars.events.record import AcceptedRequest, encode_entry
from regulars.kernel.errors import InvalidError
from regulars.kernel.eventlog import Record

FINDINGS_MAX = 1_000
_SOURCE = "checked"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong in one line of a file."""

    line: int
    event: str
    sentence: str


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """How a file of calls keeps to a plan: events in all, those that do not, those the plan does not name, and why."""

    events: int
    wrong: int
    unknown: int
    findings: list[Finding]


def check(lines: Iterable[bytes], plan: PlanFile) -> Checked:
    """Return how calls keep to a plan. Each line is a call as an SDK sends it, or a whole batch; empty ones are none.

    Raises
    ------
    InvalidError
        When the plan cannot be used.

    >>> from regulars.events.plans.ready import ready_plan
    >>> found = check([b'{"type": "track", "event": "Song Played", "userId": "ann"}'], ready_plan("music"))
    >>> found.findings[0].sentence
    '/properties/asset_id must be there.'
    """
    faults = faults_in(plan.body())
    if faults:
        raise InvalidError(f"The plan {plan.name!r} cannot be used: {faults[0]}", problems=faults)
    ready = Ready("", plan.name, 0, plan.body())
    known = {(rule.call, rule.name) for rule in plan.events}
    events = wrong = unknown = 0
    findings: list[Finding] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found, faulty = _read(line)
        events += len(found) + len(faulty)
        wrong += len(faulty)
        findings += [Finding(line=number, event="", sentence=why) for why in faulty]
        for event in found:
            verdict = judged(ready, event)
            unknown += event.call == "track" and (event.call, event.name) not in known
            wrong += verdict is not None
            for violation in verdict.violations if verdict else ():
                findings.append(Finding(line=number, event=event.name, sentence=sentence(violation, event.name)))
    return Checked(events=events, wrong=wrong, unknown=unknown, findings=findings[:FINDINGS_MAX])


def _read(line: bytes) -> tuple[list[Event], list[str]]:
    """Return the events of a line, and why the others are none."""
    body = line if b'"batch"' in line and _is_batch(line) else b'{"batch": [' + line.strip() + b"]}"
    entry = encode_entry(AcceptedRequest(_SOURCE, 0, "", "", "batch", body))
    request = read_request(Record("", 0, 0, entry))
    return request.events, [fault.reason for fault in request.rejected]


def _is_batch(line: bytes) -> bool:
    try:
        return "batch" in msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except msgspec.MsgspecError:
        return False
