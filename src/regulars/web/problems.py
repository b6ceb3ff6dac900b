"""What is told when something cannot be done: one problem document (RFC 9457) for every error.

Each single fault is a sentence, and all faults of a request are told together.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, cast, get_args, get_origin  # Any: exceptions carry whatever their library put there

import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    InternalServerException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.utils.scope.state import ScopeState

from regulars.kernel.errors import RegularsError
from regulars.kernel.sayings import Saying, Sentence, said, saying_of, text_of

MEDIA_TYPE = "application/problem+json"
PROBLEMS_MAX = 50
_log = logging.getLogger("regulars.web")


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem document.

    `type` names the kind of problem, `detail` says what to do, `problems` lists every single fault, and `instance` is
    the request's id, which the log knows too. `said` is the code and the values of `detail`, `problems_said` those of
    each fault, for whoever says them in another language; null where a sentence has none.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    problems: list[str] = []
    said: Saying | None = None
    problems_said: list[Saying | None] = []


_KINDS = {
    400: ("invalid", "That cannot be used as it is"),
    401: ("unauthenticated", "Who is asking?"),
    403: ("forbidden", "Not allowed"),
    404: ("not-found", "Not found"),
    405: ("method", "Not done this way"),
    413: ("too-large", "Too large"),
    415: ("media-type", "Not in this form"),
    429: ("too-many", "Too many requests"),
    503: ("unavailable", "Not available right now"),
}
_INSIDE = ("error", "Something went wrong")


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Return the response for any error raised on the way to an answer."""
    problem, headers = _described(request, error)
    if problem.status >= 500 and not isinstance(error, RegularsError):
        _log.error("request failed", exc_info=error, extra={"request_id": request_id(request.scope)})
    return Response(
        content=msgspec.json.encode(problem),
        media_type=MEDIA_TYPE,
        status_code=problem.status,
        headers={**headers, "Cache-Control": "no-store"},
    )


def request_id(scope: Any) -> str:  # Any: an ASGI scope
    """Return the id under which the log knows this request."""
    return str(scope.get("regulars_request_id", ""))


def problem_of(error: RegularsError, instance: str) -> Problem:
    """Return the problem document of one of our own errors."""
    return Problem(
        type=f"/problems/{error.kind}",
        title=error.title,
        status=error.status,
        detail=str(error),
        instance=instance,
        problems=list(getattr(error, "problems", ()))[:PROBLEMS_MAX],
        said=error.saying,
        problems_said=list(getattr(error, "problem_sayings", ()))[:PROBLEMS_MAX],
    )


def headers_of(error: RegularsError) -> dict[str, str]:
    """Return the headers that go with one of our own errors."""
    headers = {}
    if hasattr(error, "retry_after_s"):
        headers["Retry-After"] = str(error.retry_after_s)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="regulars"'
    return headers


def _described(request: Request[Any, Any, Any], error: Exception) -> tuple[Problem, dict[str, str]]:
    instance = f"urn:uuid:{request_id(request.scope)}"
    if isinstance(error, RegularsError):
        return problem_of(error, instance), headers_of(error)
    if _may_be_of_the_body(error) and (unreadable := _body_faults(request)):
        error = ValidationException(detail=text_of(unreadable[0]), extra=[])
    status = error.status_code if isinstance(error, HTTPException) else 500
    kind, title = _KINDS.get(status, ("invalid", _KINDS[400][1]) if status < 500 else _INSIDE)
    detail, problems = _told(request, error, status)
    problem = Problem(
        type=f"/problems/{kind}",
        title=title,
        status=status,
        detail=text_of(detail),
        instance=instance,
        problems=[text_of(one) for one in problems[:PROBLEMS_MAX]],
        said=saying_of(detail),
        problems_said=[saying_of(one) for one in problems[:PROBLEMS_MAX]],
    )
    return problem, _allowed(error)


