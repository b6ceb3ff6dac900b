"""What would one really send, and what comes back? A whole example of every request and answer, made from its schema.

What a handler says (`needs(…, example=…)`) goes first, then a struct's own `Meta(examples=…)`, then what its field is
called, then its type and bounds. Nothing need be written per address, so an address that is new today has its examples
today; a test holds each against its schema.
"""

from __future__ import annotations

from typing import Any  # Any: JSON

MOMENT = "2026-03-02T09:30:00Z"
LATER = "2026-03-02T09:41:12Z"
ID = "0195568a-4b40-7c1e-9d3f-5a2b8c7d6e4f"
DEPTH_MAX = 12

# What a field is called tells what may stand in it.
WORDS: dict[str, Any] = {  # Any: JSON
    "action": "slot_defined",
    "after": "…",
    "anonymous_id": "4f1c2a9e",
    "artist": "Lin",
    "attributes": {"genres": ["Crime"], "year": 1995},
    "body": '{"type": "track", "event": "Song Played"}',
    "by": "ann@shop.example",
    "call": "track",
    "code": "no_user_anon_id",
    "codes": ["no_user_anon_id"],
    "column": "title",
    "columns": ["sku", "name", "price"],
    "condition": "price > `100`",
    "context": {"locale": "zh-TW"},
    "country": "TW",
    "created_by": "Ann",
    "currency": "TWD",
    "current_password": "four words are plenty",
    "cursor": "kg7NBqQ",
    "delimiter": ",",
    "description": "What is played most on Friday evenings.",
    "detail": "There is no slot 'hom'. Nearest: 'home'.",
    "device_kind": "phone",
    "email": "ann@shop.example",
    "encoding": "utf-8",
    "event": "Song Played",
    "event_id": "web-0.1042.0",
    "event_name": "Song Played",
    "experiment": "home-2026",
    "experiment_key": "home-2026",
    "format": "csv",
    "genres": ["Crime"],
    "group_id": "g-7",
    "header": "X-Signature",
    "image": "https://shop.example/covers/heat.jpg",
    "instance": "/v1/recommend/slots/hom",
    "ip": "192.0.2.7",
    "item_id": "heat",
    "key": "home-2026",
    "kind": "video",
    "kinds": ["video"],
    "label": "Sent",
    "layer": "default",
    "likes": "genre:Crime",
    "message_id": "ajs-next-1767225600000-4f1c2a9e",
    "name": "home",
    "next_cursor": "kg7NBqQ",
    "note": "Quiet hours",
    "options": {},
    "order_id": "o-1009",
    "partition": "web-0",
    "password": "four words are plenty",
    "path": "/v1/track",
    "phone": "+886912345678",
    "pointer": "/properties/price",
    "previous_id": "4f1c2a9e",
    "problem": "A price is a number.",
    "problems": ["There is no slot 'hom'. Nearest: 'home'."],
    "properties": {"asset_id": "heat", "position": 12},
    "query": "heat",
    "raw": '{"type": "track", "event": "Song Played", "userId": "ann"}',
    "reason": "no_user_anon_id",
    "secret": "whsec_b2g0Y2hhbmdlLW1l",
    "sentence": "An event needs a userId or an anonymousId.",
    "shop_name": "Corner Records",
    "slot": "home",
    "source_name": "Web shop",
    "sources": ["transitions", "taste"],
    "status": 404,
    "subject": "home",
    "summary": "12 events",
    "tag": "genre:Crime",
    "tags": ["genre:Crime"],
    "text": "Because you watched Heat",
    "title": "Heat",
    "token": "b2g0Y2hhbmdlLW1l",
    "traits": {"plan": "family"},
    "type": "/problems/not-found",
    "unit_id": "ann",
    "unit_kind": "customer",
    "url": "https://shop.example/hook",
    "user_agent": "Mozilla/5.0 (iPhone)",
    "user_id": "ann",
    "value": "ann",
    "variant": "blend",
    "version": "20260302T093000-0000001042",
    "who": "Ann",
    "write_key": "wk_b2g0Y2hhbmdl",
    "zone": "Asia/Taipei",
}
NUMBERS: dict[str, float] = {
    "count": 20, "position": 1, "share": 0.42, "score": 1.83, "price": 390, "quantity": 1, "events": 1042, "number": 3,
    "propensity": 0.5, "weight": 1, "port": 8700, "year": 1995, "status": 200, "low": 0.031, "high": 0.052,
    "rate": 0.041,
}  # fmt: skip
TEXTS = {
    "text/plain": "# HELP regulars_requests_total Requests answered.\n",
    "text/event-stream": 'event: today\ndata: {"rate_per_s": 2.5}\n\n',
    "text/csv": "row,column,reason\n17,price,A price is a number.\n",
}


