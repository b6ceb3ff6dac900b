"""Signed webhooks: each event, or some at a time, to an address of somebody's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar  # Any: settings as the protocol has them

import msgspec
from msgspec import Meta

from regulars.destinations.core.bodies import batch_id_of, body_of, message_id_of
from regulars.destinations.core.expressions import compiled
from regulars.destinations.core.kinds import Answer, Expression, Feed, Outcome, Outgoing, Secret, Tools, Trial, Url
from regulars.destinations.core.signing import headers
from regulars.destinations.kinds.answers import send, shown
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, moment
from regulars.kernel.errors import InvalidError
from regulars.kernel.outbound import Call
from regulars.kernel.sayings import said

TEST_NAME = "Test Event"


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where, and in what words. Without a template the body is the envelope of Standard Webhooks."""

    url: Annotated[Url, Meta(title="URL", description="Where each event is posted to.")]
    headers: Annotated[
        dict[str, Secret], Meta(title="Headers", description="Sent with every request, such as Authorization.")
    ] = {}
    template: Annotated[
        Expression,
        Meta(title="Body", description="JMESPath over the usual body; what comes of it is sent instead. Empty: as is."),
    ] = ""
    timeout_s: Annotated[
        float, Meta(ge=1, le=30, title="Time limit, s", description="How long the answer may take, in seconds.")
    ] = 15


class Webhook:
    """The kind."""

    name: str = "webhook"
    feed: Feed = "events"
    settings: type[msgspec.Struct] = WebhookSettings
    signs: bool = True

    def open(self, settings: Any, tools: Tools) -> OpenWebhook:  # Any: WebhookSettings
        """Open one; the URL's form and the template are checked, nobody is called."""
        return OpenWebhook(settings, tools)


class OpenWebhook:
    """A webhook ready to deliver."""

    _TAKEN: ClassVar[frozenset[str]] = frozenset({"webhook-id", "webhook-timestamp", "webhook-signature", "host"})

    def __init__(self, settings: WebhookSettings, tools: Tools) -> None:
        tools.outbound.refuse_url(settings.url)
        taken = sorted(name for name in settings.headers if name.lower() in self._TAKEN)
        if taken:
            raise InvalidError(
                said(
                    "header_taken",
                    "The header {header!r} is set by the shop itself. Take another name.",
                    header=taken[0],
                )
            )
        self._settings = settings
        self._tools = tools
        self._template = compiled(settings.template, "The template") if settings.template else None

    def deliver(self, batch: Sequence[Outgoing]) -> Answer:
        """Post some events, signed."""
        try:
            call = self._call(batch)
        except InvalidError as error:
            return Answer(outcome=Outcome.UNSENDABLE, sentence=error.sentence)
        answer, _ = send(self._tools.outbound, call, timeout_s=self._settings.timeout_s, clock=self._tools.clock)
        return answer

    def test(self) -> Trial:
        """Post an invented event named `Test Event`, and show what was said."""
        invented = _invented(self._tools)
        try:
            call = self._call([invented])
        except InvalidError as error:
            return Trial(works=False, sentence=error.sentence)
        answer, came = send(self._tools.outbound, call, timeout_s=self._settings.timeout_s, clock=self._tools.clock)
        return Trial(
            works=answer.is_good,
            sentence=answer.sentence or said("trial_taken", "It was taken."),
            exchanges=[shown(call, came, answer)],
            duration_ms=answer.duration_ms,
        )

    def close(self) -> None:
        """Nothing is held."""

    def _call(self, batch: Sequence[Outgoing]) -> Call:
        body = body_of(batch, batched=self._tools.batched, template=self._template)
        signed = headers(
            self._tools.signing_keys,
            message_id=batch_id_of(batch),
            timestamp_s=self._tools.clock.now_us() // MICROSECONDS_PER_SECOND,
            body=body,
        )
        own = {"content-type": "application/json"}
        told = {name.lower(): value for name, value in self._settings.headers.items()}
        return Call(url=self._settings.url, headers={**own, **told, **signed}, body=body)


def _invented(tools: Tools) -> Outgoing:
    now_us = tools.clock.now_us()
    at = moment(now_us)
    data = {
        "event_id": "test",
        "name": TEST_NAME,
        "call": "track",
        "user_id": "test-user",
        "anonymous_id": None,
        "customer_id": None,
        "group_id": None,
        "source_id": "test",
        "occurred_at": at,
        "received_at": at,
        "properties": {"note": f"A test of {tools.name!r} from Regulars."},
        "context": {},
    }
    return Outgoing(
        message_id=message_id_of(tools.destination_id, f"test-{now_us}"),
        event_id="test",
        name=TEST_NAME,
        occurred_us=now_us,
        data=msgspec.json.encode(data),
    )
