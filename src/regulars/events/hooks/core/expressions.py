"""Small expressions over a delivery, in JMESPath: they read, choose and rearrange, within bounds, and do nothing else.

An expression is a stranger's program that runs for every delivery, so it is bounded three ways: in length and depth
when it is written, in steps and in the size of what comes of it when it runs. What it may not do is look at a clock or
at anything but the delivery: the same delivery gives the same events at every replay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, cast  # Any: JSON in, JSON out; cast: jmespath's stubs know no syntax tree

import msgspec
from jmespath.exceptions import ArityError, JMESPathError, JMESPathTypeError, LexerError, ParseError
from jmespath.functions import Functions, signature
from jmespath.parser import ParsedResult, Parser
from jmespath.visitor import Options, TreeInterpreter

from regulars.events.phones import e164
from regulars.events.times import Moment, time_reader
from regulars.kernel.clock import moment
from regulars.kernel.errors import InvalidError, nearest

EXPRESSION_CHARACTERS_MAX = 2_000
NODES_MAX = 500
DEPTH_MAX = 40
STEPS_MAX = 100_000  # of all expressions of one delivery: some 0.1 s; a delivery of 200 lines takes 4,000
TEXT_CHARACTERS_MAX = 100_000
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`((?:\\.|[^`\\])*)`")
_SECONDS_BELOW = 1e11  # a number of seconds until the year 5138; milliseconds are above since 1973
# Currencies whose smallest unit is the unit itself (ISO 4217), and those with thousandths.
_WHOLE = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())  # noqa: SIM905 (a line, not a column)
_THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


class Place(msgspec.Struct, frozen=True):
    """Where in an expression something is wrong: a character counted from 0, and how many belong to it."""

    start: int
    length: int = 1


class ExpressionError(InvalidError):
    """An expression that cannot be used; `place` says where."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.place = place


class EvaluationError(InvalidError):
    """An expression that cannot be asked of this delivery."""


class Budget:
    """How many steps the expressions of one delivery may still take."""

    def __init__(self, steps_max: int = STEPS_MAX) -> None:
        self._left = steps_max

    def spend(self) -> None:
        """Take a step.

        Raises
        ------
        EvaluationError
            When none is left.

        """
        self._left -= 1
        if self._left < 0:
            raise EvaluationError(f"The expressions take more than {STEPS_MAX:,} steps for this delivery.")


class _Own(Functions):
    """JMESPath's own functions and a shop's; what a delivery is made of is known here."""

    def __init__(self, body: Any, headers: Mapping[str, str]) -> None:  # Any: JSON
        self._body = body
        self._headers = headers

    @signature()
    def _func_body(self) -> Any:  # Any: JSON
        return self._body

    @signature({"types": ["string"]})
    def _func_header(self, name: str) -> str | None:
        return self._headers.get(name.lower())

    @signature({"types": []})
    def _func_lower(self, text: Any) -> str | None:  # Any: JSON
        return text.lower() if isinstance(text, str) else None

    @signature({"types": []})
    def _func_trim(self, text: Any) -> str | None:  # Any: JSON
        return text.strip() if isinstance(text, str) else None

    @signature({"types": []}, {"types": ["string"]})
    def _func_split(self, text: Any, mark: str) -> list[str] | None:  # Any: JSON
        if not isinstance(text, str):
            return None
        return [part.strip() for part in (text.split(mark) if mark else text.split()) if part.strip()]

    @signature({"types": [], "variadic": True})
    def _func_to_time(self, value: Any, *more: Any) -> str | None:  # Any: JSON
        return _time(value, *more)

    @signature({"types": []}, {"types": []})
    def _func_from_cents(self, amount: Any, currency: Any) -> float | int | None:  # Any: JSON
        return _from_cents(amount, currency)

    @signature({"types": []}, {"types": ["string"]})
    def _func_phone(self, text: Any, country: str) -> str | None:  # Any: JSON
        return e164(text, country.upper()) if isinstance(text, str) else None

    @signature({"types": ["string"]}, {"types": ["array-string"]})
    def _func_join(self, mark: str, parts: list[str]) -> str:
        if len(mark) * len(parts) + sum(map(len, parts)) > TEXT_CHARACTERS_MAX:
            raise EvaluationError(f"join() makes more than {TEXT_CHARACTERS_MAX:,} characters of it.")
        return mark.join(parts)

    @signature({"types": []})
    def _func_to_string(self, value: Any) -> str:  # Any: JSON
        found = value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()
        if len(found) > TEXT_CHARACTERS_MAX:
            raise EvaluationError(f"to_string() makes more than {TEXT_CHARACTERS_MAX:,} characters of it.")
        return found


