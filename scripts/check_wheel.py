"""Does the wheel carry the built console? Opens the newest wheel in dist/ and looks."""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

STATIC = "regulars/web/static/"
WHEEL_BYTES_MAX = 30_000_000
NEEDED = (
    "console/index.html",
    "regulars.js",
    "demo/video/index.html",
    "demo/music/index.html",
    "demo/store/index.html",
)


def missing_from(wheel: Path) -> list[str]:
    """Return what a release needs and this wheel lacks, one sentence each."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        problems = [f"{wheel.name} has no {STATIC}{needed}" for needed in NEEDED if STATIC + needed not in names]
        if problems:
            return problems
        page = archive.read(f"{STATIC}console/index.html").decode()
    assets = re.findall(r'(?:src|href)="\.?/?([^"]*assets/[^"]+)"', page)
    problems = [f"index.html asks for {asset}, which is not in the wheel" for asset in assets
                if not any(name.endswith(asset.split("assets/")[1]) for name in names)]  # fmt: skip
    if not assets:
        problems.append("index.html asks for no built asset: was the console built?")
    if wheel.stat().st_size > WHEEL_BYTES_MAX:
        megabytes = wheel.stat().st_size / 1e6
        problems.append(f"{wheel.name} is {megabytes:.0f} MB; the limit is {WHEEL_BYTES_MAX / 1e6:.0f} MB")
    return problems


if __name__ == "__main__":
    wheels = sorted(Path("dist").glob("*.whl"), key=lambda path: path.stat().st_mtime)
    found = missing_from(wheels[-1]) if wheels else ["dist/ holds no wheel. Run: make wheel."]
    print("\n".join(found) or f"{wheels[-1].name} carries the console ({wheels[-1].stat().st_size / 1e6:.1f} MB)")
    sys.exit(bool(found))
