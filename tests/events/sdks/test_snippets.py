"""What the console tells people to paste works as it stands, and the guide shows the same."""

from __future__ import annotations

import json
import os
import subprocess
import textwrap
from pathlib import Path

import pytest
from tests.events.conftest import OPEN_KEY, Host, ServedDoor, Witness
from tests.events.sdks.conftest import NODE_FOLDER, SEND_WAIT_S
from tests.events.sdks.pages import IMPORTS, Pages

from regulars.events.front import SNIPPET

ROOT = Path(__file__).resolve().parents[3]
GUIDE = ROOT / "docs" / "guides" / "send-events.md"
TEXTS: dict[str, dict[str, str | list[str]]] = json.loads(
    (ROOT / "console" / "src" / "sources" / "snippets.json").read_text(encoding="utf-8")
)


def code(stack: str, *, key: str, host: str, options: str = "") -> str:
    lines = "\n".join(TEXTS[stack]["code"])
    return lines.replace("{{key}}", key).replace("{{host}}", host).replace("{{options}}", options)


@pytest.mark.parametrize("stack", sorted(TEXTS))
def test_the_guide_shows_the_same_lines(stack: str) -> None:
    shown = code(stack, key="WRITE_KEY", host="https://shop.example.com")
    assert textwrap.indent(shown, "    ", lambda line: bool(line.strip())) in GUIDE.read_text(encoding="utf-8")


@pytest.mark.sdk("segment-python", "the console's lines")
@pytest.mark.sdk("rudder-python", "the console's lines")
@pytest.mark.parametrize("stack", ["segment-python", "rudder-python"])
def test_the_lines_for_python_send_an_event(served: ServedDoor, stack: str) -> None:
    exec(code(stack, key=OPEN_KEY, host=served.url), {})  # noqa: S102 (our own lines)
    (event,) = served.events()
    assert (event.name, event.user_id, event.properties["product_id"]) == ("Product Viewed", "ann", "P-12")


@pytest.mark.sdk("segment-node", "the console's lines")
@pytest.mark.sdk("rudder-node", "the console's lines")
@pytest.mark.parametrize("stack", ["segment-node", "rudder-node"])
@pytest.mark.timeout(200)
def test_the_lines_for_node_send_an_event(served: ServedDoor, node: str, stack: str) -> None:
    subprocess.run(
        [node, "--input-type=module", "-e", code(stack, key=OPEN_KEY, host=served.url)],
        cwd=NODE_FOLDER, timeout=SEND_WAIT_S, check=True, capture_output=True,
    )  # fmt: skip
    (event,) = served.events()
    assert (event.name, event.user_id, event.properties["product_id"]) == ("Product Viewed", "ann", "P-12")


@pytest.mark.sdk("curl", "the console's lines")
def test_the_line_for_the_terminal_sends_an_event(served: ServedDoor, host: Host) -> None:
    host.app = witness = Witness(served.door)
    line = code("curl", key=OPEN_KEY, host=served.url)
    try:
        done = subprocess.run(
            ["sh", "-c", line], timeout=SEND_WAIT_S, check=False, capture_output=True, text=True,
            env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("no shell on this machine")
    if done.returncode == 127:
        pytest.skip("no curl on this machine")
    assert done.stdout == '{"success":true}'
    (event,) = served.events()
    assert (event.name, event.user_id) == ("Product Viewed", "ann")
    assert witness.asked[0].headers["authorization"].startswith("Basic ")


@pytest.mark.browser
@pytest.mark.sdk("segment-browser", "the console's lines")
@pytest.mark.sdk("rudder-browser", "the console's lines")
@pytest.mark.parametrize("stack", ["segment-browser", "rudder-browser"])
def test_the_lines_for_a_bundler_send_a_page_view(pages: Pages, stack: str) -> None:
    pages.open(f'{IMPORTS}<script type="module">{code(stack, key=OPEN_KEY, host=pages.served.url)}</script>')
    (event,) = pages.arrive(1)
    assert (event.call, event.properties["title"]) == ("page", "Shop")
    assert pages.problems == []


@pytest.mark.browser
@pytest.mark.skipif(not SNIPPET.exists(), reason="the browser snippet is not built: make console")
@pytest.mark.sdk("regulars", "the console's lines")
def test_the_lines_for_our_own_snippet_send_a_page_view(pages: Pages) -> None:
    pages.open(code("regulars", key=OPEN_KEY, host=pages.served.url))
    (event,) = pages.arrive(1)
    assert (event.call, event.properties["title"]) == ("page", "Shop")
    assert pages.problems == []