OWN_FUNCTIONS = ("body", "header", "lower", "trim", "split", "to_time", "from_cents", "phone")


class _Bounded(TreeInterpreter):
    """Walks an expression's tree, a step for each node."""

    def __init__(self, functions: _Own, budget: Budget) -> None:
        super().__init__(Options(custom_functions=functions))
        self._budget = budget

    def visit(self, node: Any, *args: Any, **more: Any) -> Any:  # Any: as jmespath has it
        """Take one step."""
        self._budget.spend()
        return super().visit(node, *args, **more)


class Delivery:
    """What expressions are asked of: the body, and the headers that were kept with it.

    >>> delivery = Delivery({"lines": [{"id": 1}], "Email": "A@b.co"}, {"x-topic": "orders/create"})
    >>> delivery.ask("lines[0].id"), delivery.ask("header('X-Topic')"), delivery.ask("lower(Email)")
    (1, 'orders/create', 'a@b.co')
    >>> delivery.ask("body().Email", {"id": 1}), delivery.ask("from_cents(`1250`, 'usd')")
    ('A@b.co', 12.5)
    """

    def __init__(self, body: Any, headers: Mapping[str, str], budget: Budget | None = None) -> None:  # Any: JSON
        self.body = body
        self._interpreter = _Bounded(_Own(body, headers), budget or Budget())

    def ask(self, expression: str, value: Any = ...) -> Any:  # Any: JSON
        """Return what an expression finds, in the whole body or in a part of it.

        Raises
        ------
        ExpressionError
            When the expression cannot be read.
        EvaluationError
            When it cannot be asked of this delivery.

        """
        tree = cast("Any", compiled(expression)).parsed
        try:
            return self._interpreter.visit(tree, self.body if value is ... else value)
        except JMESPathTypeError as error:
            wanted = " or ".join(str(one) for one in error.expected_types)
            raise EvaluationError(f"{error.function_name}() wants {wanted}, got {error.actual_type}.") from None
        except (JMESPathError, RecursionError, ArithmeticError, TypeError, ValueError) as error:
            raise EvaluationError(f"It cannot be asked of this delivery: {_first_line(error)}.") from None


def compiled(expression: str) -> ParsedResult:
    """Return an expression ready for use.

    Raises
    ------
    ExpressionError
        When it cannot be read, is too long, or calls a function that does not exist; with the place.

    """
    if len(expression) > EXPRESSION_CHARACTERS_MAX:
        raise ExpressionError(f"An expression has at most {EXPRESSION_CHARACTERS_MAX:,} characters.")
    return _compiled(expression)


@lru_cache(maxsize=2_000)
def _compiled(expression: str) -> ParsedResult:
    _refuse_loose_literals(expression)
    try:
        parsed = Parser().parse(expression)
    except RecursionError:
        raise ExpressionError("The expression is nested too deep.") from None
    except LexerError as error:
        raise ExpressionError(f"{error.message}.", Place(error.lexer_position)) from None
    except ArityError as error:
        raise ExpressionError(f"{_first_line(error)}.", _place_of(expression, str(error.function_name))) from None
    except ParseError as error:
        raise _unreadable(expression, error) from None
    except JMESPathError as error:
        raise ExpressionError(f"The expression cannot be read: {_first_line(error)}.") from None
    _refuse_large(parsed)
    for name in _functions(cast("Any", parsed).parsed):
        if name not in Functions.FUNCTION_TABLE and name not in OWN_FUNCTIONS:
            known = [*OWN_FUNCTIONS, *Functions.FUNCTION_TABLE]
            raise ExpressionError(f"There is no function {name}().{nearest(name, known)}", _place_of(expression, name))
    return parsed


