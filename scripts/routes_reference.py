"""Write docs/reference/routes.md from the API's own description: `python scripts/routes_reference.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any  # Any: an OpenAPI document is JSON

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "routes.md"
DESCRIPTION = ROOT / "console" / "openapi.json"
WHO = {
    "anyone": "anyone",
    "viewer": "viewers and above",
    "marketer": "marketers and admins",
    "admin": "admins",
}
TOP = """# Routes

Every address of the API, made from its own description (`GET /schema/openapi.json`, OpenAPI 3.1; to read at `/schema`).
The events door, which speaks Segment's HTTP API, has [a page of its own](events.md).

**Who is asking.** A server sends a secret key, `Authorization: Bearer rgs_…`, made in the console under Sources & keys.
A person signs in (`POST /v1/session`) and comes with cookies; each change then also carries the cookie `regulars_csrf`
as the header `X-CSRF-Token`. See [web](web.md) for roles, limits and problem documents.

**What every address shares.** Errors are problem documents (RFC 9457): `detail` says what to do, `problems` lists every
fault. Lists that may be long come in pages: send `next_cursor` back as `cursor`; `limit` is at most 200. A POST may
carry an `Idempotency-Key`: sent twice, it is done once. Moments are RFC 3339 in UTC. The description that a running
shop gives shows every request and every answer by a whole example.
"""


def page() -> str:
    """Return the whole page."""
    document = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    sections: dict[str, list[str]] = {}
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            tag = operation.get("tags", ["Other"])[0]
            sections.setdefault(tag, []).append(_entry(f"{method.upper()} {path}", operation, document))
    parts = [TOP, *(f"## {tag}\n\n" + "\n".join(entries) for tag, entries in sorted(sections.items()))]
    return "\n".join(parts).rstrip() + "\n"


def _entry(address: str, operation: dict[str, Any], document: dict[str, Any]) -> str:  # Any: JSON
    told = " ".join((operation.get("description") or "").split("\n\n")[0].split())
    asked = operation["summary"] if operation["summary"].endswith(("?", ".")) else f"{operation['summary']}."
    lines = [f"### `{address}`", "", f"{asked} {told}".strip(), ""]
    lines.append(f"For {WHO[operation['x-needs-role']]}.")
    parameters = [_parameter(one) for one in operation.get("parameters", [])]
    if parameters:
        lines += ["", *parameters]
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        lines += ["", f"Takes {_shape(next(iter(body.values())).get('schema', {}), document)}."]
    answers = [(code, one) for code, one in operation["responses"].items() if code != "default"]
    for code, one in answers[:1]:
        content = one.get("content", {})
        shape = _shape(next(iter(content.values())).get("schema", {}), document) if content else "nothing"
        lines += ["", f"Answers {code} with {shape}."]
    return "\n".join([*lines, ""])


def _parameter(one: dict[str, Any]) -> str:  # Any: JSON
    must = ", required" if one.get("required") and one["in"] != "path" else ""
    told = one.get("description") or one.get("schema", {}).get("description") or ""
    return f"- `{one['name']}` ({one['in']}{must}){': ' + told if told else ''}"


def _shape(schema: dict[str, Any], document: dict[str, Any]) -> str:  # Any: JSON
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        fields = document["components"]["schemas"][name].get("properties", {})
        return f"`{name}`" + (f" ({', '.join(f'`{field}`' for field in fields)})" if fields else "")
    if schema.get("type") == "array":
        return "a list of " + _shape(schema.get("items", {}), document)
    if schema.get("type") == "string" or not schema:
        return "a file" if schema.get("format") == "binary" else "text"
    return str(schema.get("type", "JSON"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
