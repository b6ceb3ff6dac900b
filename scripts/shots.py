"""Picture every page of a seeded shop, for the docs and for review.

Plays the simulated store to a fixed point (same seed, same pictures but for the clock), serves it, and lets a real
browser walk: 1440 and 390 px, light and dark, into `shots/`.

    make shots                              # the store
    python scripts/shots.py --demo video    # another demo
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REGULARS = [sys.executable, "-m", "regulars"]
READY_S_MAX = 60


@contextmanager
def served(folder: Path, port: int) -> Iterator[str]:
    """Serve a shop while the block runs, and give its address."""
    url = f"http://127.0.0.1:{port}"
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen([*REGULARS, "serve", str(folder), "--port", str(port)], stdout=log, stderr=log)
        try:
            wait_until_ready(url)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=60)


def wait_until_ready(url: str) -> None:
    """Return when the shop answers that it is ready."""
    for _ in range(READY_S_MAX * 5):
        try:
            asking = http.client.HTTPConnection(url.removeprefix("http://"), timeout=2)
            asking.request("GET", "/readyz")
            if asking.getresponse().status == HTTPStatus.OK:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"The shop did not open within {READY_S_MAX} s.")


def main() -> int:
    """Make the shop, serve it, and take the pictures."""
    parser = argparse.ArgumentParser(description="Picture every page of a seeded shop.")
    parser.add_argument("--demo", default="store", choices=["video", "music", "store"])
    parser.add_argument("--events", default="20000", help="How much of the past to replay.")
    parser.add_argument("--out", default=str(ROOT / "shots"))
    parser.add_argument("--port", type=int, default=8719)
    asked, rest = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="regulars-shots-") as temporary:
        folder = Path(temporary) / "shop"
        play = [
            *REGULARS,
            "demo",
            asked.demo,
            "--folder",
            str(folder),
            "--check",
            "--seed",
            "7",
            "--events",
            asked.events,
        ]
        subprocess.run(play, check=True)
        state = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
        with served(folder, asked.port) as url:
            who = ["--email", state["email"], "--password", state["password"]]
            shots = ["node", "e2e/shots.mjs", url, str(Path(asked.out).resolve()), *who, *rest]
            return subprocess.run(shots, cwd=ROOT / "console", check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
