"""The door as one would write it with FastAPI: models, a body parameter, the same log and the same record."""

from datetime import datetime
from pathlib import Path
from typing import Any, Literal  # Any: properties are whatever is sent

import pydantic
from fastapi import FastAPI, HTTPException, Request

from regulars.events.record import AcceptedRequest, encode_entry
from regulars.kernel.clock import SystemClock
from regulars.kernel.eventlog import open_log


class Item(pydantic.BaseModel):
    """One call."""

    type: Literal["track", "identify", "page", "screen", "group", "alias"]
    event: str | None = None
    userId: str | None = None  # noqa: N815 (the name on the wire)
    anonymousId: str | None = None  # noqa: N815 (the name on the wire)
    messageId: str | None = None  # noqa: N815 (the name on the wire)
    timestamp: datetime | None = None
    properties: dict[str, Any] = {}  # Any: whatever is sent
    traits: dict[str, Any] = {}  # Any: whatever is sent
    context: dict[str, Any] = {}  # Any: whatever is sent
    writeKey: str | None = None  # noqa: N815 (the name on the wire)


class Batch(pydantic.BaseModel):
    """Many calls."""

    batch: list[Item]
    writeKey: str | None = None  # noqa: N815 (the name on the wire)
    sentAt: datetime | None = None  # noqa: N815 (the name on the wire)


def fastapi_app(folder: Path, write_key: str) -> FastAPI:
    """Return the app."""
    app, log, clock = FastAPI(), open_log(folder, "web-0"), SystemClock()

    async def keep(request: Request, key: str | None, path: str) -> dict[str, bool]:
        if key != write_key:
            raise HTTPException(401)
        client = request.client.host if request.client else ""
        agent = request.headers.get("user-agent", "")
        entry = AcceptedRequest("s1", clock.now_us(), client, agent, path, await request.body())
        await log.append(encode_entry(entry))
        return {"success": True}

    @app.post("/v1/batch")
    async def batch(body: Batch, request: Request) -> dict[str, bool]:
        return await keep(request, body.writeKey, "batch")

    @app.post("/v1/track")
    async def track(body: Item, request: Request) -> dict[str, bool]:
        if not body.event or not (body.userId or body.anonymousId):
            raise HTTPException(400)
        return await keep(request, body.writeKey, "track")

    return app
