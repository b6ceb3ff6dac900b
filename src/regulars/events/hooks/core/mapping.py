"""What events does a delivery tell of? Rules of small expressions, asked of its body.

Pure, and the same at every replay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal  # Any: JSON

import msgspec

from regulars.events.clean import NESTING_MAX
from regulars.events.evidence import Person, address_of, derived, external_ids, introduction, is_introduced
from regulars.events.hooks.core.expressions import (
    Budget,
    Delivery,
    EvaluationError,
    ExpressionError,
    Place,
    compiled,
    headers_in,
)
from regulars.kernel.errors import InvalidError

RULES_MAX = 20
FIELDS_MAX = 100
EVENTS_MAX = 500  # of one delivery; a provider that batches sends far fewer
_KIND = re.compile(r"[a-z0-9][a-z0-9_.]{0,39}")  # a type of identifier, as identity has it
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


class HookRule(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of event that a delivery may tell of. Every field but `call` is an expression, or empty.

    `each` is a list: an event for each of its members, the other expressions then asked of the member, and `body()`
    gives the whole. `only` leaves out what it is not true of. `event` is the name of a track; a fixed name stands in
    quotes: `'Order Completed'`. An `email` becomes an identify of its own before the event, as it joins only by that.
    `time` is when it happened; without it, when it came. `message_id` names it for ever; without it, the sender's id of
    the delivery does. `spread` is an object whose fields become properties, before those of `properties`.
    """

    call: Literal["track", "identify", "page", "screen", "group"] = "track"
    each: str = ""
    only: str = ""
    event: str = ""
    user_id: str = ""
    anonymous_id: str = ""
    email: str = ""
    phone: str = ""
    external_ids: dict[str, str] = {}
    group_id: str = ""
    time: str = ""
    message_id: str = ""
    spread: str = ""
    properties: dict[str, str] = {}
    traits: dict[str, str] = {}


class HookMapping(msgspec.Struct, frozen=True, kw_only=True):
    """What a hook's deliveries tell: each rule is asked of every delivery."""

    rules: list[HookRule] = []


class HookProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one expression: of which rule, in which field (`properties.total`), and where in it."""

    rule: int
    field: str
    reason: str
    start: int | None = None
    length: int | None = None


class Failure(msgspec.Struct, frozen=True):
    """Something of a delivery that could not be made an event, with what it was."""

    code: str
    reason: str
    at: str
    raw: bytes


SILENT = HookRule(each="`[]`")  # tells nothing; stands in the place of a rule that cannot be read


def fields_of(rule: HookRule) -> Iterator[tuple[str, str]]:
    """Yield the name and the expression of every field that has one."""
    for name in (
        "each",
        "only",
        "event",
        "user_id",
        "anonymous_id",
        "email",
        "phone",
        "group_id",
        "time",
        "message_id",
    ):
        yield name, getattr(rule, name)
    yield "spread", rule.spread
    for part in ("external_ids", "properties", "traits"):
        for name, expression in getattr(rule, part).items():
            yield f"{part}.{name}", expression


def problems_of(mapping: HookMapping) -> list[HookProblem]:
    """Return everything that is wrong with a mapping's expressions."""
    found: list[HookProblem] = []
    if len(mapping.rules) > RULES_MAX:
        found.append(HookProblem(rule=RULES_MAX, field="", reason=f"A hook has at most {RULES_MAX} rules."))
    for number, rule in enumerate(mapping.rules[:RULES_MAX]):
        found += _problems_of_rule(number, rule)
    return found