def add_examples(document: dict[str, Any]) -> None:  # Any: JSON
    """Put an example at every parameter, request body and answer of an OpenAPI document, in place."""
    make = Maker(document.get("components", {}).get("schemas", {}))
    for operations in document["paths"].values():
        for operation in operations.values():
            if not isinstance(operation, dict) or "operationId" not in operation:
                continue
            for parameter in operation.get("parameters", ()):
                parameter.setdefault("example", make.of(parameter["schema"], parameter["name"]))
            for part in (operation.get("requestBody", {}), *operation["responses"].values()):
                for media_type, content in part.get("content", {}).items():
                    _add(make, media_type, content)


def _add(make: Maker, media_type: str, content: dict[str, Any]) -> None:  # Any: JSON
    if "example" in content or "examples" in content:
        return
    if media_type.endswith("json"):
        content["example"] = make.of(content.get("schema", {}), "")
    elif media_type in TEXTS:
        content["example"] = TEXTS[media_type]


class Maker:
    """Makes examples of the schemas of one document. `schemas` are its named ones.

    >>> track = {"type": "object", "properties": {"event": {"type": "string"}, "position": {"type": "integer"}}}
    >>> Maker({}).of(track, "")
    {'event': 'Song Played', 'position': 1}
    """

    def __init__(self, schemas: dict[str, Any]) -> None:  # Any: JSON
        self._schemas = schemas
        self._open: list[str] = []

    def of(self, schema: dict[str, Any], name: str) -> Any:  # Any: JSON
        """Return an example of a schema; `name` is what the field is called that it stands in."""
        reference = schema.get("$ref")
        if reference is not None:
            return self._of_named(reference.rpartition("/")[2], name)
        for said in ("example", "const"):
            if said in schema:
                return schema[said]
        for said in ("examples", "enum"):
            if schema.get(said):
                return schema[said][0]
        for union in ("anyOf", "oneOf"):
            if union in schema:
                return self._of_union(schema[union], name)
        return self._of_type(schema, name)

    def _of_named(self, which: str, name: str) -> Any:  # Any: JSON
        self._open.append(which)
        try:
            return self.of(self._schemas[which], name)
        finally:
            self._open.pop()

    def _of_union(self, choices: list[dict[str, Any]], name: str) -> Any:  # Any: JSON
        """Return the first choice that is something; nothing, where it would go on for ever."""
        something = [one for one in choices if one.get("type") != "null"]
        ending = [one for one in something if self._ends(one)]
        if not ending or (len(something) < len(choices) and name.startswith(("next_cursor", "old_", "last_error"))):
            return None if len(something) < len(choices) else self.of(something[0], name)
        fitting = next((one for one in ending if self._is_word(one, name)), ending[0])
        return self.of(fitting, name)

    def _is_word(self, schema: dict[str, Any], name: str) -> bool:  # Any: JSON
        return name in WORDS and _fits(WORDS[name], schema)

    def _ends(self, schema: dict[str, Any]) -> bool:  # Any: JSON
        which = schema.get("$ref", "").rpartition("/")[2]
        if which:
            return which not in self._open
        items = schema.get("items")
        return not isinstance(items, dict) or self._ends(items)

    def _of_type(self, schema: dict[str, Any], name: str) -> Any:  # Any: JSON
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        if kind == "object" or "properties" in schema:
            return self._object(schema, name)
        if kind == "array":
            return self._array(schema, name)
        if kind == "string":
            return _text(schema, name)
        if kind in ("integer", "number"):
            return _number(schema, name, whole=kind == "integer")
        if kind == "boolean":
            return name not in {"simulated", "stale", "forget", "replace", "paused", "dry_run", "declared", "truncated"}
        return None if kind == "null" else WORDS.get(name, "ann")

    def _object(self, schema: dict[str, Any], name: str) -> Any:  # Any: JSON
        properties = schema.get("properties", {})
        if not properties:
            if name in WORDS and isinstance(WORDS[name], dict) and _fits_values(WORDS[name], schema):
                return WORDS[name]
            inner = schema.get("additionalProperties")
            return {_key_of(name): self.of(inner, name)} if isinstance(inner, dict) and inner else {}
        required = set(schema.get("required", ()))
        return {
            field: self.of(inner, field)
            for field, inner in properties.items()
            if field in required or self._ends(inner)
        }

    def _array(self, schema: dict[str, Any], name: str) -> Any:  # Any: JSON
        parts = schema.get("prefixItems")
        if parts:
            return [self.of(part, name) for part in parts]
        items = schema.get("items", {})
        if name in WORDS and isinstance(WORDS[name], list) and items.get("type") == "string" and "enum" not in items:
            return WORDS[name]
        if not self._ends(items):
            return []
        return [self.of(items, _singular(name))] * max(1, int(schema.get("minItems", 1)))


