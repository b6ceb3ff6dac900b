"""Real clients: Node.js with the SDKs of the lock, and a Chromium with pages of another origin than the door."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any  # Any: ASGI's dicts and JSON

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.events.conftest import OPEN_KEY, Host, ServedDoor, Witness
from tests.events.sdks.pages import Pages, Site

NODE_FOLDER = Path(__file__).parent.parent / "node"
MODULES = NODE_FOLDER / "node_modules"
INSTALL_WAIT_S = 180
SEND_WAIT_S = 90


def _node_path() -> str:
    """Return PATH with the Node.js in front that `make` brought, where it had to bring one."""
    return f"{os.environ['PATH']}{os.pathsep}{Path(sys.executable).parent}"


@pytest.fixture(scope="session")
def modules() -> Path:
    """Return the folder of the SDKs that come from npm, installed from their lock when they are not there yet."""
    installer = shutil.which("npm", path=_node_path())
    with (Path(tempfile.gettempdir()) / f"regulars-sdks-{os.getuid()}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # several test processes, one folder
        lock, done = NODE_FOLDER / "package-lock.json", MODULES / ".package-lock.json"
        if not done.exists() or done.stat().st_mtime < lock.stat().st_mtime:
            if installer is None:
                pytest.skip("no npm on this machine to install the SDKs: `make test` brings one")
            installed = subprocess.run(
                [installer, "ci", "--no-audit", "--no-fund", "--silent", "--ignore-scripts"],
                cwd=NODE_FOLDER, timeout=INSTALL_WAIT_S, check=False, capture_output=True, text=True,
                env={**os.environ, "PATH": _node_path()},
            )  # fmt: skip
            assert installed.returncode == 0, f"the SDKs' lock cannot be installed: {installed.stderr[-500:]}"
    return MODULES


@pytest.fixture(scope="session")
def node(modules: Path) -> str:
    """Return a Node.js that finds the SDKs when it stands in `NODE_FOLDER`."""
    program = shutil.which("node", path=_node_path())
    if program is None:
        pytest.skip("no Node.js on this machine: `make test` brings one")
    assert modules.is_dir()
    return program


def send_by_node(node: str, script: str, url: str, what: str, **options: object) -> dict[str, list[str]]:
    """Send by one of the scripts beside the lock and return what the SDK told."""
    done = subprocess.run(
        [node, script, url, str(options.pop("key", OPEN_KEY)), what, json.dumps(options)],
        cwd=NODE_FOLDER, timeout=SEND_WAIT_S, check=True, capture_output=True, text=True,
    )  # fmt: skip
    told: dict[str, list[str]] = json.loads(done.stdout)
    return told


class Hesitant:
    """Stands before the door and says "not now" at first, as a full disk would."""

    def __init__(
        self,
        door: Any,  # Any: an ASGI app
        *,
        status: int,
        refusals: int,
        retry_after: str | Callable[[], str] | None = None,
        only: str = "",
    ) -> None:
        self.asked_at: list[float] = []
        self.retry_counts: list[str] = []
        self._door = door
        self._status = status
        self._refusals = refusals
        self._retry_after = retry_after
        self._only = only

    async def __call__(
        self,
        scope: Any,  # Any, here and below: ASGI's own dicts
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        if scope["method"] != "POST" or not scope["path"].endswith(self._only):
            await self._door(scope, receive, send)
            return
        headers = dict(scope["headers"])
        self.asked_at.append(time.monotonic())
        self.retry_counts.append(headers.get(b"x-retry-count", b"").decode())
        if len(self.asked_at) > self._refusals:
            await self._door(scope, receive, send)
            return
        said = [(b"content-length", b"0")]
        if self._retry_after is not None:
            told = self._retry_after if isinstance(self._retry_after, str) else self._retry_after()
            said.append((b"retry-after", told.encode()))
        if b"origin" in headers:  # as the door says it, or the page could not read what it was told
            said.append((b"access-control-allow-origin", headers[b"origin"]))
            said.append((b"access-control-allow-credentials", b"true"))
            said.append((b"access-control-expose-headers", b"retry-after"))
        await send({"type": "http.response.start", "status": self._status, "headers": said})
        await send({"type": "http.response.body", "body": b""})

    @property
    def waits_s(self) -> list[float]:
        """Return how long the sender waited before each further try."""
        return [after - before for before, after in zip(self.asked_at, self.asked_at[1:], strict=False)]


@pytest.fixture(scope="module")  # while it is driven an event loop runs here, and other rooms' tests start their own
def chromium() -> Iterator[Browser]:
    """Return the machine's Chromium, driven from here."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no Chromium on this machine: on Debian `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page_host() -> Iterator[Host]:
    """Serve the shop's pages: another port than the door's, and so another origin."""
    host = Host()
    yield host
    host.stop()


@pytest.fixture
def pages(chromium: Browser, modules: Path, page_host: Host, host: Host, served: ServedDoor) -> Iterator[Pages]:
    """Return a browser with a fresh visitor, on a shop whose door is somewhere else."""
    host.app = witness = Witness(served.door)
    page_host.app = site = Site(modules)
    pages = Pages(chromium, site, page_host.url, served, witness)
    yield pages
    pages.close()
