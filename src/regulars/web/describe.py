"""The API described: OpenAPI 3.1 with its problem answers and ways to sign in, and a page to read it by."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any  # Any: an OpenAPI document is JSON

from litestar import Litestar, Request, Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, Reference, SecurityScheme

from regulars.kernel.http import EXAMPLE, FILES, NEEDS, Role, needs
from regulars.web.core import KEY_PREFIX
from regulars.web.examples import add_examples
from regulars.web.gate import CSRF_HEADER, SESSION_COOKIE
from regulars.web.problems import MEDIA_TYPE, Problem

_TOLD = """
Errors are problem documents (RFC 9457): `detail` says what to do, `problems` lists every fault. Long lists come in
pages: send `next_cursor` back as `cursor`. A POST may carry an `Idempotency-Key`; sent twice it is done once.
Whoever comes with a session's cookie sends the cookie `regulars_csrf` back as `X-CSRF-Token` with each change.
""".strip()


def openapi_config(version: str) -> OpenAPIConfig:
    """Return what the framework needs to describe the API."""
    schemes: dict[str, SecurityScheme | Reference] = {
        "secretKey": SecurityScheme(
            type="http",
            scheme="bearer",
            description=f"A secret key, `{KEY_PREFIX}…`, made in the console under Sources & keys.",
        ),
        "session": SecurityScheme(
            type="apiKey",
            name=SESSION_COOKIE,
            security_scheme_in="cookie",
            description=f"The cookie of POST /v1/session; changes also need the header {CSRF_HEADER}.",
        ),
    }
    return OpenAPIConfig(
        title="Regulars",
        version=version,
        description=_TOLD,
        components=Components(security_schemes=schemes),
        use_handler_docstrings=True,
        openapi_router=Router("/schema", route_handlers=[], opt=needs(Role.ANYONE), include_in_schema=False),
        render_plugins=[FinishedJson(path="/openapi.json"), ReadingPage(path="/")],
    )


def finished(app: Litestar, *, examples: bool = True) -> dict[str, Any]:  # Any: JSON
    """Return the API's description, with what each address needs and how it refuses, the same at every call."""
    document: dict[str, Any] = app.openapi_schema.to_schema()
    finish(document, app, examples=examples)
    return document


def finish(document: dict[str, Any], app: Litestar, *, examples: bool = True) -> None:  # Any: JSON
    """Add to the framework's document who may do what, the problem documents and examples, in place."""
    document["components"].setdefault("schemas", {})["ProblemDocument"] = _problem_schema()
    _name_pages(document)
    _loosen_unions(document)
    told = {
        (route.path_format, method.lower()): handler.opt
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        for method in getattr(handler, "http_methods", ())
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if isinstance(operation, dict) and "operationId" in operation:
                opt = told.get((path, method), {})
                _finish_operation(operation, opt.get(NEEDS) or Role.ADMIN)
                if opt.get(FILES):
                    operation["responses"]["200"] = _file(opt[FILES])
                if examples and opt.get(EXAMPLE):
                    operation["requestBody"]["content"]["application/json"]["example"] = opt[EXAMPLE]
    if examples:
        add_examples(document)


def _loosen_unions(part: Any) -> None:  # Any: JSON
    """Say `anyOf` where the framework says `oneOf`: 8700 is a whole number and a number too."""
    if isinstance(part, dict):
        if "oneOf" in part and "discriminator" not in part:
            part["anyOf"] = part.pop("oneOf")
        for inner in part.values():
            _loosen_unions(inner)
    elif isinstance(part, list):
        for inner in part:
            _loosen_unions(inner)


_PAGE_NAME = re.compile(r"^Page_(?:\w+\.)*(?P<item>\w+)_$")


def _name_pages(document: dict[str, Any]) -> None:  # Any: JSON
    schemas = document["components"]["schemas"]
    names = {name: f"PageOf{found['item']}" for name in schemas if (found := _PAGE_NAME.match(name))}
    for old, new in names.items():
        schemas[new] = {**schemas.pop(old), "title": new}
    _point_to({f"#/components/schemas/{old}": f"#/components/schemas/{new}" for old, new in names.items()}, document)


def _point_to(names: dict[str, str], part: Any) -> None:  # Any: JSON
    if isinstance(part, dict):
        if part.get("$ref") in names:
            part["$ref"] = names[part["$ref"]]
        for inner in part.values():
            _point_to(names, inner)
    elif isinstance(part, list):
        for inner in part:
            _point_to(names, inner)


def _finish_operation(operation: dict[str, Any], needed: Role) -> None:  # Any: JSON
    operation["x-needs-role"] = needed.value
    if needed is not Role.ANYONE:
        operation["security"] = [{"secretKey": []}, {"session": []}]
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    responses = operation["responses"]
    responses.pop("400", None)
    if "204" in responses:
        responses["204"].pop("content", None)
    responses["default"] = {"description": "It cannot be done; the problem document says why.", "content": problem}


def _file(media_types: Sequence[str]) -> dict[str, Any]:  # Any: JSON
    content = {"schema": {"type": "string", "format": "binary"}}
    return {"description": "A file.", "content": dict.fromkeys(media_types, content)}


def _problem_schema() -> dict[str, Any]:  # Any: JSON
    words = {"type": "string"}
    return {
        "title": "ProblemDocument",
        "description": (Problem.__doc__ or "").partition("\n")[0],
        "type": "object",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": words,
            "title": words,
            "status": {"type": "integer"},
            "detail": words,
            "instance": words,
            "problems": {"type": "array", "items": words},
        },
    }


class ReadingPage(OpenAPIRenderPlugin):
    """The API as one plain page: every address with its question. Loads nothing from anywhere."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # Any: Litestar's
        """Return the page."""
        finish(openapi_schema, request.app)
        rows = "".join(
            _row(f"{method.upper()} {path}", operation)
            for path, operations in sorted(openapi_schema["paths"].items())
            for method, operation in operations.items()
            if isinstance(operation, dict)
        )
        return _PAGE.replace("ROWS", rows).encode()


def _row(address: str, operation: dict[str, Any]) -> str:  # Any: JSON
    cells = (operation.get("summary") or "", operation.get("x-needs-role", ""))
    told = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
    return f"<tr><td><code>{html.escape(address)}</code></td>{told}</tr>"


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Regulars: the API</title>
<meta name="viewport" content="width=device-width">
<body style="font:15px/1.5 system-ui;max-width:60rem;margin:3rem auto;padding:0 1rem">
<h1>The API of this shop</h1>
<p>As a machine reads it: <a href="/schema/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<table style="border-collapse:collapse;width:100%" cellpadding="6"><thead><tr align="left"><th>Address</th><th>What
it answers</th><th>Least role</th></tr></thead><tbody>ROWS</tbody></table>"""


class FinishedJson(JsonRenderPlugin):
    """The description as JSON, finished."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # Any: Litestar's
        """Return the document."""
        finish(openapi_schema, request.app)
        return self.render_json(request, openapi_schema)