_KINDS: dict[object, tuple[type, ...]] = {
    "string": (str,), "object": (dict,), "array": (list,), "integer": (int,), "number": (int, float),
    "boolean": (bool,),
}  # fmt: skip


def _fits(word: Any, schema: dict[str, Any]) -> bool:  # Any: JSON
    kind = schema.get("type")
    return isinstance(kind, str) and isinstance(word, _KINDS.get(kind, ()))


def _fits_values(word: dict[str, Any], schema: dict[str, Any]) -> bool:  # Any: JSON
    inner = schema.get("additionalProperties")
    if not isinstance(inner, dict) or not inner:
        return inner is not False
    return all(_fits(value, inner) for value in word.values())


def _key_of(name: str) -> str:
    return {"answers": "200", "metrics": "NDCG@10", "consent": "email"}.get(name, "Song Played")


def _singular(name: str) -> str:
    return name.removesuffix("s") if not name.endswith("ss") else name


def _text(schema: dict[str, Any], name: str) -> str:  # Any: JSON
    by_format = {
        "date-time": LATER if name.startswith(("until", "to_", "updated", "last", "next")) else MOMENT,
        "date": MOMENT[:10], "uuid": ID, "uri": "https://shop.example/hook", "byte": "eyJ0eXBlIjoidHJhY2sifQ==",
        "email": "ann@shop.example",
    }  # fmt: skip
    found = by_format.get(schema.get("format", ""))
    if found is None:
        word = WORDS.get(name)
        found = word if isinstance(word, str) else ID if name.endswith("_id") else _by_ending(name)
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    found = found.ljust(least, "x")
    return found if most is None else found[:most]


def _by_ending(name: str) -> str:
    if name.endswith(("_at", "since", "until")):
        return MOMENT
    return "Heat" if not name else name.replace("_", " ")


def _number(schema: dict[str, Any], name: str, *, whole: bool) -> float:  # Any: JSON
    last = name.rpartition("_")[2]
    found: float = next((NUMBERS[word] for word in (name, last) if word in NUMBERS), 12 if whole else 0.42)
    low, high = (
        schema.get("minimum", schema.get("exclusiveMinimum")),
        schema.get("maximum", schema.get("exclusiveMaximum")),
    )
    if high is not None and found >= high:
        found = high if "maximum" in schema else (high + (low or 0)) / 2
    if low is not None and found <= low:
        found = low if "minimum" in schema else low + 1
    return int(found) if whole else found