def _refuse_loose_literals(expression: str) -> None:
    """Refuse what stands between backticks and is no JSON: the library still takes it for text, with a warning."""
    for found in _QUOTED.finditer(expression):
        if found[1] is None:
            continue
        try:
            msgspec.json.decode(found[1].replace("\\`", "`"))
        except msgspec.DecodeError:
            place = Place(found.start(), len(found.group()))
            raise ExpressionError(
                "Between backticks stands JSON: `12`, `true`; a text is written 'so'.", place
            ) from None


def _unreadable(expression: str, error: ParseError) -> ExpressionError:
    start = min(int(error.lex_position), len(expression))
    token = str(error.token_value or "")
    if start >= len(expression) or not token:
        return ExpressionError("The expression breaks off here.", Place(max(0, len(expression) - 1)))
    return ExpressionError(f"{token!r} cannot stand here.", Place(start, max(1, len(token))))


def _place_of(expression: str, name: str) -> Place | None:
    found = re.search(rf"\b{re.escape(name)}\s*\(", expression)
    return Place(found.start(), len(name)) if found else None


def headers_in(expression: str) -> set[str]:
    """Return the headers that an expression asks for by name, in small letters.

    >>> sorted(headers_in("header('X-Topic') == 'orders/create' && header('x-id')"))
    ['x-id', 'x-topic']
    """
    found: set[str] = set()
    for node in _nodes(cast("Any", compiled(expression)).parsed):
        if node.get("type") == "function_expression" and node.get("value") == "header":
            children = node.get("children") or []
            if children and children[0].get("type") == "literal" and isinstance(children[0].get("value"), str):
                found.add(children[0]["value"].lower())
    return found


def _functions(tree: Any) -> Iterator[str]:  # Any: jmespath's syntax tree, plain dicts
    for node in _nodes(tree):
        if node.get("type") == "function_expression":
            yield str(node.get("value"))


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:  # Any: as above
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.get("children") or [])


def _refuse_large(parsed: ParsedResult) -> None:
    level, nodes, depth = [cast("Any", parsed).parsed], 0, 0
    while level:
        nodes += len(level)
        depth += 1
        if nodes > NODES_MAX or depth > DEPTH_MAX:
            raise ExpressionError(
                f"The expression has more than {NODES_MAX} parts, or is nested deeper than {DEPTH_MAX}."
            )
        level = [child for node in level if isinstance(node, dict) for child in node.get("children") or []]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".:")


def _time(value: Any, *more: Any) -> str | None:  # Any: JSON
    """Return a moment as ISO 8601: a number of seconds or milliseconds, ISO, or text in a format and zone given."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    pattern = more[0] if more else "iso"
    zone = more[1] if len(more) > 1 else "UTC"
    if not isinstance(pattern, str) or not isinstance(zone, str):
        raise EvaluationError("to_time() wants a format and a time zone as text.")
    is_number = isinstance(value, int | float) or str(value).strip().isdigit()
    if not more and is_number:
        pattern = "unix_s" if abs(float(value)) < _SECONDS_BELOW else "unix_ms"
    read = _reader(pattern, zone)
    if isinstance(read, str):
        raise EvaluationError(read)
    try:
        return moment(read(value)).isoformat()[:-6] + "Z"
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=256)
def _reader(pattern: str, zone: str) -> Moment | str:
    """Return what reads a format, or the sentence that says why nothing can: looking for a zone's name is slow."""
    try:
        return time_reader(pattern, zone)
    except InvalidError as error:
        return str(error)


def _from_cents(amount: Any, currency: Any) -> float | int | None:  # Any: JSON
    if isinstance(amount, str) and re.fullmatch(r"-?\d{1,15}", amount):
        amount = int(amount)
    if not isinstance(amount, int | float) or isinstance(amount, bool):
        return None
    code = currency.upper() if isinstance(currency, str) else ""
    found = amount if code in _WHOLE else amount / (1000 if code in _THOUSANDTHS else 100)
    return int(found) if float(found).is_integer() else found