def _problems_of_rule(number: int, rule: HookRule) -> Iterator[HookProblem]:
    fields = [(name, expression) for name, expression in fields_of(rule) if expression]
    if len(fields) > FIELDS_MAX:
        yield HookProblem(rule=number, field="", reason=f"A rule has at most {FIELDS_MAX} fields.")
    for kind in rule.external_ids:
        if not _KIND.fullmatch(kind):
            reason = f"{kind!r} is no type of identifier; small letters, digits, '_' and '.' such as 'card'."
            yield HookProblem(rule=number, field=f"external_ids.{kind}", reason=reason)
    if rule.call == "track" and not rule.event:
        yield HookProblem(
            rule=number, field="event", reason="Say what happened; a fixed name stands in quotes: 'Order Completed'."
        )
    if rule.call == "group" and not rule.group_id:
        yield HookProblem(rule=number, field="group_id", reason="A group call needs the group's id.")
    if not (rule.user_id or rule.anonymous_id or rule.email or rule.phone or rule.external_ids):
        yield HookProblem(
            rule=number, field="user_id", reason="Say who it was: a user id, an e-mail address, or another identifier."
        )
    for name, expression in fields:
        try:
            compiled(expression)
        except ExpressionError as error:
            place = error.place or Place(0, len(expression))
            yield HookProblem(rule=number, field=name, reason=str(error), start=place.start, length=place.length)


def checked(mapping: HookMapping) -> HookMapping:
    """Return a mapping that can be used.

    Raises
    ------
    InvalidError
        When an expression cannot; `problems` names every one.

    """
    problems = problems_of(mapping)
    if problems:
        told = [f"Rule {one.rule + 1}, {one.field}: {one.reason}" for one in problems]
        raise InvalidError(f"The mapping cannot be used. {told[0]}", problems=told)
    return mapping


def headers_of(mapping: HookMapping) -> set[str]:
    """Return the headers that a mapping asks for, to be kept with each delivery; never one that holds a secret."""
    expressions = [asked for rule in mapping.rules for _, asked in fields_of(rule) if asked]
    return {name for asked in expressions for name in headers_in(asked)} - SECRET_HEADERS


def calls_of(
    mapping: HookMapping, body: bytes, headers: Mapping[str, str], *, hook_id: str, delivery_id: str
) -> Iterator[bytes | Failure]:
    """Yield what a delivery tells, as calls in JSON, and what of it could not be made one.

    >>> rule = HookRule(event="'Order Completed'", email="email", properties={"order_id": "to_string(id)"})
    >>> body, mapping = b'{"id": 7, "email": "a@b.co"}', HookMapping(rules=[rule])
    >>> [msgspec.json.decode(call)["type"] for call in calls_of(mapping, body, {}, hook_id="h", delivery_id="d")]
    ['identify', 'track']
    """
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Failure("not_json", f"The body is not JSON: {str(error) or 'nested too deep'}.", "", body)
        return
    if _is_too_deep(content):
        yield Failure("too_deep", f"The body is nested deeper than {NESTING_MAX} levels.", "", body)
        return
    delivery = Delivery(content, headers, Budget())
    named = delivery_id or derived("body", body.decode("utf-8", "replace"))
    yielded = 0
    for number, rule in enumerate(mapping.rules):
        for said in _Rule(rule, number, delivery, hook_id, named).calls(body):
            yielded += 1
            if yielded > EVENTS_MAX:
                yield Failure("too_many_events", f"A delivery tells of at most {EVENTS_MAX} events.", "each", body)
                return
            yield said