def _may_be_of_the_body(error: Exception) -> bool:
    """Return whether what was sent may be at fault, though the framework takes it for a fault of ours.

    It does so, among others, when a field of the body has the name of one of our services: `settings`, `events`.
    """
    of_a_field = isinstance(error, InternalServerException) and isinstance(error.__cause__, msgspec.ValidationError)
    return of_a_field or isinstance(error, UnicodeDecodeError | RecursionError)


def _told(request: Request[Any, Any, Any], error: Exception, status: int) -> tuple[Sentence, list[Sentence]]:
    if isinstance(error, NotFoundException):
        return said("web_no_address", "Nothing answers at this address. Every address is listed at /schema."), []
    if isinstance(error, MethodNotAllowedException):
        return f"This address does not answer to {request.method}. Every address is listed at /schema.", []
    if status >= 500 or not isinstance(error, HTTPException):
        return said(
            "web_inside", "Something went wrong inside. The log has the reason under this problem's instance."
        ), []
    if status == 413:
        return said("web_body_large", "The body is larger than this address takes. Send it in parts."), []
    problems = _faults(request, error) if status == 400 else []
    if not problems:
        return _sentence("", error.detail), []
    told = problems[0] if len(problems) == 1 else f"{len(problems)} things cannot be used as they are."
    return told, problems


def _faults(request: Request[Any, Any, Any], error: HTTPException) -> list[Sentence]:
    named = error.extra if isinstance(error, ValidationException) and isinstance(error.extra, list) else []
    found = [_named_fault(fault) for fault in named if isinstance(fault, dict) and not _is_body(fault)]
    if len(found) < len(named) or not named:
        found += _body_faults(request)
    return found


def _is_body(fault: Mapping[str, Any]) -> bool:  # Any: Litestar's error messages
    return fault.get("source") == "body" or "key" not in fault or str(fault["key"]).startswith("data")


def _named_fault(fault: Mapping[str, Any]) -> Sentence:  # Any: Litestar's error messages
    place = {"query": "query parameter", "path": "part of the path", "header": "header", "cookie": "cookie"}
    source = getattr(fault.get("source"), "value", fault.get("source")) or "query"
    return _sentence(f"The {place.get(str(source), 'parameter')} {fault['key']!r}", str(fault["message"]))


def _body_faults(request: Request[Any, Any, Any]) -> list[Sentence]:
    body = ScopeState.from_scope(request.scope).body
    signature = getattr(request.scope.get("route_handler"), "parsed_fn_signature", None)
    field = signature.parameters.get("data") if signature is not None else None
    if field is None or not isinstance(body, bytes):
        return []
    if not body.strip():
        return ["The body is empty; JSON was expected."]
    try:
        value = msgspec.json.decode(body)
    except UnicodeDecodeError:
        return ["The body is not JSON: it is not UTF-8."]
    except RecursionError:
        return ["The body is nested too deep."]
    except msgspec.DecodeError as error:
        return [_sentence("The body is not JSON", str(error))]
    return faults_of(value, field.annotation)


def faults_of(value: object, shape: Any, path: str = "") -> list[Sentence]:  # Any: a type annotation
    """Return every place where a JSON value is not of the shape, not only the first.

    >>> class Wish(msgspec.Struct):
    ...     count: int
    ...     title: str
    >>> [text_of(fault) for fault in faults_of({"count": "many"}, Wish)]
    ['`count` must be a whole number, got text.', '`title` is missing.']
    >>> faults_of({"count": 1, "title": "x"}, Wish)
    []
    """
    inner = _struct_in(shape)
    if inner is not None and isinstance(value, dict):
        found = [fault for field in msgspec.structs.fields(inner) for fault in _field_faults(value, field, path)]
        if found:
            return found
    if _is_list(shape) and isinstance(value, list):
        (item,) = get_args(shape)[:1] or (object,)
        return [fault for index, one in enumerate(value) for fault in faults_of(one, item, f"{path}[{index}]")]
    try:
        msgspec.convert(value, shape)
    except (msgspec.ValidationError, ValueError) as error:
        message, _, place = str(error).partition(" - at `$")
        return [_sentence(f"`{_joined(path, place.rstrip('`'))}`" if path or place else "The body", message)]
    return []


