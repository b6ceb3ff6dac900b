"""Our own API, asked over HTTP with a secret key, as a shop's server would."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any  # Any: JSON
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from regulars.kernel.errors import RegularsError, UnavailableError

TIMEOUT_S = 60.0
JOB_PAUSE_S = 0.2


class Api:
    """One connection, kept open; opened anew when the server has closed it."""

    def __init__(self, url: str, secret: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None, "the shop's own URL names its host"
        self._connection = HTTPConnection(parts.hostname, parts.port or 80, timeout=TIMEOUT_S)
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def get(self, path: str, **query: str | int) -> Any:  # Any: JSON
        """Ask for something."""
        return self._ask("GET", f"{path}?{urlencode(query)}" if query else path, None)

    def post(self, path: str, body: object = None) -> Any:  # Any: JSON
        """Have something done."""
        return self._ask("POST", path, body)

    def put(self, path: str, body: object) -> Any:  # Any: JSON
        """Put something in its place."""
        return self._ask("PUT", path, body)

    def upload(self, path: str, content: bytes, headers: Mapping[str, str] | None = None) -> Any:  # Any: JSON
        """Send bytes as they are; headers go before ours."""
        return self._send("POST", path, content, {"Content-Type": "application/octet-stream", **(headers or {})})

    def _ask(self, method: str, path: str, body: object) -> Any:  # Any: JSON
        return self._send(method, path, b"" if body is None else msgspec.json.encode(body), {})

    def _send(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> Any:  # Any: JSON
        for attempt in (1, 2):
            try:
                self._connection.request(
                    method, quote(path, safe="/?=&%:"), body=content, headers={**self._headers, **headers}
                )
                answer = self._connection.getresponse()
                raw = answer.read()
                break
            except (HTTPException, OSError) as error:
                self._connection.close()
                if attempt == 2:
                    raise UnavailableError(f"The shop does not answer {method} {path}: {error}.") from None
        if answer.status >= 400:
            raise RefusedError(answer.status, method, path, raw)
        return msgspec.json.decode(raw) if raw else None

    def await_job(self, job_run_id: str, seconds_max: float) -> dict[str, Any]:  # Any: JSON
        """Return a job's run once it has ended.

        Raises
        ------
        UnavailableError
            When it has not ended in time.

        """
        give_up = time.monotonic() + seconds_max
        while time.monotonic() < give_up:
            run: dict[str, Any] = self.get(f"/v1/jobs/{job_run_id}")  # Any: JSON
            if run["state"] not in ("queued", "running"):
                return run
            time.sleep(JOB_PAUSE_S)
        raise UnavailableError(f"The job has not ended within {seconds_max:.0f} s.")


class RefusedError(RegularsError):
    """The shop said no; its own sentence says why."""

    kind = "refused"
    title = "The shop said no"

    def __init__(self, status: int, method: str, path: str, raw: bytes) -> None:
        self.status = status
        try:
            detail = msgspec.json.decode(raw).get("detail", "")
        except (msgspec.DecodeError, AttributeError):
            detail = ""
        super().__init__(f"{method} {path} was answered with {status}. {detail}".strip())
