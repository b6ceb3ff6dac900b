"""Asks every documented address of a shop, over and over, with what fits its description and with what does not.

What an answer names (`source_id`, `plan_id`, …) is remembered and put where the next request needs such a thing, so
that requests reach what they create. New addresses are asked without a word being said here.
"""

from __future__ import annotations

import asyncio
import copy
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any  # Any: JSON, and schemathesis' own cases
from urllib.parse import unquote

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, checks
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.openapi.checks import JsonSchemaError

from regulars.app.http import build_web, describe_api
from regulars.app.shop import Shop
from regulars.web import limits
from regulars.web.core import Allowance
from regulars.web.keys import Keys

ENDLESS = {"watchToday", "liveEvents"}  # streams of news; tests of their own read them
NOT_BY_KEY = {"POST /v1/session"}  # a person's password is wrong, whoever asks
REMEMBERED = 40
MEAN_WORDS = (
    "\0", "a\0b", "\ufeff", "\u202e", "\U0001f600" * 300, "x" * 20_000, "", " ", "-0", "9" * 400, "nan", "-inf",
    "1e999", "~nobody-of-this-name/x", "../../etc/passwd", "%00", "%2e%2e", "'\";--", "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "2026-02-30", "{{ 7*7 }}", "[?", "a[", "(" * 500, "\r\nx: y", "*",
    "\\", "file:///etc/passwd", "http://[::1", "http://169.254.169.254/", "s3://", "://", "memory://\0", "İ", "ß" * 200,
)  # fmt: skip
MEAN_VALUES: tuple[Any, ...] = (  # Any: JSON
    *MEAN_WORDS, "\ud800", 10**30, -1, 0, 2**31, 2**63, 2**64, -(2**63) - 1, 1e308, 5e-324, True, None, [], {}, [None],
    [[]], {"": 1}, {"\0": "\0"},
)  # fmt: skip
KNOWN_SHARE = 0.6
Json = Any  # Any: JSON
checks.load_all_checks()
CHECKS: Any = checks.CHECKS.get_by_names(  # Any: functions and classes of schemathesis, by its own names
    ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)


class Asking:
    """A shop's web, asked in memory by an admin's key."""

    def __init__(self, shop: Shop, chance: random.Random) -> None:
        limits.ALLOWANCES["key"] = Allowance(per_s=1e9, burst=10**9)
        self._web = build_web(shop)
        self._keys = Keys(database=shop.database, clock=shop.clock)
        self._loop = asyncio.Runner()
        self._chance = chance
        self.known: dict[str, list[Json]] = {}
        self.headers: dict[str, str] = {}
        self.take_a_key()
        self.schema = schemathesis.openapi.from_dict(describe_api(shop))
        self.statuses: Counter[int] = Counter()
        self.broken: list[str] = []
        self._told: set[tuple[str, str]] = set()

    def take_a_key(self) -> None:
        """Ask as an admin from here on."""
        _, secret = self._keys.make(name="Fuzz", role="admin", created_by="a test")
        self.headers = {"Authorization": f"Bearer {secret}"}

    def close(self) -> None:
        """Leave."""
        self._loop.close()

    def operations(self) -> list[Any]:  # Any: schemathesis' own
        """Return every documented operation that ends."""
        found: list[Any] = []  # Any: as above
        for result in self.schema.get_all_operations():
            assert isinstance(result, Ok), result
            found.append(result.ok())
        return [one for one in found if one.definition.raw["operationId"] not in ENDLESS]

    def exercise(self, rounds: int, examples: int, *, spoiled: int = 0) -> None:
        """Ask every operation so many times in each round, in another order each time.

        Each example is asked `spoiled` times more, each time with one of its values replaced by a mean one.
        """
        for number in range(rounds):
            operations = self.operations()
            self._chance.shuffle(operations)
            for operation in operations:
                self._ask_often(operation, examples, number, spoiled)

    def _ask_often(self, operation: Any, examples: int, number: int, spoiled: int) -> None:  # Any: schemathesis' own
        @seed(self._chance.randrange(2**32) + number)
        @settings(
            max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def ask(case: Case[Any]) -> None:
            self._ask(case)
            for _ in range(spoiled):
                if self._spoil(other := _copied(case)):
                    self._ask(other)

        ask()

    def _ask(self, case: Case[Any]) -> None:
        self._make_known(case)
        answer = self.send(case)
        if answer.status_code == 401 and case.operation.label not in NOT_BY_KEY:  # it has removed its own key
            self.take_a_key()
            answer = self.send(case)
        self.statuses[answer.status_code] += 1
        try:
            case.validate_response(
                answer,
                checks=CHECKS,
            )
            if answer.status_code >= 400:
                assert answer.json()["detail"].rstrip()[-1] in ".)…?”", answer.text
        except (FailureGroup, AssertionError, JsonSchemaError) as failure:
            words = _words_of(failure)
            if (fault := (case.operation.label, words[:60])) in self._told:
                return
            self._told.add(fault)
            told = f"{case.method} {case.formatted_path} {case.query} {case.body!r}"[:600]
            self.broken.append(f"{told}\n  → {answer.status_code} {answer.text[:300]}\n  {words}"[:1_200])
        if answer.status_code < 300 and answer.headers.get("content-type", "").partition(";")[0] == "application/json":
            self._remember(answer.json())

    def send(self, case: Case[Any]) -> httpx.Response:
        """Send one case."""
        said = case.as_transport_kwargs(base_url="http://shop.example")
        prepared = requests.Request(
            said["method"], said["url"], headers=dict(said.get("headers") or {}), params=said.get("params"),
            data=said.get("data"), json=said.get("json"), cookies=said.get("cookies"), files=said.get("files"),
        ).prepare()  # fmt: skip
        body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
        assert body is None or isinstance(body, bytes), "nothing is streamed here"
        headers = [(name.encode(), value.encode() if isinstance(value, str) else value)
                   for name, value in prepared.headers.items() if name.lower() != "authorization"]  # fmt: skip
        headers.append((b"authorization", self.headers["Authorization"].encode()))

        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._web.asgi)  # type: ignore[arg-type] # httpx's words for ASGI
            async with httpx.AsyncClient(transport=transport) as client:
                assert prepared.method is not None
                assert prepared.url is not None
                return await client.request(prepared.method, prepared.url, headers=headers, content=body)

        return self._loop.run(once())

    def _make_known(self, case: Case[Any]) -> None:
        """Put what exists where the case needs such a thing."""
        for name in list(case.path_parameters or {}):
            if (found := self._one(name)) is not None and not _steps_up(str(found)):
                case.path_parameters[name] = str(found)
        case.body = self._with_known(case.body)

    def _spoil(self, case: Case[Any]) -> bool:
        """Put a mean value where one stands; return whether there was a place for it."""
        words: list[tuple[Json, Json]] = [
            (part, name) for part in (case.path_parameters, case.query) for name in part or {}
        ]
        places = [*words, *_leaves(case.body)]
        if not places:
            return False
        part, name = self._chance.choice(places)
        part[name] = self._chance.choice(MEAN_WORDS if any(part is one for one, _ in words) else MEAN_VALUES)
        if part is case.path_parameters and (_steps_up(part[name]) or not part[name].strip("/ ")):
            part[name] = "\0"  # nothing at all, or a step up, would be another address
        return True

    def _with_known(self, part: Json) -> Json:
        if isinstance(part, dict):
            return {name: self._known_or(name, value) for name, value in part.items()}
        return [self._with_known(value) for value in part] if isinstance(part, list) else part

    def _known_or(self, name: str, value: Json) -> Json:
        found = self._one(name) if isinstance(value, str | int) else None
        return self._with_known(value) if found is None else found

    def _one(self, name: str) -> Json:
        """Return something of this name that an answer has told, None when there is none, or it is not to be."""
        known = self.known.get(name)
        return self._chance.choice(known) if known and self._chance.random() < KNOWN_SHARE else None

    def _remember(self, part: Json) -> None:
        for name, value in _named(part):
            if name.endswith("_id") or name in {"name", "key", "kind", "value", "number", "slot", "version", "cursor"}:
                known = self.known.setdefault(name, [])
                if value not in known:
                    known.append(value)
                    del known[:-REMEMBERED]


def _words_of(failure: BaseException) -> str:
    if isinstance(failure, FailureGroup):
        return "; ".join(f"{type(one).__name__}: {one.title}: {one.message}" for one in failure.exceptions)
    return repr(failure)


def _copied(case: Case[Any]) -> Case[Any]:
    body = case.body
    other: Case[Any] = case.operation.Case(
        method=case.method, path_parameters=copy.deepcopy(case.path_parameters), query=copy.deepcopy(case.query),
        headers=dict(case.headers or {}), body=copy.deepcopy(body) if isinstance(body, dict | list) else body,
        media_type=case.media_type,
    )  # fmt: skip
    return other


def _steps_up(word: str) -> bool:
    return ".." in unquote(word)


def _leaves(part: Json) -> Iterator[tuple[Json, Json]]:
    """Return where values stand within a body: what holds each, and its name or number there."""
    if isinstance(part, dict | list):
        for name, value in part.items() if isinstance(part, dict) else enumerate(part):
            yield part, name
            yield from _leaves(value)


def _named(part: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(part, dict):
        for name, value in part.items():
            if isinstance(value, str | int) and value != "" and not isinstance(value, bool):
                yield name, value
            else:
                yield from _named(value)
    elif isinstance(part, list):
        for value in part[:20]:
            yield from _named(value)


@contextmanager
def asking(shop: Shop, seed_number: int) -> Iterator[Asking]:
    """Give somebody who asks a shop."""
    one = Asking(shop, random.Random(seed_number))
    try:
        yield one
    finally:
        one.close()
