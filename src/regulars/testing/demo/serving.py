"""`regulars serve`, started as a program of its own and ended in good order."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regulars.kernel.errors import UnavailableError
from regulars.kernel.settings import ServeSettings

START_S_MAX = 60.0
END_S_MAX = 40.0


def free_port(wanted: int | None) -> int:
    """Return the port that was asked for, or the first free one from 8700 on."""
    if wanted is not None:
        return wanted
    first = ServeSettings().port
    for port in range(first, first + 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    return 0


@contextmanager
def served(folder: Path, port: int) -> Iterator[str]:
    """Serve a shop while the block runs, and give its URL.

    Raises
    ------
    UnavailableError
        When it does not open; the message says why.

    """
    journal = folder / "serve.log"
    with journal.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "regulars", "serve", str(folder), "--port", str(port), "--json"],
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C comes to us, and we end it in good order
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        try:
            yield _opened(process, journal)
        finally:
            _end(process)


def _opened(process: subprocess.Popen[bytes], journal: Path) -> str:
    assert process.stdout is not None, "its output is a pipe"
    give_up = time.monotonic() + START_S_MAX
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < give_up:
            if waiting.select(timeout=0.2):
                line = process.stdout.readline()
                if line.strip():
                    return str(json.loads(line)["url"])
            if process.poll() is not None:
                break
    raise UnavailableError(f"The shop did not open. {_reason(journal)}")


def _reason(journal: Path) -> str:
    lines = journal.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    try:
        return str(json.loads(lines[-1])["error"]["detail"])
    except (IndexError, ValueError, KeyError, TypeError):
        return f"The whole story is in {str(journal)!r}."


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=END_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
