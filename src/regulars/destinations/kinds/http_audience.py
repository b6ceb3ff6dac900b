"""An audience over HTTP: who came and who went, some at a time, in whatever words the other side wants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal  # Any: settings as the protocol has them

import msgspec
from jmespath.parser import ParsedResult
from msgspec import Meta

from regulars.destinations.core.audience import checked_columns
from regulars.destinations.core.expressions import compiled, shaped
from regulars.destinations.core.kinds import (
    Answer,
    Exchange,
    Expression,
    Feed,
    Outcome,
    Parcel,
    Row,
    Secret,
    Tools,
    Trial,
    Url,
)
from regulars.destinations.kinds.answers import send, shown
from regulars.kernel.errors import InvalidError
from regulars.kernel.outbound import Call
from regulars.kernel.sayings import Sentence, said

Method = Literal["POST", "PUT", "PATCH", "DELETE"]
INVENTED = {"email": "regulars-test@example.com", "user_id": "regulars-test", "customer_id": "regulars-test"}


class HttpAudienceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Two requests: one that adds members, one that removes them.

    The body is JMESPath over `{"members": [{column: value, …}], "change": "added", "audience": name, "sync": id}`.
    """

    add_url: Annotated[Url, Meta(title="URL to add", description="Called with members who came or changed.")]
    remove_url: Annotated[Url, Meta(title="URL to remove", description="Called with members who went.")]
    add_method: Annotated[Method, Meta(title="Method to add")] = "POST"
    remove_method: Annotated[Method, Meta(title="Method to remove")] = "POST"
    headers: Annotated[dict[str, Secret], Meta(title="Headers", description="Such as Authorization.")] = {}
    add_body: Annotated[
        Expression, Meta(title="Body to add", description="JMESPath, such as {data: members[].[email_sha256]}.")
    ] = "{members: members}"
    remove_body: Annotated[Expression, Meta(title="Body to remove", description="JMESPath, as above.")] = (
        "{members: members}"
    )
    columns: Annotated[
        list[str], Meta(title="Columns", description="email_sha256, phone_sha256, user_id, country, trait:plan …")
    ] = msgspec.field(default_factory=lambda: ["email_sha256"])
    key: Annotated[str, Meta(title="Known by", description="The column by which they know a member.")] = "email_sha256"
    phone_country: Annotated[
        str, Meta(pattern="^[0-9]{0,4}$", title="Calling code", description="For numbers without one, such as 886.")
    ] = ""
    members_max: Annotated[
        int, Meta(ge=1, le=10_000, title="Members a request", description="At most so many at a time.")
    ] = 500
    timeout_s: Annotated[float, Meta(ge=1, le=60, title="Time limit, s")] = 30


class HttpAudience:
    """The kind."""

    name: str = "http_audience"
    feed: Feed = "audience"
    settings: type[msgspec.Struct] = HttpAudienceSettings
    signs: bool = False

    def open(self, settings: Any, tools: Tools) -> OpenHttpAudience:  # Any: HttpAudienceSettings
        """Open one; URLs and bodies are checked in form, nobody is called."""
        return OpenHttpAudience(settings, tools)


class OpenHttpAudience:
    """An audience elsewhere that takes changes."""

    whole: bool = False

    def __init__(self, settings: HttpAudienceSettings, tools: Tools) -> None:
        for url in (settings.add_url, settings.remove_url):
            tools.outbound.refuse_url(url)
        self._settings = settings
        self._tools = tools
        self._add = compiled(settings.add_body, "The body to add")
        self._remove = compiled(settings.remove_body, "The body to remove")
        self.rows_max: int | None = settings.members_max
        self.key: str = settings.key
        self.columns: Sequence[str] = checked_columns(settings.columns, settings.key)
        self.phone_country: str = settings.phone_country

    def close(self) -> None:
        """Nothing is held."""

    def send(self, parcel: Parcel) -> Answer:
        """Call with those who came or changed, then with those who went."""
        rows = list(parcel.rows)
        went = [row for row in rows if row.change == "removed"]
        came = [row for row in rows if row.change != "removed"]
        last = Answer(outcome=Outcome.DELIVERED)
        for some, is_removal in ((came, False), (went, True)):
            if some:
                last = self._exchange(parcel.name, some, is_removal=is_removal)
                if not last.is_good:
                    return last
        return last

    def test(self) -> Trial:
        """Add an invented member, then remove it again."""
        invented = Row(change="added", values={name: INVENTED.get(name, "") for name in self.columns})
        exchanges: list[Exchange] = []
        worked, spent_ms = True, 0
        sentence: Sentence = said("trial_member_sent", "An invented member was added and removed.")
        for is_removal in (False, True):
            try:
                call = self._call("test", [invented], is_removal=is_removal)
            except InvalidError as error:
                return Trial(works=False, sentence=error.sentence, exchanges=exchanges)
            answer, came = send(self._tools.outbound, call, timeout_s=self._settings.timeout_s, clock=self._tools.clock)
            exchanges.append(shown(call, came, answer))
            spent_ms += answer.duration_ms
            if not answer.is_good:
                worked, sentence = False, answer.sentence
        return Trial(works=worked, sentence=sentence, exchanges=exchanges, duration_ms=spent_ms)

    def _exchange(self, name: str, rows: list[Row], *, is_removal: bool) -> Answer:
        try:
            call = self._call(name, rows, is_removal=is_removal)
        except InvalidError as error:
            return Answer(outcome=Outcome.UNSENDABLE, sentence=error.sentence)
        answer, _ = send(self._tools.outbound, call, timeout_s=self._settings.timeout_s, clock=self._tools.clock)
        return answer

    def _call(self, name: str, rows: list[Row], *, is_removal: bool) -> Call:
        settings = self._settings
        told = {
            "members": [row.values for row in rows],
            "change": "removed" if is_removal else "added",
            "audience": self._tools.name,
            "sync": name,
        }
        return Call(
            method=settings.remove_method if is_removal else settings.add_method,
            url=settings.remove_url if is_removal else settings.add_url,
            headers={
                "content-type": "application/json",
                **{one.lower(): value for one, value in settings.headers.items()},
            },
            body=_json(self._remove if is_removal else self._add, told),
        )


def _json(template: ParsedResult, told: dict[str, Any]) -> bytes:  # Any: JSON
    return json.dumps(shaped(template, told), ensure_ascii=False, separators=(",", ":")).encode()