def _field_faults(value: dict[str, object], field: msgspec.structs.FieldInfo, path: str) -> list[Sentence]:
    here = f"{path}.{field.encode_name}" if path else field.encode_name
    if field.encode_name in value:
        return faults_of(value[field.encode_name], field.type, here)
    return [_missing(here)] if field.required else []


def _struct_in(shape: Any) -> type[msgspec.Struct] | None:  # Any: a type annotation
    found = [part for part in (shape, *get_args(shape)) if isinstance(part, type) and issubclass(part, msgspec.Struct)]
    return found[0] if len(found) == 1 and not _is_list(shape) and get_origin(shape) is not dict else None


def _is_list(shape: Any) -> bool:  # Any: a type annotation
    return get_origin(shape) in {list, tuple} or shape is list


def _joined(path: str, place: str) -> str:
    return path + place if path else place.lstrip(".")


_EXPECTED = re.compile(
    r"^Expected `(?P<expected>[^`]+)`(?: (?P<bound>(?:of|[<>]=?) [^,]+))?(?:, got `(?P<got>[^`]+)`)?$"
)
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]+)`$")


def _missing(name: str) -> Sentence:
    return said("field_missing", "`{field}` is missing.", field=name)


_BOUND = re.compile(r"^(?P<length>of length )?(?P<side>[<>]=) (?P<bound>-?[0-9]+(\.[0-9]+)?)$")


def _out_of_bounds(field: str, kind: str, bound: str) -> Sentence | None:
    """Return what a form can get wrong although its fields have the right types: too long, too short, too much."""
    found = _BOUND.match(bound)
    if found is None:
        return None
    what = "length" if found["length"] else "value"
    most = float(found["bound"]) if "." in found["bound"] else int(found["bound"])
    told = {
        ("str", "length", "<="): said(
            "field_long", "{field} must be text of length at most {most}.", field=field, most=most
        ),
        ("str", "length", ">="): said(
            "field_short", "{field} must be text of length at least {least}.", field=field, least=most
        ),
        ("array", "length", "<="): said(
            "field_entries_most", "{field} must be a list of length at most {most}.", field=field, most=most
        ),
        ("array", "length", ">="): said(
            "field_entries_least", "{field} must be a list of length at least {least}.", field=field, least=most
        ),
        ("int", "value", "<="): said(
            "field_whole_most", "{field} must be a whole number at most {most}.", field=field, most=most
        ),
        ("int", "value", ">="): said(
            "field_whole_least", "{field} must be a whole number at least {least}.", field=field, least=most
        ),
        ("float", "value", "<="): said(
            "field_most", "{field} must be a number at most {most}.", field=field, most=most
        ),
        ("float", "value", ">="): said(
            "field_least", "{field} must be a number at least {least}.", field=field, least=most
        ),
    }
    return told.get((kind, what, found["side"]))


def _sentence(subject: str, message: str) -> Sentence:
    expected, missing = _EXPECTED.match(message), _MISSING.match(message)
    if missing:
        return _missing(missing["name"])
    if expected and subject and expected["bound"] and not expected["got"]:
        bounded = _out_of_bounds(subject, expected["expected"], expected["bound"])
        if bounded is not None:
            return bounded
    if expected:
        bound = (
            f" {expected['bound'].replace('>= ', 'at least ').replace('<= ', 'at most ')}" if expected["bound"] else ""
        )
        got = f", got {_words(expected['got'])}" if expected["got"] else ""
        return f"{subject or 'The value'} must be {_words(expected['expected'])}{bound}{got}."
    told = f"{subject}: {message}" if subject else message
    return told if told.endswith((".", "?", "!")) else f"{told}."


_WORDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "array": "a list"}


def _words(kinds: str) -> str:
    return " or ".join(_WORDS.get(kind.strip(), kind.strip()) for kind in kinds.split("|"))


def _allowed(error: Exception) -> dict[str, str]:
    given = getattr(error, "headers", None) or {}
    return {name: str(value) for name, value in cast("Mapping[str, object]", given).items()}