class _Rule:
    """One rule, asked of one delivery."""

    def __init__(self, rule: HookRule, number: int, delivery: Delivery, hook_id: str, named: str) -> None:
        self._rule = rule
        self._number = number
        self._delivery = delivery
        self._hook_id = hook_id
        self._named = named
        self._at = ""

    def calls(self, body: bytes) -> Iterator[bytes | Failure]:
        """Yield calls, and failures with what they failed on."""
        try:
            members = self._members()
        except (EvaluationError, ExpressionError) as error:
            yield Failure("hook_unmapped", self._sentence(error), f"rules.{self._number}.{self._at}", body)
            return
        for place, member in enumerate(members):
            try:
                yield from [_encode(call) for call in self._calls_of(member, place)]
            except (EvaluationError, ExpressionError, TypeError, ValueError, OverflowError) as error:
                raw = body if not self._rule.each else _encode(member)
                yield Failure("hook_unmapped", self._sentence(error), f"rules.{self._number}.{self._at}", raw)

    def _members(self) -> list[Any]:  # Any: JSON
        if not self._rule.each:
            return [self._delivery.body]
        found = self._ask("each", self._rule.each, self._delivery.body)
        if found is None:
            return []
        if not isinstance(found, list):
            raise EvaluationError("`each` wants a list.")
        return found

    def _calls_of(self, member: Any, place: int) -> Iterator[dict[str, Any]]:  # Any: JSON
        rule = self._rule
        if rule.only and not _is_true(self._ask("only", rule.only, member)):
            return
        person = self._person(member)
        traits = self._values("traits", rule.traits, member)
        when = self._ask("time", rule.time, member)
        if rule.call != "identify" and is_introduced(person, traits):
            yield self._identify(person, traits, when)
        if rule.call == "identify":
            yield self._identify(person, traits, when)
            return
        call: dict[str, Any] = {"type": rule.call, **address_of(person), "messageId": self._message_id(member, place)}
        if rule.call == "group":
            call |= {"groupId": self._ask("group_id", rule.group_id, member), "traits": traits}
        else:
            name = self._ask("event", rule.event, member)
            call |= {"event": name} if rule.call == "track" else {"name": name}
            call["properties"] = self._properties(member)
        if when is not None:
            call["timestamp"] = when
        if person.external:
            call["context"] = {"externalIds": external_ids(person)}
        yield call

    def _identify(self, person: Person, traits: dict[str, Any], when: Any) -> dict[str, Any]:  # Any: JSON
        call = introduction(person, traits)
        if when is not None:
            call["timestamp"] = when
        call["messageId"] = derived("hook", self._hook_id, "identify", _encode(call).decode())
        return call

    def _person(self, member: Any) -> Person:  # Any: JSON
        rule = self._rule
        external = [
            (kind, self._text(f"external_ids.{kind}", asked, member)) for kind, asked in rule.external_ids.items()
        ]
        phone = self._text("phone", rule.phone, member)
        email = self._text("email", rule.email, member)
        return Person(
            user_id=self._text("user_id", rule.user_id, member),
            anonymous_id=self._text("anonymous_id", rule.anonymous_id, member),
            email=email.strip().lower() if email else None,
            external=tuple([(kind, value) for kind, value in [*external, ("phone", phone)] if value]),
        )

    def _message_id(self, member: Any, place: int) -> str:  # Any: JSON
        said = self._text("message_id", self._rule.message_id, member)
        own = (said,) if said else (self._named, str(place))
        return derived("hook", self._hook_id, str(self._number), *own)

    def _properties(self, member: Any) -> dict[str, Any]:  # Any: JSON
        spread = self._ask("spread", self._rule.spread, member)
        if spread is not None and not isinstance(spread, dict):
            raise EvaluationError("`spread` wants an object.")
        return {**(spread or {}), **self._values("properties", self._rule.properties, member)}

    def _values(self, part: str, expressions: Mapping[str, str], member: Any) -> dict[str, Any]:  # Any: JSON
        found = {name: self._ask(f"{part}.{name}", asked, member) for name, asked in expressions.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _text(self, field: str, expression: str, member: Any) -> str | None:  # Any: JSON
        found = self._ask(field, expression, member)
        if isinstance(found, str):
            return found.strip() or None
        if isinstance(found, int | float) and not isinstance(found, bool):
            return str(int(found)) if float(found).is_integer() else str(found)
        if found is None or isinstance(found, bool):
            return None
        raise EvaluationError("a text or a number is wanted, not a list or an object.")

    def _ask(self, field: str, expression: str, member: Any) -> Any:  # Any: JSON
        if not expression:
            return None
        self._at = field
        return self._delivery.ask(expression, member)

    def _sentence(self, error: Exception) -> str:
        return f"Rule {self._number + 1}, {self._at}: {error}"


_encode = msgspec.json.Encoder(order="deterministic", enc_hook=str).encode


def _is_true(found: Any) -> bool:  # Any: JSON
    """Return what JMESPath calls true: anything but nothing, false and what is empty. Zero is true."""
    return bool(found) or (isinstance(found, int | float) and not isinstance(found, bool))


def _is_too_deep(content: Any) -> bool:  # Any: JSON
    level = [content]
    for _ in range(NESTING_MAX):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
