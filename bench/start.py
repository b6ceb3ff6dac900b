"""How soon does a shop open, how much memory does it hold, how large is the core install?

Start: from `regulars serve` on a new folder to the first answer of `/healthz`, beside bare uvicorn with a Litestar app
of one handler, interleaved. Memory: resident sizes of web, worker and supervisor ten seconds after, nothing sent. Help:
`regulars --help` beside `python -c "import click"`. Size: all of a new virtual environment after `pip install` of the
core lock and of our own wheel, byte code and pip itself included; reference: the goal.

    python bench/start.py [--only start|help|install]
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 7
SETTLE_S = 10.0
INSTALL_MB_MAX = 700.0
HELLO = """
import sys, uvicorn
from litestar import Litestar, get
@get("/healthz", sync_to_thread=False)
def hello() -> dict[str, bool]:
    return {"alive": True}
uvicorn.run(Litestar([hello]), port=int(sys.argv[1]), log_level="error", access_log=False)
"""


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(command: Sequence[str], port: int) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """Start a server and give it with the seconds to its first answer."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                    answer.read()
                break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.005)
        yield process, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


def shop_command(folder: str, port: int) -> list[str]:
    """Return how a shop is served."""
    return [sys.executable, "-m", "regulars", "serve", folder, "--port", str(port)]


def measure_start() -> Iterator[dict[str, object]]:
    """Yield the seconds to the first answer, ours and the reference's in turn, and the memory of the last of ours."""
    ours, theirs = [], []
    for number in range(ROUNDS):
        port = free_port()
        with started([sys.executable, "-c", HELLO, str(port)], port) as (_, seconds):
            theirs.append(seconds)
        port = free_port()
        with tempfile.TemporaryDirectory() as folder, started(shop_command(folder, port), port) as (process, seconds):
            ours.append(seconds)
            if number == ROUNDS - 1:
                time.sleep(SETTLE_S)
                memory = resident(process.pid)
    yield line("serve_first_answer", median(ours), "s", reference=median(theirs))
    yield line("serve_memory_web_and_worker", memory["web"] + memory["worker"], "MB")
    yield line("serve_memory_with_supervisor", sum(memory.values()), "MB")


def resident(supervisor: int) -> dict[str, float]:
    """Return the resident megabytes of each process."""
    process = psutil.Process(supervisor)
    sizes = {"supervisor": process.memory_info().rss / 1e6, "web": 0.0, "worker": 0.0}
    for child in process.children(recursive=True):
        role = "web" if '"role":"web"' in " ".join(child.cmdline()) else "worker"
        sizes[role] += child.memory_info().rss / 1e6
    return sizes


def measure_help() -> dict[str, object]:
    """Return the milliseconds of `regulars --help`, in turn with importing click alone."""

    def took_ms(*arguments: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        return (time.perf_counter() - began) * 1000

    pairs = [(took_ms("-m", "regulars", "--help"), took_ms("-c", "import click")) for _ in range(ROUNDS * 3)]
    return line("help", median(ours for ours, _ in pairs), "ms", reference=median(theirs for _, theirs in pairs))


def measure_install() -> Iterator[dict[str, object]]:
    """Yield the megabytes and the seconds of an installation, and the largest packages."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "venv"
        subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        began = time.perf_counter()
        venv.create(home, with_pip=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements" / "core.txt")], check=True)
        subprocess.run([*pip, "--no-deps", *map(str, Path(folder).glob("*.whl"))], check=True)
        seconds = time.perf_counter() - began
        packages = next(home.glob("lib/python*/site-packages"))
        sizes = {each.name: megabytes(each) for each in packages.iterdir()}
    yield line("core_install", sum(sizes.values()), "MB", reference=INSTALL_MB_MAX)
    yield line("core_install_time", seconds, "s")
    for name in sorted(sizes, key=lambda each: -sizes[each])[:5]:
        yield line(f"core_install: {name}", sizes[name], "MB")


def megabytes(place: Path) -> float:
    """Return the size of a file or of everything below a folder."""
    files = place.rglob("*") if place.is_dir() else [place]
    return sum(each.stat().st_size for each in files if each.is_file() and not each.is_symlink()) / 1e6


def line(name: str, value: float, unit: str, *, reference: float | None = None) -> dict[str, object]:
    """Return one measurement."""
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "better": "lower",
        "reference": None if reference is None else round(reference, 3),
        "ratio": None if reference is None else round(value / reference, 2),
    }


def main() -> None:
    """Print a line of JSON for each measurement."""
    arguments = argparse.ArgumentParser(description=__doc__)
    parts = {"start": measure_start, "help": lambda: [measure_help()], "install": measure_install}
    arguments.add_argument("--only", choices=tuple(parts), help="one part")
    only = arguments.parse_args().only
    for name, measure in parts.items():
        for measured in measure() if only in (None, name) else ():
            print(json.dumps(measured), flush=True)


if __name__ == "__main__":
    main()
