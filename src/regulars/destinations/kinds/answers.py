"""What an HTTP answer means for a delivery, and how an exchange is shown to a person."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from regulars.destinations.core.kinds import Answer, Exchange, Outcome, head_of
from regulars.kernel import outbound
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock, microseconds
from regulars.kernel.errors import InvalidError, OutboundError
from regulars.kernel.outbound import Call, Outbound
from regulars.kernel.sayings import Sentence, said, text_of

NOT_NOW = {408, 425, 429}
HIDDEN = "…"
SHOWN_CHARACTERS_MAX = 4_000
_OPEN_HEADERS = {"content-type", "accept", "user-agent", "webhook-id", "webhook-timestamp"}


def send(way: Outbound, call: Call, *, timeout_s: float, clock: Clock) -> tuple[Answer, outbound.Answer | None]:
    """Make a call and return what it means, with what came back; the other side's faults are answers, not errors."""
    begun = time.monotonic()
    try:
        came = way.call(call, timeout_s=timeout_s)
    except (OutboundError, InvalidError) as error:  # a name may lead elsewhere tomorrow, and settings can be mended
        spent_ms = round((time.monotonic() - begun) * 1000)
        return Answer(outcome=Outcome.RETRY, sentence=error.sentence, duration_ms=spent_ms), None
    return meaning_of(came, clock.now_us()), came


def meaning_of(came: outbound.Answer, now_us: int) -> Answer:
    """Return what an answer means for the delivery."""
    outcome, sentence = _outcome(came)
    return Answer(
        outcome=outcome,
        sentence=sentence,
        status=came.status,
        head="" if came.is_good else head_of(came.body),
        retry_after_s=retry_after_s(came.headers.get("retry-after", ""), now_us),
        duration_ms=came.duration_ms,
    )


def _outcome(came: outbound.Answer) -> tuple[Outcome, Sentence]:
    status = came.status
    if came.is_good:
        return Outcome.DELIVERED, ""
    if status == 410:
        return Outcome.GONE, said("answered_410", "It answered 410: nobody wants anything there any more.")
    if 300 <= status <= 399:
        return Outcome.REFUSED, said(
            "answered_elsewhere",
            "It answered {status} and sends us elsewhere. We do not follow; change the URL.",
            status=status,
        )
    if status in NOT_NOW:
        return Outcome.RETRY, said("answered_not_now", "It answered {status}: not now.", status=status)
    if 400 <= status <= 499:
        return Outcome.REFUSED, _guess(status)
    return Outcome.RETRY, said("answered_wrong", "It answered {status}: something is wrong over there.", status=status)


def _guess(status: int) -> Sentence:
    known = {
        400: said("answered_400", "It answered 400: it cannot read what we send."),
        401: said("answered_401", "It answered 401: it does not know us; look at the headers."),
        403: said("answered_403", "It answered 403: we may not; look at the headers."),
        404: said("answered_404", "It answered 404: nothing takes calls at this URL."),
        405: said("answered_405", "It answered 405: this URL takes no such call."),
        413: said("answered_413", "It answered 413: too much at once; make the batch smaller."),
        415: said("answered_415", "It answered 415: it wants another kind of body."),
        422: said("answered_422", "It answered 422: it cannot use what we send; look at the template."),
    }
    return known.get(status) or said("answered_status", "It answered {status}.", status=status)


def retry_after_s(told: str, now_us: int) -> float | None:
    """Return how long the other side asks us to wait: seconds, or a date.

    >>> retry_after_s("120", 0), retry_after_s("Thu, 01 Jan 1970 00:01:00 GMT", 0), retry_after_s("soon", 0)
    (120.0, 60.0, None)
    """
    told = told.strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    try:
        return max(0.0, (microseconds(parsedate_to_datetime(told)) - now_us) / MICROSECONDS_PER_SECOND)
    except (ValueError, TypeError, IndexError):
        return None


def shown(call: Call, came: outbound.Answer | None, answer: Answer) -> Exchange:
    """Return an exchange as it was on the wire, with the values of secret headers hidden."""
    place = call.url.partition("://")[2]
    host, _, path = place.partition("/")
    lines = [f"{call.method} /{path} HTTP/1.1", f"host: {host}", *_headers(call.headers), ""]
    sent = "\n".join(lines) + "\n" + _text(call.body)
    if came is None:
        return Exchange(sent=sent, received=text_of(answer.sentence))
    head = [f"HTTP/1.1 {came.status}", *(f"{name}: {value}" for name, value in came.headers.items()), ""]
    return Exchange(sent=sent, received="\n".join(head) + "\n" + _text(came.body) + ("…" if came.cut else ""))


def _headers(told: Mapping[str, str]) -> list[str]:
    return [f"{name}: {_hidden(name.lower(), value)}" for name, value in told.items()]


def _hidden(name: str, value: str) -> str:
    if name in _OPEN_HEADERS:
        return value
    return value if name == "webhook-signature" else HIDDEN


def _text(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + "…"
