"""How soon does a shop open, how much memory does it hold, how large is the core install?

Start: from `regulars serve` on a new folder to the first answer of `/healthz`, beside bare uvicorn with a Litestar app
of one handler, interleaved. Memory: resident sizes of web, worker and supervisor ten seconds after, nothing sent. Help:
`regulars --help` beside `python -c "import click"`. Size: the core lock's packages where they are installed.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import median

import psutil

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 7
SETTLE_S = 10.0
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


def measure_install() -> dict[str, object]:
    """Return the megabytes of every package of the core lock, as installed here."""
    lock = (ROOT / "requirements" / "core.txt").read_text(encoding="utf-8")
    size = 0
    for name in re.findall(r"^([A-Za-z0-9_.-]+)==", lock, re.MULTILINE):
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:
            continue  # for another system
        size += sum(place.stat().st_size for file in files if (place := Path(str(file.locate()))).is_file())
    return line("core_install", size / 1e6, "MB")


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
    for measured in (*measure_start(), measure_help(), measure_install()):
        print(json.dumps(measured), flush=True)


if __name__ == "__main__":
    main()
